"""Who is here: first set-up, sign-in and sign-out, duty, chat bindings, API tokens.

Secrets are made here and leave once; what is kept of them are digests.
"""

import base64
from datetime import timedelta
from typing import Final

from server import vault
from server.api import render
from server.api import schemas as s
from server.api.calendars import holidays_end
from server.api.calls import Answer, Call, Handler, Principal, cookie_of
from server.api.reading import Refused, email_of, needed
from server.desk import Desk
from server.domain.errors import WrongPassword
from server.domain.people import Staff
from server.domain.starting import StartingNames
from server.storage.people import ApiToken
from server.usecases import people, reading
from server.words import say

SESSION_LIFE: Final = timedelta(days=14)
_CODE_LETTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_CODE_LENGTH: Final = 8


def new_secret(desk: Desk) -> str:
    """A secret that nobody guesses."""
    return base64.urlsafe_b64encode(desk.entropy.token_bytes(32)).decode().rstrip("=")


async def read_session(call: Call) -> s.SessionState:
    """Who is signed in."""
    return await _state(call, call.principal.staff if call.principal is not None else None)


async def _state(call: Call, staff: Staff | None) -> s.SessionState:
    firm = await call.desk.firm()
    load = {} if staff is None else await reading.list_load(call.desk)
    return s.SessionState(
        needs_set_up=await people.needs_set_up(call.desk),
        firm=firm.profile.name,
        me=None if staff is None else render.me(staff, firm, load),
        version=call.edge.version,
        demo=call.edge.demo,
        holidays_end=() if staff is None else holidays_end(call.desk.clock.now(), firm),
    )


async def sign_in(call: Call, asked: s.SignIn) -> Answer:
    """Compare the password; which of the two was wrong is not said, and takes as long."""
    email = asked.email.strip().lower()
    call.edge.limits.spend("sign_in", f"to {email}", call.desk.clock.now())
    known = await people.find_credentials(call.desk, email)
    with call.desk.activity.busy():
        right = await call.desk.passwords.matches(
            known.password_hash if known is not None else None, asked.password
        )
    staff = (await call.desk.firm()).staff.get(known.id) if known is not None else None
    if not right or staff is None:
        raise WrongPassword
    return await _signed_in(call, staff)


async def _signed_in(call: Call, staff: Staff) -> Answer:
    secret = new_secret(call.desk)
    digest = vault.digest(secret)
    await people.open_session(call.desk, staff.id, digest, call.desk.clock.now() + SESSION_LIFE)
    call.principal = Principal(staff, digest)
    cookie = cookie_of(call.edge, secret, int(SESSION_LIFE.total_seconds()))
    return Answer(body=await _state(call, staff), cookie=cookie)


async def sign_out(call: Call) -> Answer:
    """End this browser's session. Signing out twice changes nothing."""
    if call.principal is not None and call.principal.digest is not None:
        await people.close_session(call.desk, call.principal.digest)
    return Answer(cookie=cookie_of(call.edge, "", 0))


async def set_up(call: Call, asked: s.SetUp) -> Answer:
    """The first administrator, signed in at once."""
    needed(firm=asked.firm, name=asked.name, email=asked.email)
    email = email_of(asked.email)
    with call.desk.activity.busy():
        password_hash = await call.desk.passwords.hash(asked.password)
    staff = await people.set_up(
        call.desk,
        vault.digest(asked.code.strip()),
        asked.firm.strip(),
        asked.name.strip(),
        email,
        password_hash,
        StartingNames(
            **{
                field: say(call.language, f"start.{field}")
                for field in StartingNames.__struct_fields__
            }
        ),
    )
    return await _signed_in(call, staff)


async def save_me(call: Call, asked: s.MeWanted) -> s.Me:
    """One's own language and password. Refuses `Invalid(current)`; guessing it is slowed down."""
    password_hash = None
    if asked.password is not None:
        call.edge.limits.spend("sign_in", f"to {call.by.email}", call.desk.clock.now())
        known = await people.find_credentials(call.desk, call.by.email)
        kept = known.password_hash if known is not None else None
        with call.desk.activity.busy():
            if not await call.desk.passwords.matches(kept, asked.current or ""):
                raise Refused({"current": ("wrong_password", {})})
            password_hash = await call.desk.passwords.hash(asked.password)
    staff = await people.save_self(
        call.desk, call.by, asked.language, password_hash, call.known.digest or ""
    )
    return render.me(staff, await call.desk.firm(), await reading.list_load(call.desk))


async def offer_binding(call: Call) -> s.BindingCode:
    """A code that is short enough to be typed into a chat."""
    drawn = call.desk.entropy.token_bytes(_CODE_LENGTH)
    code = "".join(_CODE_LETTERS[byte % len(_CODE_LETTERS)] for byte in drawn)
    expires_at = await people.offer_binding(call.desk, call.by, vault.digest(code))
    return s.BindingCode(code=code, expires_at=expires_at)


async def list_tokens(call: Call) -> tuple[s.TokenShown, ...]:
    """One's own."""
    return tuple(_shown(one) for one in await people.list_tokens(call.desk, call.by))


async def add_token(call: Call, asked: s.TokenWanted) -> Answer:
    """A token that can write can read too."""
    needed(name=asked.name)
    scopes = ("read", "write") if "write" in asked.scopes else ("read",)
    secret = f"pd_{new_secret(call.desk)}"
    kept = await people.add_token(
        call.desk, call.by, asked.name.strip(), vault.digest(secret), scopes
    )
    return Answer(body=_shown(kept, secret), location="/api/v1/tokens")


def _shown(token: ApiToken, secret: str | None = None) -> s.TokenShown:
    return s.TokenShown(
        id=token.id,
        name=token.name,
        scopes=tuple(token.scopes.split(",")),
        created_at=token.created_at,
        last_used_at=token.last_used_at,
        token=secret,
    )


async def revoke_token(call: Call) -> None:
    """Revoking twice, or somebody else's, changes nothing."""
    await people.revoke_token(call.desk, call.by, call.number("id"))


HANDLERS: Final[dict[str, Handler]] = {
    "readSession": read_session,
    "signIn": sign_in,
    "signOut": sign_out,
    "setUp": set_up,
    "saveMe": save_me,
    "offerBinding": offer_binding,
    "listTokens": list_tokens,
    "addToken": add_token,
    "revokeToken": revoke_token,
}
