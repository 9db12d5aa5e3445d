"""The lowest accepted versions have no known advisory; each row names the one that set its bound."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
REQUIREMENTS = {each.name: each for each in map(Requirement, PROJECT["dependencies"])}


@pytest.mark.parametrize(
    ("name", "last_affected", "first_fixed"),
    [
        ("aiohttp", "3.14.2", "3.14.3"),  # CVE-2026-69244
        ("cryptography", "49.99", "50.0.0"),  # CVE-2026-69247
        ("httpx", "0.22.0", "0.28.0"),  # CVE-2021-41945
        ("h11", "0.15.0", "0.16.0"),  # CVE-2025-43859
        ("python-jose", "3.3.0", "3.5.0"),  # CVE-2024-33663, CVE-2024-33664
    ],
)
def test_versions_with_a_known_advisory_are_not_accepted(
    name: str, last_affected: str, first_fixed: str
) -> None:
    accepted = REQUIREMENTS[name].specifier
    assert Version(last_affected) not in accepted
    assert Version(first_fixed) in accepted
