"""The people of the stories, and what they do with the pages.

A customer holds a phone, a colleague sits at the console; neither knows an address that he was
not given. Everything goes through what can be seen and touched.
"""

import re
from typing import Self

from playwright.async_api import Page, expect

from tests.support.browser import DESKTOP, PHONE, Device, Windows
from tests.support.world import EMAILS, PASSWORD, World

STEPS = {1: "已受理", 2: "处理中", 3: "待审核", 4: "已完成"}


class Customer:
    """Somebody with a problem and a phone."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @classmethod
    async def comes(cls, world: World, windows: Windows) -> Self:
        """Opens the form."""
        return cls(await windows.open(f"{await world.url()}/portal/", PHONE))

    async def files(self, text: str, name: str = "王女士", phone: str = "13800000001") -> int:
        """Fills in the form, sends it, and reads the ticket's number off the receipt."""
        for field, words in (("text", text), ("name", name), ("phone", phone)):
            await self.page.get_by_test_id(field).fill(words)
        await self.page.get_by_test_id("submit").click()
        number = self.page.get_by_test_id("number")
        await expect(number).to_have_text(re.compile(r"#\d+"))
        return int((await number.inner_text()).removeprefix("#"))

    async def follows(self) -> None:
        """Goes on from the receipt to the progress page."""
        await self.page.get_by_test_id("follow").click()
        await expect(self.page.get_by_test_id("progress")).to_be_visible()

    async def looks(self) -> None:
        """Reads the progress page anew."""
        await self.page.get_by_test_id("refresh").click()

    async def sees(self, said: str) -> None:
        """Somewhere on the page stands this."""
        await expect(self.page.get_by_text(said).first).to_be_visible()

    async def sees_step(self, step: int) -> None:
        """The ticket stands at one of the four public steps."""
        current = self.page.locator("[aria-current=step]")
        await expect(current).to_contain_text(STEPS[step])

    async def says(self, text: str) -> None:
        """Writes to whoever works on it."""
        await self.page.get_by_test_id("reply").fill(text)
        await self.page.get_by_test_id("send").click()
        await expect(self.page.get_by_test_id("said-mine").last).to_contain_text(text)

    async def confirms(self) -> None:
        """Yes, it is solved."""
        await self.page.get_by_test_id("confirm").click()
        await expect(self.page.get_by_test_id("confirmed")).to_be_visible()

    async def disputes(self, why: str) -> None:
        """No, it is not, and this is why."""
        await self.page.get_by_test_id("dispute").click()
        await self.page.get_by_test_id("why").fill(why)
        await self.page.get_by_test_id("dispute-send").click()
        await expect(self.page.get_by_test_id("disputed")).to_be_visible()

    async def rates(self, score: int, comment: str = "") -> None:
        """Gives one to five stars."""
        # what is clicked is the star, not the radio button that it hides
        star = self.page.locator("label.star", has=self.page.get_by_test_id(f"score-{score}"))
        await star.click()
        if comment:
            await self.page.get_by_test_id("comment").fill(comment)
        await self.page.get_by_test_id("rate").click()
        await expect(self.page.get_by_test_id("thanks")).to_be_visible()


class Colleague:
    """Somebody of the firm at the console."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    @classmethod
    async def comes(
        cls,
        world: World,
        windows: Windows,
        name: str,
        path: str = "/console/",
        device: Device = DESKTOP,
    ) -> Self:
        """Signs in and is led to where he wanted to go."""
        url = await world.url()
        page = await windows.open(f"{url}{path}", device)
        here = cls(page, url)
        await here.signs_in(EMAILS[name], PASSWORD)
        await expect(page.get_by_test_id("me")).to_be_attached()
        await page.evaluate("window.stillTheSame = true")
        return here

    async def has_not_reloaded(self) -> None:
        """All that changed before his eyes came by the live feed."""
        assert await self.page.evaluate("window.stillTheSame === true")

    async def signs_in(self, email: str, password: str) -> None:
        """Fills in the door's two fields."""
        await self.page.get_by_test_id("email").fill(email)
        await self.page.get_by_test_id("password").fill(password)
        await self.page.get_by_test_id("sign-in").click()

    async def signs_out(self) -> None:
        """By the menu with his name."""
        await self.page.get_by_test_id("me").click()
        await self.page.get_by_test_id("me-leave").click()
        await expect(self.page.get_by_test_id("sign-in")).to_be_visible()

    async def looks_at(self, view: str) -> None:
        """Chooses a view at the left."""
        await self.page.get_by_test_id(f"view-{view}").click()

    async def sees_row(self, number: int, *words: str) -> None:
        """The list has the ticket, and its row says all of this."""
        for word in words:
            await expect(self.page.get_by_test_id(f"ticket-{number}")).to_contain_text(word)

    async def opens(self, number: int) -> None:
        """Follows a row to the ticket's page."""
        await self.page.get_by_test_id(f"ticket-{number}").locator("a[data-row]").click()
        await expect(self.page.get_by_test_id(f"page-{number}")).to_be_visible()

    async def does(self, command: str) -> None:
        """Presses a command's button, or takes it from the menu of those that are rarer."""
        await expect(self.page.get_by_role("toolbar")).to_be_visible()
        button = self.page.get_by_test_id(command)
        if not await button.is_visible():
            await self.page.get_by_test_id("more").click()
            button = self.page.get_by_test_id(f"more-{command}")
        await button.click()

    async def gives_reason(self, words: str) -> None:
        """Fills in the dialog's reason (or solution) and goes through with it."""
        await self.page.get_by_test_id("reason").fill(words)
        await self.page.get_by_test_id("confirm").click()
        await expect(self.page.get_by_test_id("confirm")).to_be_hidden()

    async def picks(self, what: str, one: str | int) -> None:
        """Chooses from a list that opens."""
        await self.page.get_by_test_id(what).click()
        await self.page.get_by_test_id(f"{what}-{one}").click()

    async def sees(self, test: str, *words: str | re.Pattern[str]) -> None:
        """A part of the page says all of this."""
        for word in words:
            await expect(self.page.get_by_test_id(test)).to_contain_text(word)

    async def is_told(self, words: str) -> None:
        """A message at the edge says this."""
        toasts = self.page.get_by_test_id(re.compile("toast-"))
        await expect(toasts.filter(has_text=words)).to_be_visible()
