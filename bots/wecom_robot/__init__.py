"""WeCom's group robots (消息推送, formerly 群机器人): a webhook puts notices into a team's group.
They need no address of ours and hear nothing; whoever has a robot's key can write with it.
"""

from typing import Final
from urllib.parse import urlsplit

import msgspec

from server.desk import BadChannel, Connection, Desk

_URL: Final = "https://qyapi.weixin.qq.com"


class WeComRobotSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The channel's settings: WeCom's address, its own unless the firm has a proxy or rehearses."""

    url: str = _URL


KEYS: Final = WeComRobotSettings.__struct_fields__
REQUIRED: Final[tuple[str, ...]] = ()


def connect(desk: Desk, doc: dict[str, str], secret: str) -> Connection:
    """Make a connection; `secret` holds the robots' keys by the numbers of their groups. Refuses
    `BadChannel`.
    """
    given = {key: value.strip() for key, value in doc.items() if value.strip()}
    for key in given:
        if key not in KEYS:
            raise BadChannel(key, "unknown")
    settings = msgspec.convert(given, WeComRobotSettings)
    if not _is_address(settings.url):
        raise BadChannel("url", "bad_wecom_address")
    keys = msgspec.json.decode(secret, type=dict[str, str]) if secret else {}
    # Here and not above: a desk without robots need not load it.
    from bots.wecom_robot.connection import WeComRobotConnection  # noqa: PLC0415

    return WeComRobotConnection(desk, settings.url, keys)


def _is_address(url: str) -> bool:
    try:
        found = urlsplit(url)
        return found.scheme in {"http", "https"} and bool(found.hostname) and found.port != 0
    except ValueError:
        return False
