"""The chat platforms where colleagues work, as an explicit dict: the binary contains them all."""

from typing import Final

import msgspec

from bots import dingtalk, wecom, wecom_app, wecom_robot
from server.desk import Connect


class Platform(msgspec.Struct, frozen=True, kw_only=True):
    """A chat platform. `keys` are the settings that its channel knows, `required` those without
    which it cannot be connected; its secret is kept apart from them, encrypted.
    """

    kind: str
    connect: Connect
    keys: tuple[str, ...]
    required: tuple[str, ...]


BOTS: Final[dict[str, Platform]] = {
    "dingtalk": Platform(
        kind="dingtalk",
        connect=dingtalk.connect,
        keys=dingtalk.KEYS,
        required=dingtalk.REQUIRED,
    ),
    "wecom": Platform(
        kind="wecom",
        connect=wecom.connect,
        keys=wecom.KEYS,
        required=wecom.REQUIRED,
    ),
    "wecom_app": Platform(
        kind="wecom_app",
        connect=wecom_app.connect,
        keys=wecom_app.KEYS,
        required=wecom_app.REQUIRED,
    ),
    "wecom_robot": Platform(
        kind="wecom_robot",
        connect=wecom_robot.connect,
        keys=wecom_robot.KEYS,
        required=wecom_robot.REQUIRED,
    ),
}
"""A new platform is a folder and an entry here; tests/bots/test_platforms.py then tells it the
same stories as the others."""
