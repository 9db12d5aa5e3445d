"""Every open question has a name, a docstring and a use."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import attrs
import pytest

from aiocognito.emulator import Assumptions, assumptions

NAMES = [field.name for field in attrs.fields(Assumptions)]
PACKAGE = Path(inspect.getfile(Assumptions)).parent


@pytest.mark.parametrize("name", NAMES)
def test_it_is_used(name: str) -> None:
    """Each assumption is read somewhere."""
    sources = (path.read_text() for path in PACKAGE.rglob("*.py") if path.name != "assumptions.py")
    assert any(f".{name}" in source for source in sources)


def test_it_is_explained() -> None:
    """Each assumption has a docstring."""
    tree = ast.parse(inspect.getsource(assumptions))
    (found,) = (node for node in tree.body if isinstance(node, ast.ClassDef))
    for statement, following in zip(found.body, [*found.body[1:], None], strict=True):
        if isinstance(statement, ast.AnnAssign):
            explained = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
            assert explained, ast.unparse(statement)
