"""Fixtures that every test may ask for."""

import pytest
from hypothesis import settings

# A busy machine makes any example slow: how long one takes is no result.
settings.register_profile("project", deadline=None)
settings.load_profile("project")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The service is asyncio: no other back-end is tried."""
    return "asyncio"
