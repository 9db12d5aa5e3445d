"""The public names: listed, importable with every type of their signatures, and under a public module."""

import ast
import copy
import importlib
import inspect
import pickle
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import attrs
import pytest

import aiocognito
from aiocognito import errors

REFERENCE = Path(__file__).parents[1] / "docs/reference"
MODULES = (
    "aiocognito",
    "aiocognito.steps",
    "aiocognito.errors",
    "aiocognito.storage",
    "aiocognito.integrations.aiobotocore",
    "aiocognito.integrations.aiohttp",
    "aiocognito.integrations.httpx",
    "aiocognito.integrations.opentelemetry",
    "aiocognito.integrations.starlette",
    "aiocognito.sync",
    "aiocognito.emulator",
)
PUBLIC = {
    f"{module}.{name}": getattr(importlib.import_module(module), name)
    for module in MODULES
    for name in importlib.import_module(module).__all__
}
DEFINITIONS = {
    name: value for name, value in PUBLIC.items() if inspect.isclass(value) or inspect.isfunction(value)
}
# The emulator's handles give tests its state, whose classes may change: they are not public.
LIBRARY = {name: value for name, value in DEFINITIONS.items() if ".emulator." not in name}
CLASSES = {name: value for name, value in DEFINITIONS.items() if inspect.isclass(value)}
every_definition = pytest.mark.parametrize("value", DEFINITIONS.values(), ids=DEFINITIONS.keys())
every_library_definition = pytest.mark.parametrize("value", LIBRARY.values(), ids=LIBRARY.keys())


def functions_of(value: Any) -> Iterator[Any]:
    """The public functions of a definition, its constructor among them."""
    if inspect.isfunction(value):
        yield value
        return
    for name, member in vars(value).items():
        if not name.startswith("_") or name == "__init__":
            function: Any = member.fget if isinstance(member, property) else member
            member = inspect.unwrap(getattr(function, "__func__", function))
            # A Protocol's constructor is typing's.
            if inspect.isfunction(member) and member.__module__ != "typing":
                yield member


def listed(module: str) -> set[str]:
    """The names that the reference lists for a module."""
    page = (REFERENCE / "index.md").read_text("utf-8")
    section = page.partition(f"\n## `{module}`\n")[2].partition("\n## ")[0]
    return set(re.findall(r"`(\w+)`", section))


@pytest.mark.parametrize("module", MODULES)
def test_the_reference_lists_the_names_of_each_module(module: str) -> None:
    names = set(importlib.import_module(module).__all__)
    if module == "aiocognito.errors":  # The page on errors has the classes: see tests/documents.
        names -= {name for name in names if issubclass(cls_of(name), errors.AuthError)}
    assert names == listed(module)


def cls_of(name: str) -> type:
    value = getattr(errors, name)
    return value if inspect.isclass(value) else object


@every_definition
def test_a_definition_names_the_public_module_that_has_it(value: Any) -> None:
    assert not any(part.startswith("_") for part in value.__module__.split("."))
    assert getattr(importlib.import_module(value.__module__), value.__qualname__) is value
    assert pickle.loads(pickle.dumps(value)) is value


@every_library_definition
def test_type_hints_can_be_resolved(value: Any) -> None:
    if inspect.isclass(value):
        assert not [hint for hint in get_type_hints(value).values() if isinstance(hint, str)]
    for function in functions_of(value):
        assert "return" in get_type_hints(function), function


@pytest.mark.parametrize("cls", [cls for cls in CLASSES.values() if attrs.has(cls)])
def test_the_types_of_attrs_fields_can_be_resolved(cls: Any) -> None:
    attrs.resolve_types(cls)
    assert not [field for field in attrs.fields(cls) if field.type is None or isinstance(field.type, str)]


def our_types(hint: Any) -> Iterator[type]:
    """The classes of this package in a type hint."""
    if inspect.isclass(hint) and get_origin(hint) is None:
        if hint.__module__.partition(".")[0] == "aiocognito":
            yield hint
    elif get_origin(hint) is not Literal:
        for argument in (*get_args(hint), *getattr(hint, "__constraints__", ())):
            for part in argument if isinstance(argument, list) else [argument]:
                yield from our_types(part)


@every_library_definition
def test_every_type_of_a_signature_is_public(value: Any) -> None:
    hints = [*get_type_hints(value).values()] if inspect.isclass(value) else []
    for function in functions_of(value):
        hints += get_type_hints(function).values()
    public = set(CLASSES.values())
    assert [cls for hint in hints for cls in our_types(hint) if cls not in public] == []


@every_library_definition
def test_every_alias_of_a_signature_is_public(value: Any) -> None:
    public = {name.rpartition(".")[2] for name in PUBLIC}
    missing = set()
    for function in functions_of(value):
        for annotation in function.__annotations__.values():
            if isinstance(annotation, str):
                used = {node.id for node in ast.walk(ast.parse(annotation)) if isinstance(node, ast.Name)}
                missing |= {name for name in used - public if is_closed_set(function.__globals__.get(name))}
    assert not missing


def is_closed_set(value: Any) -> bool:
    """Whether a name stands for a set of literals, which callers have to name, too."""
    return get_origin(value) is Literal or any(map(is_closed_set, get_args(value)))


def test_any_keeps_its_identity_and_its_public_name() -> None:
    pickled = pickle.dumps(aiocognito.ANY)
    assert b"_verifier" not in pickled
    assert pickle.loads(pickled) is aiocognito.ANY
    assert copy.deepcopy(aiocognito.ANY) is copy.copy(aiocognito.ANY) is aiocognito.ANY


def test_an_error_of_a_code_and_an_operation_names_the_public_module() -> None:
    error = errors.service_error("InitiateAuth", "NotAuthorizedException", "Incorrect username or password.")
    assert type(error).__module__ == "aiocognito.errors"
    assert b"aiocognito.errors._codes" not in pickle.dumps(error)
    assert "_" not in "".join(sys.modules[type(error).__module__].__name__.split("."))
