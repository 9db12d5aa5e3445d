"""The directive ``error-table``: one table of errors, made when the page is."""

from __future__ import annotations

import error_rows
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from aiocognito import errors


class ErrorTable(SphinxDirective):
    """``{error-table} codes``"""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(error_rows.__file__)
        self.env.note_reread()  # the classes may have changed
        table = self.parse_text_to_nodes(error_rows.markdown(self.arguments[0]))
        for each in table:
            for row in each.findall(nodes.row):
                self._make_target(row)
        return table

    def _make_target(self, row: nodes.row) -> None:
        """Let references to a class lead to its row, unless the reference describes it by itself."""
        name = row[0].astext()
        if name in errors.__all__:
            row["ids"].append(name)
            domain = self.env.domains.python_domain
            domain.note_object(f"aiocognito.errors.{name}", "exception", name, aliased=True, location=row)


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_directive("error-table", ErrorTable)
    return {"parallel_read_safe": True}
