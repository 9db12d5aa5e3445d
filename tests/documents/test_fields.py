"""The reference describes each field of steps, results and values."""

from __future__ import annotations

import inspect
import re
from typing import Any

import attrs
import pytest

import aiocognito
from aiocognito import steps

# Their fields are arguments, which the page on configuration and the class describe.
OTHERS = {"AuthConfig", "OAuthConfig"}
CLASSES = [
    value
    for module in (steps, aiocognito)
    for name in sorted(module.__all__)
    if attrs.has(value := getattr(module, name)) and name not in OTHERS
]
_ENTRY = re.compile(r"^    (\w+): \S", re.MULTILINE)


def described(cls: Any) -> list[str]:
    """Return the names in the sections of a docstring that list fields."""
    text = inspect.getdoc(cls) or ""
    sections = re.findall(r"^(?:Args|Attributes):\n((?:    .*\n?|\n)+)", text, re.MULTILINE)
    return _ENTRY.findall("".join(sections))


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_field_is_described(cls: Any) -> None:
    fields = [each.name for each in attrs.fields(cls) if not each.name.startswith("_")]
    assert described(cls) == fields


def _entry_of(text: str, name: str) -> str:
    """Return the words before the fields, which can be about all of them, and those of one field."""
    head = re.split(r"^(?:Args|Attributes):\n", text, maxsplit=1, flags=re.MULTILINE)[0]
    entry = re.search(rf"^    {name}: (.*\n(?:        .*\n?)*)", text + "\n", re.MULTILINE)
    assert entry is not None
    return " ".join(f"{head} {entry[1]}".split())


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_a_field_that_can_be_none_says_when(cls: Any) -> None:
    text = inspect.getdoc(cls) or ""
    optional = [
        each.name
        for each in attrs.fields(cls)
        if "None" in str(each.type) and not each.name.startswith("_") and each.default is None
    ]
    unsaid = [
        name
        for name in optional
        if not re.search(r"\bNone\b|\bif\b|\bby default\b|\bunless\b", _entry_of(text, name))
    ]
    assert unsaid == []


def test_there_are_steps_results_and_values() -> None:
    assert len(CLASSES) > 30
