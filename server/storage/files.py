"""Files on disk under the data folder, each by the digest of its bytes: the same file is kept once.

These functions block; whoever calls them does so in a thread.
"""

import hashlib
import os
from pathlib import Path
from typing import Final

FOLDER: Final = "files"


def write(home: Path, content: bytes) -> str:
    """Keep these bytes, durable when this returns; their digest."""
    digest = hashlib.sha256(content).hexdigest()
    path = path_of(home, digest)
    if path.is_file():
        return digest
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_name(f"{digest}.{os.getpid()}.part")
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(file, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return digest


def read(home: Path, digest: str) -> bytes | None:
    """The bytes, or None: the file is gone, or no longer what it was."""
    try:
        content = path_of(home, digest).read_bytes()
    except FileNotFoundError:
        return None
    return content if hashlib.sha256(content).hexdigest() == digest else None


def path_of(home: Path, digest: str) -> Path:
    """Where a file lies."""
    return home / FOLDER / digest[:2] / digest
