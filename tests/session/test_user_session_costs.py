"""What the index costs: the counts of the documentation."""

from __future__ import annotations

from pathlib import Path

from benchmarks.user_sessions import _counts

PAGE = Path(__file__).parents[2] / "docs" / "sessions.md"


async def test_the_requests_to_the_storage_are_those_of_the_documentation() -> None:
    with_index, without = await _counts(is_indexed=True), await _counts(is_indexed=False)
    written = {" | ".join(row.split(" | ")[1:]).rstrip(" |") for row in PAGE.read_text().splitlines()}
    for name, calls in with_index.items():
        assert f"{calls} | {without[name]}" in written, name
    assert without["access_token, warm"] == with_index["access_token, warm"] == "1 get"
    assert without["refresh"] == with_index["refresh"]
