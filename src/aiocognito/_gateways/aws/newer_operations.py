"""What the newest botocore knows and older ones do not: operations, and members of an operation.

It is added to the model of a botocore client, so that these requests are calls of the client as all others:
event handlers and instrumentations see them. What the installed botocore knows is left as it is.

From the service model of botocore 1.44 (cognito-idp), as far as this library uses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final


def _operation(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "http": {"method": "POST", "requestUri": "/"},
        "input": {"shape": f"{name}Request"},
        "output": {"shape": f"{name}Response"},
        "authtype": "none",
        "auth": ["smithy.api#noAuth"],
    }


OPERATIONS: Final[Mapping[str, Any]] = {
    name: _operation(name) for name in ("ListUserSessions", "RevokeUserSession")
}

SHAPES: Final[Mapping[str, Any]] = {
    "ListUserSessionsRequest": {
        "type": "structure",
        "members": {"AccessToken": {"shape": "TokenModelType"}, "NextToken": {"shape": "PaginationKey"}},
    },
    "ListUserSessionsResponse": {
        "type": "structure",
        "members": {"Sessions": {"shape": "SessionsListType"}, "NextToken": {"shape": "PaginationKey"}},
    },
    "SessionsListType": {"type": "list", "member": {"shape": "SessionDescriptionType"}},
    "SessionDescriptionType": {
        "type": "structure",
        "members": {
            "SessionId": {"shape": "SessionIdType"},
            "SessionType": {"shape": "SessionTypeType"},
            "ClientId": {"shape": "ClientIdType"},
            "CreateDate": {"shape": "DateType"},
            "LastActiveDate": {"shape": "DateType"},
            "DeviceType": {"shape": "SessionDeviceType"},
            "LastIPAddress": {"shape": "SessionIpAddressType"},
            "LastLocation": {"shape": "SessionLocationType"},
            "OriginSessionId": {"shape": "SessionIdType"},
            "IsCurrentSession": {"shape": "WrappedBooleanType"},
        },
    },
    "SessionIdType": {"type": "string"},
    "SessionTypeType": {"type": "string"},
    "SessionDeviceType": {"type": "string"},
    "SessionIpAddressType": {"type": "string", "sensitive": True},
    "SessionLocationType": {
        "type": "structure",
        "members": {
            "City": {"shape": "SessionLocationCityType"},
            "Country": {"shape": "SessionLocationCountryType"},
        },
    },
    "SessionLocationCityType": {"type": "string"},
    "SessionLocationCountryType": {"type": "string"},
    "RevokeUserSessionRequest": {
        "type": "structure",
        "members": {
            "AccessToken": {"shape": "TokenModelType"},
            "SessionId": {"shape": "SessionIdType"},
            "RevokeAssociatedSessions": {"shape": "RevokeAssociatedSessionsType"},
        },
    },
    "RevokeAssociatedSessionsType": {"type": "string"},
    "RevokeUserSessionResponse": {"type": "structure", "members": {}},
    "WebAuthnMfaSettingsType": {"type": "structure", "members": {"Enabled": {"shape": "BooleanType"}}},
}

MEMBERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "SetUserMFAPreferenceRequest": {"WebAuthnMfaSettings": {"shape": "WebAuthnMfaSettingsType"}}
}


def with_newer_operations(known: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a service model that also has what is newer; None if it has all of it.

    Args:
        known: The service model of user pools, as botocore reads it. It stays as it is, because all clients
            of a session share it.
    """
    operations, shapes = known["operations"], known["shapes"]
    lacking = {
        name: {**shapes[name], "members": {**members, **shapes[name]["members"]}}
        for name, members in MEMBERS.items()
        if not members.keys() <= shapes[name]["members"].keys()
    }
    if not lacking and OPERATIONS.keys() <= operations.keys():
        return None
    return {
        **known,
        "operations": {**OPERATIONS, **operations},
        "shapes": {**SHAPES, **shapes, **lacking},
    }
