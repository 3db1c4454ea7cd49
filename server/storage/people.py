"""Staff, sessions, tokens, chat identities and customers."""

from datetime import datetime
from typing import Final

import msgspec

from server.domain.people import Customer, Identity, Role, Staff
from server.storage.database import Reading, Statement, Unit

_STAFF: Final = (
    "id, name, email, role, skills, on_duty, active, language, break_until, store, region"
)


class _StaffRow(msgspec.Struct, frozen=True):
    id: int
    name: str
    email: str
    role: Role
    skills: str
    on_duty: bool
    active: bool
    language: str
    break_until: datetime | None
    store: str | None
    region: str

    def staff(self) -> Staff:
        return Staff(
            id=self.id,
            name=self.name,
            email=self.email,
            role=self.role,
            skills=msgspec.json.decode(self.skills, type=dict[str, int]),
            on_duty=self.on_duty,
            active=self.active,
            language=self.language,
            break_until=self.break_until,
            store=self.store,
            region=self.region,
        )


class Credentials(msgspec.Struct, frozen=True):
    """What sign-in compares."""

    id: int
    password_hash: str | None


class Session(msgspec.Struct, frozen=True):
    """A signed-in browser."""

    digest: str
    staff: int
    seen_at: datetime
    expires_at: datetime


class ApiToken(msgspec.Struct, frozen=True):
    """A program's token; `scopes` is a comma list of read and write."""

    id: int
    staff: int
    name: str
    scopes: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class Code(msgspec.Struct, frozen=True):
    """A one-time code that was found valid and is now used up."""

    purpose: str
    staff: int | None


_ALL_STAFF = Statement(f"SELECT {_STAFF} FROM staff ORDER BY id", _StaffRow)  # noqa: S608
_CREDENTIALS = Statement(
    "SELECT id, password_hash FROM staff WHERE email = :email AND active", Credentials
)
_ADD_STAFF = Statement(
    "INSERT INTO staff (name, email, password_hash, role, skills, on_duty, active, language,"
    " break_until, store, region, created_at) VALUES (:name, :email, :password_hash, :role,"
    " :skills, :on_duty, :active, :language, :break_until, :store, :region, :created_at)"
    " ON CONFLICT (email) DO NOTHING RETURNING id",
    int,
)
_SAVE_STAFF = Statement[None](
    "UPDATE staff SET name = :name, email = :email, role = :role, skills = :skills,"
    " on_duty = :on_duty, active = :active, language = :language, break_until = :break_until,"
    " store = :store, region = :region WHERE id = :id"
)
_PASSWORD = Statement[None]("UPDATE staff SET password_hash = :password_hash WHERE id = :id")
_POSTPONE_BREAK = Statement[None](
    "UPDATE staff SET break_until = :until WHERE id = :staff AND break_until <= :at"
)
_IDENTITIES = Statement("SELECT platform, user_id, staff FROM identity", Identity)
_BIND = Statement[None](
    "INSERT INTO identity (platform, user_id, staff, bound_at)"
    " VALUES (:platform, :user_id, :staff, :bound_at)"
    " ON CONFLICT (platform, user_id) DO UPDATE SET staff = excluded.staff,"
    " bound_at = excluded.bound_at"
)
_ADD_CODE = Statement[None](
    "INSERT INTO one_time_code (digest, purpose, staff, expires_at)"
    " VALUES (:digest, :purpose, :staff, :expires_at)"
)
_USE_CODE = Statement(
    "DELETE FROM one_time_code WHERE digest = :digest AND purpose = :purpose"
    " AND expires_at > :at RETURNING purpose, staff",
    Code,
)
_DROP_CODES = Statement[None]("DELETE FROM one_time_code WHERE purpose = :purpose")
_ADD_SESSION = Statement[None](
    "INSERT INTO session (digest, staff, created_at, seen_at, expires_at)"
    " VALUES (:digest, :staff, :at, :at, :expires_at)"
)
_SESSION = Statement(
    "SELECT digest, staff, seen_at, expires_at FROM session"
    " WHERE digest = :digest AND expires_at > :at",
    Session,
)
_DROP_SESSIONS = Statement[None]("DELETE FROM session WHERE expires_at <= :at")
_DROP_EXPIRED_CODES = Statement[None]("DELETE FROM one_time_code WHERE expires_at <= :at")
_TOUCH = Statement[None]("UPDATE session SET seen_at = :at WHERE digest = :digest")
_CLOSE = Statement[None]("DELETE FROM session WHERE digest = :digest")
_CLOSE_ALL = Statement[None]("DELETE FROM session WHERE staff = :staff")
_CLOSE_OTHERS = Statement[None]("DELETE FROM session WHERE staff = :staff AND digest <> :keep")
_TOKEN_FIELDS: Final = "id, staff, name, scopes, created_at, last_used_at, revoked_at"  # noqa: S105
_ADD_TOKEN = Statement(
    "INSERT INTO api_token (staff, name, digest, scopes, created_at)"  # noqa: S608
    f" VALUES (:staff, :name, :digest, :scopes, :created_at) RETURNING {_TOKEN_FIELDS}",
    ApiToken,
)
_READ_TOKEN = Statement(
    f"SELECT {_TOKEN_FIELDS} FROM api_token WHERE digest = :digest AND revoked_at IS NULL",  # noqa: S608
    ApiToken,
)
_TOKENS = Statement(
    f"SELECT {_TOKEN_FIELDS} FROM api_token WHERE staff = :staff AND revoked_at IS NULL"  # noqa: S608
    " ORDER BY id",
    ApiToken,
)
_REVOKE = Statement[None]("UPDATE api_token SET revoked_at = :at WHERE id = :id AND staff = :staff")
_USE_TOKEN = Statement[None]("UPDATE api_token SET last_used_at = :at WHERE id = :id")
_CUSTOMER = Statement(
    "SELECT c.id, c.name, c.level, c.language, c.company, COALESCE((SELECT value FROM"
    " customer_address a WHERE a.customer = c.id AND kind = 'email' LIMIT 1), '') AS email,"
    " COALESCE((SELECT value FROM customer_address a WHERE a.customer = c.id AND kind = 'phone'"
    " LIMIT 1), '') AS phone FROM customer c WHERE c.id = :id",
    Customer,
)
_CUSTOMER_AT = Statement(
    "SELECT c.id, c.name, c.level, c.language, c.company, COALESCE((SELECT value FROM"
    " customer_address a WHERE a.customer = c.id AND kind = 'email' LIMIT 1), '') AS email,"
    " COALESCE((SELECT value FROM customer_address a WHERE a.customer = c.id AND kind = 'phone'"
    " LIMIT 1), '') AS phone FROM customer c WHERE c.id ="
    " (SELECT customer FROM customer_address WHERE kind = :kind AND value = :value)",
    Customer,
)
_BY_ADDRESS = Statement(
    "SELECT customer FROM customer_address WHERE kind = :kind AND value = :value", int
)
_SET_LEVEL = Statement[None]("UPDATE customer SET level = :level WHERE id = :id")
_ADD_CUSTOMER = Statement(
    "INSERT INTO customer (name, level, language, company, created_at)"
    " VALUES (:name, :level, :language, :company, :created_at) RETURNING id",
    int,
)
_ADD_ADDRESS = Statement[None](
    "INSERT INTO customer_address (kind, value, customer) VALUES (:kind, :value, :customer)"
    " ON CONFLICT (kind, value) DO NOTHING"
)


async def list_staff(db: Reading) -> list[Staff]:
    """Everybody, also those who left."""
    return [row.staff() for row in await db.all(_ALL_STAFF)]


async def find_credentials(db: Reading, email: str) -> Credentials | None:
    """What to compare a password with; None for an unknown or inactive colleague."""
    return await db.one(_CREDENTIALS, email=email)


async def add_staff(
    unit: Unit, staff: Staff, password_hash: str | None, at: datetime
) -> int | None:
    """Add a colleague; None when the e-mail is taken."""
    values = msgspec.structs.asdict(staff)
    del values["id"]
    values["skills"] = msgspec.json.encode(staff.skills).decode()
    return await unit.one(_ADD_STAFF, password_hash=password_hash, created_at=at, **values)


async def save_staff(unit: Unit, staff: Staff) -> None:
    """Overwrite a colleague's fields; the password is set apart."""
    values = msgspec.structs.asdict(staff)
    values["skills"] = msgspec.json.encode(staff.skills).decode()
    await unit.run(_SAVE_STAFF, **values)


async def set_password(unit: Unit, staff: int, password_hash: str, *, keep: str = "") -> None:
    """A new password ends all sessions, but for the one with the digest `keep`."""
    await unit.run(_PASSWORD, id=staff, password_hash=password_hash)
    await unit.run(_CLOSE_OTHERS, staff=staff, keep=keep)


async def postpone_break(unit: Unit, staff: int, at: datetime, until: datetime) -> None:
    """Ending a break failed: it lasts a little longer."""
    await unit.run(_POSTPONE_BREAK, staff=staff, at=at, until=until)


async def list_identities(db: Reading) -> list[Identity]:
    """All bound chat accounts."""
    return await db.all(_IDENTITIES)


async def bind(unit: Unit, platform: str, user_id: str, staff: int, at: datetime) -> None:
    """From now on this chat account speaks for this colleague."""
    await unit.run(_BIND, platform=platform, user_id=user_id, staff=staff, bound_at=at)


async def add_code(
    unit: Unit, digest: str, purpose: str, staff: int | None, expires_at: datetime
) -> None:
    """Keep a one-time code."""
    await unit.run(_ADD_CODE, digest=digest, purpose=purpose, staff=staff, expires_at=expires_at)


async def use_code(unit: Unit, digest: str, purpose: str, at: datetime) -> Code | None:
    """Use a code up; None when it is wrong, used or too old."""
    return await unit.one(_USE_CODE, digest=digest, purpose=purpose, at=at)


async def drop_codes(unit: Unit, purpose: str) -> None:
    """Forget all codes of a purpose."""
    await unit.run(_DROP_CODES, purpose=purpose)


async def open_session(
    unit: Unit, digest: str, staff: int, at: datetime, expires_at: datetime
) -> None:
    """Sign a browser in."""
    await unit.run(_ADD_SESSION, digest=digest, staff=staff, at=at, expires_at=expires_at)


async def find_session(db: Reading, digest: str, at: datetime) -> Session | None:
    """A session that has not expired."""
    return await db.one(_SESSION, digest=digest, at=at)


async def touch_session(unit: Unit, digest: str, at: datetime) -> None:
    """The browser was seen."""
    await unit.run(_TOUCH, digest=digest, at=at)


async def close_session(unit: Unit, digest: str) -> None:
    """Sign a browser out."""
    await unit.run(_CLOSE, digest=digest)


async def close_sessions_of(unit: Unit, staff: int) -> None:
    """Sign a colleague out everywhere."""
    await unit.run(_CLOSE_ALL, staff=staff)


async def drop_expired(unit: Unit, at: datetime) -> int:
    """Forget sessions and one-time codes that have expired; how many they were."""
    sessions = await unit.run(_DROP_SESSIONS, at=at)
    return sessions + await unit.run(_DROP_EXPIRED_CODES, at=at)


async def add_token(
    unit: Unit, staff: int, name: str, *, digest: str, scopes: str, at: datetime
) -> ApiToken:
    """Keep a program's token."""
    token = await unit.one(
        _ADD_TOKEN, staff=staff, name=name, digest=digest, scopes=scopes, created_at=at
    )
    if token is None:
        msg = "the database returned no token"
        raise LookupError(msg)
    return token


async def find_token(db: Reading, digest: str) -> ApiToken | None:
    """A token that was not revoked."""
    return await db.one(_READ_TOKEN, digest=digest)


async def list_tokens(db: Reading, staff: int) -> list[ApiToken]:
    """A colleague's own tokens."""
    return await db.all(_TOKENS, staff=staff)


async def revoke_token(unit: Unit, token: int, staff: int, at: datetime) -> bool:
    """Revoke a colleague's own token."""
    return await unit.run(_REVOKE, id=token, staff=staff, at=at) == 1


async def touch_token(unit: Unit, token: int, at: datetime) -> None:
    """The program was seen."""
    await unit.run(_USE_TOKEN, id=token, at=at)


async def find_customer(db: Reading, customer: int) -> Customer | None:
    """A customer with the first e-mail and phone."""
    return await db.one(_CUSTOMER, id=customer)


async def find_customer_by(db: Reading, kind: str, value: str) -> int | None:
    """The customer who is reached at this address."""
    return await db.one(_BY_ADDRESS, kind=kind, value=value)


async def find_customer_at(db: Reading, kind: str, value: str) -> Customer | None:
    """The customer who is reached at this address, with the first e-mail and phone."""
    return await db.one(_CUSTOMER_AT, kind=kind, value=value)


async def add_customer(unit: Unit, customer: Customer, at: datetime) -> int:
    """A new customer with the addresses that are given."""
    number = await unit.one(
        _ADD_CUSTOMER,
        name=customer.name,
        level=customer.level,
        language=customer.language,
        company=customer.company,
        created_at=at,
    )
    if number is None:
        msg = "the database returned no id"
        raise LookupError(msg)
    await add_addresses(unit, number, email=customer.email, phone=customer.phone)
    return number


async def set_level(unit: Unit, customer: int, level: str) -> None:
    """Change a customer's level."""
    await unit.run(_SET_LEVEL, id=customer, level=level)


async def add_addresses(unit: Unit, customer: int, **addresses: str) -> None:
    """Addresses by kind; empty ones and those that belong to somebody are passed over."""
    for kind, value in addresses.items():
        if value:
            await unit.run(_ADD_ADDRESS, kind=kind, value=value, customer=customer)
