"""The storage of one's own on SQL that the documentation shows: the contract of a storage."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aiocognito.errors import StorageError
from aiocognito.storage import EncryptedStorage
from helpers.clock import Clock

from .contract import StorageContract

PAGE = Path(__file__).parents[2] / "docs" / "machines.md"
KEY = bytes(32)


@pytest.fixture(scope="module")
def sql_storage() -> Callable[..., Any]:
    blocks = [part.partition("```")[0] for part in PAGE.read_text().split("```python\n")]
    recipe = next(block for block in blocks if "class SqlStorage" in block).partition("\nstorage = ")[0]
    found: dict[str, Any] = {}
    exec(compile(recipe, str(PAGE), "exec"), found)
    made: Callable[..., Any] = found["SqlStorage"]
    return made


class TestSqlRecipe(StorageContract):
    @pytest.fixture
    def storage(self, sql_storage: Callable[..., Any], tmp_path: Path, clock: Clock) -> EncryptedStorage:
        return EncryptedStorage(sql_storage(tmp_path / "s.db", clock), KEY)

    @pytest.fixture
    def sharing(self, sql_storage: Callable[..., Any], tmp_path: Path, clock: Clock) -> EncryptedStorage:
        return EncryptedStorage(sql_storage(tmp_path / "s.db", clock), KEY)


async def test_database_that_fails_is_an_error(sql_storage: Callable[..., Any], tmp_path: Path) -> None:
    storage = sql_storage(tmp_path / "missing" / "s.db")
    with pytest.raises(StorageError, match="the database failed"):
        await storage.get("k")
