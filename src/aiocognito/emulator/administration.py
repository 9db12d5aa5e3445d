"""The emulator as its pools see it, and the undoing of methods that consist of several operations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

from .state import EmulatorState


class Emulator(Protocol):
    """The emulator, as its pools see it."""

    state: EmulatorState

    @property
    def url(self) -> str:
        """The base URL of the emulator while it runs."""
        ...

    async def call(self, operation: str, /, **members: Any) -> dict[str, Any]:
        """Call one operation without HTTP, as an administrator."""
        ...

    def check_members(
        self, method: str, given: Mapping[str, Any], *operations: str, others: Sequence[str] = ()
    ) -> None:
        """Check that operations know all members of a request."""
        ...


@asynccontextmanager
async def undone_on_failure(state: EmulatorState, undo: Callable[[], None]) -> AsyncIterator[None]:
    """Undo what a method with several operations has done so far if the block raises, and persist that.

    Args:
        state: The emulator's state.
        undo: Removes what was made before and within the block.
    """
    try:
        yield
    except BaseException:
        undo()
        await state.changed()
        raise
