"""Tests of `tests/end_to_end`, through `aiocognito.sync`: tokens as text, and the factors of a user."""

from end_to_end import conftest, test_factors
from sync.same_tests import same_tests

globals().update(same_tests(conftest, test_factors))
