"""Fields that several forms have: the username, attributes, a new password."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from .. import html
from ..html import Html
from ..pool import UserPool

PREFIX: Final = "userAttributes."
_LABELS: Final[Mapping[str, str]] = {
    "email": "Email",
    "phone_number": "Phone number",
    "birthdate": "Date of birth",
    "zoneinfo": "Time zone",
    "preferred_username": "Preferred username",
}
_TYPES: Final[Mapping[str, str]] = {
    "email": "email",
    "phone_number": "tel",
    "birthdate": "date",
    "profile": "url",
    "picture": "url",
    "website": "url",
}
_COMPLETED: Final[Mapping[str, str]] = {
    "email": "email",
    "phone_number": "tel",
    "name": "name",
    "given_name": "given-name",
    "family_name": "family-name",
    "middle_name": "additional-name",
    "nickname": "nickname",
    "birthdate": "bday",
    "address": "street-address",
    "gender": "sex",
    "website": "url",
}
_PHONE_HINT: Final = "With + and the country code, such as +15555550100."


def username(pool: UserPool, typed: str | None, *, is_new: bool = False, autofocus: bool = True) -> Html:
    """Return the field for the username.

    Args:
        pool: The user pool.
        typed: The value to begin with.
        is_new: Whether the user chooses the name now; then it cannot be an alias.
        autofocus: Whether the field has the focus when the page opens.
    """
    names = pool.users.username_attributes or ("username", *(() if is_new else pool.users.alias_attributes))
    titles = [label(name) for name in names]
    return html.field(
        "username",
        _listed([titles[0], *map(str.lower, titles[1:])], "or"),
        typed,
        hint=_PHONE_HINT if is_new and "phone_number" in names else None,
        type=_TYPES.get(names[0], "text") if is_new and len(names) == 1 else "text",
        autocomplete="username",
        autocapitalize="off",
        spellcheck="false",
        autofocus=autofocus,
    )


def username_beside(name: str) -> Html:
    """Return a hidden field with the username, under which password managers save a new password."""
    return html.element(
        "input", type="text", name="username", value=name, autocomplete="username", hidden=True
    )


def attributes(names: Iterable[str], required: Iterable[str], typed: Mapping[str, str]) -> Html:
    """Return the fields for some attributes.

    Args:
        names: The attributes.
        required: The attributes that must be filled in.
        typed: The values to begin with, by field.
    """
    needed = set(required)
    return html.join(*(_field(name, name in needed, typed.get(PREFIX + name)) for name in names))


def _field(name: str, required: bool, value: str | None) -> Html:
    text = label(name)
    return html.field(
        PREFIX + name,
        text if required else f"{text} (optional)",
        value,
        hint=_PHONE_HINT if name == "phone_number" else None,
        type=_TYPES.get(name, "text"),
        autocomplete=_COMPLETED.get(name),
        required=required,
    )


def label(name: str) -> str:
    """Return the label of an attribute."""
    plain = name.removeprefix("dev:").removeprefix("custom:").replace("_", " ")
    return _LABELS.get(name, plain[:1].upper() + plain[1:])


def given(form: Mapping[str, str]) -> dict[str, str]:
    """Return the attributes whose fields are filled in."""
    return {
        name.removeprefix(PREFIX): value.strip()
        for name, value in form.items()
        if name.startswith(PREFIX) and value.strip()
    }


def password_hint(pool: UserPool) -> str:
    """Return a sentence with the rules of the password policy."""
    policy = pool.password_policy
    wanted = {
        "RequireUppercase": "an upper-case letter",
        "RequireLowercase": "a lower-case letter",
        "RequireNumbers": "a number",
        "RequireSymbols": "a symbol",
    }
    parts = [f"At least {policy['MinimumLength']} characters"]
    parts += [text for setting, text in wanted.items() if policy.get(setting)]
    return f"{parts[0]}, with {_listed(parts[1:])}." if parts[1:] else f"{parts[0]}."


def _listed(parts: list[str], word: str = "and") -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {word} {parts[-1]}"


def new_password(pool: UserPool, label: str = "Password", *, required: bool = True) -> Html:
    """Return the field for a new password."""
    return html.field(
        "password",
        label,
        type="password",
        autocomplete="new-password",
        hint=password_hint(pool),
        required=required,
    )
