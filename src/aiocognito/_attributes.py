"""The names of a user's attributes (OpenID Connect Core 1.0, section 5.1, and Cognito's own)."""

from __future__ import annotations

from typing import Literal, TypeAlias

StandardAttributeKey: TypeAlias = Literal[
    "address",
    "birthdate",
    "email",
    "email_verified",
    "family_name",
    "gender",
    "given_name",
    "locale",
    "middle_name",
    "name",
    "nickname",
    "phone_number",
    "phone_number_verified",
    "picture",
    "preferred_username",
    "profile",
    "sub",
    "updated_at",
    "website",
    "zoneinfo",
]
"""The standard attributes, so that editors complete them."""

AttributeKey: TypeAlias = StandardAttributeKey | str
"""A standard attribute, or a custom attribute of the pool, written in full: ``custom:<name>``."""

VerifiableAttributeKey: TypeAlias = Literal["email", "phone_number"]
"""The attributes that a code can be sent to."""
