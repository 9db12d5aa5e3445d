"""The operations of the identity-pool API, one module per family.

As in the user-pool API, a function with a capital first letter is the operation of that name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from ...state import EmulatorState
from . import developers, identities, pools, public, roles

Operation = Callable[[EmulatorState, Mapping[str, Any]], Awaitable[dict[str, Any]]]

_MODULES: Final = (developers, public, identities, pools, roles)
TABLE: Final[Mapping[str, Operation]] = {
    name: value
    for module in _MODULES
    for name, value in vars(module).items()
    if name[0].isupper() and callable(value) and value.__module__ == module.__name__
}
