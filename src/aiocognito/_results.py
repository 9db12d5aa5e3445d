"""What the methods of `AuthClient` return. Each has ``to_dict()``: JSON-ready, with Amplify's keys."""

from typing import Any

from attrs import field, frozen

from . import steps
from ._public import public
from ._pydantic import for_pydantic
from .errors import AuthError


@public("aiocognito")
@for_pydantic
@frozen
class SignUpResult:
    """The state of a sign-up; ``user_id`` is the new user's ``sub``, if Cognito returned it.

    Attributes:
        is_sign_up_complete: Whether the account exists and needs no further step.
        user_id: The new user's ``sub``, if Cognito returned it.
        next_step: What the user has to do next; `Done` if nothing is left.
    """

    is_sign_up_complete: bool
    user_id: str | None
    next_step: steps.SignUpStep

    def to_dict(self) -> dict[str, Any]:
        """Return Amplify's form."""
        result: dict[str, Any] = {
            "isSignUpComplete": self.is_sign_up_complete,
            "nextStep": self.next_step.to_dict(steps.SIGN_UP),
        }
        if self.user_id is not None:
            result["userId"] = self.user_id
        return result


@public("aiocognito")
@for_pydantic
@frozen
class SignInResult:
    """The state of a sign-in, and its next step.

    Attributes:
        is_signed_in: Whether the user is signed in.
        next_step: What the user has to do next; `Done` if nothing is left.
        custom_state: What was passed to `AuthClient.sign_in_with_redirect`; None for other sign-ins.
    """

    is_signed_in: bool
    next_step: steps.SignInStep
    custom_state: str | None = field(default=None, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return Amplify's form."""
        result: dict[str, Any] = {"isSignedIn": self.is_signed_in, "nextStep": self.next_step.to_dict()}
        if self.custom_state is not None:
            result["customState"] = self.custom_state
        return result


@public("aiocognito")
@for_pydantic
@frozen
class SignOutResult:
    """The outcome of a sign-out at Cognito. The local session has ended in any case.

    Attributes:
        revoked: Whether Cognito confirmed that the tokens are revoked.
        error: The refusal or network error if they were not revoked; or else what is wrong with
            the redirect URL. None without a failure.
        logout_url: The URL to send the browser to, to end the hosted UI's session too. None after the
            sign-out of other sessions, if ``redirect_uri`` is refused, or, without a ``redirect_uri``, if
            the sign-in was not by redirect or the configuration has no sign-out URL.
    """

    revoked: bool
    error: AuthError | None = None
    logout_url: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form; the error is its name."""
        return {
            "revoked": self.revoked,
            "error": None if self.error is None else self.error.name,
            "logoutUrl": self.logout_url,
        }


@public("aiocognito")
@for_pydantic
@frozen
class ResetPasswordResult:
    """The state of a password reset, and its next step.

    Attributes:
        is_password_reset: Whether the password is reset already.
        next_step: What the user has to do next; `Done` if nothing is left.
    """

    is_password_reset: bool
    next_step: steps.ResetPasswordStep

    def to_dict(self) -> dict[str, Any]:
        """Return Amplify's form."""
        return {
            "isPasswordReset": self.is_password_reset,
            "nextStep": self.next_step.to_dict(steps.RESET_PASSWORD),
        }


@public("aiocognito")
@for_pydantic
@frozen
class UpdateAttributeResult:
    """Whether an attribute has its new value, or has to be confirmed by a code.

    Attributes:
        is_updated: Whether the attribute has its new value.
        next_step: What the user has to do next; `Done` if nothing is left.
    """

    is_updated: bool
    next_step: steps.UpdateAttributeStep

    def to_dict(self) -> dict[str, Any]:
        """Return Amplify's form."""
        return {
            "isUpdated": self.is_updated,
            "nextStep": self.next_step.to_dict(steps.UPDATE_ATTRIBUTE),
        }
