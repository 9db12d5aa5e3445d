"""A page that stands in for an external identity provider's: whoever it is, is typed in.

It does what a provider does: it shows a page of its own, and sends the browser back with a code and the
state that it was sent with, or with an error.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from .. import html
from ..hashing import digest
from ..html import Html, element
from . import federation, fields, providers
from .page_request import Answer, PageRequest

RESPONSE: Final = "/oauth2/idpresponse"
SAML_RESPONSE: Final = "/saml2/idpresponse"
_CLAIM: Final = "claims."
_USUAL: Final = ("email", "name")
# What providers send back when somebody does not want to: Cognito passes it on as it is.
_CANCELLED: Final[Mapping[str, tuple[str, str | None]]] = {
    "Facebook": ("access_denied", "Permissions error"),
    "LoginWithAmazon": ("access_denied", "Access not permitted"),
    "SignInWithApple": ("user_cancelled_authorize", None),
}


async def show(visit: PageRequest) -> Answer:
    """Show the page that stands in for a provider's."""
    return _stub(visit, visit.at(providers.AtProvider))


async def take(visit: PageRequest) -> Answer:
    """Send the browser back as the provider would."""
    at = visit.at(providers.AtProvider)
    if "cancel" in visit.form:
        error, description = _CANCELLED.get(_kind(visit, at), ("access_denied", None))
        return _return(visit, at, {"error": error, "error_description": description})
    if not visit.given(_CLAIM + federation.ID):
        return _stub(visit, at, "The provider cannot tell who nobody is: type in an ID.")
    at.claims = {
        name.removeprefix(_CLAIM): value.strip()
        for name, value in visit.form.items()
        if name.startswith(_CLAIM)
    }
    code = secrets.token_urlsafe(32)
    at.code = digest(code)
    return _return(visit, at, {"code": code})


def _return(visit: PageRequest, at: providers.AtProvider, answer: Mapping[str, str | None]) -> Answer:
    path = SAML_RESPONSE if _kind(visit, at) == "SAML" else RESPONSE
    given = {name: value for name, value in {**answer, "state": visit.step}.items() if value is not None}
    return visit.go(f"{path}?{urlencode(given)}")


def _stub(visit: PageRequest, at: providers.AtProvider, alert: str | None = None) -> Answer:
    name = providers.shown(at.provider)
    mapping = visit.pool.providers.get(at.provider, {}).get("AttributeMapping") or {}
    labels = {
        claim: fields.label(attribute) for attribute, claim in mapping.items() if attribute != "username"
    }
    unmapped = [claim for claim in _USUAL if claim not in labels and claim not in mapping]
    hint = "Goes nowhere: the provider's AttributeMapping has no attribute for it."
    return visit.page(
        f"Emulated {name}",
        element("p", "Stands in for the real one", class_="mark"),
        html.alert(alert),
        element("p", f"Type in who {name} is to say that you are."),
        visit.form_to(
            f"{providers.STUB}/{visit.step}",
            _claim_field(visit, federation.ID, "ID", required=True, autofocus=True),
            *(_claim_field(visit, claim, label) for claim, label in labels.items() if claim != federation.ID),
            *(_claim_field(visit, claim, fields.label(claim), hint=hint) for claim in unmapped),
            element("button", "Continue", type="submit"),
            element(
                "button",
                "Cancel",
                type="submit",
                name="cancel",
                value="1",
                class_="plain",
                formnovalidate=True,
            ),
        ),
        error=None if alert is None else "invalid_request",
    )


def _claim_field(visit: PageRequest, claim: str, label: str, **more: Any) -> Html:
    name = _CLAIM + claim
    settings = {"required": False, "autocomplete": "off", **more}
    return html.field(name, label, visit.form.get(name), **settings)


def _kind(visit: PageRequest, at: providers.AtProvider) -> str:
    return str(visit.pool.providers.get(at.provider, {}).get("ProviderType"))
