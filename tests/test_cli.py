"""The command line as its user meets it: processes, exit codes, words, signals."""

import asyncio
import json
import os
import re
import signal
import sqlite3
import sys
import time
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from server import VERSION, cli, words
from server.cli import COMMANDS, Exit, help_text, language_of
from server.domain import commands
from tests.support.world import PASSWORD, World

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).resolve().parent.parent
SOON = 30
SECRET = "a secret key for stories, long enough"


def environment(folder: Path) -> dict[str, str]:
    own = {key: value for key, value in os.environ.items() if not key.startswith("PAIDAN_")}
    return own | {
        "PAIDAN_DATA": str(folder),
        "PAIDAN_LISTEN": "127.0.0.1:0",
        "PAIDAN_SECRET_KEY": SECRET,
        "LANG": "zh_CN.UTF-8",
        "LC_ALL": "",
        "PYTHONUNBUFFERED": "1",
    }


async def paidan(folder: Path, *line: str, **more: str) -> tuple[int, str, str]:
    """Run a command to its end: exit code, output, errors."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "server",
        *line,
        cwd=ROOT,
        env=environment(folder) | more,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(SOON):
        out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


class Serving:
    """A running `paidan serve`: its address, and what it printed until it was ready."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said = ""
        self.url = ""

    async def ready(self) -> None:
        assert self.process.stdout is not None
        async with asyncio.timeout(SOON):
            while "code=" not in self.said:
                line = (await self.process.stdout.readline()).decode()
                assert line, self.said
                self.said += line
        found = re.search(r"http://127\.0\.0\.1:\d+", self.said)
        assert found is not None
        self.url = found[0]

    async def stop(self, number: int = signal.SIGTERM) -> float:
        """Send a signal; seconds until the process is gone."""
        began = time.perf_counter()
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(SOON):
            await self.process.wait()
        return time.perf_counter() - began


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Serving]:
    with (folder.parent / "serve.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "server",
            "serve",
            cwd=ROOT,
            env=environment(folder),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    running = Serving(process)
    try:
        await running.ready()
        yield running
    finally:
        await running.stop()


@pytest.fixture
async def used(tmp_path: Path) -> Path:
    """The folder of a stopped desk on which something has happened."""
    async with World(tmp_path) as world:
        await world.set_up()
        for subject in ("打印机卡纸", "断网", "发票"):
            await world.file(subject)
        await world.perform("李工", commands.Claim(ticket=1))
        await world.advance(hours=2)
        return world.settings.data


async def test_serve_on_an_empty_folder_sets_itself_up_once(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    async with serving(folder) as desk:
        codes = re.findall(r"/console/setup#code=(\w+)", desk.said)
        assert len(codes) == 1
        assert words.say("zh", "cli.set_up") in desk.said
        assert words.say("en", "cli.set_up") in desk.said
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / "desk.db").stat().st_mode & 0o077 == 0
        async with httpx.AsyncClient(base_url=desk.url, trust_env=False) as client:
            assert (await client.get("/healthz")).status_code == 200
            asked = {
                "code": codes[0],
                "firm": "云杉科技",
                "name": "管理员",
                "email": "admin@example.com",
                "password": PASSWORD,
            }
            origin = {"origin": desk.url}
            first = await client.post("/api/v1/setup", json=asked, headers=origin)
            assert first.status_code in {200, 201}, first.text
            again = await client.post("/api/v1/setup", json=asked, headers=origin)
            assert again.json()["error"] == "already_set_up"


async def test_a_stopped_server_is_gone_in_five_seconds_with_a_stream_open(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "new"
    async with serving(folder) as desk, httpx.AsyncClient(trust_env=False) as client:
        code = re.findall(r"code=(\w+)", desk.said)[0]
        who = {"firm": "云杉", "name": "管理员", "email": "a@example.com", "password": PASSWORD}
        answer = await client.post(
            f"{desk.url}/api/v1/setup", json=who | {"code": code}, headers={"origin": desk.url}
        )
        assert answer.status_code in {200, 201}, answer.text
        async with client.stream("GET", f"{desk.url}/api/v1/live", timeout=SOON) as stream:
            assert stream.status_code == 200
            assert await desk.stop() < 5
        assert desk.process.returncode == 0
    log = (tmp_path / "serve.log").read_text()
    assert "msg=stopped" in log
    assert "level=error" not in log
    assert code not in log


async def test_one_folder_has_one_server_and_writing_commands_wait_for_its_end(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "new"
    async with serving(folder) as desk:
        refused = await paidan(folder, "serve")
        assert refused[0] == Exit.IN_USE
        assert str(desk.process.pid) in refused[2]
        assert (await paidan(folder, "sla", "rebuild"))[0] == Exit.IN_USE
        assert (await paidan(folder, "staff", "reset", "a@example.com"))[0] == Exit.IN_USE
        assert (await paidan(folder, "verify"))[0] == Exit.FINE
        assert (await paidan(folder, "verify", "--since", "1:ab12"))[0] == Exit.FOUND
        assert (await paidan(folder, "verify", "--since", "yesterday"))[0] == Exit.USAGE
        assert (await paidan(folder, "sla", "rebuild", "--check"))[0] == Exit.FINE
        assert await desk.stop(signal.SIGINT) < 5
        assert desk.process.returncode == 0


async def test_an_address_that_is_taken_is_refused_in_words(tmp_path: Path) -> None:
    async with serving(tmp_path / "one") as desk:
        listen = desk.url.removeprefix("http://")
        code, _, err = await paidan(tmp_path / "two", "serve", PAIDAN_LISTEN=listen)
    assert code == Exit.IN_USE
    assert listen in err


@pytest.mark.parametrize(
    ("damage", "wrong"),
    [
        ("UPDATE event SET body = replace(body, '卡纸', '爆炸') WHERE seq = {opened}", "body"),
        ("UPDATE event SET actor = 'staff:3' WHERE seq = {opened}", "chain"),
        ("DELETE FROM event WHERE seq = {opened}", "gap"),
        ("UPDATE event SET body = NULL, salt = NULL WHERE seq = {opened}", "erased"),
    ],
)
async def test_verify_names_the_first_bad_event(used: Path, damage: str, wrong: str) -> None:
    fine = await paidan(used, "verify")
    assert fine[0] == Exit.FINE, fine
    database = sqlite3.connect(used / "desk.db")
    with database:
        opened = database.execute("SELECT MIN(seq) FROM event WHERE kind = 'opened'").fetchone()[0]
        database.execute(damage.format(opened=opened))
    database.close()
    code, out, _ = await paidan(used, "verify")
    assert code == Exit.FOUND
    assert f" {opened} " in out
    assert words.say("zh", f"cli.verify.wrong.{wrong}") in out


async def test_sla_rebuild_finds_what_differs_and_mends_it(used: Path) -> None:
    assert (await paidan(used, "sla", "rebuild", "--check"))[0] == Exit.FINE
    database = sqlite3.connect(used / "desk.db")
    with database:
        database.execute("UPDATE ticket SET next_due_at = NULL WHERE number = 1")
        database.execute("DELETE FROM timer WHERE ticket = 2")
        database.execute("UPDATE sla SET state = '{}' WHERE ticket = 3")
    database.close()
    code, out, _ = await paidan(used, "sla", "rebuild", "--check", "--language", "en")
    assert code == Exit.FOUND
    assert "3 differences" in out
    assert out.count("Ticket #") == 3
    assert (await paidan(used, "sla", "rebuild"))[0] == Exit.FINE
    code, out, _ = await paidan(used, "sla", "rebuild", "--check", LANG="en_US.UTF-8")
    assert (code, "0 differences" in out) == (Exit.FINE, True)


async def test_a_reset_password_is_printed_and_lets_its_owner_in(used: Path) -> None:
    code, out, _ = await paidan(used, "staff", "reset", "LI@example.com")
    assert code == Exit.FINE
    assert "李工" in out
    password = out.splitlines()[1].strip()
    async with World(used.parent, fresh=False) as world:
        client = await world.customer()
        asked = {"email": "li@example.com", "password": password}
        assert (await client.post("/api/v1/session", json=asked)).status_code in {200, 201}
    assert (await paidan(used, "staff", "reset", "nobody@example.com"))[0] == Exit.FOUND


async def test_check_says_what_cannot_work(used: Path, tmp_path: Path) -> None:
    code, out, _ = await paidan(used, "check", "--language", "en")
    assert (code, "0 errors" in out) == (Exit.FINE, True), out
    database = sqlite3.connect(used / "desk.db")
    with database:
        database.execute(
            'UPDATE config SET doc = replace(doc, \'"team":"second"\', \'"team":"third"\')'
            " WHERE kind = 'rules'"
        )
    database.close()
    code, out, _ = await paidan(used, "check")
    assert code == Exit.FOUND
    assert "third" in out


async def test_commands_without_a_desk_say_how_to_get_one(tmp_path: Path) -> None:
    for line in (("verify",), ("check",), ("sla", "rebuild", "--check")):
        code, _, err = await paidan(tmp_path / "none", *line)
        assert code == Exit.DATABASE
        assert "paidan serve" in err
    assert not (tmp_path / "none").exists()
    assert (await paidan(tmp_path / "none", "doctor"))[0] == Exit.FINE


async def test_a_newer_database_is_refused_with_both_versions(used: Path) -> None:
    database = sqlite3.connect(used / "desk.db")
    with database:
        database.execute("INSERT INTO schema_step VALUES (99, 'future', '2030-01-01T00:00:00Z')")
    database.close()
    for line in ("serve", "verify"):
        code, _, err = await paidan(used, line)
        assert code == Exit.DATABASE
        assert "99" in err
        assert VERSION in err
    assert (await paidan(used, "doctor"))[0] == Exit.FOUND


async def test_a_bad_setting_is_named_with_an_example(tmp_path: Path) -> None:
    code, _, err = await paidan(tmp_path, "serve", PAIDAN_LISTEN="8000")
    assert code == Exit.USAGE
    assert "listen" in err
    assert "127.0.0.1:8000" in err


async def test_a_folder_or_database_that_cannot_be_used_is_refused_in_words(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("x")
    code, _, err = await paidan(tmp_path / "file" / "below", "serve")
    assert (code, "Traceback" in err) == (Exit.DATABASE, False)
    assert str(tmp_path / "file" / "below") in err
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "desk.db").write_bytes(b"this is no database" * 100)
    code, _, err = await paidan(tmp_path / "broken", "serve")
    assert (code, "Traceback" in err) == (Exit.DATABASE, False)
    nowhere = f"postgresql://paidan:geheim@/paidan?host={tmp_path}"
    code, _, err = await paidan(tmp_path / "new", "serve", PAIDAN_DATABASE_URL=nowhere)
    assert (code, "Traceback" in err, "geheim" in err) == (Exit.DATABASE, False, False)


async def test_a_line_that_is_not_understood_gets_the_help(tmp_path: Path) -> None:
    code, _, err = await paidan(tmp_path, "verfy")
    assert code == Exit.USAGE
    assert "paidan verfy" in err
    assert "paidan verify" in err


def test_the_version_is_the_distributions(capsys: pytest.CaptureFixture[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["version"] == VERSION
    assert cli.main(["version"]) == Exit.FINE
    assert capsys.readouterr().out == f"paidan {VERSION}\n"


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_command_explains_itself(language: str) -> None:
    for command in (None, *COMMANDS):
        text = help_text(language, command)
        assert "cli." not in text
        assert "?" not in text
    assert all(command.usage in help_text(language) for command in COMMANDS)


@pytest.mark.parametrize(
    ("terminal", "language"),
    [
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "C.UTF-8"}, "zh"),
        ({"LC_ALL": "en_GB", "LANG": "zh_CN.UTF-8"}, "en"),
        ({}, "zh"),
    ],
)
def test_the_language_is_the_terminals_and_chinese_otherwise(
    terminal: dict[str, str], language: str
) -> None:
    assert language_of(terminal) == language


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('listen = "nowhere"', "主机:端口"),
        ("listen = 5", "类型不对"),
        ('public_url = "https://"', "加主机名"),
        ('public_url = "javascript:x"', "加主机名"),
        ('log_level = "loud"', "可选的值"),
        ('secret_key = "short"', "32 个字符"),
        ('database_url = "mysql://x"', "postgresql://"),
        ("bogus = 1", "没有这个设置"),
    ],
)
def test_what_is_wrong_with_a_setting_is_said_in_the_readers_language(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, said: str
) -> None:
    file = tmp_path / "paidan.toml"
    file.write_text(line, "utf-8")
    assert cli.main(["--language", "zh", "--settings", str(file), "verify"]) != Exit.FINE
    err = capsys.readouterr().err
    assert said in err
    assert "must" not in err


async def test_replay_tells_what_another_policy_would_have_done(used: Path, tmp_path: Path) -> None:
    span = ("--from", "2026-03-16", "--to", "2026-03-17")
    code, out, _ = await paidan(used, "replay", *span)
    assert code == Exit.FINE
    assert "3 张工单" in out
    assert "会不一样的工单 0 张" in out
    draft = tmp_path / "normal.json"
    draft.write_text('{"position": 2, "targets": {"first": {"*": 86400}}}')
    code, out, _ = await paidan(used, "replay", *span, "--policy", str(draft), "--language", "en")
    assert code == Exit.FINE
    assert "3 tickets would differ" in out
    assert "first: 3 clocks" in out
    code, out, _ = await paidan(used, "replay", *span, "--json")
    assert json.loads(out)["sla"]["tickets"] == 3


async def test_replay_tells_who_would_have_got_tickets(used: Path, tmp_path: Path) -> None:
    span = ("--from", "2026-03-16", "--to", "2026-03-17")
    draft = tmp_path / "rules.json"
    draft.write_text('{"rules": [], "fallback_team": "second", "fallback_mode": "grab"}')
    code, out, _ = await paidan(used, "replay", *span, "--rules", str(draft))
    assert code == Exit.FINE, out
    assert "派单 3 次" in out
    assert "变了的是推算" in out


async def test_replay_says_what_it_cannot_read(used: Path, tmp_path: Path) -> None:
    code, out, _ = await paidan(used, "replay", "--from", "March", "--to", "2026-03-17")
    assert (code, "2026-03-16 这样的日期" in out) == (Exit.USAGE, True)
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    code, out, _ = await paidan(used, "replay", "--calendar", str(broken))
    assert (code, "读不出来" in out) == (Exit.USAGE, True)
    code, out, _ = await paidan(used, "replay", "--calendar", str(tmp_path / "none.json"))
    assert code == Exit.USAGE


async def test_import_checks_a_file_and_brings_tickets_in_once(used: Path, tmp_path: Path) -> None:
    file = tmp_path / "old.jsonl"
    line = {"key": "a", "subject": "旧单", "name": "王芳", "created_at": "2026-03-02 09:00"}
    file.write_text(json.dumps(line), "utf-8")
    code, out, _ = await paidan(used, "import", str(file), "--check")
    assert (code, out) == (0, "文件没有问题：会新导入 1 张，已经导入过的 0 张会跳过。\n")
    code, out, _ = await paidan(used, "import", str(file))
    assert (code, out) == (0, "新导入 1 张，跳过已经导入过的 0 张。\n")
    code, out, _ = await paidan(used, "import", str(file))
    assert (code, out) == (0, "新导入 0 张，跳过已经导入过的 1 张。\n")
    file.write_text(json.dumps(line | {"key": "b", "team": "nowhere"}), "utf-8")
    code, out, _ = await paidan(used, "import", str(file))
    assert (code, out.splitlines()[0]) == (1, "第 1 行，team：没有这一个，请从已有的里面选")
    code, out, _ = await paidan(used, "import", str(tmp_path / "none.csv"))
    assert (code, out.startswith("文件读不出来")) == (1, True)
