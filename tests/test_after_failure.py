"""A test that fails makes no other test fail."""

from pathlib import Path

import pytest

from helpers.pytest_runs import ROOT, Runs

TESTS = """
    import gc, socket

    def test_that_fails():
        left_open = [socket.socket()]
        left_open.append(left_open)
        assert not left_open

    def test_that_collects_garbage():
        gc.collect()
"""


@pytest.mark.parametrize(("options", "outcome"), [((), {"failed": 2}), (("-p", "helpers.after_failure"), {})])
def test_what_a_failed_test_leaves_open_is_reported_in_no_other(
    tmp_path: Path, options: tuple[str, ...], outcome: dict[str, int]
) -> None:
    runs = Runs(tmp_path, ROOT / "tests")
    runs.write("test_it.py", TESTS)
    assert runs(*options).counts == (outcome or {"failed": 1, "passed": 1})
