"""The fixture ``cognito_env`` leads boto3 and pycognito to the emulator; joserfc judges tokens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from aiocognito.emulator import ThreadedUserPool, TokenFactory, run_in_thread
from helpers.pytest_runs import Runs

pytestmark = pytest.mark.interop

BAD = ("expired", "wrong_key", "alg_none", "other_pool", "other_client", "malformed")


def test_clients_are_led_to_the_emulator(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    runs.write(
        "test_it.py",
        """
        import os
        from contextlib import closing

        import boto3
        from pycognito import Cognito

        PASSWORD = "Correct-horse-7"

        def test_boto3(cognito_env, cognito_user_pool, cognito_emulator):
            cognito_user_pool.add_user("ana", PASSWORD)
            with closing(boto3.client("cognito-idp")) as client:
                tokens = client.initiate_auth(
                    AuthFlow="USER_PASSWORD_AUTH",
                    ClientId=os.environ["COGNITO_CLIENT_ID"],
                    AuthParameters={"USERNAME": "ana", "PASSWORD": PASSWORD},
                )["AuthenticationResult"]
                assert client.get_user(AccessToken=tokens["AccessToken"])["Username"] == "ana"
                pool_id = os.environ["COGNITO_USER_POOL_ID"]
                assert client.admin_get_user(UserPoolId=pool_id, Username="ana")["UserStatus"] == "CONFIRMED"
            with closing(boto3.client("cognito-identity")) as identity:
                assert identity.list_identity_pools(MaxResults=1)["IdentityPools"] == []
            assert cognito_emulator.calls[-1].operation == "ListIdentityPools"

        def test_pycognito(cognito_env, cognito_user_pool):
            cognito_user_pool.add_user("ana", PASSWORD)
            user = Cognito(
                os.environ["COGNITO_USER_POOL_ID"], os.environ["COGNITO_CLIENT_ID"], username="ana"
            )
            with closing(user.client):
                user.authenticate(password=PASSWORD)  # verifies the tokens, with COGNITO_JWKS
                assert user.id_claims["cognito:username"] == "ana"
        """,
    )
    outcome = runs(environ={"AWS_PROFILE": "not-there"})
    assert outcome.counts == {"passed": 2}, outcome.text


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadedUserPool]:
    with run_in_thread() as cognito:
        yield cognito.create_user_pool()


def verify(pool: ThreadedUserPool, token: str, use: str) -> dict[str, Any]:
    key_set: Any = pool.key_set()
    keys = jwk.KeySet.import_key_set(key_set)
    decoded = jwt.decode(token, keys, algorithms=["RS256"])
    client: Any = {"essential": True, "value": pool.client_id}
    registry = jwt.JWTClaimsRegistry(
        exp={"essential": True},
        iss={"essential": True, "value": f"https://cognito-idp.us-east-1.amazonaws.com/{pool.id}"},
        token_use={"essential": True, "value": use},
        **{"client_id" if use == "access" else "aud": client},
    )
    registry.validate(decoded.claims)
    return dict(decoded.claims)


@pytest.mark.parametrize("use", ["access", "id"])
def test_joserfc_on_the_tokens_of_the_factory(pool: ThreadedUserPool, use: Any) -> None:
    factory = TokenFactory(pool)
    scopes = ["orders/read"] if use == "access" else []
    plenty: dict[str, Any] = {"groups": ["admins"], "scopes": scopes, "expires_in": 60, "department": "x"}
    for arguments in ({}, plenty):
        assert verify(pool, factory("ana", token_use=use, **arguments), use)["sub"]
    for kind in BAD:
        with pytest.raises((JoseError, ValueError)):
            verify(pool, getattr(factory, kind)("ana", token_use=use), use)
