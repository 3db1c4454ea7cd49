"""The manual's reference pages, made of the code, so that they cannot lag behind it.

    .venv/bin/python -m tests.support.reference

writes web/help/reference-*.{zh,en}.md; tests/test_manual.py compares what is committed with what
the code says now.
"""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal, get_origin, get_type_hints

import msgspec

import bots
import server
from server import cli, words
from server.api.openapi import openapi_path
from server.api.surface import OPERATIONS, Operation
from server.domain import errors
from server.domain.calendars import Calendar, Override, china_days, china_years
from server.domain.commands import AnyCommand
from server.domain.errors import Refusal
from server.domain.events import AnyBody
from server.domain.people import Role
from server.domain.permissions import MAY, OWN_ONLY
from server.domain.sayings import VERBS
from server.settings import ENVIRONMENT, EXAMPLES, Settings
from tests.support.sheets import (
    HELP,
    LANGUAGES,
    WORDS,
    Page,
    code,
    fields,
    made,
    members,
    pick,
    row,
    shape,
    table,
    word_of,
)


def settings_page(language: str) -> Iterator[str]:
    yield pick(language, "# 参考：设置", "# Reference: settings")
    yield ""
    yield pick(
        language,
        "设置写在数据目录的 `paidan.toml` 里（或用 `--settings` 指定别的文件），也可以用环境变量；"
        f"环境变量优先。变量名是 `{ENVIRONMENT}` 加大写的设置名；再加 `_FILE` 就表示值在那个文件里"
        "，适合密钥。写错名字或值，程序不会启动，并会说明是哪一项、该怎么写。公司自己的内容"
        "（员工、规则、日历、渠道）不在这里，都在数据库里。",
        "Settings stand in `paidan.toml` in the data folder (or in the file named by `--settings`),"
        " or in the environment, which wins. The variable is"
        f" `{ENVIRONMENT}` and the setting's name in capitals; with `_FILE` behind it, it names a"
        " file that holds the value, for secrets. A wrong name or value stops the start and says"
        " which and how. What belongs to the firm (colleagues, rules, calendars, channels) is not"
        " here but in the database.",
    )
    yield ""
    yield from table(
        pick(language, "设置", "setting"),
        pick(language, "环境变量", "variable"),
        pick(language, "默认", "default"),
        pick(language, "例子", "example"),
        pick(language, "含义", "meaning"),
    )
    kinds = get_type_hints(Settings, include_extras=True)
    for field in msgspec.structs.fields(Settings):
        name = field.name
        meaning = WORDS["settings"][name][language != "zh"]
        choices = shape(kinds[name]) if get_origin(kinds[name]) is Literal else ""
        if choices:
            meaning += pick(language, f"可选：{choices}。", f" One of: {choices}.")
        variable = f"{ENVIRONMENT}{name.upper()}"
        yield row(code(name), code(variable), code(field.default), code(EXAMPLES[name]), meaning)
    yield ""
    yield made(language)


def permissions_page(language: str) -> Iterator[str]:
    yield pick(language, "# 参考：权限", "# Reference: permissions")
    yield ""
    yield pick(
        language,
        "谁能对工单执行哪个指令。除此之外，工单必须在他的可见范围内：管理员、主管和审计员看得到全部；"
        "员工看得到自己处理组的、还没有处理组的、以及指派给自己的；协作人只看得到指派给自己的。",
        "Who may do what to a ticket. Besides, the ticket must be in sight: administrators,"
        " supervisors and auditors see all; staff see their teams', those without a team, and"
        " their own; collaborators see only what is assigned to them.",
    )
    yield ""
    yield from table(
        pick(language, "指令", "command"),
        pick(language, "代码", "code"),
        *(words.say(language, f"role.{role.value}") for role in Role),
    )
    for command, roles in MAY.items():
        yield row(
            word_of(language, command.__name__),
            code(command.__struct_config__.tag),
            *(("✓" if role in roles else "–") for role in Role),
        )
    yield ""
    names = pick(language, "、", ", ").join(
        word_of(language, one.__name__) for one in MAY if one in OWN_ONLY
    )
    yield pick(
        language,
        f"员工只能对自己手上的工单执行：{names}。",
        f"Staff may do these only to tickets that they hold: {names}.",
    )
    yield ""
    yield made(language)


def refusals() -> list[type[Refusal]]:
    """Every refusal that has a sentence: the classes that others are made of have none."""
    _import_all()
    found: list[type[Refusal]] = []

    def walk(kind: type[Refusal]) -> None:
        for child in kind.__subclasses__():
            if child not in _GROUPS or child is errors.Invalid:
                found.append(child)
            walk(child)

    walk(Refusal)
    mine = [one for one in found if one.__module__.startswith(("server.", "bots."))]
    return sorted(mine, key=lambda one: (one.status, one.code))


_GROUPS = (errors.NotFound, errors.Forbidden, errors.Conflict, errors.Invalid)


def _import_all() -> None:
    """Refusals may be defined wherever they belong to."""
    for package in (server, bots):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith(("server.__main__", "bots.rehearsal")):
                import_module(module.name)


PLAIN: Final = {
    "malformed": 400,
    "unknown_path": 404,
    "method_not_allowed": 405,
    "too_large": 413,
    "fault": 500,
    "overloaded": 503,
    "not_saved": 503,
    "not_read": 503,
}
"""The status of what no rule refuses (server/api/errors.py)."""


def refusals_page(language: str) -> Iterator[str]:
    yield pick(language, "# 参考：拒绝代码", "# Reference: refusals")
    yield ""
    yield pick(
        language,
        "服务台拒绝一个操作时，会给出固定的代码和一句话。代码不会变，可以写进程序；"
        "花括号里的内容来自当时的事实（`facts`）。",
        "When the desk refuses something it gives a stable code and a sentence. Programs may rely"
        " on the code; what stands in braces comes from the `facts`.",
    )
    yield ""
    yield from table(
        pick(language, "代码", "code"), "HTTP", pick(language, "说的话", "what is said")
    )
    known = {refusal.code: refusal.status for refusal in refusals()}
    for name, status in sorted((known | PLAIN).items(), key=lambda one: (one[1], one[0])):
        said = words.word_list(language).get(f"refusal.{name}", "–")
        yield row(code(name), status, said)
    yield ""
    yield pick(language, "## 字段的问题", "## What may be wrong with a field")
    yield ""
    yield pick(
        language,
        "`fields` 里每个字段对应下面的一个代码。",
        "Each field in `fields` has one of these codes.",
    )
    yield ""
    yield from table(pick(language, "代码", "code"), pick(language, "说的话", "what is said"))
    for name, said in words.word_list(language).items():
        if name.startswith("field."):
            yield row(code(name.removeprefix("field.")), said)
    yield ""
    yield made(language)


def events_page(language: str) -> Iterator[str]:
    yield pick(language, "# 参考：事件", "# Reference: events")
    yield ""
    yield pick(
        language,
        "工单的一切都由事件构成：轨迹、计时、实时推送都来自它们。事件只追加、不修改，"
        "并用哈希串成链，可以用 `paidan verify` 验证。消息正文不在事件里，事件只引用它的编号。",
        "All that a ticket is comes from its events: timeline, clocks, live feed. Events are only"
        " ever appended and are chained by hashes, which `paidan verify` proves. The text of a"
        " message is not in its event; the event refers to its number.",
    )
    yield ""
    yield from table(
        pick(language, "事件", "event"),
        pick(language, "代码", "code"),
        pick(language, "字段", "fields"),
    )
    for body in members(AnyBody):
        name = word_of(language, body.__name__)
        yield row(name, code(body.__struct_config__.tag), fields(body))
    yield ""
    yield made(language)


def who(language: str, operation: Operation) -> str:
    """Who may call an operation."""
    if operation.roles is None:
        return pick(language, "任何人", "everybody")
    if operation.roles == frozenset(Role):
        said = pick(language, "登录者", "signed in")
    else:
        names = [words.say(language, f"role.{one.value}") for one in Role if one in operation.roles]
        said = pick(language, "、", ", ").join(names)
    if operation.in_person:
        said += pick(language, "（不能用令牌）", " (no token)")
    return said


def summary_of(language: str, operation: Operation) -> str:
    return pick(language, WORDS["operations"][operation.id], operation.summary)


def api_page(language: str) -> Iterator[str]:
    yield pick(language, "# 参考：HTTP 接口", "# Reference: HTTP API")
    yield ""
    yield pick(
        language,
        "控制台、客户页面和你的程序用的是同一套接口。"
        ""
        "完整的 OpenAPI 3.1 文档在 `/api/openapi.json`。"
        "程序用令牌：在控制台生成，放进请求头 `Authorization: Bearer 令牌`；令牌有 `read`、`write` "
        "两种范围。出错时总是同一种形状：`error`（代码，见[拒绝代码](reference-refusals.zh.md)）、"
        "`message`（一句话）、`facts`、`fields`，程序出错时还有 `incident`（日志里的编号）。"
        "演示用的服务台在 `/api/v1/demo` 下另有几个操作，正式的没有。",
        "The console, the customer pages and your programs use one API. The whole OpenAPI 3.1"
        " document is at `/api/openapi.json`. Programs use a token that is made in the console, in"
        " the header `Authorization: Bearer TOKEN`; its scopes are `read` and `write`. Errors"
        " always have one shape: `error` (a code, see [refusals](reference-refusals.en.md)),"
        " `message` (a sentence), `facts`, `fields` and, for faults of the desk, `incident` (the"
        " number in its log). A demo desk has a few operations more under `/api/v1/demo`; a desk in"
        " earnest has not.",
    )
    yield ""
    yield from table(
        pick(language, "操作", "operation"),
        pick(language, "做什么", "what it does"),
        pick(language, "谁可以", "who may"),
    )
    for operation in OPERATIONS:
        path = openapi_path(operation.path)
        yield row(
            code(f"{operation.method} {path}"),
            summary_of(language, operation),
            who(language, operation),
        )
    yield ""
    yield pick(language, "## 指令", "## Commands")
    yield ""
    yield pick(
        language,
        "`POST /api/v1/tickets/{number}/commands` 的请求体用 `command` 说明是哪个指令。"
        "带上请求头 `Idempotency-Key`，重发同一个请求不会做两次。带问号的字段可以不给。",
        "The body of `POST /api/v1/tickets/{number}/commands` names the command in `command`. With"
        " the header `Idempotency-Key`, sending the same request again does nothing twice. Fields"
        " with a question mark may be left out.",
    )
    yield ""
    yield from table(
        pick(language, "指令", "command"), "`command`", pick(language, "字段", "fields")
    )
    for command in members(AnyCommand):
        name = word_of(language, command.__name__)
        yield row(name, code(command.__struct_config__.tag), fields(command))
    yield ""
    yield made(language)


def sayings() -> dict[str, list[str]]:
    """Every way to say a verb, by verb, in the order of the table."""
    found: dict[str, list[str]] = {}
    for saying, verb in VERBS.items():
        found.setdefault(verb, []).append(saying)
    return found


def chat_page(language: str) -> Iterator[str]:
    yield pick(language, "# 参考：聊天指令", "# Reference: what the bot understands")
    yield ""
    yield pick(
        language,
        "群里要先 @ 机器人，单聊直接说。编号前可以加 #，空格可有可无，全角半角都行；"
        "打错一个字，机器人会猜你想说什么，但不会替你执行。",
        "In a group @mention the bot first; in private just say it. The number may have a #,"
        " blanks may be missing, full-width characters are fine; a slip is answered with the"
        " nearest command, which is never carried out unasked.",
    )
    yield ""
    yield from table(
        pick(language, "这样说", "say"),
        pick(language, "做什么", "what it does"),
        pick(language, "也听得懂", "also understood"),
    )
    for verb, ways in sayings().items():
        example, zh, en = WORDS["chat"][verb]
        also = pick(language, "、", ", ").join(ways[1:])
        yield row(example, pick(language, zh, en), also)
    yield ""
    yield made(language)


def commands_page(language: str) -> Iterator[str]:
    yield pick(language, "# 参考：命令行", "# Reference: command line")
    yield ""
    yield pick(
        language,
        "下面的 `paidan` 就是在程序目录里运行 `.venv/bin/python -m server`。",
        "`paidan` below is `.venv/bin/python -m server`, run in the program's folder.",
    )
    yield ""
    yield from table(pick(language, "命令", "command"), pick(language, "做什么", "what it does"))
    for command in cli.COMMANDS:
        said = words.say(language, f"cli.command.{command.code}")
        kind = words.say(language, f"cli.kind.{command.kind}")
        yield row(code(command.usage), f"{said}{pick(language, '', ' ')}{kind}")
    for title, rows in (
        (pick(language, "## 开关", "## Switches"), _flags(language)),
        (
            pick(language, "## 所有命令都有的选项", "## Options of every command"),
            _options(language),
        ),
        (pick(language, "## 退出码", "## Exit codes"), _exits(language)),
    ):
        yield ""
        yield title
        yield ""
        yield from table(pick(language, "写法", "written"), pick(language, "含义", "meaning"))
        yield from rows
    yield ""
    yield made(language)


def _flags(language: str) -> Iterator[str]:
    for command in cli.COMMANDS:
        for flag in command.flags:
            said = words.say(language, f"cli.flag.{command.code}.{flag}")
            yield row(code(f"paidan {command.name} --{flag}"), said)


def _options(language: str) -> Iterator[str]:
    for option, value in cli.OPTIONS:
        said = words.say(language, f"cli.option.{option[2:]}")
        yield row(code(f"{option} {value}".strip()), said)


def _exits(language: str) -> Iterator[str]:
    for one in cli.Exit:
        yield row(code(one.value), words.say(language, f"cli.exit.{one.name.lower()}"))


def holidays_page(language: str) -> Iterator[str]:
    year = china_years()[-1]
    yield pick(language, "# 参考：节假日和调休", "# Reference: holidays and make-up days")
    yield ""
    yield pick(
        language,
        f"国务院办公厅公布的 {year} 年节假日和调休上班日，这是程序知道的最后一年。"
        "下面是一份可以直接保存的工作日历：周一到周五，把每天的时段改成你们的就行"
        "（怎么保存，见[时效和日历](sla-and-calendar.zh.md)）。",
        f"China's holidays and make-up workdays of {year}, as announced; it is the last year that"
        " the program knows. Below is a calendar that can be saved as it is, Monday to Friday; put"
        " your own hours into it (how to save it: [SLA and calendar](sla-and-calendar.en.md)).",
    )
    yield ""
    week = dict.fromkeys(range(1, 6), (("09:00", "12:00"), ("13:30", "18:00")))
    named = {day: _named(one, language) for day, one in china_days([year]).items()}
    calendar = Calendar(
        name=pick(language, "工作日历", "Working days"),
        week=week,
        overrides=named,
        known_through=year,
    )
    doc = msgspec.to_builtins(calendar, str_keys=True)
    yield "```json calendar"
    yield "{"
    for key in ("name", "zone", "week"):
        yield f'  "{key}": {msgspec.json.encode(doc[key]).decode()},'
    lines = [f'    "{day}": {msgspec.json.encode(one).decode()}' for day, one in _days(doc)]
    yield '  "overrides": {'
    yield ",\n".join(lines)
    yield "  },"
    yield f'  "known_through": {year}'
    yield "}"
    yield "```"
    yield ""
    yield made(language)


def _days(doc: Any) -> list[tuple[str, Any]]:
    return sorted(doc["overrides"].items())


def _named(one: Override, language: str) -> Override:
    """With the name in words: what is saved is the administrator's own."""
    return msgspec.structs.replace(one, name=WORDS["holidays"][one.name][language != "zh"])


PAGES: dict[str, Page] = {
    "reference-holidays": holidays_page,
    "reference-commands": commands_page,
    "reference-chat": chat_page,
    "reference-settings": settings_page,
    "reference-permissions": permissions_page,
    "reference-refusals": refusals_page,
    "reference-events": events_page,
    "reference-api": api_page,
}


def made_page(name: str, language: str) -> str:
    return "\n".join(PAGES[name](language)) + "\n"


def file_of(name: str, language: str) -> Path:
    return HELP / f"{name}.{language}.md"


def main() -> None:
    HELP.mkdir(exist_ok=True)
    for name in PAGES:
        for language in LANGUAGES:
            file_of(name, language).write_text(made_page(name, language), "utf-8")


if __name__ == "__main__":
    main()
