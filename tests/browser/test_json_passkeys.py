"""Chromium registers a passkey and signs in with it over the JSON routes of a FastAPI application."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from attrs import evolve
from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from aiocognito import MemoryStorage
from aiocognito.emulator import CognitoEmulator
from aiocognito.integrations.fastapi import CognitoAuth

from .test_passkeys import CLIENT, PASSWORD, POLICIES, Authenticator

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-passkeys")]

PAGE = """<!doctype html>
<meta charset="utf-8">
<title>Passkeys</title>
<script>
async function ask(method, path, body) {
  const headers = body === undefined ? {} : { 'Content-Type': 'application/json' };
  const response = await fetch('/auth' + path, { method, headers, body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

async function register() {
  const begun = await ask('POST', '/start-web-authn-registration');
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(begun.body);
  const credential = (await navigator.credentials.create({ publicKey })).toJSON();
  return ask('POST', '/complete-web-authn-registration', { credential });
}

let proof;  // The last one, to be sent again.

async function signIn(username, asText) {
  const options = { authFlowType: 'USER_AUTH', preferredChallenge: 'WEB_AUTHN' };
  const { nextStep } = (await ask('POST', '/sign-in', { username, options })).body;
  if (nextStep.signInStep !== 'CONFIRM_SIGN_IN_WITH_WEB_AUTHN') return nextStep;
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(nextStep.credentialRequestOptions);
  proof = (await navigator.credentials.get({ publicKey })).toJSON();
  return confirm(asText ? JSON.stringify(proof) : proof);
}

const confirm = (challengeResponse) => ask('POST', '/confirm-sign-in', { challengeResponse });
</script>
"""


@pytest.fixture
async def url(emulator: CognitoEmulator) -> AsyncIterator[str]:
    """Serve an application with the JSON routes, on a port of its own."""
    pool = await emulator.create_user_pool(
        Policies=POLICIES, WebAuthnConfiguration={"RelyingPartyId": "localhost"}, client=CLIENT
    )
    await pool.add_user("ana", PASSWORD)
    cognito = CognitoAuth(evolve(pool.config, clock=emulator.clock), storage=MemoryStorage())
    app = FastAPI(lifespan=cognito.lifespan, openapi_url=None)
    cognito.install(app)
    app.include_router(cognito.json_router(), prefix="/auth")

    @app.get("/", response_class=HTMLResponse)
    async def page() -> str:
        return PAGE

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        yield f"http://localhost:{listening.getsockname()[1]}/"
        server.should_exit = True
        await serving


async def test_a_passkey_is_registered_and_signs_in(url: str, open_page: Any) -> None:
    page = await open_page(url)
    authenticator = await Authenticator.of(page)

    async def ask(method: str, path: str, body: Any = None) -> tuple[int, Any]:
        script = "([method, path, body]) => ask(method, path, body ?? undefined)"
        answer = await page.evaluate(script, [method, path, body])
        return answer["status"], answer["body"]

    # A visitor cannot register a passkey.
    status, refused = await ask("POST", "/start-web-authn-registration")
    assert (status, refused["name"]) == (401, "UserUnAuthenticatedException")

    status, signed_in = await ask("POST", "/sign-in", {"username": "ana", "password": PASSWORD})
    assert (status, signed_in["isSignedIn"]) == (200, True)
    assert (await page.evaluate("register()"))["status"] == 200
    passkey = await authenticator.passkey()
    assert passkey["rpId"] == "localhost"
    status, listed = await ask("GET", "/web-authn-credentials")
    assert (status, [each["relyingPartyId"] for each in listed["credentials"]]) == (200, ["localhost"])

    for as_text in (False, True):
        assert (await ask("POST", "/sign-out", {}))[0] == 200
        assert (await ask("GET", "/session"))[0] == 401
        signed_in = await page.evaluate("(asText) => signIn('ana', asText)", as_text)
        assert (signed_in["status"], signed_in["body"]["isSignedIn"]) == (200, True), signed_in
        status, session = await ask("GET", "/session")
        assert (status, session["user"]["username"]) == (200, "ana")
    assert (await authenticator.passkey())["signCount"] == passkey["signCount"] + 2

    # A proof answers one sign-in.
    assert (await ask("POST", "/sign-out", {}))[0] == 200
    options = {"authFlowType": "USER_AUTH", "preferredChallenge": "WEB_AUTHN"}
    assert (await ask("POST", "/sign-in", {"username": "ana", "options": options}))[0] == 200
    replayed = await page.evaluate("confirm(proof)")
    assert 400 <= replayed["status"] < 500
    assert (await ask("GET", "/session"))[0] == 401
