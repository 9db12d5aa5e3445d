"""Errors of botocore as `StorageError`, with what to do next.

The classes are recognized by their names: importing botocore takes long. The original is not chained.
"""

from __future__ import annotations

from typing import Any, Final

from attrs import frozen

from ..errors import StorageError

# EOFError: the server closed the connection within a response.
_SYSTEM_ERRORS: Final = (OSError, EOFError)
_ROOTS: Final = {"BotoCoreError", "ClientError", "HTTPClientError"}


@frozen
class _Advice:
    """What an error means.

    Attributes:
        names: The service's codes, and the names of botocore's classes.
        message: What went wrong.
        recovery: What to do next.
        retryable: Whether the same call may succeed later.
    """

    names: frozenset[str]
    message: str
    recovery: str
    retryable: bool


def _advice(names: str, message: str, recovery: str, *, retryable: bool) -> _Advice:
    return _Advice(frozenset(names.split()), message, recovery, retryable)


_ADVICE: Final = (
    _advice(
        "ResourceNotFoundException TableNotFoundException",
        "the table does not exist",
        "Create it with `await storage.create_table()`, or check the name, the region and the account.",
        retryable=False,
    ),
    _advice(
        "AccessDeniedException AccessDenied",
        "access was denied",
        "Allow dynamodb:GetItem, dynamodb:PutItem and dynamodb:DeleteItem on the table; for create_table also"
        " dynamodb:CreateTable, dynamodb:DescribeTable and dynamodb:UpdateTimeToLive.",
        retryable=False,
    ),
    _advice(
        "ProvisionedThroughputExceededException ThrottlingException Throttling RequestLimitExceeded"
        " TooManyRequestsException",
        "the requests were throttled",
        "Try again later. Choose on-demand capacity for the table, or raise its provisioned capacity. The"
        " session is kept.",
        retryable=True,
    ),
    _advice(
        "NoCredentialsError PartialCredentialsError CredentialRetrievalError TokenRetrievalError"
        " UnrecognizedClientException InvalidSignatureException IncompleteSignatureException"
        " MissingAuthenticationTokenException MissingAuthenticationToken ExpiredTokenException"
        " InvalidClientTokenId SSOTokenLoadError UnauthorizedSSOTokenError ProfileNotFound",
        "the AWS credentials are missing or not valid",
        "Give the process a role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or pass aws_session. Check"
        " that its clock is right.",
        retryable=False,
    ),
    _advice(
        "NoRegionError InvalidRegionError",
        "the region is not known",
        "Pass region=…, or set AWS_DEFAULT_REGION.",
        retryable=False,
    ),
    _advice(
        "ValidationException",
        "the table does not fit",
        "Create a table with `await storage.create_table()`: its partition key is `pk`, of type S, and it has"
        " no sort key.",
        retryable=False,
    ),
    _advice(
        "InternalServerError ServiceUnavailable InternalFailure ServiceUnavailableException",
        "the service failed",
        "Try again later. The session is kept.",
        retryable=True,
    ),
    _advice(
        "SSLError ProxyConnectionError",
        "the connection was not secured",
        "Check the endpoint, the proxy, and AWS_CA_BUNDLE.",
        retryable=False,
    ),
    _advice(
        "HTTPClientError EndpointConnectionError OSError EOFError",
        "the service cannot be reached",
        "Check the endpoint, the region and the network, and try again. The session is kept.",
        retryable=True,
    ),
)
_OTHER: Final = _advice(
    "",
    "the request was refused",
    "Check the table, and the versions of aiobotocore and botocore.",
    retryable=False,
)


def is_failure(error: Exception) -> bool:
    """Return whether an exception is botocore's, or of the connection."""
    return isinstance(error, _SYSTEM_ERRORS) or not _ROOTS.isdisjoint(_names(error))


def code_of(error: Exception) -> str | None:
    """Return the service's code for a refusal."""
    response: Any = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
    return code if isinstance(code, str) else None


def storage_error(error: Exception, table: str) -> StorageError:
    """Return the error to raise for one of botocore. It repeats a code or a class, not the request."""
    code, names = code_of(error), _names(error)
    advice = next((each for each in _ADVICE if not each.names.isdisjoint(names | {code or ""})), _OTHER)
    return StorageError(
        f"DynamoDB table {table}: {advice.message} ({code or type(error).__name__})",
        retryable=advice.retryable,
        recovery_suggestion=advice.recovery,
    )


def _names(error: Exception) -> set[str]:
    return {each.__name__ for each in type(error).__mro__}
