"""The public keys of a user pool: concurrent callers share a fetch, and cached keys stay if a fetch fails."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from .._signatures import PublicKey, public_key
from .._threads import run_in_thread
from .._urls import shown_url
from ..errors import JwksUnavailableError, NetworkError
from ..errors._service import TRANSIENT_STATUS
from .aws.retry import RetryPolicy
from .flights import Closed, Flights
from .http import Http, RawResponse
from .limits import MAX_BYTES

# After a fetch without the wanted key: an unknown key id may be an attacker's.
COOL_DOWN_SECONDS: Final = 10.0
# After a failed fetch.
RETRY_SECONDS: Final = 5.0
# The longest time for which a key is trusted that the pool no longer publishes.
STALE_SECONDS: Final = 86_400.0

_Keys = Mapping[str, PublicKey]


class Jwks:
    """The keys behind one JWKS URI (RFC 7517), by their id.

    Args:
        uri: The URL of the key set.
        http: The HTTP client.
        clock: Returns seconds since the epoch.
        preloaded: A JWKS to begin with; keys are fetched if one is missing in it.
        retries: The attempts of one fetch; by default, one.

    Attributes:
        uri: The URL of the key set.
        fetches: The fetch that is under way.
        status: The HTTP status of the last response; None if the last attempt got no response.
        failure: Why the last fetch failed; None if it succeeded.
    """

    def __init__(
        self,
        uri: str,
        http: Http,
        clock: Callable[[], float],
        preloaded: Mapping[str, Any] | None = None,
        *,
        retries: RetryPolicy | None = None,
    ) -> None:
        self.uri = uri
        self._http = http
        self._clock = clock
        self._preloaded = preloaded
        self.retries = retries or RetryPolicy(1)
        self._keys: _Keys = {}
        self._stale_at = math.inf
        self._blocked_until = -math.inf
        self.fetches: Flights[None] = Flights("the token verifier")
        self.failure: NetworkError | ValueError | None = None
        self.status: int | None = None

    @property
    def host(self) -> str | None:
        """The host of the key set's URL."""
        return urlsplit(self.uri).hostname

    def fresh(self, kid: str) -> PublicKey | None:
        """Return a cached key that is not stale, or None. Sends nothing."""
        return self._keys.get(kid) if self._clock() < self._stale_at else None

    def known(self, kid: str) -> PublicKey | None:
        """Return a cached key, or None. Sends nothing; parses preloaded keys at the first call."""
        if self._preloaded is not None:
            self._use(_usable(self._preloaded))
        return self._keys.get(kid)

    async def get(self, kid: str) -> PublicKey | None:
        """Return a key, and fetch the keys if it is not cached; None if the pool does not publish it.

        Raises:
            JwksUnavailableError: The key is not cached, and the keys could not be fetched, now or in the
                last few seconds.
        """
        await self._load_preloaded()
        if self.fresh(kid) is None and not self._is_blocked():
            if kid in self._keys and self._is_outage():
                # The stale key is used until a fetch succeeds, so callers do not wait for this fetch.
                _ = self.fetches.running() or self.fetches.start(self._fetch())
            else:
                await self.fetch()
            if kid not in self._keys:
                self._block(COOL_DOWN_SECONDS if self.failure is None else RETRY_SECONDS)
        key = self._keys.get(kid)
        if key is None and self.failure is not None:
            raise self._unavailable(self.failure)
        return key

    async def warm_up(self) -> None:
        """Fetch the keys, unless they were preloaded.

        Raises:
            JwksUnavailableError: No keys are cached, and they could not be fetched.
        """
        await self._load_preloaded()
        if not self._keys or self._stale_at < math.inf:
            await self.fetch()
        self._require_keys()

    async def ready(self) -> None:
        """Fetch the keys unless they are cached and not stale.

        Raises:
            JwksUnavailableError: No keys are cached, and they could not be fetched, now or in the last few
                seconds.
        """
        await self._load_preloaded()
        if (not self._keys or self._clock() >= self._stale_at) and not self._is_blocked():
            await self.fetch()
        self._require_keys()

    async def fetch(self) -> None:
        """Fetch the keys. If that fails, the cached keys stay; `get` raises the error if one is missing.

        Raises:
            JwksUnavailableError: The verifier was closed meanwhile.
        """
        try:
            await self.fetches.join(self._fetch)
        except Closed as error:
            reason = error.with_traceback(None)
        else:
            return
        raise self._unavailable(reason)

    async def stop(self) -> None:
        """Stop fetching."""
        await self.fetches.end()

    def _is_outage(self) -> bool:
        """Whether a fetch has failed since the keys became stale."""
        return self.failure is not None and self._blocked_until > self._stale_at

    def _require_keys(self) -> None:
        if not self._keys and self.failure is not None:
            raise self._unavailable(self.failure)

    def _unavailable(self, reason: Exception) -> JwksUnavailableError:
        error = JwksUnavailableError(f"the keys at {shown_url(self.uri)} could not be fetched: {reason}")
        error.__cause__ = reason
        return error

    def _is_blocked(self) -> bool:
        # If a fetch is under way, wait for it.
        return self.fetches.running() is None and self._clock() < self._blocked_until

    def _block(self, seconds: float) -> None:
        self._blocked_until = self._clock() + seconds

    async def _load_preloaded(self) -> None:
        if self._preloaded is not None:
            self._use(await run_in_thread(partial(_usable, self._preloaded)))

    def _use(self, preloaded: _Keys) -> None:
        if self._preloaded is not None:
            self._preloaded, self._keys = None, preloaded

    async def _fetch(self) -> None:
        try:
            response = await self.retries.run(self._ask, repeatable=True)
            # Parsing keys imports jose and computes with large numbers, which would block the event loop.
            self._keys = await run_in_thread(partial(_parse_response, response))
        except (NetworkError, ValueError) as error:
            self.failure = error.with_traceback(None)
            self._block(RETRY_SECONDS)
        else:
            self.failure = None
            self._stale_at = self._clock() + STALE_SECONDS

    async def _ask(self) -> RawResponse:
        self.status = None
        response = await self._http.request("GET", self.uri)
        self.status = response.status
        if response.status in TRANSIENT_STATUS:
            raise NetworkError(f"HTTP {response.status}", request_sent=True)
        return response


def _parse_response(response: RawResponse) -> _Keys:
    if response.status != 200:
        raise ValueError(f"HTTP {response.status}")
    if len(response.body) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES} bytes")
    try:
        document = json.loads(response.body)
    except (ValueError, RecursionError):
        document = None
    keys = _usable(document)
    if not keys:
        raise ValueError("no JSON Web Key Set with a usable key")
    return keys


def _usable(document: Any) -> _Keys:
    """Parse the keys of a JWKS. Keys of other kinds are skipped."""
    listed = document.get("keys") if isinstance(document, Mapping) else None
    keys: dict[str, PublicKey] = {}
    for jwk in listed if isinstance(listed, list | tuple) else ():
        if isinstance(jwk, Mapping) and isinstance(jwk.get("kid"), str):
            try:
                keys[jwk["kid"]] = public_key(jwk)
            except ValueError:
                continue
    return keys
