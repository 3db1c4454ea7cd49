"""What must stay true of the tree itself: contracts that import-linter cannot state."""

import ast
import os
import re
from fnmatch import fnmatch
from pathlib import Path

import bots

ROOT = Path(__file__).resolve().parent.parent
MOST_LINES = 500
BANNED = re.compile(
    r"contact|requester|agent|watcher|snoozed|severity|workload|notification|violation"
)
DEMANDED = {"http_contact", "user_agent", "_USER_AGENT", "USER_AGENT"}
"""Names that a library or a protocol demands."""
SKIPPED = {".venv", ".cache", ".git", "node_modules", "dist", "build", "var", "generated"}
VAGUE = {"utils", "helpers", "common", "manager", "service", "base", "data", "info", "process"}


def tracked(*patterns: str) -> list[Path]:
    """Our own files, by pattern; without git, which a fresh machine may lack."""
    found: list[Path] = []
    for folder, below, names in os.walk(ROOT):
        below[:] = [name for name in below if name not in SKIPPED]
        found += [
            Path(folder, name)
            for name in names
            if any(fnmatch(name, pattern) for pattern in patterns)
        ]
    return found


def ours() -> list[Path]:
    """The desk's own modules."""
    return [
        path for path in tracked("*.py") if path.relative_to(ROOT).parts[0] in {"server", "bots"}
    ]


def test_packaging_is_no_package_and_tests_is_one():
    assert not (ROOT / "packaging" / "__init__.py").exists()
    assert (ROOT / "tests" / "__init__.py").exists()


def test_every_platform_folder_is_registered():
    folders = {
        path.parent.name
        for path in (ROOT / "bots").glob("*/__init__.py")
        if path.parent.name != "rehearsal"
    }
    assert folders == set(bots.BOTS)


def test_no_module_has_more_than_one_subject_by_length():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked("*.py", "*.ts", "*.vue")
        if path.name != "dev.py"
        and (lines := len(path.read_text("utf-8").splitlines())) > MOST_LINES
    }
    assert long == {}


def test_names_follow_the_glossary():
    wrong: list[str] = []
    for path in ours():
        if BANNED.search(path.stem) or path.stem in VAGUE:
            wrong.append(str(path))
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = ""
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = node.name
            elif isinstance(node, ast.arg):
                name = node.arg
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                name = node.id
            if BANNED.search(name.lower()) and name not in DEMANDED:
                wrong.append(f"{path.relative_to(ROOT)}: {name}")
    assert wrong == []


def test_tickets_and_events_have_one_writer():
    writers = re.compile(r"\b(tickets\.(insert|write)|ledger\.append)\(")
    found = {
        str(path.relative_to(ROOT)) for path in ours() if writers.search(path.read_text("utf-8"))
    }
    assert found == {"server/usecases/recording.py"}


def test_no_row_is_saved_by_the_piccolo_way():
    saving = [str(path) for path in ours() if ".save(" in path.read_text("utf-8")]
    assert saving == []


def test_locks_hold_no_registry_and_no_poison():
    for name in ("runtime.lock", "dev.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert "python-multipart" not in text
    assert '"resolved"' not in (ROOT / "web" / "package-lock.json").read_text()


def test_the_runtime_lock_is_part_of_the_dev_lock():
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^[\w.-]+==\S+", (ROOT / name).read_text(), re.MULTILINE))

    assert pins("runtime.lock") <= pins("dev.lock")


EXCUSED = {
    "tests/bots/test_dingtalk_wire.py": "points a third party's own constant at the rehearsal",
    "tests/storage/test_units.py": "the ticking task is what is measured",
}


def test_no_test_sleeps_skips_or_mocks():
    banned = re.compile(
        r"\bpytest\.skip|\bmark\.skip|\bxfail|unittest\.mock|\bmonkeypatch\.setattr"
        r"|\btime\.sleep\((?!0\))|\basyncio\.sleep\((?!0\))|anyio\.sleep\((?!0\))"
    )
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked("test_*.py")
        if path.name != "test_architecture.py" and str(path.relative_to(ROOT)) not in EXCUSED
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if banned.search(line)
    ]
    assert found == []
