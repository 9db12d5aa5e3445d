"""The decorators that fill the tables of operations."""

from __future__ import annotations

from typing import Any

import pytest

from aiocognito.emulator.identity_pool_operations import TABLE as IDENTITY_POOL_TABLE
from aiocognito.emulator.operations import TABLE
from aiocognito.emulator.registration import identity_pool_operation, operation
from aiocognito.emulator.request_context import RequestContext


async def another(context: RequestContext) -> dict[str, Any]:
    raise NotImplementedError


def test_a_name_has_one_function() -> None:
    before = TABLE["SignUp"], IDENTITY_POOL_TABLE["GetId"]
    with pytest.raises(ValueError, match="two functions perform SignUp"):
        operation("SignUp")(another)
    with pytest.raises(ValueError, match="two functions perform GetId"):
        identity_pool_operation("GetId")(another)
    assert (TABLE["SignUp"], IDENTITY_POOL_TABLE["GetId"]) == before


def test_both_services_have_the_operations_of_tags() -> None:
    assert TABLE["TagResource"] is not IDENTITY_POOL_TABLE["TagResource"]
