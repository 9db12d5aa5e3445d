"""Faults that the emulator injects, to test how a client handles them."""

from types import UnionType
from typing import Any, Final, Literal

from attrs import define, evolve, field

from .._public import public
from . import fault_names
from .fault_names import EVERY
from .nearest import suggestion

_LONGEST: Final = 86_400
MEMBERS: Final = ("operation", "error", "latency", "status", "times", "cut", "malformed", "message")
"""The arguments of `Faults.add`."""


@define
class Fault:
    """One fault of the requests of an operation; see :meth:`Faults.add`."""

    error: str | None = None
    latency: float | None = None
    status: int | None = None
    cut: Literal["before", "after"] | None = None
    malformed: bool = False
    message: str | None = None
    times: int | None = 1

    @property
    def instead_of_work(self) -> bool:
        """Whether the operation is not performed, and an error is returned."""
        alone = self.cut is None and not self.malformed
        return self.error is not None or (self.status is not None and alone)


@public("aiocognito.emulator")
@define
class Faults:
    """The fault plan of one emulator. Faults of an operation are injected in the order of their addition."""

    _planned: dict[str, list[Fault]] = field(factory=dict)
    _names: fault_names.FaultNames | None = field(default=None, init=False, repr=False)

    def add(
        self,
        operation: str,
        *,
        error: str | None = None,
        latency: float | None = None,
        status: int | None = None,
        times: int | None = 1,
        cut: Literal["before", "after"] | None = None,
        malformed: bool = False,
        message: str | None = None,
    ) -> None:
        """Plan a fault.

        Args:
            operation: An operation such as ``InitiateAuth``; ``GetJwks`` for the key set; ``Token``,
                ``LoginPage`` and the like of the hosted UI, as ``emulator.calls`` names them; or ``*``.
            error: The code to answer with, such as ``TooManyRequestsException``; nothing is done then.
            latency: Seconds of real time to wait before anything else; the work is done if nothing
                else is planned.
            status: The HTTP status to answer with; on its own, nothing is done and the answer is an error.
            times: How many requests it concerns; ``None`` for all to come.
            cut: ``before`` closes the connection without doing the work, ``after`` when it was done.
            malformed: Do the work and answer with something that is not JSON.
            message: The error's text.

        Raises:
            TypeError: An argument is of another type.
            ValueError: No fault was asked for, an argument is out of its range, or the operation or the
                error code is unknown; the message names the nearest one.
        """
        _check_types(operation=(operation, str), error=(error, str | None), message=(message, str | None))
        _check_types(status=(status, int | None), times=(times, int | None), malformed=(malformed, bool))
        _check_types(latency=(latency, int | float | None))
        self._check_names(operation, error)
        if error is None and latency is None and status is None and cut is None and not malformed:
            raise ValueError("a fault needs an error, a latency, a status, a cut or malformed=True")
        if cut not in {None, "before", "after"}:
            raise ValueError("cut must be 'before' or 'after'")
        if status is not None and not 200 <= status <= 599:
            raise ValueError("status must be an HTTP status between 200 and 599")
        if latency is not None and not 0 <= latency <= _LONGEST:
            raise ValueError(f"latency must be between 0 and {_LONGEST} seconds")
        if times is not None and times < 1:
            raise ValueError("times must be at least 1, or None for every request to come")
        fault = Fault(error, latency, status, cut, malformed, message, times)
        self._planned.setdefault(operation, []).append(fault)

    def _check_names(self, operation: str, error: str | None) -> None:
        names = fault_names.load() if self._names is None else self._names
        if operation not in names.operations:
            raise ValueError(f"unknown operation {operation!r}: {suggestion(operation, names.operations)}")
        if error is not None and error not in names.errors:
            raise ValueError(f"unknown error code {error!r}: {suggestion(error, names.errors)}")

    def know(self, names: fault_names.FaultNames) -> None:
        """Set the names that a fault can have; without it, they are read from disk when they are needed.

        :meta private:
        """
        self._names = names

    def clear(self) -> None:
        """Remove all faults that were not injected yet."""
        self._planned.clear()

    def take(self, operation: str) -> Fault | None:
        """Remove and return the fault of the next request of an operation."""
        for name in (operation, EVERY):
            planned = self._planned.get(name)
            if planned:
                fault = planned[0]
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        planned.pop(0)
                return evolve(fault)
        return None


def _check_types(**arguments: tuple[Any, type | UnionType]) -> None:
    for name, (value, wanted) in arguments.items():
        # JSON's true is not a number, though Python's is an int.
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
            raise TypeError(
                f"{name} must be {getattr(wanted, '__name__', wanted)}, not {type(value).__name__}"
            )
