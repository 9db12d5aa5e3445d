"""The set-up file: what it can hold, what is refused and where, and that it can be applied again."""

from __future__ import annotations

import json
import re
import sys
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from aiocognito import AuthClient, errors, steps
from aiocognito.emulator import CognitoEmulator
from aiocognito.emulator.setup import applying, document, members, reading
from aiocognito.emulator.setup.applying import Applied
from aiocognito.emulator.setup.errors import SetupError
from aiocognito.emulator.setup.trigger_loading import load, load_all
from aiocognito.emulator.signing_keys import KeyPair
from helpers.api import EMAIL, PASSWORD, PHONE, OnePair
from sign_in.authenticator import Authenticator, encode

SECRET = "abcdefghijklmnopqrstuvwxyz0123456789"
TOTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SHOP: dict[str, Any] = {
    "user_pools": [
        {
            "id": "eu-west-1_Shop12345",
            "name": "shop",
            "domain": "shop",
            "settings": {
                "AliasAttributes": ["email"],
                "Policies": {"PasswordPolicy": {"MinimumLength": 8}},
            },
            "clients": [
                {
                    "id": "shopweb",
                    "name": "web",
                    "callback_urls": ["http://localhost:3000/callback"],
                    "logout_urls": ["http://localhost:3000/"],
                },
                {"id": "shopserver", "secret": SECRET, "settings": {"AuthSessionValidity": 5}},
                {
                    "id": "shopmachine",
                    "secret": SECRET,
                    "settings": {
                        "AllowedOAuthFlows": ["client_credentials"],
                        "AllowedOAuthScopes": ["orders/read"],
                    },
                },
            ],
            "resource_servers": [{"identifier": "orders", "scopes": ["read", "write"]}],
            "providers": [{"name": "Google"}],
            "groups": [
                {
                    "name": "editors",
                    "precedence": 1,
                    "description": "They edit.",
                    "role_arn": "arn:aws:iam::123456789012:role/editors",
                }
            ],
            "users": [
                {"username": "ana", "password": PASSWORD, "email": EMAIL, "groups": ["editors", "authors"]},
                {"username": "ben", "password": PASSWORD, "mfa": "TOTP", "totp_secret": TOTP},
                {"username": "cai", "password": PASSWORD, "mfa": ["SMS"], "phone_number": PHONE},
                {"username": "dee", "password": PASSWORD, "mfa": "EMAIL", "email": "dee@example.com"},
                {
                    "username": "eve",
                    "temporary_password": PASSWORD,
                    "email": "eve@example.com",
                    "groups": ["new"],
                },
                {"username": "fay", "password": PASSWORD, "confirmed": False},
                {"username": "gus", "password": PASSWORD, "enabled": False, "attributes": {"name": "Gus"}},
                {"username": "hal", "password": PASSWORD, "mfa": "SMS"},
            ],
        },
        {"name": "staff"},
    ],
    "identity_pools": [
        {
            "id": "eu-west-1:12345678-1234-4123-8123-123456789012",
            "name": "shop",
            "allow_guests": True,
            "user_pools": ["shop"],
        }
    ],
}
TOML = """
region = "eu-west-1"

[[user_pools]]
id = "eu-west-1_Shop12345"

[user_pools.settings]
UsernameAttributes = ["email"]

[[user_pools.clients]]
id = "shopweb"

[[user_pools.users]]
username = "ana@example.com"
password = "Correct-Horse-1"
"""


SUB = "6f2a1c44-9d0e-4b7a-8f55-0c1d2e3f4a5b"
PASSKEYS: dict[str, Any] = {
    "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}},
    "WebAuthnConfiguration": {"RelyingPartyId": "example.com"},
}


def public_key(curve: ec.EllipticCurve) -> str:
    """A new public key, as getPublicKey() of a browser returns it."""
    key = ec.generate_private_key(curve).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return encode(key.public_bytes(serialization.Encoding.DER, form))


VALID = {"id": "AAEC", "public_key": public_key(ec.SECP256R1())}
P384 = public_key(ec.SECP384R1())


def with_passkeys(*passkeys: dict[str, str], settings: dict[str, Any] = PASSKEYS) -> dict[str, Any]:
    user = {"username": "a", "password": PASSWORD, "passkeys": list(passkeys)}
    return {"settings": settings, "users": [user]}


def write(path: Path, content: dict[str, Any] | str) -> None:
    path.write_text(content if isinstance(content, str) else json.dumps(content))


@asynccontextmanager
async def set_up(
    path: Path, content: dict[str, Any] | str, key_pair: KeyPair, data: Path | None = None
) -> AsyncIterator[tuple[CognitoEmulator, Applied]]:
    write(path, content)
    setup, source = reading.read(path)
    members.check(source)
    async with CognitoEmulator(keys=OnePair(key_pair), data=data) as emulator:
        yield emulator, await applying.apply(emulator, setup)


@pytest.fixture
async def shop(tmp_path: Path, key_pair: KeyPair) -> AsyncIterator[tuple[CognitoEmulator, Applied]]:
    async with set_up(tmp_path / "setup.json", SHOP, key_pair) as running:
        yield running


class TestWhatItCanHold:
    async def test_ids_clients_and_secrets(self, shop: tuple[CognitoEmulator, Applied]) -> None:
        pool, staff = shop[1].user_pools
        assert (pool.id, pool.client_id) == ("eu-west-1_Shop12345", "shopweb")
        clients = pool.state.clients
        assert list(clients) == ["shopweb", "shopserver", "shopmachine"]
        assert clients["shopserver"].secrets == [SECRET]
        assert clients["shopserver"].session_life == 300
        assert clients["shopweb"].settings["ClientName"] == "web"
        oauth = pool.config.oauth
        assert oauth is not None
        assert oauth.redirect_sign_in == ("http://localhost:3000/callback",)
        assert oauth.redirect_sign_out == ("http://localhost:3000/",)
        assert clients["shopmachine"].scopes == ("orders/read",)
        assert [scope["ScopeName"] for scope in pool.state.resource_servers["orders"]["Scopes"]] == [
            "read",
            "write",
        ]
        assert list(pool.state.providers) == ["Google"]
        assert list(pool.state.domains) == ["shop"]
        assert staff.state.settings["Name"] == "staff"
        assert staff.client_id

    async def test_identity_pools(self, shop: tuple[CognitoEmulator, Applied]) -> None:
        """An identity pool has its id, and accepts guests."""
        (pool,) = shop[1].identity_pools
        assert pool.id == "eu-west-1:12345678-1234-4123-8123-123456789012"
        assert pool.state.allows_guests
        async with AuthClient(pool.config) as auth:
            assert (await auth.fetch_auth_session()).identity_id
            await auth.sign_in("ana", PASSWORD)
            assert (await auth.fetch_auth_session()).credentials is not None

    async def test_groups(self, shop: tuple[CognitoEmulator, Applied]) -> None:
        """Groups have their precedence, description and role."""
        pool = shop[1].user_pools[0].state
        editors = pool.groups["editors"]
        assert (editors.precedence, editors.role_arn) == (1, "arn:aws:iam::123456789012:role/editors")
        ana, eve = pool.users.find("ana"), pool.users.find("eve")
        assert ana is not None
        assert eve is not None
        assert ana.groups == ["editors", "authors"]
        assert eve.groups == ["new"]

    @pytest.mark.parametrize(
        ("name", "step"),
        [
            ("ana", steps.Done),
            ("ben", steps.ConfirmSignInWithTotpCode),
            ("cai", steps.ConfirmSignInWithSmsCode),
            ("dee", steps.ConfirmSignInWithEmailCode),
            ("eve", steps.ConfirmSignInWithNewPasswordRequired),
            ("fay", steps.ConfirmSignUp),
            ("hal", steps.ConfirmSignInWithSmsCode),
        ],
    )
    async def test_users_and_their_factors(
        self, shop: tuple[CognitoEmulator, Applied], name: str, step: type[steps.SignInStep]
    ) -> None:
        pool = shop[1].user_pools[0]
        async with AuthClient(pool.config) as auth:
            result = await auth.sign_in(name, PASSWORD)
            assert isinstance(result.next_step, step)
            if name == "ben":
                user = pool.state.users.find("ben")
                assert user is not None
                assert user.token is not None
                assert user.token.secret == TOTP
                assert (await auth.confirm_sign_in(pool.totp_code("ben"))).is_signed_in

    async def test_a_disabled_user(self, shop: tuple[CognitoEmulator, Applied]) -> None:
        """A disabled user cannot sign in."""
        async with AuthClient(shop[1].user_pools[0].config) as auth:
            with pytest.raises(errors.NotAuthorizedException, match="User is disabled"):
                await auth.sign_in("gus", PASSWORD)

    async def test_toml(self, tmp_path: Path, key_pair: KeyPair) -> None:
        """A file in TOML is applied."""
        async with set_up(tmp_path / "setup.toml", TOML, key_pair) as (_, applied):
            (pool,) = applied.user_pools
            async with AuthClient(pool.config) as auth:
                assert (await auth.sign_in(EMAIL, PASSWORD)).is_signed_in

    async def test_passkeys(self, tmp_path: Path, key_pair: KeyPair) -> None:
        """A passkey whose private key the test has signs in."""
        authenticator = Authenticator()
        passkey = authenticator.passkey(SUB)
        user = {"username": "ana", "sub": SUB, "password": PASSWORD, "passkeys": [passkey]}
        content = {"user_pools": [{"settings": PASSKEYS, "users": [user]}]}
        async with set_up(tmp_path / "setup.json", content, key_pair) as (_, applied):
            config = applied.user_pools[0].config
            async with AuthClient(config) as auth:
                chosen: Any = {"auth_flow_type": "USER_AUTH", "preferred_challenge": "WEB_AUTHN"}
                result = await auth.sign_in("ana", **chosen)
                assert isinstance(result.next_step, steps.ConfirmSignInWithWebAuthn)
                options = dict(result.next_step.credential_request_options)
                assert (await auth.confirm_sign_in(await authenticator.get(options))).is_signed_in
                assert (await auth.get_current_user()).user_id == SUB
                (listed,) = await auth.list_web_authn_credentials()
                assert listed.credential_id == passkey["id"]

    async def test_passkeys_in_pem_and_of_rsa(self, tmp_path: Path, key_pair: KeyPair) -> None:
        public = rsa.generate_private_key(65537, 2048).public_key()
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        pem = public.public_bytes(serialization.Encoding.PEM, form).decode()
        der = b64encode(public.public_bytes(serialization.Encoding.DER, form)).decode()
        passkeys = [{"id": "AAEC", "public_key": pem}, {"id": "+/8=", "public_key": der}]
        user = {"username": "ana", "password": PASSWORD, "passkeys": passkeys}
        content = {"user_pools": [{"settings": PASSKEYS, "users": [user]}]}
        async with set_up(tmp_path / "setup.json", content, key_pair) as (_, applied):
            found = applied.user_pools[0].state.users.find("ana")
            assert found is not None
            assert list(found.passkeys) == ["AAEC", "-_8"]
            assert found.passkeys["AAEC"].data[21:] == found.passkeys["-_8"].data[20:]

    async def test_a_sub_where_usernames_are_addresses(self, tmp_path: Path, key_pair: KeyPair) -> None:
        user = {"username": EMAIL, "password": PASSWORD, "sub": SUB}
        content = {"user_pools": [{"settings": {"UsernameAttributes": ["email"]}, "users": [user]}]}
        path = tmp_path / "setup.json"
        async with (
            set_up(path, content, key_pair, tmp_path / "data") as (_, applied),
            AuthClient(applied.user_pools[0].config) as auth,
        ):
            await auth.sign_in(EMAIL, PASSWORD)
            current = await auth.get_current_user()
            assert (current.username, current.user_id) == (SUB, SUB)
        async with (
            set_up(path, content, key_pair, tmp_path / "data") as (_, applied),
            AuthClient(applied.user_pools[0].config) as auth,
        ):
            assert len(applied.user_pools[0].state.users) == 1
            assert (await auth.sign_in(SUB, PASSWORD)).is_signed_in

    async def test_a_user_without_a_password_where_codes_do(self, tmp_path: Path, key_pair: KeyPair) -> None:
        policies = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
        content = {
            "user_pools": [
                {
                    "settings": {"Policies": policies},
                    "users": [{"username": "ana", "email": EMAIL}],
                }
            ]
        }
        async with set_up(tmp_path / "setup.json", content, key_pair) as (emulator, applied):
            config = applied.user_pools[0].config
            async with AuthClient(config) as auth:
                await auth.sign_in("ana", auth_flow_type="USER_AUTH", preferred_challenge="EMAIL_OTP")
                code = await emulator.outbox.next_code("ana")
                assert (await auth.confirm_sign_in(code)).is_signed_in


class TestAgain:
    async def test_a_second_start_changes_nothing(self, tmp_path: Path, key_pair: KeyPair) -> None:
        seen = []
        for _ in range(2):
            async with set_up(tmp_path / "setup.json", SHOP, key_pair, tmp_path / "data") as (
                emulator,
                applied,
            ):
                pool = applied.user_pools[0]
                subjects = {user.username: user.sub for user in pool.state.users}
                clients = {name: client.secrets for name, client in pool.state.clients.items()}
                ids = [each.id for each in applied.user_pools]
                ids += [found.id for found in applied.identity_pools]
                seen.append((ids, subjects, clients, len(emulator.state.pools)))
        assert seen[0] == seen[1]

    async def test_clients_and_groups_follow_the_file_and_users_stay(
        self, tmp_path: Path, key_pair: KeyPair
    ) -> None:
        path, data = tmp_path / "setup.json", tmp_path / "data"
        async with set_up(path, SHOP, key_pair, data) as (_, applied):
            config = applied.user_pools[0].config
            async with AuthClient(config) as auth:
                await auth.sign_in("ana", PASSWORD)
                await auth.update_password(PASSWORD, "Better-Horse-2")
        changed = json.loads(json.dumps(SHOP))
        pool = changed["user_pools"][0]
        pool["clients"][0]["callback_urls"] = ["http://localhost:4000/callback"]
        pool["clients"].append({"id": "another"})
        pool["groups"][0]["precedence"] = 9
        pool["resource_servers"][0]["scopes"] = ["read"]
        pool["users"].append({"username": "new", "password": PASSWORD})
        async with set_up(path, changed, key_pair, data) as (_, applied):
            state = applied.user_pools[0].state
            assert state.clients["shopweb"].settings["CallbackURLs"] == ["http://localhost:4000/callback"]
            assert "another" in state.clients
            assert state.groups["editors"].precedence == 9
            assert len(state.resource_servers["orders"]["Scopes"]) == 1
            assert state.users.find("new") is not None
            async with AuthClient(applied.user_pools[0].config) as auth:
                assert (await auth.sign_in("ana", "Better-Horse-2")).is_signed_in

    async def test_without_ids_pools_and_clients_are_found_by_their_names(
        self, tmp_path: Path, key_pair: KeyPair
    ) -> None:
        content = {
            "user_pools": [{"name": "shop", "clients": [{"name": "web"}, {"name": "app"}]}, {"name": "plain"}]
        }
        seen = []
        for _ in range(2):
            async with set_up(tmp_path / "setup.json", content, key_pair, tmp_path / "data") as (_, applied):
                seen.append(
                    [(pool.id, pool.client_id, list(pool.state.clients)) for pool in applied.user_pools]
                )
        assert seen[0] == seen[1]
        assert len(seen[0][0][2]) == 2

    async def test_a_secret_cannot_be_replaced(self, tmp_path: Path, key_pair: KeyPair) -> None:
        path, data = tmp_path / "setup.json", tmp_path / "data"
        content: dict[str, Any] = {"user_pools": [{"clients": [{"id": "web", "secret": SECRET}]}]}
        async with set_up(path, content, key_pair, data):
            pass
        content["user_pools"][0]["clients"][0]["secret"] = SECRET[::-1]
        with pytest.raises(SetupError, match="exists with another secret") as refused:
            async with set_up(path, content, key_pair, data):
                pass
        assert SECRET not in str(refused.value)


def in_pool(member: str, value: Any) -> dict[str, Any]:
    return {"user_pools": [{"id": "us-east-1_a", member: value}]}


REFUSED: tuple[tuple[dict[str, Any], str], ...] = (
    ({"user_pool": []}, r"line 2 \(user_pool\): unknown member 'user_pool': did you mean 'user_pools'"),
    ({"zzz": 1}, r"unknown member 'zzz': known are amplify_outputs, identity_pools, region, user_pools"),
    (
        in_pool("client", []),
        r"line 5 \(user_pools\[0\].client\): unknown member 'client': did you mean 'clients'",
    ),
    (in_pool("clients", {}), r"\(user_pools\[0\].clients\): must be a list of tables, not a table"),
    (in_pool("clients", ["web"]), r"\(user_pools\[0\].clients\[0\]\): must be a table, not a text"),
    (
        in_pool("clients", [{"id": "web", "callbackUrls": []}]),
        r"line 8 \(user_pools\[0\].clients\[0\].callbackUrls\): unknown member .*'callback_urls'",
    ),
    (in_pool("users", [{"password": PASSWORD}]), r"\(user_pools\[0\].users\[0\]\): username is missing"),
    (in_pool("users", [{"username": "a", "confirmed": "no"}]), "must be true or false, not a text"),
    (in_pool("users", [{"username": ""}]), "must be text, not an empty text"),
    (in_pool("users", [{"username": None}]), "must be text, not null"),
    (in_pool("users", [{"username": "a", "mfa": 3}]), "must be a text or a list of texts, not a number"),
    (in_pool("users", [{"username": "a", "attributes": {"x": 1}}]), "must be a table of texts, not a table"),
    (in_pool("groups", [{"name": "g", "precedence": 1.5}]), "must be a whole number, not a number"),
    (in_pool("settings", []), "must be a table, not a list"),
    (
        in_pool("settings", {"PolicyPassword": {}}),
        r"\(user_pools\[0\].settings.PolicyPassword\): unknown member",
    ),
    (
        in_pool("settings", {"Policies": {"PasswordPolicy": {"MinimalLength": 8}}}),
        r"line 8 .*settings.Policies.PasswordPolicy.MinimalLength\): .* did you mean 'MinimumLength'",
    ),
    (
        in_pool("settings", {"Schema": [{"Nam": "x"}]}),
        r"settings.Schema\[0\].Nam\): .* did you mean 'Name'",
    ),
    (
        in_pool("clients", [{"settings": {"CallbackUrl": []}}]),
        r"clients\[0\].settings.CallbackUrl\): .* did you mean 'CallbackURLs'",
    ),
    ({"identity_pools": [{"settings": {"AllowClasic": 1}}]}, r"identity_pools\[0\].settings.AllowClasic\)"),
)


@pytest.mark.parametrize(("content", "complaint"), REFUSED)
def test_a_malformed_file_is_refused_with_the_place(
    tmp_path: Path, content: dict[str, Any], complaint: str
) -> None:
    path = tmp_path / "setup.json"
    path.write_text(json.dumps(content, indent=1))
    with pytest.raises(SetupError, match=complaint) as refused:
        members.check(reading.read(path)[1])
    assert str(refused.value).startswith(f"{path}")
    assert PASSWORD not in str(refused.value)


def test_the_line_is_that_of_the_right_table_in_toml_too(tmp_path: Path) -> None:
    path = tmp_path / "setup.toml"
    path.write_text(TOML + '\n[[user_pools.users]]\nusername = "ben"\npasword = "x"\n')
    with pytest.raises(SetupError, match=r"line 19 \(user_pools\[0\].users\[1\].pasword\): .*'password'"):
        reading.read(path)


def test_a_line_that_is_not_certain_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "setup.json"
    path.write_text('{"user_pools": [{"name": "a nam: x", "nam": 1}]}')
    with pytest.raises(SetupError, match=r"setup.json \(user_pools\[0\].nam\): unknown"):
        reading.read(path)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("setup.yaml", b"", "must end in .json or .toml"),
        ("setup.json", b"{", "is not JSON: "),
        ("setup.json", b"[]", "is not JSON: it must be an object"),
        ("setup.toml", b"a = ", "is not TOML: "),
        ("setup.json", b"\xff", "is not text in UTF-8"),
        ("setup.json", None, "cannot be read: No such file"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, name: str, content: bytes | None, complaint: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SetupError, match=complaint) as refused:
        reading.read(path)
    assert str(refused.value).startswith(str(path))


@pytest.mark.parametrize(
    ("pool", "complaint"),
    [
        ({"id": "shop"}, r"\(user_pools\[0\]\): 'shop' cannot be the id"),
        ({"users": [{"username": "a"}]}, r"users\[0\]\): the user 'a' needs a password"),
        (
            {"users": [{"username": "a", "password": "x"}]},
            r"users\[0\]\): AdminSetUserPassword: InvalidPassword",
        ),
        (
            {"users": [{"username": "a", "password": PASSWORD}] * 2},
            r"users\[1\]\): the user 'a' is there twice",
        ),
        ({"groups": [{"name": "a"}] * 2}, "the group 'a' is there twice"),
        ({"clients": [{"id": "a"}] * 2}, "the app client 'a' is there twice"),
        (
            {"users": [{"username": "a", "password": PASSWORD, "mfa": "TOPT"}]},
            "mfa 'TOPT' is unknown: did you mean 'TOTP'",
        ),
        (
            {"users": [{"username": "a", "password": PASSWORD, "mfa": "TOTP", "totp_secret": "1"}]},
            "totp_secret must be base32",
        ),
        ({"users": [{"username": "a", "password": PASSWORD, "totp_secret": TOTP}]}, 'add mfa = "TOTP"'),
        (
            {"users": [{"username": "a", "password": PASSWORD, "mfa": "EMAIL"}]},
            "the factor EMAIL needs an address",
        ),
        (
            {"users": [{"username": "a", "temporary_password": PASSWORD, "mfa": "TOTP"}]},
            "second factors need a password",
        ),
        (
            {"clients": [{"id": "a"}, {"id": "a b"}]},
            r"clients\[1\]\): 'a b' cannot",
        ),
        ({"users": [{"username": "a", "password": PASSWORD, "sub": "1"}]}, "the sub of a user is a UUID"),
        (
            {"users": [{"username": name, "password": PASSWORD, "sub": SUB} for name in "ab"]},
            r"users\[1\]\): '6f2a1c44.*' is taken: choose another id",
        ),
        (with_passkeys(VALID, settings={}), r"users\[0\]\): passkeys need WEB_AUTHN in settings"),
        (with_passkeys({**VALID, "id": "!"}), r"passkeys\[0\]\): id must be the credential's id"),
        (with_passkeys({**VALID, "public_key": "AAEC"}), r"passkeys\[0\]\): public_key must be a public key"),
        (with_passkeys({**VALID, "public_key": "é"}), r"passkeys\[0\]\): public_key must be a public key"),
        (with_passkeys({**VALID, "public_key": P384}), r"passkeys\[0\]\): public_key must be a public key"),
        (with_passkeys(VALID, VALID), r"passkeys\[1\]\): this id is there twice"),
        (
            with_passkeys(*({**VALID, "id": f"AA{number}"} for number in range(10, 31))),
            r"users\[0\]\): passkeys has 21 entries: a user has at most 20",
        ),
        ({"triggers": {"PreSignup": "x:y"}}, "unknown trigger 'PreSignup': did you mean 'PreSignUp'"),
        ({"domain": "aws"}, "Domain cannot contain reserved word"),
    ],
)
async def test_a_refusal_of_cognito_names_the_place(
    tmp_path: Path, key_pair: KeyPair, pool: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(SetupError, match=complaint) as refused:
        async with set_up(tmp_path / "setup.json", {"user_pools": [pool]}, key_pair):
            pass
    assert str(refused.value).startswith(str(tmp_path / "setup.json"))
    assert PASSWORD not in str(refused.value)


async def test_an_identity_pool_of_an_unknown_user_pool(tmp_path: Path, key_pair: KeyPair) -> None:
    content = {"user_pools": [{"name": "shop"}], "identity_pools": [{"user_pools": ["shopp"]}]}
    with pytest.raises(SetupError, match="the user pool 'shopp' is unknown: did you mean 'shop'"):
        async with set_up(tmp_path / "setup.json", content, key_pair):
            pass


MODULE = """
def PreSignUp(event):
    event["response"]["autoConfirmUser"] = True
    return event

def pre_token_generation(event):
    return event

class Hooks:
    PreSignUp = staticmethod(PreSignUp)

triggers = {"PreSignUp": PreSignUp}
number = 3
"""


@pytest.fixture
def hooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"hooks_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return name


class TestTriggers:
    @pytest.mark.parametrize("path", [":triggers", ":Hooks"])
    def test_a_mapping_or_an_object(self, hooks: str, path: str) -> None:
        assert list(load_all(hooks + path)) == ["PreSignUp"]

    def test_a_module_with_functions_of_either_spelling(self, hooks: str) -> None:
        assert sorted(load_all(hooks)) == ["PreSignUp", "PreTokenGeneration"]

    @pytest.mark.parametrize(
        ("reference", "complaint"),
        [
            ("{}:trigers", "has no 'trigers': did you mean 'triggers'"),
            ("{}:number", "has no triggers: its functions need names such as PreSignUp"),
            ("no_such_module_at_all", "cannot be imported: ModuleNotFoundError"),
            ("../x", "must be module:object"),
        ],
    )
    def test_a_missing_module_or_name_is_reported(self, hooks: str, reference: str, complaint: str) -> None:
        with pytest.raises(SetupError, match=complaint):
            load_all(reference.format(hooks))

    def test_one_that_is_not_a_function_is_refused(self, hooks: str) -> None:
        with pytest.raises(SetupError, match="must be a function, not int"):
            load("PreSignUp", f"{hooks}:number")

    async def test_a_file_names_one_by_one(self, hooks: str, tmp_path: Path, key_pair: KeyPair) -> None:
        content = {"user_pools": [{"triggers": {"PreSignUp": f"{hooks}:PreSignUp"}}]}
        async with set_up(tmp_path / "setup.json", content, key_pair) as (_, applied):
            config = applied.user_pools[0].config
            async with AuthClient(config) as auth:
                assert (await auth.sign_up("ana", PASSWORD)).is_sign_up_complete

    async def test_a_function_behind_a_url(self, tmp_path: Path, key_pair: KeyPair) -> None:
        async def invoke(request: web.Request) -> web.Response:
            event = await request.json()
            if event["userName"] == "eve":
                return web.json_response({"errorMessage": "not Eve", "errorType": "Error"})
            if event["userName"] == "fay":
                return web.Response(status=502, text="[]")
            event["response"]["autoConfirmUser"] = True
            return web.json_response(event)

        app = web.Application()
        app.router.add_post("/function", invoke)
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url = f"http://127.0.0.1:{runner.addresses[0][1]}/function"
            content = {"user_pools": [{"triggers": {"PreSignUp": url}}]}
            async with set_up(tmp_path / "setup.json", content, key_pair) as (_, applied):
                config = applied.user_pools[0].config
                async with AuthClient(config) as auth:
                    assert (await auth.sign_up("ana", PASSWORD)).is_sign_up_complete
                    with pytest.raises(errors.UserLambdaValidationException, match="not Eve"):
                        await auth.sign_up("eve", PASSWORD)
                    with pytest.raises(errors.UserLambdaValidationException, match="answered 502"):
                        await auth.sign_up("fay", PASSWORD)
        finally:
            await runner.cleanup()


PAGE = (Path(__file__).parents[2] / "docs/emulator.md").read_text(encoding="utf-8")
EXAMPLES = [part.partition("```")[0] for part in PAGE.split("```toml\n")[1:]]


@pytest.mark.parametrize("example", EXAMPLES, ids=["all", "passkeys"])
async def test_the_files_of_the_page_are_accepted(
    tmp_path: Path, key_pair: KeyPair, example: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "myapp").mkdir()
    (tmp_path / "myapp/__init__.py").touch()
    (tmp_path / "myapp/triggers.py").write_text("def pre_sign_up(event):\n    return event\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    async with set_up(tmp_path / "setup.toml", example, key_pair) as (_, applied):
        (pool,) = applied.user_pools
        assert pool.state.users.find("ana" if "passkeys" in example else EMAIL) is not None


def test_the_members_of_the_page_are_those_that_a_file_can_have() -> None:
    tables: tuple[tuple[str, Any], ...] = (
        ("the file", document.Setup),
        ("`user_pools`", document.UserPoolSetup),
        ("`clients`", document.ClientSetup),
        ("`users`", document.UserSetup),
        ("`passkeys`", document.PasskeySetup),
        ("`groups`", document.GroupSetup),
        ("`resource_servers`", document.ResourceServerSetup),
        ("`providers`", document.ProviderSetup),
        ("`identity_pools`", document.IdentityPoolSetup),
    )
    for name, kind in tables:
        line = next(line for line in PAGE.splitlines() if line.startswith(f"| {name} | `"))
        listed = set(re.findall(r"`(\w+)`", line.partition(" | ")[2]))
        assert listed == {each.name for each in attrs.fields(kind)} - {"where"}
