"""Fixtures that every test may ask for."""

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The service is asyncio: no other back-end is tried."""
    return "asyncio"
