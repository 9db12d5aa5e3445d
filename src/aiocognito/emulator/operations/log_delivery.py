"""Log delivery: where a pool's logs go. It is stored; the emulator delivers no logs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .. import tiers
from ..errors import invalid_parameter
from ..pool import UserPool
from ..registration import operation
from ..request_context import RequestContext

_CLOUD_WATCH: Final = "CloudWatchLogsConfiguration"
_DESTINATIONS: Final = (_CLOUD_WATCH, "S3Configuration", "FirehoseConfiguration")
_LEVELS: Final = {"userNotification": "ERROR", "userAuthEvents": "INFO"}


@operation("SetLogDeliveryConfiguration")
async def set_log_delivery_configuration(context: RequestContext) -> dict[str, Any]:
    """Replace the configuration; an empty list removes it."""
    pool, given = context.pool, context.members["LogConfigurations"]
    sources = [each["EventSource"] for each in given]
    if len(set(sources)) != len(sources):
        # Recorded (Log delivery of one source twice): the text.
        raise invalid_parameter("Following event sources appear more then once in a request")
    for each in given:
        _check(pool, each)
    pool.log_configurations = given
    return _described(pool)


@operation("GetLogDeliveryConfiguration")
async def get_log_delivery_configuration(context: RequestContext) -> dict[str, Any]:
    """Return the configuration."""
    return _described(context.pool)


# Documented (Log delivery): the level and the destinations of each source, and the plan.
def _check(pool: UserPool, given: Mapping[str, Any]) -> None:
    source = given["EventSource"]
    if given["LogLevel"] != _LEVELS[source]:
        raise invalid_parameter(f"The LogLevel of {source} must be {_LEVELS[source]}.")
    destinations = [name for name in _DESTINATIONS if name in given]
    if len(destinations) != 1:
        raise invalid_parameter("A log configuration must have one destination.")
    if source == "userNotification" and destinations != [_CLOUD_WATCH]:
        raise invalid_parameter(f"{source} needs {_CLOUD_WATCH}.")
    if source == "userAuthEvents" and pool.settings["UserPoolTier"] != "PLUS":
        raise tiers.unavailable(pool.settings["UserPoolTier"], tiers.LOG_STREAMING)


def _described(pool: UserPool) -> dict[str, Any]:
    return {"LogDeliveryConfiguration": {"UserPoolId": pool.id, "LogConfigurations": pool.log_configurations}}
