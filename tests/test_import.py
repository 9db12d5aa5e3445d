"""What ``import aiocognito`` gives, and what it leaves alone."""

import inspect
import json
import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest

import aiocognito

# What the contract names, no more and no less.
PUBLIC = {
    "ANY",
    "AuthClient",
    "AuthConfig",
    "AuthError",
    "AuthEvent",
    "AutoSignInOptions",
    "ClientCredentials",
    "EncryptedStorage",
    "FileStorage",
    "Hub",
    "MemoryStorage",
    "OAuthConfig",
    "SessionManager",
    "Storage",
    "TokenProvider",
    "TokenVerifier",
    "UserContext",
    "decode_jwt",
    "errors",
    "steps",
}
HEAVY = {"aiobotocore", "aiohttp", "boto3", "botocore", "cryptography", "gmpy2", "httpx", "jose", "redis"}

# Imports the package in a fresh interpreter and reports what that did (PEP 578 audit events).
PROGRAM = """
import json, logging, sys, threading

HARMLESS = {"os.listdir", "os.scandir"}  # how Python finds modules
touched = []

def hear(event, args):
    if event.partition(".")[0] in {"os", "shutil", "socket", "subprocess"} and event not in HARMLESS:
        touched.append(event)
    elif event == "open" and set(str(args[1])) & set("wax+"):
        touched.append(f"open {args[0]!r} for writing")

before = set(sys.modules)
sys.addaudithook(hear)
import aiocognito
print(json.dumps({
    "loaded": sorted({name.partition(".")[0] for name in set(sys.modules) - before}),
    "touched": touched,
    "threads": threading.active_count(),
    "handlers": len(logging.getLogger().handlers),
}))
"""


@pytest.fixture(scope="module")
def fresh() -> dict[str, Any]:
    """Import the package in an interpreter of its own and return what happened."""
    result = subprocess.run([sys.executable, "-B", "-W", "error", "-c", PROGRAM], capture_output=True)
    assert result.returncode == 0, result.stderr.decode()
    assert result.stderr == b""
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def test_nothing_heavy_is_loaded(fresh: dict[str, Any]) -> None:
    assert "aiocognito" in fresh["loaded"]
    assert not HEAVY & set(fresh["loaded"])


def test_nothing_is_touched(fresh: dict[str, Any]) -> None:
    assert fresh["touched"] == []
    assert fresh["threads"] == 1
    assert fresh["handlers"] == 0


def test_what_the_contract_names_is_public() -> None:
    assert set(aiocognito.__all__) == PUBLIC
    assert list(aiocognito.__all__) == sorted(set(aiocognito.__all__))


def test_all_is_what_users_get() -> None:
    got: dict[str, Any] = {}
    exec("from aiocognito import *", got)
    del got["__builtins__"]
    assert set(got) == set(aiocognito.__all__)
    # Besides it there are only the modules that it comes from.
    rest = {name for name in vars(aiocognito) if not name.startswith("_")} - set(got)
    assert all(isinstance(getattr(aiocognito, name), ModuleType) for name in rest)


@pytest.mark.parametrize("name", aiocognito.__all__)
def test_everything_public_is_documented(name: str) -> None:
    value = getattr(aiocognito, name)
    assert value.__doc__
    assert len(value.__doc__) > 20
    if inspect.isclass(value):
        public = [m for m in vars(value) if not m.startswith("_") and callable(getattr(value, m))]
        assert not [member for member in public if not inspect.getdoc(getattr(value, member))]


def test_the_package_says_what_it_is() -> None:
    assert aiocognito.__doc__
    assert {"errors", "steps"} <= set(aiocognito.__all__)
