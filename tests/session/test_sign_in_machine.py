"""Random sequences: every sign-in ends in tokens, a step or a documented error.

Two users sign in through random chains of challenges at once, with wrong answers, lost requests,
forgotten devices and time in between. No claim is ever left behind, and no user enters a session
that is not theirs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from aiocognito import AuthClient, SessionManager, decode_jwt, errors, steps
from helpers.challenge_machine import ANSWER, CODE, LINKS, PASSWORD, ChallengeMachine
from helpers.clock import Clock
from helpers.user_pool import CONFIG, RecordingStorage, attach

T = TypeVar("T")

who = st.sampled_from(["ana", "ben"])
devices = st.sampled_from([None, "one", "another"])
chains = st.lists(st.sampled_from(LINKS), max_size=4)
failures = st.sampled_from([None, None, None, "throttled", "lost", "unanswered", "reset"])
# Answers after which the right one is as good as before.
HARMLESS = ["empty", "another step", "throttled", "lost"]
FLOWS = ["USER_SRP_AUTH", "USER_PASSWORD_AUTH", "USER_AUTH", "CUSTOM_WITHOUT_SRP"]


def right_answers(step: Any) -> list[Any]:
    """Return the right answers to a step."""
    match step:
        case steps.ConfirmSignInWithCustomChallenge():
            return [ANSWER]
        case steps.ContinueSignInWithMfaSetupSelection(allowed) | steps.ContinueSignInWithMfaSelection(
            allowed
        ):
            return list(allowed)
        case steps.ContinueSignInWithEmailSetup():
            return ["ana@example.com", "TOTP"]
        case steps.ContinueSignInWithTotpSetup():
            return [CODE, "TOTP"]
        case steps.ConfirmSignInWithNewPasswordRequired() | steps.ConfirmSignInWithPassword():
            return [PASSWORD]
        case steps.ContinueSignInWithFirstFactorSelection(available):
            assert available, "a choice needs at least one option"
            return list(available)
        case steps.ConfirmSignInWithWebAuthn():
            return [{"id": "right"}, '{"id": "right"}', "PASSWORD", "EMAIL_OTP"]
        case steps.UnsupportedChallenge():
            return ["an answer"]
    return [CODE]


def wrong_answers(step: Any) -> list[Any]:
    """Return wrong answers to a step, of the right type or not."""
    return ["wrong", "000000", "", {}, {"id": "wrong"}, 7, "PASSWORD_SRP", "unknown@example.com"]


class SignInMachine(RuleBasedStateMachine):
    """Two sessions of one service, and the expected state of each."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.runner = asyncio.Runner()
        self.pool = ChallengeMachine(self.clock)
        self.storage = RecordingStorage(clock=self.clock)
        self.sessions = SessionManager(CONFIG, fixed_keys=True, storage=self.storage, clock=self.clock)
        attach(self.sessions, self.pool.service)

    def teardown(self) -> None:
        self.run(self.sessions.aclose())
        self.runner.close()
        assert not any(b"SECRETSECRET" in value or b'"secret"' in value for value in self.storage.written)

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(call)

    def client(self, name: str, device: str | None = None) -> AuthClient:
        return self.sessions.client(f"{name}'s key", device_token=device)

    def step(self, name: str) -> Any:
        return self.run(self.client(name).get_sign_in_step())

    def is_signed_in(self, name: str) -> bool:
        return self.run(self.client(name).fetch_auth_session()).tokens is not None

    def expect(self, name: str, result: Any) -> None:
        """Check that the returned step is the stored one."""
        if result.is_signed_in:
            assert result.next_step == steps.Done()
            assert self.is_signed_in(name)
            assert self.step(name) is None
        elif isinstance(result.next_step, steps.ResetPassword):
            assert self.step(name) is None
        elif isinstance(result.next_step, steps.ContinueSignInWithTotpSetup):
            assert self.step(name) == steps.ContinueSignInWithTotpSetup()
        else:
            assert self.step(name) == result.next_step

    @rule(
        name=who,
        device=devices,
        flow=st.sampled_from(FLOWS),
        chain=chains,
        password=st.sampled_from([PASSWORD, PASSWORD, "wrong"]),
        failure=failures,
    )
    def sign_in(
        self, name: str, device: str | None, flow: Any, chain: list[str], password: str, failure: str | None
    ) -> None:
        self.pool.chain, self.pool.failure = chain, failure
        was_signed_in = self.is_signed_in(name)
        given = None if flow == "CUSTOM_WITHOUT_SRP" else password
        alias = f"{name}@example.com"
        try:
            result = self.run(self.client(name, device).sign_in(alias, given, auth_flow_type=flow))
        except errors.UserAlreadyAuthenticatedException:
            assert was_signed_in
        except errors.AuthError:
            assert not was_signed_in
            assert self.step(name) is None
        else:
            assert not was_signed_in
            self.expect(name, result)
        self.pool.failure = None

    @rule(name=who, device=devices, failure=failures, data=st.data(), right=st.booleans())
    def answer(self, name: str, device: str | None, failure: str | None, data: Any, right: bool) -> None:
        before = self.step(name)
        answers = right_answers(before) if right else wrong_answers(before)
        self.pool.failure = failure
        try:
            result = self.run(self.client(name, device).confirm_sign_in(data.draw(st.sampled_from(answers))))
        except errors.AuthError:
            assert self.step(name) == before, "an answer that fails loses nothing"
        else:
            assert before is not None
            self.expect(name, result)
        self.pool.failure = None

    @rule(name=who, device=devices, flow=st.sampled_from(FLOWS), chain=chains, data=st.data())
    def sign_in_completely(
        self, name: str, device: str | None, flow: Any, chain: list[str], data: Any
    ) -> None:
        """A right answer continues the sign-in, after any wrong answers."""
        self.sign_out(name)
        self.sign_in(name, device, flow, chain, PASSWORD, None)
        while (step := self.step(name)) is not None and not isinstance(step, steps.UnsupportedChallenge):
            for wrong in data.draw(st.lists(st.sampled_from(HARMLESS), max_size=2)):
                self.refused(name, device, wrong)
            answer = data.draw(st.sampled_from(right_answers(self.step(name))))
            self.expect(name, self.run(self.client(name, device).confirm_sign_in(answer)))
        assert self.is_signed_in(name) or step is not None

    def refused(self, name: str, device: str | None, wrong: Any) -> None:
        """Send an answer that uses up nothing, not even Cognito's session."""
        before, auth = self.step(name), self.client(name, device)
        self.pool.failure = wrong if wrong in ("throttled", "lost") else None
        try:
            if wrong == "another step":
                self.run(auth.confirm_sign_in(CODE, step=steps.ResetPassword))
            else:
                right = right_answers(before)[0]
                self.run(auth.confirm_sign_in("" if self.pool.failure is None else right))
        except errors.AuthError:
            assert self.step(name) == before
        else:
            assert self.pool.failure is not None, "only a choice needs no answer from Cognito"
        self.pool.failure = None

    @rule(name=who, data=st.data())
    def answer_twice_at_once(self, name: str, data: Any) -> None:
        """Only one of two answers is sent: no session of Cognito's is sent twice."""
        step = self.step(name)
        answer = data.draw(st.sampled_from(right_answers(step)))
        sent_before = len(self.pool.service.calls)
        outcomes = self.at_once(self.client(name).confirm_sign_in(answer) for _ in range(2))
        refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        assert all(isinstance(error, errors.AuthError) for error in refused)
        assert len(refused) == 2 or step is not None
        calls = self.pool.service.calls[sent_before:]
        handles = [sent["Session"] for operation, sent in calls if operation == "RespondToAuthChallenge"]
        if not any(isinstance(error, errors.ServiceError) for error in refused):
            assert len(handles) == len(set(handles))

    @rule(data=st.data())
    def answer_for_both_users_at_once(self, data: Any) -> None:
        answers = {
            name: data.draw(st.sampled_from(right_answers(self.step(name)))) for name in self.pool.users
        }
        outcomes = self.at_once(self.client(name).confirm_sign_in(answers[name]) for name in answers)
        for name, outcome in zip(answers, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                assert isinstance(outcome, errors.AuthError)
            else:
                self.expect(name, outcome)

    def at_once(self, calls: Iterable[Coroutine[Any, Any, Any]]) -> list[Any]:
        async def gather() -> list[Any]:
            return await asyncio.gather(*calls, return_exceptions=True)

        return self.run(gather())

    @rule(name=who)
    def sign_out(self, name: str) -> None:
        self.run(self.client(name).sign_out())
        assert not self.is_signed_in(name)
        assert self.step(name) is None

    @rule(name=who)
    def have_the_devices_forgotten(self, name: str) -> None:
        self.pool.users[name].devices.clear()

    @rule(seconds=st.sampled_from([1, 100, 179]))
    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @invariant()
    def no_user_is_in_another_users_session_and_no_claim_is_left(self) -> None:
        for name, user in self.pool.users.items():
            record = self.run(self.client(name)._session.load()).record
            if record.pending is not None:
                assert record.pending.claim is None
                assert record.pending.challenge.username in user.names
                assert record.pending.challenge.gone_device is None
            if record.tokens is not None:
                assert record.tokens.username in user.names
                assert decode_jwt(record.tokens.access_token).payload["sub"] == f"sub-of-{name}"


SignInMachine.TestCase.settings = settings(
    max_examples=50,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestSignIns = SignInMachine.TestCase
