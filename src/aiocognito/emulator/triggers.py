"""Triggers: Lambda functions on AWS, Python callables in the emulator.

A trigger receives an event, fills in its ``response`` and returns it.
"""

from __future__ import annotations

import copy
import inspect
import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from anyio import to_thread

from .errors import ApiError
from .trigger_table import Trigger

if TYPE_CHECKING:
    from .clients import AppClient
    from .pool import UserPool
    from .users import User

_SDK: Final = "aws-sdk-unknown-unknown"
log: Final = logging.getLogger(__name__)
_NO_CLIENT: Final = "CLIENT_ID_NOT_APPLICABLE"


async def run(
    pool: UserPool,
    name: str,
    source: str,
    *,
    client: AppClient | None,
    username: str,
    request: Mapping[str, Any],
    response: Mapping[str, Any],
    version: str = "1",
) -> dict[str, Any] | None:
    """Call a trigger, if the pool has it.

    Args:
        pool: The user pool.
        name: The trigger.
        source: ``triggerSource``.
        client: The app client; an administrator has none.
        username: ``userName``.
        request: ``request`` of the event.
        response: ``response`` of the event, with its initial values.
        version: The event's.

    Returns:
        The response that the trigger filled in; ``None`` without a trigger.

    Raises:
        ApiError: The trigger raised an error, or did not return the event.
    """
    function = _trigger(pool, name)
    if function is None:
        return None
    event = _event(pool, source, client, username, request)
    event |= {"version": version, "response": copy.deepcopy(dict(response))}
    try:
        returned = await _call(function, event)
    except Exception as error:
        text = f"{name} failed with error {error}."
        raise ApiError("UserLambdaValidationException", text) from error
    return {**response, **_response(returned)}


async def notify(
    pool: UserPool,
    name: str,
    source: str,
    *,
    client: AppClient | None,
    username: str,
    request: Mapping[str, Any],
) -> bool:
    """Call a trigger whose outcome does not matter, if the pool has it; an error is logged.

    Args:
        pool: The user pool.
        name: The trigger.
        source: ``triggerSource``.
        client: The app client; an administrator has none.
        username: ``userName``.
        request: ``request`` of the event.

    Returns:
        Whether the pool has the trigger.
    """
    function = _trigger(pool, name)
    if function is None:
        return False
    try:
        await _call(function, _event(pool, source, client, username, request))
    except Exception as error:
        # Its message and the traceback are not logged: both could show the code.
        kind = type(error).__name__
    else:
        return True
    log.error("user pool %s: the trigger %s raised %s", pool.id, name, kind)
    return True


def _trigger(pool: UserPool, name: str) -> Trigger | None:
    """Return a pool's trigger, if it has one; a Lambda function that is not run is logged."""
    function = pool.triggers.get(name)
    if function is None:
        _warn_of_lambda(pool, name)
    return function


def _event(
    pool: UserPool, source: str, client: AppClient | None, username: str, request: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "version": "1",
        "region": pool.region,
        "userPoolId": pool.id,
        "userName": username,
        "callerContext": {"awsSdkVersion": _SDK, "clientId": _NO_CLIENT if client is None else client.id},
        "triggerSource": source,
        "request": copy.deepcopy(dict(request)),
    }


def _warn_of_lambda(pool: UserPool, name: str) -> None:
    """Log once that a Lambda function is not run."""
    arn = _arn(pool.settings.get("LambdaConfig") or {}, name)
    if arn is not None and (name, arn) not in pool.warned_lambdas:
        pool.warned_lambdas.add((name, arn))
        log.warning(
            "user pool %s: the trigger %s is the Lambda function %s, which the emulator cannot run; "
            "it goes on without. Give it as a Python function or a URL: triggers={%r: …}, or --triggers.",
            pool.id,
            name,
            arn,
            name,
        )


def _arn(configuration: Mapping[str, Any], name: str) -> str | None:
    found: Any = configuration.get(name) or configuration.get(f"{name}Config")
    arn: str | None = found.get("LambdaArn") if isinstance(found, dict) else found
    return arn


async def _call(function: Trigger, event: dict[str, Any]) -> Any:
    if inspect.iscoroutinefunction(function):
        return await function(event)
    returned = await to_thread.run_sync(function, event)
    return await returned if inspect.isawaitable(returned) else returned


def _response(returned: Any) -> dict[str, Any]:
    """Read the response as it would come back from Lambda: JSON."""
    try:
        event = json.loads(json.dumps(returned))
    except (TypeError, ValueError, RecursionError):
        raise unrecognizable() from None
    response = event.get("response") if isinstance(event, dict) else None
    if not isinstance(response, dict):
        raise unrecognizable()
    return response


# Recorded (Failing triggers): the literal text.
def unrecognizable() -> ApiError:
    """Return the error for a malformed response of a trigger."""
    return ApiError("InvalidLambdaResponseException", "Unrecognizable lambda output")


def flag(response: Mapping[str, Any], name: str) -> bool:
    """Read a member that is true, false or absent.

    Raises:
        ApiError: It is something else.
    """
    value = response.get(name)
    if value is not None and not isinstance(value, bool):
        raise unrecognizable()
    return bool(value)


def mapping(response: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Read a member that is an object or absent.

    Raises:
        ApiError: It is something else.
    """
    value = response.get(name)
    if value is not None and not isinstance(value, dict):
        raise unrecognizable()
    return value or {}


def texts(response: Mapping[str, Any], name: str) -> dict[str, str]:
    """Read a member that is an object of strings or absent.

    Raises:
        ApiError: It is something else.
    """
    values = mapping(response, name)
    if not all(isinstance(value, str) for value in values.values()):
        raise unrecognizable()
    return values


def about(user: User | None, metadata: Mapping[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """Return the usual members of a request: ``userAttributes``, and ``clientMetadata`` if it is given."""
    request: dict[str, Any] = {"userAttributes": {} if user is None else attributes(user), **more}
    if metadata:
        request["clientMetadata"] = dict(metadata)
    return request


def attributes(user: User) -> dict[str, str]:
    """Return a user's attributes as triggers see them."""
    return {"sub": user.sub, "cognito:user_status": user.status, **user.attributes}
