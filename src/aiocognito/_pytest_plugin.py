"""The pytest plugin: fixtures with an emulator of Cognito. A run that asks for none of them loads no more
than this module.

Docstrings of fixtures are what ``pytest --fixtures`` prints.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ._client import AuthClient
    from .emulator import CognitoEnvironment, ThreadedEmulator, ThreadedUserPool, TokenFactory

_MARKER = "cognito"
_EMULATOR = pytest.StashKey["ThreadedEmulator"]()
_BEFORE = pytest.StashKey[tuple[int, int]]()


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, for ``--strict-markers`` and ``--markers``."""
    config.addinivalue_line(
        "markers",
        f"{_MARKER}(**settings): settings of the test's user pool in the Cognito emulator, such as "
        'MfaConfiguration="ON" or client={"GenerateSecret": True}',
    )


@pytest.fixture(scope="session")
def cognito_emulator(request: pytest.FixtureRequest) -> Iterator[ThreadedEmulator]:
    """An emulator of Cognito in a thread, for the whole run. Its calls are plain functions."""
    from .emulator import run_in_thread

    with run_in_thread() as cognito:
        request.config.stash[_EMULATOR] = cognito
        yield cognito


@pytest.fixture
def cognito_user_pool(
    cognito_emulator: ThreadedEmulator, request: pytest.FixtureRequest
) -> Iterator[ThreadedUserPool]:
    """A new user pool for this test, with the settings of the marker ``cognito``.

    At its end, the test's pool, messages and faults are removed, and the emulator's clock is put back.
    """
    from ._testing.pools import user_pool_of_test

    settings: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers(_MARKER))):
        if marker.args:
            raise pytest.UsageError(
                f"@pytest.mark.{_MARKER} takes the settings of the user pool as keyword arguments, such as "
                f'MfaConfiguration="ON", not {marker.args[0]!r}'
            )
        settings.update(marker.kwargs)
    with user_pool_of_test(cognito_emulator, settings) as pool:
        yield pool


@pytest.fixture
def cognito_auth_client(cognito_user_pool: ThreadedUserPool) -> Iterator[AuthClient]:
    """An AuthClient of this test's user pool. It is closed on the event loop that used it."""
    from ._testing.closing import closed_with_its_loop

    with closed_with_its_loop(cognito_user_pool.config) as client:
        yield client


@pytest.fixture
def cognito_token_factory(cognito_user_pool: ThreadedUserPool) -> TokenFactory:
    """Makes tokens of this test's user pool, without a sign-in; and tokens that must be refused."""
    from .emulator import TokenFactory

    return TokenFactory(cognito_user_pool)


@pytest.fixture
def cognito_env(
    cognito_emulator: ThreadedEmulator, cognito_user_pool: ThreadedUserPool
) -> Iterator[CognitoEnvironment]:
    """Environment variables that lead this library, pycognito and the AWS SDKs to this test's user pool.

    Meanwhile, the emulator's clock is the default clock of this library.
    """
    from ._testing.environment import environment_of_test

    with environment_of_test(cognito_emulator, cognito_user_pool) as environment:
        yield environment


@pytest.fixture
def user_pool(cognito_user_pool: ThreadedUserPool) -> ThreadedUserPool:
    """An alias of cognito_user_pool."""
    return cognito_user_pool


@pytest.fixture
def auth_client(cognito_auth_client: AuthClient) -> AuthClient:
    """An alias of cognito_auth_client."""
    return cognito_auth_client


@pytest.fixture
def token_factory(cognito_token_factory: TokenFactory) -> TokenFactory:
    """An alias of cognito_token_factory."""
    return cognito_token_factory


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Remember what the emulator had received and sent before the test."""
    emulator = item.config.stash.get(_EMULATOR, None)
    if emulator is not None:
        from ._testing.report import counts

        item.stash[_BEFORE] = counts(emulator)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the emulator's last calls and messages to the report of a test that failed."""
    report = yield
    emulator = _emulator_of(item) if report.failed else None
    if emulator is not None:
        from ._testing.report import TITLE, described

        text = described(emulator, item.stash.get(_BEFORE, (0, 0)))
        report.sections.append((TITLE, text))
    return report


def _emulator_of(item: pytest.Item) -> ThreadedEmulator | None:
    """Return the emulator that a test uses; ``None`` if it uses none."""
    if "cognito_emulator" not in getattr(item, "fixturenames", ()):
        return None
    # A project can have a fixture of its own by this name.
    found = getattr(item, "funcargs", {}).get("cognito_emulator", item.config.stash.get(_EMULATOR, None))
    return found if type(found).__name__ == "ThreadedEmulator" else None
