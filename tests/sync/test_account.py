"""Tests of `tests/end_to_end`, through `aiocognito.sync`: the account, and the sessions of a user."""

from end_to_end import conftest, test_account, test_user_sessions
from sync.same_tests import same_tests

globals().update(same_tests(conftest, test_account, test_user_sessions))
