"""The steps of the demo, in order."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final

from attrs import define, field

from .. import AuthClient, AuthEvent, MemoryStorage, SessionManager, errors
from ..emulator import CognitoEmulator
from .output import Output

ANA: Final = "ana@example.com"
TOKEN_SECONDS: Final = 3600
CALLERS: Final = 100
USERS: Final = 20

# Only SRP is allowed, so that a sign-in that sends the password is refused. Refresh tokens are valid for one
# use, so that a second refresh with the same token would fail.
APP_CLIENT: Final = {
    "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"],
    "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0},
}


def new_password() -> str:
    """Return a random password that the default policy accepts."""
    return f"Aa1!{secrets.token_urlsafe(12)}"


@define
class Demo:
    """The state that the steps share."""

    out: Output
    emulator: CognitoEmulator
    pool: Any
    storage: MemoryStorage
    auth: AuthClient
    password: str = field(factory=new_password, repr=False)
    code: str = field(default="", repr=False)
    user_id: str | None = None
    events: list[str] = field(factory=list)

    def on_event(self, event: AuthEvent) -> None:
        """Record and print an event of the Hub."""
        self.events.append(event.name)
        who = f" ({event.data['username']})" if "username" in event.data else ""
        self.out.event(f"the Hub: {event.name}{who}")

    def calls_since(self, begin: int) -> list[str]:
        """Return the operations that the emulator received after the first ``begin`` calls."""
        return [call.operation for call in self.emulator.calls[begin:]]


async def run_steps(out: Output) -> None:
    """Run all steps.

    Raises:
        StepFailed: A check failed.
    """
    out.begin("Start an emulator of Amazon Cognito, with one user pool")
    async with CognitoEmulator() as emulator:
        pool = await emulator.create_user_pool(
            UsernameAttributes=["email"], AutoVerifiedAttributes=["email"], client=APP_CLIENT
        )
        out.line(f"{emulator.url}   user pool {pool.id}   app client {pool.client_id}")
        out.line("It checks every proof, code and token as Cognito does. Nothing leaves this machine.")
        out.check("it listens on this machine only", emulator.url.startswith("http://127.0.0.1:"))
        storage = MemoryStorage(clock=emulator.clock)
        async with AuthClient(pool.config, storage=storage, clock=emulator.clock) as auth:
            demo = Demo(out, emulator, pool, storage, auth)
            for title, step in STEPS:
                out.begin(title)
                await step(demo)


async def listen(demo: Demo) -> None:
    """Listen to the Hub."""
    demo.auth.hub.listen(demo.on_event)
    demo.out.line("Its events are printed with the mark ».")


async def sign_up(demo: Demo) -> None:
    """Create an account."""
    out = demo.out
    out.line("The sign-up sends the password once, so that the user pool can compute a verifier.")
    result = await demo.auth.sign_up(ANA, demo.password, user_attributes={"email": ANA})
    demo.user_id = result.user_id
    out.check("the account exists and is not confirmed yet", not result.is_sign_up_complete)
    out.check("the next step is CONFIRM_SIGN_UP", result.next_step.step == "CONFIRM_SIGN_UP")
    out.check("the new user has an id", bool(result.user_id))
    early = await demo.auth.sign_in(ANA, demo.password)
    out.check(
        "a sign-in before the confirmation returns the same step, not an error",
        not early.is_signed_in and early.next_step.step == "CONFIRM_SIGN_UP",
    )


async def read_code(demo: Demo) -> None:
    """Read the code in the outbox."""
    demo.code = await demo.emulator.outbox.next_code(ANA)
    demo.out.line("The emulator does not send mails. Its outbox has the message:")
    demo.out.line(f"the code is {demo.code}. Never print the code of a real user.")
    demo.out.check("it has six digits", len(demo.code) == 6 and demo.code.isdigit())


async def confirm(demo: Demo) -> None:
    """Confirm the account, after an attempt with a wrong code."""
    out, auth = demo.out, demo.auth
    wrong = f"{(int(demo.code) + 1) % 10**6:06}"
    await out.refused(
        errors.CodeMismatchException, "a wrong code is refused", auth.confirm_sign_up(ANA, wrong)
    )
    result = await auth.confirm_sign_up(ANA, demo.code)
    out.check("the account is confirmed", result.is_sign_up_complete and result.next_step.step == "DONE")


async def wrong_password(demo: Demo) -> None:
    """Try to sign in with a wrong password."""
    out, auth = demo.out, demo.auth
    attempt = auth.sign_in(ANA, new_password())
    await out.refused(errors.NotAuthorizedException, "it is refused", attempt)
    out.check("no user is signed in", (await auth.fetch_auth_session(credentials=False)).tokens is None)


async def sign_in(demo: Demo) -> None:
    """Sign in over SRP."""
    out, auth = demo.out, demo.auth
    out.line("The password does not leave this process: the client sends a proof of it (SRP-6a).")
    # With a random password: Ana's must not leave the process, even to be refused.
    attempt = auth.sign_in(ANA, new_password(), auth_flow_type="USER_PASSWORD_AUTH")
    await out.refused(errors.InvalidParameterException, "the app client accepts no sent password", attempt)
    before = len(demo.emulator.calls)
    result = await auth.sign_in(ANA, demo.password)
    out.check("Ana is signed in", result.is_signed_in and result.next_step.step == "DONE")
    out.check(
        "the client sent two requests, InitiateAuth and RespondToAuthChallenge",
        demo.calls_since(before) == ["InitiateAuth", "RespondToAuthChallenge"],
    )
    out.check("the listener received signedIn", demo.events == ["signedIn"])


async def current_user(demo: Demo) -> None:
    """Fetch the signed-in user and their attributes."""
    out, auth = demo.out, demo.auth
    user = await auth.get_current_user()
    out.line(f"user id {user.user_id}")
    out.check("it is the user who signed up", user.user_id == demo.user_id)
    attributes = await auth.fetch_user_attributes()
    for name, value in sorted(attributes.items()):
        out.line(f"{name} = {value}")
    confirmed = attributes.get("email") == ANA and attributes.get("email_verified") == "true"
    out.check("the e-mail address is Ana's, and verified", confirmed)


async def refresh(demo: Demo) -> None:
    """Let the tokens expire, and fetch the session with many callers at once."""
    out, auth, emulator = demo.out, demo.auth, demo.emulator
    old = (await auth.fetch_auth_session(credentials=False)).tokens
    emulator.clock.advance(TOKEN_SECONDS + 1)
    out.line(f"The emulator's clock was advanced by {TOKEN_SECONDS + 1} s.")
    before = len(emulator.calls)
    ask = (auth.fetch_auth_session(credentials=False) for _ in range(CALLERS))
    found = [session.tokens for session in await asyncio.gather(*ask)]
    count = demo.calls_since(before).count("GetTokensFromRefreshToken")
    out.line(f"{CALLERS} callers fetched the session at the same time; requests to the user pool: {count}.")
    out.check("all callers shared one refresh", demo.calls_since(before) == ["GetTokensFromRefreshToken"])
    texts = {tokens.access_token.token for tokens in found if tokens is not None}
    out.check("all callers have the same token", None not in found and len(texts) == 1)
    out.check("it is a new token", old is not None and old.access_token.token not in texts)
    out.check("the user pool accepts it", (await auth.fetch_user_attributes())["email"] == ANA)
    out.check("the listener received one tokenRefresh", demo.events == ["signedIn", "tokenRefresh"])


async def sign_out(demo: Demo) -> None:
    """Sign out, while another client holds a copy of the session."""
    out, auth, pool = demo.out, demo.auth, demo.pool
    key = f"{pool.client_id}:session:{auth.session_id}"
    record = await demo.storage.get(key)
    out.check("the session is stored under a hash of its key", record is not None)
    stolen = MemoryStorage(clock=demo.emulator.clock)
    await stolen.set(key, record or b"")
    async with AuthClient(pool.config, storage=stolen, clock=demo.emulator.clock) as thief:
        copied = (await thief.get_current_user()).user_id == demo.user_id
        out.check("before the sign-out, a stolen copy of the session works", copied)
        result = await auth.sign_out()
        out.check(
            "the user pool confirmed that the tokens are revoked", result.revoked and result.error is None
        )
        out.check("the session was removed from the storage", await demo.storage.get(key) is None)
        signed_out = errors.UserUnAuthenticatedException
        await out.refused(signed_out, "the user is signed out", auth.get_current_user())
        await out.refused(
            errors.NotAuthorizedException, "the copy's access token is refused", thief.fetch_user_attributes()
        )
        session = await thief.fetch_auth_session(force_refresh=True, credentials=False)
        last = demo.emulator.calls[-1]
        refused = (last.operation, last.error) == ("GetTokensFromRefreshToken", "NotAuthorizedException")
        out.check(
            "the copy's refresh token is refused, and the copy is signed out",
            refused and session.tokens is None,
        )
    received = demo.events == ["signedIn", "tokenRefresh", "signedOut"]
    out.check("the listener received signedOut, and no other events", received)


async def many_users(demo: Demo) -> None:
    """Sign many users in and out at once, through one manager."""
    out, pool, clock = demo.out, demo.pool, demo.emulator.clock
    names = [f"person-{number}@example.com" for number in range(USERS)]
    for name in names:
        await pool.add_user(name, demo.password, attributes={"email": name})
    async with SessionManager(pool.config, storage=MemoryStorage(clock=clock), clock=clock) as sessions:

        async def sign_in_and_out(name: str) -> bool:
            auth = sessions.client(sessions.new_session_key())
            await auth.sign_in(name, demo.password)
            await auth.rotate_session_key()
            whose = (await auth.fetch_user_attributes())["email"]
            return whose == name and (await auth.sign_out()).revoked

        results = await asyncio.gather(*map(sign_in_and_out, names))
    out.check(f"{USERS} users signed in and out at once, each in their own session", all(results))


STEPS: Final[tuple[tuple[str, Callable[[Demo], Awaitable[None]]], ...]] = (
    ("Listen to the Hub", listen),
    (f"Sign up {ANA}", sign_up),
    ("Read the code of the e-mail", read_code),
    ("Confirm the sign-up", confirm),
    ("Sign in with a wrong password", wrong_password),
    ("Sign in over SRP", sign_in),
    ("Fetch the signed-in user", current_user),
    ("Renew expired tokens", refresh),
    ("Sign out", sign_out),
    ("Sign in and out many users in one process", many_users),
)
