"""Every page and state that the gallery shows: who looks, where, and what was done before.

`tests/test_gallery.py` proves that no route of the pages and no section of the console is missing.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from tests.support.gallery_acts import (
    Act,
    away,
    broken,
    command,
    cut,
    drawn,
    fill,
    key,
    lived,
    mark,
    press,
    see,
    slow,
)

HELP: Final = Path(__file__).parents[2] / "web" / "help"
BOSS, LEADER, ENGINEER, CUSTOMER = "wangjg", "liuzq", "liwei", ""
"""Accounts of the demo firm: its administrator, a supervisor, a colleague; and nobody."""
LONG: Final = "https://example.com/" + "W" * 90
"""What somebody pastes without a blank."""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """One picture: `path` with names of the stage's tickets in braces, `shows` a selector that is
    there when the page is. `first` is done before the page opens, `then` after.
    """

    name: str
    path: str
    shows: str = "h1"
    who: str = CUSTOMER
    first: tuple[Act, ...] = ()
    then: tuple[Act, ...] = ()
    whole: bool = True
    language: str = "zh-CN"
    desk: str = "demo"


# What is looked at


def console(name: str, path: str, shows: str = "h1", *then: Act, who: str = BOSS) -> Look:
    return Look(name=f"console-{name}", path=f"/console/{path}", shows=shows, who=who, then=then)


def opened(name: str, path: str, shows: str, *then: Act, who: str = BOSS) -> Look:
    """A dialog, menu or drawer: what lies below the fold does not matter."""
    return msgspec.structs.replace(console(name, path, shows, *then, who=who), whole=False)


def portal(name: str, path: str, shows: str, *then: Act, first: tuple[Act, ...] = ()) -> Look:
    return Look(name=f"portal-{name}", path=f"/portal/{path}", shows=shows, then=then, first=first)


CONFIG: Final = "[data-test^=config-]"
_TICKET: Final = "[data-test^=page-]"
_ROW: Final = "[data-test^=ticket-]"
_PASTED: Final = f"请看照片 {LONG}"

DOORS: Final = (
    Look(name="set-up", path="{setup}", shows=mark("set-up"), desk="empty"),
    Look(
        name="set-up-wrong",
        path="{setup}",
        shows=mark("set-up"),
        desk="empty",
        then=(press("button[type=submit]"),),
    ),
    Look(name="sign-in", path="/console/sign-in", shows=mark("sign-in")),
    Look(
        name="sign-in-wrong",
        path="/console/sign-in",
        shows=mark("sign-in"),
        then=(
            fill(mark("email"), "liwei@hongda.example"),
            fill(mark("password"), "不是这个密码"),
            press(mark("sign-in")),
            see("[role=alert]"),
        ),
    ),
    Look(name="sign-in-away", path="/console/sign-in", shows="#app *", first=(away,)),
    Look(name="sign-in-en", path="/console/sign-in", shows=mark("sign-in"), language="en-US"),
)

LISTS: Final = (
    console("list-all", "tickets?view=all", _ROW),
    console("list-mine", "tickets?view=mine", "h1", who=ENGINEER),
    console("list-unclaimed", "tickets?view=unclaimed", _ROW),
    console("list-overdue", "tickets?view=overdue", "h1"),
    console("list-waiting", "tickets?view=waiting", _ROW),
    console("list-empty", "tickets?view=mine", mark("empty")),
    console("list-no-match", "tickets?view=overdue&priority=low&status=new", mark("empty")),
    opened("list-filters", "tickets?view=open", _ROW, press("[aria-expanded].narrow")),
    msgspec.structs.replace(console("list-loading", "tickets?view=all"), first=(slow,)),
    msgspec.structs.replace(console("list-broken", "tickets?view=all"), first=(broken,)),
    console("list-offline", "tickets?view=all", _ROW, cut, see(mark("offline"))),
    opened("list-nav", "tickets?view=all", _ROW, press(mark("open-nav"))),
    opened("palette", "tickets?view=all", _ROW, key("Control+k"), see(mark("palette-text"))),
    opened("keys", "tickets?view=all", _ROW, key("?"), see(mark("keys-help"))),
    opened("me", "tickets?view=all", _ROW, drawn, press(mark("me"))),
)

TICKETS: Final = (
    console("ticket-talk", "tickets/{talk}", _TICKET, see(mark("routing")), who=ENGINEER),
    console("ticket-fresh", "tickets/{fresh}", _TICKET, see(mark("routing")), who=ENGINEER),
    console("ticket-long", "tickets/{long}", _TICKET, see(mark("timeline"))),
    console("ticket-held", "tickets/{held}", _TICKET, see(mark("timeline"))),
    console("ticket-late", "tickets/{late}", _TICKET, see(mark("timeline"))),
    console("ticket-rated", "tickets/{rated}", _TICKET, see(mark("timeline"))),
    console("ticket-auditor", "tickets/{talk}", _TICKET, see(mark("timeline")), who="auditor"),
    console("ticket-missing", "tickets/99999", "main"),
    msgspec.structs.replace(console("ticket-loading", "tickets/{talk}", "main"), first=(slow,)),
    msgspec.structs.replace(console("ticket-broken", "tickets/{talk}", "main"), first=(broken,)),
    console("ticket-offline", "tickets/{talk}", _TICKET, cut, see(mark("offline"))),
    opened(
        "ticket-note",
        "tickets/{talk}",
        _TICKET,
        press(mark("tab-note")),
        fill(mark("note-text"), "师傅说主板要换，先别告诉客户价钱。"),
        who=ENGINEER,
    ),
    opened(
        "ticket-clock",
        "tickets/{held}",
        _TICKET,
        press("[data-test^=clock-more-]"),
        see("[data-test^=clock-details-]"),
    ),
    opened("ticket-menu", "tickets/{talk}", _TICKET, press(mark("more"))),
    opened("ticket-priority", "tickets/{talk}", _TICKET, press(mark("priority"))),
    opened(
        "ticket-due",
        "tickets/{talk}",
        _TICKET,
        press("[data-test^=set-due-]"),
        see("[role=dialog]"),
    ),
    *(
        opened(
            f"ticket-{name}",
            "tickets/{talk}",
            _TICKET,
            command(name),
            see(mark(f"dialog-{name}")),
            who=LEADER,
        )
        for name in ("assign", "transfer", "hold", "resolve", "cancel", "escalate", "edit", "plan")
    ),
    console("new", "new", mark("file")),
    console("new-wrong", "new", mark("file"), press(mark("file"))),
    console(
        "new-filled",
        "new",
        mark("file"),
        fill("form input", "空调开机就跳闸，" * 12),
        fill("form textarea", _PASTED),
    ),
    console("reports", "reports"),
    console("reports-as-staff", "reports", "main", who=ENGINEER),
    console("lost", "nothing/here"),
)

PEOPLE: Final = (
    console("people", "people", "[data-test^=team-]"),
    console("people-as-staff", "people", "[data-test^=team-]", who=ENGINEER),
    opened("people-new", "people", "h1", press(mark("add-colleague")), see("[role=dialog]")),
    opened("people-edit", "people", "h1", press("[data-test^=edit-]"), see("[role=dialog]")),
    opened("people-team", "people", "h1", press(mark("add-team")), see("[role=dialog]")),
)

SETTINGS: Final = (
    "account",
    "dingtalk",
    "wecom",
    "wecom_app",
    "groups",
    "deliveries",
    "arrivals",
    "tokens",
)
SETTING_LOOKS: Final = (
    *(console(f"settings-{one}", f"settings/{one}") for one in SETTINGS),
    console("settings-denied", "settings/dingtalk", who=ENGINEER),
    console("settings-bind", "settings/account", "h1", press(mark("bind")), see(mark("bind-code"))),
    console(
        "settings-token",
        "settings/tokens",
        mark("add-token"),
        fill("form input:not([type=checkbox])", "每日报表脚本"),
        press(mark("add-token")),
        see(mark("token")),
    ),
)

SECTIONS: Final = (
    "policies",
    "calendars",
    "ladders",
    "metrics",
    "jobs",
    "rules",
    "queues",
    "matrix",
    "stores",
    "rosters",
    "skills",
    "dryrun",
    "replay",
    "profile",
    "statuses",
    "webhooks",
)
_ITEMS: Final = {
    "policies": "vip",
    "calendars": "default",
    "ladders": "default",
    "metrics": "on_site",
    "queues": "vip",
    "stores": "pudong",
    "rosters": "east",
}
_SECTION: Final = "config/"
CONFIG_LOOKS: Final = (
    *(console(f"config-{one}", f"{_SECTION}{one}", CONFIG) for one in SECTIONS),
    *(
        console(f"config-{one}-item", f"{_SECTION}{one}/{item}", "[data-test^=editor-]")
        for one, item in _ITEMS.items()
    ),
    *(
        console(f"config-{one}-new", f"{_SECTION}{one}/fresh?new=1", "[data-test^=editor-]")
        for one in ("policies", "calendars", "ladders", "metrics", "stores", "rosters")
    ),
    console("config-denied", "config/policies", "main", who=ENGINEER),
    console("config-rosters-as-staff", "config/rosters", CONFIG, who=ENGINEER),
    msgspec.structs.replace(console("config-loading", "config/policies", "main"), first=(slow,)),
    msgspec.structs.replace(console("config-broken", "config/policies", "main"), first=(broken,)),
    console(
        "config-policy-changed",
        "config/policies/vip",
        mark("policy-name"),
        fill(mark("policy-name"), "VIP 客户（合同）"),
        fill(mark("target-first-*"), "很快"),
        press(mark("save-document")),
        see(mark("trouble")),
    ),
    opened(
        "config-leave",
        "config/policies/vip",
        mark("policy-name"),
        fill(mark("policy-name"), "VIP"),
        press(mark("config-calendars")),
        see(mark("leave-stay")),
    ),
    opened(
        "config-versions",
        "config/policies/vip",
        mark("policy-name"),
        press(mark("versions-open")),
        see(mark("versions")),
    ),
    console(
        "config-rule-open",
        "config/rules",
        mark("open-cooling_west"),
        press(mark("open-cooling_west")),
    ),
    opened(
        "config-dry-run",
        "config/rules",
        mark("dry-run-open"),
        press(mark("dry-run-open")),
        fill(mark("trial-subject"), "徐汇的空调不制冷"),
        press(mark("trial-run")),
        see(mark("trial-result")),
    ),
    opened(
        "config-excuse",
        "config/jobs",
        mark("excuse"),
        press(mark("excuse")),
        see(mark("excuse-form")),
    ),
    opened(
        "config-leave-form",
        "config/rosters",
        mark("ask-leave"),
        press(mark("ask-leave")),
        see(mark("leave-form")),
    ),
    opened(
        "config-holiday-import",
        "config/calendars/default",
        mark("import-open"),
        press(mark("import-open")),
        see(mark("holiday-import")),
    ),
    console(
        "config-replay-run",
        "config/replay",
        mark("replay-run"),
        press(mark("replay-run")),
        see(mark("replay-result")),
    ),
)

PORTAL: Final = (
    portal("form", "", mark("submit")),
    portal("form-wrong", "", mark("submit"), press(mark("submit")), see(mark("error-text"))),
    portal(
        "form-waiting",
        "",
        mark("submit"),
        fill(mark("text"), "空调不制冷，滴水，明天下午三点前能来吗？" * 4),
        fill(mark("name"), "王小姐"),
        fill(mark("phone"), "12000001234"),
        cut,
        press(mark("submit")),
        see(mark("waiting")),
    ),
    portal(
        "receipt",
        "",
        mark("submit"),
        fill(mark("text"), "浦东的空调不制冷，滴水，明天下午三点前能来吗"),
        fill(mark("name"), "王小姐"),
        fill(mark("phone"), "12000001234"),
        press(mark("submit")),
        see(mark("number")),
    ),
    portal("form-loading", "", "#app *", first=(slow,)),
    portal("form-broken", "", "#app *", first=(broken,)),
    portal("form-away", "", "#app *", first=(away,)),
    portal("progress-new", "t/{t_fresh}", mark("progress")),
    portal("progress-talk", "t/{t_talk}", mark("progress")),
    portal("progress-nudged", "t/{t_talk}", mark("progress"), press(mark("nudge"))),
    portal(
        "progress-reply-waiting",
        "t/{t_talk}",
        mark("progress"),
        fill(mark("reply"), "师傅到楼下了吗？我在家等着，门禁密码是 2468#。"),
        cut,
        press(mark("send")),
        see(mark("reply-waiting")),
    ),
    portal("progress-held", "t/{t_held}", mark("progress")),
    portal("progress-long", "t/{t_long}", mark("progress")),
    portal("progress-late", "t/{t_late}", mark("progress")),
    portal("progress-solved", "t/{t_solved}", mark("verdict")),
    portal("progress-dispute", "t/{t_solved}", mark("verdict"), press(mark("dispute"))),
    portal("progress-confirmed", "t/{t_confirmed}", mark("rating")),
    portal(
        "progress-scored",
        "t/{t_confirmed}",
        mark("rating"),
        press(f"label.star:has({mark('score-2')})"),
    ),
    portal("progress-rated", "t/{t_rated}", mark("progress")),
    portal("progress-loading", "t/{t_talk}", "#app *", first=(slow,)),
    portal("progress-broken", "t/{t_talk}", "#app *", first=(broken,)),
    portal("progress-away", "t/{t_talk}", "#app *", first=(away,)),
    portal("missing-link", "t/1-nothing", mark("missing-link")),
    portal("missing-page", "nothing/here", mark("missing-page")),
    *(
        Look(name=f"portal-{name}-en", path=path, shows=shows, language="en-US")
        for name, path, shows in (
            ("form", "/portal/", mark("submit")),
            ("progress", "/portal/t/{t_talk}", mark("progress")),
            ("solved", "/portal/t/{t_solved}", mark("verdict")),
        )
    ),
)

PLAIN: Final = (
    Look(name="demo", path="/demo", shows=mark("phone")),
    Look(name="demo-lived", path="/demo", shows=mark("phone"), then=(lived,), whole=False),
    Look(name="no-such-page", path="/nothing-here", shows="main"),
    Look(name="no-such-manual-page", path="/help/nothing-here", shows="main"),
    Look(name="api-docs", path="/api/docs", shows="main", whole=False),
)


def english(looks: Iterable[Look]) -> Iterable[Look]:
    """The console as a colleague sees it who reads English."""
    for look in looks:
        yield msgspec.structs.replace(look, name=f"{look.name}-en", language="en-US")


_IN_ENGLISH: Final = ("list-all", "ticket-talk", "people", "config-policies", "config-rules")


def manual() -> Iterable[Look]:
    """Every page of the manual."""
    for page in sorted(one.name.removesuffix(".zh.md") for one in HELP.glob("*.zh.md")):
        yield Look(name=f"help-{page}", path="/help" if page == "index" else f"/help/{page}")


def every_look() -> tuple[Look, ...]:
    """All pictures, in the order in which somebody meets the pages."""
    inside = (*LISTS, *TICKETS, *PEOPLE, *SETTING_LOOKS, *CONFIG_LOOKS)
    chosen = [one for one in inside if one.name.removeprefix("console-") in _IN_ENGLISH]
    return (*DOORS, *PORTAL, *inside, *english(chosen), *PLAIN, *manual())
