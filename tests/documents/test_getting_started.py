"""The first page, typed into two terminals: each command prints what the page shows."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpers.ports import free_port

from .pages import ROOT, blocks

PAGE = ROOT / "docs/getting-started.md"
PROMPT = "READY> "
PATIENCE = 60


class Terminal:
    """A shell in a pseudo terminal."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._unread = ""

    def type(self, line: str) -> None:
        os.write(self._descriptor, line.encode() + b"\n")

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Return the first match in what the terminal shows; discard the text up to its end."""
        deadline = time.monotonic() + PATIENCE
        while not (match := re.search(pattern, self._unread)):
            ready, _, _ = select.select([self._descriptor], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"{pattern!r} does not appear in {self._unread!r}"
            received = os.read(self._descriptor, 65536).decode(errors="replace")
            self._unread += received.replace("\r", "")
        self._unread = self._unread[match.end() :]
        return match


@contextmanager
def terminal(directory: Path) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    attributes = termios.tcgetattr(theirs)
    attributes[3] &= ~termios.ECHO
    termios.tcsetattr(theirs, termios.TCSANOW, attributes)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COGNITO_")}
    environment |= {
        "PS1": PROMPT,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]),
    }
    with subprocess.Popen(
        ["bash", "--norc", "--noprofile", "--noediting", "-i"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=directory,
        env=environment,
        start_new_session=True,
    ) as shell:
        os.close(theirs)
        try:
            screen = Terminal(ours)
            screen.wait_for(PROMPT)
            yield screen
        finally:
            os.close(ours)  # hangs up
            shell.terminate()
            shell.kill()


def commands() -> Iterator[tuple[str, list[str]]]:
    """Yield each command of the page with the lines that the page shows below it."""
    for block in blocks(PAGE, "console"):
        for part in re.split(r"^\$ ", block.code, flags=re.MULTILINE)[1:]:
            command, *output = part.splitlines()
            yield command, output


def pattern_of(line: str) -> str:
    """Return a regular expression for a line of the page, in which "…" stands for any text."""
    return re.escape(line).replace("…", ".*")


def save_files(directory: Path) -> list[str]:
    text = PAGE.read_text(encoding="utf-8")
    files = re.findall(
        r"Save this as\s+`(\w+\.py)`:\n\n```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE
    )
    for name, code in files:
        (directory / name).write_text(code, encoding="utf-8")
    return [name for name, _ in files]


def test_each_command_prints_what_the_page_shows(tmp_path: Path) -> None:
    names = save_files(tmp_path)
    assert len(names) == len(blocks(PAGE)), "each block of the page is saved as a file"
    port = str(free_port())
    (install, _), (start, printed), (configure, _), *rest = commands()
    assert install == "pip install 'aiocognito[cli]'"
    assert configure.startswith("export COGNITO_USER_POOL_ID=")
    assert [command for command, _ in rest] == [f"python {name}" for name in names]
    with terminal(tmp_path) as first, terminal(tmp_path) as second:
        first.type(start.replace("9229", port))
        shown = [line.replace("9229", port) for line in printed if line != "…"]
        assert len(shown) == 5
        matches = [first.wait_for(rf"(?m)^{pattern_of(line)}$") for line in shown]
        second.type(matches[-1][0])
        second.wait_for(PROMPT)
        for command, output in rest:
            second.type(command)
            for line in output:
                if line.endswith(": …"):
                    second.wait_for(pattern_of(line.removesuffix("…")))
                    second.type(first.wait_for(r"to ana@example\.com: (\d+)")[1])
                else:
                    second.wait_for(rf"(?m)^{pattern_of(line)}$")
            second.wait_for(f"^\n?{PROMPT}")
