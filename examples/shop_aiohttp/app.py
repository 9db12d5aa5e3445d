"""The application: its routes, and the headers of every response."""

from aiohttp import web

from aiocognito import AuthConfig
from aiocognito.integrations.aiohttp import session_manager, setup, setup_hosted_ui

from ..shop.front.rendering import STATIC, security_headers
from ..shop.storage import make_storage
from . import account, password, sign_in, sign_up


def make_app() -> web.Application:
    """Return the application. It opens nothing until it starts."""
    app = web.Application()
    for area in (account, password, sign_in, sign_up):
        app.add_routes(area.routes)
    app.router.add_static("/static", STATIC)
    setup(app, AuthConfig.from_env, storage=make_storage, login_path="/sign-in")
    setup_hosted_ui(app, "/auth")
    app.on_response_prepare.append(add_security_headers)
    return app


async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add the headers that a response does not have."""
    for name, value in security_headers(session_manager(request.app).config.oauth).items():
        response.headers.setdefault(name, value)
