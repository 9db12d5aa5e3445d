"""The users of a name: which users have signed in with it, so that a password reset finds their sessions."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from attrs import evolve

from ..errors import StorageError
from . import keys
from .compare_and_set import compare_and_set, is_stored
from .context import ServiceContext
from .index_record import NamedUser, dump_names, load_names, unreadable

# How many users a name may have; the one renewed longest ago is dropped.
MAX_USERS: Final = 100


def folded(name: str) -> str:
    """Return a name without differences of case. Names that only look alike are those of other users."""
    return name.casefold()


def name_key(context: ServiceContext, name: str) -> str:
    """Return the storage key of a name's users."""
    return f"{keys.namespace(context.config)}:name:{keys.digest(folded(name))}"


async def add_names(context: ServiceContext, names: Collection[str], username: str, user_id: str) -> None:
    """Write that a user signs in with some names. Recent entries are left as they are.

    Args:
        context: The service's context.
        names: The name that was entered, and Cognito's username.
        username: Cognito's username.
        user_id: The ``sub`` of the user.

    Raises:
        StorageError: The storage failed.
    """
    for name in {folded(each): each for each in names if each}.values():
        await _add(context, name_key(context, name), NamedUser(username=username, user_id=user_id, at=0.0))


async def user_ids(context: ServiceContext, name: str) -> list[str]:
    """Return the ids of the users that a name leads to.

    If several users have it in different spellings, only the user whose username is exactly the name counts.

    Raises:
        StorageError: The storage failed, or the users cannot be parsed.
    """
    where = name_key(context, name)
    raw = await context.storage.get(where)
    users = load_names(raw) if raw is not None else ()
    if users is None:
        raise unreadable("the users of the name", where)
    if len({user.user_id for user in users}) > 1:
        users = tuple(user for user in users if user.username == name)
    return sorted({user.user_id for user in users})


async def _add(context: ServiceContext, where: str, user: NamedUser) -> None:
    async def attempt() -> bool | None:
        now = context.clock()
        raw = await context.storage.get(where)
        users = (load_names(raw) if raw is not None else None) or ()  # damaged ones are replaced
        if any(_is_recent(each, user, now - context.index_renewal_seconds) for each in users):
            return True
        oldest = now - context.index_seconds
        others = [each for each in users if each.user_id != user.user_id and each.at >= oldest]
        return await _write(context, where, raw, (*others, evolve(user, at=now))[-MAX_USERS:])

    await compare_and_set(context.storage, where, attempt)


def _is_recent(entry: NamedUser, user: NamedUser, since: float) -> bool:
    return (entry.user_id, entry.username) == (user.user_id, user.username) and entry.at > since


async def _write(
    context: ServiceContext, where: str, expected: bytes | None, users: tuple[NamedUser, ...]
) -> bool | None:
    """Write the users of a name; None if another caller was first."""
    raw = dump_names(users)
    try:
        is_done = await context.storage.replace(where, raw, expected=expected, ttl=context.index_seconds)
        return True if is_done else None
    except StorageError as error:
        failure = error
    if not await is_stored(context.storage, where, raw):
        raise failure
    return True
