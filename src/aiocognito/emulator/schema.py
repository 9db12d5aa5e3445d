"""User attributes: the standard and custom ones, and their constraints."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from .errors import ApiError, invalid_parameter

STANDARD: Final = (
    "sub",
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "email",
    "email_verified",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "phone_number",
    "phone_number_verified",
    "address",
    "updated_at",
)
VERIFIABLE: Final = ("email", "phone_number")
VERIFIED: Final = ("email_verified", "phone_number_verified")
PROFILE: Final = tuple(name for name in STANDARD if name not in {"sub", "address", *VERIFIABLE, *VERIFIED})
"""What the scope ``profile`` stands for (OpenID Connect Core, 5.4)."""
SCIM_PATHS: Final = {
    "name": "name.formatted",
    "given_name": "name.givenName",
    "family_name": "name.familyName",
    "middle_name": "name.middleName",
    "address": "address.formatted",
}
"""The paths of SCIM (RFC 7643, 4.1.1) in messages; the one of family_name was recorded."""
_MOST_CUSTOM: Final = 50
_BOOLEANS: Final = frozenset(VERIFIED)
_EMAIL: Final = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+|[^\s@]+@localhost")
_INTEGER: Final = re.compile(r"-?[0-9]{1,18}")
_PHONE: Final = re.compile(r"\+[0-9]{2,15}")

# Recorded (User pools): the constraints of a standard attribute are described and enforced as they are sent.
_CHANGEABLE: Final = (
    "Mutable",
    "Required",
    "StringAttributeConstraints",
    "NumberAttributeConstraints",
)

Schema = Mapping[str, Mapping[str, Any]]


def build(declared: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return a pool's schema: the standard attributes, then the custom ones.

    Args:
        declared: CreateUserPool's ``Schema``.
    """
    schema = {name: _standard(name) for name in STANDARD}
    added = []
    for entry in declared:
        if _name(entry) in schema:
            own = schema[entry["Name"]]
            _check_standard(own, entry)
            own.update({key: entry[key] for key in _CHANGEABLE if key in entry})
            _check_limits(own)
        else:
            added.append(custom(entry))
    require_distinct(added)
    return {**schema, **{own["Name"]: own for own in added}}


# Recorded (Schema of a user pool): the texts of attributes that cannot be.
def _check_standard(own: Mapping[str, Any], entry: Mapping[str, Any]) -> None:
    fixed = ("AttributeDataType", "DeveloperOnlyAttribute")
    if any(entry.get(key, own[key]) != own[key] for key in fixed):
        raise invalid_parameter(
            "You can not change AttributeDataType or set developerOnlyAttribute for standard schema "
            f"attribute {own['Name']}"
        )


def require_distinct(added: Iterable[Mapping[str, Any]]) -> None:
    """Refuse two custom attributes of one name.

    Raises:
        ApiError: A name is given twice.
    """
    seen = set[str]()
    for own in added:
        if own["Name"] in seen:
            raise invalid_parameter(
                f"Duplicate custom attribute names {own['Name']} are not allowed in a user pool schema."
            )
        seen.add(own["Name"])


# Documented (Attributes): at most 50 custom ones.
def require_room(known: Iterable[str], added: Sequence[object]) -> None:
    """Refuse more custom attributes than a user pool can have.

    Args:
        known: The attributes of the user pool.
        added: The custom attributes that are to be added.

    Raises:
        ApiError: There would be too many.
    """
    custom_ones = [name for name in known if name not in STANDARD]
    if len(custom_ones) + len(added) > _MOST_CUSTOM:
        raise invalid_parameter(f"A user pool can have at most {_MOST_CUSTOM} custom attributes.")


def _check_limits(own: Mapping[str, Any]) -> None:
    limits = {**own.get("StringAttributeConstraints", {}), **own.get("NumberAttributeConstraints", {})}
    for member, value in limits.items():
        if value and not _INTEGER.fullmatch(value):
            raise invalid_parameter(f"Attribute {own['Name']}: {member} must be an integer.")
    if _exceeds(limits.get("MinLength"), limits.get("MaxLength")):
        text = "cannot have a max length shorter than it's min length"
    elif _exceeds(limits.get("MinValue"), limits.get("MaxValue")):
        text = "cannot have a max value smaller than it's min value"
    else:
        return
    raise invalid_parameter(f"Attribute {own['Name']} {text}")


def _exceeds(low: str | None, high: str | None) -> bool:
    return bool(low and high and int(low) > int(high))


def custom(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return a custom attribute as DescribeUserPool shows it."""
    prefix = "dev:custom:" if entry.get("DeveloperOnlyAttribute") else "custom:"
    kind = entry.get("AttributeDataType")
    if kind is None:
        # Recorded (User pools): a custom attribute needs a type.
        raise invalid_parameter(
            "Invalid AttributeDataType input, consider using the provided AttributeDataType enum"
        )
    own = {
        "Name": f"{prefix}{_name(entry)}",
        "AttributeDataType": kind,
        "DeveloperOnlyAttribute": entry.get("DeveloperOnlyAttribute", False),
        "Mutable": entry.get("Mutable", True),
        "Required": False,
    }
    if entry.get("Required"):
        raise invalid_parameter("Required custom attributes are not supported currently.")
    constraints = {"String": "StringAttributeConstraints", "Number": "NumberAttributeConstraints"}.get(kind)
    if constraints:
        own[constraints] = dict(entry.get(constraints, {}))
        _check_limits(own)
    return own


def _name(entry: Mapping[str, Any]) -> str:
    """Return an attribute's name, which the service model lets a request leave out."""
    name: str | None = entry.get("Name")
    if name is None:
        raise invalid_parameter("Invalid attribute: the name is missing.")
    return name


def _standard(name: str) -> dict[str, Any]:
    kind = "Boolean" if name in _BOOLEANS else "Number" if name == "updated_at" else "String"
    entry: dict[str, Any] = {
        "Name": name,
        "AttributeDataType": kind,
        "DeveloperOnlyAttribute": False,
        "Mutable": name != "sub",
        "Required": name == "sub",
    }
    if name == "birthdate":
        entry["StringAttributeConstraints"] = {"MinLength": "10", "MaxLength": "10"}
    elif name == "sub":
        entry["StringAttributeConstraints"] = {"MinLength": "1", "MaxLength": "2048"}
    elif kind == "String":
        entry["StringAttributeConstraints"] = {"MinLength": "0", "MaxLength": "2048"}
    elif kind == "Number":
        entry["NumberAttributeConstraints"] = {"MinValue": "0"}
    return entry


def from_list(entries: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Parse a list of Name and Value."""
    return {entry["Name"]: entry.get("Value", "") for entry in entries}


def to_list(attributes: Mapping[str, str]) -> list[dict[str, str]]:
    """Return a list of Name and Value."""
    return [{"Name": name, "Value": value} for name, value in attributes.items()]


# Recorded (Attributes of the service): in every operation that sets or deletes attributes.
def require_mutable(names: Iterable[str], *, admin: bool = False) -> None:
    """Refuse attributes that only the service sets.

    Args:
        names: The attributes.
        admin: Whether an administrator sets them, who may say that an address is verified.

    Raises:
        ApiError: One of them is the service's.
    """
    for name in names:
        if name == "sub" or (name in VERIFIED and not admin):
            raise invalid_parameter(f"Cannot modify the non-mutable attribute {name}")


# Recorded (Attributes at sign-up): also the trailing newline.
def require_known(schema: Schema, attributes: Iterable[str], *, admin: bool = False) -> None:
    """Refuse attributes that the pool does not have."""
    unknown = [name for name in attributes if name not in schema]
    if not unknown:
        return
    if admin:
        raise _nonconforming(f"Type for attribute {{{unknown[0]}}} could not be determined")
    raise _nonconforming("".join(f"{name}: Attribute does not exist in the schema.\n" for name in unknown))


def require_required(schema: Schema, attributes: Mapping[str, str]) -> None:
    """Refuse a sign-up that leaves a required attribute out."""
    absent = missing(schema, attributes)
    if absent:
        text = "\n".join(map(_required_text, absent))
        # Recorded (Attributes at sign-up): the text of an attribute with a path has no line feed.
        raise _nonconforming(text if absent[-1] in SCIM_PATHS else f"{text}\n")


def missing(schema: Schema, attributes: Mapping[str, str]) -> list[str]:
    """Return the required attributes without a value."""
    required = [name for name, entry in schema.items() if entry["Required"] and name != "sub"]
    return [name for name in required if not attributes.get(name)]


def require_valid(schema: Schema, attributes: Mapping[str, str], *, update: bool = False) -> None:
    """Refuse values that an attribute cannot have; empty values, which delete it, pass.

    Args:
        schema: The user pool's schema.
        attributes: The values.
        update: Whether the signed-in user changes them: the texts differ from those of other operations.
    """
    for name, value in attributes.items():
        if not value:
            continue
        if name == "email" and not _EMAIL.fullmatch(value):
            raise invalid_parameter("Invalid email address format.")
        if name == "phone_number" and not _PHONE.fullmatch(value):
            raise invalid_parameter("Invalid phone number format.")
        if update:
            _check_update(schema[name], name, value)
        elif fault := _fault(schema[name], value):
            raise _nonconforming(f"{name}: {fault}\n")


# Recorded (Attributes of the signed-in user): a date of birth of less than ten characters is accepted.
def _check_update(entry: Mapping[str, Any], name: str, value: str) -> None:
    limits = entry.get("StringAttributeConstraints") or {}
    fault: str | None = None
    if limits.get("MaxLength") and len(value) > int(limits["MaxLength"]):
        fault = f"String must be no longer than {limits['MaxLength']} characters"
    elif name != "birthdate":
        fault = _fault(entry, value)
    if fault is not None:
        raise invalid_parameter(f"user.{name}: {fault}\n")


def _fault(entry: Mapping[str, Any], value: str) -> str | None:
    """Return why an attribute cannot have a value; ``None`` if it can."""
    limits = entry.get("StringAttributeConstraints") or {}
    if len(value) < int(limits.get("MinLength") or 0):
        return f"String must be longer or equal to {limits['MinLength']} characters"
    if limits.get("MaxLength") and len(value) > int(limits["MaxLength"]):
        return f"String must be shorter or equal to {limits['MaxLength']} characters"
    if entry["AttributeDataType"] == "Number":
        return _number_fault(entry.get("NumberAttributeConstraints") or {}, value)
    if entry["AttributeDataType"] == "Boolean" and value.lower() not in {"true", "false"}:
        return "Attribute must be true or false"
    return None


def _number_fault(limits: Mapping[str, Any], value: str) -> str | None:
    if not re.fullmatch(r"-?[0-9]+", value):
        return "Attribute must be a number"
    number = int(value)
    if limits.get("MinValue") and number < int(limits["MinValue"]):
        return f"Attribute must be greater or equal to {limits['MinValue']}"
    if limits.get("MaxValue") and number > int(limits["MaxValue"]):
        return f"Attribute must be less or equal to {limits['MaxValue']}"
    return None


def normalised(attributes: Mapping[str, str]) -> dict[str, str]:
    """Return values in their stored form: ``True`` becomes ``true``."""
    return {name: value.lower() if name in _BOOLEANS else value for name, value in attributes.items()}


def claim(name: str, value: str) -> Any:
    """Return an attribute as a claim of an ID token: flags as booleans, the address as an object."""
    if name in _BOOLEANS:
        return value == "true"
    if name == "address":
        return {"formatted": value}
    if name == "updated_at" and value.isdecimal():
        return int(value)
    return value


def address_form(name: str) -> Literal["email", "phone_number"] | None:
    """Return whether a name has the form of an e-mail address or a phone number."""
    if _EMAIL.fullmatch(name):
        return "email"
    return "phone_number" if _PHONE.fullmatch(name) else None


# Recorded (`CodeDeliveryDetails`): one letter and stars, or the last four digits.
def masked(address: str) -> str:
    """Mask an address as CodeDeliveryDetails does: ``t***@t***``, ``+*******0839``."""
    if "@" in address:
        local, _, domain = address.partition("@")
        return f"{local[:1]}***@{domain[:1]}***"
    return f"+*******{address[-4:]}"


def names_json(names: Iterable[str]) -> str:
    """Return NEW_PASSWORD_REQUIRED's ``requiredAttributes``."""
    return json.dumps([f"userAttributes.{name}" for name in names], separators=(",", ":"))


def _required_text(name: str) -> str:
    if path := SCIM_PATHS.get(name):
        return f"{path}: The attribute {path} is required"
    return f"{name}: The attribute is required"


def _nonconforming(text: str) -> ApiError:
    return invalid_parameter(f"Attributes did not conform to the schema: {text}")
