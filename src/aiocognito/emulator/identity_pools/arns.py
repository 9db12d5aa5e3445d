"""The name of an identity pool among all resources of AWS."""

from __future__ import annotations

from ..._partitions import partition_of
from ..state import ACCOUNT
from .pool import IdentityPool


def arn(pool: IdentityPool) -> str:
    """The pool's ARN, in an account that does not exist."""
    partition = partition_of(pool.region).name
    return f"arn:{partition}:cognito-identity:{pool.region}:{ACCOUNT}:identitypool/{pool.id}"
