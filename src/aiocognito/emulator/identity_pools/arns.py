"""The name of an identity pool among all resources of AWS."""

from __future__ import annotations

from ..world import ACCOUNT
from .pool import IdentityPool


def arn(pool: IdentityPool) -> str:
    """The pool's ARN, in an account that does not exist."""
    return f"arn:aws:cognito-identity:{pool.region}:{ACCOUNT}:identitypool/{pool.id}"
