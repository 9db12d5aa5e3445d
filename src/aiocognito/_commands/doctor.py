"""``aiocognito doctor``: read the configuration as a program would, and list what to change.

It signs no user in. It sends requests that Cognito refuses, and reads the reasons of the refusals.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from difflib import get_close_matches
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from attrs import field, frozen

from .._config import AuthConfig, OAuthConfig
from .._gateways.environment import tls_context
from .._partitions import service_host
from .._urls import shown_url
from ..errors import AuthConfigError
from .failure import CommandError

Verdict: TypeAlias = Literal["right", "wrong", "note"]
Service: TypeAlias = Literal["cognito-idp", "cognito-identity"]
VARIABLES: Final[Mapping[str, str]] = {
    "COGNITO_USER_POOL_ID": "user_pool_id",
    "COGNITO_CLIENT_ID": "user_pool_client_id",
    "COGNITO_CLIENT_SECRET": "user_pool_client_secret",
    "COGNITO_USER_POOL_ENDPOINT": "user_pool_endpoint",
    "COGNITO_JWKS_URI": "jwks_uri",
    "COGNITO_IDENTITY_POOL_ID": "identity_pool_id",
    "COGNITO_IDENTITY_POOL_ENDPOINT": "identity_pool_endpoint",
    "COGNITO_OAUTH_DOMAIN": "oauth.domain",
    "COGNITO_OAUTH_SCOPES": "oauth.scopes",
    "COGNITO_REDIRECT_SIGN_IN": "oauth.redirect_sign_in",
    "COGNITO_REDIRECT_SIGN_OUT": "oauth.redirect_sign_out",
}
# Other programs read these: pycognito its keys.
_OTHERS: Final = frozenset({"COGNITO_JWKS"})
_TIMEOUT: Final = 10.0
_SKEW: Final = 60.0
_FLOWS: Final = ("USER_SRP_AUTH", "USER_PASSWORD_AUTH", "USER_AUTH")


@frozen
class Finding:
    """One line of the report.

    Args:
        verdict: ``right``; ``wrong`` makes the command fail; ``note`` is worth knowing.
        subject: What was looked at.
        text: What was found.
        cure: What to change.
    """

    verdict: Verdict
    subject: str
    text: str
    cure: str | None = None


@frozen
class _Response:
    """A response of one of Cognito's services: the status, the error's code and message, and the body."""

    status: int
    code: str
    message: str
    body: Mapping[str, Any] = field(repr=False)


@frozen
class _Target:
    """One of Cognito's services: its name in requests, in findings, and the variable with its URL."""

    service: str
    subject: str
    variable: str


_TARGETS: Final[Mapping[Service, _Target]] = {
    "cognito-idp": _Target("AWSCognitoIdentityProviderService", "endpoint", "COGNITO_USER_POOL_ENDPOINT"),
    "cognito-identity": _Target(
        "AWSCognitoIdentityService", "identity pool", "COGNITO_IDENTITY_POOL_ENDPOINT"
    ),
}


def read(environ: Mapping[str, str]) -> tuple[AuthConfig | None, list[Finding]]:
    """Read the configuration from environment variables, and check names and forms.

    Args:
        environ: The variables.
    """
    findings = list(_names(environ))
    try:
        config = AuthConfig.from_env(environ)
    except AuthConfigError as error:
        variable = {name: key for key, name in VARIABLES.items()}.get(error.field or "", error.field or "")
        return None, [*findings, Finding("wrong", variable, str(error), f"correct {variable}")]
    given = {variable: environ.get(variable, "").strip() for variable in VARIABLES}
    findings += [
        Finding("right", variable, _shown(variable, value)) for variable, value in given.items() if value
    ]
    if config.user_pool_id is None and config.identity_pool_id is None:
        cure = "set COGNITO_USER_POOL_ID and COGNITO_CLIENT_ID; `aiocognito emulator` prints them"
        findings.append(Finding("wrong", "COGNITO_USER_POOL_ID", "not set", cure))
    if config.user_pool_id is not None and config.user_pool_client_id is None:
        cure = "set it to the id of the user pool's app client"
        findings.append(Finding("wrong", "COGNITO_CLIENT_ID", "not set", cure))
    return config, findings


def _shown(variable: str, value: str) -> str:
    if "SECRET" in variable:
        return "set"
    return shown_url(value) if variable == "COGNITO_JWKS_URI" else value


def _names(environ: Mapping[str, str]) -> Iterator[Finding]:
    for name in sorted(environ):
        if name.startswith("COGNITO_") and name not in VARIABLES and name not in _OTHERS:
            near = get_close_matches(name, VARIABLES, n=1, cutoff=0.6)
            cure = f"did you mean {near[0]}?" if near else f"the variables are {', '.join(VARIABLES)}"
            verdict: Verdict = "wrong" if near and near[0] not in environ else "note"
            yield Finding(verdict, name, "is not read", cure)


async def examine(config: AuthConfig, http: httpx.AsyncClient | None = None) -> AsyncIterator[Finding]:
    """Check a configuration with requests to the services, and yield the findings.

    Args:
        config: The configuration.
        http: Sends the requests; by default one that trusts the certificates, and uses the proxies, that the
            environment names.
    """
    async with AsyncExitStack() as stack:
        if http is None:
            try:
                tls = _tls(config)
            except AuthConfigError as error:
                yield Finding("wrong", error.field or "", str(error), error.recovery_suggestion)
                return
            http = await stack.enter_async_context(httpx.AsyncClient(timeout=_TIMEOUT, verify=tls))
        doctor = _Doctor(config, http)
        for part in (doctor.user_pool, doctor.hosted_ui, doctor.identity_pool):
            try:
                async for finding in part():
                    yield finding
            except _Unreachable as failure:
                yield failure.finding


def _tls(config: AuthConfig) -> ssl.SSLContext:
    """Return the certificates that a program with this configuration trusts.

    Raises:
        AuthConfigError: They cannot be read.
    """
    oauth = config.oauth
    urls = (
        config.service_url("cognito-idp") if config.user_pool_id is not None else "",
        config.service_url("cognito-identity") if config.identity_pool_id is not None else "",
        config.jwks_uri or "",
        oauth.base_url if oauth is not None else "",
    )
    # Plain http needs no certificates, and does not fail without them.
    is_needed = any(url.startswith("https:") for url in urls)
    return tls_context() if is_needed else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class _Unreachable(Exception):
    """A service does not respond.

    Args:
        subject: What was looked at.
        url: The URL of the request.
        error: Why no response came.
        variable: The environment variable with the URL.
    """

    def __init__(self, subject: str, url: str, error: httpx.HTTPError, variable: str) -> None:
        text = f"{shown_url(url)} cannot be reached: {str(error) or type(error).__name__}"
        cure = f"check the network, and {variable}; is the emulator running?"
        self.finding = Finding("wrong", subject, text, cure)


@frozen
class _Doctor:
    """Looks at one configuration."""

    config: AuthConfig
    http: httpx.AsyncClient = field(repr=False)

    # The user pool

    async def user_pool(self) -> AsyncIterator[Finding]:
        """Yield what is found about endpoint, keys, clock, app client, secret and flows."""
        if self.config.user_pool_id is None:
            return
        endpoint, uri = self.config.service_url("cognito-idp"), self.config.jwks_uri
        if uri is not None:
            response = await self._get(uri, "keys", "COGNITO_JWKS_URI")
        else:
            uri = f"{endpoint}/{self.config.user_pool_id}/.well-known/jwks.json"
            response = await self._get(uri, "endpoint", "COGNITO_USER_POOL_ENDPOINT")
            yield Finding("right", "endpoint", f"{endpoint} answers")
        yield self._keys(uri, response)
        yield _clock(_date(response))
        if self.config.user_pool_client_id is not None:
            async for finding in self._client():
                yield finding

    def _keys(self, uri: str, response: httpx.Response) -> Finding:
        try:
            keys = response.json()["keys"] if response.status_code == 200 else None
        except (ValueError, KeyError, TypeError):
            keys = None
        if isinstance(keys, list) and keys:
            return Finding("right", "keys", f"{len(keys)} keys at {shown_url(uri)}")
        cure = "check COGNITO_USER_POOL_ID and its region, or set COGNITO_JWKS_URI if the endpoint is a proxy"
        return Finding(
            "wrong", "keys", f"{shown_url(uri)} answered {response.status_code} without keys", cure
        )

    async def _client(self) -> AsyncIterator[Finding]:
        """Begin sign-ins of a user who does not exist, and yield what their refusals show."""
        responses = {flow: await self._begin(flow) for flow in _FLOWS}
        if self.config.jwks_uri is not None:
            yield Finding("right", "endpoint", f"{self.config.service_url('cognito-idp')} answers")
        problem = self._client_problem(responses[_FLOWS[0]])
        if problem is not None:
            yield problem
            return
        yield Finding("right", "app client", f"{self.config.user_pool_client_id} is there")
        has_secret = self.config.user_pool_client_secret is not None
        yield Finding("right", "client secret", "is right" if has_secret else "the app client has none")
        enabled = [flow for flow, response in responses.items() if not _is_disabled(response)]
        if "USER_SRP_AUTH" in enabled:
            yield Finding("right", "flows", f"enabled: {', '.join(enabled)}")
        else:
            shown = ", ".join(enabled) or "not one of " + ", ".join(_FLOWS)
            cure = (
                "sign_in uses USER_SRP_AUTH by default: add ALLOW_USER_SRP_AUTH to the app client's "
                "ExplicitAuthFlows, or pass auth_flow_type="
            )
            yield Finding("note" if enabled else "wrong", "flows", f"enabled: {shown}", cure)
        refresh = await self._call("cognito-idp", "GetTokensFromRefreshToken", self._refresh_members())
        yield _refresh(refresh)

    async def _begin(self, flow: str) -> _Response:
        name = f"aiocognito-doctor-{secrets.token_hex(8)}"
        parameters = {"USERNAME": name}
        if flow == "USER_SRP_AUTH":
            parameters["SRP_A"] = secrets.token_hex(384)
        secret = self.config.user_pool_client_secret
        if secret is not None:
            parameters["SECRET_HASH"] = self._secret_hash(secret, name)
        # Without PASSWORD, USER_PASSWORD_AUTH reaches no trigger.
        members = {
            "ClientId": self.config.user_pool_client_id,
            "AuthFlow": flow,
            "AuthParameters": parameters,
        }
        return await self._call("cognito-idp", "InitiateAuth", members)

    def _secret_hash(self, secret: str, name: str) -> str:
        message = f"{name}{self.config.user_pool_client_id}".encode()
        return base64.b64encode(hmac.digest(secret.encode(), message, "sha256")).decode()

    def _refresh_members(self) -> dict[str, Any]:
        members: dict[str, Any] = {
            "ClientId": self.config.user_pool_client_id,
            "RefreshToken": "aiocognito-doctor",
        }
        secret = self.config.user_pool_client_secret
        return members if secret is None else {**members, "ClientSecret": secret}

    def _client_problem(self, response: _Response) -> Finding | None:
        if response.code == "ResourceNotFoundException":
            cure = "check COGNITO_CLIENT_ID: the app client must belong to this user pool and region"
            return Finding("wrong", "app client", response.message, cure)
        lower = response.message.lower()
        if "secret_hash was not received" in lower or "secret hash was not received" in lower:
            cure = "set COGNITO_CLIENT_SECRET to the app client's secret"
            return Finding("wrong", "client secret", "the app client has one, and it is not configured", cure)
        if "secret hash" in lower or "not configured for secret" in lower:
            cure = "copy COGNITO_CLIENT_SECRET from the app client again, or unset it if the client has none"
            return Finding("wrong", "client secret", "is not the app client's", cure)
        if response.status >= 500 or (
            response.code in {"TooManyRequestsException", ""} and response.status != 200
        ):
            return Finding(
                "wrong", "app client", f"not checked: {response.status} {response.code}", "try again later"
            )
        return None

    # The hosted UI

    async def hosted_ui(self) -> AsyncIterator[Finding]:
        """Yield what is found about domain, callbacks, scopes and sign-out URLs."""
        oauth = self.config.oauth
        if oauth is None:
            return
        if not oauth.redirect_sign_in:
            cure = "set COGNITO_REDIRECT_SIGN_IN to a callback URL of the app client"
            yield Finding("wrong", "callback", "COGNITO_REDIRECT_SIGN_IN is not set", cure)
        for callback in oauth.redirect_sign_in:
            yield await self._callback(oauth, callback)
        for url in oauth.redirect_sign_out:
            yield await self._sign_out(oauth, url)

    async def _callback(self, oauth: OAuthConfig, callback: str) -> Finding:
        query = {
            "client_id": self.config.user_pool_client_id,
            "response_type": "code",
            "redirect_uri": callback,
            "scope": " ".join(oauth.scopes),
        }
        given_query = urlencode({key: value for key, value in query.items() if value})
        url = f"{oauth.base_url}/oauth2/authorize?{given_query}"
        response = await self._get(url, "hosted UI", "COGNITO_OAUTH_DOMAIN")
        location = response.headers.get("Location", "")
        given = parse_qs(urlsplit(location).query)
        refused = given.get("error_description") or given.get("error")
        if location.startswith(callback) and refused:
            cure = "check COGNITO_OAUTH_SCOPES and the flow `code` in the app client's settings"
            return Finding("wrong", "callback", f"{callback} is registered, but: {refused[0]}", cure)
        if refused or response.status_code >= 400:
            reason = refused[0] if refused else f"{response.status_code}"
            cure = f"add {callback} to the app client's callback URLs, character by character"
            return Finding("wrong", "callback", f"{callback} was refused: {reason}", cure)
        return Finding("right", "callback", f"{callback} is registered")

    async def _sign_out(self, oauth: OAuthConfig, url: str) -> Finding:
        query = urlencode({"client_id": self.config.user_pool_client_id or "", "logout_uri": url})
        response = await self._get(f"{oauth.base_url}/logout?{query}", "hosted UI", "COGNITO_OAUTH_DOMAIN")
        if response.status_code < 400 and response.headers.get("Location", url).startswith(url):
            return Finding("right", "sign-out URL", f"{url} is registered")
        cure = f"add {url} to the app client's sign-out URLs"
        return Finding("wrong", "sign-out URL", f"{url} was refused ({response.status_code})", cure)

    # The identity pool

    async def identity_pool(self) -> AsyncIterator[Finding]:
        """Yield what is found about the identity pool, its provider, and the guests' role."""
        if self.config.identity_pool_id is None:
            return
        logins = {} if self.config.user_pool_id is None else {self._provider(): _unsigned(self._provider())}
        members: dict[str, Any] = {"IdentityPoolId": self.config.identity_pool_id, "Logins": logins}
        response = await self._call("cognito-identity", "GetId", members)
        if response.code in {"ResourceNotFoundException", "ValidationException"}:
            cure = "check COGNITO_IDENTITY_POOL_ID and its region"
            yield Finding("wrong", "identity pool", response.message, cure)
            return
        yield Finding("right", "identity pool", f"{self.config.identity_pool_id} is there")
        if logins:
            yield self._provider_finding(response)
        if self.config.allow_guest_access:
            yield await self._guests()
        yield Finding(
            "note", "roles", "the role of signed-in users is not checked: that needs a signed-in user"
        )

    def _provider(self) -> str:
        return f"{service_host('cognito-idp', self.config.user_pool_region or '')}/{self.config.user_pool_id}"

    def _provider_finding(self, response: _Response) -> Finding:
        lower = response.message.lower()
        if "not from a supported provider" in lower or "does not have identity providers" in lower:
            cure = (
                f"add the user pool and the app client {self.config.user_pool_client_id} to the identity pool"
            )
            return Finding(
                "wrong", "provider", "the identity pool does not accept the user pool's tokens", cure
            )
        return Finding("right", "provider", "the identity pool accepts tokens of the user pool")

    async def _guests(self) -> Finding:
        members = {"IdentityPoolId": self.config.identity_pool_id}
        made = await self._call("cognito-identity", "GetId", members)
        if made.status != 200:
            cure = "allow guest access in the identity pool, or do not allow it in the configuration"
            return Finding("wrong", "guests", made.message, cure)
        wanted = {"IdentityId": made.body.get("IdentityId")}
        response = await self._call("cognito-identity", "GetCredentialsForIdentity", wanted)
        if response.status != 200:
            cure = "set the identity pool's role for guests, and that role's trust policy"
            return Finding("wrong", "guests", response.message, cure)
        return Finding("right", "guests", "get credentials")

    # Requests

    async def _get(self, url: str, subject: str, variable: str) -> httpx.Response:
        try:
            return await self.http.get(url)
        except httpx.HTTPError as error:
            raise _Unreachable(subject, url, error, variable) from error

    async def _call(self, service: Service, operation: str, members: Mapping[str, Any]) -> _Response:
        url, target = self.config.service_url(service), _TARGETS[service]
        headers = {
            "X-Amz-Target": f"{target.service}.{operation}",
            "Content-Type": "application/x-amz-json-1.1",
        }
        try:
            response = await self.http.post(url, content=json.dumps(members), headers=headers)
        except httpx.HTTPError as error:
            raise _Unreachable(target.subject, url, error, target.variable) from error
        try:
            body = response.json()
        except ValueError:
            body = {}
        body = body if isinstance(body, dict) else {}
        code = str(body.get("__type", "")).rpartition("#")[2]
        message = str(body.get("message") or body.get("Message") or "")
        return _Response(response.status_code, code, message, body)


def _is_disabled(response: _Response) -> bool:
    lower = response.message.lower()
    return "not enabled for" in lower or "flow not enabled" in lower or "not supported" in lower


def _refresh(response: _Response) -> Finding:
    if "not enabled" in response.message.lower() or response.code == "UnsupportedOperationException":
        cure = "enable the refresh flow or token rotation of the app client: sessions end with their tokens"
        return Finding("note", "renewal", response.message, cure)
    return Finding("right", "renewal", "the app client renews tokens")


def _clock(theirs: float | None) -> Finding:
    if theirs is None:
        return Finding("note", "clock", "the service did not say its time")
    # The machine's own clock, which signs and judges where nothing replaces it.
    skew = _machine_time() - theirs
    if abs(skew) <= _SKEW:
        return Finding("right", "clock", "agrees with the service's")
    way = "ahead of" if skew > 0 else "behind"
    cure = "set this machine's clock (NTP): Cognito refuses sign-ins, and tokens look expired"
    return Finding("wrong", "clock", f"is {abs(round(skew))} seconds {way} the service's", cure)


def _machine_time() -> float:
    return time.time()


def _date(response: httpx.Response) -> float | None:
    try:
        return parsedate_to_datetime(response.headers["Date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return None


def _unsigned(issuer: str) -> str:
    """Return a token that no service accepts: it has no signature, and has expired."""
    parts = (
        {"alg": "RS256", "kid": "doctor"},
        {"iss": f"https://{issuer}", "sub": "-", "aud": "-", "exp": 1},
    )
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*texts, "AA"])


def written(finding: Finding, width: int) -> list[str]:
    """Return the lines of a finding.

    Args:
        finding: The finding.
        width: The width of the subjects.
    """
    marks = {"right": "ok   ", "wrong": "WRONG", "note": "note "}
    lines = [f"{marks[finding.verdict]} {finding.subject:<{width}}  {_printable(finding.text)}"]
    if finding.cure is not None:
        lines.append(f"{'':5} {'':<{width}}  -> {finding.cure}")
    return lines


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)


def read_file(path: Path) -> AuthConfig:
    """Read ``amplify_outputs.json``.

    Raises:
        CommandError: It cannot be read, or holds no such configuration.
    """
    try:
        return AuthConfig.from_amplify_outputs(path)
    except AuthConfigError as error:
        problem = f"{path}: {error}"
    raise CommandError(problem)


async def report(
    environ: Mapping[str, str], show: Callable[[str, Verdict], None], config: AuthConfig | None = None
) -> int:
    """Print the report on a configuration; return the exit code.

    Args:
        environ: The environment's variables.
        show: Called with each line, and the verdict that it belongs to.
        config: The configuration; by default that of the environment.
    """
    width = max(map(len, VARIABLES))
    wrong = False

    def show_finding(finding: Finding) -> None:
        nonlocal wrong
        wrong = wrong or finding.verdict == "wrong"
        for line in written(finding, width):
            show(line, finding.verdict)

    found = config
    if found is None:
        found, findings = read(environ)
        for finding in findings:
            show_finding(finding)
    if found is not None:
        async for finding in examine(found):
            show_finding(finding)
    show("", "note")
    show(
        "Something is wrong: see above." if wrong else "All of this is right.", "wrong" if wrong else "right"
    )
    return int(wrong)
