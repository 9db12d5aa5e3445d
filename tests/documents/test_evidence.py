"""Each row of the page on the emulator's fidelity names its evidence beside a line of the emulator."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EMULATOR = ROOT / "src/aiocognito/emulator"
_COMMENT = re.compile(r"^ *# (Recorded|Documented) \((.+)\): \S.*\.$", re.MULTILINE)
_ROW = re.compile(r"^\| (?!Area|-)(.+?) \| .+ \|$", re.MULTILINE)


def rows(kind: str) -> list[str]:
    """Return the first cells of a section's table."""
    text = (ROOT / "docs/emulator-fidelity.md").read_text(encoding="utf-8")
    section = text.split(f"## {kind}\n")[1].split("\n## ")[0]
    return _ROW.findall(section)


def comments(kind: str) -> list[str]:
    """Return the rows that comments in the emulator's source name."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(EMULATOR.rglob("*.py")))
    return [name for text in texts for found, name in _COMMENT.findall(text) if found == kind]


@pytest.mark.parametrize("kind", ["Recorded", "Documented"])
def test_rows_and_comments_name_each_other(kind: str) -> None:
    assert len(rows(kind)) > 30
    assert sorted(set(comments(kind))) == sorted(rows(kind))


def test_the_status_of_each_feature_names_rows_that_exist() -> None:
    text = (ROOT / "docs/emulator-fidelity.md").read_text(encoding="utf-8")
    section = text.split("## Status by feature\n")[1].split("\n## ")[0]
    known = {*rows("Recorded"), *rows("Documented")}
    features = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| ")][1:]
    assert len(features) > 15
    for feature, status, evidence in features:
        assert status.strip().startswith(("emulated", "in part", "not emulated")), feature
        named = {name.strip() for name in evidence.split(", ") if name.strip()}
        assert bool(named) is ("not emulated" not in status), feature
        assert named <= known, (feature, named - known)
