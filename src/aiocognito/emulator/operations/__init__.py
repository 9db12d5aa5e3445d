"""The operations of the user-pool API, one module per family.

A function that is decorated with the name of an operation performs it: it takes the context of the request,
and returns the answer or raises an `ApiError`. A new operation is a new function.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..registration import USER_POOL_OPERATIONS, Operation
from . import (  # noqa: F401 - imported for their decorators
    account,
    admin_factors,
    admin_users,
    app_clients,
    attributes,
    auth_events,
    authentication,
    client_secrets,
    client_tokens,
    devices,
    domains,
    groups,
    identity_providers,
    linked_users,
    log_delivery,
    managed_login,
    mfa,
    mfa_options,
    passkeys,
    passwords,
    provisioned_limits,
    resource_servers,
    risk_configuration,
    sessions,
    sign_up,
    signing_certificate,
    terms,
    ui_customization,
    user_import,
    user_pools,
    user_sessions,
)

TABLE: Final[Mapping[str, Operation]] = USER_POOL_OPERATIONS
