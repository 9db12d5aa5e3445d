"""Users of external identity providers: created at their first sign-in, and updated at each later one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import confirmation, identities, schema, triggers, users
from ..auth import pre_authentication, sequence
from ..auth.auth_request import AuthRequest
from ..auth.outcomes import Proof
from ..errors import invalid_parameter
from ..operations.sign_up import ask_before
from ..users import User
from .inbound_federation import inbound_claims
from .page_request import PageRequest
from .providers import ID

Provider = dict[str, Any]


# Documented (External providers): attributes are updated at every sign-in.
async def sign_in(request: PageRequest, provider: Provider, claims: Mapping[str, str]) -> User:
    """Return the user of a provider's claims; create it at the first sign-in.

    Args:
        request: The request of the browser.
        provider: IdentityProviderType's members.
        claims: The claims that the provider returned.

    Raises:
        ApiError: The user cannot be created or updated, or must not sign in.
    """
    claims = await inbound_claims(request, provider, claims)
    attributes = mapped(provider, claims)
    known = identities.signs_in(request.pool, provider, claims[ID], attributes)
    if known is None:
        return await _create(request, provider, claims)
    auth_request = AuthRequest(
        request.state, request.pool, request.client, {}, name=known.username, user=known, hosted=True
    )
    await pre_authentication.run(auth_request)
    if known.enabled:
        _update(request, known, attributes)
        identities.settle(known, provider, claims[ID], attributes)
        request.pool.users.index(known)
    await sequence.resume(auth_request, Proof.IDENTITY_PROVIDER)
    return known


def mapped(provider: Provider, claims: Mapping[str, str]) -> dict[str, str]:
    """Return the attributes that claims are mapped to, by ``AttributeMapping``."""
    mapping = provider.get("AttributeMapping") or {}
    return {
        attribute: claims[claim]
        for attribute, claim in mapping.items()
        if attribute != "username" and claims.get(claim)
    }


async def _create(request: PageRequest, provider: Provider, claims: Mapping[str, str]) -> User:
    state, pool = request.state, request.pool
    attributes = _checked(request, mapped(provider, claims))
    absent = schema.missing(pool.schema, attributes)
    if absent:
        raise invalid_parameter(f"attributes required: [{', '.join(absent)}]")
    now = state.clock()
    name = f"{provider['ProviderName']}_{claims[ID]}"
    request.check("AdminGetUser", UserPoolId=pool.id, Username=name)
    user = User(name, state.random.uuid(), now, now, users.EXTERNAL_PROVIDER, attributes=attributes)
    identities.put(user, [identities.entry(provider, claims[ID], primary=True, now=now)])
    decided = await ask_before(pool, user, "ExternalProvider", request.client, {})
    # The trigger may have linked the identity to an existing user, who signs in with the next attempt.
    linked = identities.signs_in(pool, provider, claims[ID], attributes)
    if linked is not None or pool.users.find(name) is not None:
        raise invalid_parameter(f"Already found an entry for username {name}")
    for member, attribute in (("autoVerifyEmail", "email"), ("autoVerifyPhone", "phone_number")):
        if triggers.flag(decided, member) and attribute in attributes:
            attributes[f"{attribute}_verified"] = "true"
    pool.users.add(user)
    user.signed_in_before = True
    await confirmation.after(pool, user, "ConfirmSignUp", request.client, {})
    return user


def _update(request: PageRequest, user: User, attributes: Mapping[str, str]) -> None:
    for name in attributes:
        if not request.pool.schema[name]["Mutable"]:
            raise invalid_parameter(f"user.{name}: Attribute cannot be updated.")
    given = _checked(request, attributes, update=True)
    for name in schema.VERIFIABLE:
        if (
            name in given
            and given[name] == user.attributes.get(name)
            and f"{name}_verified" not in attributes
        ):
            given.pop(f"{name}_verified", None)
    # The address of a linked user is a sign-in name, which must not be another user's.
    request.pool.users.update(user, given)
    user.modified = request.state.clock()


def _checked(request: PageRequest, attributes: Mapping[str, str], *, update: bool = False) -> dict[str, str]:
    schema.require_known(request.pool.schema, attributes)
    given = schema.normalised(attributes)
    schema.require_valid(request.pool.schema, given, update=update)
    # An address is unverified unless the provider says that it is verified.
    unverified = {f"{name}_verified": "false" for name in schema.VERIFIABLE if name in given}
    return {**unverified, **given}
