"""Members are checked against botocore's model, and against ours where an older model lacks them."""

from types import SimpleNamespace
from typing import Any

import pytest

from aiocognito._gateways.shapes import ShapeError, reader_of

OLD = SimpleNamespace(type_name="structure", members={})


@pytest.mark.parametrize("value", [5, "EMAIL_OTP", {}, True, [5], ["\ud800"]])
def test_a_member_that_an_older_model_lacks_is_checked_too(value: Any) -> None:
    with pytest.raises(ValueError):
        reader_of(OLD)({"AvailableChallenges": value})
    with pytest.raises(ShapeError):
        reader_of(OLD)([])


def test_the_rest_is_kept_as_it_is() -> None:
    given = {"AvailableChallenges": ["EMAIL_OTP"], "Unknown": 5, "Null": None}
    assert reader_of(OLD)(given) == given
