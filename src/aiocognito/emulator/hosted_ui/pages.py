"""The pages that browsers visit: authorize, login, sign-up, forgotten passwords, logout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from ..http import Site


def add_routes(app: web.Application, site: Site) -> None:
    """Let an application serve them."""
