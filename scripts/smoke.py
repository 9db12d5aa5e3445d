"""Check an installed aiocognito from outside of the repository: ``python smoke.py VERSION [--extras]``.

`scripts/package.py` runs it in environments that hold the wheel and its requirements, and nothing else.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.metadata
import pkgutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import aiocognito

# Modules whose names need the libraries of an extra.
NEED_EXTRAS = {
    "aiocognito.emulator",
    "aiocognito.integrations.fastapi",
    "aiocognito.integrations.opentelemetry",
    "aiocognito.integrations.starlette",
}


def public_modules(package: str, path: Iterable[str]) -> Iterator[str]:
    """Yield the package and the public modules directly in it."""
    yield package
    for module in pkgutil.iter_modules(path, f"{package}."):
        if not module.name.rpartition(".")[2].startswith("_"):
            yield module.name


def import_everything_public() -> None:
    """Import every public module, and every name that one of them lists in ``__all__``."""
    integrations = importlib.import_module("aiocognito.integrations")
    names = {
        *public_modules("aiocognito", aiocognito.__path__),
        *public_modules("aiocognito.integrations", integrations.__path__),
    }
    if not extras_installed():
        names -= NEED_EXTRAS
    for name in names:
        module = importlib.import_module(name)
        for member in getattr(module, "__all__", ()):
            getattr(module, member)
    print(f"imported {len(names)} public modules")


def extras_installed() -> bool:
    """Return whether this run is about an installation with extras."""
    return "--extras" in sys.argv


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the console script of this environment."""
    script = Path(sys.prefix, "bin", "aiocognito")
    return subprocess.run([script, *arguments], capture_output=True, text=True, check=False)


def check_command_line(version: str) -> None:
    """Check that ``--version`` prints the version, or says what to install."""
    result = command("--version")
    if extras_installed():
        assert result.returncode == 0, result.stderr
        assert version in result.stdout, result.stdout
    else:
        assert result.returncode == 2, result
        assert "pip install 'aiocognito[cli]'" in result.stderr, result.stderr


async def sign_in_at_the_emulator() -> None:
    """Start an emulator with a user, and sign in there."""
    from aiocognito import AuthClient
    from aiocognito.emulator import CognitoEmulator

    async with CognitoEmulator() as emulator:
        pool = await emulator.create_user_pool()
        await pool.add_user("ana", "Correct-horse-7")
        async with AuthClient(pool.config) as auth:
            await auth.sign_in("ana", "Correct-horse-7")
            assert (await auth.get_current_user()).username == "ana"
    print("signed in at the emulator")


def main() -> None:
    """Run all checks."""
    version = sys.argv[1]
    home = Path(aiocognito.__file__).parent
    assert home.is_relative_to(sys.prefix), f"{home} is not the installed package"
    assert importlib.metadata.version("aiocognito") == version
    assert (home / "py.typed").is_file()
    import_everything_public()
    check_command_line(version)
    if extras_installed():
        asyncio.run(sign_in_at_the_emulator())


if __name__ == "__main__":
    main()
