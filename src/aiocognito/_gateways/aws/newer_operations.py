"""What the newest botocore knows and older ones do not: sent without botocore, as JSON 1.1.

These are operations, and an operation of which older ones do not know all members.

From the service model of botocore 1.44 (cognito-idp), as far as this library uses them. The installed
botocore's own model is used if it has the operation and all members that are sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

TARGET_PREFIX: Final = "AWSCognitoIdentityProviderService"


@frozen
class NewerOperation:
    """One operation.

    Attributes:
        members: The names of the request's members.
        output: The shape of the response's members, by name, in `SHAPES`.
    """

    members: frozenset[str]
    output: str


SHAPES: Final[Mapping[str, Any]] = {
    "String": {"type": "string"},
    "Boolean": {"type": "boolean"},
    "Date": {"type": "timestamp"},
    "Location": {
        "type": "structure",
        "members": {"City": {"shape": "String"}, "Country": {"shape": "String"}},
    },
    "Session": {
        "type": "structure",
        "members": {
            "SessionId": {"shape": "String"},
            "SessionType": {"shape": "String"},
            "ClientId": {"shape": "String"},
            "CreateDate": {"shape": "Date"},
            "LastActiveDate": {"shape": "Date"},
            "DeviceType": {"shape": "String"},
            "LastIPAddress": {"shape": "String"},
            "LastLocation": {"shape": "Location"},
            "OriginSessionId": {"shape": "String"},
            "IsCurrentSession": {"shape": "Boolean"},
        },
    },
    "Sessions": {"type": "list", "member": {"shape": "Session"}},
    "ListUserSessionsResponse": {
        "type": "structure",
        "members": {"Sessions": {"shape": "Sessions"}, "NextToken": {"shape": "String"}},
    },
    "RevokeUserSessionResponse": {"type": "structure", "members": {}},
    "SetUserMFAPreferenceResponse": {"type": "structure", "members": {}},
}

NEWER_OPERATIONS: Final[Mapping[str, NewerOperation]] = {
    "ListUserSessions": NewerOperation(frozenset({"AccessToken", "NextToken"}), "ListUserSessionsResponse"),
    "RevokeUserSession": NewerOperation(
        frozenset({"AccessToken", "SessionId", "RevokeAssociatedSessions"}), "RevokeUserSessionResponse"
    ),
    "SetUserMFAPreference": NewerOperation(
        frozenset(
            {
                "AccessToken",
                "EmailMfaSettings",
                "SMSMfaSettings",
                "SoftwareTokenMfaSettings",
                "WebAuthnMfaSettings",
            }
        ),
        "SetUserMFAPreferenceResponse",
    ),
}
