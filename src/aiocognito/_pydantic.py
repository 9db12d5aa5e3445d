"""pydantic's view of the classes that have ``to_dict()``: FastAPI routes may return them.

A field or a return annotation accepts an instance, is written as ``to_dict()`` writes it, and OpenAPI shows
Amplify's form. pydantic is imported when it asks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from . import _json_schemas as schemas

C = TypeVar("C", bound=type)


def for_pydantic(cls: C) -> C:
    """Give a class the two hooks of pydantic. Decorate above attrs' decorator, which makes another class.

    Instances are written as their ``to_dict()`` returns them; a mapping without it as a dict.

    Args:
        cls: The class; its name is in `_json_schemas.CLASSES`.
    """
    schema = schemas.CLASSES[cls.__name__]  # a new class needs its schema there

    def core_schema(cls: type, source: Any, handler: Any) -> Any:  # noqa: ARG001 - pydantic's signature
        from pydantic_core import core_schema as core

        return core.is_instance_schema(
            cls,
            ref=f"{cls.__module__}.{cls.__qualname__}",
            serialization=core.plain_serializer_function_ser_schema(_serialize),
        )

    def json_schema(cls: type, core_schema: Any, handler: Any) -> dict[str, Any]:  # noqa: ARG001 - the same
        return dict(schema)

    hooks: dict[str, Callable[..., Any]] = {
        "__get_pydantic_core_schema__": core_schema,
        "__get_pydantic_json_schema__": json_schema,
    }
    for name, hook in hooks.items():
        setattr(cls, name, classmethod(hook))
    return cls


def _serialize(value: Any) -> dict[str, Any]:
    """Return the form of an instance: in a union, pydantic may ask the first class about all."""
    result: dict[str, Any] = value.to_dict() if hasattr(value, "to_dict") else dict(value)
    return result
