"""The client's part of Secure Remote Password (SRP) with Amazon Cognito.

SRP-6a (RFC 5054, RFC 2945) over the 3072-bit group of RFC 3526 with g = 2 and SHA-256. Names are the
RFCs': ``N`` and ``g`` the group, ``k`` the multiplier, ``a`` and ``A`` the client's ephemeral, ``B`` the
server's, ``s`` the salt, ``x`` the private key made of the password, ``u`` the scrambling parameter,
``S`` the premaster secret, ``v`` the password verifier.

The functions use no network, disk or clock. A signature takes a few milliseconds of one core, so coroutines
call these functions through :func:`run`::

    ephemeral = await srp.new_ephemeral()
    ...  # send ephemeral.public_hex as SRP_A
    signature = await srp.run(srp.password_claim_signature, ephemeral, pool_name=..., ...)

**Timing.** If the exponent depends on x, and so on the password, the power is computed in constant time
(``gmpy2.powmod_sec``). The ephemeral a is a random number for one sign-in, so its power may come from a
table. gmpy2 is imported with the first power, and releases the interpreter lock during the long ones.
"""
# ruff: noqa: N803, N806 - the RFCs' names

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import re
import secrets
import time
from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from attrs import Attribute, field, frozen

from .errors import SignInException

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from gmpy2 import mpz

P = ParamSpec("P")
T = TypeVar("T")


def pad(n: int) -> bytes:
    """PAD(n): the big-endian bytes of n >= 0, with room for a sign bit.

    These are the bytes of Java's ``BigInteger.toByteArray``: no leading zeros, but one ``00`` if the top bit
    is set. RFC 5054's PAD is another function: it fills up to the length of N.
    """
    return n.to_bytes(n.bit_length() // 8 + 1, "big")


def _hash(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest(), "big")


N: Final = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
"""The prime modulus: RFC 3526, group 15."""
G: Final = 2
"""The generator; RFC 5054 pairs the same prime with 5, Cognito with 2."""
K: Final = _hash(pad(N), pad(G))
"""The multiplier, H(PAD(N) | PAD(g)) (RFC 5054, 2.5.3)."""

EPHEMERAL_BITS: Final = 256
"""The length of a; RFC 5054, 2.5.4, requires at least 256 bits."""

_TABLE_WINDOW: Final = 6
_HKDF_INFO: Final = b"Caldera Derived Key" + b"\x01"
_HEX: Final = re.compile(r"[0-9a-fA-F]+")
_BASE64: Final = re.compile(r"([A-Za-z0-9+/]*)={0,2}")
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class SrpError(SignInException, ValueError):
    """A value from the server is malformed, or SRP-6a forbids it.

    The message names the member of Cognito's response and never quotes it.
    """

    http_status = 502
    default_name = "SignInException"


def _no_multiple_of_n(_key: Ephemeral, _attribute: Attribute[int], value: int) -> None:
    if value % N == 0:
        raise SrpError("SRP_A must not be a multiple of N")


@frozen
class Ephemeral:
    """The client's key pair for one sign-in.

    Args:
        a: The private exponent.
        A: The public value, g^a mod N.

    Raises:
        SrpError: A is a multiple of N (RFC 2945: a server would abort).
    """

    a: int = field(repr=False)
    A: int = field(repr=False, validator=_no_multiple_of_n)

    @classmethod
    def generate(cls) -> Ephemeral:
        """Return a new pair of 256 random bits."""
        return cls.from_private(secrets.randbits(EPHEMERAL_BITS))

    @classmethod
    def from_private(cls, a: int) -> Ephemeral:
        """Return the pair of a given exponent of any length; for test vectors."""
        return cls(a=a, A=int(_power_of_g(a)))

    @property
    def public_hex(self) -> str:
        """SRP_A: lower-case hexadecimal without leading zeros."""
        return f"{self.A:x}"


@frozen
class DeviceVerifier:
    """The secret of a device, and its verifier for ConfirmDevice.

    Args:
        random_password: The device's password, 56 characters of base64, which later sign-ins need.
        salt: ``DeviceSecretVerifierConfig.Salt``: base64 of PAD(s).
        password_verifier: ``DeviceSecretVerifierConfig.PasswordVerifier``: base64 of PAD(v).
    """

    random_password: str = field(repr=False)
    salt: str = field(repr=False)
    password_verifier: str = field(repr=False)


def password_claim_signature(
    ephemeral: Ephemeral,
    *,
    pool_name: str,
    user_id: str,
    password: str,
    srp_b_hex: str,
    salt_hex: str,
    secret_block: str,
    timestamp: str,
) -> str:
    """Return the proof for PASSWORD_VERIFIER or DEVICE_PASSWORD_VERIFIER (RespondToAuthChallenge).

    Args:
        ephemeral: The pair whose public value was sent as SRP_A.
        pool_name: The user pool's id after its first underscore; for a device, its group key.
        user_id: USER_ID_FOR_SRP; for a device, its key.
        password: The password; for a device, its random password.
        srp_b_hex: SRP_B, unchanged.
        salt_hex: SALT, unchanged.
        secret_block: SECRET_BLOCK, unchanged: base64 or base64url, padded or not.
        timestamp: TIMESTAMP, as :func:`timestamp` returns it.

    Returns:
        PASSWORD_CLAIM_SIGNATURE, in base64.

    Raises:
        SrpError: The server's values are malformed, or B or u is zero.
    """
    block = _base64_bytes("SECRET_BLOCK", secret_block)
    key = session_key(
        ephemeral,
        pool_name=pool_name,
        user_id=user_id,
        password=password,
        srp_b_hex=srp_b_hex,
        salt_hex=salt_hex,
    )
    message = _utf8(pool_name) + _utf8(user_id) + block + timestamp.encode()
    return base64.b64encode(hmac.digest(key, message, "sha256")).decode()


def session_key(
    ephemeral: Ephemeral,
    *,
    pool_name: str,
    user_id: str,
    password: str,
    srp_b_hex: str,
    salt_hex: str,
) -> bytes:
    """Derive the 16 bytes that sign a password claim. The arguments are those of `password_claim_signature`.

    Raises:
        SrpError: A value from the server is malformed, or SRP-6a forbids it.
    """
    B = _hex_int("SRP_B", srp_b_hex)
    if B % N == 0:
        raise SrpError("SRP_B must not be a multiple of N")
    x = private_key(pool_name, user_id, password, _hex_int("SALT", salt_hex))
    u = scrambling_parameter(ephemeral.A, B)
    if u == 0:
        raise SrpError("SRP_A and SRP_B scramble to zero")
    return hkdf(pad(premaster_secret(ephemeral.a, B, x, u)), salt=pad(u))


def private_key(pool_name: str, user_id: str, password: str, salt: int) -> int:
    """x = H(PAD(s) | H(pool name | I | ":" | P)) (RFC 5054, 2.5.3; Cognito adds the pool's name)."""
    identity = hashlib.sha256(_utf8(f"{pool_name}{user_id}:{password}")).digest()
    return _hash(pad(salt), identity)


def scrambling_parameter(A: int, B: int) -> int:
    """u = H(PAD(A) | PAD(B)) (RFC 5054, 2.6)."""
    return _hash(pad(A), pad(B))


def premaster_secret(a: int, B: int, x: int, u: int) -> int:
    """S = (B - k * g^x) ^ (a + u * x) mod N (RFC 5054, 2.6), in time that does not depend on x."""
    base = (B - K * _secret_power(G, x)) % N
    return int(_secret_power(base, a + u * x))


def hkdf(secret: bytes, *, salt: bytes) -> bytes:
    """Return the first 16 bytes of HKDF-SHA256 (RFC 5869) with Cognito's info."""
    extracted = hmac.digest(salt, secret, "sha256")
    return hmac.digest(extracted, _HKDF_INFO, "sha256")[:16]


def device_verifier(
    device_group_key: str,
    device_key: str,
    *,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> DeviceVerifier:
    """Return a secret for a new device, and its verifier for ConfirmDevice.

    Args:
        device_group_key: NewDeviceMetadata's DeviceGroupKey.
        device_key: NewDeviceMetadata's DeviceKey.
        random_bytes: Called with a number of bytes: first 40 for the password, then 16 for the salt.
    """
    password = base64.b64encode(random_bytes(40)).decode()
    # The salt is a number, so PAD can make it shorter or longer than 16 bytes.
    salt = int.from_bytes(random_bytes(16), "big")
    v = int(_secret_power(G, private_key(device_group_key, device_key, password, salt)))
    return DeviceVerifier(
        random_password=password,
        salt=base64.b64encode(pad(salt)).decode(),
        password_verifier=base64.b64encode(pad(v)).decode(),
    )


def timestamp(epoch_seconds: float) -> str:
    """Return a time as Cognito's TIMESTAMP, such as ``Tue Jan 1 06:06:09 UTC 2019``.

    It is English in every locale, and the day is not padded.

    Args:
        epoch_seconds: The time in seconds since 1970, UTC; fractions are dropped.
    """
    t = time.gmtime(epoch_seconds)
    clock = f"{t.tm_hour:02}:{t.tm_min:02}:{t.tm_sec:02}"
    return f"{_DAYS[t.tm_wday]} {_MONTHS[t.tm_mon - 1]} {t.tm_mday} {clock} UTC {t.tm_year}"


async def new_ephemeral() -> Ephemeral:
    """Return a new pair of 256 random bits; for coroutines, in place of `Ephemeral.generate`.

    A pair takes about 0.2 ms, less than its way to a worker thread and back. Many of them in a row would also
    keep the interpreter lock from the event loop. Only the first import of gmpy2 and the table take longer.
    """
    if _table.cache_info().currsize == 0:
        await run(_table)
    return Ephemeral.generate()


async def run(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call one of these functions in a worker thread, so that the event loop is not blocked.

    If the caller is cancelled, a call that has begun is finished, and its result is dropped.
    """
    call = partial(function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_workers(), call)


@cache
def _workers() -> Executor:
    """Return the worker threads of this process: one for each core but one, which is left to the event loop.

    A worker takes its next call by itself, so it does not stand idle while the event loop is busy.
    """
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(max((os.cpu_count() or 1) - 1, 1), thread_name_prefix="aiocognito-srp")


if hasattr(os, "register_at_fork"):  # not on Windows
    # A forked process does not have the threads of its parent.
    os.register_at_fork(after_in_child=_workers.cache_clear)


def _secret_power(base: int | mpz, exponent: int) -> mpz:
    """base^exponent mod N, in time that depends on the lengths alone."""
    import gmpy2

    # Contexts are per thread. The interpreter lock is released in this long call only: to acquire it again
    # after each of many short calls would take longer than the calls.
    with gmpy2.context(allow_release_gil=True):
        return gmpy2.powmod_sec(base, exponent, N)


def _power_of_g(a: int) -> mpz:
    """g^a mod N by table look-ups, whose cache timing depends on the exponent: for a only, never for x."""
    import gmpy2

    if a.bit_length() > EPHEMERAL_BITS:
        return _secret_power(G, a)
    power = gmpy2.mpz(1)
    mask = (1 << _TABLE_WINDOW) - 1
    for row in _table():
        power = power * row[a & mask] % N
        a >>= _TABLE_WINDOW
    return power


@cache
def _table() -> tuple[tuple[mpz, ...], ...]:
    """Return rows of g^(j * 2^(w*i)) mod N for every digit j of w bits: 1 MB, computed in about 10 ms."""
    import gmpy2

    rows = []
    base = gmpy2.mpz(G)
    for _ in range(-(-EPHEMERAL_BITS // _TABLE_WINDOW)):
        row = [gmpy2.mpz(1)]
        for _ in range(1 << _TABLE_WINDOW):
            row.append(row[-1] * base % N)
        base = row.pop()
        rows.append(tuple(row))
    return tuple(rows)


def _utf8(text: str) -> bytes:
    # Like TextEncoder in JavaScript clients: a lone surrogate becomes U+FFFD. Python's UnicodeEncodeError
    # would hold the whole text, which may be a password.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def _hex_int(member: str, text: str) -> int:
    if not _HEX.fullmatch(text):
        raise SrpError(f"{member} is not a hexadecimal number")
    return int(text, 16)


def _base64_bytes(member: str, text: str) -> bytes:
    match = _BASE64.fullmatch(text.replace("-", "+").replace("_", "/"))
    if match is None or len(match[1]) % 4 == 1:
        raise SrpError(f"{member} is not base64")
    return base64.b64decode(match[1] + "=" * (-len(match[1]) % 4))
