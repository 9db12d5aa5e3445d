"""The Cognito resources of Terraform's AWS provider, as data, and how the provider handles each of them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from .control_plane import ControlPlane, Services, comparable

TABLE = json.loads((Path(__file__).parents[1] / "data/terraform.json").read_text(encoding="utf-8"))
RESOURCES: list[dict[str, Any]] = TABLE["resources"]
Members = dict[str, Any]


def filled(value: Any, names: Mapping[str, str]) -> Any:
    """Replace the names in braces, in keys, too."""
    if isinstance(value, dict):
        return {filled(key, names): filled(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, names) for item in value]
    if isinstance(value, str):
        for name, content in names.items():
            value = value.replace(f"{{{name}}}", content)
    return value


def found(answer: Any, path: str | None) -> Any:
    """Return what is at a path; nothing if it ends before."""
    for step in filter(None, (path or "").split(".")):
        if isinstance(answer, list):
            answer = answer[int(step)] if int(step) < len(answer) else None
        else:
            answer = (answer or {}).get(step)
    return answer


class Resource:
    """One resource of the table, in one emulator."""

    def __init__(self, row: dict[str, Any], api: ControlPlane, names: dict[str, str]) -> None:
        self.row, self.api, self.names = row, api, names
        self.sent: Members = {}

    async def create(self) -> None:
        """Create it, and keep the ids that AWS has drawn."""
        for number, write in enumerate(self.row["create"]):
            members = filled(write["members"], self.names)
            answer = await self.api(write["operation"], **members)
            self.sent.update(members)
            if number == 0:
                for name, path in self.row.get("keep", {}).items():
                    self.names[name] = found(answer, path)

    async def read(self) -> Members:
        """Read it by the id with which it would be imported, and nothing else."""
        state: Members = {}
        for read in self.row["reads"]:
            state |= self.shown(read, await self.api(read["operation"], **self.ids(read)))
        return state

    def ids(self, read: dict[str, Any]) -> Members:
        """Return the members of a read: parts of the id of the import."""
        whole = filled(self.row["import"], self.names)
        parts = whole.split(self.row["separator"]) if "separator" in self.row else [whole]
        named = {"pool": self.names["pool"], **{str(number): part for number, part in enumerate(parts)}}
        members: Members = filled(read["by"], named)
        return members

    def shown(self, read: dict[str, Any], answer: Members) -> Members:
        """Return the state of an answer."""
        state: Members = dict(found(answer, read["path"]) or {})
        for member, name in read.get("less", {}).items():
            state[member] = [item for item in state[member] if item["Name"] != name]
        for member, ignored in self.row.get("ignored", {}).items():
            if member in state:
                state[member] = {name: item for name, item in state[member].items() if name not in ignored}
        return state

    def plan(self, state: Members) -> Members:
        """Return what Terraform would change: nothing, if all that was sent reads back."""
        changes: Members = {}
        for member, value in self.sent.items():
            name = self.row.get("names", {}).get(member, member)
            if member in (*self.row.get("write_only", ()), *self.ids(self.row["reads"][0])):
                continue
            if comparable(state.get(name)) != comparable(value):
                changes[member] = (value, state.get(name))
        unset = (name for name in self.row.get("unset", ()) if name not in self.sent)
        changes |= {name: (None, state[name]) for name in unset if state.get(name) not in (None, [], {}, "")}
        return changes | {name: ("set", None) for name in self.row.get("set", ()) if not state.get(name)}

    async def change(self) -> set[str]:
        """Change a member, sending all others along, and return the names that may differ."""
        update = self.row["update"]
        self.sent |= filled(self.row["change"], self.names)
        members = {name: value for name, value in self.sent.items() if name not in update.get("without", ())}
        members = {name: members[name] for name in update.get("only", members)}
        ids = {"UserPoolId": "{pool}", "ClientId": "{client}", **update.get("ids", {})}
        named = {name: filled(ids[name], self.names) for name in update.get("named", ())}
        await self.api(update["operation"], **{**members, **named})
        return {*self.row["change"], *self.row.get("also_changes", ()), "LastModifiedDate"}

    async def delete(self) -> None:
        """Delete it, and see that it is gone."""
        for write in self.row["delete"]:
            await self.api(write["operation"], **filled(write["members"], self.names))
        gone, read = self.row["gone"], self.row["reads"][0]
        if "error" in gone:
            code, _text = await self.api.refused(read["operation"], **self.ids(read))
            assert code == gone["error"]
            return
        answer = await self.api(read["operation"], **self.ids(read))
        if "missing" in gone:
            assert found(answer, gone["missing"]) is None
        elif "other" in gone:
            assert self.shown(read, answer)[gone["other"]] != self.sent[gone["other"]]
        else:
            assert self.shown(read, answer) == filled(gone["value"], self.names)


async def walk_resources(
    services: Services, meanwhile: Callable[[Mapping[str, str]], Awaitable[None]] | None = None
) -> None:
    """Create, read, change, import and delete every resource.

    Args:
        services: The client.
        meanwhile: Called with the ids of the table while all resources exist.
    """
    names: dict[str, str] = {}
    resources = [Resource(row, services[row["service"]], names) for row in RESOURCES]
    for resource in resources:
        await resource.create()
        before = await resource.read()
        assert resource.plan(before) == {}, resource.row["resource"]
        if "update" in resource.row:
            await check_change(resource, before)
    # What was created later has not changed what was there.
    for resource in resources[1:]:
        assert resource.plan(await resource.read()) == {}, resource.row["resource"]
    if meanwhile is not None:
        await meanwhile(names)
    for resource in reversed(resources):
        await resource.delete()


async def check_change(resource: Resource, before: Members) -> None:
    """Change a member; check that the plan is empty again, and that nothing else has changed."""
    name = resource.row["resource"]
    may_differ = await resource.change()
    after = await resource.read()
    assert resource.plan(after) == {}, name
    differing = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert differing & set(resource.row["change"]), name
    assert differing <= may_differ, (name, differing)
    if "also_found_by" in resource.row:
        other = resource.row["also_found_by"]
        answer = await resource.api(other["operation"], **filled(other["members"], resource.names))
        assert resource.shown(resource.row["reads"][0], answer) == after
