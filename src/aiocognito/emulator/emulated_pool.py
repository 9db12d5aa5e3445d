"""A user pool of an emulator, for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from .._config import AuthConfig, OAuthConfig
from .._public import public
from . import chosen_ids
from .administration import Emulator, undone_on_failure
from .clients import AppClient
from .nearest import suggestion
from .oauth_settings import COGNITO
from .pool import UserPool
from .randomness import BASE32, secret_text
from .tokens import scopes
from .totp import SECRET_LENGTH, SoftwareToken
from .trigger_table import Triggers
from .users import User

_MFA_MEMBERS: Final = (
    "SmsMfaConfiguration",
    "SoftwareTokenMfaConfiguration",
    "EmailMfaConfiguration",
    "WebAuthnConfiguration",
)
_FACTORS: Final = {
    "TOTP": ("SoftwareTokenMfaSettings", "SOFTWARE_TOKEN_MFA"),
    "SMS": ("SMSMfaSettings", "SMS_MFA"),
    "EMAIL": ("EmailMfaSettings", "EMAIL_OTP"),
}
_SMS: Final = {"SnsCallerArn": "arn:aws:iam::123456789012:role/emulated-sms", "ExternalId": "emulated"}
_EMAIL: Final = {
    "EmailSendingAccount": "DEVELOPER",
    "SourceArn": "arn:aws:ses:us-east-1:123456789012:identity/emulated@example.com",
}
_REFRESH: Final = "ALLOW_REFRESH_TOKEN_AUTH"
_SIGN_IN: Final = ("USER_SRP", "USER_PASSWORD", "USER", "CUSTOM")
_MACHINES: Final = "client_credentials"
_CLIENT: Final[Mapping[str, Any]] = {
    "ClientName": "emulated",
    "ExplicitAuthFlows": [*(f"ALLOW_{flow}_AUTH" for flow in _SIGN_IN), _REFRESH],
}

HOSTED_UI_DEFAULTS: Final[Mapping[str, Any]] = {
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": list(scopes.STANDARD),
    "SupportedIdentityProviders": [COGNITO],
}
"""CreateUserPoolClient's members for a client with callback URLs."""
_SOCIAL: Final = ("Facebook", "Google", "LoginWithAmazon", "SignInWithApple")
_CLAIMS: Final = {"email": "email", "name": "name"}
# Members that the kinds of providers require. No provider is called: the emulator stands in.
_PROVIDER_DETAILS: Final = {
    "client_id": "emulated",
    "client_secret": "emulated",
    "authorize_scopes": "openid email profile",
    "team_id": "emulated",
    "key_id": "emulated",
    "private_key": "emulated",
    "attributes_request_method": "GET",
    "oidc_issuer": "https://provider.example",
    "MetadataURL": "https://provider.example/metadata",
}


def with_test_defaults(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the members of CreateUserPool and SetUserPoolMfaConfig, with defaults that suit tests."""
    members = {"PoolName": "emulated", "AutoVerifiedAttributes": ["email"], **given}
    factors: dict[str, Any] = {
        "MfaConfiguration": members.pop("MfaConfiguration", "OPTIONAL"),
        "SmsMfaConfiguration": {"SmsConfiguration": members.get("SmsConfiguration", _SMS)},
        "SoftwareTokenMfaConfiguration": {"Enabled": True},
    }
    if factors["MfaConfiguration"] == "OFF":
        # Cognito refuses a factor where MFA is off.
        factors = {"MfaConfiguration": "OFF"}
    factors.update({member: members.pop(member) for member in _MFA_MEMBERS if member in members})
    if (sms := factors.get("SmsMfaConfiguration")) is not None and "SmsConfiguration" not in members:
        # Cognito sends no SMS without it.
        factors["SmsMfaConfiguration"] = {"SmsConfiguration": _SMS, **sms}
    if factors.get("EmailMfaConfiguration") is not None:
        # Cognito sends these codes only from an address of its own.
        members.setdefault("EmailConfiguration", _EMAIL)
    if "SMS_OTP" in _first_factors(members):
        members.setdefault("SmsConfiguration", _SMS)
    # None leaves a factor out.
    return members, {member: value for member, value in factors.items() if value is not None}


def _first_factors(members: Mapping[str, Any]) -> Sequence[str]:
    policy = (members.get("Policies") or {}).get("SignInPolicy") or {}
    factors: Sequence[str] = policy.get("AllowedFirstAuthFactors") or ()
    return factors


def client_with_test_defaults(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of CreateUserPoolClient, with defaults that suit tests."""
    members = {**_CLIENT, **given}
    rotation = given.get("RefreshTokenRotation") or {}
    if rotation.get("Feature") == "ENABLED" and "ExplicitAuthFlows" not in given:
        # Rotation and the older refresh flow exclude each other.
        members["ExplicitAuthFlows"] = [flow for flow in _CLIENT["ExplicitAuthFlows"] if flow != _REFRESH]
    return {**_oauth(given), **members}


def _oauth(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the OAuth settings of a client that has callback URLs, or is for machines."""
    if given.get("AllowedOAuthFlows") == [_MACHINES]:
        generated = {} if "ClientSecret" in given else {"GenerateSecret": True}
        return {"AllowedOAuthFlowsUserPoolClient": True, **generated}
    return dict(HOSTED_UI_DEFAULTS) if given.get("CallbackURLs") else {}


async def create_dependencies(emulator: Emulator, pool_id: str, client: Mapping[str, Any]) -> None:
    """Create the resource servers and identity providers that the first app client of a pool names.

    Args:
        emulator: The emulator.
        pool_id: The user pool, which has none yet.
        client: CreateUserPoolClient's members.

    Raises:
        ValueError: A name is malformed.
    """
    servers: dict[str, list[str]] = {}
    for scope in client.get("AllowedOAuthScopes", ()):
        identifier, slash, name = scope.rpartition("/")
        if slash:
            servers.setdefault(identifier, []).append(name)
    for identifier, names in servers.items():
        await _create_resource_server(emulator, pool_id, identifier, names)
    for name in client.get("SupportedIdentityProviders", ()):
        if name != COGNITO:
            await _create_provider(emulator, pool_id, name)


async def _create_resource_server(
    emulator: Emulator, pool_id: str, identifier: str, names: Iterable[str]
) -> list[str]:
    described = [{"ScopeName": name, "ScopeDescription": name} for name in names]
    server = {"Identifier": identifier, "Name": "emulated", "Scopes": described}
    await emulator.call("CreateResourceServer", UserPoolId=pool_id, **server)
    return [f"{identifier}/{scope['ScopeName']}" for scope in described]


async def _create_provider(
    emulator: Emulator,
    pool_id: str,
    name: str,
    provider_type: str | None = None,
    attribute_mapping: Mapping[str, str] | None = None,
) -> None:
    await emulator.call(
        "CreateIdentityProvider",
        UserPoolId=pool_id,
        ProviderName=name,
        ProviderType=provider_type or (name if name in _SOCIAL else "OIDC"),
        ProviderDetails=_PROVIDER_DETAILS,
        AttributeMapping=_CLAIMS if attribute_mapping is None else dict(attribute_mapping),
    )


def _factor(name: str) -> str:
    """Return AdminSetUserMFAPreference's member for a second factor."""
    for short, (member, long) in _FACTORS.items():
        if name in (short, long):
            return member
    raise ValueError(f"mfa {name!r} is unknown: {suggestion(str(name), _FACTORS)}")


@asynccontextmanager
async def user_or_nothing(
    emulator: Emulator, pool: UserPool, user: User, groups: Iterable[str]
) -> AsyncIterator[None]:
    """Complete a user in the block, then add them to groups; if that raises, remove user and groups again.

    Args:
        emulator: The emulator.
        pool: The user pool.
        user: A user who was added just before.
        groups: The names of the groups, which are created if they are not there.

    Raises:
        ValueError: Cognito would refuse a group.
    """
    created: list[str] = []

    def undo() -> None:
        if pool.users.find(user.username) is user:
            pool.users.remove(user)
        for name in created:
            if not any(name in other.groups for other in pool.users):
                pool.groups.pop(name, None)

    async with undone_on_failure(emulator.state, undo):
        yield
        for name in groups:
            if name not in pool.groups:
                await emulator.call("CreateGroup", UserPoolId=pool.id, GroupName=name)
                created.append(name)
            named = {"UserPoolId": pool.id, "Username": user.username, "GroupName": name}
            await emulator.call("AdminAddUserToGroup", **named)
        await emulator.state.changed()


@public("aiocognito.emulator")
class EmulatedUserPool:
    """A user pool of an emulator, and one app client.

    Args:
        emulator: The emulator.
        pool_id: Its id.
        client_id: The app client's id.
    """

    def __init__(self, emulator: Emulator, pool_id: str, client_id: str) -> None:
        self._emulator = emulator
        self.id = pool_id
        self.client_id = client_id

    @property
    def state(self) -> UserPool:
        """The emulator's state of the pool."""
        return self._emulator.state.pool(self.id)

    @property
    def client_secret(self) -> str | None:
        """The app client's secret, if it has one."""
        secrets = self.state.clients[self.client_id].secrets
        return secrets[0] if secrets else None

    @property
    def triggers(self) -> Triggers:
        """The pool's triggers under Cognito's names, as in ``pool.triggers["PreSignUp"] = function``.

        They are not kept: a pool that comes back from a directory has none.
        """
        return self.state.triggers

    @property
    def config(self) -> AuthConfig:
        """The configuration of a client of this pool, with endpoints, hosted UI if it has one, and clock."""
        return self._config(self.state.clients[self.client_id])

    def _config(self, client: AppClient) -> AuthConfig:
        return AuthConfig(
            user_pool_id=self.id,
            user_pool_client_id=client.id,
            user_pool_client_secret=client.secrets[0] if client.secrets else None,
            user_pool_endpoint=self._emulator.url,
            identity_pool_endpoint=self._emulator.url,
            auth_session_validity=client.session_life,
            oauth=self._oauth(client) if client.is_oauth else None,
            clock=self._emulator.state.clock,
        )

    def _oauth(self, client: AppClient) -> OAuthConfig:
        providers = client.settings.get("SupportedIdentityProviders", ())
        return OAuthConfig(
            domain=self._emulator.url,
            scopes=client.scopes,
            redirect_sign_in=client.settings.get("CallbackURLs", ()),
            redirect_sign_out=client.settings.get("LogoutURLs", ()),
            response_type="code" if client.settings["AllowedOAuthFlows"] != ["implicit"] else "token",
            providers=[name for name in providers if name != COGNITO],
        )

    async def add_client(self, client_id: str | None = None, /, **members: Any) -> AuthConfig:
        """Add another app client, with the defaults that the first one got; return its configuration.

        Args:
            client_id: The id of the app client; a random one by default.
            members: CreateUserPoolClient's. ``CallbackURLs`` turn the hosted UI on;
                ``AllowedOAuthFlows=["client_credentials"]`` makes a client for machines, with a secret and,
                unless ``AllowedOAuthScopes`` says less, with all scopes of the pool's resource servers.

        Raises:
            ValueError: A member is malformed, or Cognito would refuse it.
        """
        self._emulator.check_members("add_client", members, "CreateUserPoolClient")
        wanted = client_with_test_defaults(members)
        if members.get("AllowedOAuthFlows") == [_MACHINES]:
            wanted.setdefault("AllowedOAuthScopes", scopes.custom(self.state))
        named = {"UserPoolId": self.id, **wanted}
        made = await chosen_ids.create(self._emulator, "CreateUserPoolClient", client_id, **named)
        return self._config(self.state.clients[made["UserPoolClient"]["ClientId"]])

    async def add_provider(
        self,
        name: str,
        provider_type: str | None = None,
        *,
        attribute_mapping: Mapping[str, str] | None = None,
    ) -> None:
        """Add an external identity provider, and enable it for the app client.

        The emulator stands in for the provider with a page of its own.

        Args:
            name: ``Google``, ``Facebook``, ``LoginWithAmazon``, ``SignInWithApple``, or a name of one's own.
            provider_type: Its kind; the name for those four, ``OIDC`` for any other.
            attribute_mapping: The provider's claims by the attributes that they go into; ``email`` and
                ``name`` by default.

        Raises:
            ValueError: The name is malformed, or taken.
            LookupError: The app client was deleted.
        """
        client = self.state.clients.get(self.client_id)
        if client is None:
            raise LookupError(
                f"the app client {self.client_id!r} was deleted: no provider can be enabled for it"
            )
        await _create_provider(self._emulator, self.id, name, provider_type, attribute_mapping)
        supported = client.settings.get("SupportedIdentityProviders") or ()
        client.settings["SupportedIdentityProviders"] = [*supported, name]
        await self._emulator.state.changed()

    async def add_resource_server(self, identifier: str, names: Iterable[str]) -> list[str]:
        """Add a resource server; return its scopes as clients request them: ``<identifier>/<name>``.

        Args:
            identifier: Such as ``orders`` or ``https://orders.example.com``.
            names: The names of its scopes, such as ``read``.

        Raises:
            ValueError: One is malformed, or the pool has such a server.
        """
        return await _create_resource_server(self._emulator, self.id, identifier, names)

    async def add_user(
        self,
        username: str,
        password: str,
        *,
        attributes: Mapping[str, str] | None = None,
        mfa: str | Iterable[str] | None = None,
        groups: Iterable[str] = (),
        confirmed: bool = True,
    ) -> User:
        """Add a user who can sign in at once. If that raises an error, neither user nor groups are added.

        Args:
            username: Their username, or address, as the pool has it.
            password: Their password; the policy counts.
            attributes: Their attributes; an e-mail address or phone number counts as verified, unless
                ``email_verified`` or ``phone_number_verified`` is ``false``.
            mfa: ``TOTP``, ``SMS`` or ``EMAIL``, or several: the second factors that are on; a single
                one is preferred.
            groups: The groups they are in, which are made if they are not there.
            confirmed: Whether the account is confirmed.

        Raises:
            TypeError: ``groups`` is one text.
            ValueError: Cognito would refuse it.
        """
        if isinstance(groups, str):
            raise TypeError("groups must be a sequence of names, such as ['admins']")
        factors = [_factor(name) for name in ([mfa] if isinstance(mfa, str) else mfa or ())]
        given = dict(attributes or {})
        form = self.state.users.address_of(username)
        for name in ("email", "phone_number"):
            if confirmed and (name in given or name == form):
                given.setdefault(f"{name}_verified", "true")
        entries = [{"Name": name, "Value": value} for name, value in given.items()]
        named = {"UserPoolId": self.id, "Username": username}
        call = self._emulator.call
        created = await call("AdminCreateUser", **named, UserAttributes=entries, MessageAction="SUPPRESS")
        user = self._user(created["User"]["Username"])
        async with user_or_nothing(self._emulator, self.state, user, groups):
            await call("AdminSetUserPassword", **named, Password=password, Permanent=True)
            if not confirmed:
                user.status = "UNCONFIRMED"
            await self._give_factors(user, factors)
        return user

    async def _give_factors(self, user: User, factors: list[str]) -> None:
        wanted: dict[str, Any] = {}
        for member in factors:
            if member == "SoftwareTokenMfaSettings":
                user.token = SoftwareToken(secret_text(SECRET_LENGTH, BASE32))
            wanted[member] = {"Enabled": True, "PreferredMfa": len(factors) == 1}
        if wanted:
            named = {"UserPoolId": self.id, "Username": user.username}
            await self._emulator.call("AdminSetUserMFAPreference", **named, **wanted)

    async def key_set(self) -> dict[str, Any]:
        """Return the pool's public keys, a JSON Web Key Set (RFC 7517, section 5)."""
        return (await self._emulator.state.keys.of(self.id)).jwks()

    async def delete(self) -> None:
        """Delete the user pool with its users, and its messages in the outbox; a later pool gets its keys.

        Unlike DeleteUserPool, this also deletes a pool that has a domain or deletion protection.
        """
        self._emulator.state.forget_pool(self.id)
        await self._emulator.state.changed()

    def totp_code(self, username: str) -> str:
        """Return the code of the user's authenticator app, or the next one if that was used.

        Args:
            username: The user.

        Raises:
            LookupError: There is no such user, or they have no software token.
        """
        user = self._user(username)
        token = user.token or user.new_token
        if token is None:
            raise LookupError(f"{username!r} has no software token")
        return token.next_code(self._emulator.state.clock())

    def _user(self, username: str) -> User:
        user = self.state.users.find(username)
        if user is None:
            raise LookupError(f"no user {username!r} in the pool")
        return user
