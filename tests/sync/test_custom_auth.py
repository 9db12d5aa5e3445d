"""Tests of `tests/sign_in`, through `aiocognito.sync`: custom challenges."""

from sign_in import conftest, test_custom_auth
from sync.same_tests import same_tests

globals().update(same_tests(conftest, test_custom_auth))
