"""Conversions between the members of Cognito's requests and responses and this library's values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from .._models import CodeDeliveryDetails, Device, UserSession, WebAuthnCredential
from ..errors import SetUpTOTPException
from ..errors._factory import service_error
from .aws.responses import UNKNOWN_ERROR
from .redaction import bounded


def pairs(values: Mapping[str, str] | None) -> list[dict[str, str]] | None:
    """Return Cognito's list of names and values for a mapping."""
    if values is None:
        return None
    return [{"Name": name, "Value": value} for name, value in values.items()]


def attributes_of(pairs: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the mapping for Cognito's list of names and values; a pair without a name is left out."""
    return {pair["Name"]: pair.get("Value") or "" for pair in pairs if pair.get("Name")}


def required(item: Mapping[str, Any], member: str, operation: str) -> Any:
    """Return a member without which an item cannot be used.

    Raises:
        ServiceError: It is missing (``UnknownError``).
    """
    if not item.get(member):
        raise service_error(
            operation,
            UNKNOWN_ERROR,
            f"the answer to {operation} could not be read: {member} is missing",
            has_service_message=False,
            service_status=200,
        )
    return item[member]


def code_delivery(details: Mapping[str, str] | None) -> CodeDeliveryDetails | None:
    """Read CodeDeliveryDetails; None if the response has none."""
    if not details:
        return None
    return CodeDeliveryDetails(
        destination=details.get("Destination"),
        delivery_medium=details.get("DeliveryMedium"),
        attribute_name=details.get("AttributeName"),
    )


def check_software_token_status(response: Mapping[str, Any]) -> None:
    """Check the status of VerifySoftwareToken: a response may still report a failure.

    Raises:
        SetUpTOTPException: The status is not SUCCESS.
    """
    status = response.get("Status")
    if status != "SUCCESS":
        text = f"Cognito did not register the software token: {status or 'no status'}"
        raise SetUpTOTPException(bounded(text))


def device(item: Mapping[str, Any]) -> Device:
    """Read one entry of ListDevices."""
    attributes = attributes_of(item.get("DeviceAttributes") or ())
    return Device(
        id=required(item, "DeviceKey", "ListDevices"),
        name=attributes.get("device_name"),
        attributes=attributes,
        create_date=moment(item.get("DeviceCreateDate")),
        last_modified_date=moment(item.get("DeviceLastModifiedDate")),
        last_authenticated_date=moment(item.get("DeviceLastAuthenticatedDate")),
    )


def passkey(item: Mapping[str, Any]) -> WebAuthnCredential:
    """Read one entry of ListWebAuthnCredentials."""
    return WebAuthnCredential(
        credential_id=required(item, "CredentialId", "ListWebAuthnCredentials"),
        friendly_credential_name=item.get("FriendlyCredentialName"),
        relying_party_id=item.get("RelyingPartyId"),
        authenticator_attachment=item.get("AuthenticatorAttachment"),
        authenticator_transports=list(item.get("AuthenticatorTransports") or ()),
        created_at=moment(item.get("CreatedAt")),
    )


def user_session(item: Mapping[str, Any]) -> UserSession:
    """Read one entry of ListUserSessions."""
    location = item.get("LastLocation") or {}
    return UserSession(
        id=required(item, "SessionId", "ListUserSessions"),
        session_type=item.get("SessionType"),
        client_id=item.get("ClientId"),
        create_date=moment(item.get("CreateDate")),
        last_active_date=moment(item.get("LastActiveDate")),
        device_type=item.get("DeviceType"),
        last_ip_address=item.get("LastIPAddress"),
        city=location.get("City"),
        country=location.get("Country"),
        origin_session_id=item.get("OriginSessionId"),
        current=item.get("IsCurrentSession") is True,
    )


def moment(value: object) -> datetime | None:
    """Read a time: seconds since the epoch, perhaps with a fraction, or a datetime."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int | float) else None
