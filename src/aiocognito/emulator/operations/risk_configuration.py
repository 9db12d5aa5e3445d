"""Risk configuration: what threat protection does about risks, for a pool or for one of its app clients."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..errors import invalid_parameter
from ..pool import UserPool
from ..registration import operation
from ..request_context import RequestContext

_COMPROMISED: Final = "CompromisedCredentialsRiskConfiguration"
_TAKEOVER: Final = "AccountTakeoverRiskConfiguration"
_EXCEPTIONS: Final = "RiskExceptionConfiguration"
_EVENTS: Final = ("SIGN_IN", "PASSWORD_CHANGE", "SIGN_UP")


# Documented (Risk configuration): a request replaces the whole configuration; one without members removes it.
@operation("SetRiskConfiguration")
async def set_risk_configuration(context: RequestContext) -> dict[str, Any]:
    """Replace the configuration of a pool, or of an app client."""
    pool, key = _whose(context)
    _check(context.members)
    given = {name: context.members[name] for name in _MEMBERS if name in context.members}
    if _COMPROMISED in given:
        given[_COMPROMISED] = {"EventFilter": list(_EVENTS), **given[_COMPROMISED]}
    pool.risk_configurations.pop(key, None)
    if given:
        pool.risk_configurations[key] = {**given, "LastModifiedDate": context.state.clock()}
    return {"RiskConfiguration": _described(pool, key)}


_MEMBERS: Final = (_COMPROMISED, _TAKEOVER, _EXCEPTIONS)


@operation("DescribeRiskConfiguration")
async def describe_risk_configuration(context: RequestContext) -> dict[str, Any]:
    """Describe the configuration of a pool, or of an app client."""
    return {"RiskConfiguration": _described(*_whose(context))}


def _whose(context: RequestContext) -> tuple[UserPool, str]:
    """Return the pool, and the app client's id; empty for the pool itself."""
    if "ClientId" not in context.members:
        return context.pool, ""
    pool, client = context.pool_and_client()
    return pool, client.id


def _described(pool: UserPool, key: str) -> dict[str, Any]:
    named = {"UserPoolId": pool.id, "ClientId": key} if key else {"UserPoolId": pool.id}
    return {**named, **pool.risk_configurations.get(key, {})}


def _check(given: Mapping[str, Any]) -> None:
    exceptions = given.get(_EXCEPTIONS, {})
    for member in ("BlockedIPRangeList", "SkippedIPRangeList"):
        for text in exceptions.get(member, ()):
            _check_range(text)
    takeover = given.get(_TAKEOVER, {})
    if any(action["Notify"] for action in _actions(takeover)) and "NotifyConfiguration" not in takeover:
        raise invalid_parameter("NotifyConfiguration is required if an action has Notify.")


def _actions(takeover: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from takeover.get("Actions", {}).values()


# Recorded (IP ranges): the text.
def _check_range(text: str) -> None:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise invalid_parameter("Incorrect CIDR format") from None
