"""The steps of the demo, in order."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final

from attrs import define, field

from .. import AuthClient, AuthEvent, MemoryStorage, SessionManager, errors
from ..emulator import CognitoEmulator
from .stage import Stage

ANA: Final = "ana@example.com"
TOKEN_SECONDS: Final = 3600
CALLERS: Final = 100
PEOPLE: Final = 20

# Nothing but SRP is allowed, so a sign-in that sends the password is refused; and refresh tokens are
# good for one use, so that a second refresh with the same one would show.
APP_CLIENT: Final = {
    "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"],
    "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0},
}


def new_password() -> str:
    """Make a password that the usual policy accepts."""
    return f"Aa1!{secrets.token_urlsafe(12)}"


@define
class Scene:
    """What the steps share."""

    stage: Stage
    emulator: CognitoEmulator
    pool: Any
    storage: MemoryStorage
    auth: AuthClient
    password: str = field(factory=new_password, repr=False)
    code: str = field(default="", repr=False)
    user_id: str | None = None
    heard: list[str] = field(factory=list)

    def hear(self, event: AuthEvent) -> None:
        """Listen to the Hub."""
        self.heard.append(event.name)
        who = f" ({event.data['username']})" if "username" in event.data else ""
        self.stage.heard(f"the Hub: {event.name}{who}")

    def calls_since(self, begin: int) -> list[str]:
        """Name the operations that the emulator was asked for since it had been asked ``begin`` times."""
        return [call.operation for call in self.emulator.calls[begin:]]


async def tell(stage: Stage) -> None:
    """Run all scenes.

    Raises:
        StepFailed: A step did not come out as it should have.
    """
    stage.begin("Start an emulator of Amazon Cognito, with one user pool")
    async with CognitoEmulator() as emulator:
        pool = await emulator.create_user_pool(
            UsernameAttributes=["email"], AutoVerifiedAttributes=["email"], client=APP_CLIENT
        )
        stage.say(f"{emulator.url}   user pool {pool.id}   app client {pool.client_id}")
        stage.say("It checks every proof, code and token as Cognito does. Nothing leaves this machine.")
        stage.check("it listens on this machine only", emulator.url.startswith("http://127.0.0.1:"))
        storage = MemoryStorage(clock=emulator.clock)
        async with AuthClient(pool.config, storage=storage, clock=emulator.clock) as auth:
            scene = Scene(stage, emulator, pool, storage, auth)
            for title, step in STEPS:
                stage.begin(title)
                await step(scene)


async def listen(scene: Scene) -> None:
    """Listen to the Hub from here on."""
    scene.auth.hub.listen(scene.hear)
    scene.stage.say("Its events are printed below, marked with ».")


async def sign_up(scene: Scene) -> None:
    """Create an account."""
    stage = scene.stage
    stage.say("This sends her password, once, so that the user pool can make a verifier of it.")
    result = await scene.auth.sign_up(ANA, scene.password, user_attributes={"email": ANA})
    scene.user_id = result.user_id
    stage.check("the account exists, and is not complete yet", not result.is_sign_up_complete)
    stage.check("the next step is CONFIRM_SIGN_UP", result.next_step.step == "CONFIRM_SIGN_UP")
    stage.check("the new user has an id", bool(result.user_id))
    early = await scene.auth.sign_in(ANA, scene.password)
    stage.check(
        "signing in already is not an error, but the same step",
        not early.is_signed_in and early.next_step.step == "CONFIRM_SIGN_UP",
    )


async def read_code(scene: Scene) -> None:
    """Take the code from the outbox."""
    scene.code = await scene.emulator.outbox.next_code(ANA)
    scene.stage.say("The emulator keeps what it sends in an outbox, which stands in for Ana's inbox:")
    scene.stage.say(f"the code is {scene.code}. Only an emulator's code may be shown like this.")
    scene.stage.check("it has six digits", len(scene.code) == 6 and scene.code.isdigit())


async def confirm(scene: Scene) -> None:
    """Confirm the account, with a wrong code first."""
    stage, auth = scene.stage, scene.auth
    wrong = f"{(int(scene.code) + 1) % 10**6:06}"
    await stage.refused(
        errors.CodeMismatchException, "another code is refused", auth.confirm_sign_up(ANA, wrong)
    )
    result = await auth.confirm_sign_up(ANA, scene.code)
    stage.check("the account is complete", result.is_sign_up_complete and result.next_step.step == "DONE")


async def wrong_password(scene: Scene) -> None:
    """Try to sign in with another password."""
    stage, auth = scene.stage, scene.auth
    attempt = auth.sign_in(ANA, new_password())
    await stage.refused(errors.NotAuthorizedException, "it is refused", attempt)
    stage.check("no user is signed in", (await auth.fetch_auth_session(credentials=False)).tokens is None)


async def sign_in(scene: Scene) -> None:
    """Sign in over SRP."""
    stage, auth = scene.stage, scene.auth
    stage.say("The password does not leave this process: what goes out is a proof of it (SRP-6a).")
    # With a made-up one: hers is not to leave, not even to be refused.
    attempt = auth.sign_in(ANA, new_password(), auth_flow_type="USER_PASSWORD_AUTH")
    await stage.refused(errors.InvalidParameterException, "this app client takes no password at all", attempt)
    before = len(scene.emulator.calls)
    result = await auth.sign_in(ANA, scene.password)
    stage.check("Ana is signed in", result.is_signed_in and result.next_step.step == "DONE")
    stage.check(
        "it took two requests, InitiateAuth and RespondToAuthChallenge",
        scene.calls_since(before) == ["InitiateAuth", "RespondToAuthChallenge"],
    )
    stage.check("the listener heard signedIn", scene.heard == ["signedIn"])


async def who_am_i(scene: Scene) -> None:
    """Ask who is signed in, and what Cognito knows of her."""
    stage, auth = scene.stage, scene.auth
    user = await auth.get_current_user()
    stage.say(f"user id {user.user_id}")
    stage.check("it is the user who signed up", user.user_id == scene.user_id)
    attributes = await auth.fetch_user_attributes()
    for name, value in sorted(attributes.items()):
        stage.say(f"{name} = {value}")
    confirmed = attributes.get("email") == ANA and attributes.get("email_verified") == "true"
    stage.check("the address is hers, and verified", confirmed)


async def refresh(scene: Scene) -> None:
    """Let the tokens expire, and let many callers ask at once."""
    stage, auth, emulator = scene.stage, scene.auth, scene.emulator
    old = (await auth.fetch_auth_session(credentials=False)).tokens
    emulator.clock.advance(TOKEN_SECONDS + 1)
    stage.say(f"The clock was moved on by {TOKEN_SECONDS + 1} s, without waiting.")
    before = len(emulator.calls)
    ask = (auth.fetch_auth_session(credentials=False) for _ in range(CALLERS))
    found = [session.tokens for session in await asyncio.gather(*ask)]
    count = scene.calls_since(before).count("GetTokensFromRefreshToken")
    stage.say(f"{CALLERS} callers asked at the same time; requests to the user pool: {count}.")
    stage.check("one refresh served them all", scene.calls_since(before) == ["GetTokensFromRefreshToken"])
    texts = {tokens.access_token.token for tokens in found if tokens is not None}
    stage.check("all of them have the same new token", None not in found and len(texts) == 1)
    stage.check("it is not the old one", old is not None and old.access_token.token not in texts)
    stage.check("the user pool accepts it", (await auth.fetch_user_attributes())["email"] == ANA)
    stage.check("the listener heard one tokenRefresh", scene.heard == ["signedIn", "tokenRefresh"])


async def sign_out(scene: Scene) -> None:
    """Sign out, while another client holds a copy of the session."""
    stage, auth, pool = scene.stage, scene.auth, scene.pool
    key = f"{pool.client_id}:session:{auth.session_id}"
    record = await scene.storage.get(key)
    stage.check("the session is stored under a hash of its key", record is not None)
    stolen = MemoryStorage(clock=scene.emulator.clock)
    await stolen.set(key, record or b"")
    async with AuthClient(pool.config, storage=stolen, clock=scene.emulator.clock) as thief:
        copied = (await thief.get_current_user()).user_id == scene.user_id
        stage.check("before, a stolen copy of the session would do", copied)
        result = await auth.sign_out()
        stage.check(
            "the user pool confirmed that the tokens are revoked", result.revoked and result.error is None
        )
        stage.check("nothing is left in the storage", await scene.storage.get(key) is None)
        signed_out = errors.UserUnAuthenticatedException
        await stage.refused(signed_out, "no user is signed in any longer", auth.get_current_user())
        await stage.refused(
            errors.NotAuthorizedException, "the copy's access token is refused", thief.fetch_user_attributes()
        )
        session = await thief.fetch_auth_session(force_refresh=True, credentials=False)
        last = scene.emulator.calls[-1]
        refused = (last.operation, last.error) == ("GetTokensFromRefreshToken", "NotAuthorizedException")
        stage.check("so is its refresh token, and the copy is signed out", refused and session.tokens is None)
    heard = scene.heard == ["signedIn", "tokenRefresh", "signedOut"]
    stage.check("the listener heard signedOut, and nothing that was not so", heard)


async def many_people(scene: Scene) -> None:
    """Sign many users in and out at once, through one manager."""
    stage, pool, clock = scene.stage, scene.pool, scene.emulator.clock
    names = [f"person-{number}@example.com" for number in range(PEOPLE)]
    for name in names:
        await pool.add_user(name, scene.password, attributes={"email": name})
    async with SessionManager(pool.config, storage=MemoryStorage(clock=clock), clock=clock) as sessions:

        async def visit(name: str) -> bool:
            auth = sessions.client(sessions.new_session_key())
            await auth.sign_in(name, scene.password)
            await auth.rotate_session_key()
            whose = (await auth.fetch_user_attributes())["email"]
            return whose == name and (await auth.sign_out()).revoked

        results = await asyncio.gather(*map(visit, names))
    stage.check(f"{PEOPLE} users signed in and out at once, and each received its own events", all(results))


STEPS: Final[tuple[tuple[str, Callable[[Scene], Awaitable[None]]], ...]] = (
    ("Listen to the Hub", listen),
    (f"Sign up {ANA}", sign_up),
    ("Read the code that was e-mailed", read_code),
    ("Confirm the sign-up", confirm),
    ("Sign in with a wrong password", wrong_password),
    ("Sign in over SRP", sign_in),
    ("Who is signed in?", who_am_i),
    ("The tokens expire", refresh),
    ("Sign out", sign_out),
    ("The same for many users, in one process", many_people),
)
