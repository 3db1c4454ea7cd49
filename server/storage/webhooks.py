"""The secrets with which what other systems are told is signed (事件推送); encrypted."""

from datetime import datetime

from server.storage.database import Reading, Statement, Unit

_FIND = Statement("SELECT secret FROM webhook WHERE id = :id", str)
_ALL = Statement("SELECT id FROM webhook ORDER BY id", str)
_SAVE = Statement[None](
    "INSERT INTO webhook (id, secret, saved_at) VALUES (:id, :secret, :saved_at)"
    " ON CONFLICT (id) DO UPDATE SET secret = excluded.secret, saved_at = excluded.saved_at"
)


async def find_secret(db: Reading, webhook: str) -> str | None:
    """The secret of one, or None: it has none yet."""
    return await db.one(_FIND, id=webhook)


async def list_with_secret(db: Reading) -> list[str]:
    """Those that have one."""
    return await db.all(_ALL)


async def save_secret(unit: Unit, webhook: str, secret: str, at: datetime) -> None:
    """Keep another secret."""
    await unit.run(_SAVE, id=webhook, secret=secret, saved_at=at)
