"""Cognito's responses as values, which the gateways return to flows and sessions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from attrs import field, frozen

from ._models import CodeDeliveryDetails
from .steps import ConfirmSignUp, ResetPassword


@frozen
class TokenSet:
    """Tokens as Cognito issued them (``AuthenticationResult``)."""

    access_token: str = field(repr=False)
    id_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)


@frozen
class NewDevice:
    """A new device that has to be confirmed (``NewDeviceMetadata``)."""

    device_key: str = field(repr=False)
    device_group_key: str = field(repr=False)


@frozen
class RememberedDevice:
    """A confirmed device, and its secret."""

    device_key: str = field(repr=False)
    device_group_key: str = field(repr=False)
    random_password: str = field(repr=False)


@frozen
class AuthResponse:
    """The response to InitiateAuth or RespondToAuthChallenge: tokens, or the next challenge."""

    challenge_name: str | None = None
    parameters: Mapping[str, str] = field(factory=dict, repr=False)
    session: str | None = field(default=None, repr=False)
    available_challenges: tuple[str, ...] = ()
    tokens: TokenSet | None = None
    new_device: NewDevice | None = None


@frozen
class SignUpResponse:
    """The response to SignUp."""

    user_confirmed: bool
    user_sub: str | None
    code_delivery_details: CodeDeliveryDetails | None = None
    session: str | None = field(default=None, repr=False)


@frozen
class Authenticated:
    """A completed sign-in, with the tokens of ``username``.

    ``gone_device`` is the key of a device that Cognito has forgotten.
    """

    username: str
    tokens: TokenSet
    new_device: NewDevice | None = None
    gone_device: str | None = field(default=None, repr=False)


@frozen
class Challenged:
    """A sign-in with a further challenge for ``username``.

    ``gone_device`` is the key of a device that Cognito has forgotten.
    """

    username: str
    name: str
    session: str | None = field(default=None, repr=False)
    parameters: Mapping[str, str] = field(factory=dict, repr=False)
    available_challenges: tuple[str, ...] = ()
    gone_device: str | None = field(default=None, repr=False)


@frozen
class Stopped:
    """A sign-in that cannot continue before another step is done."""

    step: ResetPassword | ConfirmSignUp


Outcome: TypeAlias = Authenticated | Challenged | Stopped
"""The outcome of a sign-in flow."""
