"""``aiocognito login``, ``logout`` and ``token``: a sign-in on the terminal, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal, Protocol

from attrs import frozen

from .. import _clocks, steps
from .._client import AuthClient
from .._config import AuthConfig
from .._models import AuthTokens, CodeDeliveryDetails, TotpSetupDetails
from .._results import SignInResult, SignOutResult
from ..errors import AuthError
from .failure import CommandError
from .profiles import Profiles, check_name
from .words import moment

_TRIES: Final = 3


class Terminal(Protocol):
    """A terminal. Answers to `ask` with ``hidden`` are not shown."""

    def ask(self, question: str, *, hidden: bool = False) -> str:
        """Return what was typed."""
        ...

    def show(self, line: str) -> None:
        """Show a line beside the command's output."""
        ...


@frozen
class _SignIn:
    """One sign-in: the client, and the terminal that answers its steps."""

    auth: AuthClient
    terminal: Terminal

    async def run(self, username: str) -> None:
        password = self.terminal.ask("Password (empty to sign in by a code or passkey)", hidden=True)
        try:
            if password:
                result = await self.auth.sign_in(username, password)
            else:
                result = await self.auth.sign_in(username, auth_flow_type="USER_AUTH")
        except AuthError as error:
            problem = _described(error)
        else:
            await self._answer(result, username)
            return
        raise CommandError(problem)

    async def _answer(self, result: SignInResult, username: str) -> None:
        while not result.is_signed_in:
            result = await self._answer_once(result.next_step, username)

    async def _answer_once(self, step: steps.SignInStep, username: str) -> SignInResult:
        """Ask for the answer of a step, again if it was refused."""
        problem = ""
        if isinstance(step, steps.ContinueSignInWithTotpSetup):
            self._show_secret(step.totp_setup_details or await self.auth.renew_totp_setup(), username)
        for _ in range(_TRIES):
            answer, attributes = self._typed(step)
            try:
                return await self.auth.confirm_sign_in(answer, user_attributes=attributes)
            except AuthError as error:
                problem = _described(error)
                if await self.auth.get_sign_in_step() is None:
                    break
            self.terminal.show(problem)
        raise CommandError(problem)

    def _typed(self, step: steps.SignInStep) -> tuple[str, dict[str, str] | None]:
        match step:
            case (
                steps.ConfirmSignInWithSmsCode(code_delivery_details=where)
                | steps.ConfirmSignInWithEmailCode(code_delivery_details=where)
            ):
                return self.terminal.ask(f"Code sent {_destination(where)}"), None
            case steps.ConfirmSignInWithTotpCode() | steps.ContinueSignInWithTotpSetup():
                return self.terminal.ask("Code of the authenticator app"), None
            case steps.ConfirmSignInWithPassword():
                return self.terminal.ask("Password", hidden=True), None
            case steps.ConfirmSignInWithNewPasswordRequired(missing_attributes=missing):
                attributes = {name: self.terminal.ask(f"Attribute {name}") for name in missing}
                return self._new_password(), attributes or None
            case steps.ContinueSignInWithMfaSelection(allowed_mfa_types=kinds):
                return self._choice("Second factor", kinds), None
            case steps.ContinueSignInWithMfaSetupSelection(allowed_mfa_types=kinds):
                return self._choice("Second factor to set up", kinds), None
            case steps.ContinueSignInWithFirstFactorSelection(available_challenges=kinds):
                return self._choice("First factor", [kind for kind in kinds if kind != "WEB_AUTHN"]), None
            case steps.ContinueSignInWithEmailSetup():
                return self.terminal.ask("E-mail address for codes"), None
            case steps.ConfirmSignInWithCustomChallenge(additional_info=info):
                for name, value in (info or {}).items():
                    self.terminal.show(f"{name}: {value}")
                return self.terminal.ask("Answer", hidden=True), None
            case steps.ConfirmSignUp():
                raise CommandError(
                    "the account is not confirmed yet: confirm it with the code of the sign-up"
                )
            case steps.ResetPassword():
                raise CommandError("the password must be reset first, on the application's own page")
            case _:
                raise CommandError(f"this terminal cannot answer {step.step}: sign in with a browser")

    def _show_secret(self, details: TotpSetupDetails, username: str) -> None:
        self.terminal.show("Add this secret to an authenticator app:")
        self.terminal.show(f"  {details.shared_secret}")
        self.terminal.show(f"  {details.setup_uri('aiocognito', username)}")

    def _new_password(self) -> str:
        while True:
            first = self.terminal.ask("New password", hidden=True)
            if first and first == self.terminal.ask("New password, again", hidden=True):
                return first
            self.terminal.show("The two passwords differ.")

    def _choice(self, question: str, kinds: Sequence[str]) -> str:
        if not kinds:
            raise CommandError("this terminal has no passkeys: sign in with a browser")
        for number, kind in enumerate(kinds, 1):
            self.terminal.show(f"  {number}  {kind}")
        while True:
            answer = self.terminal.ask(question).strip()
            if answer in kinds:
                return answer
            if answer.isascii() and answer.isdigit() and 1 <= int(answer) <= len(kinds):
                return kinds[int(answer) - 1]
            self.terminal.show(f"Type a number from 1 to {len(kinds)}.")


async def log_in(
    config: AuthConfig,
    terminal: Terminal,
    profiles: Callable[[], Profiles],
    *,
    save: str | None = None,
    username: str | None = None,
) -> str | None:
    """Sign in on the terminal; return the access token, unless the sign-in is saved.

    Args:
        config: The configuration of the program.
        terminal: Asks for the answer of each step.
        profiles: Returns where to save it.
        save: The name to save it under.
        username: The username; asked for if it is None.

    Raises:
        CommandError: The sign-in failed.
    """
    if save is not None:
        check_name(save)
    name = username or terminal.ask("Username").strip()
    if save is None:
        async with AuthClient(config) as auth:
            await _SignIn(auth, terminal).run(name)
            tokens = await _tokens(auth)
            terminal.show(f"Signed in. The token expires {_expiry(tokens)}.")
            return tokens.access_token.token
    kept = profiles()
    storage = await kept.save(save, config)
    async with AuthClient(config, session_key=save, storage=storage) as auth:
        # A second login under the name replaces the first one, and ends it.
        await _sign_out(auth)
        await _SignIn(auth, terminal).run(name)
    terminal.show(f"Signed in, and saved as {save!r} in {kept.directory}.")
    if not kept.is_sealed:
        terminal.show(
            "Every process of yours can read it. After `pip install keyring`, it is encrypted with a key in"
            " the keyring."
        )
    return None


async def log_out(profiles: Profiles, name: str) -> str:
    """Revoke the tokens of a saved sign-in, remove it, and return a sentence about that.

    Raises:
        CommandError: There is no such sign-in, or it cannot be forgotten.
    """
    config, storage = await profiles.load(name)
    async with AuthClient(config, session_key=name, storage=storage) as auth:
        result = await _sign_out(auth)
    await profiles.remove(name)
    if result.error is not None:
        reason = _described(result.error)
        return f"Removed here, but Cognito did not confirm that the tokens are revoked: {reason}"
    return "Signed out."


async def _sign_out(auth: AuthClient) -> SignOutResult:
    try:
        return await auth.sign_out()
    except AuthError as error:
        problem = _described(error)
    raise CommandError(problem)


async def token_of(
    profiles: Profiles, name: str, *, kind: Literal["access", "id"] = "access", header: bool = False
) -> str:
    """Return a valid token of a saved sign-in; renew it first if it has expired.

    Args:
        profiles: Where it is saved.
        name: The name that it was saved under.
        kind: Which token.
        header: Whether to return it as a header's line.

    Raises:
        CommandError: There is no such sign-in, or it has ended.
    """
    config, storage = await profiles.load(name)
    async with AuthClient(config, session_key=name, storage=storage) as auth:
        tokens = await _tokens(auth, f"aiocognito login --save {name}")
    chosen = tokens.access_token if kind == "access" else tokens.id_token
    if chosen is None:
        raise CommandError("this sign-in has no ID token: its scopes lack openid")
    return f"Authorization: Bearer {chosen.token}" if header else chosen.token


async def _tokens(auth: AuthClient, cure: str = "aiocognito login") -> AuthTokens:
    try:
        session = await auth.fetch_auth_session(credentials=False)
    except AuthError as error:
        problem = _described(error)
    else:
        if session.tokens is not None:
            return session.tokens
        problem = f"this sign-in has ended: {cure}"
    raise CommandError(problem)


def _expiry(tokens: AuthTokens) -> str:
    return moment(float(tokens.access_token.payload["exp"]), _clocks.now())


def _destination(where: CodeDeliveryDetails | None) -> str:
    if where is None or not where.destination:
        return "to you"
    return f"to {where.destination}"


def _described(error: AuthError) -> str:
    suggestion = f" {error.recovery_suggestion}" if error.recovery_suggestion else ""
    return f"{error.name}: {error}{suggestion}"
