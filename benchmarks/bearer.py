"""One route of a FastAPI service that is guarded by a bearer token, and what the guard costs."""

import json
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, TypeAlias

from fastapi import Depends, FastAPI, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from aiocognito import Claims
from aiocognito.integrations.fastapi import CognitoBearer

from . import stub
from .measure import OURS, Subject, Table, cpu, interleaved, no_more_than_times, times_better
from .peers import Bench
from .verify import Signer

Header: TypeAlias = Annotated[HTTPAuthorizationCredentials, Security(HTTPBearer())]
UNVERIFIED = "HTTPBearer, which verifies nothing"


def run(bench: Bench) -> list[Table]:
    signer = Signer()
    times = bench.scaled(3_000, quick=600)
    token = signer.token()
    with tempfile.TemporaryDirectory() as directory:
        keys = Path(directory) / "jwks.json"
        keys.write_text(json.dumps({"keys": [signer.jwk]}))
        subjects = [
            Subject(OURS, _measured(bench, our_app(signer), token, times), "CognitoBearer"),
            Subject("FastAPI", _measured(bench, unverified_app(), token, times), UNVERIFIED),
        ]
        try:
            peer = peers_app(keys)
        except ImportError:
            print("fastapi-cognito is left out: it is not installed")
        else:
            work = _measured(bench, peer, token, times)
            subjects.append(Subject("fastapi-cognito", work, "CognitoAuth.auth_required"))
        rows = interleaved(subjects, bench.rounds)
    return [
        Table(
            key="bearer",
            title="A route of a FastAPI service that is guarded by a bearer token",
            unit="µs of CPU",
            rows=rows,
            about="The application is called as a server calls it, without a network, with the same token"
            " each time. aiocognito remembers verified tokens until they expire.",
            bars=[no_more_than_times(1.3, "FastAPI"), times_better("fastapi-cognito", 1.5)],
        )
    ]


def our_app(signer: Signer) -> FastAPI:
    bearer = CognitoBearer(signer.verifier())
    app = FastAPI(openapi_url=None)

    @app.get("/orders")
    async def orders(claims: Annotated[Claims, Security(bearer)]) -> dict[str, str]:
        return {"sub": claims.sub}

    return app


def unverified_app() -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.get("/orders")
    async def orders(header: Header) -> dict[str, str]:
        return {"sub": header.scheme}

    return app


def peers_app(keys: Path) -> FastAPI:
    """Return the service with fastapi-cognito."""
    library: Any = import_module("fastapi_cognito")
    pool = {
        "region": "eu-west-1",
        "userpool_id": stub.POOL,
        "app_client_id": stub.CLIENT,
        "jwks_url": str(keys),
    }
    settings = SimpleNamespace(
        check_expiration=True,
        jwt_header_prefix="Bearer",
        jwt_header_name="Authorization",
        userpools={"eu": pool},
    )
    guard = library.CognitoAuth(settings=settings).auth_required
    app = FastAPI(openapi_url=None)

    @app.get("/orders")
    async def orders(token: Annotated[Any, Depends(guard)]) -> dict[str, str]:
        return {"sub": token.cognito_id}

    return app


def _measured(bench: Bench, app: FastAPI, token: str, times: int) -> Callable[[], float]:
    assert bench.run(_called(app, token)) == 200

    async def work() -> None:
        for _ in range(times):
            await _called(app, token)

    return lambda: cpu(lambda: bench.run(work()), times) * 1e6


async def _called(app: FastAPI, token: str) -> int:
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": "/orders",
        "raw_path": b"/orders",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"orders.example"), (b"authorization", f"Bearer {token}".encode())],
        "client": ("203.0.113.7", 50000),
        "server": ("orders.example", 443),
    }
    status = 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    await app(scope, receive, send)
    return status
