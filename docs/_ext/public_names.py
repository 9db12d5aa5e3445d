"""Link the names that docstrings write without their module, and fail for those that have no page.

``NetworkError`` in a docstring of ``AuthClient`` means ``aiocognito.errors.NetworkError``. By itself, Sphinx
looks in the module of the docstring only. A name that two modules have is not linked, which is a warning.
Names that `aiocognito.sync` has, too, mean the async ones: its own docstrings find its own first.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode
from sphinx.util.typing import ExtensionMetadata

KINDS = {"class", "exception", "function", "data"}


def resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.Element | None:
    """Return a link to the only documented name that ends with the one that is referred to."""
    if node.get("refdomain") != "py":
        return None
    objects = env.domains.python_domain.objects
    name = node["reftarget"]
    found = [
        full for full, entry in objects.items() if entry.objtype in KINDS and full.rpartition(".")[2] == name
    ]
    if len(found) > 1:
        found = [full for full in found if not full.startswith("aiocognito.sync.")]
    if len(found) != 1:
        return None
    entry = objects[found[0]]
    return make_refnode(app.builder, node["refdoc"], entry.docname, entry.node_id, content, found[0])


def setup(app: Sphinx) -> ExtensionMetadata:
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True}
