"""What to do about a refusal, by its text or its subject where its code is ambiguous."""

from __future__ import annotations

import re
from typing import Final

from ._refusals import AMBIGUOUS_CODES, RefusalSubject

_SIGN_IN: Final = "Sign in again."
_PRESENT_VALUE: Final = (
    "Set user_pool_client_secret to the secret that the app client has now, or leave it out if the client"
    " has none."
)

# The first that matches the text of a refusal. Each names the setting and where it is found.
_BY_TEXT: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), suggestion)
    for pattern, suggestion in (
        (
            r"\bclient \S+ is configured (with|for) secret",
            "Set user_pool_client_secret: this app client has a secret.",
        ),
        (r"secret.?hash|client or secret", _PRESENT_VALUE),
        (
            r"different client",
            "Set user_pool_client_id to the app client that issued the token. After a change of client,"
            " users sign in again.",
        ),
        (
            r"identity ?pool '",
            "Check identity_pool_id: it begins with the pool's region.",
        ),
        (
            r"user pool client \S+ does not exist",
            "Check user_pool_client_id, and that the client belongs to the pool and region of user_pool_id.",
        ),
        (
            r"user pool \S+ does not exist",
            "Check user_pool_id: the part before its underscore is the region.",
        ),
        (
            r"USER_PASSWORD_AUTH",
            "Add ALLOW_USER_PASSWORD_AUTH to the app client's ExplicitAuthFlows, or use USER_SRP_AUTH.",
        ),
        (
            r"USER_SRP_AUTH",
            "Add ALLOW_USER_SRP_AUTH to the app client's ExplicitAuthFlows, or choose another"
            " auth_flow_type.",
        ),
        (
            r"refresh token flow not enabled",
            "Add ALLOW_REFRESH_TOKEN_AUTH to the app client's ExplicitAuthFlows, or turn on token rotation.",
        ),
        (
            r"flow not enabled|not enabled for the client",
            "Add the flow to the app client's ExplicitAuthFlows, or choose another auth_flow_type.",
        ),
        (
            r"lambda trigger is not configured",
            "Add the triggers Define, Create and Verify auth challenge to the user pool, or choose another"
            " auth_flow_type.",
        ),
        (r"feature is not enabled for this client", "Turn on EnableTokenRevocation for the app client."),
        (
            r"unauthenticated access is not supported",
            "Turn on guest access for the identity pool, or set allow_guest_access to False.",
        ),
        (
            r"supported provider|identity providers configured",
            "Add the user pool and its app client to the identity pool's authentication providers.",
        ),
        (
            r"required scopes",
            'Add "aws.cognito.signin.user.admin" to OAuthConfig.scopes and to the app client\'s scopes, and'
            " sign in again.",
        ),
        (
            r"attribute does not exist in the schema|type for attribute .* could not be determined",
            'Write a custom attribute with its prefix, such as "custom:team", and add it to the user pool'
            " first.",
        ),
        (r"attempts exceeded", "Wait before the next attempt: each failure doubles the time, to 15 minutes."),
        (
            r"delivery config set to turn on",
            "Set the factor up first: an authenticator app with set_up_totp and verify_totp_setup, SMS and"
            " e-mail with a verified address.",
        ),
        (r"user is disabled", "An administrator must enable the user."),
        (r"no (registered|verified).*(email|phone)", "Verify an e-mail address or phone number of the user."),
    )
)
_UNREADABLE: Final = (
    "Another server answered than Cognito: check user_pool_endpoint and identity_pool_endpoint, which have no"
    " path, and the proxy. Without an endpoint the pool's region determines the URL."
)
_BY_OAUTH_ERROR: Final[dict[str, str]] = {
    "invalid_client": "Check user_pool_client_id and user_pool_client_secret, and that OAuthConfig.domain is"
    " of the same user pool.",
    "unauthorized_client": "Allow the grant in the app client's AllowedOAuthFlows, and list the redirect URL"
    " in its CallbackURLs, exactly as it is in OAuthConfig.redirect_sign_in.",
    "invalid_scope": "Allow the scopes in the app client's AllowedOAuthScopes, or leave them out of the"
    " configuration.",
    "invalid_grant": "The code was used before or has expired: begin again with sign_in_with_redirect.",
    "access_denied": "The user or the identity provider refused: offer to begin again.",
}
_BY_SUBJECT: Final[dict[RefusalSubject, str]] = {
    RefusalSubject.APP_CLIENT: "Check user_pool_id, user_pool_client_id and user_pool_client_secret, and what"
    " the app client allows.",
    RefusalSubject.IDENTITY_POOL: "Check identity_pool_id, and the roles and providers of the identity pool.",
    RefusalSubject.REQUEST: "Correct the parameter that the message names.",
    RefusalSubject.DEVICE: _SIGN_IN,
    RefusalSubject.REFRESH_TOKEN_SPENT: _SIGN_IN,
    RefusalSubject.REFRESH_TOKEN_ENDED: _SIGN_IN,
    RefusalSubject.ACCESS_TOKEN_EXPIRED: "Call fetch_auth_session(force_refresh=True), or sign in again.",
    RefusalSubject.ACCESS_TOKEN_ENDED: _SIGN_IN,
    RefusalSubject.SIGN_IN_ENDED: "Begin again with sign_in.",
    RefusalSubject.CREDENTIALS: "Check the username and the password, or reset the password.",
}


_TRACKING: Final = (
    "Turn on UserSessionTracking for the user pool (SetUserPoolSessionConfiguration), which its plan must"
    " include. Without it, SessionManager.list_user and end_user list and end the sessions of your service."
)
_NOT_THERE: Final = (
    "This service does not have user sessions. SessionManager.list_user and end_user list and end the"
    " sessions of your service."
)
_UNKNOWN_OPERATION: Final = (
    "This service does not have the operation {}: it may be an emulator or a proxy that lacks it, or a region"
    " that does not have it yet."
)
# By the operation that was refused, and the code.
_BY_OPERATION: Final[dict[tuple[str, str], str]] = {
    (operation, code): suggestion
    for operation in ("ListUserSessions", "RevokeUserSession")
    for code, suggestion in (
        ("UnknownOperationException", _NOT_THERE),
        ("OperationNotEnabledException", _TRACKING),
        ("FeatureUnavailableInTierException", _TRACKING),
    )
} | {
    ("RevokeUserSession", "ResourceNotFoundException"): (
        "The session has ended already, or belongs to another user: list_sessions returns the ids."
    ),
    ("GetUserAuthFactors", "UnknownOperationException"): (
        f"{_UNKNOWN_OPERATION.format('GetUserAuthFactors')} fetch_mfa_preference and"
        " list_web_authn_credentials return what is set up."
    ),
}


def suggestion_for_operation(operation: str | None, code: str) -> str | None:
    """Return what to do about a refusal of an operation; None if the advice for its code is enough."""
    found = _BY_OPERATION.get((operation or "", code))
    if found is None and operation and code == "UnknownOperationException":
        return _UNKNOWN_OPERATION.format(operation)
    return found


def suggestion_for(
    code: str, text: str | None = None, subject: RefusalSubject = RefusalSubject.UNKNOWN
) -> str | None:
    """Return what to do about a refusal by its text or its subject; None if neither is known.

    Args:
        code: The code of Cognito or of OAuth; the error's own name where a service did not refuse.
        text: Cognito's message; None without one.
        subject: What the refusal is about.
    """
    if code in _BY_OAUTH_ERROR:
        return _BY_OAUTH_ERROR[code]
    if code == "UnknownError":
        return _UNREADABLE
    if text is None:
        return None
    found = next((suggestion for pattern, suggestion in _BY_TEXT if pattern.search(text)), None)
    if "Lambda" in code:
        # A trigger's own words may hold anything.
        return None
    # For the other codes, the advice of the class is enough.
    return found or (_BY_SUBJECT.get(subject) if code in AMBIGUOUS_CODES else None)
