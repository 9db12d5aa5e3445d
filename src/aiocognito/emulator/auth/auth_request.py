"""One turn of the conversation: what somebody sent, and who it seems to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import define, field

from ..auth_sessions import AuthSession
from ..clients import AppClient
from ..errors import missing_parameter
from ..messages import Occasion
from ..pool import UserPool
from ..state import EmulatorState
from ..users import User


@define
class AuthRequest:
    """A request that begins or continues a sign-in.

    Args:
        world: The emulator's state.
        pool: The user pool.
        client: The app client.
        given: ``AuthParameters`` or ``ChallengeResponses``.
        name: The username as it was sent.
        user: Whose name it is, if it is anybody's.
        handle: The session handle that the answer came with.
        admin: It came through the administrator's operation.
        metadata: ``ClientMetadata``.
        hosted: It goes on on the hosted UI's pages, which want no tokens yet.
        begins: It begins the sign-in.
        begun_with: The session handle with which it begins, after a sign-up.
    """

    world: EmulatorState
    pool: UserPool
    client: AppClient
    given: Mapping[str, str] = field(repr=False)
    name: str = ""
    user: User | None = None
    handle: AuthSession | None = None
    admin: bool = False
    metadata: Mapping[str, str] = field(factory=dict, repr=False)
    hosted: bool = False
    begins: bool = False
    begun_with: str | None = field(default=None, repr=False)

    def need(self, name: str) -> str:
        """Take a parameter that must be there.

        Raises:
            ApiError: It is not, or is empty.
        """
        value = self.given.get(name)
        if not value:
            raise missing_parameter(name)
        return value

    @property
    def person(self) -> User:
        """The user, where it is clear that there is one."""
        assert self.user is not None  # noqa: S101 - handles without a user are only made for decoys
        return self.user

    @property
    def ticket(self) -> AuthSession:
        """The handle, in challenges that cannot be answered without."""
        assert self.handle is not None  # noqa: S101 - RespondToAuthChallenge found one
        return self.handle

    @property
    def client_metadata(self) -> Mapping[str, str]:
        """What most triggers hear: nothing of what came with InitiateAuth, says the API reference."""
        return {} if self.begins else self.metadata

    @property
    def occasion(self) -> Occasion:
        """Why a code is sent."""
        return Occasion("Authentication", self.client, self.client_metadata)

    def challenge(self, name: str, parameters: Mapping[str, str], *, state: object = None) -> dict[str, Any]:
        """Ask something: the answer of an operation, with a fresh handle."""
        now = self.world.clock()
        sub = None if self.user is None else self.user.sub
        handle = AuthSession(name, self.client.id, sub, now + self.client.session_life, state)
        session = self.pool.handles.issue(handle, now)
        return {"ChallengeName": name, "Session": session, "ChallengeParameters": dict(parameters)}
