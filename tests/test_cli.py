"""The command line, as a person types it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from importlib.metadata import entry_points, version
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import aiocognito
from aiocognito import _cli as cli
from aiocognito import _demo as demo
from aiocognito.__main__ import main

# Neither colour nor the width of the terminal that runs the tests.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name not in {"NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS", "GITHUB_ACTIONS", "PY_COLORS"}
}


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own, without a terminal."""
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        check=False,
        timeout=300,
    )


@pytest.fixture
def emulator_module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Stand in for the module that runs the emulator."""
    module = ModuleType("aiocognito.emulator.cli")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out == f"aiocognito {version('aiocognito')}\n"


def test_python_m_is_the_same() -> None:
    done = python("-m", "aiocognito", "--version")
    assert (done.returncode, done.stdout) == (0, f"aiocognito {version('aiocognito')}\n")


def test_the_console_script_is_the_same() -> None:
    (script,) = entry_points(group="console_scripts", name="aiocognito")
    assert script.load() is main


def test_help_names_the_commands_and_is_plain_when_piped() -> None:
    done = python("-m", "aiocognito", "--help")
    assert done.returncode == 0
    assert "emulator" in done.stdout
    assert "demo" in done.stdout
    assert "\x1b" not in done.stdout


def test_help_joins_the_lines_of_a_paragraph_and_shows_defaults(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert cli.run(["emulator", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "an identity   \n pool, a link to its login page, and every code" in shown
    assert "http://localhost:8000/callback]" in shown


@pytest.mark.parametrize("arguments", [[], ["emulator", "--port", "70000"], ["emulater"], ["demo", "--fast"]])
def test_what_it_does_not_understand_is_exit_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(arguments) == 2
    assert "Usage: aiocognito" in "".join(capsys.readouterr())


class TestEmulator:
    @pytest.fixture
    def ran_with(self, emulator_module: ModuleType) -> list[dict[str, Any]]:
        ran: list[dict[str, Any]] = []
        vars(emulator_module)["run"] = lambda **options: ran.append(options)
        return ran

    def test_it_runs_on_this_machine_and_forgets_by_default(self, ran_with: list[dict[str, Any]]) -> None:
        assert cli.run(["emulator"]) == 0
        assert ran_with == [{"host": "127.0.0.1", "port": 9229, "data": None, "callback_urls": ()}]

    def test_its_options_are_passed_on(self, ran_with: list[dict[str, Any]], tmp_path: Path) -> None:
        callbacks = ["http://localhost:3000/a", "http://localhost:3000/b"]
        options = ["--host", "0.0.0.0", "--port", "0", "--data", str(tmp_path)]
        options += [word for url in callbacks for word in ("--callback-url", url)]
        assert cli.run(["emulator", *options]) == 0
        assert ran_with == [{"host": "0.0.0.0", "port": 0, "data": tmp_path, "callback_urls": callbacks}]

    def test_further_options_are_passed_on_if_they_are_given(
        self, ran_with: list[dict[str, Any]], tmp_path: Path
    ) -> None:
        given = {
            "--pool-id": "us-east-1_Shop12345",
            "--client-id": "shop",
            "--client-secret": "secret",
            "--setup": str(tmp_path / "setup.toml"),
            "--triggers": "module:object",
            "--seed": "7",
            "--issuer": "local",
            "--env-file": str(tmp_path / "env"),
            "--amplify-outputs": str(tmp_path / "outputs"),
        }
        words = [word for pair in given.items() for word in pair]
        for name in ("--user", "--allowed-host", "--allowed-origin"):
            words += [name, "one", name, "two"]
        words += ["--tls", str(tmp_path / "cert"), str(tmp_path / "key")]
        assert cli.run(["emulator", *words]) == 0
        (ran,) = ran_with
        for name in ("host", "port", "data", "callback_urls"):
            del ran[name]
        twice = ("one", "two")
        assert ran == {
            "pool_id": "us-east-1_Shop12345",
            "client_id": "shop",
            "client_secret": "secret",
            "setup": tmp_path / "setup.toml",
            "triggers": "module:object",
            "seed": "7",
            "issuer": "local",
            "env_file": tmp_path / "env",
            "amplify_outputs": tmp_path / "outputs",
            "users": twice,
            "allowed_hosts": twice,
            "allowed_origins": twice,
            "tls": (tmp_path / "cert", tmp_path / "key"),
        }

    @pytest.mark.parametrize("words", [["--issuer", "own"], ["--tls", "cert"], ["--pool-id"]])
    def test_malformed_options_are_exit_code_2(
        self, ran_with: list[dict[str, Any]], words: list[str]
    ) -> None:
        assert cli.run(["emulator", *words]) == 2
        assert not ran_with

    def test_a_directory_that_is_a_file_is_refused(
        self, ran_with: list[dict[str, Any]], tmp_path: Path
    ) -> None:
        (tmp_path / "file").touch()
        assert cli.run(["emulator", "--data", str(tmp_path / "file")]) == 2
        assert not ran_with

    @pytest.mark.parametrize("error", [OSError(98, "address in use"), NotImplementedError("not yet")])
    def test_what_keeps_it_from_starting_is_one_line(
        self, emulator_module: ModuleType, error: Exception, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def run(**_: Any) -> None:
            raise error

        vars(emulator_module)["run"] = run
        assert cli.run(["emulator"]) == 1
        assert capsys.readouterr().err == f"aiocognito: {error}\n"


def test_the_emulator_says_where_it_is_until_it_is_interrupted() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "aiocognito", "emulator", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    ) as process:
        assert process.stdout is not None
        try:
            first = next(process.stdout)
            said = next(line for line in process.stdout if line.startswith("export "))
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert "http://127.0.0.1:" in first
    assert said.startswith("export COGNITO_USER_POOL_ID=")
    assert (process.returncode, errors) == (0, "")


def test_the_demo_decides_the_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "run", lambda: 1)
    assert cli.run(["demo"]) == 1
    monkeypatch.setattr(demo, "run", lambda: 0)
    assert cli.run(["demo"]) == 0


@pytest.mark.parametrize("missing", ["typer", "rich", "aiohttp"])
def test_a_missing_extra_is_named_with_what_installs_it(missing: str) -> None:
    # None there makes an import fail as if nothing were installed.
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from aiocognito.__main__ import main; sys.argv = ['aiocognito', 'demo']; sys.exit(main())"
    )
    done = python("-c", program)
    assert done.returncode == 2
    assert missing in done.stderr
    assert "pip install 'aiocognito[cli]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_extra_is_exit_code_2_here_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "aiocognito._cli")
    monkeypatch.setitem(sys.modules, "typer", None)
    assert main() == 2
    assert capsys.readouterr().err.startswith("aiocognito: typer is not installed")


def test_run_as_a_module_it_exits(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Not by `runpy`: pytest imports the package with a loader of its own, which `runpy` cannot use.
    path = Path(aiocognito.__file__).with_name("__main__.py")
    code = compile(path.read_text("utf-8"), path, "exec")
    monkeypatch.setattr(sys, "argv", ["aiocognito", "--version"])
    with pytest.raises(SystemExit) as ended:
        exec(code, {"__name__": "__main__", "__package__": "aiocognito"})
    assert ended.value.code == 0
    assert capsys.readouterr().out


def test_a_module_of_ours_that_is_missing_is_a_bug_and_not_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiocognito._cli", None)
    with pytest.raises(ModuleNotFoundError):
        main()


def test_main_takes_its_arguments_from_the_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["aiocognito", "--version"])
    assert main() == 0
    assert capsys.readouterr().out


def test_a_crash_shows_no_values_of_variables(tmp_path: Path) -> None:
    crash = tmp_path / "crash.py"
    crash.write_text(
        "import sys, types\n"
        "def run(**_):\n"
        "    password = 'hun' + 'ter2'\n"
        "    raise RuntimeError('no')\n"
        "module = types.ModuleType('aiocognito.emulator.cli'); module.run = run\n"
        "sys.modules[module.__name__] = module\n"
        "from aiocognito import _cli as cli\n"
        "sys.exit(cli.run(['emulator']))\n"
    )
    done = python(str(crash))
    assert done.returncode == 1
    assert "RuntimeError: no" in done.stderr
    assert "hunter2" not in done.stderr


@pytest.mark.parametrize(("code", "expected"), [(None, 0), (3, 3), ("a message", 1)])
def test_every_way_to_exit_is_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, code: int | str | None, expected: int
) -> None:
    def leave(*_: Any, **__: Any) -> None:
        raise SystemExit(code)

    monkeypatch.setattr(cli, "app", leave)
    assert cli.run([]) == expected


def test_a_command_that_returns_is_a_success(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "app", lambda *_, **__: None)
    assert cli.run([]) == 0
