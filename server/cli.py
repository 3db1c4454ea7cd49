"""The command line: `paidan …`, or `python -m server …`.

One table of commands (`COMMANDS`) makes the parser, the help and the manual's page. Words come
from `[cli]` of the word lists; the language is `--language`, else the terminal's. Commands that
only read may run beside a working server; those that write are refused while one runs.
"""

import argparse
import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any, Final, NoReturn

import msgspec

from server import VERSION, app, log
from server.cli_import import bring_in
from server.cli_replay import tell_replay
from server.desk import Desk
from server.domain.errors import Refusal
from server.settings import BadSetting, Settings, read_settings
from server.storage.migrate import DatabaseIsNewer
from server.storage.units import StorageTrouble
from server.usecases import checking, people, standings, verification
from server.usecases.drafts import Draft
from server.usecases.replay import last_month, replay, span_of
from server.words import LANGUAGES, find, say

READS, WRITES, SERVES = "reads", "writes", "serves"
ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"
"""For passwords that are read and typed: no l, o, 0, 1."""
SCARCE: Final = 500 * 1024 * 1024
"""Less free disk than this is worth a word."""


class Exit(IntEnum):
    """What a command's exit code says."""

    FINE = 0
    FOUND = 1
    USAGE = 2
    IN_USE = 3
    DATABASE = 4


class Asked(msgspec.Struct, frozen=True):
    """A command line that was understood."""

    settings: Settings
    language: str
    given: dict[str, Any]

    def tell(self, code: str, **facts: object) -> None:
        """Print words of `[cli]`."""
        print(say(self.language, f"cli.{code}", **facts))


Run = Callable[[Asked], Coroutine[Any, Any, Exit]]


# What commands do


async def _verify(asked: Asked) -> Exit:
    since = asked.given["since"]
    seq, _, seal = (since or "").partition(":")
    if since is not None and not (seq.isascii() and seq.isdecimal() and seal):
        asked.tell("verify.seal", seal=since)
        return Exit.USAGE
    async with app.look_at(asked.settings) as desk:
        try:
            kept = None if since is None else (int(seq), seal.strip().lower())
            proof = await verification.verify(desk, kept)
        except verification.UnknownSeal:
            asked.tell("verify.unknown", seq=seq)
            return Exit.FOUND
    if proof.flaw is None:
        asked.tell("verify.fine", events=proof.events, seals=proof.seals, hash=proof.hash[:16])
        return Exit.FINE
    why = say(asked.language, f"cli.verify.wrong.{proof.flaw.wrong}")
    ticket = "" if proof.flaw.ticket is None else f" #{proof.flaw.ticket}"
    asked.tell("verify.flaw", seq=proof.flaw.seq, why=why, ticket=ticket)
    return Exit.FOUND


async def _rebuild(asked: Asked) -> Exit:
    check = asked.given["check"]
    tickets, numbers = 0, list[int]()
    async with (app.look_at if check else app.open_desk)(asked.settings) as desk:
        async for difference in verification.differences(desk):
            tickets += 1
            if difference is not None:
                numbers.append(difference.ticket)
                parts = [say(asked.language, f"cli.sla.part.{part}") for part in difference.of]
                asked.tell("sla.difference", ticket=difference.ticket, parts="、".join(parts))
        strays = await verification.count_stray_timers(desk)
        strays += await _tell_astray(asked, desk)
        for number in [] if check else numbers:
            await verification.rebuild(desk, number)
        if not check:
            await standings.rebuild(desk)
    asked.tell("sla.sum", tickets=tickets, differences=len(numbers) + strays)
    if check:
        return Exit.FOUND if numbers or strays else Exit.FINE
    if numbers:
        asked.tell("sla.rebuilt", tickets=len(numbers))
    return Exit.FINE


async def _tell_astray(asked: Asked, desk: Desk) -> int:
    """Tell what routing keeps and should not be so; how many they are."""
    astray = await standings.find_astray(desk)
    firm = await desk.firm()
    for number in astray.staff:
        asked.tell("sla.standing", name=firm.name_of(number) or number)
    for number in astray.tickets:
        asked.tell("sla.waiting", ticket=number)
    return len(astray.staff) + len(astray.tickets)


async def _check(asked: Asked) -> Exit:
    async with app.look_at(asked.settings) as desk:
        found = await checking.check(desk)
    for one in found:
        level = say(asked.language, f"cli.level.{one.level}")
        words = say(asked.language, f"cli.finding.{one.code}", **one.facts)
        asked.tell("check.finding", level=level, words=words)
    errors = sum(one.level == "error" for one in found)
    asked.tell("check.sum", errors=errors, advice=len(found) - errors)
    return Exit.FOUND if errors else Exit.FINE


async def _import(asked: Asked) -> Exit:
    check, file = asked.given["check"], Path(asked.given["file"])
    async with (app.look_at if check else app.open_desk)(asked.settings) as desk:
        fine = await bring_in(desk, file, asked.tell, asked.language, check=check)
    return Exit.FINE if fine else Exit.FOUND


async def _replay(asked: Asked) -> Exit:
    """Replay a period, last month unless told, with the documents that files hold."""
    try:
        drafts = [
            _draft(kind, Path(name)) for kind in DRAFTS for name in asked.given.get(kind) or ()
        ]
    except (OSError, ValueError) as error:
        asked.tell("replay.unreadable", why=error)
        return Exit.USAGE
    async with app.look_at(asked.settings) as desk:
        zone = (await desk.firm()).profile.zone
        try:
            if asked.given.get("from") or asked.given.get("to"):
                span = span_of(asked.given["from"], asked.given["to"], zone)
            else:
                span = last_month(desk.clock.now(), zone)
            report = await replay(desk, *span, drafts)
        except Refusal as refusal:
            asked.tell("replay.refused", why=say(asked.language, f"refusal.{refusal.code}"))
            fields = refusal.facts.get("fields")
            for field, code in fields.items() if isinstance(fields, dict) else ():
                print(f"  {field}: {find(asked.language, f'field.{code}') or code}")
            return Exit.USAGE
    if asked.given.get("json"):
        print(msgspec.json.encode(report).decode())
    else:
        tell_replay(asked, report, zone, print)
    return Exit.FINE


def _draft(kind: str, file: Path) -> Draft:
    """A document as a draft; without an id of its own it has the file's name."""
    doc = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    name = "default" if kind == "rules" else str(doc.get("id") or file.stem)
    return Draft(kind, name, doc)


async def _reset(asked: Asked) -> Exit:
    async with app.open_desk(asked.settings) as desk:
        drawn = desk.entropy.token_bytes(16)
        password = "".join(ALPHABET[byte % len(ALPHABET)] for byte in drawn)
        hashed = await desk.passwords.hash(password)
        person = await people.reset_password(desk, asked.given["email"], hashed)
    if person is None:
        asked.tell("staff.unknown", email=asked.given["email"])
        return Exit.FOUND
    asked.tell("staff.reset", name=person.name)
    print(f"  {password}")
    return Exit.FINE


async def _doctor(asked: Asked) -> Exit:
    """Look at what the desk stands on. It changes nothing."""
    settings, fine = asked.settings, True

    def say_line(code: str, *, good: bool, **facts: object) -> None:
        nonlocal fine
        fine = fine and good
        mark = say(asked.language, "cli.doctor.good" if good else "cli.doctor.bad")
        print(f"[{mark}] {code}: {say(asked.language, f'cli.doctor.{code}', **facts)}")

    asked.tell("doctor.version", version=VERSION, python=sys.version.split()[0])
    print(f"  {settings!r}")
    folder = settings.data
    parent = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    say_line("folder", good=os.access(parent, os.W_OK | os.X_OK), folder=folder.absolute())
    free = shutil.disk_usage(parent).free
    say_line("disk", good=free >= SCARCE, free=free // (1024 * 1024))
    private = not (folder.exists() and folder.stat().st_mode & 0o077)
    say_line("private", good=private, folder=folder.absolute())
    try:
        async with app.look_at(settings) as desk:
            engine = desk.database.dialect
        say_line("database", good=True, engine=engine, step=app.NEWEST)
    except app.NoDesk:
        say_line("no_desk", good=True)
    except (app.Refused, DatabaseIsNewer, StorageTrouble, OSError, ValueError) as error:
        say_line("database_trouble", good=False, why=log.without_secrets(str(error)))
    return Exit.FINE if fine else Exit.FOUND


# The table


_MEANT: Final = {"since": "SEQ:SEAL"}
"""What the values of options are, where it is no date."""


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One command. Its words are `cli.command.NAME`, with underscores. `values` are options with
    a value, `files` such as may come again; `rest` takes over what follows, unread.
    """

    name: str
    run: Run | None = None
    kind: str = READS
    arguments: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    rest: bool = False

    @property
    def code(self) -> str:
        """Its name in the word lists."""
        return self.name.replace(" ", "_")

    @property
    def usage(self) -> str:
        """How it is typed."""
        parts = [
            *(f"[--{one} {_MEANT.get(one, 'DATE')}]" for one in self.values),
            *(f"[--{one} FILE]" for one in self.files),
            *(f"[--{flag}]" for flag in self.flags),
            *(one.upper() for one in self.arguments),
        ]
        return " ".join(["paidan", self.name, *parts, *(["…"] if self.rest else [])])


DRAFTS: Final = ("policy", "calendar", "metric", "rules", "roster")
"""What a replay may try."""

COMMANDS: Final = (
    Command(name="serve", kind=SERVES),
    Command(name="demo", kind=SERVES, rest=True),
    Command(name="check", run=_check),
    Command(name="doctor", run=_doctor),
    Command(name="verify", run=_verify, values=("since",)),
    Command(name="sla rebuild", run=_rebuild, kind=WRITES, flags=("check",)),
    Command(name="replay", run=_replay, values=("from", "to"), files=DRAFTS, flags=("json",)),
    Command(name="import", run=_import, kind=WRITES, arguments=("file",), flags=("check",)),
    Command(name="staff reset", run=_reset, kind=WRITES, arguments=("email",)),
    Command(name="version"),
)
"""Every command, in the order of the help."""

OPTIONS: Final = (("--settings", "FILE"), ("--language", "zh|en"), ("--help", ""))
"""Options of every command; their words are `cli.option.…`."""


class BadUsage(Exception):
    """The line could not be understood."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise BadUsage(message)


def _parser() -> argparse.ArgumentParser:
    common = _Parser(add_help=False)
    common.add_argument("--settings", type=Path, default=argparse.SUPPRESS)
    common.add_argument("--language", choices=LANGUAGES, default=argparse.SUPPRESS)
    common.add_argument("-h", "--help", action="store_true", default=argparse.SUPPRESS)
    whole = _Parser(prog="paidan", add_help=False, parents=[common])
    groups = {"": whole.add_subparsers(dest="group", parser_class=_Parser)}
    for command in COMMANDS:
        group, _, name = command.name.rpartition(" ")
        if group not in groups:
            inner = groups[""].add_parser(group, add_help=False, parents=[common])
            groups[group] = inner.add_subparsers(dest="word", parser_class=_Parser)
        parser = groups[group].add_parser(name, add_help=False, parents=[common])
        parser.set_defaults(command=command)
        for flag in command.flags:
            parser.add_argument(f"--{flag}", action="store_true")
        for value in command.values:
            parser.add_argument(f"--{value}")
        for file in command.files:
            parser.add_argument(f"--{file}", action="append")
        for argument in command.arguments:
            parser.add_argument(argument, nargs="?")
    return whole


def help_text(language: str, command: Command | None = None) -> str:
    """The help of one command, or of all."""
    lines: list[str] = []
    if command is None:
        lines += [say(language, "cli.about"), "", say(language, "cli.heading.commands")]
        width = max(len(one.usage) for one in COMMANDS)
        lines += [
            f"  {one.usage:<{width}}  {say(language, f'cli.command.{one.code}')}"
            for one in COMMANDS
        ]
    else:
        lines += [command.usage, "", say(language, f"cli.command.{command.code}")]
        lines += [say(language, f"cli.kind.{command.kind}")]
        lines += [
            f"  --{flag}  {say(language, f'cli.flag.{command.code}.{flag}')}"
            for flag in (*command.values, *command.files, *command.flags)
        ]
    lines += ["", say(language, "cli.heading.options")]
    for option, value in OPTIONS:
        shown = f"{option} {value}".strip()
        lines.append(f"  {shown:<18}  {say(language, f'cli.option.{option[2:]}')}")
    lines += ["", say(language, "cli.heading.exits")]
    lines += [f"  {one.value}  {say(language, f'cli.exit.{one.name.lower()}')}" for one in Exit]
    return "\n".join(lines)


def language_of(environment: Mapping[str, str]) -> str:
    """The terminal's language, Chinese unless it says that it is another one that we know."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(name, "")
        if value:
            return next((one for one in LANGUAGES if value.lower().startswith(one)), LANGUAGES[0])
    return LANGUAGES[0]


def main(line: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    words = list(sys.argv[1:] if line is None else line)
    language = language_of(os.environ)
    if words[:1] == ["demo"]:
        return _demo(words[1:], language)
    try:
        found = _parser().parse_args(words)
    except BadUsage:
        print(say(language, "cli.bad_usage", line=" ".join(["paidan", *words])), file=sys.stderr)
        print(help_text(language), file=sys.stderr)
        return Exit.USAGE
    language = getattr(found, "language", language)
    command: Command | None = getattr(found, "command", None)
    if command is None or hasattr(found, "help"):
        asked = hasattr(found, "help")
        print(help_text(language, command), file=sys.stdout if asked else sys.stderr)
        return Exit.FINE if asked else Exit.USAGE
    if any(getattr(found, argument) is None for argument in command.arguments):
        print(help_text(language, command), file=sys.stderr)
        return Exit.USAGE
    return _run(command, found, language)


def _run(command: Command, found: argparse.Namespace, language: str) -> int:
    if command.name == "version":
        print(f"paidan {VERSION}")
        return Exit.FINE
    try:
        settings = read_settings(os.environ, getattr(found, "settings", None))
        log.set_up(settings.log_level if command.kind == SERVES else "warning")
        os.umask(0o077)  # what is kept is for the desk's owner alone
        if command.run is None:
            return _serve(settings, language)
        given = (*command.flags, *command.values, *command.files)
        flags = {flag: getattr(found, flag) for flag in given}
        arguments = {one: getattr(found, one) for one in command.arguments}
        return asyncio.run(command.run(Asked(settings, language, flags | arguments)))
    except (BadSetting, app.Refused, DatabaseIsNewer) as refusal:
        return _refuse(refusal, language)
    except KeyboardInterrupt:
        return Exit.FINE


def _refuse(refusal: Exception, language: str) -> Exit:
    """Say why nothing was done."""
    code, facts = "cli.refusal.cannot", dict[str, object](why=refusal)
    exit_ = Exit.DATABASE
    match refusal:
        case BadSetting(key=key, problem=problem, example=example):
            problem = (
                say(language, f"cli.setting.{refusal.code}", **refusal.facts)
                if refusal.code
                else problem
            )
            code, facts = "cli.refusal.bad_setting", {"key": key, "problem": problem}
            facts["example"] = f'{key} = "{example}"' if example else "–"
            exit_ = Exit.USAGE
        case DatabaseIsNewer(found=found, known=known):
            code, facts = "cli.refusal.database_newer", {"found": found, "known": known}
            facts["version"] = VERSION
        case app.Refused(code=why):
            code, facts = f"cli.refusal.{why}", refusal.facts
            exit_ = Exit.IN_USE if why in {"folder_in_use", "address_in_use"} else Exit.DATABASE
        case _:
            pass
    print(say(language, code, **facts), file=sys.stderr)
    return exit_


def _serve(settings: Settings, language: str) -> Exit:
    def welcome(address: str, link: str | None) -> None:
        print(say(language, "cli.serving", url=address))
        if link is not None:
            for one in LANGUAGES:
                print(say(one, "cli.set_up"))
            print(f"  {link}")
        sys.stdout.flush()

    with asyncio.Runner(loop_factory=app.loop_factory()) as runner:
        runner.run(app.serve(settings, welcome=welcome))
    return Exit.FINE


def _demo(words: list[str], language: str) -> int:
    from server import demo  # noqa: PLC0415  # a desk in earnest never loads it

    try:
        return demo.main(words, language)
    except (BadSetting, app.Refused, DatabaseIsNewer) as refusal:
        return _refuse(refusal, language)
