"""Small forms that several operations share."""

from __future__ import annotations

from collections.abc import Mapping

from ..models import CodeDeliveryDetails


def pairs(values: Mapping[str, str] | None) -> list[dict[str, str]] | None:
    """Write a mapping as Cognito's list of names and values."""
    if values is None:
        return None
    return [{"Name": name, "Value": value} for name, value in values.items()]


def code_delivery(details: Mapping[str, str] | None) -> CodeDeliveryDetails | None:
    """Read CodeDeliveryDetails, if there are any."""
    if not details:
        return None
    return CodeDeliveryDetails(
        destination=details.get("Destination"),
        delivery_medium=details.get("DeliveryMedium"),
        attribute_name=details.get("AttributeName"),
    )
