"""What an emulator has received and sent during a test, for the report of a failed one."""

from __future__ import annotations

from typing import Final

from ..emulator import Call, Message, ThreadedEmulator

TITLE: Final = "Cognito emulator"
_SHOWN: Final = 20


def counts(emulator: ThreadedEmulator) -> tuple[int, int]:
    """Return how many calls and messages there have been; ``(0, 0)`` if the emulator does not run."""
    try:
        return len(emulator.calls), len(emulator.outbox.messages)
    except RuntimeError:
        return 0, 0


def described(emulator: ThreadedEmulator, before: tuple[int, int]) -> str:
    """Return the last calls and messages as text. It has neither codes, passwords nor tokens.

    Args:
        emulator: The emulator.
        before: How many there had been before the test.
    """
    try:
        calls, messages = emulator.calls[before[0] :], emulator.outbox.messages[before[1] :]
    except RuntimeError as error:
        return str(error)
    return "\n".join(
        [
            *_section("calls", list(map(_call, calls))),
            *_section("messages", list(map(_message, messages))),
        ]
    )


def _section(noun: str, lines: list[str]) -> list[str]:
    if not lines:
        return [f"{noun}: 0"]
    shown = lines[-_SHOWN:]
    count = f"{len(lines)}" if len(shown) == len(lines) else f"the last {len(shown)} of {len(lines)}"
    return [f"{noun}: {count}", *(f"  {line}" for line in shown)]


def _call(call: Call) -> str:
    outcome = "connection cut" if call.status is None else str(call.status)
    error = "" if call.error is None else f" {call.error}"
    reason = "" if call.reason is None else f": {call.reason}"
    return f"{call.operation} ({call.service}): {outcome}{error}{reason}"


def _message(message: Message) -> str:
    return f"{message.medium} to {message.to} for {message.username}: {message.purpose}"
