"""Authorization requests: the parameters of a browser's first request, checked against the app client."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import parse_qsl, urlencode

from attrs import evolve, field, frozen

from ..clients import AppClient
from ..errors import ApiError
from ..hosted_ui_state import LOCAL
from ..pool import UserPool
from ..state import EmulatorState

_MAX_FIELDS: Final = 100
_PROMPTS: Final = frozenset({"none", "login", "select_account", "consent"})
_FLOWS: Final = {"code": "code", "token": "implicit"}
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_LANG: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_KNOWN: Final = frozenset(
    {
        "response_type",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "identity_provider",
        "idp_identifier",
        "login_hint",
        "lang",
        "prompt",
        "resource",
    }
)


class Redirect(Exception):
    """Redirect the browser with an error: back to its app, or to the error page.

    Args:
        location: The URL.
        error: The error code in it.
        why: The reason for the request log.
    """

    def __init__(self, location: str, error: str, why: str | None = None):
        super().__init__(error)
        self.why = why
        self.location = location
        self.error = error


class BadRequest(Exception):
    """The browser cannot be redirected, because its app client is unknown: a page shows the error.

    Args:
        text: The message of the page.
    """

    def __init__(self, text: str):
        super().__init__(text)
        self.text = text


@frozen
class AuthorizationRequest:
    """An authorization request (RFC 6749, 4.1.1; RFC 7636, 4.3; OpenID Connect Core, 3.1.2.1).

    Args:
        pool: The user pool.
        client: The app client.
        query: The unparsed query, which the links of all pages repeat.
        redirect_uri: The callback URL.
        response_type: ``code`` or ``token``.
        scopes: The requested scopes.
        state: Returned to the app.
        nonce: Returned in the ID token.
        code_challenge: The PKCE challenge; the method is S256.
        prompt: ``prompt``: whether a user who is signed in has to sign in again.
        login_hint: The username that the form begins with.
        lang: The language of the page.
        provider: The identity provider, ``COGNITO`` for the pool itself; ``None`` if the user chooses.
    """

    pool: UserPool
    client: AppClient
    query: str = field(repr=False)
    redirect_uri: str
    response_type: str
    scopes: tuple[str, ...] = ()
    state: str | None = field(default=None, repr=False)
    nonce: str | None = field(default=None, repr=False)
    code_challenge: str | None = field(default=None, repr=False)
    prompt: frozenset[str] = frozenset()
    login_hint: str | None = field(default=None, repr=False)
    lang: str | None = None
    provider: str | None = None

    def callback_with(self, answer: Iterable[tuple[str, str | None]]) -> str:
        """Return the callback URL with an answer, which the implicit flow has in the fragment."""
        given = urlencode([(name, value) for name, value in answer if value is not None])
        if self.response_type == "token":
            return f"{self.redirect_uri}#{given}"
        return f"{self.redirect_uri}{'&' if '?' in self.redirect_uri else '?'}{given}"

    def refused(self, error: str, description: str | None = None) -> Redirect:
        """Return the redirect to the app with an error."""
        answer = (("error_description", description), ("state", self.state), ("error", error))
        return Redirect(self.callback_with(answer), error, description)


def parse(text: str) -> list[tuple[str, str]]:
    """Parse a query or a form.

    Raises:
        BadRequest: It is malformed.
    """
    try:
        text.encode()
        return parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise BadRequest("The request cannot be read.") from None


def read(state: EmulatorState, query: str) -> AuthorizationRequest:
    """Parse an authorization request, and check it against its client.

    Args:
        state: The emulator's state, with the client.
        query: The query of the URL.

    Raises:
        BadRequest: The client or the redirect URI is missing.
        Redirect: Another parameter is wrong.
    """
    pairs = parse(query)
    given = {name: value for name, value in pairs if value}
    twice = _twice(pairs)
    pool, client = client_of(state, given, twice)
    redirect_uri = given.get("redirect_uri")
    if redirect_uri is None:
        raise missing("redirect_uri")
    if "redirect_uri" in twice or redirect_uri not in client.settings.get("CallbackURLs", ()):
        why = f"redirect_uri {redirect_uri} is not among the app client's CallbackURLs (--callback-url)"
        raise mismatch(client.id, why)
    kind = given.get("response_type", "")
    returned = None if "state" in twice else given.get("state")
    bare = AuthorizationRequest(pool, client, query, redirect_uri, kind, state=returned)
    if twice or kind not in _FLOWS:
        raise bare.refused("invalid_request")
    if not client.grants(_FLOWS[kind]):
        raise bare.refused("invalid_request", "unauthorized_client")
    return evolve(
        bare,
        scopes=_scopes(bare, given.get("scope")),
        nonce=given.get("nonce"),
        code_challenge=_challenge(bare, given),
        prompt=_prompt(bare, given.get("prompt")),
        login_hint=given.get("login_hint"),
        lang=_lang(given.get("lang")),
        provider=_provider(bare, given),
    )


def client_of(
    state: EmulatorState, given: Mapping[str, str], twice: Sequence[str] = ()
) -> tuple[UserPool, AppClient]:
    """Return the client that a request names, and its user pool.

    Raises:
        BadRequest: The request does not name a client.
        Redirect: The client does not exist.
    """
    client_id = given.get("client_id")
    if client_id is None:
        raise missing("client_id")
    try:
        pool, client = state.client(client_id)
    except ApiError:
        raise mismatch(client_id, f"the app client {client_id!r} does not exist") from None
    if "client_id" in twice:
        raise mismatch(client_id)
    return pool, client


def missing(name: str) -> BadRequest:
    """Return the error for a missing parameter."""
    return BadRequest(f"Required String parameter '{name}' is not present")


# Recorded (The hosted UI's refusals): redirect_mismatch on the error page.
def mismatch(client_id: str, why: str | None = None) -> Redirect:
    """Return the redirect to the error page, for an unknown client or a callback that is not the client's."""
    error = "redirect_mismatch"
    return Redirect(f"/error?{urlencode({'error': error, 'client_id': client_id})}", error, why)


def provider_of(pool: UserPool, name: str | None, identifier: str | None) -> str | None:
    """Return the provider that a request asks for by name or by identifier."""
    if name is None and identifier is not None:
        return next(
            (
                key
                for key, provider in pool.providers.items()
                if identifier in provider.get("IdpIdentifiers", ())
            ),
            identifier,
        )
    return name


def supported(client: AppClient) -> tuple[str, ...]:
    """Return the names of a client's identity providers; by default the user pool itself."""
    return tuple(client.settings.get("SupportedIdentityProviders") or (LOCAL,))


def _twice(pairs: Sequence[tuple[str, str]]) -> list[str]:
    # RFC 6749, 3.1: parameters must not be repeated.
    names = [name for name, _ in pairs]
    return [name for name in _KNOWN if names.count(name) > 1]


def _scopes(request: AuthorizationRequest, text: str | None) -> tuple[str, ...]:
    allowed = request.client.scopes
    wanted = allowed if text is None else tuple(dict.fromkeys(text.split()))
    # Without the parameter, all scopes are requested; a parameter of blanks is an invalid scope.
    if not wanted or not set(wanted) <= set(allowed):
        raise request.refused("invalid_request", "invalid_scope")
    return wanted


def _challenge(request: AuthorizationRequest, given: Mapping[str, str]) -> str | None:
    challenge, method = given.get("code_challenge"), given.get("code_challenge_method")
    if challenge is None and method is None:
        return None
    if challenge is None or method != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise request.refused("invalid_request")
    return challenge


def _prompt(request: AuthorizationRequest, text: str | None) -> frozenset[str]:
    wanted = frozenset((text or "").split())
    if not wanted <= _PROMPTS or ("none" in wanted and len(wanted) > 1):
        raise request.refused("invalid_request")
    return wanted


def _lang(text: str | None) -> str | None:
    return text if text and _LANG.fullmatch(text) else None


def _provider(request: AuthorizationRequest, given: Mapping[str, str]) -> str | None:
    name = provider_of(request.pool, given.get("identity_provider"), given.get("idp_identifier"))
    if name is None:
        return None
    known = name == LOCAL or name in request.pool.providers
    if not known or name not in supported(request.client):
        raise request.refused("invalid_request", "unsupported_identity_provider")
    return name
