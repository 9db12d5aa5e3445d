"""External identity providers of a user pool."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from html import unescape
from typing import Any, Final

from ..errors import ApiError, invalid_parameter, not_found
from ..pool import UserPool
from ..registration import operation
from ..request_context import RequestContext
from ..state import EmulatorState

SOCIAL: Final = ("Facebook", "Google", "LoginWithAmazon", "SignInWithApple")
_GIVEN: Final = ("ProviderDetails", "AttributeMapping", "IdpIdentifiers", "AcrMapping")
_CREDENTIALS: Final = ("client_id", "client_secret", "authorize_scopes")
_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "Facebook": _CREDENTIALS,
    "Google": _CREDENTIALS,
    "LoginWithAmazon": _CREDENTIALS,
    "SignInWithApple": ("client_id", "team_id", "key_id", "private_key", "authorize_scopes"),
    "OIDC": ("client_id", "attributes_request_method", "oidc_issuer", "authorize_scopes"),
    "SAML": (),
}
_SOCIAL_MISSING: Final = "clientId, clientSecret and authorizeScopes"
_MISSING: Final = {
    "SignInWithApple": "clientId, privateKey, teamId, and keyId",
    "OIDC": "clientId, authorizeScopes, oidcIssuer and attributesRequestMethod",
}
_ADDED: Final[Mapping[str, Mapping[str, str]]] = {
    "Facebook": {
        "attributes_url": "https://graph.facebook.com/{api_version}/me?fields=",
        "attributes_url_add_attributes": "true",
        "authorize_url": "https://www.facebook.com/{api_version}/dialog/oauth",
        "token_request_method": "GET",
        "token_url": "https://graph.facebook.com/{api_version}/oauth/access_token",
    },
    "Google": {
        "attributes_url": "https://people.googleapis.com/v1/people/me?personFields=",
        "attributes_url_add_attributes": "true",
        "authorize_url": "https://accounts.google.com/o/oauth2/v2/auth",
        "oidc_issuer": "https://accounts.google.com",
        "token_request_method": "POST",
        "token_url": "https://www.googleapis.com/oauth2/v4/token",
    },
    "LoginWithAmazon": {
        "attributes_url": "https://api.amazon.com/user/profile",
        "attributes_url_add_attributes": "false",
        "authorize_url": "https://www.amazon.com/ap/oa",
        "token_request_method": "POST",
        "token_url": "https://api.amazon.com/auth/o2/token",
    },
    "SignInWithApple": {
        "attributes_url_add_attributes": "false",
        "authorize_url": "https://appleid.apple.com/auth/authorize",
        "oidc_issuer": "https://appleid.apple.com",
        "token_request_method": "POST",
        "token_url": "https://appleid.apple.com/auth/token",
    },
    "OIDC": {"attributes_url_add_attributes": "false"},
    "SAML": {},
}
_USERNAME: Final = {"Facebook": "id", "LoginWithAmazon": "user_id"}
_API_VERSION: Final = "v17.0"
_REDIRECT: Final = re.compile(r"<[\w:]*SingleSignOnService\b[^>]*bindings:HTTP-Redirect[^>]*>")
_LOCATION: Final = re.compile(r"\bLocation=[\"']([^\"']+)")
_CERTIFICATE: Final = base64.b64encode(b"a certificate of the emulator, which encrypts nothing").decode()


# Recorded (Identity providers): the errors for names and types.
@operation("CreateIdentityProvider")
async def create_identity_provider(context: RequestContext) -> dict[str, Any]:
    """Create an identity provider of a pool."""
    given = context.members
    pool = context.pool
    name, kind = given["ProviderName"], given["ProviderType"]
    if kind != name and (kind in SOCIAL or name in SOCIAL):
        raise invalid_parameter(f"Provider {name} cannot be of type {kind}.")
    if name in pool.providers:
        raise ApiError("DuplicateProviderException", f"{name} already exists in user pool {pool.id}")
    now = context.state.clock()
    provider = {"UserPoolId": pool.id, "ProviderName": name, "ProviderType": kind, "CreationDate": now}
    return {"IdentityProvider": _put(context.state, pool, provider, given)}


@operation("DescribeIdentityProvider")
async def describe_identity_provider(context: RequestContext) -> dict[str, Any]:
    """Describe an identity provider."""
    pool = context.pool
    return {"IdentityProvider": _provider(pool, context.members["ProviderName"])}


@operation("GetIdentityProviderByIdentifier")
async def get_identity_provider_by_identifier(context: RequestContext) -> dict[str, Any]:
    """Describe the identity provider that has an identifier."""
    pool = context.pool
    for provider in pool.providers.values():
        if context.members["IdpIdentifier"] in provider["IdpIdentifiers"]:
            return {"IdentityProvider": provider}
    raise not_found(f"Identity provider with identifier {context.members['IdpIdentifier']} does not exist.")


@operation("UpdateIdentityProvider")
async def update_identity_provider(context: RequestContext) -> dict[str, Any]:
    """Update the given members of an identity provider."""
    pool = context.pool
    provider = _provider(pool, context.members["ProviderName"])
    return {"IdentityProvider": _put(context.state, pool, provider, context.members)}


@operation("DeleteIdentityProvider")
async def delete_identity_provider(context: RequestContext) -> dict[str, Any]:
    """Delete an identity provider, also from app clients."""
    pool = context.pool
    name = _provider(pool, context.members["ProviderName"])["ProviderName"]
    del pool.providers[name]
    for client in pool.clients.values():
        supported = client.settings.get("SupportedIdentityProviders", [])
        if name in supported:
            client.settings["SupportedIdentityProviders"] = [other for other in supported if other != name]
    return {}


@operation("ListIdentityProviders")
async def list_identity_providers(context: RequestContext) -> dict[str, Any]:
    """List a pool's identity providers."""
    pool = context.pool
    members = ("ProviderName", "ProviderType", "LastModifiedDate", "CreationDate")
    providers = [{member: provider[member] for member in members} for provider in pool.providers.values()]
    return context.page(providers, "Providers")


def _put(
    state: EmulatorState, pool: UserPool, provider: Mapping[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    changed = {
        "AttributeMapping": {},
        "IdpIdentifiers": [],
        **provider,
        **{member: given[member] for member in _GIVEN if member in given},
        "LastModifiedDate": state.clock(),
    }
    name, kind = changed["ProviderName"], changed["ProviderType"]
    changed["ProviderDetails"] = _details(kind, changed["ProviderDetails"])
    changed["AttributeMapping"] = _mapping(pool, kind, changed["AttributeMapping"])
    others = [other for other in pool.providers.values() if other["ProviderName"] != name]
    for identifier in changed["IdpIdentifiers"]:
        if any(identifier in other["IdpIdentifiers"] for other in others):
            raise invalid_parameter(f"The identifier {identifier} is another provider's.")
    pool.providers[name] = changed
    return changed


def _details(kind: str, given: Mapping[str, str]) -> dict[str, str]:
    _check_details(kind, given)
    version = given.get("api_version", _API_VERSION)
    added = {name: value.format(api_version=version) for name, value in _ADDED[kind].items()}
    return {**added, **given, **(_of_metadata(given) if kind == "SAML" else {})}


# Recorded (Identity providers): which details each type needs.
def _check_details(kind: str, given: Mapping[str, str]) -> None:
    if not all(given.get(name) for name in _NEEDED[kind]):
        raise invalid_parameter(f"{_MISSING.get(kind, _SOCIAL_MISSING)} are all required idp details.")
    if kind == "OIDC" and not given["oidc_issuer"].startswith("https://"):
        raise invalid_parameter("OIDC endpoint must start with https://")
    if kind == "SAML":
        sources = [name for name in ("MetadataURL", "MetadataFile") if given.get(name)]
        if len(sources) != 1:
            start = "Only" if sources else "At least"
            raise invalid_parameter(f"{start} one of the MetadataURL or MetadataFile should be provided.")


# Recorded (Details of identity providers): two read-only details of SAML providers.
def _of_metadata(given: Mapping[str, str]) -> dict[str, str]:
    """Return the user pool's certificate, and where the provider's metadata redirects to, if it says so."""
    found = _REDIRECT.search(given.get("MetadataFile", ""))
    location = _LOCATION.search(found[0]) if found else None
    read_only = {"ActiveEncryptionCertificate": _CERTIFICATE}
    return read_only if location is None else {**read_only, "SSORedirectBindingURI": unescape(location[1])}


def _mapping(pool: UserPool, kind: str, given: Mapping[str, str]) -> dict[str, str]:
    for attribute in given:
        if attribute != "username" and attribute not in pool.schema:
            raise invalid_parameter(f"Invalid AttributeMapping: the pool lacks the attribute {attribute}.")
        if attribute == "sub":
            raise invalid_parameter("Invalid AttributeMapping: sub is the user pool's own.")
    # The username is the claim that identifies the user at the provider; SAML has a claim of its own.
    return dict(given) if kind == "SAML" else {"username": _USERNAME.get(kind, "sub"), **given}


def _provider(pool: UserPool, name: str) -> dict[str, Any]:
    if name not in pool.providers:
        raise not_found(f"Identity provider {name} does not exist.")
    return pool.providers[name]
