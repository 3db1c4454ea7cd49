"""WeCom (企业微信) as a place where colleagues work: its AI bot over the long connection."""

from typing import Final
from urllib.parse import urlsplit

import msgspec

from server.desk import BadChannel, Connection, Desk

_URL: Final = "wss://openws.work.weixin.qq.com"


class WeComSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The channel's settings. `bot_id` (aib…) names the bot; the address is WeCom's own unless
    the firm has a proxy or rehearses.
    """

    bot_id: str = ""
    url: str = _URL

    @property
    def hosts(self) -> tuple[tuple[str, int], ...]:
        """Host and port of an address that an administrator typed: it may be a private one."""
        found = urlsplit(self.url)
        port = found.port or (443 if found.scheme == "wss" else 80)
        return () if self.url == _URL else ((found.hostname or "", port),)


KEYS: Final = WeComSettings.__struct_fields__
REQUIRED: Final = ("bot_id",)


def read_settings(doc: dict[str, str], secret: str) -> WeComSettings:
    """The settings of a stored document. Refuses `BadChannel` with the setting that is wrong."""
    given = {key: value.strip() for key, value in doc.items() if value.strip()}
    for key in given:
        if key not in KEYS:
            raise BadChannel(key, "unknown")
    settings = msgspec.convert(given, WeComSettings)
    if not settings.bot_id:
        raise BadChannel("bot_id", "missing")
    if not secret:
        raise BadChannel("secret", "missing")
    if not _is_address(settings.url):
        raise BadChannel("url", "bad_socket_address")
    return settings


def connect(desk: Desk, doc: dict[str, str], secret: str) -> Connection:
    """Make a connection; nothing is opened before it runs. Refuses `BadChannel`."""
    settings = read_settings(doc, secret)
    # Here and not above: a desk without WeCom need not load a WebSocket client.
    from bots.wecom.connection import WeComConnection  # noqa: PLC0415

    return WeComConnection(desk, settings, secret)


def _is_address(url: str) -> bool:
    try:
        found = urlsplit(url)
        return found.scheme in {"ws", "wss"} and bool(found.hostname) and found.port != 0
    except ValueError:
        return False
