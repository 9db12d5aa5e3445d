"""Integrations with other libraries: one module for each, named after the library that it imports.

What all web frameworks share is here, too. Importing it imports no framework.
"""

from __future__ import annotations

from .._web.cookies import CookiePolicy
from .._web.errors import AuthForbiddenError, CsrfError, RecentSignInRequiredError

__all__ = ["AuthForbiddenError", "CookiePolicy", "CsrfError", "RecentSignInRequiredError"]
