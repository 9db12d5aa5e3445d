"""Jobs that import users."""

from __future__ import annotations

import secrets
from typing import Final

from attrs import define, field

from .serialization import persisted

UPLOAD_LIFE: Final = 900.0
"""Seconds for which a file can be uploaded."""
_START_LIFE: Final = 86_400.0
_RUN_LIFE: Final = 1.0
"""Seconds after which a job that was started is complete."""


@persisted("user-import-job")
@define
class ImportJob:
    """One import of users.

    Args:
        id: ``import-`` and ten letters or digits.
        name: ``JobName``.
        role: ``CloudWatchLogsRoleArn``.
        algorithm: ``PasswordHashingAlgorithm``, if it was given.
        created: When, in seconds since 1970.
        signature: The secret of the URL to which the file is uploaded.
        status: Of UserImportJobType; a job that was not started in time is ``Expired`` all the same.
        file: The file; ``None`` until it is uploaded, and after the import.
        counts: Imported, skipped and failed users.
    """

    id: str
    name: str
    role: str
    algorithm: str | None
    created: float
    signature: str = field(factory=lambda: secrets.token_hex(32), repr=False)
    status: str = "Created"
    file: bytes | None = field(default=None, repr=False)
    started: float | None = None
    completed: float | None = None
    counts: dict[str, int] = field(factory=lambda: {"ImportedUsers": 0, "SkippedUsers": 0, "FailedUsers": 0})
    message: str | None = None

    @property
    def is_running(self) -> bool:
        """Whether the job was started, and is neither complete nor stopped."""
        return self.status in {"Pending", "InProgress"}

    def is_due(self, now: float) -> bool:
        """Return whether the job runs and is to be completed."""
        return self.is_running and now >= (self.started or 0.0) + _RUN_LIFE

    def status_at(self, now: float) -> str:
        """Return the status: a job that was not started within a day is expired."""
        is_late = self.status == "Created" and now >= self.created + _START_LIFE
        return "Expired" if is_late else self.status
