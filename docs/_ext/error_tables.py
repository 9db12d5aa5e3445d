"""The directive ``error-table``: one table of errors, made when the page is."""

from __future__ import annotations

import error_rows
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata


class ErrorTable(SphinxDirective):
    """``{error-table} codes``"""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(error_rows.__file__)
        self.env.note_reread()  # the classes may have changed
        return self.parse_text_to_nodes(error_rows.markdown(self.arguments[0]))


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_directive("error-table", ErrorTable)
    return {"parallel_read_safe": True}
