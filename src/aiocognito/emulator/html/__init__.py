"""HTML of the emulator's pages: elements that escape their content, and the shell of a page.

The shell is ``document.html`` and its style ``style.css``, both beside this module.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources
from string import Template
from typing import Final


def _file(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


_VOID: Final = frozenset({"input", "link", "meta"})
STYLE: Final = _file("style.css")
_SHELL: Final = Template(_file("document.html"))
_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy: allows the page's own style only. It has no ``form-action``, which browsers
would also apply to the redirect to the app's callback."""


class Html(str):
    """Text that is markup, and is not escaped again."""

    __slots__ = ()


def element(name: str, /, *content: str | None, **attributes: str | bool | None) -> Html:
    """Return an element; content that is not :class:`Html` is escaped.

    Args:
        name: The name of the element.
        content: The content; ``None`` is left out.
        attributes: Attributes by name, with underscores for hyphens, and one at the end of Python's keywords.
            ``True`` is an attribute without value; ``None`` and ``False`` are left out.
    """
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(value)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    start = f"<{name}{written}>"
    return Html(start if name in _VOID else f"{start}{join(*content)}</{name}>")


def join(*content: str | None) -> Html:
    """Return content as one piece; content that is not :class:`Html` is escaped."""
    pieces = (item if isinstance(item, Html) else escape(item) for item in content if item is not None)
    return Html("".join(pieces))


def document(
    title: str, *content: str | None, owner: str, lang: str | None = None, wide: bool = False
) -> str:
    """Return a page.

    Args:
        title: The heading.
        content: What is below the heading.
        owner: The app, or the part of the emulator, that the page belongs to.
        lang: The language that was requested. The text itself is English.
        wide: Whether the page has tables, which need more width than forms.
    """
    return _SHELL.substitute(
        lang=escape(lang or "en"),
        title=escape(title),
        owner=escape(owner),
        style=STYLE,
        # The body states the language of the text, where the request asked for another one.
        body_lang="" if lang is None else ' lang="en"',
        layout=' class="wide"' if wide else "",
        content=join(*content),
    )


def alert(text: str | None) -> Html | None:
    """Return a message about an error; ``None`` without a text."""
    return element("p", text.strip(), class_="bad", role="alert", id="alert") if text else None


def notice(text: str | None) -> Html | None:
    """Return a message about a success; ``None`` without a text."""
    return element("p", text, class_="good", role="status") if text else None


def field(
    name: str,
    label: str,
    value: str | None = None,
    *,
    hint: str | None = None,
    **attributes: str | bool | None,
) -> Html:
    """Return an input with its label.

    Args:
        name: The name of the input.
        label: The label.
        value: The value that is filled in already.
        hint: A sentence below the input.
        attributes: Further attributes of the input.
    """
    hint_id = f"{name}-hint" if hint else None
    settings = {"type": "text", "required": True, **attributes}
    return element(
        "div",
        element("label", label, for_=name),
        element("input", id=name, name=name, value=value or None, aria_describedby=hint_id, **settings),
        element("p", hint, class_="hint", id=hint_id) if hint else None,
        class_="field",
    )


def code_field(label: str = "Code", value: str | None = None) -> Html:
    """Return the input of a code."""
    return field(
        "code",
        label,
        value,
        class_="code",
        inputmode="numeric",
        autocomplete="one-time-code",
        autocapitalize="off",
        spellcheck="false",
        autofocus=not value,
    )


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str | None]], *, empty: str) -> Html:
    """Return a table that scrolls sideways where it is too wide; a sentence if it has no rows.

    Args:
        caption: What the table lists, for screen readers.
        head: The titles of the columns.
        rows: The cells of each row.
        empty: The sentence.
    """
    body = [element("tr", *(element("td", cell) for cell in row)) for row in rows]
    if not body:
        return element("p", empty, class_="hint")
    titles = element("tr", *(element("th", title, scope="col") for title in head))
    inside = element("table", element("thead", titles), element("tbody", *body), aria_label=caption)
    return element("div", inside, class_="table", tabindex="0", role="region", aria_label=caption)
