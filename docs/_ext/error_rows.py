"""What the tables of the page on errors say, asked of the classes themselves."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import getdoc

from aiocognito import errors

Row = tuple[str, ...]
GROUPS = ("library", "codes", "operations", "verification", "validation")
HEADERS: dict[str, Row] = {
    "library": ("Class", "When", "HTTP", "Retry"),
    "codes": ("Class and code", "When", "HTTP", "Retry"),
    "operations": ("Class", "Operation that was refused"),
    "verification": ("Class", "When", "HTTP", "Retry"),
    "validation": ("Code", "Message"),
}


def classes() -> Iterator[type[errors.AuthError]]:
    """Every public class of error."""
    for name in errors.__all__:
        value = getattr(errors, name)
        if isinstance(value, type) and issubclass(value, errors.AuthError):
            yield value


def group_of(cls: type[errors.AuthError]) -> str:
    """Say which table a class belongs in."""
    if issubclass(cls, errors.ServiceError) and cls is not errors.ServiceError:
        return "operations" if cls.code is None else "codes"
    if issubclass(cls, errors.TokenVerificationError | errors.JwksUnavailableError):
        return "verification"
    return "library"


def rows(group: str) -> list[Row]:
    """Return the rows of one table, without its header."""
    if group == "validation":
        return [
            (f"`{code}`", str(errors.AuthValidationError(code))) for code in errors.AuthValidationErrorCode
        ]
    found = (cls for cls in classes() if group_of(cls) == group)
    if group == "operations":
        return [(f"`{cls.__name__}`", _summary(cls).removesuffix(" was refused.")) for cls in found]
    return [(f"`{cls.__name__}`", _summary(cls), str(cls.http_status), _retry(cls)) for cls in found]


def _summary(cls: type[errors.AuthError]) -> str:
    return " ".join((getdoc(cls) or "").partition("\n\n")[0].split())


def _retry(cls: type[errors.AuthError]) -> str:
    if issubclass(cls, errors.ServiceError) and cls.code is not None:
        return "yes" if errors.service_error("", cls.code, "").retryable else "no"
    return "yes" if cls.default_retryable else "no"


def markdown(group: str) -> str:
    """Return one table, in Markdown."""
    header = HEADERS[group]
    lines = [header, ("---",) * len(header), *rows(group)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
