"""DynamoDbStorage over ministack: the contract of a storage."""

import pytest

from storage.dynamodb_contract import DynamoDbContract

pytestmark = pytest.mark.interop


class TestMinistack(DynamoDbContract):
    @pytest.fixture
    def dynamodb_url(self, ministack: str) -> str:
        return ministack
