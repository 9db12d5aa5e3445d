"""Play a newcomer, who has the pages and an installed aiocognito: ``python scripts/newcomer.py [ROOT]``.

The programs of the README, of the first page, of "Getting started", of the pages on frameworks and of those
on migration are saved and run, or started, with the interpreter that runs this script. The library must be
installed with all extras, and uvicorn beside it. `package.py` runs this with the built wheel.

Args:
    ROOT: The directory with README.md and docs; by default the one of this repository.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

LIMIT = 60
USER, PASSWORD = "ana@example.com", "Correct-horse-7"
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_NAMED = re.compile(
    r"[Ss]ave (?:it|this) as\s+`(\w+\.py)`.*?^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE
)
# How a service is started, with the port as the last argument.
UVICORN = ("-m", "uvicorn", "service:app", "--port")
AIOHTTP = (
    "-c",
    "import sys, service\nfrom aiohttp import web\n"
    "web.run_app(service.app, host='127.0.0.1', port=int(sys.argv[1]))",
)
# The services of the pages, and a path of each that a visitor without a session may not see.
SERVICES = (
    ("fastapi.md", UVICORN, "/me"),
    ("starlette.md", UVICORN, "/me"),
    ("aiohttp.md", AIOHTTP, "/me"),
    ("sessions.md", AIOHTTP, "/me"),
    ("hosted-ui.md", UVICORN, "/me"),
    ("bearer.md", UVICORN, "/orders"),
    ("migrating/fastapi-cognito.md", UVICORN, "/orders"),
    ("migrating/authlib.md", UVICORN, "/me"),
    ("migrating/authjs.md", UVICORN, "/me"),
)
SCRIPTS = ("migrating/pycognito.md", "migrating/amplify-server.md", "admin.md")


class Newcomer:
    """A directory, an environment, and an emulator in another terminal.

    Args:
        root: The directory with the pages.
        directory: An empty directory to work in.
        environment: The variables that the emulator printed.
    """

    def __init__(self, root: Path, directory: Path, environment: dict[str, str]) -> None:
        self.root = root
        self.directory = directory
        self.environment = {**os.environ, "SESSION_KEY": "ab" * 32, **environment}

    def text(self, page: str) -> str:
        """Return a page of the documentation, or the README."""
        path = self.root / page if page == "README.md" else self.root / "docs" / page
        return path.read_text(encoding="utf-8")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a program with this interpreter."""
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, what: str, *arguments: str, typed: str = "") -> str:
        """Run a program to its end; the script ends if it fails."""
        with self.start(*arguments) as program:
            output, _ = program.communicate(typed, timeout=LIMIT)
        if program.returncode != 0 or "Traceback" in output:
            sys.exit(f"{what} failed:\n{output}")
        print(f"ran {what}", flush=True)
        return output

    def save_and_run(self, what: str, code: str, *, typed: str = "") -> str:
        """Save a program and run it."""
        path = self.directory / "program.py"
        path.write_text(code, encoding="utf-8")
        return self.run(what, path.name, typed=typed)

    def paste(self, what: str, code: str) -> str:
        """Paste a block into the console of asyncio."""
        return self.run(what, "-m", "asyncio", typed=f"{code}\nexit()\n")

    def sign_up(self, code: str) -> None:
        """Run the program that signs up, and enter the code that the emulator shows."""
        path = self.directory / "sign_up.py"
        path.write_text(code, encoding="utf-8")
        with self.start(path.name) as program:
            sent = wait_for(self.sent_code)
            output, _ = program.communicate(f"{sent}\n", timeout=LIMIT)
        if "signed up: True" not in output:
            sys.exit(f"sign_up.py failed:\n{output}")
        print("ran sign_up.py", flush=True)

    def sent_code(self) -> str | None:
        """Return the last code that the emulator sent, if there is one."""
        address = f"{self.environment['COGNITO_USER_POOL_ENDPOINT']}/_emulator/messages"
        with urllib.request.urlopen(address, timeout=LIMIT) as response:
            messages = json.loads(response.read())
        return messages[-1]["code"] if messages else None

    def serve(self, page: str, command: tuple[str, ...], path: str) -> None:
        """Save the service of a page, start it at a free port, and visit it."""
        code = next(block for block in _BLOCK.findall(self.text(page)) if "\napp = " in block)
        (self.directory / "service.py").write_text(code, encoding="utf-8")
        port = free_port()
        program = self.start(*command, str(port))
        try:
            found = wait_for(lambda: status_of(f"http://127.0.0.1:{port}{path}", program))
        finally:
            program.terminate()
            output, _ = program.communicate(timeout=LIMIT)
        if found != 401:
            sys.exit(f"{page}: {path} returned {found}, not 401:\n{output}")
        print(f"started and visited the service of {page}", flush=True)


def free_port() -> int:
    """Return a port that no program listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(look: Callable[[], T | None]) -> T:
    """Call a function until it returns something."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(0.1)
    sys.exit(f"nothing happened within {LIMIT} s")


def status_of(address: str, program: subprocess.Popen[str]) -> int | None:
    """Return the status of a page; None while the server does not answer, 0 if it has ended."""
    if program.poll() is not None:
        return 0
    try:
        with urllib.request.urlopen(address, timeout=LIMIT) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


@contextmanager
def emulator(directory: Path) -> Iterator[dict[str, str]]:
    """Run ``aiocognito emulator`` as in another terminal; return the variables that it writes."""
    variables = directory / "emulator.env"
    callbacks = ("http://localhost:8000/callback", "http://localhost:8000/auth/callback")
    options = [option for url in callbacks for option in ("--callback-url", url)]
    command = ["-m", "aiocognito", "emulator", "--port", "0", "--env-file", str(variables), *options]
    program = subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        text = wait_for(lambda: variables.read_text("utf-8") if variables.exists() else None)
        lines = [line for line in text.splitlines() if "=" in line and not line.startswith("#")]
        yield {name: value.strip("'\"") for name, _, value in (line.partition("=") for line in lines)}
    finally:
        program.terminate()
        program.wait(LIMIT)


def main() -> None:
    """Play the first hour."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1]).resolve()
    with tempfile.TemporaryDirectory() as work, emulator(Path(work)) as variables:
        newcomer = Newcomer(root, Path(work), variables)
        newcomer.save_and_run("the program of the README", _BLOCK.findall(newcomer.text("README.md"))[0])
        newcomer.paste("the program of the first page", _BLOCK.findall(newcomer.text("index.md"))[0])
        programs = dict(_NAMED.findall(newcomer.text("getting-started.md")))
        newcomer.sign_up(programs.pop("sign_up.py"))
        for name, code in programs.items():
            newcomer.save_and_run(name, code)
        for page in SCRIPTS:
            newcomer.save_and_run(page, _BLOCK.findall(newcomer.text(page))[0])
        for page, command, path in SERVICES:
            newcomer.serve(page, command, path)


if __name__ == "__main__":
    main()
