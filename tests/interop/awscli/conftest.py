"""The AWS command line, in a virtual environment of its own, led to the emulator by `--endpoint-url`."""

import base64
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread
from attrs import field, frozen
from botocore import xform_name

from helpers.remote_emulator import RemoteEmulator

from ..conftest import ROOT, installed

_BARE = re.compile(r"[\w.:/@ -]+")
_BLOBS = {"Bytes", "ImageFile"}
_ERROR = re.compile(r"An error occurred \((\w+)\) when calling the (\w+) operation: (.*)", re.DOTALL)


@frozen
class Done:
    """A command line that was run."""

    code: int
    out: str
    err: str


@frozen
class CommandLines:
    """Runs command lines of ``aws``."""

    process: subprocess.Popen[str]
    url: str

    async def __call__(self, *words: str, alone: bool = True) -> Done:
        """Run ``aws`` with these words, and with the emulator as endpoint; alone, as a program of its own."""
        line = json.dumps({"words": [*words, "--endpoint-url", self.url], "alone": alone})
        answer = await to_thread.run_sync(self._exchange, line)
        assert answer, f"the AWS command line ended during {words}"
        return Done(**json.loads(answer))

    def _exchange(self, line: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()

    async def ok(self, *words: str, alone: bool = True) -> str:
        """Run a command line that must succeed; return its output."""
        done = await self(*words, alone=alone)
        assert (done.code, done.err) == (0, ""), (words, done)
        return done.out


@frozen
class CliService:
    """One of the two services: operations and members are written as commands and options."""

    run: CommandLines
    service: str
    files: Path
    numbers: Iterator[int] = field(factory=lambda: iter(range(1_000_000)))

    async def __call__(self, operation: str, /, **members: Any) -> dict[str, Any]:
        """Call an operation; parse the output, which is empty for an empty response."""
        out = await self.run.ok(*self.words(operation, members), alone=False)
        answer: dict[str, Any] = json.loads(out or "{}")
        return answer

    async def refused(self, operation: str, /, **members: Any) -> tuple[str, str]:
        """Call an operation that must fail; return the code and the message of the error output."""
        done = await self.run(*self.words(operation, members), alone=False)
        assert (done.code, done.out) == (255, ""), (operation, done)
        found = _ERROR.fullmatch(done.err.strip("\n"))
        assert found is not None, done.err
        assert found[2] == operation
        return found[1], found[3]

    def words(self, operation: str, members: dict[str, Any]) -> list[str]:
        """Return the words of a command line."""
        words = [self.service, xform_name(operation, "-"), "--output", "json"]
        for name, value in members.items():
            option = f"--{xform_name(name, '-')}"
            if isinstance(value, bool):
                words.append(option if value else option.replace("--", "--no-", 1))
            elif name in _BLOBS:
                file = self.files / str(next(self.numbers))
                file.write_bytes(base64.b64decode(value))
                words += [option, f"fileb://{file}"]
            else:
                words += [option, *_text(value)]
        return words


def _text(value: Any) -> list[str]:
    """Return a value as the words of an option: in the shorthand syntax if it is flat, else in JSON."""
    if not isinstance(value, (dict, list)):
        return [str(value)]
    items = value if isinstance(value, list) else [value]
    short = [_shorthand(item) for item in items]
    return short if value and all(short) else [json.dumps(_with_plain_blobs(value))]


def _shorthand(value: Any) -> str:
    """Return a string, or a structure of strings, numbers and booleans; an empty text if it is deeper."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return ""
    texts = {name: item if isinstance(item, str) else json.dumps(item) for name, item in value.items()}
    flat = all(_BARE.fullmatch(text) for text in (*texts.values(), *texts))
    return ",".join(f"{name}={text}" for name, text in texts.items()) if flat else ""


def _with_plain_blobs(value: Any) -> Any:
    """Return a value whose blobs are text: the command line encodes those within a structure itself."""
    if isinstance(value, list):
        return [_with_plain_blobs(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: base64.b64decode(item).decode() if name in _BLOBS else _with_plain_blobs(item)
        for name, item in value.items()
    }


@pytest.fixture(scope="session")
def command_lines_of_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[str]]:
    """The process that runs command lines, with the credentials and settings of these tests alone."""
    process = subprocess.Popen(
        [installed(ROOT / ".cache/venv-awscli/bin/python"), Path(__file__).parent / "run_commands.py"],
        env=environment(tmp_path_factory.mktemp("awscli")),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process
        # It ends at the end of its input.
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(30) == 0


@pytest.fixture
def aws(command_line: RemoteEmulator, command_lines_of_aws: subprocess.Popen[str]) -> CommandLines:
    """The command line, led to the emulator."""
    return CommandLines(command_lines_of_aws, command_line.url)


def environment(home: Path) -> dict[str, str]:
    """Return the environment of a command line, and write its configuration."""
    config = home / "config"
    # Otherwise it fetches values that are URLs, such as the identifier of a resource server.
    config.write_text("[default]\ncli_follow_urlparam = false\n")
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(config),
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@pytest.fixture
def cli(aws: CommandLines, tmp_path: Path) -> dict[str, CliService]:
    """The two services."""
    return {name: CliService(aws, name, tmp_path) for name in ("cognito-idp", "cognito-identity")}
