"""Operations that the emulator does not have: they say so, and the documentation lists them by name."""

from __future__ import annotations

import json
import re
from pathlib import Path

from aiocognito.emulator.dispatch import answer
from aiocognito.emulator.operations import TABLE
from helpers.api import Api

PAGE = Path(__file__).parents[2] / "docs/emulator-fidelity.md"


async def test_missing_operations_say_so_and_are_listed_by_name(api: Api) -> None:
    missing = set(api.model.operations) - set(TABLE)
    section = PAGE.read_text(encoding="utf-8").split("## Not supported")[1].split("## ")[0]
    listed = re.findall(r"`([A-Z][A-Za-z]+)`", section.split("are not emulated:")[1].split("\n\n")[0])
    assert listed == sorted(missing)
    for name in missing:
        reply = await answer(api.state, api.model, name, json.dumps({}).encode())
        assert (reply.status, reply.error) == (400, "UnknownOperationException")
        assert f"{name} is not emulated." in reply.body["message"]
    reply = await answer(api.state, api.model, "Nonsense", b"{}")
    assert "message" not in reply.body
