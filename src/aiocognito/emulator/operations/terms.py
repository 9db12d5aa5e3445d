"""Terms documents: links to the terms of use and the privacy policy of an app client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..errors import ApiError, invalid_parameter, not_found
from ..pool import UserPool
from ..registration import operation
from ..request_context import RequestContext

_CHANGEABLE: Final = ("TermsName", "TermsSource", "Enforcement", "Links")
_LISTED: Final = ("TermsId", "TermsName", "Enforcement", "CreationDate", "LastModifiedDate")
_DEFAULT_LANGUAGE: Final = "cognito:default"


@operation("CreateTerms")
async def create_terms(context: RequestContext) -> dict[str, Any]:
    """Create a document of an app client."""
    pool, client = context.pool_and_client()
    given, now = context.members, context.state.clock()
    _require_new(pool, client.id, given["TermsName"])
    _check(given.get("Links", {}))
    terms = {
        "TermsId": context.state.random.uuid(),
        "UserPoolId": pool.id,
        "ClientId": client.id,
        **{member: given[member] for member in _CHANGEABLE},
        "CreationDate": now,
        "LastModifiedDate": now,
    }
    pool.terms[terms["TermsId"]] = terms
    return {"Terms": terms}


@operation("DescribeTerms")
async def describe_terms(context: RequestContext) -> dict[str, Any]:
    """Describe a document."""
    return {"Terms": _terms(context)}


@operation("DescribeTermsByClient")
async def describe_terms_by_client(context: RequestContext) -> dict[str, Any]:
    """Describe the document of an app client that has a name."""
    pool, client = context.pool_and_client()
    terms = _of_client(pool, client.id, context.members["TermsName"])
    if terms is None:
        raise not_found(f"Terms {context.members['TermsName']} for app client {client.id} do not exist.")
    return {"Terms": terms}


@operation("UpdateTerms")
async def update_terms(context: RequestContext) -> dict[str, Any]:
    """Change the given members of a document."""
    terms, given = _terms(context), context.members
    if given.get("TermsName", terms["TermsName"]) != terms["TermsName"]:
        _require_new(context.pool, terms["ClientId"], given["TermsName"])
    if "Links" in given:
        _check(given["Links"])
    terms.update({member: given[member] for member in _CHANGEABLE if member in given})
    terms["LastModifiedDate"] = context.state.clock()
    return {"Terms": terms}


@operation("DeleteTerms")
async def delete_terms(context: RequestContext) -> dict[str, Any]:
    """Delete a document."""
    del context.pool.terms[_terms(context)["TermsId"]]
    return {}


@operation("ListTerms")
async def list_terms(context: RequestContext) -> dict[str, Any]:
    """List the documents of a pool."""
    pool = context.pool
    listed = [{member: terms[member] for member in _LISTED} for terms in pool.terms.values()]
    return context.page(listed, "Terms")


def _check(links: Mapping[str, str]) -> None:
    if _DEFAULT_LANGUAGE not in links:
        raise invalid_parameter(f"Links must have a URL for {_DEFAULT_LANGUAGE}.")


def _require_new(pool: UserPool, client_id: str, name: str) -> None:
    if _of_client(pool, client_id, name) is not None:
        raise ApiError("TermsExistsException", f"Terms {name} already exist for app client {client_id}.")


def _of_client(pool: UserPool, client_id: str, name: str) -> dict[str, Any] | None:
    for terms in pool.terms.values():
        if (terms["ClientId"], terms["TermsName"]) == (client_id, name):
            return terms
    return None


def _terms(context: RequestContext) -> dict[str, Any]:
    terms = context.pool.terms.get(context.members["TermsId"])
    if terms is None:
        raise not_found(f"Terms {context.members['TermsId']} do not exist.")
    return terms
