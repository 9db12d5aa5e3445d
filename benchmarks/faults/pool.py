"""A user pool as far as tokens go: families of refresh tokens that rotate, are spent and are revoked."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field

from aiocognito.errors import AuthError, NetworkError, service_error

PASSWORD = "Correct-horse-7"
CODE = "123456"
LIFE = 3600


def refusal(operation: str, code: str, message: str = "", status: int = 400) -> AuthError:
    """Make the error that an answer of the service becomes."""
    return service_error(operation, code, message, service_status=status)


def jwt(**claims: Any) -> str:
    """Make a token with a signature that is not one."""
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"eyJhbGciOiJub25lIn0.{payload}.c2ln"


@define
class Family:
    """The refresh tokens of one sign-in."""

    username: str
    name: str
    current: int = 0
    revoked: bool = False


@define
class Refresh:
    """One refresh token of a family."""

    family: Family
    generation: int
    spent_at: float | None = None


@define
class Pool:
    """The service.

    Attributes:
        clock: Its time.
        grace: The grace period of rotating refresh tokens, in seconds; None if they do not rotate.
    """

    clock: Callable[[], float]
    grace: float | None = None
    refresh_tokens: dict[str, Refresh] = field(factory=dict)
    access_tokens: dict[str, tuple[Family, float]] = field(factory=dict)
    handles: dict[str, str] = field(factory=dict)
    passwords: dict[str, str] = field(factory=lambda: {"ana": PASSWORD, "ben": PASSWORD})
    codes: dict[str, str] = field(factory=dict)
    secrets: set[str] = field(factory=lambda: {PASSWORD})
    needs_code: set[str] = field(factory=set)
    later: set[str] = field(factory=set)
    serial: int = 0

    def answer(self, operation: str, sent: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out an operation; raise its errors."""
        found: dict[str, Any] = getattr(self, "_" + operation)(sent)
        return found

    def whose(self, access_token: str) -> str | None:
        """Return the user whom an access token is good for."""
        family, until = self.access_tokens.get(access_token, (None, 0.0))
        return None if family is None or family.revoked or self.clock() >= until else family.username

    def exchange(self, code: str) -> dict[str, Any]:
        """Exchange the code of the hosted UI, once."""
        username = self.codes.pop(code, None)
        if username is None:
            raise NetworkError("the code was used", request_sent=True)
        return self._issue(self._family(username))["AuthenticationResult"]  # type: ignore[no-any-return]

    def _next(self, kind: str) -> str:
        self.serial += 1
        text = f"{kind}-secret-{self.serial:04}-0123456789"
        self.secrets.add(text)
        return text

    def _family(self, username: str) -> Family:
        self.serial += 1
        return Family(username, f"family-{self.serial}")

    def _issue(self, family: Family, *, refresh: bool = True) -> dict[str, Any]:
        now = int(self.clock())
        self.serial += 1
        common = {
            "sub": f"sub-of-{family.username}",
            "iat": now,
            "exp": now + LIFE,
            "jti": self.serial,
            "origin_jti": family.name,
        }
        access = jwt(**common, username=family.username)
        self.access_tokens[access] = (family, now + LIFE)
        self.secrets.add(access)
        result: dict[str, Any] = {"AccessToken": access, "ExpiresIn": LIFE}
        result["IdToken"] = jwt(**common, **{"cognito:username": family.username})
        self.secrets.add(result["IdToken"])
        if refresh:
            family.current += 1
            token = self._next("refresh")
            self.refresh_tokens[token] = Refresh(family, family.current)
            result["RefreshToken"] = token
        return {"AuthenticationResult": result, "ChallengeParameters": {}}

    def _challenge(self, username: str) -> dict[str, Any]:
        handle = self._next("handle")
        self.handles[handle] = username
        return {"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": handle, "ChallengeParameters": {}}

    # Operations, by their names

    def _InitiateAuth(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        given = sent["AuthParameters"]
        username = given["USERNAME"]
        if self.passwords.get(username) != given["PASSWORD"]:
            raise refusal("InitiateAuth", "NotAuthorizedException", "Incorrect username or password.")
        if username in self.needs_code:
            return self._challenge(username)
        if username in self.later:
            self.needs_code.add(username)
        return self._issue(self._family(username))

    def _RespondToAuthChallenge(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        username = self.handles.pop(sent["Session"], None)
        if username is None:
            text = "Invalid session for the user, session is expired."
            raise refusal("RespondToAuthChallenge", "NotAuthorizedException", text)
        if f"{username} twice" in self.needs_code:
            self.needs_code.discard(f"{username} twice")
            return self._challenge(username)
        return self._issue(self._family(username))

    def _GetTokensFromRefreshToken(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        operation, token = "GetTokensFromRefreshToken", self.refresh_tokens.get(sent["RefreshToken"])
        if token is None:
            raise refusal(operation, "NotAuthorizedException", "Invalid Refresh Token")
        family, now = token.family, self.clock()
        if family.revoked:
            text = "Refresh Token has been revoked" if self.grace is None else ""
            raise refusal(operation, "NotAuthorizedException", text)
        if self.grace is None:
            return self._issue(family, refresh=False)
        if token.generation != family.current:
            again = token.spent_at is not None and now < token.spent_at + self.grace
            if not again or token.generation != family.current - 1:
                raise refusal(operation, "RefreshTokenReuseException", "Refresh token reuse detected")
            family.current -= 1  # The first child is displaced by its sibling.
            for name, child in list(self.refresh_tokens.items()):
                if child.family is family and child.generation == token.generation + 1:
                    self.refresh_tokens[name] = Refresh(family, -1)
        elif token.spent_at is None:
            token.spent_at = now
        return self._issue(family)

    def _RevokeToken(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        token = self.refresh_tokens.get(sent["Token"])
        if token is not None:
            token.family.revoked = True
        return {}

    def _ChangePassword(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        self._GetUser(sent)
        return {}

    def _GetUser(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        family, until = self.access_tokens[sent["AccessToken"]]
        if family.revoked:
            raise refusal("GetUser", "NotAuthorizedException", "Access Token has been revoked")
        if self.clock() >= until:
            raise refusal("GetUser", "NotAuthorizedException", "Access Token has expired")
        attributes = [{"Name": "sub", "Value": f"sub-of-{family.username}"}]
        return {"Username": family.username, "UserAttributes": attributes}

    def _SignUp(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        self.passwords[sent["Username"]] = sent["Password"]
        return {"UserConfirmed": False, "UserSub": f"sub-of-{sent['Username']}"}

    def _ConfirmSignUp(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        return {}
