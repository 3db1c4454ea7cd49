"""DingTalk (钉钉) as a place where colleagues work."""

from typing import Final
from urllib.parse import urlsplit

import msgspec

from server.clients.dingtalk_hosts import API_URL, OAPI_URL
from server.desk import BadChannel, Connection, Desk
from server.domain.quota import Name, limits_of


class DingTalkSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The channel's settings. `client_id` (AppKey) names the application; `robot_code` is the
    same for an internal application's robot, so it may stay empty. The addresses are DingTalk's
    own unless the firm has a proxy or rehearses; a private host is reached only if named here.
    `card_template` is the template of interactive cards; without one there are links and words.
    `edition` is "free" or "paid"; the limits are calls a month, the edition's unless given.
    """

    client_id: str = ""
    robot_code: str = ""
    card_template: str = ""
    edition: str = ""
    api_limit: str = ""
    stream_limit: str = ""
    api_url: str = API_URL
    oapi_url: str = OAPI_URL

    @property
    def hosts(self) -> tuple[tuple[str, int], ...]:
        """Host and port of both addresses: an administrator named them."""
        return tuple(dict.fromkeys(_host(url) for url in (self.api_url, self.oapi_url)))

    @property
    def limits(self) -> dict[Name, int]:
        """Calls a month, by meter. ValueError with the name of a setting that makes no sense."""
        return limits_of(msgspec.to_builtins(self))


KEYS: Final = DingTalkSettings.__struct_fields__
REQUIRED: Final = ("client_id",)


def read_settings(doc: dict[str, str], secret: str) -> DingTalkSettings:
    """The settings of a stored document. Refuses `BadChannel` with the setting that is wrong."""
    given = {key: value.strip() for key, value in doc.items() if value.strip()}
    for key in given:
        if key not in KEYS:
            raise BadChannel(key, "unknown")
    settings = msgspec.convert(given, DingTalkSettings)
    if not settings.client_id:
        raise BadChannel("client_id", "missing")
    if not secret:
        raise BadChannel("secret", "missing")
    _check(settings, given)
    if not settings.robot_code:
        return msgspec.structs.replace(settings, robot_code=settings.client_id)
    return settings


def _check(settings: DingTalkSettings, given: dict[str, str]) -> None:
    for key in ("api_url", "oapi_url"):
        if not _is_address(given.get(key, API_URL)):
            raise BadChannel(key, "bad_address")
    try:
        _ = settings.limits
    except ValueError as error:
        raise BadChannel(str(error), "choice") from error


def connect(desk: Desk, doc: dict[str, str], secret: str) -> Connection:
    """Make a connection; nothing is opened before it runs. Refuses `BadChannel`."""
    settings = read_settings(doc, secret)
    # Here and not above: the Stream package costs a third of a second and 32 MB, which a desk
    # without DingTalk need not pay.
    from bots.dingtalk.connection import DingTalkConnection  # noqa: PLC0415

    return DingTalkConnection(desk, settings, secret)


def _is_address(url: str) -> bool:
    try:
        found = urlsplit(url)
        return found.scheme in {"http", "https"} and bool(found.hostname) and found.port != 0
    except ValueError:
        return False


def _host(url: str) -> tuple[str, int]:
    found = urlsplit(url)
    return found.hostname or "", found.port or (443 if found.scheme == "https" else 80)
