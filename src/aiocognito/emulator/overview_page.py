"""The page at ``/``: what an emulator holds, for the person who develops against it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Final

from attrs import frozen

from .hosted_ui import urls
from .identity_pool import Identity, IdentityPool
from .identity_pools import providers
from .pool import UserPool
from .state import EmulatorState

_MESSAGES: Final = 50
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cognito, emulated</title>
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; padding: 0 1rem; }}
  h1, h2, h3 {{ line-height: 1.2; }}
  table {{ border-collapse: collapse; width: 100%; margin-bottom: 1.5rem; }}
  th, td {{ border-bottom: 1px solid #ccc; padding: .3rem .6rem; text-align: left; vertical-align: top; }}
  code {{ font-family: ui-monospace, monospace; }}
  p.quiet {{ color: #555; }}
</style>
</head>
<body>
<h1>Cognito, emulated</h1>
<p class="quiet">
  Region <code>{region}</code>; the clock says {now}. Load the page again to see what is new.
</p>
{pools}
{identity_pools}
<h2>Outbox</h2>
{outbox}
</body>
</html>
"""


def render(world: EmulatorState) -> str:
    """Write the page: pools with their people, and what was sent, the newest first."""
    messages = list(world.outbox.messages)[-_MESSAGES:][::-1]
    return _PAGE.format(
        region=escape(world.region),
        now=datetime.fromtimestamp(world.clock(), UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        pools="".join(_pool(pool, world.url) for pool in world.pools.values())
        or "<p>There is no user pool yet.</p>",
        identity_pools="".join(map(_identity_pool, world.identity_pools.values())),
        outbox=_table(
            ("to", "for", "purpose", "code", "user pool"),
            ((m.to, m.username, m.purpose, m.code, m.user_pool_id) for m in messages),
            "Nothing was sent yet.",
        ),
    )


@frozen
class _Link:
    """A cell of a table that leads somewhere."""

    text: str
    url: str


def _pool(pool: UserPool, base: str) -> str:
    name = str(pool.settings.get("Name") or pool.id)
    clients = (
        (
            client.id,
            str(client.settings.get("ClientName", "")),
            "yes" if client.secrets else "no",
            "" if (link := urls.sign_in(base, client)) is None else _Link("sign in", link),
        )
        for client in pool.clients.values()
    )
    users = (
        (
            user.username,
            user.sub,
            user.status if user.enabled else f"{user.status}, disabled",
            user.attributes.get("email") or user.attributes.get("phone_number") or "",
            ", ".join(user.active_factors()),
        )
        for user in pool.users
    )
    return "".join(
        (
            f"<h2>User pool <code>{escape(pool.id)}</code> {escape(name)}</h2>",
            _table(("app client", "name", "has a secret", "hosted UI"), clients, "No app client."),
            _table(("user", "sub", "status", "address", "second factors"), users, "Nobody has signed up."),
        )
    )


def _identity_pool(pool: IdentityPool) -> str:
    guests = "; guests are let in" if pool.allows_guests else ""
    name = f"{pool.settings['IdentityPoolName']}{guests}"
    roles = [(kind, "", role) for kind, role in pool.roles.items()]
    roles += [("mapping", name, mapping["Type"]) for name, mapping in pool.mappings.items()]
    return "".join(
        (
            f"<h2>Identity pool <code>{escape(pool.id)}</code> {escape(name)}</h2>",
            _table(("provider",), ((name,) for name in sorted(providers.names(pool))), "No provider."),
            _table(("role", "of", "is"), roles, "No role: nobody gets credentials."),
            _table(
                ("identity", "status", "logins"),
                ((found.id, _status(found), _logins(found)) for found in pool.identities.values()),
                "Nobody was here yet.",
            ),
        )
    )


def _status(identity: Identity) -> str:
    if identity.successor is not None:
        return f"merged into {identity.successor}"
    return "authenticated" if identity.linked else "guest"


def _logins(identity: Identity) -> str:
    return ", ".join(f"{provider}: {subject}" for provider, subject in identity.login_keys())


def _table(head: Sequence[str], rows: Iterable[Sequence[str | _Link]], nothing: str) -> str:
    body = "".join(f"<tr>{''.join(f'<td>{_cell(cell)}</td>' for cell in row)}</tr>" for row in rows)
    if not body:
        return f"<p>{escape(nothing)}</p>"
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"


def _cell(cell: str | _Link) -> str:
    if isinstance(cell, str):
        return escape(cell)
    return f'<a href="{escape(cell.url)}">{escape(cell.text)}</a>'
