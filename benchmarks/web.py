"""One guarded route of a FastAPI application whose session is warm, and what the guard costs."""

import shutil
import tempfile
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from fastapi import Depends, FastAPI, Request
from starlette.requests import HTTPConnection

from aiocognito import MemoryStorage, Storage
from aiocognito.integrations.fastapi import Auth, CognitoAuth, CurrentUser

from . import stub
from .measure import OURS, Subject, Table, cpu, interleaved, no_more_than_times, wall
from .peers import Bench
from .storages import storages

EMPTY = "an empty middleware and two empty dependencies"
Send: TypeAlias = Callable[..., Awaitable[None]]


class EmptyMiddleware:
    """Passes every request on."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def passed(message: Any) -> None:
            await send(message)

        await self.app(scope, receive, passed)


async def first(connection: HTTPConnection) -> str:
    """Return nothing of interest."""
    return "ana"


async def second(connection: HTTPConnection, name: Annotated[str, Depends(first)]) -> str:
    """Return nothing of interest."""
    return name


def empty_app() -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.add_middleware(EmptyMiddleware)

    @app.get("/profile")
    async def profile(user: Annotated[str, Depends(second)]) -> dict[str, str]:
        return {"username": user}

    return app


def guarded_app(bench: Bench, storage: Storage) -> tuple[FastAPI, CognitoAuth]:
    cognito = CognitoAuth(bench.config, storage=storage)
    app = FastAPI(openapi_url=None)
    cognito.install(app)

    @app.get("/profile")
    async def profile(user: CurrentUser) -> dict[str, str]:
        return {"username": user.username}

    @app.post("/sign-in")
    async def sign_in(auth: Auth) -> dict[str, bool]:
        return {"done": (await auth.sign_in("ana", stub.PASSWORD)).is_signed_in}

    return app, cognito


class Caller:
    """Calls an application as a server does, with the cookies of its first response."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.cookies: dict[str, str] = {}

    async def __call__(self, path: str, method: str = "GET") -> int:
        """Send one request, and return the status of its response."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = [(b"host", b"shop.example"), (b"accept", b"*/*"), (b"user-agent", b"benchmark")]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "https",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [*headers, (b"cookie", cookie.encode())],
            "client": ("203.0.113.7", 50000),
            "server": ("shop.example", 443),
        }
        status = 0

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                for name, value in message["headers"]:
                    if name == b"set-cookie":
                        pair = value.decode().partition(";")[0]
                        self.cookies[pair.partition("=")[0]] = pair.partition("=")[2]

        await self.app(scope, receive, send)
        return status

    async def times(self, count: int) -> None:
        """Call the guarded route some times."""
        for _ in range(count):
            assert await self("/profile") == 200


def session_app() -> FastAPI:
    """Return an application with Starlette's session, a signed cookie without tokens."""
    from starlette.middleware.sessions import SessionMiddleware

    app = FastAPI(openapi_url=None)
    app.add_middleware(SessionMiddleware, secret_key="benchmark")

    async def user(request: Request) -> str:
        return str(request.session["username"])

    @app.get("/profile")
    async def profile(username: Annotated[str, Depends(user)]) -> dict[str, str]:
        return {"username": username}

    @app.post("/sign-in")
    async def sign_in(request: Request) -> dict[str, bool]:
        request.session["username"] = "ana"
        return {"done": True}

    return app


class User:
    """A user of fastapi-users."""

    id = uuid.UUID(int=1)
    email = "ana"
    hashed_password = ""
    is_active = is_verified = True
    is_superuser = False


class Users:
    """A database of one user, and of one token."""

    async def get(self, user_id: Any) -> User | None:
        return User() if user_id == User.id else None

    async def read_token(self, token: str | None, user_manager: Any) -> Any:
        return await user_manager.get(user_manager.parse_id(str(User.id))) if token == "token" else None


def users_app() -> FastAPI:
    """Return an application with fastapi-users: a cookie, and tokens and users in memory."""
    library: Any = import_module("fastapi_users")
    authentication: Any = import_module("fastapi_users.authentication")
    manager = type("Manager", (library.UUIDIDMixin, library.BaseUserManager), {})

    async def user_manager() -> Any:
        return manager(Users())

    transport = authentication.CookieTransport()
    backend = authentication.AuthenticationBackend("cookie", transport, lambda: Users())
    guard = library.FastAPIUsers(user_manager, [backend]).current_user(active=True)
    app = FastAPI(openapi_url=None)

    @app.get("/profile")
    async def profile(user: Annotated[Any, Depends(guard)]) -> dict[str, str]:
        return {"username": user.email}

    return app


def run(bench: Bench) -> list[Table]:
    return [_beside_others(bench), *_by_storage(bench)]


def _measured(bench: Bench, caller: Caller, times: int) -> Callable[[], float]:
    return lambda: 1e6 * cpu(lambda: bench.run(caller.times(times)), times)


def _timed(bench: Bench, caller: Caller, times: int) -> Callable[[], float]:
    return lambda: 1e6 * wall(lambda: bench.run(caller.times(times)), times)


async def _signed_in(stack: AsyncExitStack, bench: Bench, storage: Storage) -> Caller:
    app, cognito = guarded_app(bench, storage)
    await stack.enter_async_context(cognito.lifespan(app))
    caller = Caller(app)
    assert await caller("/sign-in", "POST") == 200
    return caller


def _beside_others(bench: Bench) -> Table:
    times = bench.scaled(3_000, quick=600)
    stack = AsyncExitStack()
    ours = bench.run(_signed_in(stack, bench, MemoryStorage()))
    empty = Caller(empty_app())
    empty.cookies = ours.cookies
    subjects = [
        Subject(OURS, _measured(bench, ours, times), "CurrentUser, MemoryStorage"),
        Subject("FastAPI", _measured(bench, empty, times), EMPTY),
    ]
    for name, how, make in (
        ("Starlette", "SessionMiddleware, one dependency", session_app),
        ("fastapi-users", "current_user, tokens and users in dicts", users_app),
    ):
        try:
            caller = Caller(make())
        except ImportError:
            print(f"{name} is left out: it is not installed")
            continue
        if name == "Starlette":
            bench.run(caller("/sign-in", "POST"))
        else:
            caller.cookies["fastapiusersauth"] = "token"
        subjects.append(Subject(name, _measured(bench, caller, times), how))
    try:
        rows = interleaved(subjects, bench.rounds)
    finally:
        bench.run(stack.aclose())
    return Table(
        key="web",
        title="A guarded route of a FastAPI application, with a warm session",
        unit="µs of CPU",
        rows=rows,
        about="The application is called as a server calls it, without a network. aiocognito and"
        " fastapi-users look the session up; Starlette's cookie holds the username itself.",
        bars=[no_more_than_times(1.3, "FastAPI")],
    )


def _by_storage(bench: Bench) -> list[Table]:
    """Measure the processor time of this process, and how long a request takes with the storage's server."""
    stack = AsyncExitStack()
    directory = Path(tempfile.mkdtemp(prefix="aiocognito-"))
    stack.callback(shutil.rmtree, directory, ignore_errors=True)
    try:
        callers = {
            name: bench.run(_signed_in(stack, bench, storage))
            for name, storage in bench.run(stack.enter_async_context(storages(directory))).items()
        }
        times = bench.scaled(1_000, quick=100)
        busy = [Subject(OURS, _measured(bench, caller, times), name) for name, caller in callers.items()]
        long = [Subject(OURS, _timed(bench, caller, times), name) for name, caller in callers.items()]
        rows = interleaved(busy, bench.rounds), interleaved(long, bench.rounds)
    finally:
        bench.run(stack.aclose())
    return [
        Table(
            key="web",
            title="The same route, by storage",
            unit="µs of CPU",
            rows=rows[0],
            about="Each request reads the record, so that a session that has ended elsewhere ends here. This"
            " is the work of the service's own process.",
        ),
        Table(
            key="web",
            title="How long the same route takes, by storage",
            unit="µs",
            rows=rows[1],
            about="One request after another; the servers are on loopback, in processes of their own. moto"
            " stands in for DynamoDB: its times say nothing about AWS.",
        ),
    ]
