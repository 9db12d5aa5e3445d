"""The groups of methods on the reference page of `AuthClient`."""

from __future__ import annotations

import method_groups

from aiocognito import AuthClient


def test_every_public_member_is_in_one_group() -> None:
    listed = [name for names in method_groups.groups(AuthClient).values() for name in names]
    public = [name for name in vars(AuthClient) if not name.startswith("_")]
    assert sorted(listed) == sorted(public)
    assert len(listed) == len(set(listed))


def test_the_groups_are_those_of_the_source() -> None:
    groups = method_groups.groups(AuthClient)
    assert list(groups) == [
        "",
        "Sign-up",
        "Sign-in",
        "The session",
        "The account",
        "Second factors",
        "Devices",
        "Passkeys",
    ]
    assert groups["Sign-up"][0] == "sign_up"
    assert "session_key" in groups[""]


def test_the_page_has_a_heading_and_a_directive_for_each() -> None:
    text = method_groups.markdown("aiocognito.AuthClient")
    assert "## Passkeys\n\n```{eval-rst}\n.. automethod:: aiocognito.AuthClient." in text
    assert ".. autoproperty:: aiocognito.AuthClient.session_key" in text
