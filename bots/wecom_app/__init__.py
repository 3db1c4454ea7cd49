"""WeCom (企业微信) by a self-built app (自建应用): the second way, beside the AI bot.

It may write to everybody in its visible range first, which the bot may not; but WeCom has to reach
the desk (a public address), and the firm has to list the desk's address as trusted. It is in no
group chats.
"""

from typing import Final
from urllib.parse import urlsplit

import msgspec

from server.desk import BadChannel, Connection, Desk

_URL: Final = "https://qyapi.weixin.qq.com"


class WeComAppSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The channel's settings. `corp_id` (ww…) is the firm's, `app_id` the app's AgentId, `proof`
    what stands in the file WW_verify_….txt with which WeCom has the domain proved. The address is
    WeCom's own unless the firm has a proxy or rehearses.
    """

    corp_id: str = ""
    app_id: str = ""
    proof: str = ""
    url: str = _URL

    @property
    def host(self) -> tuple[str, int]:
        """Host and port of the address: an administrator named them."""
        found = urlsplit(self.url)
        return found.hostname or "", found.port or (443 if found.scheme == "https" else 80)


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept encrypted: the app's Secret, and Token and EncodingAESKey of 接收消息. Without
    these two the desk writes and hears nothing.
    """

    secret: str = ""
    token: str = ""
    aes_key: str = ""


KEYS: Final = WeComAppSettings.__struct_fields__
REQUIRED: Final = ("corp_id", "app_id")


def read_settings(doc: dict[str, str], secret: str) -> tuple[WeComAppSettings, Secrets]:
    """The settings of a stored document, and its secrets out of their JSON. Refuses `BadChannel`
    with the setting that is wrong.
    """
    given = {key: value.strip() for key, value in doc.items() if value.strip()}
    for key in given:
        if key not in KEYS:
            raise BadChannel(key, "unknown")
    settings = msgspec.convert(given, WeComAppSettings)
    for key in REQUIRED:
        if key not in given:
            raise BadChannel(key, "missing")
    if not settings.app_id.isascii() or not settings.app_id.isdecimal():
        raise BadChannel("app_id", "kind_int")
    if not _is_address(settings.url):
        raise BadChannel("url", "bad_wecom_address")
    if settings.proof and not (settings.proof.isascii() and settings.proof.isalnum()):
        raise BadChannel("proof", "bad_proof")
    return settings, _read_secrets(secret)


def _read_secrets(text: str) -> Secrets:
    secrets = msgspec.json.decode(text, type=Secrets) if text else Secrets()
    if not secrets.secret:
        raise BadChannel("secret", "missing")
    if bool(secrets.token) != bool(secrets.aes_key):
        raise BadChannel("aes_key" if secrets.token else "token", "missing")
    return secrets


def connect(desk: Desk, doc: dict[str, str], secret: str) -> Connection:
    """Make a connection; nothing is opened before it runs. Refuses `BadChannel`."""
    settings, secrets = read_settings(doc, secret)
    # Here and not above: a desk without WeCom need not load it.
    from bots.wecom_app.connection import WeComAppConnection  # noqa: PLC0415

    return WeComAppConnection(desk, settings, secrets)


def _is_address(url: str) -> bool:
    try:
        found = urlsplit(url)
        return found.scheme in {"http", "https"} and bool(found.hostname) and found.port != 0
    except ValueError:
        return False
