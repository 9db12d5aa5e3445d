"""Links to the hosted UI, for developers who try it out."""

from __future__ import annotations

from urllib.parse import urlencode

from ..clients import AppClient


def sign_in(base: str, client: AppClient) -> str | None:
    """Return the link to an app client's login page; ``None`` if the client cannot use it.

    Args:
        base: The emulator's URL.
        client: The app client.
    """
    callbacks = client.settings.get("CallbackURLs") or ()
    if not callbacks or not client.grants("code"):
        return None
    # State and PKCE challenge are missing: only the app can create them.
    query = {"client_id": client.id, "response_type": "code", "redirect_uri": callbacks[0]}
    return f"{base}/login?{urlencode(query)}"
