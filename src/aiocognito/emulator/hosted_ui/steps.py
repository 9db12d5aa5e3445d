"""The pages of a sign-in's challenges, which follow the password."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from attrs import define, evolve, field

from ..._qr import svg
from .. import html, schema
from ..auth import password_attempts, pre_authentication, sequence
from ..auth.auth_request import AuthRequest
from ..auth.outcomes import Proof
from ..errors import ApiError
from ..html import Html, element
from ..users import User
from . import authorize, fields
from .page_request import LATE, BackToLogin, PageRequest, PageResponse

PATH: Final = "/mfa"
_TOTP: Final = "SOFTWARE_TOKEN_MFA"
_NAMES: Final[Mapping[str, str]] = {
    "SMS_MFA": "A code by text message",
    _TOTP: "A code from an authenticator app",
    "EMAIL_OTP": "A code by email",
}
_CODE_MEMBERS: Final[Mapping[str, str]] = {
    "SMS_MFA": "SMS_MFA_CODE",
    _TOTP: "SOFTWARE_TOKEN_MFA_CODE",
    "EMAIL_OTP": "EMAIL_OTP_CODE",
}


@define
class Challenged:
    """A sign-in whose challenge awaits an answer.

    Args:
        user: The user.
        name: The challenge.
        session: The session handle of the answer.
        parameters: ``ChallengeParameters``.
        secret: The secret of the software token that is being set up.
    """

    user: User = field(repr=False)
    name: str
    session: str = field(repr=False)
    parameters: Mapping[str, str] = field(repr=False)
    secret: str | None = field(default=None, repr=False)


async def proceed(request: PageRequest, user: User, answer: Mapping[str, Any]) -> PageResponse:
    """Redirect to the page of the next challenge, or back to the app.

    Args:
        request: The request of the browser.
        user: The user who signs in.
        answer: The response of the flow or challenge.
    """
    if "Authenticated" in answer:
        return await authorize.start_session(request, answer["Authenticated"])
    at = Challenged(user, answer["ChallengeName"], answer["Session"], answer["ChallengeParameters"])
    if at.name == "MFA_SETUP" and _TOTP in _choices(at, "MFAS_CAN_SETUP"):
        made = await request.call("AssociateSoftwareToken", Session=at.session)
        at = evolve(at, session=made["Session"], secret=made["SecretCode"])
    return request.redirect(request.url(f"{PATH}/{request.start_step(at)}"))


async def sign_in(request: PageRequest, user: User) -> PageResponse:
    """Continue the sign-in of a user who has just signed up, as if after the password.

    Raises:
        BackToLogin: The user cannot sign in.
    """
    _require_existing(request, user)
    auth_request = AuthRequest(
        request.state, request.pool, request.client, {}, name=user.username, user=user, hosted=True
    )
    auth_request.begins = True
    try:
        password_attempts.require_able(user)
        await pre_authentication.run(auth_request)
        answer = await sequence.resume(auth_request, Proof.SIGN_UP_ON_A_PAGE)
    except ApiError as refusal:
        raise BackToLogin(refusal.message, refusal.code) from refusal
    return await proceed(request, user, answer)


def _require_existing(request: PageRequest, user: User) -> None:
    if request.pool.users.by_subject(user.sub) is None:
        raise BackToLogin(LATE, "expired")


async def show(request: PageRequest) -> PageResponse:
    """Return the page of the pending challenge."""
    return _page(request, request.step(Challenged))


async def submit(request: PageRequest) -> PageResponse:
    """Handle the form: send the answer to the challenge."""
    at = request.step(Challenged)
    _require_existing(request, at.user)
    try:
        answer = await _answer(request, at)
    except ApiError as refusal:
        session = request.pool.auth_sessions.get(at.session)
        if session is None or session.spent or session.dead or request.state.clock() >= session.expires:
            request.finish_step()
            raise BackToLogin(refusal.message, refusal.code) from refusal
        return _page(request, at, refusal)
    request.finish_step()
    return await proceed(request, at.user, answer)


async def _answer(request: PageRequest, at: Challenged) -> dict[str, Any]:
    given = _READERS[at.name](request)
    if at.name == "MFA_SETUP" and "EMAIL" not in given:
        verified = await request.call("VerifySoftwareToken", Session=at.session, UserCode=_digits(request))
        at.session = verified["Session"]
    session = request.pool.auth_sessions.redeem(
        at.session, client_id=request.client.id, user=at.user, challenge=at.name, now=request.state.clock()
    )
    auth_request = AuthRequest(
        request.state, request.pool, request.client, given, name=at.user.username, user=at.user
    )
    auth_request.session, auth_request.hosted = session, True
    return await sequence.answer(at.name, auth_request)


# The fields of a form, as ChallengeResponses


def _code(member: str) -> Callable[[PageRequest], dict[str, str]]:
    return lambda request: {member: _digits(request)}


def _digits(request: PageRequest) -> str:
    # Authenticator apps show codes in two groups.
    return request.given("code").replace(" ", "")


def _choice(request: PageRequest) -> dict[str, str]:
    return {"ANSWER": request.given("answer")}


def _new_password(request: PageRequest) -> dict[str, str]:
    typed = fields.given(request.form)
    given = {f"userAttributes.{name}": value for name, value in typed.items()}
    return {"NEW_PASSWORD": request.form.get("password", ""), **given}


def _setup(request: PageRequest) -> dict[str, str]:
    address = request.given("email")
    return {"EMAIL": address} if address else {}


_READERS: Final[Mapping[str, Callable[[PageRequest], dict[str, str]]]] = {
    **{name: _code(member) for name, member in _CODE_MEMBERS.items()},
    "SELECT_MFA_TYPE": _choice,
    "NEW_PASSWORD_REQUIRED": _new_password,
    "MFA_SETUP": _setup,
}


# Pages


def _page(request: PageRequest, at: Challenged, refusal: ApiError | None = None) -> PageResponse:
    title, content = _PAGES[at.name](request, at)
    return request.page(
        title,
        html.alert(None if refusal is None else refusal.message),
        content,
        element("p", element("a", "Sign in as another user", href=request.url("/login"))),
        error=None if refusal is None else refusal.code,
        reason=None if refusal is None else refusal.message,
    )


def _send(request: PageRequest, *content: str | None) -> Html:
    return request.form_to(f"{PATH}/{request.step_name}", *content)


def _ask_code(request: PageRequest, at: Challenged) -> tuple[str, Html]:
    to = at.parameters.get("CODE_DELIVERY_DESTINATION")
    if to is not None:
        text = f"We have sent a code to {to}."
    else:
        app = at.parameters.get("FRIENDLY_DEVICE_NAME")
        text = f"Open your authenticator app{f' ({app})' if app else ''} and enter its code."
    button = element("button", "Sign in", type="submit")
    return "Enter your code", html.join(element("p", text), _send(request, html.code_field(), button))


def _ask_choice(request: PageRequest, at: Challenged) -> tuple[str, Html]:
    choices = [
        element(
            "label",
            element("input", type="radio", name="answer", value=name, required=True),
            _NAMES.get(name, name),
            class_="choice",
        )
        for name in _choices(at, "MFAS_CAN_CHOOSE")
    ]
    asked = element("fieldset", element("legend", "How do you want to confirm your identity?"), *choices)
    return "Choose a second step", _send(request, asked, element("button", "Continue", type="submit"))


def _ask_password(request: PageRequest, at: Challenged) -> tuple[str, Html]:
    missing = schema.missing(request.pool.schema, at.user.attributes)
    return "Choose a new password", html.join(
        element("p", "Your password is temporary."),
        _send(
            request,
            fields.username_beside(at.user.username),
            fields.attributes(missing, missing, request.form),
            fields.new_password(request.pool, "New password"),
            element("button", "Save and sign in", type="submit"),
        ),
    )


def _ask_setup(request: PageRequest, at: Challenged) -> tuple[str, Html]:
    choices = _choices(at, "MFAS_CAN_SETUP")
    parts = []
    if at.secret is not None:
        parts.append(_app(request, at, at.secret))
    if "EMAIL_OTP" in choices:
        parts.append(_email(request, "section" if parts else "div"))
    if not parts:
        text = "You cannot set up a second step on this page. Please ask an administrator of this app."
        parts.append(element("p", text))
    return "Set up a second step", html.join(*parts)


def _app(request: PageRequest, at: Challenged, secret: str) -> Html:
    issuer = request.client_name
    name = at.user.attributes.get("email") or at.user.username
    query = urlencode({"secret": secret, "issuer": issuer}, quote_via=quote)
    link = f"otpauth://totp/{quote(f'{issuer}:{name}', safe='')}?{query}"
    return html.join(
        element("h2", "With an authenticator app"),
        _picture(link),
        element("p", "Scan the picture with the app, or ", element("a", "open the app", href=link), "."),
        element("p", "Or enter this key in the app: ", element("code", secret, class_="secret")),
        _send(
            request,
            html.code_field("Code that the app shows"),
            element("button", "Confirm and sign in", type="submit"),
        ),
    )


def _picture(link: str) -> Html | None:
    try:
        return element("div", Html(svg(link)), class_="qr", role="img", aria_label="QR code of the key")
    except ImportError:
        # Without the extra qr, the page shows the link and the key.
        return None


def _email(request: PageRequest, frame: str) -> Html:
    return element(
        frame,
        element("h2", "With codes by email"),
        _send(
            request,
            html.field("email", "Email", request.form.get("email"), type="email", autocomplete="email"),
            element("button", "Send a code", type="submit"),
        ),
    )


def _choices(at: Challenged, parameter: str) -> list[str]:
    names: list[str] = json.loads(at.parameters[parameter])
    return names


_PAGES: Final[Mapping[str, Callable[[PageRequest, Challenged], tuple[str, Html]]]] = {
    **dict.fromkeys(_CODE_MEMBERS, _ask_code),
    "SELECT_MFA_TYPE": _ask_choice,
    "NEW_PASSWORD_REQUIRED": _ask_password,
    "MFA_SETUP": _ask_setup,
}
