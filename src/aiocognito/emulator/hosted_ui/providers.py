"""External identity providers: their buttons, and the redirect to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import define, field

from ..hosted_ui_state import CODE_LIFE, LOCAL
from ..html import Html, element
from .page_request import PageRequest, PageResponse
from .request import supported

STUB: Final = "/idp"
ID: Final = "sub"
"""The claim that identifies a user at a provider."""
_NAMES: Final[Mapping[str, str]] = {"LoginWithAmazon": "Amazon", "SignInWithApple": "Apple"}


@define
class AtProvider:
    """A browser that was sent to a provider.

    Args:
        provider: The provider's name.
        code: The hash of the code that the provider issued.
        claims: The claims that the code stands for.
    """

    provider: str
    code: bytes = field(default=b"", repr=False)
    claims: Mapping[str, str] = field(factory=dict, repr=False)


def buttons(request: PageRequest) -> Html | None:
    """Return a form with a button for each provider of the client."""
    offered = [name for name in supported(request.client) if name in request.pool.providers]
    if not offered:
        return None
    written = (
        element("button", f"Continue with {shown(name)}", name="provider", value=name, class_="plain")
        for name in offered
    )
    section = request.form_to("/login", *written)
    return element("section", section) if LOCAL in supported(request.client) else section


def shown(name: str) -> str:
    """Return the name of a provider as pages show it."""
    return _NAMES.get(name, name)


def redirect_to(request: PageRequest, name: str) -> PageResponse:
    """Redirect a browser to a provider."""
    if name not in request.pool.providers or name not in supported(request.client):
        raise request.authorization.refused("invalid_request", "unsupported_identity_provider")
    return request.redirect(request.url(f"{STUB}/{request.start_step(AtProvider(name), life=CODE_LIFE)}"))
