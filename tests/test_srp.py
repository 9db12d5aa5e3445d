"""SRP arithmetic against published numbers, an independent server, and another client."""

import asyncio
import base64
import hashlib
import hmac
import json
import locale
import os
import pickle
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gmpy2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aiocognito import _srp as srp
from aiocognito.errors import AuthError, SignInException

K_HEX = "538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6"
MULTIPLIER = int(K_HEX, 16)
LONGEST = 60.0  # seconds that a test waits for another thread
VECTORS = json.loads((Path(__file__).parent / "data" / "srp.json").read_text())


@pytest.fixture(params=VECTORS["password"], ids=lambda case: case["name"])
def vector(request: pytest.FixtureRequest) -> dict[str, Any]:
    case: dict[str, Any] = request.param
    return case


@pytest.fixture(params=VECTORS["device"], ids=lambda case: case["saltRandomHex"])
def device_vector(request: pytest.FixtureRequest) -> dict[str, Any]:
    case: dict[str, Any] = request.param
    return case


# --- Padding, constants --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (0, "00"),
        (1, "01"),
        (20, "14"),
        (56, "38"),
        (127, "7F"),
        (128, "0080"),
        (129, "0081"),
        (200, "00C8"),
        (236, "00EC"),
        (255, "00FF"),
        (256, "0100"),
    ],
)
def test_pad_writes_java_s_bytes(n: int, expected: str) -> None:
    assert srp.pad(n).hex().upper() == expected


@given(st.integers(min_value=0, max_value=1 << 3100))
def test_pad_is_the_shortest_signed_form(n: int) -> None:
    padded = srp.pad(n)
    assert int.from_bytes(padded, "big", signed=True) == n
    assert len(padded) == 1 or padded[0] or padded[1] >= 0x80


def test_the_group() -> None:
    """The group is the one of RFC 3526, section 4."""
    with gmpy2.context(precision=3200):
        pi = int(gmpy2.floor(gmpy2.const_pi() * 2**2942))
    assert 2**3072 - 2**3008 - 1 + 2**64 * (pi + 1690314) == srp.N  # RFC 3526, section 4
    assert gmpy2.is_prime(srp.N)
    assert gmpy2.is_prime(srp.N // 2)
    assert srp.G == 2
    assert f"{srp.K:x}" == K_HEX
    assert srp.pad(srp.N)[:2] == b"\x00\xff"
    assert len(srp.pad(srp.N)) == 385


# --- Known answers -------------------------------------------------------------------------------------


def test_every_step_of_a_known_sign_in(vector: dict[str, Any]) -> None:
    ephemeral = srp.Ephemeral.from_private(int(vector["a"], 16))
    assert ephemeral.public_hex == vector["A"]
    assert f"{srp.K:x}" == vector["k"]

    salt = int(vector["salt"], 16)
    assert srp.pad(salt).hex() == vector["padded_salt"]
    x = srp.private_key(vector["poolName"], vector["username"], vector["password"], salt)
    assert f"{x:x}" == vector["x"]
    u = srp.scrambling_parameter(ephemeral.A, int(vector["B"], 16))
    assert f"{u:x}" == vector["u"]
    secret = srp.premaster_secret(ephemeral.a, int(vector["B"], 16), x, u)
    assert f"{secret:x}" == vector["S"]
    assert srp.hkdf(srp.pad(secret), salt=srp.pad(u)).hex() == vector["hkdf"]


def test_known_key_and_signature(vector: dict[str, Any]) -> None:
    ephemeral = srp.Ephemeral.from_private(int(vector["a"], 16))
    asked = {
        "pool_name": vector["poolName"],
        "user_id": vector["username"],
        "password": vector["password"],
        "srp_b_hex": vector["B"],
        "salt_hex": vector["salt"],
    }
    assert srp.session_key(ephemeral, **asked).hex() == vector["hkdf"]
    signature = srp.password_claim_signature(
        ephemeral, **asked, secret_block=vector["SECRET_BLOCK"], timestamp=vector["timestamp"]
    )
    assert signature == vector["signature"]


def test_known_hkdf() -> None:
    """HKDF has a known result."""
    key = srp.hkdf(b"secretInputKey", salt=bytes.fromhex("7468697320697320612074c3a97374"))
    assert key.hex() == "f82df033828e0dda4572a7249ffeac21"


def test_known_scrambling_parameter() -> None:
    """The scrambling parameter has a known value."""
    u = srp.scrambling_parameter(0xABCD1234, 0xDEADBEEF)
    assert f"{u:x}" == "ef4ad75cc7b96ab444696bf86cddaaca0badfff58a1170da294051bb729bf742"


def test_short_server_values_still_make_a_key() -> None:
    key = srp.session_key(
        srp.Ephemeral.generate(),
        pool_name="TestPoolName",
        user_id="cognitoUser",
        password="cognitoPassword",
        srp_b_hex="deadbeef",
        salt_hex="deadbeef",
    )
    assert len(key) == 16


def test_known_device_verifiers(device_vector: dict[str, Any]) -> None:
    """The verifiers of devices are those of Amplify."""
    password = base64.b64decode(device_vector["randomPassword"])
    answers = {40: password, 16: bytes.fromhex(device_vector["saltRandomHex"])}
    verifier = srp.device_verifier(
        device_vector["deviceGroupKey"], device_vector["deviceKey"], random_bytes=answers.__getitem__
    )
    assert verifier.random_password == device_vector["randomPassword"]
    assert verifier.salt == device_vector["SaltB64"]
    assert base64.b64decode(verifier.salt).hex() == device_vector["paddedSalt"]
    assert verifier.password_verifier == device_vector["PasswordVerifierB64"]
    assert base64.b64decode(verifier.password_verifier).hex() == device_vector["verifierHex"]


def test_device_secrets_are_fresh_and_56_characters_long() -> None:
    made = [srp.device_verifier("-group123", "us-east-1_key") for _ in range(20)]
    assert {len(verifier.random_password) for verifier in made} == {56}
    assert len({verifier.random_password for verifier in made}) == 20
    assert len({verifier.salt for verifier in made}) == 20


@pytest.mark.parametrize(
    ("epoch", "expected"),
    [
        (1546322769.0, "Tue Jan 1 06:06:09 UTC 2019"),
        (1546322769.999, "Tue Jan 1 06:06:09 UTC 2019"),
        (1709251199, "Thu Feb 29 23:59:59 UTC 2024"),
        (1746576580, "Wed May 7 00:09:40 UTC 2025"),
        (1765710245, "Sun Dec 14 11:04:05 UTC 2025"),
    ],
)
def test_timestamp(epoch: float, expected: str) -> None:
    """The timestamp has the form that Cognito expects."""
    assert srp.timestamp(epoch) == expected


def test_timestamp_ignores_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locale, "nl_langinfo", lambda _: "Januar", raising=False)
    monkeypatch.setattr("time.strftime", lambda *_: pytest.fail("strftime follows the locale"))
    assert srp.timestamp(0) == "Thu Jan 1 00:00:00 UTC 1970"


# --- An independent server -----------------------------------------------------------------------------


def server_key(A: int, verifier: int, b: int) -> tuple[int, bytes]:  # noqa: N803 - the RFC's letters
    """The server's half of SRP-6a, in plain Python; of the module under test it knows N alone.

    Returns B and the 16 bytes that the server expects the client to derive.
    """
    n = srp.N

    def signed(number: int) -> bytes:
        text = f"{number:x}"
        text = "0" * (len(text) % 2) + text
        return bytes.fromhex("00" + text if text[0] in "89abcdef" else text)

    big_b = (MULTIPLIER * verifier + pow(2, b, n)) % n
    u = hashlib.sha256(signed(A) + signed(big_b)).digest()
    salt = signed(int.from_bytes(u, "big"))
    secret = pow(A * pow(verifier, int.from_bytes(u, "big"), n), b, n)
    extracted = hmac.new(salt, signed(secret), hashlib.sha256).digest()
    return big_b, hmac.new(extracted, b"Caldera Derived Key\x01", hashlib.sha256).digest()[:16]


def server_verifier(identity: str, salt: bytes) -> int:
    """v as a server would store it: `salt` is the signed form of the number sent as SALT."""
    inner = hashlib.sha256(identity.encode()).digest()
    return pow(2, int.from_bytes(hashlib.sha256(salt + inner).digest(), "big"), srp.N)


def java_bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 8) // 8, "big", signed=True)


unicode_text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
salts = st.one_of(
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=14, max_size=14).map(lambda tail: b"\0\0" + tail),
    st.binary(min_size=0, max_size=3),
)


@settings(max_examples=40, deadline=None)
@given(password=unicode_text, user=unicode_text, salt=salts, a=st.integers(1, 1 << 256), b=st.integers(1))
@example(password="pä ss-Ω-✓🙂", user="ana", salt=b"", a=1, b=1)
@example(password="x", user="ana", salt=b"\x00\x80" + bytes(14), a=(1 << 256) - 1, b=1 << 255)
def test_client_and_server_agree(password: str, user: str, salt: bytes, a: int, b: int) -> None:
    s = int.from_bytes(salt, "big")
    verifier = server_verifier(f"aBcDeFgHi{user}:{password}", java_bytes(s))
    ephemeral = srp.Ephemeral.from_private(a)
    assert pow(2, a, srp.N) == ephemeral.A
    big_b, expected = server_key(ephemeral.A, verifier, b)

    def key(word: str, salt_hex: str, srp_b_hex: str) -> bytes:
        return srp.session_key(
            ephemeral,
            pool_name="aBcDeFgHi",
            user_id=user,
            password=word,
            srp_b_hex=srp_b_hex,
            salt_hex=salt_hex,
        )

    assert key(password, f"{s:x}", f"{big_b:x}") == expected
    assert key(password, salt.hex() or "0", f"{big_b:X}") == expected  # leading zeros, capitals
    assert key(password, f"00{s:x}", f"0{big_b:x}") == expected
    assert key(password + "!", f"{s:x}", f"{big_b:x}") != expected


@settings(max_examples=15, deadline=None)
@given(group=unicode_text, key=unicode_text, salt=salts.map(lambda salt: salt.rjust(16, b"\0")))
def test_a_device_signs_in_with_what_was_confirmed(group: str, key: str, salt: bytes) -> None:
    answers = {40: secrets.token_bytes(40), 16: salt}
    made = srp.device_verifier(group, key, random_bytes=answers.__getitem__)
    stored = int.from_bytes(base64.b64decode(made.password_verifier), "big")
    stored_salt = base64.b64decode(made.salt)
    assert stored == server_verifier(f"{group}{key}:{made.random_password}", stored_salt)

    ephemeral = srp.Ephemeral.generate()
    big_b, expected = server_key(ephemeral.A, stored, secrets.randbits(256))
    derived = srp.session_key(
        ephemeral,
        pool_name=group,
        user_id=key,
        password=made.random_password,
        srp_b_hex=f"{big_b:x}",
        salt_hex=stored_salt.hex(),
    )
    assert derived == expected


def test_a_lone_surrogate_is_hashed_as_a_browser_hashes_it() -> None:
    replaced = srp.private_key("pool", "user", "p\ufffdw", 1)
    assert srp.private_key("pool", "user", "p\ud800w", 1) == replaced
    assert srp.private_key("pool", "user", "\ud83d\ude42", 1) == srp.private_key("pool", "user", "🙂", 1)


# --- Another client ------------------------------------------------------------------------------------


@pytest.mark.interop
@settings(max_examples=10, deadline=None)
@given(
    password=unicode_text,
    salt=st.integers(0, (1 << 128) - 1),
    big_b=st.integers(1, srp.N - 1),
    block=st.binary(max_size=100),
)
def test_pycognito_signs_the_same(password: str, salt: int, big_b: int, block: bytes) -> None:
    from pycognito.aws_srp import AWSSRP

    other = AWSSRP("ana", password, "eu-west-1_aBcDeFgHi", "client", client=object())
    ephemeral = srp.Ephemeral.generate()
    other.small_a_value, other.large_a_value = ephemeral.a, ephemeral.A
    parameters = {
        "USER_ID_FOR_SRP": "7f6e5d4c-3b2a-1908-f7e6-d5c4b3a29180",
        "SALT": f"{salt:x}",
        "SRP_B": f"{big_b:x}",
        "SECRET_BLOCK": base64.b64encode(block).decode(),
    }
    answer = other.process_challenge(parameters, {"USERNAME": "ana"})
    assert answer["PASSWORD_CLAIM_SIGNATURE"] == srp.password_claim_signature(
        ephemeral,
        pool_name="aBcDeFgHi",
        user_id=parameters["USER_ID_FOR_SRP"],
        password=password,
        srp_b_hex=parameters["SRP_B"],
        salt_hex=parameters["SALT"],
        secret_block=parameters["SECRET_BLOCK"],
        timestamp=answer["TIMESTAMP"],
    )


# --- Constant time -------------------------------------------------------------------------------------


def forbidden(*_: object) -> None:
    pytest.fail("a power of secret exponent in variable time")


def test_what_the_password_made_is_never_an_exponent_in_variable_time(
    monkeypatch: pytest.MonkeyPatch, vector: dict[str, Any], device_vector: dict[str, Any]
) -> None:
    ephemeral = srp.Ephemeral.from_private(int(vector["a"], 16))
    exponents: list[int] = []
    constant_time: Callable[..., gmpy2.mpz] = gmpy2.powmod_sec

    def recorded(base: Any, exponent: Any, modulus: Any) -> gmpy2.mpz:
        assert gmpy2.get_context().allow_release_gil
        exponents.append(int(exponent))
        return constant_time(base, exponent, modulus)

    monkeypatch.setattr(gmpy2, "powmod_sec", recorded)
    monkeypatch.setattr(gmpy2, "powmod", forbidden)
    monkeypatch.setattr("builtins.pow", forbidden)
    monkeypatch.setattr(srp, "_table", forbidden)
    monkeypatch.setattr(srp, "_power_of_g", forbidden)

    x, u = int(vector["x"], 16), int(vector["u"], 16)
    srp.premaster_secret(ephemeral.a, int(vector["B"], 16), x, u)
    assert exponents == [x, ephemeral.a + u * x]
    srp.device_verifier(device_vector["deviceGroupKey"], device_vector["deviceKey"])
    assert len(exponents) == 3


def test_the_ephemeral_comes_from_a_table_that_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    srp.Ephemeral.generate()
    made = srp._table()
    monkeypatch.setattr(gmpy2, "powmod_sec", forbidden)
    for a in (0, 1, (1 << 256) - 1, secrets.randbits(256)):
        assert pow(2, a, srp.N) == srp.Ephemeral.from_private(a).A
    assert srp._table() is made


def test_ephemerals_are_fresh_and_have_256_bits() -> None:
    made = [srp.Ephemeral.generate().a for _ in range(20)]
    assert len(set(made)) == 20
    assert 240 < max(a.bit_length() for a in made) <= 256


# --- What is refused -----------------------------------------------------------------------------------

GOOD = {
    "pool_name": "aBcDeFgHi",
    "user_id": "ana",
    "password": "Very$ecur3",
    "srp_b_hex": "c0ffee",
    "salt_hex": "abc",
    "secret_block": "c2VjcmV0",
    "timestamp": "Tue Jan 1 06:06:09 UTC 2019",
}


@pytest.mark.parametrize(
    ("member", "value", "named"),
    [
        ("srp_b_hex", "0", "SRP_B"),
        ("srp_b_hex", f"{srp.N:x}", "SRP_B"),
        ("srp_b_hex", f"{3 * srp.N:x}", "SRP_B"),
        ("srp_b_hex", "", "SRP_B"),
        ("srp_b_hex", "0xc0ffee", "SRP_B"),
        ("srp_b_hex", "c0_ffee", "SRP_B"),
        ("srp_b_hex", "-c0ffee", "SRP_B"),
        ("srp_b_hex", "c0ffee\n", "SRP_B"),
        ("srp_b_hex", "٣", "SRP_B"),
        ("salt_hex", "", "SALT"),
        ("salt_hex", "salty", "SALT"),
        ("secret_block", "w", "SECRET_BLOCK"),
        ("secret_block", "abcde", "SECRET_BLOCK"),
        ("secret_block", "c2Vj cmV0", "SECRET_BLOCK"),
        ("secret_block", "c2Vjém0", "SECRET_BLOCK"),
    ],
)
def test_a_malformed_answer_is_refused_without_being_quoted(member: str, value: str, named: str) -> None:
    ephemeral = srp.Ephemeral.generate()
    with pytest.raises(srp.SrpError) as caught:
        srp.password_claim_signature(ephemeral, **(GOOD | {member: value}))
    error = caught.value
    assert named in str(error)
    assert isinstance(error, SignInException)
    assert isinstance(error, ValueError)
    assert error.name == "SignInException"
    assert error.http_status == 502
    assert error.__context__ is None
    assert not value or value not in str(error) + repr(error)
    assert "Very$ecur3" not in repr(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_u_must_not_be_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(srp, "scrambling_parameter", lambda A, B: 0)  # noqa: N803 - the RFC's letters
    with pytest.raises(AuthError, match="zero"):
        srp.password_claim_signature(srp.Ephemeral.generate(), **GOOD)


@pytest.mark.parametrize("multiple", [0, srp.N, 2 * srp.N])
def test_a_public_value_that_is_a_multiple_of_n_is_refused(multiple: int) -> None:
    with pytest.raises(srp.SrpError, match="SRP_A"):
        srp.Ephemeral(a=1, A=multiple)


@pytest.mark.parametrize("block", [b"\xfb\xef\xbe\xff", b"\xff", b"\xff\xfe", b"\xff\xfe\xfd", b""])
def test_a_secret_block_is_read_in_either_alphabet_padded_or_not(block: bytes) -> None:
    ephemeral = srp.Ephemeral.generate()
    standard, urlsafe = base64.b64encode(block).decode(), base64.urlsafe_b64encode(block).decode()
    forms = [standard, standard.rstrip("="), urlsafe, urlsafe.rstrip("=")]
    signatures = {srp.password_claim_signature(ephemeral, **(GOOD | {"secret_block": f})) for f in forms}
    asked = {name: value for name, value in GOOD.items() if name not in ("secret_block", "timestamp")}
    key = srp.session_key(ephemeral, **asked)
    message = b"aBcDeFgHiana" + block + GOOD["timestamp"].encode()
    assert signatures == {base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()}


def test_reprs_have_no_secret() -> None:
    ephemeral = srp.Ephemeral.generate()
    assert repr(ephemeral) == "Ephemeral()"
    assert repr(srp.device_verifier("-group123", "key")) == "DeviceVerifier()"


# --- Where it runs -------------------------------------------------------------------------------------


async def test_run_works_in_another_thread_and_passes_everything_on() -> None:
    def work(*args: object, **kwargs: object) -> tuple[int, tuple[object, ...], dict[str, object]]:
        return threading.get_ident(), args, kwargs

    thread, args, kwargs = await srp.run(work, 1, b=2)
    assert thread != threading.get_ident()
    assert (args, kwargs) == ((1,), {"b": 2})
    with pytest.raises(srp.SrpError):
        await srp.run(srp.password_claim_signature, srp.Ephemeral.generate(), **(GOOD | {"srp_b_hex": "0"}))


@pytest.mark.parametrize(("cores", "threads"), [(None, 1), (1, 1), (2, 1), (8, 7)])
def test_one_core_is_left_to_the_event_loop(
    monkeypatch: pytest.MonkeyPatch, cores: int | None, threads: int
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    workers = srp._workers.__wrapped__()
    began, is_over = threading.Semaphore(0), threading.Event()

    def wait() -> None:
        began.release()
        is_over.wait(LONGEST)

    calls = [workers.submit(wait) for _ in range(threads + 1)]
    assert all(began.acquire(timeout=LONGEST) for _ in range(threads))
    assert [call.running() for call in calls] == [True] * threads + [False]
    is_over.set()
    workers.shutdown()


def test_event_loops_share_the_worker_threads() -> None:
    async def used() -> int:
        return await srp.run(threading.get_ident)

    workers = srp._workers()
    assert threading.get_ident() not in {asyncio.run(used()), asyncio.run(used())}
    assert srp._workers() is workers


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_forked_process_has_worker_threads_of_its_own() -> None:
    code = """
import asyncio, os, sys
from aiocognito import _srp as srp

assert asyncio.run(srp.run(int)) == 0
child = os.fork()
if not child:
    os._exit(asyncio.run(asyncio.wait_for(srp.run(int, "7"), 60)))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == 7


async def test_cancelled_call_is_finished_and_its_result_dropped() -> None:
    began, is_over, is_done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        is_over.wait(LONGEST)
        is_done.set()

    call = asyncio.create_task(srp.run(work))
    assert await asyncio.to_thread(began.wait, LONGEST)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert not is_done.is_set()
    is_over.set()
    assert await asyncio.to_thread(is_done.wait, LONGEST)


async def test_only_the_table_of_an_ephemeral_needs_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    in_threads: list[object] = []
    run = srp.run

    async def recorded(function: Any, /, *args: Any) -> Any:
        in_threads.append(function)
        return await run(function, *args)

    monkeypatch.setattr(srp, "run", recorded)
    srp._table.cache_clear()
    first, second = await srp.new_ephemeral(), await srp.new_ephemeral()
    assert in_threads == [srp._table]
    assert first.a != second.a
    assert pow(2, first.a, srp.N) == first.A


def test_importing_loads_no_gmpy2() -> None:
    code = "import sys, aiocognito._srp; sys.exit('gmpy2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
