"""Triggers that a command line or a file names: Python objects, and URLs of functions elsewhere."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ..nearest import suggestion
from ..trigger_table import NAMES, Trigger
from ..trigger_url import trigger_at
from .errors import SetupError

_SNAKE: Final = {
    re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower(): name for name in NAMES
}
_FORM: Final = re.compile(r"[\w.]+(?::[\w.]+)?")


def load_all(reference: str) -> dict[str, Trigger]:
    """Return the triggers of a Python object.

    Args:
        reference: ``module:object``: a mapping of triggers' names to functions, or an object, such as a
            class or a module, whose functions are called ``PreSignUp`` or ``pre_sign_up``. ``module`` alone
            is the module itself.

    Raises:
        SetupError: It cannot be imported, or has no triggers.
    """
    found = _import(reference)
    if isinstance(found, Mapping):
        return {str(name): function for name, function in found.items()}
    names = {**{name: name for name in NAMES}, **_SNAKE}
    functions = {
        name: getattr(found, spelling) for spelling, name in names.items() if hasattr(found, spelling)
    }
    if not functions:
        raise SetupError(
            f"{reference} has no triggers: its functions need names such as PreSignUp or pre_sign_up"
        )
    return functions


def load(name: str, reference: str) -> Trigger:
    """Return one trigger.

    Args:
        name: Cognito's name of the trigger.
        reference: ``module:function``, or the URL of a function that runs elsewhere.

    Raises:
        SetupError: There is no such trigger or function.
    """
    if name not in NAMES:
        raise SetupError(f"unknown trigger {name!r}: {suggestion(name, NAMES)}")
    if reference.startswith(("http://", "https://")):
        return trigger_at(reference)
    function = _import(reference)
    if not callable(function):
        raise SetupError(f"{reference} must be a function, not {type(function).__name__}")
    trigger: Trigger = function
    return trigger


def _import(reference: str) -> Any:
    module, _, path = reference.partition(":")
    if not _FORM.fullmatch(reference):
        raise SetupError(f"{reference!r} must be module:object, such as myapp.triggers:triggers")
    here = str(Path.cwd())
    # As with `python -m`: what lies in the present directory can be imported.
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module)
    except Exception as error:
        problem = f"{module} cannot be imported: {type(error).__name__}: {error}"
    else:
        for name in filter(None, path.split(".")):
            if not hasattr(found, name):
                raise SetupError(f"{module} has no {path!r}: {suggestion(name, _public(found))}")
            found = getattr(found, name)
        return found
    raise SetupError(problem)


def _public(value: object) -> list[str]:
    return [name for name in dir(value) if not name.startswith("_")] or ["nothing"]
