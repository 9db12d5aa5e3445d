"""What the methods of `AuthClient` return. Each has ``to_dict()``: JSON-ready, with Amplify's keys."""

from typing import Any

from attrs import field, frozen

from . import steps
from ._public import public
from .errors import AuthError


@public("aiocognito")
@frozen
class SignUpResult:
    """How far a sign-up got; ``user_id`` is the new user's ``sub``, where Cognito said it."""

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
@frozen
class SignInResult:
    """How far a sign-in got, and what comes next."""

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
@frozen
class SignOutResult:
    """What signing out achieved beyond this machine, where the session is gone in any case.

    Attributes:
        revoked: Whether Cognito confirmed that the tokens are worth nothing any more.
        error: Why it did not, if it was asked and refused or could not be reached; or else what was
            wrong with the redirect URL.
        logout_url: Where to send the browser to end the hosted UI's session, too.
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
@frozen
class ResetPasswordResult:
    """How far the reset of a password got, and what comes next."""

    is_password_reset: bool
    next_step: steps.ResetPasswordStep

    def to_dict(self) -> dict[str, Any]:
        """Return Amplify's form."""
        return {
            "isPasswordReset": self.is_password_reset,
            "nextStep": self.next_step.to_dict(steps.RESET_PASSWORD),
        }


@public("aiocognito")
@frozen
class UpdateAttributeResult:
    """Whether an attribute has its new value, or waits for the code that was sent to it."""

    is_updated: bool
    next_step: steps.UpdateAttributeStep

    def to_dict(self) -> dict[str, Any]:
        """Return Amplify's form."""
        return {
            "isUpdated": self.is_updated,
            "nextStep": self.next_step.to_dict(steps.UPDATE_ATTRIBUTE),
        }
