"""Tests of `tests/sign_in`, through `aiocognito.sync`: codes, devices, passkeys, automatic sign-ins."""

from sign_in import conftest, test_auto_sign_in, test_codes, test_devices, test_ended, test_passkeys
from sync.same_tests import same_tests

globals().update(same_tests(conftest, test_auto_sign_in, test_codes, test_devices, test_ended, test_passkeys))
