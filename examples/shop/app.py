"""The application: its routes, and the headers of every response."""

from fastapi import FastAPI, Request
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.responses import Response

from . import api
from .auth import cognito
from .front.rendering import STATIC, render
from .headers import SecurityHeaders
from .pages import account, browsers, danger, factors, home, passkeys, password, sign_in, sign_up

app = FastAPI(title="Shop", lifespan=cognito.lifespan, docs_url=None, redoc_url=None)
cognito.install(app)
app.add_middleware(SecurityHeaders)
app.mount("/static", StaticFiles(directory=STATIC), name="static")
app.include_router(cognito.hosted_ui_router(), prefix="/auth")
app.include_router(api.router)
for area in (home, sign_up, sign_in, password, account, factors, passkeys, browsers, danger):
    app.include_router(area.router)


@app.exception_handler(404)
async def not_found(_request: Request, _error: HTTPException) -> Response:
    """Answer for a page that does not exist."""
    return Response(render("not_found.html"), 404, media_type="text/html")
