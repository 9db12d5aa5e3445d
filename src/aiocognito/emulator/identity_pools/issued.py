"""Credentials that an identity pool gave out."""

from collections.abc import Mapping

from attrs import field, frozen

from ..._public import public
from ..serialization import kept


@public("aiocognito.emulator")
@kept("aws-credentials")
@frozen
class IssuedCredentials:
    """Temporary AWS credentials, and what they stand for.

    Args:
        access_key_id: Begins with ``ASIA``.
        secret_key: What requests are signed with.
        session_token: Goes along with every request.
        expires: Their end, in seconds since 1970, on the emulator's clock.
        identity_pool_id: The identity pool that gave them out.
        identity_id: Whose they are.
        role_arn: The role that they have.
        authenticated: Whether somebody had signed in; otherwise they are a guest's.
        principal_tags: The tags that a policy would see.
    """

    access_key_id: str
    secret_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires: float
    identity_pool_id: str
    identity_id: str
    role_arn: str
    authenticated: bool
    principal_tags: Mapping[str, str] = field(factory=dict, repr=False)
