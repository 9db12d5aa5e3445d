"""The structure of the package: which module imports which."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"


def import_graph(source: Path) -> dict[str, set[str]]:
    """Return the modules that each module below a directory imports, late and type-only imports counted.

    That a package's own ``__init__`` is imported before a module of it does not count.
    """
    files = {_name(file, source): file for file in source.rglob("*.py")}
    return {name: set(_imports(name, file, files)) - {name} for name, file in files.items()}


def _name(file: Path, source: Path) -> str:
    parts = file.relative_to(source).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(name: str, file: Path, files: Mapping[str, Path]) -> Iterator[str]:
    package = name.split(".") if file.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in files)
        elif isinstance(node, ast.ImportFrom):
            yield from _imported_from(node, package, files)


def _imported_from(node: ast.ImportFrom, package: Sequence[str], files: Mapping[str, Path]) -> Iterator[str]:
    above = package[: len(package) - node.level + 1] if node.level else ()
    module = ".".join([*above, *([node.module] if node.module else [])])
    for alias in node.names:
        submodule = f"{module}.{alias.name}"
        if submodule in files:
            yield submodule
        elif module in files:
            yield module


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Return the modules of one circle of imports, in order; empty without one."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as exc:
        return list(exc.args[1])
    return []


def test_imports_have_no_circle() -> None:
    graph = import_graph(SOURCE)
    assert len(graph) > 150
    assert circle(graph) == []


@pytest.mark.parametrize(
    "text",
    [
        "from .b import x",
        "from . import b",
        "import pack.b",
        "from pack import b",
        "def late():\n    from .b import x",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pack.b import x",
    ],
)
def test_each_kind_of_import_is_seen(tmp_path: Path, text: str) -> None:
    package = tmp_path / "pack"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "a.py").write_text(text)
    (package / "b.py").write_text("from .c import y\nfrom .a import z\n")
    (package / "c.py").write_text("import json\n")
    graph = import_graph(tmp_path)
    assert graph["pack.b"] == {"pack.a", "pack.c"}
    assert set(circle(graph)) == {"pack.a", "pack.b"}
