"""Settings: what the machine needs to start. Everything a firm changes lies in the database.

They come from a TOML file (`paidan.toml` in the data folder, or `--settings`), overruled by the
environment (`PAIDAN_…`; `PAIDAN_…_FILE` names a file that holds the value, for secrets). An
unknown key or a bad value stops the start and names the key.
"""

import ipaddress
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

ENVIRONMENT: Final = "PAIDAN_"
EXAMPLES: Final[dict[str, str]] = {
    "listen": "127.0.0.1:8000",
    "data": "/var/lib/paidan",
    "database_url": "postgresql://paidan@/paidan?host=/run/postgresql",
    "synchronous": "FULL",
    "public_url": "https://desk.example.com",
    "secret_key": "a line of at least 32 characters",
    "log_level": "info",
    "webhook_hosts": "crm.example.lan:8443",
    "trusted_proxies": "127.0.0.1,10.0.0.0/24",
}
"""One good value for each key: shown beside a refusal, and in the manual."""


_PUBLIC: Final = re.compile(r"https?://[^/\s?#]+(?:/[^\s?#]*)?")


class BadSetting(ValueError):
    """A setting that cannot be used. `key` is its name; `example` one that could. `problem` is
    what is wrong in English; where it is a rule of ours, `code` has words under `cli.setting`,
    filled with `facts`.
    """

    def __init__(self, key: str, problem: str, code: str = "", **facts: object) -> None:
        self.key = key
        self.problem = problem
        self.code = code
        self.facts = facts
        self.example = EXAMPLES.get(key, "")
        hint = f'; for example {key} = "{self.example}"' if self.example else ""
        super().__init__(f"{key}: {problem}{hint}")


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting. `listen` is host:port; `data` is the folder that holds everything;
    `database_url` empty means the SQLite file in it; `synchronous` NORMAL may lose the last
    commits in a power cut (SQLite only); `public_url` is how customers reach this desk, without
    it links are relative; `secret_key` empty means the key file in the data folder;
    `webhook_hosts` are systems in private networks that rungs may tell, host:port, with commas;
    `trusted_proxies` are the addresses and networks of the proxies whose word on who calls is
    believed, with commas.
    """

    listen: str = "127.0.0.1:8000"
    data: Path = Path("var")
    database_url: str = ""
    synchronous: Literal["FULL", "NORMAL"] = "FULL"
    public_url: str = ""
    secret_key: Annotated[str, msgspec.Meta(max_length=500)] = ""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    webhook_hosts: str = ""
    trusted_proxies: str = "127.0.0.1,::1"

    @property
    def proxies(self) -> tuple[str, ...]:
        """The addresses and networks of `trusted_proxies`."""
        return tuple(one.strip() for one in self.trusted_proxies.split(",") if one.strip())

    @property
    def private_hosts(self) -> frozenset[tuple[str, int]]:
        """Host and port of each system that rungs may tell although its address is private."""
        found = (one.strip().rpartition(":") for one in self.webhook_hosts.split(","))
        return frozenset(
            (host.strip("[]").lower(), int(port)) for host, _, port in found if port.isdecimal()
        )

    @property
    def host(self) -> str:
        """Where to listen."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """On which port; 0 lets the system choose."""
        return int(self.listen.rpartition(":")[2])

    @property
    def database(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{(self.data / 'desk.db').absolute()}"

    def __repr__(self) -> str:
        """Without secrets: settings end up in logs."""
        shown = {
            name: "…" if name in {"secret_key", "database_url"} and value else str(value)
            for name, value in msgspec.structs.asdict(self).items()
        }
        return f"Settings({shown})"


def read_settings(environment: Mapping[str, str], file: Path | None = None) -> Settings:
    """Settings from a file and the environment. Refuses `BadSetting`."""
    values: dict[str, Any] = {}
    if file is None:
        folder = environment.get(f"{ENVIRONMENT}DATA", "var")
        file = Path(folder) / "paidan.toml"
        values |= _from_file(file) if file.exists() else {}
    else:
        values |= _from_file(file)
    for name in Settings.__struct_fields__:
        found = _from_environment(environment, name)
        if found is not None:
            values[name] = found
    for name in values:
        if name not in Settings.__struct_fields__:
            known = ", ".join(Settings.__struct_fields__)
            raise BadSetting(name, f"unknown; the settings are {known}", "unknown", known=known)
    return _checked(values)


def _from_file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise BadSetting(str(file), error.strerror or "cannot be read") from error
    except ValueError as error:
        raise BadSetting(str(file), str(error)) from error


def _from_environment(environment: Mapping[str, str], name: str) -> str | None:
    key = f"{ENVIRONMENT}{name.upper()}"
    if f"{key}_FILE" in environment:
        file = Path(environment[f"{key}_FILE"])
        try:
            return file.read_text("utf-8").strip()
        except OSError as error:
            raise BadSetting(f"{key}_FILE", error.strerror or "cannot be read") from error
    return environment.get(key)


def _checked(values: dict[str, Any]) -> Settings:
    for name, value in values.items():
        try:
            msgspec.convert({name: value}, type=Settings, dec_hook=_path)
        except msgspec.ValidationError as error:
            choice = "choice" if "enum" in str(error) else "kind"
            raise BadSetting(name, str(error), choice) from error
    settings = msgspec.convert(values, type=Settings, dec_hook=_path)
    host, _, port = settings.listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004
        raise BadSetting("listen", "must be host:port", "listen")
    known = ("sqlite:///", "postgresql://", "postgres://")
    if settings.database_url and not settings.database_url.startswith(known):
        begins = ", ".join(known)
        raise BadSetting("database_url", f"must begin with one of {begins}", "begins", known=begins)
    if settings.public_url and not _PUBLIC.fullmatch(settings.public_url):
        raise BadSetting("public_url", "must be http:// or https:// and a host", "public_url")
    if settings.secret_key and len(settings.secret_key) < 32:  # noqa: PLR2004
        raise BadSetting("secret_key", "must have at least 32 characters", "secret_key")
    _check_addresses(settings)
    return msgspec.structs.replace(settings, public_url=settings.public_url.rstrip("/"))


def _check_addresses(settings: Settings) -> None:
    hosts = [one for one in settings.webhook_hosts.split(",") if one.strip()]
    if len(settings.private_hosts) != len(hosts):
        raise BadSetting("webhook_hosts", "must be host:port, with commas between", "listen")
    for one in settings.proxies:
        try:
            ipaddress.ip_network(one, strict=False)
        except ValueError as error:
            raise BadSetting("trusted_proxies", str(error), "networks") from error


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str) and value:
        return Path(value)
    msg = "must be a path"
    raise ValueError(msg)
