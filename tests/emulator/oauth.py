"""What the tests of the OAuth endpoints share: an app client at the hosted UI, and codes without pages."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import aiohttp
from attrs import define

from aiocognito.emulator import CognitoEmulator
from aiocognito.emulator.authorization_codes import AuthorizationCode
from aiocognito.emulator.emulated_pool import EmulatedUserPool
from aiocognito.emulator.users import User
from helpers.api import EMAIL, PASSWORD, PHONE, Answered

CALLBACK = "https://app.example/callback"
VERIFIER = "a-verifier-of-fifty-characters.that~is_not_guessed"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ALL = ("openid", "email", "phone", "profile", "aws.cognito.signin.user.admin")
ROTATING = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10}


@define
class App:
    """An app client that talks to the OAuth endpoints."""

    emulator: CognitoEmulator
    pool: EmulatedUserPool
    http: aiohttp.ClientSession

    @property
    def id(self) -> str:
        return self.pool.client_id

    @property
    def credentials(self) -> dict[str, str]:
        """Client authentication in the form; a public client has its name only."""
        secret = self.pool.client_secret
        return {"client_id": self.id, **({"client_secret": secret} if secret else {})}

    @property
    def user(self) -> User:
        found = self.pool.state.users.find("ana")
        assert found is not None
        return found

    def code(self, **changes: Any) -> str:
        """Let ana sign in, as the pages do."""
        now = self.emulator.clock()
        given: dict[str, Any] = {
            "client_id": self.id,
            "sub": self.user.sub,
            "redirect_uri": CALLBACK,
            "scopes": ("openid", "email"),
            "expires": now + 300,
            "auth_time": now - 20,
            "code_challenge": CHALLENGE,
            **changes,
        }
        return self.pool.state.hosted.codes.issue(AuthorizationCode(**given), now)

    def exchange(self, code: str, **changes: str | None) -> dict[str, str]:
        """Write the request that redeems a code."""
        given: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
            **self.credentials,
            **changes,
        }
        return {name: value for name, value in given.items() if value is not None}

    def renewal(self, token: str, **changes: str) -> dict[str, str]:
        """Write the request that redeems a refresh token."""
        return {"grant_type": "refresh_token", "refresh_token": token, **self.credentials, **changes}

    async def post(
        self, path: str, form: Mapping[str, str] | str, /, *, basic: str | None = None, **headers: str
    ) -> Answered:
        """Post a form."""
        sent = {"Content-Type": "application/x-www-form-urlencoded"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if basic is not None:
            sent["Authorization"] = f"Basic {base64.b64encode(basic.encode()).decode()}"
        data = form if isinstance(form, str) else urlencode(form)
        async with self.http.post(f"{self.emulator.url}/oauth2/{path}", data=data, headers=sent) as response:
            return Answered(response.status, response.headers, await response.read())

    async def token(self, form: Mapping[str, str], **more: Any) -> dict[str, Any]:
        """Ask the token endpoint for what must be given."""
        answered = await self.post("token", form, **more)
        assert answered.status == 200, answered.body
        found: dict[str, Any] = answered.json()
        return found

    async def refused(self, form: Mapping[str, str] | str, **more: Any) -> tuple[int, dict[str, str]]:
        """Ask the token endpoint for what must be refused; return status and body."""
        answered = await self.post("token", form, **more)
        assert answered.status >= 400, answered.body
        return answered.status, answered.json()

    async def error(self, form: Mapping[str, str] | str, **more: Any) -> str:
        """Ask for what must be refused with 400 and no description; return the error."""
        status, body = await self.refused(form, **more)
        assert (status, list(body)) == (400, ["error"])
        return body["error"]

    async def sign_in(self, **changes: Any) -> dict[str, Any]:
        """Let ana sign in, and redeem the code."""
        return await self.token(self.exchange(self.code(**changes)))


async def make_app(emulator: CognitoEmulator, http: aiohttp.ClientSession, **client: Any) -> App:
    """Make a pool with a client that has the hosted UI, and ana in it."""
    pool = await emulator.create_user_pool(
        Schema=[{"Name": "team", "AttributeDataType": "String"}],
        client={"CallbackURLs": [CALLBACK], **client},
    )
    attributes = {
        "email": EMAIL,
        "email_verified": "true",
        "phone_number": PHONE,
        "name": "Ana",
        "address": "Main Street 1",
        "custom:team": "blue",
    }
    await pool.add_user("ana", PASSWORD, attributes=attributes)
    return App(emulator, pool, http)
