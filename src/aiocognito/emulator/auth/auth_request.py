"""A request that begins or continues a sign-in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field

from ..auth_events import LOCAL
from ..auth_sessions import AuthSession
from ..clients import AppClient
from ..errors import ApiError, missing_parameter
from ..messages import Occasion
from ..pool import UserPool
from ..state import EmulatorState
from ..users import User


@define
class AuthRequest:
    """A request that begins or continues a sign-in.

    Args:
        state: The emulator's state.
        pool: The user pool.
        client: The app client.
        given: ``AuthParameters`` or ``ChallengeResponses``.
        name: The username as it was sent.
        user: The user of that name; ``None`` if it is unknown.
        session: The auth session that the answer belongs to.
        admin: Whether it came through the administrator's operation.
        metadata: ``ClientMetadata``.
        hosted: Whether the sign-in runs on the hosted UI's pages, which need no tokens yet.
        begins: Whether it begins the sign-in.
        begun_with: The session handle with which it begins, after a sign-up.
        available_challenges: The first factors that the response offers.
        address: The user's IP address.
        event_id: The event of the sign-in, in user pools that record them.
    """

    state: EmulatorState
    pool: UserPool
    client: AppClient
    given: Mapping[str, str] = field(repr=False)
    name: str = ""
    user: User | None = None
    session: AuthSession | None = None
    admin: bool = False
    metadata: Mapping[str, str] = field(factory=dict, repr=False)
    hosted: bool = False
    begins: bool = False
    begun_with: str | None = field(default=None, repr=False)
    available_challenges: tuple[str, ...] = ()
    address: str = LOCAL
    event_id: str | None = None
    _reusable: list[tuple[AuthSession, Callable[[ApiError], bool]]] = field(
        factory=list, init=False, repr=False
    )

    def need(self, name: str) -> str:
        """Return a required parameter.

        Raises:
            ApiError: The parameter is missing or empty.
        """
        value = self.given.get(name)
        if not value:
            raise missing_parameter(name)
        return value

    @property
    def known_user(self) -> User:
        """The user, in steps that are reached with one only."""
        assert self.user is not None  # noqa: S101 - sessions without a user are only made for decoys
        return self.user

    @property
    def answered(self) -> AuthSession:
        """The auth session, in challenges that cannot be answered without one."""
        assert self.session is not None  # noqa: S101 - RespondToAuthChallenge found one
        return self.session

    @property
    def client_metadata(self) -> Mapping[str, str]:
        """What most triggers receive. The API reference: they get nothing of InitiateAuth's metadata."""
        return {} if self.begins else self.metadata

    @property
    def occasion(self) -> Occasion:
        """Why a code is sent."""
        return Occasion("Authentication", self.client, self.client_metadata)

    def challenge(
        self,
        name: str,
        parameters: Mapping[str, str],
        *,
        state: object = None,
        found_by: str | None = None,
    ) -> dict[str, Any]:
        """Return a challenge with a new session handle: the response of an operation.

        Args:
            name: ``ChallengeName``.
            parameters: ``ChallengeParameters``.
            state: What the challenge needs to judge the answer.
            found_by: A text by which the auth session is found, too, for answers without the handle.
        """
        now = self.state.clock()
        sub = None if self.user is None else self.user.sub
        expires = now + self.client.session_life
        session = AuthSession(name, self.client.id, sub, expires, state, event_id=self.event_id)
        handle = self.pool.auth_sessions.issue(session, now)
        if found_by is not None:
            self.pool.auth_sessions.put(found_by, session, now)
        return {"ChallengeName": name, "Session": handle, "ChallengeParameters": dict(parameters)}

    def spend(
        self, session: AuthSession, *, unless: Callable[[ApiError], bool] = lambda _refusal: True
    ) -> None:
        """Spend an auth session for as long as this request is not refused.

        It is spent from the beginning: of two answers at the same time only one may count.

        Args:
            session: The auth session.
            unless: Whether a refusal, of this step or of one that follows, leaves the session usable.
        """
        session.spent = True
        self._reusable.append((session, unless))

    def release(self, refusal: ApiError) -> None:
        """Make spent auth sessions usable again that a refusal leaves usable."""
        for session, unless in self._reusable:
            session.spent = not unless(refusal)
