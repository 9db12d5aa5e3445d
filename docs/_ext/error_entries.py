"""Two directives on errors, made when their pages are.

``error-texts``: what Cognito says, in alphabetical order, with a link to the error's class, and what to do.
``error-entries GROUP``: an entry for each class of a group of `error_rows`.
"""

from __future__ import annotations

from inspect import getdoc

import cognito_texts
import error_rows
from cognito_texts import Text, error_for, texts_of
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from aiocognito import errors

GROUPS = ("library", "codes", "operations", "verification")


def advice(text: Text) -> str:
    """Return what the error for a text recommends."""
    return error_for(text).recovery_suggestion or ""


def texts_table() -> str:
    """Return the table of Cognito's texts, in Markdown."""
    lines = ["| Cognito says | What to do |", "|---|---|"]
    for text in sorted(cognito_texts.TEXTS, key=lambda each: each.text.lower().lstrip("… ")):
        known = hasattr(errors, text.code)
        shown = f"{{py:exc}}`{text.text} <aiocognito.errors.{text.code}>`" if known else f"`{text.text}`"
        lines.append(f"| {shown} | {advice(text)} |")
    return "\n".join(lines)


def entry(cls: type[errors.AuthError]) -> str:
    """Return the entry of a class, in reStructuredText."""
    has_own = "__init__" in vars(cls)
    directive = "autoexception" if has_own else "py:exception"
    lines = [f".. {directive}:: aiocognito.errors.{cls.__name__}"]
    if cls is errors.AuthError:
        lines.append("   :members: is_configuration, docs_url")
    lines.append("")
    if not has_own:
        base = cls.__bases__[0]
        lines += [*_indented(getdoc(cls) or ""), f"   Base class: `~aiocognito.errors.{base.__name__}`.", ""]
    lines += _fields(cls)
    lines += _texts(cls)
    return "\n".join(lines)


def _indented(text: str) -> list[str]:
    return [*(f"   {line}".rstrip() for line in text.splitlines()), ""]


def _fields(cls: type[errors.AuthError]) -> list[str]:
    """Return the status, whether to try again, and what to do."""
    if error_rows.group_of(cls) == "operations":
        return []
    retryable = cls.default_retryable
    if issubclass(cls, errors.ServiceError) and cls.code is not None:
        retryable = errors.service_error("", cls.code, "").retryable
    found = {"HTTP status": str(cls.http_status), "Retryable": "yes" if retryable else "no"}
    if cls.default_recovery:
        found["What to do"] = cls.default_recovery.replace("`", "``")
    return [*(f"   :{name}: {value}" for name, value in found.items()), ""]


def _texts(cls: type[errors.AuthError]) -> list[str]:
    """Return the table of what Cognito says with the class's code."""
    code = getattr(cls, "code", None)
    texts = texts_of(code) if code else []
    if not texts:
        return []
    lines = [
        "   .. list-table::",
        "      :header-rows: 1",
        "",
        "      * - Cognito says",
        "        - What to do",
    ]
    for text in texts:
        shown = text.text.replace("\\", "\\\\").replace("*", "\\*").replace("`", "\\`")
        lines += [f"      * - {shown}", f"        - {advice(text)}"]
    return [*lines, ""]


def entries(group: str) -> str:
    """Return the entries of a group, as Markdown that holds reStructuredText."""
    found = sorted(
        (cls for cls in error_rows.classes() if error_rows.group_of(cls) == group),
        key=lambda cls: (cls is not errors.AuthError, cls.__name__),
    )
    body = "\n".join(entry(cls) for cls in found)
    return f"```{{eval-rst}}\n{body}\n```"


class ErrorTexts(SphinxDirective):
    """``{error-texts}``"""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(cognito_texts.__file__)
        self.env.note_reread()  # the advice may have changed
        return self.parse_text_to_nodes(texts_table())


class ErrorEntries(SphinxDirective):
    """``{error-entries} codes``"""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(cognito_texts.__file__)
        self.env.note_reread()  # the classes may have changed
        return self.parse_text_to_nodes(entries(self.arguments[0]))


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_directive("error-texts", ErrorTexts)
    app.add_directive("error-entries", ErrorEntries)
    return {"parallel_read_safe": True}
