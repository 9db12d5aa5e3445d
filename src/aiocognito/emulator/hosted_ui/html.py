"""HTML as the pages write it: elements that escape what they hold, and the frame around them."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import Final

_VOID: Final = frozenset({"input", "link", "meta"})
STYLE: Final = """
:root {
  color-scheme: light dark;
  --ground: #eef1f6; --card: #fff; --ink: #1a2233; --quiet: #566074; --line: #8b94a6; --rule: #d9dee8;
  --accent: #1f4fc4; --pressed: #173d99; --on-accent: #fff;
  --bad: #a11427; --bad-ground: #fdeef0; --good: #17603a; --good-ground: #e9f6ee;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10141c; --card: #1a202c; --ink: #e7ebf3; --quiet: #a5afc2; --line: #727d92; --rule: #303a4c;
    --accent: #8fb1ff; --pressed: #b3caff; --on-accent: #0d1a3a;
    --bad: #ffb0ba; --bad-ground: #3a1a20; --good: #9fe0b9; --good-ground: #14301f;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; min-height: 100vh; padding: 1.5rem 1rem; display: flex; flex-direction: column;
  align-items: center; justify-content: center; gap: 1rem;
  background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
main {
  width: 100%; max-width: 26rem; padding: 2rem; background: var(--card);
  border: 1px solid var(--rule); border-radius: .75rem; box-shadow: 0 .5rem 2rem rgb(0 0 0 / .06);
}
.whose { margin: 0 0 .25rem; color: var(--quiet); font-size: .875rem; overflow-wrap: anywhere; }
h1 { margin: 0 0 1.25rem; font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 0 0 .75rem; font-size: 1.0625rem; line-height: 1.35; }
p { margin: 0 0 1rem; overflow-wrap: anywhere; }
form { margin: 0 0 1rem; }
form:last-child, p:last-child { margin-bottom: 0; }
section { border-top: 1px solid var(--rule); margin-top: 1.5rem; padding-top: 1.5rem; }
fieldset { border: 0; margin: 0 0 1rem; padding: 0; }
legend { padding: 0; margin-bottom: .5rem; font-weight: 600; }
.field { margin-bottom: 1rem; }
label { display: block; margin-bottom: .25rem; font-weight: 600; }
.choice { display: flex; gap: .625rem; align-items: center; margin: 0; padding: .5rem 0; font-weight: 400; }
.choice input { width: 1.125rem; height: 1.125rem; margin: 0; accent-color: var(--accent); }
.hint { margin: .25rem 0 0; color: var(--quiet); font-size: .875rem; }
input:not([type=radio]) {
  width: 100%; padding: .625rem .75rem; font: inherit; color: inherit; background: var(--card);
  border: 1px solid var(--line); border-radius: .375rem;
}
input.code { font-variant-numeric: tabular-nums; letter-spacing: .25em; font-size: 1.25rem; }
button {
  width: 100%; padding: .6875rem 1rem; font: inherit; font-weight: 600; cursor: pointer;
  color: var(--on-accent); background: var(--accent); border: 1px solid transparent; border-radius: .375rem;
}
button:hover { background: var(--pressed); }
button.plain { color: var(--ink); background: transparent; border-color: var(--line); }
button.plain:hover { border-color: var(--accent); color: var(--accent); }
button + button { margin-top: .625rem; }
a { color: var(--accent); text-underline-offset: .15em; }
a:hover { color: var(--pressed); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.bad, .good {
  padding: .75rem 1rem; border-radius: .375rem; border-left: .25rem solid; white-space: pre-line;
}
.bad { color: var(--bad); background: var(--bad-ground); }
.good { color: var(--good); background: var(--good-ground); }
.ways { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .5rem 1.5rem; }
.secret { font-family: ui-monospace, "Cascadia Mono", Menlo, monospace; word-break: break-all; }
.qr { margin: 0 0 1rem; overflow-x: auto; text-align: center; }
.qr svg { border-radius: .375rem; vertical-align: top; }
.or { margin: 1.25rem 0; color: var(--quiet); }
main > div + p, section + p { margin-top: 1.5rem; }
.mark {
  display: inline-block; margin: 0 0 1rem; padding: .125rem .625rem; border: 1px dashed var(--line);
  border-radius: 1rem; color: var(--quiet); font-size: .8125rem;
}
footer { color: var(--quiet); font-size: .8125rem; text-align: center; }
@media (max-width: 26rem) {
  body { padding: 0; justify-content: flex-start; background: var(--card); }
  main { padding: 1.25rem 1rem; border: 0; box-shadow: none; }
  footer { padding: 0 1rem 1rem; }
}
"""
_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy: the style below, and nothing else. ``form-action`` is left out on purpose:
browsers hold the redirect to the app's callback against it, too."""


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def element(name: str, /, *content: str | None, **attributes: str | bool | None) -> Html:
    """Write an element; whatever is not :class:`Html` is escaped.

    Args:
        name: The element's.
        content: What is in it; ``None`` is nothing.
        attributes: By name, with underscores for hyphens and one at the end where Python wants it.
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
    """Put content together; whatever is not :class:`Html` is escaped."""
    pieces = (item if isinstance(item, Html) else escape(item) for item in content if item is not None)
    return Html("".join(pieces))


def document(title: str, *content: str | None, whose: str, lang: str | None = None) -> str:
    """Write a page.

    Args:
        title: Its heading.
        content: What is under it.
        whose: Where somebody signs in.
        lang: The language that was asked for. The text itself is English.
    """
    head = join(
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="robots", content="noindex"),
        element("link", rel="icon", href="data:,"),
        element("title", f"{title} – {whose}"),
        element("style", Html(STYLE)),
    )
    body = element(
        "body",
        element("main", element("p", whose, class_="whose"), element("h1", title), *content),
        element("footer", "Emulated by aiocognito, on this machine. Do not type in real passwords."),
        lang=None if lang is None else "en",
    )
    return f"<!doctype html>\n{element('html', element('head', head), body, lang=lang or 'en')}\n"


def alert(text: str | None) -> Html | None:
    """Say what went wrong."""
    return element("p", text.strip(), class_="bad", role="alert", id="alert") if text else None


def notice(text: str | None) -> Html | None:
    """Say what has happened."""
    return element("p", text, class_="good", role="status") if text else None


def field(
    name: str,
    label: str,
    value: str | None = None,
    *,
    hint: str | None = None,
    **attributes: str | bool | None,
) -> Html:
    """Write an input with its label.

    Args:
        name: The input's.
        label: What is to be typed in.
        value: What it holds already.
        hint: More about it.
        attributes: The input's further ones.
    """
    told = f"{name}-hint" if hint else None
    typed = {"type": "text", "required": True, **attributes}
    return element(
        "div",
        element("label", label, for_=name),
        element("input", id=name, name=name, value=value or None, aria_describedby=told, **typed),
        element("p", hint, class_="hint", id=told) if hint else None,
        class_="field",
    )


def code_field(label: str = "Code", value: str | None = None) -> Html:
    """Write the input of a code."""
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
