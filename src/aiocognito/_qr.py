"""QR codes (ISO/IEC 18004) by segno, the extra ``qr``. The one module that imports it."""

from __future__ import annotations

import io
from typing import Any

_MISSING = "QR codes need the extra 'qr': pip install 'aiocognito[qr]'"


def svg(text: str) -> str:
    """Draw a text as an SVG image: a whole document, with a quiet zone, black on white."""
    out = io.BytesIO()
    _make(text).save(out, kind="svg", scale=4, light="white", xmldecl=False)
    return out.getvalue().decode()


def terminal(text: str) -> str:
    """Draw a text in half blocks, for a terminal."""
    out = io.StringIO()
    _make(text).terminal(out, compact=True)
    return out.getvalue()


def _make(text: str) -> Any:
    try:
        import segno
    except ImportError as error:
        raise ImportError(_MISSING, name="segno") from error
    return segno.make(text, micro=False)
