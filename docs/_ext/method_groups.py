"""The directive ``method-groups``: the members of a class, grouped by the comments in its source."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path
from typing import TypeGuard

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

_GROUP = re.compile(r" {4}# (.+)")


def groups(kind: type) -> dict[str, list[str]]:
    """Return the public methods and properties of a class by the comment above them, in the source's order.

    Members before the first comment are under the empty heading; groups without public members are left out.
    """
    text = _source(kind)
    body = next(node.body for node in ast.parse(text).body if _is_class(node, kind.__name__))
    headings = {number: match[1] for number, line in _lines(text) if (match := _GROUP.fullmatch(line))}
    found: dict[str, list[str]] = {}
    for member in body:
        if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef) and not member.name.startswith("_"):
            above = [number for number in headings if body[0].lineno < number < member.lineno]
            group = found.setdefault(headings[max(above)] if above else "", [])
            if member.name not in group:  # An overloaded method has several definitions.
                group.append(member.name)
    return found


def _source(kind: type) -> str:
    """Return the source of the module that defines a class, which is not the public one in ``__module__``."""
    function = next(member for member in vars(kind).values() if inspect.isfunction(member))
    return Path(function.__code__.co_filename).read_text(encoding="utf-8")


def _lines(text: str) -> list[tuple[int, str]]:
    return list(enumerate(text.splitlines(), 1))


def _is_class(node: ast.stmt, name: str) -> TypeGuard[ast.ClassDef]:
    return isinstance(node, ast.ClassDef) and node.name == name


def markdown(path: str) -> str:
    """Return the page's text for the class at an import path: a section for each group."""
    module, _, name = path.rpartition(".")
    kind = getattr(importlib.import_module(module), name)
    parts = []
    for heading, names in groups(kind).items():
        members = "\n\n".join(f".. {_directive(kind, member)}:: {path}.{member}" for member in names)
        title = f"## {heading}\n\n" if heading else ""
        parts.append(f"{title}```{{eval-rst}}\n{members}\n```\n")
    return "\n".join(parts)


def _directive(kind: type, member: str) -> str:
    return "autoproperty" if isinstance(inspect.getattr_static(kind, member), property) else "automethod"


class MethodGroups(SphinxDirective):
    """``{method-groups} aiocognito.AuthClient``"""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(__file__)
        self.env.note_reread()  # the class may have changed
        return self.parse_text_to_nodes(markdown(self.arguments[0]), allow_section_headings=True)


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_directive("method-groups", MethodGroups)
    return {"parallel_read_safe": True}
