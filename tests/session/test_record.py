"""The record of a session: round trips, other versions, and malformed bytes."""

from __future__ import annotations

import builtins
import json
import types
from collections import abc
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from attrs import evolve, fields, has
from hypothesis import example, given
from hypothesis import strategies as st

from aiocognito import MemoryStorage, SessionManager, errors
from aiocognito._models import SignInDetails
from aiocognito._responses import Challenged
from aiocognito._session.record import (
    PendingAutoSignIn,
    PendingSignIn,
    SessionRecord,
    StoredTokens,
)
from aiocognito._session.record_json import dump, load
from helpers.user_pool import CONFIG, VERIFIER, challenge, pending, scripted_client, signed_in

# With lone surrogates: typed text need not be valid Unicode.
texts = st.text(st.characters(), max_size=20)
moments = st.floats(min_value=-1e9, max_value=1e12)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


def anything_of(hint: Any) -> st.SearchStrategy[Any]:
    """Return values of a declared type, so that new members of the record are tested."""
    if has(hint):
        return st.builds(hint, **members_of(hint))
    match get_origin(hint), get_args(hint):
        case (types.UnionType, alternatives):
            return st.one_of(*map(anything_of, alternatives))
        case (builtins.tuple, (inner, _)):
            return st.lists(anything_of(inner), max_size=3).map(tuple)
        case (abc.Mapping, (_, inner)):
            return st.dictionaries(texts, anything_of(inner), max_size=3)
    simple = {str: texts, float: moments, bool: st.booleans(), type(None): st.none(), Any: json_values}
    return simple[hint]


def members_of(cls: Any) -> dict[str, st.SearchStrategy[Any]]:
    members = {name: anything_of(hint) for name, hint in get_type_hints(cls).items() if name in names(cls)}
    if "unknown" in members:
        # What a later version may have, under names that this one has no use for.
        taken = {*names(cls), "version"} - {"unknown"}
        unknown = texts.filter(lambda name: name not in taken)
        members["unknown"] = st.dictionaries(unknown, json_values, max_size=2)
    return members


def names(cls: Any) -> set[str]:
    return {field.name for field in fields(cls)}


records = anything_of(SessionRecord)


@given(records)
def test_a_record_survives_a_round_trip(record: SessionRecord) -> None:
    data = dump(record)
    assert load(data) == record
    assert json.loads(data)["version"] == 1
    assert data.isascii()


def test_absent_members_are_not_written() -> None:
    tokens = StoredTokens(access_token="a", username="ana")
    document = json.loads(dump(SessionRecord(tokens=tokens)))
    assert document["tokens"] == {"access_token": "a", "username": "ana", "clock_drift": 0.0}
    assert None not in document.values()


@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
@example(b"")
@example(b"null")
@example(b"[]")
@example(b'{"version":null}')
@example(b"[" * 100_000)
def test_malformed_bytes_are_not_a_record(data: bytes) -> None:
    try:
        assert load(data) is None
    except errors.StorageError:
        assert json.loads(data)["version"] != 1


@given(records, st.data())
def test_a_member_of_another_type_is_refused_or_read_unchanged(record: SessionRecord, data: Any) -> None:
    """A parsed record only has members of their declared types."""
    document = json.loads(dump(record))
    path = data.draw(st.sampled_from([*paths(document)]))
    *outer, last = path
    part = document
    for name in outer:
        part = part[name]
    part[last] = data.draw(json_values)
    try:
        read = load(json.dumps(document).encode())
    except errors.StorageError:
        assert path == ("version",)
        return
    if read is not None:
        assert load(dump(read)) == read
        check(read, SessionRecord)


def paths(document: dict[str, Any], prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for name, value in document.items():
        found.append((*prefix, name))
        if isinstance(value, dict):
            found += paths(value, (*prefix, name))
    return found


def check(value: Any, hint: Any) -> None:
    """Check that a value is of its declared type, down to the last member."""
    if has(hint):
        assert isinstance(value, hint)
        hints = get_type_hints(hint)
        for name in names(hint):
            check(getattr(value, name), hints[name])
        return
    match get_origin(hint), get_args(hint):
        case (types.UnionType, (inner, none)):
            assert none is type(None)
            if value is not None:
                check(value, inner)
        case (builtins.tuple, (inner, _)):
            assert isinstance(value, tuple)
            for each in value:
                check(each, inner)
        case (abc.Mapping, (_, inner)):
            assert isinstance(value, dict)
            for each in value.values():
                check(each, inner)
        case _ if hint is float:
            assert isinstance(value, float | int)
            assert not isinstance(value, bool)
        case _ if hint is not Any:
            assert isinstance(value, hint)


@pytest.mark.parametrize(
    "member",
    [
        {"created_at": "yesterday"},
        {"created_at": True},
        {"created_at": float("nan")},
        {"created_at": 10**400},
        {"tokens": []},
        {"tokens": "x"},
        {"tokens": {}},
        {"tokens": {"access_token": 7, "username": "ana"}},
        {"tokens": {"access_token": "a", "username": None}},
        {"tokens": {"access_token": "a", "username": "ana", "sign_in_details": "none"}},
        {"tokens": {"access_token": "a", "username": "ana", "clock_drift": None}},
        {"pending": {}},
        {"pending": {"challenge": {}, "sign_in_details": {}, "expires_at": 1}},
        {"pending": {"challenge": [], "sign_in_details": {}, "expires_at": 1}},
        {"pending": {"challenge": {"username": "a", "name": "b"}, "sign_in_details": {}}},
        {
            "pending": {
                "challenge": {"username": "a", "name": "b", "parameters": {"k": 7}},
                "sign_in_details": {},
                "expires_at": 1,
            }
        },
        {
            "pending": {
                "challenge": {"username": "a", "name": "b", "available_challenges": [7]},
                "sign_in_details": {},
                "expires_at": 1,
            }
        },
        {"auto_sign_in": {"username": "a", "auth_flow_type": "b"}},
        {"auto_sign_in": {"username": "a", "auth_flow_type": "b", "expires_at": 1, "is_confirmed": 1}},
        {"auto_sign_in": 7},
    ],
    ids=json.dumps,
)
def test_a_record_with_a_member_of_another_type_is_junk(member: dict[str, Any]) -> None:
    document = {"version": 1, "created_at": 1.0, "renewed_at": 1.0}
    assert load(json.dumps(document).encode()) == SessionRecord(created_at=1.0, renewed_at=1.0)
    assert load(json.dumps(document | member).encode()) is None


def test_members_that_older_records_lack_have_their_defaults() -> None:
    document = {
        "version": 1,
        "tokens": {"access_token": "a", "username": "ana"},
        "pending": {
            "challenge": {"username": "a", "name": "b"},
            "sign_in_details": {},
            "expires_at": 7,
        },
    }
    record = load(json.dumps(document).encode())
    assert record == SessionRecord(
        tokens=StoredTokens(access_token="a", username="ana"),
        pending=PendingSignIn(challenge=Challenged("a", "b"), sign_in_details=SignInDetails(), expires_at=7),
    )


@pytest.mark.parametrize("version", [0, 2, "1", None, [1]])
async def test_another_version_is_refused_and_left_alone(version: Any) -> None:
    stored = json.dumps({"version": version, "tokens": {}}).encode()
    with pytest.raises(errors.StorageError, match="another version"):
        load(stored)
    async with scripted_client() as (client, service, _):
        storage, key = client._session.context.storage, client._session.storage_key
        await storage.set(key, stored)
        for call in (
            client.fetch_auth_session(),
            client.get_sign_in_step(),
            client.confirm_sign_in("1"),
            client.sign_in("ana", "secret"),
            client.sign_out(),
        ):
            with pytest.raises(errors.StorageError, match="another version"):
                await call
        assert await storage.get(key) == stored
        assert service.calls == []


async def test_junk_in_the_storage_counts_as_signed_out_and_is_replaced() -> None:
    async with scripted_client() as (client, service, _):
        storage, key = client._session.context.storage, client._session.storage_key
        for junk in (b"\xff\xfe", b"no json", b'{"version":1,"tokens":7}'):
            await storage.set(key, junk)
            assert (await client.fetch_auth_session()).tokens is None
            assert await client.get_sign_in_step() is None
            await signed_in(client, service)
            assert (await client.get_current_user()).username == "ana"
            await client.sign_out()


async def test_members_of_a_newer_version_are_preserved_by_writes() -> None:
    """Through a claim, its release, a refresh and a sign-in: each rewrites the record."""
    async with scripted_client() as (client, service, _):
        storage, key = client._session.context.storage, client._session.storage_key

        async def document() -> dict[str, Any]:
            return json.loads(await storage.get(key) or b"")  # type: ignore[no-any-return]  # any JSON value

        service.answer("InitiateAuth", challenge("SOFTWARE_TOKEN_MFA"))
        await client.sign_in("ana", "secret", auth_flow_type="USER_PASSWORD_AUTH")
        newer = await document()
        newer["future"] = {"theme": "dark"}
        newer["pending"]["colour"] = "blue"
        await storage.set(key, json.dumps(newer).encode())
        service.refuse("RespondToAuthChallenge", "CodeMismatchException")
        with pytest.raises(errors.CodeMismatchException):
            await client.confirm_sign_in("0")
        after = await document()
        assert after["future"] == {"theme": "dark"}
        assert after["pending"]["colour"] == "blue"
        service.only("RespondToAuthChallenge", service.tokens())
        await client.confirm_sign_in("1")
        newer = await document()
        assert newer["future"] == {"theme": "dark"}
        assert "pending" not in newer
        newer["tokens"]["shape"] = "round"
        await storage.set(key, json.dumps(newer).encode())
        service.answer("GetTokensFromRefreshToken", service.tokens())
        await client.fetch_auth_session(force_refresh=True)
        after = await document()
        assert after["future"] == {"theme": "dark"}
        assert after["tokens"]["shape"] == "round"


async def test_that_is_so_of_every_part_that_is_carried_over() -> None:
    async with scripted_client() as (client, _, clock):
        storage, key = client._session.context.storage, client._session.storage_key
        redirect = {"redirect_uri": "https://a/", "expires_at": clock() + 60, "state": "s", "tab": 1}
        credentials = {"access_key_id": "A", "secret_access_key": "s", "expires_at": 0, "zone": "x"}
        newer = {
            "version": 1,
            "redirects": [redirect],
            "identity": {"identity_id": "i", "colour": "blue", "credentials": credentials},
        }
        await storage.set(key, json.dumps(newer).encode())
        await client._session.update(lambda record: evolve(record, by_redirect=True))
        after = json.loads(await storage.get(key) or b"")
        assert after["by_redirect"]
        assert after["redirects"][0]["tab"] == 1
        assert after["identity"]["colour"] == "blue"
        assert after["identity"]["credentials"]["zone"] == "x"


def test_no_secret_is_in_a_repr() -> None:
    record = SessionRecord(
        tokens=StoredTokens(
            access_token="S3cret-a",
            id_token="S3cret-i",
            refresh_token="S3cret-r",
            username="ana",
            device_key="S3cret-d",
            unknown={"x": "S3cret-u"},
        ),
        pending=PendingSignIn(
            challenge=Challenged(
                "ana", "X", session="S3cret-s", parameters={"k": "S3cret-p"}, gone_device="S3cret-g"
            ),
            sign_in_details=SignInDetails("ana"),
            expires_at=1,
            claim="S3cret-c",
            unknown={"x": "S3cret-u"},
        ),
        auto_sign_in=PendingAutoSignIn(
            username="ana",
            auth_flow_type="X",
            expires_at=1,
            client_metadata={"k": "S3cret-m"},
            session="S3cret-s",
            unknown={"x": "S3cret-u"},
        ),
        unknown={"x": "S3cret-u"},
    )
    assert "ana" in repr(record)
    assert "S3cret" not in repr(record)


async def test_a_username_with_a_lone_surrogate_is_stored_like_any_other() -> None:
    """JSON can contain a lone surrogate; it must not raise."""
    async with scripted_client() as (client, service, _):
        service.answer("InitiateAuth", VERIFIER, challenge("SOFTWARE_TOKEN_MFA"))
        service.answer("RespondToAuthChallenge", challenge("SOFTWARE_TOKEN_MFA"))
        await client.sign_in("\ud800", "\udfff")
        stored = await pending(client)
        assert stored is not None
        assert stored.sign_in_details.login_id == "\ud800"
    secret = evolve(CONFIG, user_pool_client_secret="s3cret")
    async with scripted_client(config=secret) as (client, service, _):
        service.answer("InitiateAuth", challenge("SOFTWARE_TOKEN_MFA"))
        assert not (
            await client.sign_in("\ud800", "secret", auth_flow_type="USER_PASSWORD_AUTH")
        ).is_signed_in


def test_keys_that_are_not_unicode_are_refused() -> None:
    sessions = SessionManager(CONFIG, fixed_keys=True, storage=MemoryStorage())
    sessions.client("schlüssel", device_token="gerät")
    with pytest.raises(errors.AuthValidationError, match="session_key"):
        sessions.client("k\ud800")
    with pytest.raises(errors.AuthValidationError, match="device_token"):
        sessions.client("k", device_token="\udfff")
