"""What ``import aiocognito`` gives, and what it leaves alone."""

import ast
import inspect
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, get_origin

import pytest

import aiocognito

# What the contract names, no more and no less.
PUBLIC = {
    "ANY",
    "AttributeKey",
    "AuthClient",
    "AuthConfig",
    "AuthError",
    "AuthEvent",
    "AuthEventName",
    "AuthFlowType",
    "AuthSession",
    "AuthTokens",
    "AuthUser",
    "AutoSignInOptions",
    "AwsSession",
    "Claims",
    "ClientCredentials",
    "CodeDeliveryDetails",
    "Credentials",
    "Device",
    "EncryptedStorage",
    "FileStorage",
    "HttpClient",
    "HttpResponse",
    "Hub",
    "JWT",
    "Listener",
    "MemoryStorage",
    "MfaPreference",
    "MfaSetting",
    "OAuthConfig",
    "PasskeySetting",
    "PasswordlessConfig",
    "RedirectRequest",
    "ResetPasswordResult",
    "SessionInfo",
    "SessionManager",
    "SignInDetails",
    "SignInResult",
    "SignOutResult",
    "SignUpResult",
    "StandardAttributeKey",
    "Storage",
    "TokenProvider",
    "TokenVerifier",
    "TotpSetupDetails",
    "UpdateAttributeResult",
    "UserContext",
    "UserSession",
    "VerifiableAttributeKey",
    "VerifierOptions",
    "WebAuthnConfig",
    "WebAuthnCredential",
    "decode_jwt",
    "errors",
    "steps",
}
TYPES = Path(__file__).parents[1] / "docs/reference/types.md"
# What nothing public loads before something needs it.
HEAVY = {"aiobotocore", "aiohttp", "boto3", "botocore", "cryptography", "gmpy2", "httpx", "jose", "redis"}
# What a name of the package needs, and the package itself does not.
NEEDED = {"anyio", "asyncio", "attr", "attrs", "ssl", "typing"}

# Runs an import in a fresh interpreter and reports what that did (PEP 578 audit events).
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
exec(sys.argv[1])
print(json.dumps({
    "loaded": sorted({name.partition(".")[0] for name in set(sys.modules) - before}),
    "touched": touched,
    "threads": threading.active_count(),
    "handlers": len(logging.getLogger().handlers),
}))
"""


def fresh(statement: str) -> dict[str, Any]:
    """Run an import in an interpreter of its own and return what happened."""
    result = subprocess.run(
        [sys.executable, "-B", "-W", "error", "-c", PROGRAM, statement], capture_output=True
    )
    assert result.returncode == 0, result.stderr.decode()
    assert result.stderr == b""
    report: dict[str, Any] = json.loads(result.stdout)
    return report


@pytest.fixture(scope="module")
def package() -> dict[str, Any]:
    return fresh("import aiocognito")


@pytest.fixture(scope="module")
def everything() -> dict[str, Any]:
    return fresh("from aiocognito import *")


def test_the_package_by_itself_loads_nothing(package: dict[str, Any]) -> None:
    assert "aiocognito" in package["loaded"]
    assert not (HEAVY | NEEDED) & set(package["loaded"])


def test_what_is_public_loads_nothing_heavy(everything: dict[str, Any]) -> None:
    assert set(everything["loaded"]) >= {"aiocognito", "asyncio", "attrs"}
    assert not HEAVY & set(everything["loaded"])


def test_nothing_is_touched(package: dict[str, Any], everything: dict[str, Any]) -> None:
    """An import writes no file, starts no thread and sets no handler."""
    for report in (package, everything):
        assert report["touched"] == []
        assert report["threads"] == 1
        assert report["handlers"] == 0


def test_a_system_that_is_not_posix_can_do_without_files() -> None:
    statement = "sys.modules['fcntl'] = None; from aiocognito import *; MemoryStorage()"
    assert "aiocognito" in fresh(statement)["loaded"]


def test_one_name_does_not_load_the_others() -> None:
    report = fresh("from aiocognito import errors; assert 'aiocognito._client' not in sys.modules")
    assert "aiocognito" in report["loaded"]


def test_a_module_is_the_package_s_attribute_and_the_same_by_any_way() -> None:
    import aiocognito.errors as by_path

    assert aiocognito.errors is by_path
    assert aiocognito.AuthError is by_path.AuthError


@pytest.mark.parametrize("home", [home for home in aiocognito._HOMES if "." not in home])
def test_the_modules_behind_the_names_are_reachable(home: str) -> None:
    report = fresh(f"import aiocognito; assert aiocognito.{home}.__name__ == 'aiocognito.{home}'")
    assert "aiocognito" in report["loaded"]


def test_what_is_not_there_is_missing() -> None:
    with pytest.raises(AttributeError, match="module 'aiocognito' has no attribute 'AuthCleint'"):
        _ = aiocognito.AuthCleint  # type: ignore[attr-defined]  # wrong on purpose
    with pytest.raises(ImportError, match="cannot import name 'AuthCleint' from 'aiocognito'"):
        exec("from aiocognito import AuthCleint")


def test_every_public_name_is_listed_before_it_is_loaded() -> None:
    report = fresh("import aiocognito; assert {*aiocognito.__all__, '__doc__'} <= {*dir(aiocognito)}")
    assert "attrs" not in report["loaded"]


def test_what_is_loaded_is_listed_too() -> None:
    assert {*aiocognito.__all__, *vars(aiocognito)} == {*dir(aiocognito)}
    assert dir(aiocognito) == sorted(dir(aiocognito))


def test_a_type_checker_sees_what_is_loaded() -> None:
    module = ast.parse(Path(aiocognito.__file__).read_text(encoding="utf-8"))
    seen = {
        alias.name: node.module or alias.name
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and node.level
        for alias in node.names
    }
    assert seen == aiocognito._HOME_OF


def test_what_the_contract_names_is_public() -> None:
    assert set(aiocognito.__all__) == PUBLIC
    assert len(aiocognito.__all__) == len(PUBLIC)


def test_all_is_what_users_get() -> None:
    got: dict[str, Any] = {}
    exec("from aiocognito import *", got)
    del got["__builtins__"]
    assert set(got) == set(aiocognito.__all__)
    # Besides it there are only the modules that it comes from.
    rest = {name for name in vars(aiocognito) if not name.startswith(("_", "@"))} - set(got)
    assert all(isinstance(getattr(aiocognito, name), ModuleType) for name in rest)


@pytest.mark.parametrize("name", aiocognito.__all__)
def test_everything_public_is_documented(name: str) -> None:
    value = getattr(aiocognito, name)
    if get_origin(value) is not None:  # An alias has no docstring of its own.
        assert f".. data:: aiocognito.{name}\n" in TYPES.read_text("utf-8")
        return
    assert value.__doc__
    assert len(value.__doc__) > 20
    if inspect.isclass(value):
        public = [m for m in vars(value) if not m.startswith("_") and callable(getattr(value, m))]
        assert not [member for member in public if not inspect.getdoc(getattr(value, member))]


def test_the_package_says_what_it_is() -> None:
    assert aiocognito.__doc__
    assert {"errors", "steps"} <= set(aiocognito.__all__)
