"""What the emulator would have sent by e-mail and SMS."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias

from attrs import field, frozen

from .._public import public
from . import listeners

KEPT = 10_000
Medium: TypeAlias = Literal["EMAIL", "SMS"]
Purpose: TypeAlias = Literal["sign_up", "sign_in", "mfa", "reset_password", "verify_attribute", "invitation"]
log: Final = logging.getLogger(__name__)


@public("aiocognito.emulator")
@frozen
class Message:
    """One message with a code or a temporary password.

    Args:
        to: The address or phone number.
        username: The user that it is for.
        medium: ``EMAIL`` or ``SMS``.
        code: The code; of an invitation, the temporary password.
        purpose: Why it was sent; ``sign_in`` is a code as the first factor, ``mfa`` one as the second.
        user_pool_id: The user pool.
        link: The link to follow, of a message that has one.
        subject: An e-mail's subject.
        text: The text of the message.
    """

    to: str
    username: str
    medium: Medium
    code: str = field(repr=False)
    purpose: Purpose
    user_pool_id: str
    link: str | None = field(default=None, repr=False)
    subject: str | None = None
    text: str = field(default="", repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Write it as ``GET /_emulator/messages`` does."""
        written: dict[str, Any] = {
            "to": self.to,
            "username": self.username,
            "medium": self.medium,
            "code": self.code,
            "purpose": self.purpose,
            "user_pool_id": self.user_pool_id,
            "subject": self.subject,
            "text": self.text,
        }
        if self.link is not None:
            written["link"] = self.link
        return written


@public("aiocognito.emulator")
class Outbox:
    """The messages of one emulator, oldest first. Use it on the emulator's own loop."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._unread: list[Message] = []
        self._waiting: list[tuple[str, asyncio.Future[Message]]] = []
        self._listeners: list[Callable[[Message], None]] = []

    def listen(self, callback: Callable[[Message], None]) -> None:
        """Call a function for every message from here on.

        Args:
            callback: Called on the emulator's loop. What it raises is logged: the message is sent all the
                same, and the operation that sent it succeeds.
        """
        self._listeners.append(callback)

    def send(self, message: Message) -> None:
        """Add a message, and return it to a waiting call of `next_message`."""
        self.messages.append(message)
        self._unread.append(message)
        del self.messages[:-KEPT], self._unread[:-KEPT]
        text = "a listener of the outbox raised %s; the message to %s was sent"
        for listener in tuple(self._listeners):
            listeners.call(listener, message, log, text, message.to)
        for wanted, future in self._waiting:
            if _concerns(message, wanted) and not future.done():
                self._read(message)
                future.set_result(message)
                return

    async def next_code(self, to_or_username: str, *, timeout: float = 5) -> str:
        """Wait for the next code to a user or an address, and return it: see :meth:`next_message`."""
        return (await self.next_message(to_or_username, timeout=timeout)).code

    async def next_message(self, to_or_username: str, *, timeout: float = 5) -> Message:
        """Wait for the next message to a user or an address, and return it.

        One that was sent already and not asked for is returned at once, the newest first: it
        makes older ones of its kind worthless, as it does with Cognito.

        Args:
            to_or_username: The address or phone number, or the username.
            timeout: Seconds of real time to wait for one.

        Raises:
            TimeoutError: Nothing was sent.
        """
        for message in reversed(self._unread):
            if _concerns(message, to_or_username):
                self._read(message)
                return message
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        entry = (to_or_username, future)
        self._waiting.append(entry)
        try:
            async with asyncio.timeout(timeout):
                return await future
        except TimeoutError:
            sent = sorted({message.to for message in self.messages}) or ["no address"]
            text = f"no code was sent to {to_or_username!r} within {timeout} s; sent to: {', '.join(sent)}"
            raise TimeoutError(text) from None
        finally:
            self._waiting.remove(entry)

    def forget(self, user_pool_id: str) -> None:
        """Remove the messages of a user pool."""
        for messages in (self.messages, self._unread):
            messages[:] = [message for message in messages if message.user_pool_id != user_pool_id]

    def _read(self, message: Message) -> None:
        end = self._unread.index(message)
        older = self._unread[: end + 1]
        kept = [old for old in older if (old.to, old.purpose) != (message.to, message.purpose)]
        self._unread[: end + 1] = kept


def _concerns(message: Message, who: str) -> bool:
    return who in (message.to, message.username)
