"""The operations of the identity-pool API, one module per family.

A function that is decorated with the name of an operation performs it: it takes the context of the request,
and returns the answer or raises an `ApiError`. A new operation is a new function.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..registration import IDENTITY_POOL_OPERATIONS, Operation
from . import developers, identities, pools, public, roles  # noqa: F401 - imported for their decorators

TABLE: Final[Mapping[str, Operation]] = IDENTITY_POOL_OPERATIONS
