"""A plugin of pytest: what a failed test leaves open is not reported in a later test.

A failed test may not reach the lines that close its sockets. They are found when garbage is collected, and
warnings are errors: without this, the error would appear in another test, which has nothing to do with it.
"""

from __future__ import annotations

import gc
import sys
import warnings

import pytest

_failed: set[str] = set()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Collect the garbage of a failed test once it is over."""
    if report.failed:
        _failed.add(report.nodeid)
    if report.when != "teardown" or report.nodeid not in _failed:
        return
    _failed.discard(report.nodeid)
    # They hold the frames of the test, and with them all that it has opened.
    for name in ("last_exc", "last_type", "last_value", "last_traceback"):
        if hasattr(sys, name):
            delattr(sys, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()
