"""One run for each fault at each position of each operation, and what became of the sessions."""

from __future__ import annotations

import asyncio
import logging
import random
import traceback
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from attrs import define, field, frozen

from aiocognito import AuthClient
from aiocognito._session.keys import address
from aiocognito._session.marks import is_mark
from aiocognito.errors import AuthError

from .operations import Browser, Operation, sign_in_again
from .pool import LIFE, PASSWORD, Pool
from .process import CONFIG, STORAGE_CALLS, TOKEN_ENDPOINT, Backend, Fault, Process
from .simulation import SimulatedLoop, Time, elsewhere, simulated_loop

REFRESH: Final = "GetTokensFromRefreshToken"
NOT_AUTHORIZED: Final = "NotAuthorizedException"
# Refusals of a refresh token, as captured on live pools. The first group is about the token or the user.
ENDING: Final = (
    (NOT_AUTHORIZED, "Invalid Refresh Token"),
    (NOT_AUTHORIZED, "Refresh Token has expired"),
    (NOT_AUTHORIZED, "Refresh Token has been revoked"),
    (NOT_AUTHORIZED, ""),
    (NOT_AUTHORIZED, "User is disabled."),
    (NOT_AUTHORIZED, "The user has been deleted for the associated refresh token"),
    ("UserNotFoundException", "User does not exist."),
    ("PasswordResetRequiredException", "Password reset required for the user"),
    ("UserNotConfirmedException", "User is not confirmed."),
    # These two end it once the access token has expired.
    (NOT_AUTHORIZED, "Invalid Refresh Token."),
    ("RefreshTokenReuseException", "Refresh token reuse detected"),
)
KEEPING: Final = (
    ("ResourceNotFoundException", "User pool client client does not exist."),
    (NOT_AUTHORIZED, "Client client is configured with secret but SECRET_HASH was not received"),
    (NOT_AUTHORIZED, "Client client is configured for secret but secret was not received"),
    (NOT_AUTHORIZED, "Unable to verify secret hash for client client"),
    (NOT_AUTHORIZED, "SecretHash does not match for the client: client"),
    (NOT_AUTHORIZED, "Refresh Token has different Client"),
    (NOT_AUTHORIZED, "A text that Cognito has never sent before"),
    ("UnsupportedOperationException", "This API does not support refresh token rotation"),
    ("InvalidParameterException", "REFRESH_TOKEN_AUTH flow not enabled for this client"),
    ("InvalidParameterException", "Missing required parameter REFRESH_TOKEN"),
    ("InvalidParameterException", "1 validation error detected: …"),
    ("UnauthorizedException", "Invalid client or secret"),
    ("TooManyRequestsException", "Rate exceeded"),
    ("ForbiddenException", "Request not allowed due to WAF block."),
    ("UserLambdaValidationException", "PreTokenGeneration failed with error x."),
    ("UnexpectedLambdaException", "PreTokenGeneration invocation failed"),
    ("InvalidLambdaResponseException", "Unrecognizable lambda output"),
    ("OperationNotEnabledException", "not enabled"),
    ("FeatureUnavailableInTierException", "not in this plan"),
)


class Outcome(StrEnum):
    """The fate of a session."""

    KEPT = "kept"
    """It works; of a sign-in that failed: signing in again works."""
    TOKEN_DIED = "ended with its refresh token"
    """Its refresh token cannot be used any more, and the access token served until it expired."""
    KEY_LOST = "key lost with the process"
    """The process died after the session had moved and before the browser had the new key."""
    LOST = "lost"
    """None of these: a fault of the library."""


@frozen
class Run:
    """One run.

    Attributes:
        operation: What was done.
        fault: What went wrong.
        call: The call that it happened at.
        outcome: What became of the session.
        complaints: What else was wrong.
    """

    operation: Operation
    fault: Fault
    call: str
    outcome: Outcome
    complaints: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Name the class of the fault, for the table."""
        match self.fault.kind:
            case "refused" if (self.fault.code, self.fault.message) in ENDING:
                return "the refresh token or the user is refused"
            case "refused":
                return "any other refusal"
            case "cut" | "500":
                return "the connection is cut, or the answer has status 500"
            case "fails" | "is down":
                return "the storage fails, once or from then on"
            case "killed":
                return "the process is killed"
            case "stopped":
                return "the process is suspended beside another one"
        return "the caller is cancelled"


@define
class Simulation:
    """One run: the simulated service, storage and browser, and what was observed."""

    time: Time
    operation: Operation
    log: list[str]
    pool: Pool = field(init=False)
    backend: Backend = field(init=False)
    browser: Browser = field(init=False)
    ben: str = ""
    keys: set[str] = field(factory=set)
    texts: list[str] = field(factory=list)
    complaints: list[str] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.pool = Pool(self.time.clock, grace=self.operation.grace)
        self.backend = Backend(self.time.clock)

    def process(self, fault: Fault | None = None) -> Process:
        process = Process(self.pool, self.backend, fault, fixed_keys=self.operation.fixed_keys)
        process.sessions.hub.listen(lambda event: self.texts.append(repr(event)))
        return process

    async def prepare(self) -> None:
        """Sign Ben in, and carry out what comes before the operation."""
        process = self.process()
        ben = process.sessions.client(process.sessions.new_session_key())
        await ben.sign_in("ben", PASSWORD, auth_flow_type="USER_PASSWORD_AUTH")
        self.ben = ben.session_key
        self.operation.setup(self.pool)
        self.browser = Browser(process.sessions.new_session_key())
        for act in self.operation.prepare:
            auth = process.sessions.client(self.browser.key)
            await act(auth, self.browser)
            self.answered(auth)
        await process.sessions.aclose()
        await asyncio.sleep(self.operation.wait)

    def answered(self, auth: AuthClient) -> None:
        """Set the cookie, as the response of a web service does."""
        if auth.session_key != self.browser.key:
            self.browser.old.append(self.browser.key)
            self.browser.key = auth.session_key
        self.keys.update((self.browser.key, *self.browser.old))

    def note(self, error: BaseException | None) -> None:
        """Check an error that a method raised."""
        if error is None or isinstance(error, asyncio.CancelledError):
            return
        self.texts.append("".join(traceback.format_exception(error)) + repr(error))
        if not isinstance(error, AuthError):
            self.complaints.append(f"raised {error!r}")

    async def look(self, process: Process, key: str, name: str = "ana") -> bool | None:
        """Return whether a session works; None if that cannot be known now."""
        began = self.time.now
        try:
            tokens = (await process.sessions.client(key).fetch_auth_session(credentials=False)).tokens
        except AuthError as error:
            self.note(error)
            if self.time.now > began + 11:
                self.complaints.append(f"waited for {self.time.now - began:.0f} s")
            return None
        if tokens is None:
            return False
        token = tokens.access_token.token
        sub = f"sub-of-{name}"
        if tokens.access_token.payload["sub"] != sub:
            self.complaints.append(f"the session of {name} became another user's")
        return self.pool.whose(token) == name

    async def works(self, process: Process, key: str, name: str = "ana") -> bool:
        """Return whether a session works, after as many tries as an error asks for."""
        for _ in range(120):
            found = await self.look(process, key, name)
            if found is not None:
                return found
            await asyncio.sleep(6)
        return False

    def is_moved(self) -> bool:
        """Return whether the browser's key opens nothing since the record moved away."""
        return is_mark(self.backend.get(address(CONFIG, self.browser.key).storage_key))

    def families_alive(self) -> int:
        """Count the sign-ins of Ana whose tokens still work."""
        families = {id(t.family): t.family for t in self.pool.refresh_tokens.values()}.values()
        return sum(family.username == "ana" and not family.revoked for family in families)


async def _carry_out(simulation: Simulation, process: Process) -> BaseException | None:
    """Carry the operation out, with its fault; returns what was raised."""
    auth = process.sessions.client(simulation.browser.key)
    process.watched, fault = True, process.fault
    if fault is not None and fault.kind == "stopped":
        process.meanwhile = lambda: elsewhere(simulation.time, _look_meanwhile(simulation, process, fault))
    task = process.victim = asyncio.ensure_future(_act(simulation, auth))
    gone = asyncio.ensure_future(process.gone.wait())
    done, _ = await asyncio.wait({task, gone}, timeout=300, return_when="FIRST_COMPLETED")
    gone.cancel()
    if process.gone.is_set():
        await process.die()
        return _Killed()
    if not done:
        simulation.complaints.append("did not end within five minutes")
        task.cancel()
    await asyncio.sleep(1)
    process.watched = False
    simulation.answered(auth)
    return asyncio.CancelledError() if task.cancelled() else task.exception()


async def _act(simulation: Simulation, auth: AuthClient) -> None:
    await simulation.operation.act(auth, simulation.browser)


class _Killed(Exception):
    """Raised in place of the death of a process."""


async def _look_meanwhile(simulation: Simulation, process: Process, fault: Fault) -> None:
    """Let another process use the session while this one is suspended."""
    other, began = simulation.process(), simulation.time.now
    is_good = simulation.operation.wait < LIFE
    while simulation.time.now < began + fault.seconds:
        if not fault.keeps_lock and simulation.time.now >= began + 10:
            process.release()
        looked = simulation.time.now
        if await simulation.look(other, simulation.browser.key) is False:
            simulation.complaints.append("signed out while another process was suspended")
        if is_good and looked < began + 20 and simulation.time.now > looked + 1:
            simulation.complaints.append("good tokens waited for a suspended process")
        await asyncio.sleep(4)
    await other.sessions.aclose()


async def run(simulation: Simulation, fault: Fault | None) -> tuple[Outcome, list[str]]:
    """Carry one operation out with a fault, and find what became of the session; also the calls made."""
    operation = simulation.operation
    await simulation.prepare()
    process = simulation.process(fault)
    error = await _carry_out(simulation, process)
    simulation.note(None if isinstance(error, _Killed) else error)
    if fault is not None and not process.struck:
        simulation.complaints.append("the fault was not met")
    killed = isinstance(error, _Killed)
    if operation.has_session:
        outcome = await _after_session(simulation, process, fault, killed)
    else:
        outcome = await _after_sign_in(simulation, process, error, killed)
    await _check(simulation, killed=killed)
    return outcome, process.trace


async def _after_session(
    simulation: Simulation, process: Process, fault: Fault | None, killed: bool
) -> Outcome:
    """Use the session for a while, as a user does, and again an hour later."""
    current = simulation.process() if killed else process
    was_moved = killed and simulation.is_moved()
    looks = []
    for pause in (0, 6, 14, 20, 15):
        await asyncio.sleep(pause)
        looks.append(await simulation.look(current, simulation.browser.key))
    if not killed:
        await _close(simulation, process)
    other = simulation.process()
    await asyncio.sleep(LIFE + 60)
    kept = await simulation.works(other, simulation.browser.key)
    await other.sessions.aclose()
    if current is not process:
        await current.sessions.aclose()
    if kept and False not in looks:
        return Outcome.KEPT
    if was_moved:
        return Outcome.KEY_LOST
    return Outcome.TOKEN_DIED if _token_died(simulation, process, looks) else Outcome.LOST


def _token_died(simulation: Simulation, process: Process, looks: list[bool | None]) -> bool:
    """Return whether the session ended because its refresh token cannot be used any more."""
    fault = process.fault
    if fault is None:
        return False
    if (fault.code, fault.message) in ENDING:
        return True
    # Without a grace period a token whose answer is lost is spent. The access token must have served.
    answer_lost = fault.kind in {"cut", "500"} and fault.after
    if fault.kind == "killed":
        answer_lost = REFRESH in process.trace[: fault.at + fault.after]
    served = False not in looks if simulation.operation.wait < LIFE - 60 else looks[0] is not False
    return simulation.operation.grace == 0.0 and answer_lost and (served or simulation.operation.wait >= LIFE)


async def _after_sign_in(
    simulation: Simulation, process: Process, error: BaseException | None, killed: bool
) -> Outcome:
    """Go on from the step that was returned, or sign in again after a failure."""
    current = simulation.process() if killed else process
    acts = (sign_in_again,) if error is not None else simulation.operation.goes_on
    if error is not None and not killed and not isinstance(error, asyncio.CancelledError):
        await asyncio.sleep(30)
        if await simulation.look(current, simulation.browser.key):
            simulation.complaints.append(f"signed in although {type(error).__name__} was raised")
            acts = ()
        elif (
            process.fault is not None
            and process.fault.kind in {"fails", "is down"}
            and simulation.families_alive()
        ):
            simulation.complaints.append("the tokens of a sign-in that was not stored are not revoked")
    elif isinstance(error, asyncio.CancelledError) or (
        killed and await simulation.look(current, simulation.browser.key)
    ):
        acts = () if await simulation.look(current, simulation.browser.key) else (sign_in_again,)
    try:
        for act in acts:
            auth = current.sessions.client(simulation.browser.key)
            await act(auth, simulation.browser)
            simulation.answered(auth)
    except AuthError as failure:
        simulation.complaints.append(f"the sign-in does not go on: {failure!r}")
    now = await simulation.works(current, simulation.browser.key)
    if not killed:
        await _close(simulation, process)
    other = simulation.process()
    await asyncio.sleep(LIFE + 60)
    kept = now and await simulation.works(other, simulation.browser.key)
    await other.sessions.aclose()
    if current is not process:
        await current.sessions.aclose()
    return Outcome.KEPT if kept else Outcome.LOST


async def _close(simulation: Simulation, process: Process) -> None:
    try:
        async with asyncio.timeout(60):
            await process.sessions.aclose()
    except TimeoutError:
        simulation.complaints.append("aclose does not end")


async def _check(simulation: Simulation, *, killed: bool) -> None:
    """Look at what a run must never leave behind."""
    process = simulation.process()
    if not await simulation.works(process, simulation.ben, "ben"):
        simulation.complaints.append("another user's session is gone")
    for old in simulation.browser.old:
        auth = process.sessions.client(old)
        if (await auth.fetch_auth_session(credentials=False)).tokens or await auth.get_sign_in_step():
            simulation.complaints.append("an old key still opens the session")
    await process.sessions.aclose()
    left = [key for key in simulation.backend.values if ":session:" in key and simulation.backend.get(key)]
    # A process that is killed after the last write leaves a record whose key the browser never got.
    if len(left) > 2 + killed:
        simulation.complaints.append(f"{len(left) - 2} records are left that have no key")
    if simulation.backend.locks:
        simulation.complaints.append("a lock is still held")
    for text in (*simulation.texts, *simulation.log):
        if any(secret in text for secret in (*simulation.pool.secrets, *simulation.keys, simulation.ben)):
            simulation.complaints.append(f"a secret is in {text!r}")


# The faults


def _faults(trace: list[str], operation: Operation) -> Iterator[Fault]:
    """Return every fault at every call."""
    for at, what in enumerate(trace):
        changes = what not in {"get", "lock"}
        for kind in ("killed", "cancelled"):
            yield Fault(kind, at)
            if changes:
                yield Fault(kind, at, after=True)
        if what in STORAGE_CALLS:
            for kind in ("fails", "is down"):
                yield Fault(kind, at)
                if changes:
                    yield Fault(kind, at, after=True)
            continue
        for kind in ("cut", "500"):
            yield Fault(kind, at)
            yield Fault(kind, at, after=True)
        refusals = (*ENDING, *KEEPING) if what == REFRESH else (*KEEPING[:2], *KEEPING[-7:])
        for code, message in refusals if what != TOKEN_ENDPOINT else ():
            yield Fault("refused", at, code=code, message=message)
    if operation.has_session and REFRESH in trace:
        yield from _suspensions(trace)


def _suspensions(trace: list[str]) -> Iterator[Fault]:
    for at in range(len(trace)):
        # A lease outlasts the short one.
        for seconds, keeps_lock in ((8.0, True), (100.0, True), (100.0, False)):
            for after in (False, True):
                yield Fault("stopped", at, after=after, seconds=seconds, keeps_lock=keeps_lock)


class _Log(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []
        self.setFormatter(logging.Formatter("%(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))


def runs(operation: Operation) -> list[Run]:
    """Carry an operation out once for each fault at each of its calls."""
    random.seed(operation.name)  # the pauses that the library draws
    with simulated_loop() as loop:
        return list(_runs(operation, loop))


def _runs(operation: Operation, loop: SimulatedLoop) -> Iterator[Run]:
    handler, logger = _Log(), logging.getLogger("aiocognito")
    level = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    try:
        found, trace = _run(loop, operation, None, handler)
        if found.outcome is not Outcome.KEPT or found.complaints:
            raise RuntimeError(f"{operation.name} does not work without a fault: {found}")
        for fault in _faults(trace, operation):
            yield _run(loop, operation, fault, handler)[0]
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def _run(
    loop: SimulatedLoop, operation: Operation, fault: Fault | None, handler: _Log
) -> tuple[Run, list[str]]:
    handler.texts.clear()
    simulation = Simulation(loop.simulated, operation, handler.texts)
    outcome, trace = loop.run_until_complete(run(simulation, fault))
    call = trace[fault.at] if fault is not None and fault.at < len(trace) else ""
    return Run(operation, fault or Fault("none", -1), call, outcome, tuple(simulation.complaints)), trace
