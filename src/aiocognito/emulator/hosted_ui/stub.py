"""A page that stands in for an external identity provider's: the user enters the claims.

It does what a provider does: it shows its own page, and redirects the browser back with the state and a code
or an error.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from .. import html
from ..hashing import digest
from ..html import Html, element
from . import fields, providers
from .page_request import PageRequest, PageResponse

RESPONSE: Final = "/oauth2/idpresponse"
SAML_RESPONSE: Final = "/saml2/idpresponse"
_CLAIM: Final = "claims."
_USUAL: Final = ("email", "name")
# Recorded (A provider's own error): what providers return when the user cancels, passed on unchanged.
_CANCELLED: Final[Mapping[str, tuple[str, str | None]]] = {
    "Facebook": ("access_denied", "Permissions error"),
    "LoginWithAmazon": ("access_denied", "Access not permitted"),
    "SignInWithApple": ("user_cancelled_authorize", None),
}


async def show(request: PageRequest) -> PageResponse:
    """Return the page."""
    return _stub(request, request.step(providers.AtProvider))


async def submit(request: PageRequest) -> PageResponse:
    """Handle the form: redirect the browser back as the provider would."""
    at = request.step(providers.AtProvider)
    if "cancel" in request.form:
        error, description = _CANCELLED.get(_kind(request, at), ("access_denied", None))
        return _return(request, at, {"error": error, "error_description": description})
    if not request.given(_CLAIM + providers.ID):
        return _stub(request, at, "Enter a user ID.")
    at.claims = {
        name.removeprefix(_CLAIM): value.strip()
        for name, value in request.form.items()
        if name.startswith(_CLAIM)
    }
    code = secrets.token_urlsafe(32)
    at.code = digest(code)
    return _return(request, at, {"code": code})


def _return(request: PageRequest, at: providers.AtProvider, answer: Mapping[str, str | None]) -> PageResponse:
    path = SAML_RESPONSE if _kind(request, at) == "SAML" else RESPONSE
    given = {
        name: value for name, value in {**answer, "state": request.step_name}.items() if value is not None
    }
    return request.redirect(f"{path}?{urlencode(given)}")


def _stub(request: PageRequest, at: providers.AtProvider, alert: str | None = None) -> PageResponse:
    name = providers.shown(at.provider)
    mapping = request.pool.providers.get(at.provider, {}).get("AttributeMapping") or {}
    labels = {
        claim: fields.label(attribute) for attribute, claim in mapping.items() if attribute != "username"
    }
    unmapped = [claim for claim in _USUAL if claim not in labels and claim not in mapping]
    hint = "Not stored: the provider's AttributeMapping has no attribute for it."
    return request.page(
        f"Emulated {name}",
        element("p", "Not the real provider", class_="mark"),
        html.alert(alert),
        element("p", f"Enter the claims that {name} returns about you."),
        request.form_to(
            f"{providers.STUB}/{request.step_name}",
            _claim_field(request, providers.ID, "ID", required=True, autofocus=True),
            *(
                _claim_field(request, claim, label)
                for claim, label in labels.items()
                if claim != providers.ID
            ),
            *(_claim_field(request, claim, fields.label(claim), hint=hint) for claim in unmapped),
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


def _claim_field(request: PageRequest, claim: str, label: str, **more: Any) -> Html:
    name = _CLAIM + claim
    settings = {"required": False, "autocomplete": "off", **more}
    return html.field(name, label, request.form.get(name), **settings)


def _kind(request: PageRequest, at: providers.AtProvider) -> str:
    return str(request.pool.providers.get(at.provider, {}).get("ProviderType"))
