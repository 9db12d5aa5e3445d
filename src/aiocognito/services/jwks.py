"""The public keys of a user pool: fetched once however many ask, and kept when a refetch fails."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import anyio.to_thread

from ..errors import JwksUnavailableError, NetworkError
from ..signatures import PublicKey, public_key
from .http import Http, HttpAnswer

# An unknown key id may be a new key, or anybody's invention: one look per so many seconds.
COOL_DOWN_SECONDS: Final = 60.0
RETRY_SECONDS: Final = 5.0
MAX_BYTES: Final = 1_000_000


class Jwks:
    """The keys behind one JWKS URI (RFC 7517), by their id.

    Args:
        uri: Where they are published.
        http: Fetches them.
        clock: Seconds since the epoch.
        preloaded: A JWKS that is known already; it is fetched when a key is not in it.
    """

    def __init__(
        self,
        uri: str,
        http: Http,
        clock: Callable[[], float],
        preloaded: Mapping[str, Any] | None = None,
    ) -> None:
        self._uri = uri
        self._http = http
        self._clock = clock
        self._preloaded = preloaded
        self._keys: Mapping[str, PublicKey] | None = None
        self._fetching: asyncio.Task[None] | None = None
        self._last_attempt: float | None = None
        self._failure: JwksUnavailableError | None = None

    def known(self, kid: str) -> PublicKey | None:
        """Return a key if it is there; asks nobody."""
        if self._keys is None and self._preloaded is not None:
            self._keys = _parse(self._preloaded)
        return None if self._keys is None else self._keys.get(kid)

    async def get(self, kid: str) -> PublicKey | None:
        """Return a key, fetching the keys if it is not there; None if the pool does not publish it.

        Raises:
            JwksUnavailableError: The keys could not be fetched, now or within the cool-down, so that
                nobody can say whether the key is one of them.
        """
        key = self.known(kid)
        if key is None and not self._is_cooling_down():
            await self.fetch()
            key = self.known(kid)
        if key is None and self._failure is not None:
            raise self._failure
        return key

    async def fetch(self) -> None:
        """Fetch the keys. What was there is kept if that fails, and `get` tells why where it matters."""
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch())
        await asyncio.shield(self._fetching)

    def raise_failure(self) -> None:
        """Raise why the last attempt to fetch the keys failed, if it did and none are there."""
        if self._failure is not None and not self._keys:
            raise self._failure

    def _is_cooling_down(self) -> bool:
        if self._fetching is not None or self._last_attempt is None:
            return False
        # A failure is over sooner than a new key comes.
        seconds = COOL_DOWN_SECONDS if self._failure is None else RETRY_SECONDS
        return 0 <= self._clock() - self._last_attempt < seconds

    async def _fetch(self) -> None:
        try:
            answer = await self._http.request("GET", self._uri)
            # Making keys imports jose and parses numbers: not on the loop.
            self._keys = await anyio.to_thread.run_sync(_parse_answer, answer)
            self._failure = None
        except NetworkError as error:
            self._failure = JwksUnavailableError(f"the keys at {self._uri} could not be fetched: {error}")
            self._failure.__cause__ = error
        except ValueError as error:
            self._failure = JwksUnavailableError(f"the keys at {self._uri} cannot be used: {error}")
        finally:
            self._last_attempt = self._clock()
            self._fetching = None


def _parse_answer(answer: HttpAnswer) -> Mapping[str, PublicKey]:
    if answer.status != 200 or len(answer.body) > MAX_BYTES:
        raise ValueError(f"answered with HTTP {answer.status}")
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        document = None
    return _parse(document)


def _parse(document: Any) -> Mapping[str, PublicKey]:
    """Make keys of a JWKS. One of a kind that nobody here uses is left out, not fatal."""
    listed = document.get("keys") if isinstance(document, Mapping) else None
    keys: dict[str, PublicKey] = {}
    for jwk in listed if isinstance(listed, list) else ():
        if isinstance(jwk, Mapping) and isinstance(jwk.get("kid"), str):
            try:
                keys[jwk["kid"]] = public_key(jwk)
            except ValueError:
                continue
    if not keys:
        raise ValueError("no JSON Web Key Set with a usable key")
    return keys
