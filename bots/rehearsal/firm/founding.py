"""Set the demo firm up: the same use cases that an administrator's clicks reach, in few units."""

import hashlib
import random

import msgspec

from bots.rehearsal.firm.house import NAME, documents
from bots.rehearsal.firm.people import COLLEAGUES, teams_of
from server.desk import Desk
from server.domain.events import Actor
from server.domain.people import Staff
from server.usecases import people
from server.usecases.acts import Act, change
from server.usecases.administration import save_document


class Dice:
    """Entropy that is the same every time: a story has no secrets."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - a story, not a secret

    def token_bytes(self, count: int) -> bytes:
        """Bytes that look random."""
        return self._dice.randbytes(count)


async def found(desk: Desk, password_hash: str) -> dict[str, Staff]:
    """The firm with its twelve people, by account; they all have this password."""
    code = hashlib.sha256(desk.entropy.token_bytes(16)).hexdigest()
    await people.offer_set_up(desk, code)
    first = COLLEAGUES[0]
    head = await people.set_up(desk, code, NAME, first.name, first.email, password_hash)
    staff = await _furnish(desk, head, password_hash)
    return {first.account: head} | staff


@change
async def _furnish(act: Act, by: Staff, password_hash: str) -> dict[str, Staff]:
    """Colleagues and everything that is configured, in one unit."""
    actor = Actor("staff", by.id)
    staff: dict[str, Staff] = {}
    for one in COLLEAGUES[1:]:
        fresh = Staff(
            id=0,
            name=one.name,
            email=one.email,
            role=one.role,
            skills=one.skills,
            on_duty=True,
        )
        staff[one.account] = await people.enrol(act, fresh, password_hash, actor)
    numbers = {account: person.id for account, person in staff.items()}
    numbers[COLLEAGUES[0].account] = by.id
    for kind, item, doc in documents(teams_of(numbers)):
        # A calendar's weekdays are numbers; JSON knows only words as keys.
        words = msgspec.to_builtins(doc, str_keys=True)
        await save_document(act, kind, item, words, actor)
    return staff


@change
async def bind_everybody(act: Act, platform: str, staff: dict[str, int]) -> None:
    """These chat accounts speak for these colleagues from now on (account to number)."""
    for account, number in staff.items():
        await people.bind_account(act, number, platform, account)
