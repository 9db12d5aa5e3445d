"""Decorators of aiohttp handlers: a signed-in user, or a bearer token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Generator
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, Final, TypeVar, cast

from aiohttp import hdrs, web

from .._claims import Claims
from .._verifier import TokenVerifier
from .._web.bearer import refusal_of, required_names, required_scopes, verified_claims
from .._web.error_responses import WebResponse, log_failure
from ..errors import AuthConfigError, AuthError
from ._aiohttp import client_of, to_response

H = TypeVar("H", bound=Callable[..., Any])
Check = Callable[[web.Request], Awaitable[web.StreamResponse | None]]

CLAIMS: Final = web.RequestKey("aiocognito.claims", Claims)


async def needs_user(request: web.Request) -> None:
    """Raise if no user is signed in.

    Raises:
        AuthError: No user is signed in, the request may be cross-site, or the storage or Cognito failed.
    """
    await client_of(request).get_current_user()


def needs_token(
    verifier: object, groups: str | Collection[str] | None, scopes: str | Collection[str] | None
) -> Check:
    """Return a check of a request's bearer token.

    Raises:
        AuthConfigError: A value is malformed, or scopes are asked of id tokens, which have none.
    """
    if not isinstance(verifier, TokenVerifier):
        raise AuthConfigError(
            "must be a TokenVerifier, such as TokenVerifier.from_config(config, token_use='access')",
            field="verifier",
        )
    of_groups = required_names(groups, "groups")
    of_scopes = required_scopes(scopes, verifier.token_use)

    async def check(request: web.Request) -> web.StreamResponse | None:
        values = request.headers.getall(hdrs.AUTHORIZATION, [])
        try:
            claims = await verified_claims(values, verifier, groups=of_groups, scopes=of_scopes)
        except AuthError as error:
            log_failure(request.method, request.path, error)
            refusal = refusal_of(error)
            return to_response(
                WebResponse.json(refusal.status, refusal.document, tuple(refusal.headers.items()))
            )
        if claims is not None:
            request[CLAIMS] = claims
        return None

    return check


def guard(check: Check) -> Callable[[H], H]:
    """Return a decorator of handlers and views: see `guarded`."""
    return lambda handler: guarded(handler, check)


def guarded(handler: H, check: Check) -> H:
    """Return a handler that runs after a check; its response, if it returns one, is sent instead.

    Args:
        handler: A coroutine function of a request, a method of a view or of another class, or a view.
        check: The check.

    Raises:
        TypeError: ``handler`` is another object.
    """
    if isinstance(handler, type) and issubclass(handler, web.View):
        return cast("H", _guarded_view(handler, check))  # a subclass of it
    if not iscoroutinefunction(handler):
        raise TypeError("only a coroutine function, or a subclass of aiohttp.web.View, can be a handler")

    @wraps(handler)
    async def wrapper(*args: Any, **named: Any) -> Any:
        refusal = await check(_request_of(args))
        return await handler(*args, **named) if refusal is None else refusal

    return cast("H", wrapper)  # it is called as the handler is


def _request_of(args: tuple[Any, ...]) -> web.Request:
    for each in args:
        if isinstance(each, web.Request):
            return each
        if isinstance(each, web.View) and isinstance(each.request, web.Request):
            return each.request
    raise TypeError("the handler was called without a request")


def _guarded_view(view: type[web.View], check: Check) -> type[web.View]:
    class Guarded(view):  # type: ignore[misc,valid-type]  # a base that is known when this runs
        def __await__(self) -> Generator[Any, None, web.StreamResponse]:
            return self._checked(super().__await__).__await__()

        async def _checked(self, run: Callable[[], Generator[Any, None, web.StreamResponse]]) -> Any:
            refusal = await check(self.request)
            return await _Running(run) if refusal is None else refusal

    Guarded.__name__, Guarded.__qualname__ = view.__name__, view.__qualname__
    Guarded.__module__, Guarded.__doc__ = view.__module__, view.__doc__
    return Guarded


class _Running:
    """A view that is run by ``await``."""

    def __init__(self, run: Callable[[], Generator[Any, None, web.StreamResponse]]) -> None:
        self._run = run

    def __await__(self) -> Generator[Any, None, web.StreamResponse]:
        return self._run()
