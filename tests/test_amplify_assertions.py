"""Each assertion of ``data/amplify_assertions.toml`` has a test, and each marker names an assertion."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
TABLE = TESTS / "data/amplify_assertions.toml"


def assertions() -> dict[str, str]:
    """Return the text of each assertion by its ID."""
    groups = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    rows = [row for group in groups.values() for row in group.items()]
    texts = {name: row if isinstance(row, str) else row["text"] for name, row in rows}
    assert len(texts) == len(rows), "an ID stands in two groups"
    return texts


def marked_ids() -> Iterator[tuple[str, str]]:
    """Yield each test that has the marker ``amplify``, with each of the marker's IDs."""
    for path in sorted(TESTS.rglob("test_*.py")):
        if "node_modules" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for id_ in _ids(node):
                    assert node.name.startswith("test_"), f"{path}: {node.name} is not a test"
                    yield f"{path.name}::{node.name}", id_


def _ids(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.amplify":
            yield from (ast.literal_eval(argument) for argument in decorator.args)


def test_the_ids_are_numbered_without_gaps() -> None:
    assert list(assertions()) == [f"B{number}" for number in range(1, 77)]


def test_each_assertion_has_a_sentence() -> None:
    assert [name for name, text in assertions().items() if not text.endswith(".")] == []


def test_each_assertion_has_a_test() -> None:
    tested = {id_ for _, id_ in marked_ids()}
    assert sorted(assertions().keys() - tested) == []


def test_each_marker_names_an_assertion() -> None:
    known = assertions()
    assert [(test, id_) for test, id_ in marked_ids() if id_ not in known] == []
