"""Typical mistakes, made on purpose: what one sees says what to do next, in one screen."""

from __future__ import annotations

import asyncio
import re
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import evolve, field, frozen

from aiocognito import (
    ANY,
    AuthClient,
    AuthConfig,
    ClientCredentials,
    FileStorage,
    MemoryStorage,
    OAuthConfig,
    SessionManager,
    TokenVerifier,
    decode_jwt,
    steps,
    sync,
)
from aiocognito.emulator import ThreadedEmulator, ThreadedUserPool, TokenFactory, run_in_thread
from aiocognito.integrations.aiobotocore import aws_session
from aiocognito.integrations.httpx import SessionAuth

ANA, PASSWORD = "ana", "Correct-horse-7"
SCREEN = 50
CALLBACK = "http://localhost:8000/callback"


@frozen
class Place:
    """What a mistake is made with."""

    emulator: ThreadedEmulator
    pool: ThreadedUserPool
    directory: Path

    opened: list[Any] = field(factory=list)

    def open(self, value: Any) -> Any:
        """Return a client or a manager, which is closed at the end of the test."""
        self.opened.append(value)
        return value

    @property
    def config(self) -> AuthConfig:
        return self.pool.config

    def client(self, config: AuthConfig | None = None, **changes: Any) -> AuthClient:
        client: AuthClient = self.open(AuthClient(evolve(config or self.config, **changes)))
        return client

    async def sign_in(self, name: str = ANA, password: Any = PASSWORD, /, **changes: Any) -> Any:
        async with self.client(**changes) as auth:
            return await auth.sign_in(name, password)

    async def signed_in(self, work: Callable[[AuthClient], Awaitable[Any]], **changes: Any) -> Any:
        async with self.client(**changes) as auth:
            await auth.sign_in(ANA, PASSWORD)
            return await work(auth)

    async def signed_out(self, work: Callable[[AuthClient], Awaitable[Any]], **changes: Any) -> Any:
        async with self.client(**changes) as auth:
            return await work(auth)

    async def at_totp(self, work: Callable[[AuthClient], Awaitable[Any]]) -> Any:
        """Sign in a user up to the code of their authenticator app."""
        async with self.client() as auth:
            await auth.sign_in("totp", PASSWORD)
            return await work(auth)

    async def verify(self, token: Any, verifier: TokenVerifier | None = None, **changes: Any) -> Any:
        arguments: dict[str, Any] = {"token_use": "access", **changes}
        made = verifier or TokenVerifier.from_config(self.config, **arguments)
        async with made:
            return await made.verify(token)

    def other_client(self, **members: Any) -> AuthConfig:
        return self.pool.add_client(**members)


@pytest.fixture(scope="module")
def emulator() -> Iterator[ThreadedEmulator]:
    with run_in_thread() as running:
        yield running


@pytest.fixture
def pool(emulator: ThreadedEmulator) -> ThreadedUserPool:
    pool = emulator.create_user_pool(MfaConfiguration="OPTIONAL")
    pool.add_user(ANA, PASSWORD, attributes={"email": "ana@example.com"})
    pool.add_user("totp", PASSWORD, mfa="TOTP")
    return pool


@pytest.fixture
async def place(emulator: ThreadedEmulator, pool: ThreadedUserPool, tmp_path: Path) -> AsyncIterator[Place]:
    made = Place(emulator, pool, tmp_path)
    yield made
    for each in made.opened:
        await each.aclose()


Mistake = Callable[[Place], Any]


def oauth(place: Place, **changes: Any) -> AuthConfig:
    settings: dict[str, Any] = {
        "domain": "http://localhost:1/x",
        "scopes": ("openid",),
        "redirect_sign_in": (CALLBACK,),
        "redirect_sign_out": (CALLBACK,),
    }
    return evolve(place.config, oauth=OAuthConfig(**settings | changes))


def misplaced(value: Any) -> Any:
    """A value of a wrong type, as from code without a type checker."""
    return value


CONFIGURATION: dict[str, tuple[Mistake, str]] = {
    "no variables": (
        lambda p: p.open(AuthClient(AuthConfig.from_env({}))).sign_in(ANA, PASSWORD),
        "COGNITO_USER_POOL_ID",
    ),
    "only the pool's id": (lambda p: p.sign_in(user_pool_client_id=None), "COGNITO_CLIENT_ID"),
    "only the client's id": (
        lambda p: p.sign_in(user_pool_id=None, user_pool_endpoint=None),
        "COGNITO_USER_POOL_ID",
    ),
    "a pool's id without a region": (lambda p: AuthConfig(user_pool_id="AbCdEf"), "<region>_<name>"),
    "a pool's ARN": (
        lambda p: AuthConfig(user_pool_id="arn:aws:cognito-idp:us-east-1:1:userpool/us-east-1_X"),
        "<region>_<name>",
    ),
    "another pool's id": (lambda p: p.sign_in(user_pool_id="us-east-1_Typo"), "user_pool_id|doctor|username"),
    "another client's id": (lambda p: p.sign_in(user_pool_client_id="1example"), "user_pool_client_id"),
    "a client's id with a new line": (
        lambda p: AuthConfig(user_pool_id="us-east-1_X", user_pool_client_id="abc\n"),
        "user_pool_client_id: .*id",
    ),
    "a missing secret": (
        lambda p: p.sign_in(user_pool_client_id=p.other_client(GenerateSecret=True).user_pool_client_id),
        "user_pool_client_secret",
    ),
    "a wrong secret": (
        lambda p: p.open(
            AuthClient(evolve(p.other_client(GenerateSecret=True), user_pool_client_secret="x"))
        ).sign_in(ANA, PASSWORD),
        "user_pool_client_secret",
    ),
    "a secret of a public client": (lambda p: p.sign_in(user_pool_client_secret="x"), "leave it out"),
    "a client without SRP": (
        lambda p: p.open(AuthClient(p.other_client(ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]))).sign_in(
            ANA, PASSWORD
        ),
        "ALLOW_USER_SRP_AUTH",
    ),
    "http to another machine": (
        lambda p: AuthConfig(user_pool_endpoint="http://192.0.2.1:9229"),
        "allow_insecure_http",
    ),
    "an endpoint without a scheme": (
        lambda p: AuthConfig(user_pool_endpoint="localhost:9229"),
        "http or https",
    ),
    "an endpoint where no server listens": (
        lambda p: p.sign_in(user_pool_endpoint="http://127.0.0.1:1", max_attempts=1),
        "endpoint",
    ),
    "an endpoint with a path": (
        lambda p: p.sign_in(user_pool_endpoint=f"{p.emulator.url}/path"),
        "user_pool_endpoint",
    ),
    "https to a server of http": (
        lambda p: p.sign_in(user_pool_endpoint=p.emulator.url.replace("http:", "https:"), max_attempts=1),
        "http://",
    ),
    "a timeout of 0": (lambda p: AuthConfig(read_timeout=0), "seconds from"),
    "a validity in minutes": (lambda p: AuthConfig(auth_session_validity=3), "seconds from 180"),
    "a misspelt field": (lambda p: misplaced(AuthConfig)(userpool_id="x"), "userpool_id"),
    "positional fields": (lambda p: misplaced(AuthConfig)("a", "b"), "positional"),
    "a domain with a path": (lambda p: OAuthConfig(domain="https://auth.example.com/login"), "domain"),
}
SIGNING_IN: dict[str, tuple[Mistake, str]] = {
    "a misspelt flow": (
        lambda p: p.signed_out(lambda a: a.sign_in(ANA, PASSWORD, auth_flow_type=misplaced("USER_SRP"))),
        "USER_SRP_AUTH",
    ),
    "a wrong password": (lambda p: p.sign_in(ANA, "Wrong-horse-7"), "reset the password"),
    "an unknown user": (lambda p: p.sign_in("nemo", PASSWORD), "username"),
    "an empty password": (lambda p: p.sign_in(ANA, ""), "needs a password"),
    "no password": (lambda p: p.signed_out(lambda a: a.sign_in(ANA)), "needs a password"),
    "an answer without a sign-in": (
        lambda p: p.signed_out(lambda a: a.confirm_sign_in("1")),
        "Begin again with sign_in",
    ),
    "a wrong code": (lambda p: p.at_totp(lambda a: a.confirm_sign_in("000000")), "code"),
    "a code as a number": (
        lambda p: p.at_totp(lambda a: a.confirm_sign_in(misplaced(123456))),
        "must be text",
    ),
    "an empty code": (lambda p: p.at_totp(lambda a: a.confirm_sign_in("")), "needs a challenge response"),
    "a misspelt step": (
        lambda p: p.at_totp(lambda a: a.confirm_sign_in("1", step=misplaced("CONFIRM_SIGN_IN_WITH_TOTP"))),
        "CONFIRM_SIGN_IN_WITH_TOTP_CODE",
    ),
    "another step": (
        lambda p: p.at_totp(lambda a: a.confirm_sign_in("1", step=steps.ConfirmSignInWithSmsCode)),
        "get_sign_in_step|sign_in",
    ),
    "an answer when signed in": (lambda p: p.signed_in(lambda a: a.confirm_sign_in("1")), "sign_in"),
    "two sign-ins": (lambda p: p.signed_in(lambda a: a.sign_in(ANA, PASSWORD)), "sign_out|replace"),
    "attributes of a signed-out user": (
        lambda p: p.signed_out(lambda a: a.fetch_user_attributes()),
        "Sign in",
    ),
    "the user of a signed-out client": (lambda p: p.signed_out(lambda a: a.get_current_user()), "Sign in"),
}
ACCOUNT: dict[str, tuple[Mistake, str]] = {
    "a misspelt attribute": (
        lambda p: p.signed_in(lambda a: a.update_user_attributes({"nickame": "A"})),
        "custom:",
    ),
    "an attribute that is not in the pool": (
        lambda p: p.signed_in(lambda a: a.update_user_attributes({"custom:tenant": "1"})),
        "add it to the user pool",
    ),
    "an attribute without its prefix": (
        lambda p: p.signed_in(lambda a: a.update_user_attributes({"tenant": "1"})),
        "custom:",
    ),
    "an attribute that is a number": (
        lambda p: p.signed_in(lambda a: a.update_user_attributes({"custom:age": misplaced(7)})),
        "must be text",
    ),
    "a malformed phone number": (
        lambda p: p.signed_in(lambda a: a.update_user_attributes({"phone_number": "0123"})),
        r"phone",
    ),
    "a preference that is a bool": (
        lambda p: p.signed_in(lambda a: a.update_mfa_preference(totp=misplaced(True))),
        "ENABLED",
    ),
    "a factor without a setup": (
        lambda p: p.signed_in(lambda a: a.update_mfa_preference(totp="ENABLED")),
        "set_up_totp|set up",
    ),
    "positional attributes": (
        lambda p: p.signed_out(lambda a: misplaced(a).sign_up("a", PASSWORD, {})),
        "positional",
    ),
    "a malformed address": (
        lambda p: p.signed_out(lambda a: a.sign_up("a", PASSWORD, user_attributes={"email": "x"})),
        "email",
    ),
    "a second sign-up": (lambda p: p.signed_out(lambda a: a.sign_up(ANA, PASSWORD)), "name|sign in"),
    "a confirmed account": (lambda p: p.signed_out(lambda a: a.confirm_sign_up(ANA, "1")), "CONFIRMED"),
    "a reset for an unknown user": (lambda p: p.signed_out(lambda a: a.reset_password("nemo")), "username"),
}
HOSTED_UI: dict[str, tuple[Mistake, str]] = {
    "no hosted UI": (
        lambda p: p.signed_out(lambda a: a.sign_in_with_redirect(), oauth=None),
        r"AuthConfig\.oauth .*COGNITO_OAUTH_DOMAIN",
    ),
    "a misspelt provider": (
        lambda p: p.open(AuthClient(oauth(p, providers=("Google",)))).sign_in_with_redirect(
            misplaced("Facebok")
        ),
        "Google",
    ),
    "a callback that is a path": (
        lambda p: p.open(AuthClient(oauth(p))).complete_sign_in_with_redirect("/callback?code=1&state=2"),
        "sign_in_with_redirect",
    ),
    "a callback without a query": (
        lambda p: p.open(AuthClient(oauth(p))).complete_sign_in_with_redirect(CALLBACK),
        "sign_in_with_redirect",
    ),
    "a redirect URL that is not configured": (
        lambda p: p.open(AuthClient(oauth(p))).sign_in_with_redirect(redirect_uri="http://localhost:1/"),
        "localhost:8000/callback|redirect_sign_in",
    ),
    "machine tokens without a secret": (
        lambda p: p.open(ClientCredentials(oauth(p), scopes=["a/b"])).get_tokens(),
        "user_pool_client_secret",
    ),
    "machine tokens without a domain": (
        lambda p: p.open(
            ClientCredentials(evolve(p.config, oauth=None, user_pool_client_secret="x"), scopes=["a/b"])
        ).get_tokens(),
        r"AuthConfig\.oauth .*COGNITO_OAUTH_DOMAIN",
    ),
    "machine tokens of another kind of client": (
        lambda p: p.open(
            ClientCredentials(p.other_client(CallbackURLs=[CALLBACK], GenerateSecret=True), scopes=["openid"])
        ).get_tokens(),
        "AllowedOAuthFlows",
    ),
}


async def closed_client(place: Place) -> Any:
    async with place.client() as auth:
        await auth.sign_in(ANA, PASSWORD)
    return await auth.sign_in(ANA, PASSWORD)


async def closed_manager(place: Place) -> Any:
    sessions = SessionManager(place.config, storage=MemoryStorage())
    async with sessions:
        key = sessions.new_session_key()
    return await sessions.client(key).sign_in(ANA, PASSWORD)


async def second_lifespan(place: Place) -> Any:
    sessions = SessionManager(place.config, storage=MemoryStorage())
    async with sessions:
        pass
    async with sessions:
        return await sessions.client(sessions.new_session_key()).sign_in(ANA, PASSWORD)


def manager(place: Place) -> Any:
    return place.open(SessionManager(place.config, storage=MemoryStorage()))


async def open_directory(path: Path) -> Any:
    await FileStorage(path, encryption_key=bytes(32)).get("key")


def for_all(path: Path) -> Path:
    path.mkdir()
    path.chmod(0o777)
    return path


def a_file(path: Path) -> Path:
    path.write_text("")
    return path


SESSIONS: dict[str, tuple[Mistake, str]] = {
    "a closed client": (closed_client, "async with"),
    "a closed manager": (closed_manager, "async with"),
    "a second lifespan": (second_lifespan, "Make another"),
    "a manager without a storage": (lambda p: misplaced(SessionManager)(p.config), "storage"),
    "a manager's sign_in": (lambda p: manager(p).sign_in(ANA, PASSWORD), r"client\("),
    "a synchronous manager's sign_in": (
        lambda p: misplaced(sync.SessionManager(p.config, storage=MemoryStorage())).sign_in(ANA, PASSWORD),
        r"client\(",
    ),
    "no cookie": (lambda p: manager(p).client(None), "new_session_key"),
    "an empty cookie": (lambda p: manager(p).client(""), "new_session_key"),
    "no encryption key": (lambda p: misplaced(FileStorage)(p.directory), "encryption_key"),
    "a key of text": (
        lambda p: FileStorage(p.directory, encryption_key=misplaced("ab" * 32)),
        "fromhex|bytes",
    ),
    "a key of hexadecimal digits": (
        lambda p: FileStorage(p.directory, encryption_key=b"ab" * 32),
        "32 bytes",
    ),
    "a short key": (lambda p: FileStorage(p.directory, encryption_key=bytes(16)), "32 bytes"),
    "a directory for all users": (lambda p: open_directory(for_all(p.directory / "open")), "chmod"),
    "a file in place of a directory": (lambda p: open_directory(a_file(p.directory / "file")), "file"),
}


def token(place: Place, **arguments: Any) -> str:
    return str(TokenFactory(place.pool)(ANA, **arguments))


TOKENS: dict[str, tuple[Mistake, str]] = {
    "no app client": (
        lambda p: TokenVerifier(user_pool_id=p.pool.id, client_ids=misplaced(None), token_use="access"),
        "ANY",
    ),
    "missing arguments": (lambda p: misplaced(TokenVerifier)(user_pool_id=p.pool.id), "client_ids"),
    "a misspelt use": (
        lambda p: TokenVerifier(user_pool_id=p.pool.id, client_ids=ANY, token_use=misplaced("acces")),
        "'access'",
    ),
    "a token object": (lambda p: p.verify(decode_jwt(token(p))), r"\.token|text"),
    "a token with Bearer": (lambda p: p.verify(f"Bearer {token(p)}"), "Bearer"),
    "no token": (lambda p: p.verify(None), "token"),
    "an id token": (lambda p: p.verify(token(p, token_use="id")), "expected access"),
    "a missing group": (lambda p: p.verify(token(p), groups=["admins"]), "admins"),
    "a missing scope": (lambda p: p.verify(token(p), scopes=["orders/read"]), "orders/read"),
    "a token of another pool": (lambda p: p.verify(TokenFactory(p.pool).other_pool(ANA)), "expected"),
    "a token of another client": (lambda p: p.verify(TokenFactory(p.pool).other_client(ANA)), "expected"),
    "keys that cannot be fetched": (
        lambda p: p.verify(
            token(p),
            TokenVerifier.from_config(
                evolve(p.config, jwks_uri="http://127.0.0.1:1/jwks.json"), token_use="access"
            ),
        ),
        "Check the network",
    ),
    "an expired token": (lambda p: p.verify(TokenFactory(p.pool).expired(ANA)), "new token"),
    "a text that is not a token": (lambda p: decode_jwt("garbage"), "three parts"),
}


def sync_request(place: Place) -> Any:
    with httpx.Client(auth=misplaced(SessionAuth(place.client(), hosts=["127.0.0.1"]))) as client:
        client.get("http://127.0.0.1:1")


async def request(auth: AuthClient) -> Any:
    async with httpx.AsyncClient(auth=SessionAuth(auth, hosts=["127.0.0.1"])) as client:
        await client.get("http://127.0.0.1:1")


AROUND: dict[str, tuple[Mistake, str]] = {
    "a request of a signed-out user": (lambda p: p.signed_out(request), "Sign in"),
    "a URL as a host": (
        lambda p: SessionAuth(p.client(), hosts=["https://api.example.com"]),
        "leave out scheme",
    ),
    "a manager in SessionAuth": (lambda p: SessionAuth(misplaced(manager(p)), hosts=["a"]), "AuthClient"),
    "a plain httpx client": (sync_request, "httpx.AsyncClient"),
    "AWS without an identity pool": (
        lambda p: aws_session(p.client()),
        r"identity_pool_id .*COGNITO_IDENTITY_POOL_ID",
    ),
    "a manager in aws_session": (lambda p: aws_session(misplaced(manager(p))), r"\.client\("),
    "a misspelt event": (lambda p: p.client().hub.listen(print, events=[misplaced("signedin")]), "signed"),
    "a user to whom no code was sent": (
        lambda p: p.emulator.outbox.next_code("no-user", timeout=0.01),
        "sent to",
    ),
    "a misspelt setting of a pool": (
        lambda p: p.emulator.create_user_pool(MfaConfig="ON"),
        "MfaConfiguration",
    ),
    "a value that a pool refuses": (
        lambda p: p.emulator.create_user_pool(UsernameAttributes=["mail"]),
        "email",
    ),
    "a weak password": (lambda p: p.pool.add_user("weak", "short"), "long enough"),
    "a misspelt operation of a fault": (
        lambda p: p.emulator.faults.add("InitiateAut", error="InternalErrorException"),
        "InitiateAuth",
    ),
    "a misspelt error of a fault": (
        lambda p: p.emulator.faults.add("InitiateAuth", error="InternalErrorExeption"),
        "InternalErrorException",
    ),
}
ALL = CONFIGURATION | SIGNING_IN | ACCOUNT | HOSTED_UI | SESSIONS | TOKENS | AROUND


async def made(mistake: Mistake, place: Place) -> BaseException:
    """Make a mistake; return what it raises."""
    try:
        result = mistake(place)
        if isinstance(result, Awaitable):
            async with asyncio.timeout(60):
                await result
    except Exception as error:
        return error
    pytest.fail("the mistake was not noticed")


@pytest.mark.parametrize("name", ALL)
async def test_what_one_sees_says_what_to_do(name: str, place: Place) -> None:
    mistake, wanted = ALL[name]
    error = await made(mistake, place)
    seen = "\n".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())])
    assert re.search(wanted, seen), seen
    lines = "".join(traceback.format_exception(error)).splitlines()
    assert len(lines) <= SCREEN, "\n".join(lines)
