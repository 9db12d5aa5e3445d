"""Unknown members of requests, with the nearest known name: typos that Cognito itself ignores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .nearest import suggestion
from .service_model import ServiceModel


def check(
    method: str,
    given: Mapping[str, Any],
    model: ServiceModel,
    operations: Iterable[str],
    *,
    others: Iterable[str],
) -> None:
    """Check that operations know all members of a request, those of nested structures too.

    Args:
        method: The method with the argument, for the message.
        given: The members.
        model: The service model.
        operations: The operations whose members they may be.
        others: More names, such as those of the method's own arguments.

    Raises:
        ValueError: A member is unknown; the message names the nearest one.
    """
    shapes: dict[str, str] = {}
    for operation in operations:
        members = model.shapes[model.operations[operation].input]["members"]
        shapes.update({name: reference["shape"] for name, reference in members.items()})
    # The method fills it in.
    shapes.pop("UserPoolId", None)
    for name, value in given.items():
        if name not in shapes:
            raise ValueError(f"{method}: unknown setting {name!r}: {suggestion(name, [*shapes, *others])}")
        for path, unknown, known in _unknown(model, shapes[name], value, name):
            raise ValueError(f"{method}: {path} has no member {unknown!r}: {suggestion(unknown, known)}")


def _unknown(
    model: ServiceModel, name: str, value: Any, path: str
) -> Iterator[tuple[str, str, Iterable[str]]]:
    """Yield the path, the name and the known names of each unknown member of a structure."""
    shape = model.shapes[name]
    kind = shape["type"]
    if kind == "structure" and isinstance(value, Mapping) and not shape.get("document"):
        members = shape["members"]
        for key, item in value.items():
            if key in members:
                yield from _unknown(model, members[key]["shape"], item, f"{path}.{key}")
            else:
                yield path, key, members
    elif kind == "list" and isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from _unknown(model, shape["member"]["shape"], item, f"{path}[{number}]")
    elif kind == "map" and isinstance(value, Mapping):
        for key, item in value.items():
            yield from _unknown(model, shape["value"]["shape"], item, f"{path}[{key!r}]")
