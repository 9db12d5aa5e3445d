"""Looking into the directory of a FileStorage."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


def value_file(directory: Path) -> Path:
    """The one value that is there."""
    (found,) = directory.glob("*.value")
    return found


def failing(code: int) -> Callable[..., Any]:
    """A system call that fails."""

    def fail(*_: object, **__: object) -> Any:
        raise OSError(code, os.strerror(code))

    return fail
