"""Entries that are persisted one by one: what is written anew, and that nothing is lost."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field

from aiocognito.emulator import CognitoEmulator, serialization
from aiocognito.emulator.attempts import Lockout
from aiocognito.emulator.groups import Group
from aiocognito.emulator.records import Device
from aiocognito.emulator.serialization import encode_text, persisted
from aiocognito.emulator.shelf import Shelf
from aiocognito.emulator.signing_keys import KeyPair
from helpers.api import PASSWORD, OnePair


@persisted("test-library")
@define
class Library:
    """A shelf, and what refers to its values."""

    books: Shelf[str, Any] = field(factory=Shelf)
    lent: list[Any] = field(factory=list)


def read(text: str) -> Any:
    return serialization.decode(json.loads(text))


def group(name: str) -> Group:
    return Group(name, 1.0, 1.0)


def test_random_changes_are_all_written() -> None:
    draw = random.Random(15)
    library = Library()
    held: list[Group] = []
    for _ in range(2000):
        name = str(draw.randrange(30))
        match draw.randrange(8):
            case 0:
                library.books[name] = group(name)
            case 1:
                library.books.setdefault(name, group(name)).precedence = draw.randrange(9)
            case 2 if name in library.books:
                library.books[name].precedence = draw.randrange(9)
            case 3:
                library.books.pop(name, None)
            case 4 if (found := library.books.get(name)) is not None:
                held = [*held[-2:], found]  # other code changes it later, without another look
            case 5 if held:
                draw.choice(held).precedence = draw.randrange(9)
            case 6:
                for each in library.books.values():
                    each.modified = draw.random()
            case 7 if name in library.books:
                del library.books[name]
            case _:
                continue
        assert serialization.encode(read(encode_text(library))) == serialization.encode(library)


def test_only_what_may_have_changed_is_written_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[object] = []
    real = serialization._entry

    def recorded(where: str, number: int, key: object, value: object) -> Any:
        written.append(key)
        return real(where, number, key, value)

    monkeypatch.setattr(serialization, "_entry", recorded)
    library = Library(Shelf((str(n), group(str(n))) for n in range(100)))
    encode_text(library)
    assert len(written) == 100
    written.clear()
    encode_text(library)
    assert written == []
    library.books["7"].precedence = 1
    encode_text(library)
    assert written == ["7"]
    held = library.books["8"]
    for _ in range(2):
        encode_text(library)
    assert written == ["7", "8", "8"]
    del held
    for _ in range(2):
        encode_text(library)
    assert written == ["7", "8", "8", "8"]
    assert len(list(library.books.items())) == 100
    encode_text(library)
    assert len(written) == 104


def test_a_value_that_others_refer_to_stays_one() -> None:
    library = Library()
    library.books["a"] = group("a")
    library.books["b"] = [group("b")]
    library.lent = [library.books["a"], library.books["b"][0]]
    for _ in range(3):
        again = read(encode_text(library))
        assert again.lent[0] is again.books["a"]
        assert again.lent[1] is again.books["b"][0]
        library.books["b"] = [group("b")]
        library.lent[1] = library.books["b"][0]


def test_text_of_a_user_is_not_taken_for_a_shelf() -> None:
    library = Library(Shelf({"a": '"x"'}), ["\\", '"', "\u0000"])
    again = read(encode_text(library))
    assert (dict(again.books), again.lent) == ({"a": '"x"'}, ["\\", '"', "\u0000"])


async def test_a_change_writes_the_users_that_it_changes(
    tmp_path: Path, key_pair: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[tuple[str, object]] = []
    real = serialization._entry

    def recorded(where: str, number: int, key: object, value: object) -> Any:
        written.append((where, key))
        return real(where, number, key, value)

    def start() -> CognitoEmulator:
        return CognitoEmulator(data=tmp_path / "data", keys=OnePair(key_pair))

    async with start() as emulator:
        pool = await emulator.create_user_pool()
        for n in range(20):
            await pool.add_user(f"u{n}", PASSWORD)
        monkeypatch.setattr(serialization, "_entry", recorded)
        update: Callable[..., Any] = emulator.call
        attributes = [{"Name": "name", "Value": "Ana"}]
        members = {"UserPoolId": pool.id, "UserAttributes": attributes}
        for name in ("u3", "u4"):
            written.clear()
            await update("AdminUpdateUserAttributes", Username=name, **members)
            users = {key for where, key in written if where == "Directory._users"}
            assert name in users
            assert len(users) <= 3  # u19 and u3 may be held by what is still ending
        ana = pool.state.users.find("u5")
        assert ana is not None
        await update("AdminUpdateUserAttributes", Username="u6", **members)
        ana.lockout = Lockout(failures=3)
        ana.devices["d"] = Device("d", "g", 1.0, 1.0, 1.0)
        await update("AdminDeleteUser", UserPoolId=pool.id, Username="u6")
        expected = serialization.encode(pool.state)
    async with start() as emulator:
        kept = emulator.existing_user_pool()
        assert kept is not None
        assert serialization.encode(kept.state) == expected
        again = kept.state.users.find("u5")
        assert again is not None
        assert again.lockout.failures == 3
        assert kept.state.users.find("u6") is None
