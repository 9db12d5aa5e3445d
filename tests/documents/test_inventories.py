"""The names of other projects that pages link to exist, under the names that they are documented by."""

from __future__ import annotations

import importlib
import zlib
from typing import Any

import inventories
import pytest

FILES = sorted(inventories.DIRECTORY.glob("*.txt"))


def load(name: str) -> Any:
    module, _, member = name.rpartition(".")
    return getattr(importlib.import_module(module or "builtins"), member)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_name_exists_and_has_an_address(path: Any) -> None:
    address, lines = inventories.read(path)
    assert address.startswith("https://")
    assert lines
    for line in lines:
        name, role, priority, place, shown = line.split()
        is_exception = isinstance(load(name), type) and issubclass(load(name), BaseException)
        assert (role == "py:exception") == is_exception, name
        assert (priority, shown) == ("1", "-")
        assert not place.startswith("/")


def test_an_address_of_python_leads_to_the_module_of_the_name() -> None:
    _, lines = inventories.read(inventories.DIRECTORY / "python.txt")
    for name, _, _, place, _ in (line.split() for line in lines):
        module = name.rpartition(".")[0]
        page = place.removeprefix("library/").partition(".html#")[0]
        if module == "asyncio":
            assert page.startswith("asyncio-")
        else:
            assert page == module or (not module and page in ("exceptions", "functions", "stdtypes")), name


def test_packed_lines_can_be_read() -> None:
    packed = inventories.packed("python", ["str py:class 1 library/stdtypes.html#$ -"])
    *head, body = packed.split(b"\n", 4)
    assert head[0] == b"# Sphinx inventory version 2"
    assert zlib.decompress(body) == b"str py:class 1 library/stdtypes.html#$ -\n"
