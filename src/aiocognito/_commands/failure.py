"""The error that ends a command with exit code 1."""

from __future__ import annotations


class CommandError(Exception):
    """A command cannot do what it was asked; the message says why, and what to do next."""
