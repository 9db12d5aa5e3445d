"""A site whose users sign in with passkeys: aiocognito on the server, WebAuthn in the page's JavaScript."""

from __future__ import annotations

import json
import secrets
from typing import Any

from aiohttp import web

from aiocognito import AuthClient, AuthError, SessionManager, steps

CLIENT = web.RequestKey("client", AuthClient)
COOKIE = "session"
PAGE = """<!doctype html>
<meta charset="utf-8">
<title>Passkeys</title>
<script>
async function ask(path, body = {}) {
  const response = await fetch(path, { method: 'POST', body: JSON.stringify(body) });
  return response.json();
}

// How the options are changed before they reach the authenticator: what an attacker's page would do.
let change = (options) => options;

async function create(options) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(change(options));
  return (await navigator.credentials.create({ publicKey })).toJSON();
}

async function get(options) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(change(options));
  return (await navigator.credentials.get({ publicKey })).toJSON();
}

// Errors of the browser come back by name, as the server's do.
async function named(work) {
  try {
    return await work();
  } catch (error) {
    return { error: error.name };
  }
}

const register = () => named(async () => {
  const options = await ask('/passkeys/begin');
  return options.error ? options : ask('/passkeys/end', await create(options));
});

const signIn = (username, choose = {}) => named(async () => {
  let answer = await ask('/sign-in', { username, ...choose });
  if (answer.step === 'CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION') {
    answer = await ask('/confirm', 'WEB_AUTHN');
  }
  return answer.options ? ask('/confirm', await get(answer.options)) : answer;
});
</script>
"""


class Site:
    """A site with a user pool and sessions in memory."""

    def __init__(self, sessions: SessionManager) -> None:
        self.sessions = sessions

    def app(self) -> web.Application:
        """Create the web application."""
        app = web.Application(middlewares=[self._by_name])
        app.add_routes(
            [
                web.get("/", self.page),
                web.post("/password", self.password),
                web.post("/passkeys/begin", self.begin),
                web.post("/passkeys/end", self.end),
                web.post("/sign-in", self.sign_in),
                web.post("/confirm", self.confirm),
                web.post("/sign-out", self.sign_out),
                web.post("/me", self.me),
            ]
        )
        app.on_cleanup.append(self._close)
        return app

    async def _close(self, app: web.Application) -> None:
        await self.sessions.aclose()

    @web.middleware
    async def _by_name(self, request: web.Request, handler: Any) -> web.StreamResponse:
        try:
            response: web.StreamResponse = await handler(request)
        except AuthError as error:
            response = web.json_response({"error": error.name})
        client = request.get(CLIENT)
        if client is not None and client.session_key != request.cookies[COOKIE]:
            response.set_cookie(COOKIE, client.session_key, httponly=True, samesite="Strict")
        return response

    def _client(self, request: web.Request) -> AuthClient:
        client = request[CLIENT] = self.sessions.client(request.cookies[COOKIE])
        return client

    async def page(self, request: web.Request) -> web.Response:
        """Return the page. A browser without a session gets one."""
        response = web.Response(text=PAGE, content_type="text/html")
        response.set_cookie(COOKIE, secrets.token_urlsafe(), httponly=True, samesite="Strict")
        return response

    async def password(self, request: web.Request) -> web.Response:
        """Sign in with a password."""
        given = await request.json()
        result = await self._client(request).sign_in(given["username"], given["password"])
        return web.json_response({"signedIn": result.is_signed_in})

    async def begin(self, request: web.Request) -> web.Response:
        """Return the options for a new passkey."""
        return web.json_response(await self._client(request).start_web_authn_registration())

    async def end(self, request: web.Request) -> web.Response:
        """Register the new passkey."""
        client = self._client(request)
        await client.complete_web_authn_registration(await request.json())
        listed = await client.list_web_authn_credentials()
        return web.json_response({"passkeys": [passkey.credential_id for passkey in listed]})

    async def sign_in(self, request: web.Request) -> web.Response:
        """Begin to sign in without a password."""
        given = await request.json()
        result = await self._client(request).sign_in(
            given["username"], auth_flow_type="USER_AUTH", preferred_challenge=given.get("preferred")
        )
        return web.json_response(_answer(result))

    async def confirm(self, request: web.Request) -> web.Response:
        """Confirm the step with a choice or with the browser's credential."""
        given = json.loads(await request.text())
        answer = given if isinstance(given, str) else json.dumps(given)
        return web.json_response(_answer(await self._client(request).confirm_sign_in(answer)))

    async def sign_out(self, request: web.Request) -> web.Response:
        """Sign out."""
        await self._client(request).sign_out()
        return web.json_response({})

    async def me(self, request: web.Request) -> web.Response:
        """Return the name of the signed-in user."""
        user = await self._client(request).get_current_user()
        return web.json_response({"username": user.username})


def _answer(result: Any) -> dict[str, Any]:
    step = result.next_step
    answer = {"signedIn": result.is_signed_in, "step": step.step}
    if isinstance(step, steps.ConfirmSignInWithWebAuthn):
        answer["options"] = dict(step.credential_request_options)
    return answer
