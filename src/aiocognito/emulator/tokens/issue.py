"""Issuing tokens: the claims of ID and access tokens, and opaque refresh tokens."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from anyio import to_thread

from .. import base64url, identities, schema
from ..signing_keys import KeyPair, SigningKey
from ..token_store import Grant, RefreshToken
from . import generation, scopes

if TYPE_CHECKING:
    from ..clients import AppClient
    from ..pool import UserPool
    from ..state import EmulatorState
    from ..users import User

_REFRESH_HEADER: Final = {"cty": "JWT", "enc": "A256GCM", "alg": "RSA-OAEP"}
_REFRESH_PARTS: Final = (256, 12, 900, 16)


async def sign_in(
    state: EmulatorState,
    pool: UserPool,
    client: AppClient,
    user: User,
    *,
    device_key: str | None = None,
    source: str = "Authentication",
    metadata: Mapping[str, str] | None = None,
    event_id: str | None = None,
) -> dict[str, Any]:
    """Complete a sign-in: AuthenticationResult with all three tokens.

    Args:
        state: The emulator's state.
        pool: The user pool.
        client: The app client.
        user: The user.
        device_key: The device of the sign-in.
        source: The trigger source of PreTokenGeneration.
        metadata: ``ClientMetadata`` for PreTokenGeneration.
        event_id: The event of the sign-in; a new one by default.
    """
    now = state.clock()
    event_id = event_id or state.random.uuid()
    grant = Grant(event_id, state.random.uuid(), user.sub, client.id, now, device_key=device_key)
    return await begin(state, pool, client, user, grant, source=source, metadata=metadata)


async def begin(
    state: EmulatorState,
    pool: UserPool,
    client: AppClient,
    user: User,
    grant: Grant,
    *,
    source: str,
    metadata: Mapping[str, str] | None = None,
    nonce: str | None = None,
    refreshable: bool = True,
) -> dict[str, Any]:
    """Issue the first tokens of a sign-in: AuthenticationResult.

    Args:
        state: The emulator's state.
        pool: The user pool.
        client: The app client.
        user: The user.
        grant: The sign-in.
        source: The trigger source of PreTokenGeneration.
        metadata: ``ClientMetadata`` for PreTokenGeneration.
        nonce: The nonce of the ID token. After a refresh it is absent (OpenID Connect Core, 12.2).
        refreshable: Whether to issue a refresh token.
    """
    pool.tokens.open(grant)
    expires = state.clock() + client.life("RefreshToken")
    result = await tokens(state, pool, client, user, grant, source=source, metadata=metadata, nonce=nonce)
    if refreshable:
        result["RefreshToken"] = refresh_token(pool, RefreshToken(grant.event_id, expires))
        if pool.tracks_sessions:
            _track(state, pool, grant)
    return result


# Documented (User sessions): the least recently used one goes at the next sign-in.
def _track(state: EmulatorState, pool: UserPool, grant: Grant) -> None:
    grant.is_tracked = True
    others = [each for each in pool.tokens.tracked(grant.sub, now=state.clock()) if each is not grant]
    for each in others[pool.session_configuration["TokenSession"]["MaxPerUser"] - 1 :]:
        pool.tokens.revoke(each.event_id)


async def tokens(
    state: EmulatorState,
    pool: UserPool,
    client: AppClient,
    user: User,
    grant: Grant,
    *,
    source: str = "RefreshTokens",
    metadata: Mapping[str, str] | None = None,
    nonce: str | None = None,
) -> dict[str, Any]:
    """Issue a fresh ID and access token of a sign-in: AuthenticationResult without a refresh token."""
    access, identity = claims(state, pool, client, user, grant)
    await generation.customise(pool, client, user, access, identity, source=source, metadata=metadata or {})
    if nonce is not None:
        identity["nonce"] = nonce
    keys = await state.keys.of(pool.id)
    result = await to_thread.run_sync(_sign_both, keys, access, identity, grant.hosted)
    pool.tokens.add_genuine(result["AccessToken"])
    if grant.hosted and scopes.OPENID not in grant.scopes:
        del result["IdToken"]
    return {**result, "ExpiresIn": int(client.life("AccessToken")), "TokenType": "Bearer"}


def claims(
    state: EmulatorState, pool: UserPool, client: AppClient, user: User, grant: Grant
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the claims of an access token and of an ID token of a sign-in."""
    common = _common(state, pool, client, grant)
    access = {**_access(pool, client, user, grant), **common, "jti": state.random.uuid()}
    identity = {**_identity(pool, client, user, grant), **common, "jti": state.random.uuid()}
    access["exp"] = access["iat"] + int(client.life("AccessToken"))
    identity["exp"] = identity["iat"] + int(client.life("IdToken"))
    if not client.revokes and not client.rotates:
        del access["jti"], identity["jti"]
    # Recorded (Rotation): without revocation, the access token of the sign-in itself lacks it.
    if not client.revokes and grant.current is None:
        access.pop("origin_jti", None)
    return access, identity


async def machine(
    state: EmulatorState,
    pool: UserPool,
    client: AppClient,
    granted: Sequence[str],
    *,
    metadata: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Issue an access token for an app client itself (RFC 6749, 4.4): AuthenticationResult with that alone.

    Args:
        state: The emulator's state.
        pool: The user pool.
        client: The app client.
        granted: Its scopes.
        metadata: ``aws_client_metadata``, for the trigger.
    """
    now = int(state.clock())
    life = int(client.life("AccessToken"))
    access = {
        "sub": client.id,
        "token_use": "access",
        "scope": " ".join(granted),
        "auth_time": now,
        "iss": state.issuer(pool),
        "exp": now + life,
        "iat": now,
        "version": 2,
        "jti": state.random.uuid(),
        "client_id": client.id,
    }
    await generation.customise_machine(pool, client, access, metadata=metadata or {})
    keys = await state.keys.of(pool.id)
    token = await to_thread.run_sync(sign, keys.access, access)
    pool.tokens.add_genuine(token)
    return {"AccessToken": token, "ExpiresIn": life, "TokenType": "Bearer"}


def refresh_token(pool: UserPool, token: RefreshToken) -> str:
    """Return an opaque refresh token: the outer form of Cognito's JWE, random within."""
    parts = [json.dumps(_REFRESH_HEADER, separators=(",", ":")).encode()]
    parts += [secrets.token_bytes(length) for length in _REFRESH_PARTS]
    text = ".".join(map(base64url.encode, parts))
    pool.tokens.add_refresh(text, token)
    return text


# Recorded (Tokens): the claims of both tokens.
def _common(state: EmulatorState, pool: UserPool, client: AppClient, grant: Grant) -> dict[str, Any]:
    claims = {
        "sub": grant.sub,
        "iss": state.issuer(pool),
        "event_id": grant.event_id,
        "auth_time": int(grant.auth_time),
        "iat": int(state.clock()),
    }
    if client.revokes or client.rotates:
        claims["origin_jti"] = grant.origin_jti
    return claims


def _access(pool: UserPool, client: AppClient, user: User, grant: Grant) -> dict[str, Any]:
    claims: dict[str, Any] = {
        "token_use": "access",
        "client_id": client.id,
        "username": user.username,
        "scope": " ".join(grant.scopes),
    }
    if grant.device_key is not None:
        claims["device_key"] = grant.device_key
    if grant.hosted:
        claims["version"] = 2
    return {**claims, **_groups(pool, user, roles=False)}


def _identity(pool: UserPool, client: AppClient, user: User, grant: Grant) -> dict[str, Any]:
    claims: dict[str, Any] = {"token_use": "id", "aud": client.id, "cognito:username": user.username}
    shown = scopes.readable(client, user, grant.scopes if grant.hosted else ())
    claims.update({name: schema.claim(name, value) for name, value in shown.items()})
    if identities.ATTRIBUTE in shown:
        claims[identities.ATTRIBUTE] = identities.claim(user)
    return {**claims, **_groups(pool, user, roles=True)}


def _groups(pool: UserPool, user: User, *, roles: bool) -> dict[str, Any]:
    groups = pool.groups_of(user)
    if not groups:
        return {}
    claims: dict[str, Any] = {"cognito:groups": [group.name for group in groups]}
    arns = [group.role_arn for group in groups if group.role_arn]
    if not roles or not arns:
        return claims
    claims["cognito:roles"] = arns
    # Recorded (Groups): the lowest precedence of the groups that have a role. Two different roles of equal
    # precedence, or groups without precedence: none is preferred.
    with_role = [group for group in groups if group.role_arn and group.precedence is not None]
    best = {group.role_arn for group in with_role if group.precedence == with_role[0].precedence}
    if len(best) == 1:
        claims["cognito:preferred_role"] = best.pop()
    return claims


def _sign_both(
    keys: KeyPair, access: Mapping[str, Any], identity: Mapping[str, Any], hosted: bool
) -> dict[str, Any]:
    token = sign(keys.access, access)
    if hosted:
        # The left half of the access token's hash (OpenID Connect Core, 3.1.3.6).
        digest = hashlib.sha256(token.encode()).digest()
        # Recorded (ID tokens of the hosted UI): at_hash in each ID token.
        identity = {"at_hash": base64url.encode(digest[:16]), **identity}
    return {"AccessToken": token, "IdToken": sign(keys.id, identity)}


def sign(key: SigningKey, claims: Mapping[str, Any]) -> str:
    """Return a JWS (RFC 7515) with Cognito's header: key id and algorithm, nothing else."""
    header = _json({"kid": key.kid, "alg": "RS256"})
    message = f"{base64url.encode(header)}.{base64url.encode(_json(claims))}"
    return f"{message}.{base64url.encode(key.sign(message.encode()))}"


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
