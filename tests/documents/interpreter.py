"""Interpreters for the examples: a process for each block, forked from one that has the libraries loaded."""

from __future__ import annotations

import ast
import asyncio
import builtins
import code
import inspect
import multiprocessing
import os
import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from attrs import frozen

from .pages import Block

PRELOADED = [
    "aiobotocore.session",
    "aiohttp.web",
    "aiocognito.emulator",
    "aiocognito.integrations.aiobotocore",
    "aiocognito.integrations.httpx",
    "fastapi",
    __name__,
]
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(PRELOADED)


@frozen
class Result:
    """What a block printed, and its traceback if it raised."""

    output: str
    error: str | None


def run(block: Block, environment: dict[str, str], directory: Path, answer: Callable[[str], str]) -> Result:
    """Run a block in a new process: as a file, or typed into ``python -m asyncio`` if it needs that.

    ``answer`` is called with each prompt of the block's ``input``.
    """
    ours, theirs = _processes.Pipe()
    output = directory / "output"
    process = _processes.Process(target=_serve, args=(block, environment, directory, output, theirs))
    process.start()
    theirs.close()
    error: str | None = "the process ended without a result"
    try:
        while True:
            kind, value = ours.recv()
            if kind == "prompt":
                ours.send(answer(value))
            else:
                error = value
                break
    except EOFError:
        pass
    finally:
        ours.close()
        process.join()
    return Result(output.read_text(encoding="utf-8"), error)


def _serve(
    block: Block, environment: dict[str, str], directory: Path, output: Path, parent: Connection
) -> None:
    with output.open("wb", buffering=0) as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
    os.environ.update(environment)
    os.chdir(directory)

    def ask(prompt: str = "") -> str:
        parent.send(("prompt", prompt))
        return str(parent.recv())

    builtins.input = ask  # type: ignore[assignment]  # a stand-in with fewer parameters
    error = None
    try:
        if block.is_for_the_console:
            _type_into_console(block, ask)
        else:
            exec(block.compiled(), {"__name__": "__example__"})
    except BaseException:
        error = traceback.format_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    parent.send(("result", error))


def _type_into_console(block: Block, ask: Callable[[str], str]) -> None:
    """Enter a block line by line, as a terminal does with what is pasted."""
    lines = [*block.code.splitlines(), ""]

    def pasted(prompt: str = "") -> str:
        # A terminal passes the next pasted line to `input`.
        assert not any(lines), f"{prompt!r} takes the next line as its answer: {lines[0]!r}"
        return ask(prompt)

    with asyncio.Runner() as runner:
        console = _Console(runner)
        console.locals["input"] = pasted
        is_incomplete = False
        while lines:
            is_incomplete = console.push(lines.pop(0))
        assert not is_incomplete, "the last statement is incomplete"


class _Console(code.InteractiveConsole):
    """The console of ``python -m asyncio``; exceptions pass through."""

    def __init__(self, runner: asyncio.Runner) -> None:
        super().__init__({"__name__": "__main__"})
        self._runner = runner
        self.compile.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT

    def runcode(self, code: Any) -> None:
        result = eval(code, self.locals)
        if inspect.iscoroutine(result):
            self._runner.run(result)

    def showsyntaxerror(self, *args: Any, **options: Any) -> None:
        raise  # the error that is being handled
