"""Fixtures that every test may ask for."""

from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine makes any example slow: how long one takes is no result.
settings.register_profile("project", deadline=None)
settings.load_profile("project")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave ``interop/`` alone where ``-m "not interop"`` deselects it: it imports the foreign peers."""
    is_interop = collection_path == Path(__file__).parent / "interop"
    return True if is_interop and "not interop" in config.option.markexpr else None


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The service is asyncio: no other back-end is tried."""
    return "asyncio"
