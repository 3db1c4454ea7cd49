"""`paidan import FILE`: check a file of tickets, and bring them in."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from server.desk import Desk
from server.usecases import importing
from server.words import find

MOST_TOLD: Final = 20
"""So many wrong fields are printed."""


async def bring_in(
    desk: Desk, path: Path, tell: Callable[..., None], language: str, *, check: bool
) -> bool:
    """Read, check, and unless it is only a check, import. False: something is wrong with the file,
    and nothing was imported.
    """
    try:
        content = _read(path)
    except OSError as error:
        tell("import.unreadable", why=error)
        return False
    file = await importing.read_file(desk, content, table=path.suffix.lower() == ".csv")
    for bad in file.wrong[:MOST_TOLD]:
        why = find(language, f"field.{bad.code}") or bad.code
        tell("import.wrong", line=bad.line, field=bad.field or "-", why=why)
    if file.wrong:
        tell("import.nothing", count=len(file.wrong))
        return False
    done = await (importing.count_known if check else importing.import_file)(desk, file)
    tell("import.would" if check else "import.done", fresh=done.fresh, known=done.known)
    return True


def _read(path: Path) -> bytes:
    """Nobody else runs in this process."""
    return path.read_bytes()
