"""The steps of a sign-in: the table of what follows what knows all of them, and no step knows another."""

from __future__ import annotations

import ast
from pathlib import Path

from aiocognito.emulator import auth
from aiocognito.emulator.auth import sequence
from aiocognito.emulator.auth.outcomes import Proof
from aiocognito.emulator.auth.registry import CHALLENGES, FLOWS

DIRECTORY = Path(str(auth.__file__)).parent


def modules_of_steps() -> set[str]:
    steps = (*FLOWS.values(), *CHALLENGES.values())
    return {step.__module__.rpartition(".")[2] for step in steps} | {"complete"}


def test_every_proof_and_every_factor_is_followed() -> None:
    assert set(sequence._AFTER) == set(Proof)
    asked_after_a_proof = {"NEW_PASSWORD_REQUIRED", "MFA_SETUP", "DEVICE_SRP_AUTH"}
    asked_by_their_own_flow = {
        "SELECT_CHALLENGE",
        "SELECT_MFA_TYPE",
        "CUSTOM_CHALLENGE",
        "PASSWORD_VERIFIER",
        "DEVICE_PASSWORD_VERIFIER",
    }
    assert set(sequence._ASKING) == set(CHALLENGES) - asked_after_a_proof - asked_by_their_own_flow


def test_no_step_imports_another() -> None:
    steps = modules_of_steps()
    assert len(steps) > 10
    importing = {
        (path.stem, name)
        for path in DIRECTORY.glob("*.py")
        for name in _siblings(ast.parse(path.read_text()))
        if name in steps
    }
    assert {importer for importer, _ in importing} == {"sequence"}
    assert {name for _, name in importing} == steps


def _siblings(module: ast.Module) -> list[str]:
    """Return the modules of the same package that a module imports, late imports included."""
    found = [node for node in ast.walk(module) if isinstance(node, ast.ImportFrom) and node.level == 1]
    return [node.module or alias.name for node in found for alias in node.names]


def test_aliases_share_a_step() -> None:
    assert FLOWS["ADMIN_NO_SRP_AUTH"] is FLOWS["USER_PASSWORD_AUTH"]
    assert FLOWS["REFRESH_TOKEN"] is FLOWS["REFRESH_TOKEN_AUTH"]
