"""FastAPI's form of the JSON routes: a router whose OpenAPI description shows each body and response."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from starlette.requests import Request
from starlette.responses import Response

from .._client import AuthClient
from .._web.json_api import JsonRoute, json_routes
from ..errors import AuthError
from ._starlette import json_error
from ._starlette_json import json_answer

# A dependency: it returns the client of a request's session.
ClientDependency = Callable[..., Awaitable[AuthClient]]


class AuthErrorBody(BaseModel):
    """What is wrong, and what to do next."""

    model_config = ConfigDict(alias_generator=to_camel)

    name: str = Field(description="Amplify's name of the error.")
    message: str
    recovery_suggestion: str | None = Field(description="What to do next.")
    request_id: str | None = Field(description="Cognito's id of the request.")


_ERRORS: Final = {
    401: "The user is not signed in, or the username or password is wrong.",
    403: "The request came from another site, or is not allowed.",
    404: "The user, the device or the passkey does not exist.",
    409: "The session is in another state: another step is pending, or a user is signed in already.",
    422: "The body does not fit, a code is wrong, or Cognito does not accept a value.",
    429: "Too many requests: wait as long as Retry-After says.",
    502: "Cognito could not process the request.",
    503: "Cognito or the storage cannot be reached, or this service is not configured correctly.",
}


def json_router(
    client: ClientDependency,
    *,
    tokens: bool = False,
    app_name: str | None = None,
) -> APIRouter:
    """Return a router with the JSON routes.

    Args:
        client: The dependency that returns the client of a request's session.
        tokens: Whether ``/session`` returns the tokens.
        app_name: The name that authenticator apps show; the request's host by default.
    """
    router = APIRouter(route_class=_JsonApiRoute)
    for route in json_routes(tokens=tokens):
        _add(router, route, client, app_name)
    return router


class _JsonApiRoute(APIRoute):
    """Answers all errors in one form, the dependency's included: a front end gets no page and no redirect."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except AuthError as error:
                return json_error(request, error)

        return answer


def _add(router: APIRouter, route: JsonRoute, client: ClientDependency, app_name: str | None) -> None:
    async def endpoint(request: Request, auth: Annotated[AuthClient, Depends(client)]) -> Response:
        # The body is read here and not by FastAPI, whose own error repeats it, and after the dependency,
        # which refuses other sites.
        return await json_answer(request, auth, route, app_name)

    router.add_api_route(
        route.path,
        endpoint,
        methods=[route.method],
        name=route.name,
        summary=route.summary,
        response_model=None,
        response_description="The result.",
        responses=_responses(route),
        openapi_extra=_request_body(route),
    )


def _responses(route: JsonRoute) -> dict[int | str, dict[str, Any]]:
    content = {"application/json": {"schema": route.response}}
    responses: dict[int | str, dict[str, Any]] = {200: {"description": "The result.", "content": content}}
    for status, description in _ERRORS.items():
        responses[status] = {"description": description, "model": AuthErrorBody}
    return responses


def _request_body(route: JsonRoute) -> dict[str, Any] | None:
    if route.body is None:
        return None
    schema = {"title": f"{route.name}_body", **route.body.schema()}
    body = {"required": "required" in schema, "content": {"application/json": {"schema": schema}}}
    return {"requestBody": body}
