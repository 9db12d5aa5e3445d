"""The page at ``/``: the state of an emulator, for the developer of an app."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from .clients import AppClient
from .hosted_ui import urls
from .html import Html, document, element, join, table
from .identity_pool import Identity, IdentityPool
from .identity_pools import providers
from .pool import UserPool
from .state import EmulatorState

_MESSAGES: Final = 50


def render(state: EmulatorState) -> str:
    """Return the page: user pools, identity pools, and the messages that were sent, the newest first."""
    now = datetime.fromtimestamp(state.clock(), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    region = element("code", state.region)
    pools = [_pool(pool, state.url) for pool in state.pools.values()]
    return document(
        "Cognito, emulated",
        element("p", "Region ", region, f"; emulated time {now}. Reload the page to see changes."),
        *(pools or [element("p", "No user pool exists yet.")]),
        *map(_identity_pool, state.identity_pools.values()),
        element("h2", "Outbox"),
        _outbox(state),
        owner="aiocognito",
        wide=True,
    )


def _outbox(state: EmulatorState) -> Html:
    messages = list(state.outbox.messages)[-_MESSAGES:][::-1]
    return table(
        "Outbox",
        # The code is near the front: it is what is looked for, also on a narrow screen.
        ("to", "code", "purpose", "user", "user pool"),
        ((each.to, each.code, each.purpose, each.username, each.user_pool_id) for each in messages),
        empty="Nothing was sent yet.",
    )


def _pool(pool: UserPool, base: str) -> Html:
    name = str(pool.settings.get("Name") or pool.id)
    return join(
        element("h2", "User pool ", element("code", pool.id), f" {name}"),
        element("h3", "App clients"),
        table(
            f"App clients of {pool.id}",
            ("app client", "name", "has a secret", "hosted UI"),
            (_client(client, base) for client in pool.clients.values()),
            empty="The user pool has no app client yet.",
        ),
        element("h3", "Users"),
        table(
            f"Users of {pool.id}",
            ("user", "sub", "status", "address", "second factors"),
            _users(pool),
            empty="The user pool has no users yet.",
        ),
    )


def _client(client: AppClient, base: str) -> tuple[str | None, ...]:
    url = urls.sign_in(base, client)
    return (
        client.id,
        str(client.settings.get("ClientName", "")),
        "yes" if client.secrets else "no",
        None if url is None else element("a", "sign in", href=url),
    )


def _users(pool: UserPool) -> Iterator[tuple[str, ...]]:
    for user in pool.users:
        yield (
            user.username,
            user.sub,
            user.status if user.enabled else f"{user.status}, disabled",
            user.attributes.get("email") or user.attributes.get("phone_number") or "",
            ", ".join(user.listed_factors()),
        )


def _identity_pool(pool: IdentityPool) -> Html:
    guests = "; guests are allowed" if pool.allows_guests else ""
    roles = [(kind, "", role) for kind, role in pool.roles.items()]
    roles += [("mapping", name, mapping["Type"]) for name, mapping in pool.mappings.items()]
    return join(
        element(
            "h2", "Identity pool ", element("code", pool.id), f" {pool.settings['IdentityPoolName']}{guests}"
        ),
        element("h3", "Providers"),
        table(
            f"Providers of {pool.id}",
            ("provider",),
            ((name,) for name in sorted(providers.names(pool))),
            empty="The identity pool has no provider yet.",
        ),
        element("h3", "Roles"),
        table(
            f"Roles of {pool.id}",
            ("kind", "provider", "role or mapping"),
            roles,
            empty="The identity pool has no role yet, so it returns no credentials.",
        ),
        element("h3", "Identities"),
        table(
            f"Identities of {pool.id}",
            ("identity", "status", "logins"),
            ((found.id, _status(found), _logins(found)) for found in pool.identities.values()),
            empty="The identity pool has no identities yet.",
        ),
    )


def _status(identity: Identity) -> str:
    if identity.successor is not None:
        return f"merged into {identity.successor}"
    return "authenticated" if identity.linked else "guest"


def _logins(identity: Identity) -> str:
    return ", ".join(f"{provider}: {subject}" for provider, subject in identity.login_keys())
