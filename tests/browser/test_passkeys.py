"""Chromium creates passkeys and signs in with them; our client runs on the server, with our emulator."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from aiocognito import MemoryStorage, SessionManager
from aiocognito.emulator import CognitoEmulator
from aiocognito.emulator.setup import applying, reading
from helpers.chromium import add_authenticator

from .site import Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-passkeys")]

PASSWORD = "Correct-Horse-7"
SUB = "6f2a1c44-9d0e-4b7a-8f55-0c1d2e3f4a5b"
POLICIES = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}
CLIENT = {"ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]}
Serve = Callable[[Site], Awaitable[str]]
OpenPage = Callable[[str], Awaitable[Any]]


@frozen
class Authenticator:
    """A virtual authenticator, driven over Chromium's DevTools protocol."""

    devtools: Any
    id: str

    @classmethod
    async def of(cls, page: Any) -> Authenticator:
        """Add an authenticator to a page's browser."""
        return cls(*await add_authenticator(page))

    async def __call__(self, command: str, **parameters: Any) -> Any:
        return await self.devtools.send(f"WebAuthn.{command}", {"authenticatorId": self.id, **parameters})

    async def passkey(self) -> dict[str, Any]:
        """Return its only passkey, with the private key."""
        (found,) = (await self("getCredentials"))["credentials"]
        passkey: dict[str, Any] = found
        return passkey


@frozen
class PageRequest:
    """A user's browser on the site."""

    url: str
    page: Any
    authenticator: Authenticator

    async def ask(self, path: str, **body: str) -> Any:
        """Have the page send a request to its server."""
        return await self.page.evaluate("([path, body]) => ask(path, body)", [path, body])

    async def register(self) -> Any:
        """Create a passkey."""
        return await self.page.evaluate("register()")

    async def sign_in(self, **choose: str) -> Any:
        """Sign in with the passkey."""
        return await self.page.evaluate("(choose) => signIn('ana', choose)", choose)

    async def change(self, script: str) -> None:
        """Change the options before they reach the authenticator."""
        await self.page.evaluate(f"() => {{ change = (options) => {{ {script}; return options; }}; }}")

    async def signed_in(self) -> bool:
        """Return whether the user is signed in."""
        return bool(await self.ask("/me") == {"username": "ana"})


@pytest.fixture
def visit(
    emulator: CognitoEmulator, serve: Serve, open_page: OpenPage
) -> Callable[..., Awaitable[PageRequest]]:
    """Create a pool and a site, and sign `ana` in: `await visit(**WebAuthnConfiguration)`."""

    async def made(*, host: str = "localhost", **configuration: str) -> PageRequest:
        web_authn = {"RelyingPartyId": "localhost", **configuration}
        pool = await emulator.create_user_pool(
            Policies=POLICIES, WebAuthnConfiguration=web_authn, client=CLIENT
        )
        await pool.add_user("ana", PASSWORD)
        site = Site(SessionManager(pool.config, storage=MemoryStorage()))
        url = (await serve(site)).replace("localhost", host)
        page = await open_page(url)
        visit = PageRequest(url, page, await Authenticator.of(page))
        assert await visit.ask("/password", username="ana", password=PASSWORD) == {"signedIn": True}
        return visit

    return made


MakeVisit = Callable[..., Awaitable[PageRequest]]


@pytest.fixture
async def registered(visit: MakeVisit) -> PageRequest:
    """A user who created a passkey and signed out."""
    made = await visit()
    assert len((await made.register())["passkeys"]) == 1
    await made.ask("/sign-out")
    assert not await made.signed_in()
    return made


@pytest.mark.parametrize("choose", [{"preferred": "WEB_AUTHN"}, {}], ids=["preferred", "chosen"])
async def test_a_passkey_signs_in(registered: PageRequest, choose: dict[str, str]) -> None:
    for _ in range(2):  # the authenticator's counter increases
        assert await registered.sign_in(**choose) == {"signedIn": True, "step": "DONE"}
        assert await registered.signed_in()
        await registered.ask("/sign-out")


async def test_a_passkey_of_a_set_up_file_signs_in(
    emulator: CognitoEmulator, serve: Serve, open_page: OpenPage, tmp_path: Path
) -> None:
    """As the page on the emulator has it: the authenticator is given the private key."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    settings = {"Policies": POLICIES, "WebAuthnConfiguration": {"RelyingPartyId": "localhost"}}
    ana = {
        "username": "ana",
        "sub": SUB,
        "password": PASSWORD,
        "passkeys": [{"id": "YW5h", "public_key": pem}],
    }
    file = tmp_path / "setup.json"
    file.write_text(json.dumps({"user_pools": [{"settings": settings, "users": [ana]}]}))
    applied = await applying.apply(emulator, reading.read(file)[0])
    site = Site(SessionManager(applied.user_pools[0].config, storage=MemoryStorage()))
    page = await open_page(await serve(site))
    visit = PageRequest(page.url, page, await Authenticator.of(page))
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    credential = {
        "credentialId": "YW5h",
        "isResidentCredential": True,
        "rpId": "localhost",
        "privateKey": b64encode(private).decode(),
        "userHandle": b64encode(SUB.encode()).decode(),
        "signCount": 0,
    }
    await visit.authenticator("addCredential", credential=credential)
    assert await visit.sign_in(preferred="WEB_AUTHN") == {"signedIn": True, "step": "DONE"}
    assert await visit.signed_in()


async def test_what_the_authenticator_keeps(registered: PageRequest) -> None:
    passkey = await registered.authenticator.passkey()
    assert passkey["rpId"] == "localhost"
    assert passkey["isResidentCredential"]
    assert passkey["userName"] == "ana"


async def test_the_same_authenticator_makes_no_second_passkey(visit: MakeVisit) -> None:
    """`excludeCredentials` names the first one."""
    made = await visit()
    await made.register()
    assert await made.register() == {"error": "InvalidStateError"}


async def test_user_verification_where_the_pool_requires_it(visit: MakeVisit) -> None:
    made = await visit(UserVerification="required")
    assert len((await made.register())["passkeys"]) == 1
    await made.ask("/sign-out")
    await made.authenticator("setUserVerified", isUserVerified=False)
    await made.change("options.userVerification = 'discouraged'")  # else Chromium itself refuses
    assert await made.sign_in(preferred="WEB_AUTHN") == {"error": "NotAuthorizedException"}
    await made.authenticator("setUserVerified", isUserVerified=True)
    await made.change("options.userVerification = 'required'")
    assert await made.sign_in(preferred="WEB_AUTHN") == {"signedIn": True, "step": "DONE"}


async def test_another_challenge_is_refused(registered: PageRequest) -> None:
    await registered.change("options.challenge = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'")
    assert await registered.sign_in(preferred="WEB_AUTHN") == {"error": "NotAuthorizedException"}
    assert not await registered.signed_in()


async def test_a_copied_passkey_is_refused(registered: PageRequest) -> None:
    """Two authenticators with one key: the one with the lower counter is refused."""
    copy = await registered.authenticator.passkey()
    assert (await registered.sign_in(preferred="WEB_AUTHN"))["signedIn"]
    await registered.ask("/sign-out")
    await registered.authenticator("clearCredentials")
    await registered.authenticator("addCredential", credential=copy)
    assert await registered.sign_in(preferred="WEB_AUTHN") == {"error": "NotAuthorizedException"}
    ahead = {**copy, "signCount": 100}
    await registered.authenticator("clearCredentials")
    await registered.authenticator("addCredential", credential=ahead)
    assert (await registered.sign_in(preferred="WEB_AUTHN"))["signedIn"]


async def test_the_site_may_be_below_its_relying_party(visit: MakeVisit) -> None:
    made = await visit(host="www.app.localhost", RelyingPartyId="app.localhost")
    assert len((await made.register())["passkeys"]) == 1
    assert (await made.authenticator.passkey())["rpId"] == "app.localhost"


@pytest.mark.parametrize(
    ("relying_party", "error"),
    [
        ("app.localhost", "WebAuthnOriginNotAllowedException"),
        ("localhost", "WebAuthnRelyingPartyMismatchException"),
    ],
)
async def test_a_passkey_of_another_page_is_refused(visit: MakeVisit, relying_party: str, error: str) -> None:
    """An attacker's page changes the options, so that its own origin may use them."""
    made = await visit(host="evil.localhost", RelyingPartyId=relying_party)
    await made.change("options.rp.id = location.hostname")
    assert await made.register() == {"error": error}


async def test_the_browser_itself_checks_the_relying_party(visit: MakeVisit) -> None:
    made = await visit(host="evil.localhost", RelyingPartyId="app.localhost")
    assert await made.register() == {"error": "SecurityError"}


async def test_a_proof_of_another_page_is_refused(registered: PageRequest, open_page: OpenPage) -> None:
    """The same key, used on an attacker's page: the signature is right, the origin is not."""
    passkey = await registered.authenticator.passkey()
    page = await open_page(registered.url.replace("localhost", "evil.localhost"))
    evil = PageRequest(registered.url, page, await Authenticator.of(page))
    await evil.authenticator("addCredential", credential={**passkey, "rpId": "evil.localhost"})
    assert await evil.sign_in(preferred="WEB_AUTHN") == {"error": "SecurityError"}
    await evil.change("options.rpId = location.hostname")
    assert await evil.sign_in(preferred="WEB_AUTHN") == {"error": "NotAuthorizedException"}
    assert (await registered.sign_in(preferred="WEB_AUTHN"))["signedIn"]
