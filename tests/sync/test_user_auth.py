"""Tests of `tests/sign_in`, through `aiocognito.sync`: each first factor."""

from sign_in import conftest, test_user_auth
from sync.same_tests import same_tests

globals().update(same_tests(conftest, test_user_auth))
