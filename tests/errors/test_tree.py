"""The whole tree: every class documents itself, has a status, and survives pickling and copying."""

import copy
import inspect
import pickle
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from aiocognito import errors
from aiocognito.errors import AuthError, AuthValidationError, AuthValidationErrorCode, ServiceError

WEB_STATUS = {401, 403, 404, 409, 422, 429, 502, 503}
DETAILS: dict[str, Any] = {
    "name": "ANameOfItsOwn",
    "recovery_suggestion": "Try it like this.",
    "retryable": True,
    "request_id": "7d9a0c3e-1b7e-4a58-9f0c-6f1c1d3a2b4c",
    "service_status": 418,
}
# What some classes carry beyond the root's details.
MORE: dict[type[AuthError], dict[str, Any]] = {
    errors.AuthConfigError: {"field": "user_pool_id"},
    errors.NetworkError: {"request_sent": True},
    ServiceError: {"operation": "SignUp"},
    errors.OAuthSignInException: {"error": "access_denied", "error_description": "not today"},
    errors.TokenVerificationError: {"claim": "aud", "expected": ("a", "b"), "actual": "c"},
}


def tree(root: type[AuthError] = AuthError) -> Iterator[type[AuthError]]:
    yield root
    for cls in root.__subclasses__():
        if cls.__module__ == "aiocognito.errors" and "made_of" not in vars(cls):
            yield from tree(cls)


CLASSES = sorted(set(tree()), key=lambda cls: cls.__name__)
every_class = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)


def more_of(cls: type[AuthError]) -> dict[str, Any]:
    return {key: value for base, more in MORE.items() if issubclass(cls, base) for key, value in more.items()}


def make(cls: type[AuthError]) -> AuthError:
    if issubclass(cls, AuthValidationError):
        return cls(AuthValidationErrorCode.EmptySignInUsername, "what went wrong", **DETAILS)
    return cls("what went wrong", **DETAILS, **more_of(cls))


def assert_same(twin: AuthError, error: AuthError) -> None:
    assert twin is not error
    assert type(twin) is type(error)
    assert twin.args == error.args
    assert str(twin) == str(error)
    assert vars(twin) == vars(error)


@every_class
def test_says_what_it_means(cls: type[AuthError]) -> None:
    doc = inspect.cleandoc(vars(cls)["__doc__"])
    assert len(doc) > 10
    assert doc.splitlines()[0].endswith(".")


@every_class
def test_is_exported(cls: type[AuthError]) -> None:
    """Each class is a public name."""
    assert getattr(errors, cls.__name__) is cls
    assert cls.__name__ in errors.__all__


def test_all_is_all_there_is() -> None:
    # pytest rewrites the asserts of packages that have a plugin, and adds names with "@".
    public = {name for name in vars(errors) if not name.startswith(("_", "@"))}
    assert public - {"annotations", "is_throttling", "public"} == set(errors.__all__)
    assert len(errors.__all__) == len(set(errors.__all__))


@every_class
def test_a_web_layer_has_an_answer(cls: type[AuthError]) -> None:
    assert errors.http_status_for(make(cls)) in WEB_STATUS
    assert cls.http_status in WEB_STATUS


@every_class
def test_registered_functions_are_returned_as_they_are(cls: type[AuthError]) -> None:
    error = make(cls)
    for key, value in (DETAILS | more_of(cls)).items():
        assert getattr(error, key) == value
    assert "what went wrong" in str(error)
    assert error.args == (str(error),)


@every_class
def test_defaults(cls: type[AuthError]) -> None:
    """Each class can be made without arguments."""
    if issubclass(cls, AuthValidationError):
        return
    error = cls()
    assert error.name == (cls.default_name or cls.__name__)
    assert str(error) == error.name
    assert error.recovery_suggestion == cls.default_recovery
    assert error.retryable is cls.default_retryable
    assert error.request_id is None
    assert error.service_status is None


@every_class
def test_takes_no_positional_detail(cls: type[AuthError]) -> None:
    with pytest.raises(TypeError):
        cls("EmptySignInUsername", "message", "name")  # type: ignore[call-arg]  # wrong on purpose


@every_class
def test_pickles_and_copies(cls: type[AuthError]) -> None:
    """An error survives pickle and copy with its notes."""
    error = make(cls)
    error.add_note("said later")
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert_same(pickle.loads(pickle.dumps(error, protocol)), error)
    assert_same(copy.copy(error), error)
    assert_same(copy.deepcopy(error), error)


def test_a_deep_copy_shares_nothing() -> None:
    error = errors.TokenClientError("no", expected=["a"], actual="b")
    twin = copy.deepcopy(error)
    twin.expected.append("c")
    assert error.expected == ["a"]
    assert copy.copy(error).expected is error.expected


@every_class
def test_can_be_raised_again(cls: type[AuthError]) -> None:
    cause = OSError("underneath")
    error = make(cls)
    for _ in range(2):
        with pytest.raises(cls) as caught:
            raise error from cause
        assert caught.value is error
        assert caught.value.__cause__ is cause
    with pytest.raises(cls, match="what went wrong"):
        raise pickle.loads(pickle.dumps(error))


def test_what_pickles_here_is_read_in_another_process() -> None:
    made = [make(cls) for cls in CLASSES]
    made += [errors.service_error("SignUp", code, "no") for code in ("UsernameExistsException", "Unheard")]
    program = (
        "import pickle, sys\n"
        "for error in pickle.load(sys.stdin.buffer):\n"
        "    print(type(error).__name__, *(base.__name__ for base in type(error).__bases__), error.name)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], input=pickle.dumps(made), capture_output=True, check=True
    )
    assert result.stdout.decode().splitlines() == [
        " ".join([type(error).__name__, *(base.__name__ for base in type(error).__bases__), error.name])
        for error in made
    ]


class PaymentRequired(errors.NotAuthorizedException):
    """A user's own."""

    http_status = 403

    def __init__(self, message: str, price: int) -> None:
        super().__init__(message, operation="SignUp")
        self.price = price


def test_a_subclass_of_a_user_s_own_survives_too() -> None:
    assert_same(pickle.loads(pickle.dumps(PaymentRequired("no", 3))), PaymentRequired("no", 3))


# --- Where they stand ----------------------------------------------------------------------------------


def test_bad_values_are_value_errors() -> None:
    assert issubclass(errors.AuthConfigError, ValueError)
    assert issubclass(errors.InvalidJWTError, ValueError)


@pytest.mark.parametrize(
    ("cls", "base"),
    [
        (errors.AuthUserPoolException, errors.AuthTokenConfigException),
        (errors.OAuthStateMismatchException, errors.OAuthSignInException),
        (errors.EmptyUserIdForSRPException, errors.SignInException),
        (errors.InvalidPasskeyRegistrationOptions, errors.PasskeyError),
        (errors.InvalidPasskeyAuthenticationOptions, errors.PasskeyError),
    ],
)
def test_subclasses(cls: type[AuthError], base: type[AuthError]) -> None:
    """Errors that belong together share a base class."""
    assert issubclass(cls, base)


def test_the_state_mismatch_has_amplify_s_literal() -> None:
    assert errors.OAuthStateMismatchException().name == "oauthSignInError"
    assert errors.OAuthSignInException().name == "OAuthSignInException"


def test_every_other_name_is_the_class_s() -> None:
    renamed = [cls for cls in CLASSES if cls.default_name is not None]
    assert renamed == [errors.OAuthStateMismatchException]


def test_no_answer_is_not_a_refusal() -> None:
    for cls in (errors.NetworkError, errors.StorageError, errors.JwksUnavailableError):
        assert not issubclass(cls, ServiceError | errors.TokenVerificationError)
        assert cls().retryable is True
        assert errors.http_status_for(cls()) == 503
    assert errors.NetworkError().request_sent is False


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.UserUnAuthenticatedException(), 401),
        (errors.TokenExpiredError(), 401),
        (errors.TokenGroupError(), 403),
        (errors.TokenScopeError(), 403),
        (errors.UserAlreadyAuthenticatedException(), 409),
        (AuthValidationError(AuthValidationErrorCode.EmptySignInPassword), 422),
        (errors.InvalidJWTError(), 401),
        (errors.AuthConfigError(), 503),
        (errors.InvalidTokens(), 502),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_what_a_web_layer_answers(error: AuthError, status: int) -> None:
    assert errors.http_status_for(error) == status


def test_a_configuration_error_names_its_field() -> None:
    error = errors.AuthConfigError("must be text", field="device_name")
    assert str(error) == "device_name: must be text"
    assert error.field == "device_name"
    assert str(errors.AuthConfigError("no")) == "no"
    assert errors.AuthConfigError("no").field is None


def test_a_refused_token_may_be_so_for_no_single_claim() -> None:
    error = errors.TokenMalformedError("no")
    assert (error.claim, error.expected, error.actual) == (None, None, None)
