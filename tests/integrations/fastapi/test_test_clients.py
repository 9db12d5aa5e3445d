"""Starlette's test client over httpx, and over its successor httpx2 where Starlette supports it."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest
import starlette.testclient

from aiocognito.emulator import ThreadedUserPool

from .conftest import PASSWORD

PROGRAM = """
import sys

library = sys.argv[1]
sys.modules[{"httpx": "httpx2", "httpx2": "httpx"}[library]] = None

from fastapi import FastAPI
from starlette import testclient
from starlette.websockets import WebSocket, WebSocketDisconnect
from aiocognito import AuthConfig, MemoryStorage
from aiocognito.integrations.fastapi import Auth, CognitoAuth, CurrentUser

assert testclient.httpx.__name__ == library, testclient.httpx
# The library itself uses httpx.
if library == "httpx2":
    del sys.modules["httpx"]
pool, client, endpoint, password = sys.argv[2:]
config = AuthConfig(user_pool_id=pool, user_pool_client_id=client, user_pool_endpoint=endpoint)
cognito = CognitoAuth(config, storage=MemoryStorage, login_path="/login")
app = FastAPI(lifespan=cognito.lifespan)
cognito.install(app)
app.include_router(cognito.json_router(), prefix="/auth")

@app.get("/profile")
async def profile(user: CurrentUser) -> dict[str, str]:
    return {"username": user.username}

@app.websocket("/socket")
async def socket(websocket: WebSocket, user: CurrentUser) -> None:
    await websocket.accept()
    await websocket.send_text(user.username)
    await websocket.close()

for base_url, name in (("https://testserver", "__Host-aiocognito"), ("http://testserver", "aiocognito")):
    with testclient.TestClient(app, base_url=base_url) as browser:
        assert isinstance(browser, testclient.httpx.Client)
        page = browser.get("/profile", headers={"accept": "text/html"}, follow_redirects=False)
        assert (page.status_code, page.headers["location"]) == (303, "/login?next=%2Fprofile")
        assert browser.get("/profile").status_code == 401
        signed_in = browser.post("/auth/sign-in", json={"username": "ana", "password": password})
        assert signed_in.json()["isSignedIn"], signed_in.text
        assert name in browser.cookies
        assert browser.get("/profile").json() == {"username": "ana"}
        with browser.websocket_connect(base_url.replace("http", "ws") + "/socket") as websocket:
            assert websocket.receive_text() == "ana"
        assert browser.post("/auth/sign-out", json={}).status_code == 200
        assert browser.get("/profile").status_code == 401
print("done with", testclient.httpx.__name__)
"""
# Starlette says so itself if httpx2 is not installed.
DEPRECATED = "ignore:Using `httpx` with `starlette.testclient` is deprecated"


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
def test_the_test_client_runs_over_both_libraries(pool: ThreadedUserPool, library: str) -> None:
    if library not in inspect.getsource(starlette.testclient):
        library = "httpx"  # This version of Starlette does not know the successor.
    config = pool.config
    arguments = (config.user_pool_id, config.user_pool_client_id, config.user_pool_endpoint, PASSWORD)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-W", DEPRECATED, "-c", PROGRAM, library, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stdout) == (0, f"done with {library}\n"), done.stderr
