"""Run AWS command lines in one process, which saves each of them the interpreter's start.

Runs in the virtual environment of awscli. A line in has the words without "aws", and whether they get a
driver of their own: options of the command line itself, such as ``--generate-cli-skeleton``, stay registered
in a driver. A line out has the exit code, the output and the error output.
"""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout

from awscli.clidriver import CLIDriver, create_clidriver  # pyright: ignore[reportMissingImports]  # of its own environment


def run(driver: CLIDriver, words: list[str]) -> dict[str, object]:
    """Run a command line."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = driver.main(words)
        except SystemExit as end:
            code = end.code
    return {"code": code, "out": _content(out), "err": _content(err)}


def _content(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


shared = create_clidriver()
for line in sys.stdin:
    asked = json.loads(line)
    driver = create_clidriver() if asked["alone"] else shared
    print(json.dumps(run(driver, asked["words"])), flush=True)
