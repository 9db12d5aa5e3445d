"""QR codes, read back by ZXing, and the URI in them by pyotp."""

from __future__ import annotations

import builtins
import re
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pyotp
import pytest
import zxingcpp

from aiocognito._models import TotpSetupDetails

DETAILS = TotpSetupDetails("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "ana@example.com")
LIGHT_ON_TOP, LIGHT_BELOW = "█▀", "█▄"


def read(modules: list[list[bool]]) -> str:
    """Read a QR code from its modules, True where light."""
    pixels = np.array([[255 if light else 0 for light in row] for row in modules], dtype=np.uint8)
    (found,) = zxingcpp.read_barcodes(np.kron(pixels, np.ones((4, 4), dtype=np.uint8)))
    assert found.format == zxingcpp.BarcodeFormat.QRCode
    return str(found.text)


def from_text(text: str) -> list[list[bool]]:
    """A terminal shows light blocks on dark, two rows to a line."""
    rows: list[list[bool]] = []
    for line in text.splitlines():
        rows.append([character in LIGHT_ON_TOP for character in line])
        rows.append([character in LIGHT_BELOW for character in line])
    return rows


def from_svg(svg: str) -> list[list[bool]]:
    """Follow the one stroked path: relative moves and horizontal lines, a module wide."""
    root = ET.fromstring(svg)
    size = int(root.attrib["width"]) // 4
    modules = [[True] * size for _ in range(size)]
    (path,) = [item.attrib["d"] for item in root.iter() if item.attrib.get("class") == "qrline"]
    x, y = 0.0, 0.0
    for command, numbers in re.findall(r"([Mmh])([^Mmh]*)", path):
        values = [float(number) for number in re.findall(r"-?[0-9.]+", numbers)]
        if command == "h":
            for column in range(int(x), int(x + values[0])):
                modules[int(y)][column] = False
            x += values[0]
        else:
            base = (0.0, 0.0) if command == "M" else (x, y)
            x, y = base[0] + values[0], base[1] + values[1]
    return modules


@pytest.mark.parametrize("app", ["My App", "Ünïcode & Co: 100 %"])
@pytest.mark.parametrize("account", [None, "another user"])
def test_both_pictures_hold_the_uri_that_apps_read(app: str, account: str | None) -> None:
    uri = DETAILS.setup_uri(app, account)
    assert read(from_text(DETAILS.qr_text(app, account))) == uri
    assert read(from_svg(DETAILS.qr_svg(app, account))) == uri
    token = pyotp.parse_uri(uri)
    assert token.secret == DETAILS.shared_secret
    assert (token.issuer, token.name) == (app, account or "ana@example.com")


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_segno(name: str, *arguments: Any, **keywords: Any) -> Any:
        if name == "segno":
            raise ImportError(name)
        return real(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", without_segno)
    for draw in (DETAILS.qr_svg, DETAILS.qr_text):
        with pytest.raises(ImportError, match=r"aiocognito\[qr\]"):
            draw("My App")
