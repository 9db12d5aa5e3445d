"""The container's recipe: its commands do what the page on Docker says, as far as they run without Docker."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from aiocognito import AuthClient, AuthConfig
from helpers.ports import free_port

ROOT = Path(__file__).parents[1]
DOCKERFILE = ROOT / "docker/Dockerfile"
COMPOSE = ROOT / "docker/compose.yaml"
SETUP = ROOT / "docker/cognito.toml"
# https://docs.docker.com/reference/dockerfile
KNOWN = {
    *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "ONBUILD"),
    *("RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
}
TOKEN = "a-token-of-some-length"


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile, continued lines joined."""
    text = re.sub(r"\\\n\s*", "", DOCKERFILE.read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines)]


def last(name: str) -> str:
    return [rest for found, rest in instructions() if found == name][-1]


def health_check() -> list[str]:
    found: list[str] = json.loads(last("HEALTHCHECK").partition("CMD ")[2])
    return found


def service() -> dict[str, Any]:
    document = yaml.safe_load(COMPOSE.read_text())
    found: dict[str, Any] = document["services"]["cognito"]
    return found


def is_healthy(command: Sequence[str], port: int) -> bool:
    words = [sys.executable if word == "python" else word.replace("9229", str(port)) for word in command]
    environment = {**os.environ, "NO_PROXY": "*"}
    return subprocess.run(words, capture_output=True, env=environment, check=False).returncode == 0


@contextmanager
def running(command: Sequence[str], **environment: str) -> Iterator[int]:
    """Run the image's command in this environment, on a port and an address of this machine."""
    port = free_port()
    words = [word.replace("9229", str(port)).replace("0.0.0.0", "127.0.0.1") for word in command]
    assert words[0] == "aiocognito"
    process = subprocess.Popen(
        [sys.executable, "-m", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )
    try:
        deadline = time.monotonic() + 120
        while not is_healthy(health_check(), port):
            assert process.poll() is None
            assert time.monotonic() < deadline
        yield port
        process.terminate()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()


def test_the_image_starts_an_emulator_that_its_health_check_finds() -> None:
    command = [*json.loads(last("ENTRYPOINT")), *json.loads(last("CMD"))]
    assert command[:4] == ["aiocognito", "emulator", "--host", "0.0.0.0"]
    with running(command) as port:
        pass
    assert not is_healthy(health_check(), port)


def test_an_engine_can_read_the_recipe() -> None:
    """As far as can be seen without one: instructions, stages, forms and the commands' syntax."""
    assert {name for name, _ in instructions()} <= KNOWN
    assert instructions()[0][0] == "FROM"
    images = [rest.partition(" AS ") for name, rest in instructions() if name == "FROM"]
    # A virtual environment works where the same interpreter is.
    ((image, _, stage), (final, *_)) = images
    assert image == final
    version = re.fullmatch(r"python:(3\.\d+)-slim", image)
    assert version is not None
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"Programming Language :: Python :: {version[1]}" in project["classifiers"]
    copied = [rest.split() for name, rest in instructions() if name == "COPY"]
    assert copied == [[".", "/source"], [f"--from={stage}", "/venv", "/venv"]]
    for line in (rest for name, rest in instructions() if name == "RUN"):
        subprocess.run(["sh", "-n", "-c", line], check=True)
    for words in (last("ENTRYPOINT"), last("CMD"), last("HEALTHCHECK").partition("CMD ")[2]):
        assert all(isinstance(word, str) for word in json.loads(words))
    port = last("EXPOSE")
    assert json.loads(last("CMD")) == ["--port", port]
    assert f"127.0.0.1:{port}/" in health_check()[-1]


def test_compose_names_what_exists() -> None:
    document = yaml.safe_load(COMPOSE.read_text())
    build = service()["build"]
    context = (COMPOSE.parent / build["context"]).resolve()
    assert context == ROOT
    assert context / build["dockerfile"] == DOCKERFILE
    for volume in service()["volumes"]:
        source = volume.partition(":")[0]
        assert source in document["volumes"] or (COMPOSE.parent / source).is_file()


def test_it_runs_as_a_user_without_rights_and_owns_its_data() -> None:
    names = [name for name, _ in instructions()]
    assert last("USER") == "emulator"
    assert names.index("USER") < names.index("ENTRYPOINT")
    run = [rest for name, rest in instructions() if name == "RUN"][-1]
    assert "--owner=emulator --mode=0700 /data" in run
    assert last("VOLUME") == "/data"


def test_composes_health_check_is_the_images() -> None:
    check = service()["healthcheck"]
    assert check["test"] == ["CMD", *health_check()]
    assert {"interval", "timeout", "retries"} <= check.keys()
    assert service()["ports"] == ["127.0.0.1:9229:9229"]


async def test_composes_emulator_is_set_up(tmp_path: Path) -> None:
    places = {"/data": str(tmp_path / "data"), "/etc/cognito.toml": str(SETUP)}
    words = []
    for word in service()["command"]:
        option, _, value = str(word).partition("=")
        words.append(f"{option}={places.get(value, value)}")
    with running([*json.loads(last("ENTRYPOINT")), *words], AIOCOGNITO_EMULATOR_TOKEN=TOKEN) as port:
        (pool,) = tomllib.loads(SETUP.read_text())["user_pools"]
        (user,) = pool["users"]
        config = AuthConfig(
            user_pool_id=pool["id"],
            user_pool_client_id=pool["clients"][0]["id"],
            user_pool_endpoint=f"http://127.0.0.1:{port}",
        )
        async with AuthClient(config) as auth:
            assert (await auth.sign_in(user["username"], user["password"])).is_signed_in


@pytest.mark.interop
def test_the_images_installation_works_in_a_clean_environment(tmp_path: Path) -> None:
    """The RUN line of the build stage, on the files that an engine is sent; it needs a package index."""
    run = next(rest for name, rest in instructions() if name == "RUN")
    left_out = [line.removeprefix("**/") for line in (ROOT / ".dockerignore").read_text().splitlines()]
    # Files that other tests write meanwhile, which may be gone before they are copied.
    left_out += [".coverage*", ".hypothesis", "answers-*.ts"]
    source = shutil.copytree(ROOT, tmp_path / "source", ignore=shutil.ignore_patterns(*left_out))
    python = shlex.quote(sys.executable)
    here = run.replace("/source", str(source)).replace("/venv", str(tmp_path / "venv"))
    subprocess.run(here.replace("python -m", f"{python} -m", 1), shell=True, check=True, timeout=300)
    shown = subprocess.run(
        [tmp_path / "venv/bin/aiocognito", "--version"], capture_output=True, text=True, check=True
    )
    assert shown.stdout.startswith("aiocognito ")
