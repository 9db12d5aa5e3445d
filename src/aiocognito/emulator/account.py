"""The AWS account that everything in the emulator belongs to."""

from __future__ import annotations

from typing import Final

ACCOUNT: Final = "123456789012"
