"""InboundFederation: the trigger that may change what an external identity provider returned."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

from .. import triggers
from .page_request import PageRequest
from .providers import ID

_TO_MAP: Final = "userAttributesToMap"


# Documented (InboundFederation): the event; the response replaces all attributes, unless it is empty.
async def inbound_claims(
    request: PageRequest, provider: Mapping[str, Any], claims: Mapping[str, str]
) -> Mapping[str, str]:
    """Return the claims to map: those of the trigger, or the provider's own.

    Args:
        request: The request of the browser.
        provider: IdentityProviderType's members.
        claims: The claims that the provider returned.

    Raises:
        ApiError: The trigger refused the sign-in, or returned something else than texts.
    """
    response = await triggers.run(
        request.pool,
        "InboundFederation",
        "InboundFederation_ExternalProvider",
        client=request.client,
        username=claims[ID],
        request={
            "providerName": provider["ProviderName"],
            "providerType": provider["ProviderType"],
            "attributes": _attributes(provider, claims),
        },
        response={_TO_MAP: {}},
    )
    to_map = {} if response is None else triggers.texts(response, _TO_MAP)
    # Who signs in is not the trigger's decision.
    return {**to_map, ID: claims[ID]} if to_map else claims


def _attributes(provider: Mapping[str, Any], claims: Mapping[str, str]) -> dict[str, Any]:
    if provider["ProviderType"] == "SAML":
        return {"samlResponse": dict(claims)}
    made_up = {"access_token": secrets.token_urlsafe(), "token_type": "Bearer", "expires_in": "3600"}
    return {"tokenResponse": made_up, "idToken": dict(claims), "userInfo": dict(claims)}
