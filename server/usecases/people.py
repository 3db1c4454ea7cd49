"""People: first set-up, sign-in, duty, tokens, chat identities.

Digests and hashes are made at the edge (hashing a password takes long and must not happen in a
unit); what is kept here is never a secret itself.
"""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from server.desk import Desk
from server.domain import errors
from server.domain.events import Actor, DeskOpened, IdentityBound, StaffSaved, Via
from server.domain.firm import Firm
from server.domain.people import Role, Staff, plain_email
from server.domain.starting import StartingNames, starting_documents, starting_profile
from server.storage import people
from server.storage.people import ApiToken, Credentials, Session
from server.usecases.acts import Act, change
from server.usecases.administration import save_document
from server.usecases.duty import say_duty
from server.usecases.recording import record_desk

SETUP: Final = "setup"
BIND: Final = "bind"
CODE_LIFE: Final = timedelta(minutes=10)
SETUP_LIFE: Final = timedelta(days=7)


async def needs_set_up(desk: Desk) -> bool:
    """Whether the desk has no administrator yet."""
    firm = await desk.firm()
    return not any(person.role is Role.ADMINISTRATOR for person in firm.staff.values())


@change
async def offer_set_up(act: Act, digest: str) -> None:
    """Keep the digest of the one-time code that the first start prints; earlier ones end."""
    await people.drop_codes(act.unit, SETUP)
    await people.add_code(act.unit, digest, SETUP, None, act.at + SETUP_LIFE)


@change
async def set_up(  # noqa: PLR0917
    act: Act,
    digest: str,
    firm_name: str,
    name: str,
    email: str,
    password_hash: str,
    names: StartingNames | None = None,
) -> Staff:
    """First set-up: the firm's name, its administrator, and with `names` the things that a firm
    starts with. Refuses `AlreadySetUp`, `WrongCode`.
    """
    firm = await act.firm()
    if any(person.role is Role.ADMINISTRATOR for person in firm.staff.values()):
        raise errors.AlreadySetUp
    if await people.use_code(act.unit, digest, SETUP, act.at) is None:
        raise errors.WrongCode
    if firm.seq == 0:
        await record_desk(act, DeskOpened(firm=firm_name))
    staff = await enrol(
        act,
        Staff(id=0, name=name, email=email, role=Role.ADMINISTRATOR, on_duty=True),
        password_hash,
        Actor("desk"),
    )
    profile = msgspec.structs.replace(firm.profile, name=firm_name)
    if names is not None:
        profile = starting_profile(profile, names)
    by = Actor("staff", staff.id)
    await save_document(act, "profile", "firm", profile, by)
    for kind, item, doc in starting_documents(names, staff.id) if names is not None else ():
        await save_document(act, kind, item, doc, by)
    return staff


async def enrol(act: Act, staff: Staff, password_hash: str | None, by: Actor) -> Staff:
    """Add a colleague inside another unit. Refuses `Invalid(email)` when it is taken."""
    staff = msgspec.structs.replace(staff, email=plain_email(staff.email))
    number = await people.add_staff(act.unit, staff, password_hash, act.at)
    if number is None:
        raise errors.Invalid(email="taken")
    await record_desk(act, StaffSaved(staff=number, role=staff.role, active=True), by)
    return msgspec.structs.replace(staff, id=number)


@change
async def add_staff(act: Act, by: Staff, staff: Staff, password_hash: str | None) -> Staff:
    """An administrator adds a colleague. Refuses `NotAllowed`, and `Invalid(email)` when it is
    taken.
    """
    await _need_administrator(act, by)
    return await enrol(act, staff, password_hash, Actor("staff", by.id))


@change
async def save_staff(act: Act, by: Staff, staff: Staff, password_hash: str | None = None) -> Staff:
    """An administrator changes a colleague. Refuses `NotAllowed`, `UnknownStaff`,
    `LastAdministrator`, and `Invalid(email)` when it is another's.
    """
    firm = await _need_administrator(act, by)
    staff = msgspec.structs.replace(staff, email=plain_email(staff.email))
    if staff.id not in firm.staff:
        raise errors.UnknownStaff(staff=staff.id)
    others = any(
        one.role is Role.ADMINISTRATOR and one.active and one.id != staff.id
        for one in firm.staff.values()
    )
    if not others and (staff.role is not Role.ADMINISTRATOR or not staff.active):
        raise errors.LastAdministrator
    if any(one.email == staff.email and one.id != staff.id for one in firm.staff.values()):
        raise errors.Invalid(email="taken")
    await people.save_staff(act.unit, staff)
    if password_hash is not None:
        await people.set_password(act.unit, staff.id, password_hash)
    if not staff.active:
        await people.close_sessions_of(act.unit, staff.id)
    event = StaffSaved(staff=staff.id, role=staff.role, active=staff.active)
    await record_desk(act, event, Actor("staff", by.id))
    return staff


@change
async def save_self(
    act: Act, by: Staff, language: str | None, password_hash: str | None, session: str
) -> Staff:
    """A colleague changes his own language or password; a new password ends his sessions, but
    for the one with this digest. Refuses `UnknownStaff`.
    """
    now = (await act.firm()).staff.get(by.id)
    if now is None or not now.active:
        raise errors.UnknownStaff(staff=by.id)
    after = msgspec.structs.replace(now, language=language or now.language)
    if after == now and password_hash is None:
        return now
    await people.save_staff(act.unit, after)
    if password_hash is not None:
        await people.set_password(act.unit, by.id, password_hash, keep=session)
    event = StaffSaved(staff=by.id, role=now.role, active=True)
    await record_desk(act, event, Actor("staff", by.id), "web")
    return after


@change
async def reset_password(act: Act, email: str, password_hash: str) -> Staff | None:
    """Whoever holds the machine gives a colleague a new password; all sessions end. None when
    nobody active has this e-mail.
    """
    firm = await act.firm()
    wanted = plain_email(email)
    staff = next((one for one in firm.staff.values() if one.email == wanted and one.active), None)
    if staff is None:
        return None
    await people.set_password(act.unit, staff.id, password_hash)
    await record_desk(act, StaffSaved(staff=staff.id, role=staff.role, active=True))
    return staff


async def _need_administrator(act: Act, by: Staff) -> Firm:
    """The firm; a session may be older than a change of role."""
    firm = await act.firm()
    now = firm.staff.get(by.id)
    if now is None or not now.active or now.role is not Role.ADMINISTRATOR:
        raise errors.NotAllowed
    return firm


@change
async def set_duty(act: Act, by: Staff, on_duty: bool, via: Via = "web") -> Staff:  # noqa: FBT001
    """值班 / 下班. Saying what is so already changes nothing."""
    return await say_duty(act, by, "on_duty" if on_duty else "off_duty", via)


async def find_credentials(desk: Desk, email: str) -> Credentials | None:
    """What to compare a password with."""
    with desk.activity.busy():
        return await people.find_credentials(desk.database, plain_email(email))


@change
async def open_session(act: Act, staff: int, digest: str, expires_at: datetime) -> None:
    """Sign a browser in."""
    await people.open_session(act.unit, digest, staff, act.at, expires_at)


async def find_session(desk: Desk, digest: str) -> tuple[Session, Staff] | None:
    """A live session and its colleague, or None."""
    with desk.activity.busy():
        session = await people.find_session(desk.database, digest, desk.clock.now())
    if session is None:
        return None
    staff = (await desk.firm()).staff.get(session.staff)
    return (session, staff) if staff is not None and staff.active else None


@change
async def touch_session(act: Act, digest: str) -> None:
    """The browser was seen; the edge calls this every few minutes at most."""
    await people.touch_session(act.unit, digest, act.at)


@change
async def close_session(act: Act, digest: str) -> None:
    """Sign a browser out."""
    await people.close_session(act.unit, digest)


async def list_tokens(desk: Desk, by: Staff) -> list[ApiToken]:
    """One's own tokens."""
    with desk.activity.busy():
        return await people.list_tokens(desk.database, by.id)


@change
async def add_token(
    act: Act, by: Staff, name: str, digest: str, scopes: tuple[str, ...]
) -> ApiToken:
    """A token for a program, with the scopes read and write."""
    return await people.add_token(
        act.unit, by.id, name, digest=digest, scopes=",".join(scopes), at=act.at
    )


@change
async def revoke_token(act: Act, by: Staff, token: int) -> None:
    """Revoke one of one's own tokens; revoking twice changes nothing."""
    await people.revoke_token(act.unit, token, by.id, act.at)


async def find_token(desk: Desk, digest: str) -> tuple[ApiToken, Staff] | None:
    """A token that was not revoked, and its colleague."""
    with desk.activity.busy():
        token = await people.find_token(desk.database, digest)
    if token is None:
        return None
    staff = (await desk.firm()).staff.get(token.staff)
    return (token, staff) if staff is not None and staff.active else None


@change
async def touch_token(act: Act, token: int) -> None:
    """The program was seen; the edge calls this every few minutes at most."""
    await people.touch_token(act.unit, token, act.at)


@change
async def offer_binding(act: Act, by: Staff, digest: str) -> datetime:
    """Keep the digest of a one-time code that binds a chat account; when it ends."""
    ends_at = act.at + CODE_LIFE
    await people.add_code(act.unit, digest, BIND, by.id, ends_at)
    return ends_at


async def bind_with(act: Act, digest: str, platform: str, user_id: str) -> Staff:
    """Bind a chat account with the code it said. Refuses `WrongCode`."""
    code = await people.use_code(act.unit, digest, BIND, act.at)
    if code is None or code.staff is None:
        raise errors.WrongCode
    return await bind_account(act, code.staff, platform, user_id)


async def bind_account(act: Act, staff: int, platform: str, user_id: str) -> Staff:
    """From now on this verified chat account speaks for this colleague."""
    firm = await act.firm()
    person = firm.staff.get(staff)
    if person is None:
        raise errors.UnknownStaff(staff=staff)
    await people.bind(act.unit, platform, user_id, staff, act.at)
    event = IdentityBound(staff=staff, platform=platform, user_id=user_id)
    await record_desk(act, event, Actor("staff", staff))
    return person
