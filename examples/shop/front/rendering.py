"""Templates to text, and the headers that go with it."""

import base64
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from aiocognito import OAuthConfig

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"
_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _day(value: datetime | float | None) -> str:
    """Return a date in UTC as a page shows it."""
    if value is None:
        return "unknown"
    moment = value if isinstance(value, datetime) else datetime.fromtimestamp(value, UTC)
    return moment.astimezone(UTC).strftime("%d %B %Y")


_TEMPLATES.filters["day"] = _day
_TEMPLATES.globals.update(name=None, notice=None, problem=None, values={})


def render(template: str, **values: Any) -> str:
    """Return a page.

    Args:
        template: The name of its template.
        values: What the template shows.
    """
    # The emulator's page of messages and the process, which the demonstration shows below each page.
    demo = {"outbox": os.environ.get("SHOP_OUTBOX"), "worker": os.getpid()}
    return _TEMPLATES.get_template(template).render(demo=demo, **values)


def data_url(svg: str) -> str:
    """Return the address of a drawing that is part of its page."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def security_headers(oauth: OAuthConfig | None) -> dict[str, str]:
    """Return the headers of every response.

    Args:
        oauth: The hosted UI. The form of the sign-out leads there, and from there back to this site.
    """
    leads_to = [] if oauth is None else [oauth.base_url, *map(_origin_of, oauth.redirect_sign_out)]
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "form-action": " ".join(["'self'", *leads_to]),
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    return {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "cross-origin-opener-policy": "same-origin",
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
    }


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
