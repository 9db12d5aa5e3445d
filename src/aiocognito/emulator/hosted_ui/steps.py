"""What comes between the password and the way back: challenges, each on a page of its own."""

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
from .page_request import LATE, Answer, BackToLogin, PageRequest

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
    """A sign-in that waits for an answer.

    Args:
        user: Whose.
        name: The challenge.
        session: The handle of the answer.
        parameters: What the challenge came with.
        secret: Of the software token that is being set up.
    """

    user: User = field(repr=False)
    name: str
    session: str = field(repr=False)
    parameters: Mapping[str, str] = field(repr=False)
    secret: str | None = field(default=None, repr=False)


async def go_on(visit: PageRequest, user: User, answer: Mapping[str, Any]) -> Answer:
    """Go where an answer leads: to the next challenge, or back to the app.

    Args:
        visit: The browser.
        user: Whose sign-in.
        answer: What the flow or the challenge has answered.
    """
    if "Authenticated" in answer:
        return await authorize.enter(visit, answer["Authenticated"])
    at = Challenged(user, answer["ChallengeName"], answer["Session"], answer["ChallengeParameters"])
    if at.name == "MFA_SETUP" and _TOTP in _choices(at, "MFAS_CAN_SETUP"):
        made = await visit.ask_plainly("AssociateSoftwareToken", Session=at.session)
        at = evolve(at, session=made["Session"], secret=made["SecretCode"])
    return visit.go(visit.url(f"{PATH}/{visit.start_step(at)}"))


async def sign_in(visit: PageRequest, user: User) -> Answer:
    """Sign somebody in who has proven who they are, as far as a password would have.

    Raises:
        BackToLogin: They may not sign in.
    """
    _require_there(visit, user)
    turn = AuthRequest(visit.world, visit.pool, visit.client, {}, name=user.username, user=user, hosted=True)
    turn.begins = True
    try:
        password_attempts.require_able(user)
        await pre_authentication.run(turn)
        answer = await sequence.go_on(turn, Proof.SIGN_UP_ON_A_PAGE)
    except ApiError as refusal:
        raise BackToLogin(refusal.message, refusal.code) from refusal
    return await go_on(visit, user, answer)


def _require_there(visit: PageRequest, user: User) -> None:
    if visit.pool.users.by_subject(user.sub) is None:
        raise BackToLogin(LATE, "expired")


async def show(visit: PageRequest) -> Answer:
    """Show the challenge that the browser is at."""
    return _page(visit, visit.at(Challenged))


async def take(visit: PageRequest) -> Answer:
    """Take the answer to it."""
    at = visit.at(Challenged)
    _require_there(visit, at.user)
    try:
        answer = await _answer(visit, at)
    except ApiError as refusal:
        handle = visit.pool.handles.get(at.session)
        if handle is None or handle.spent or handle.dead or visit.world.clock() >= handle.expires:
            visit.arrive()
            raise BackToLogin(refusal.message, refusal.code) from refusal
        return _page(visit, at, refusal)
    visit.arrive()
    return await go_on(visit, at.user, answer)


async def _answer(visit: PageRequest, at: Challenged) -> dict[str, Any]:
    given = _READERS[at.name](visit)
    session = at.session
    if at.name == "MFA_SETUP" and "EMAIL" not in given:
        verified = await visit.ask_plainly("VerifySoftwareToken", Session=session, UserCode=_digits(visit))
        session = at.session = verified["Session"]
    handle = visit.pool.handles.redeem(
        session, client_id=visit.client.id, user=at.user, challenge=at.name, now=visit.world.clock()
    )
    turn = AuthRequest(visit.world, visit.pool, visit.client, given, name=at.user.username, user=at.user)
    turn.session, turn.hosted = handle, True
    return await sequence.answer(at.name, turn)


# What was typed, as ChallengeResponses


def _code(member: str) -> Callable[[PageRequest], dict[str, str]]:
    return lambda visit: {member: _digits(visit)}


def _digits(visit: PageRequest) -> str:
    # Apps show them in two groups.
    return visit.given("code").replace(" ", "")


def _choice(visit: PageRequest) -> dict[str, str]:
    return {"ANSWER": visit.given("answer")}


def _new_password(visit: PageRequest) -> dict[str, str]:
    typed = fields.given(visit.form)
    given = {f"userAttributes.{name}": value for name, value in typed.items()}
    return {"NEW_PASSWORD": visit.form.get("password", ""), **given}


def _setup(visit: PageRequest) -> dict[str, str]:
    address = visit.given("email")
    return {"EMAIL": address} if address else {}


_READERS: Final[Mapping[str, Callable[[PageRequest], dict[str, str]]]] = {
    **{name: _code(member) for name, member in _CODE_MEMBERS.items()},
    "SELECT_MFA_TYPE": _choice,
    "NEW_PASSWORD_REQUIRED": _new_password,
    "MFA_SETUP": _setup,
}


# Pages


def _page(visit: PageRequest, at: Challenged, refusal: ApiError | None = None) -> Answer:
    title, content = _PAGES[at.name](visit, at)
    return visit.page(
        title,
        html.alert(None if refusal is None else refusal.message),
        content,
        element("p", element("a", "Sign in as somebody else", href=visit.url("/login"))),
        error=None if refusal is None else refusal.code,
    )


def _send(visit: PageRequest, *content: str | None) -> Html:
    return visit.form_to(f"{PATH}/{visit.step}", *content)


def _ask_code(visit: PageRequest, at: Challenged) -> tuple[str, Html]:
    to = at.parameters.get("CODE_DELIVERY_DESTINATION")
    if to is not None:
        text = f"We have sent a code to {to}."
    else:
        app = at.parameters.get("FRIENDLY_DEVICE_NAME")
        text = f"Open your authenticator app{f' ({app})' if app else ''} and type in its code."
    button = element("button", "Sign in", type="submit")
    return "Enter your code", html.join(element("p", text), _send(visit, html.code_field(), button))


def _ask_choice(visit: PageRequest, at: Challenged) -> tuple[str, Html]:
    choices = [
        element(
            "label",
            element("input", type="radio", name="answer", value=name, required=True),
            _NAMES.get(name, name),
            class_="choice",
        )
        for name in _choices(at, "MFAS_CAN_CHOOSE")
    ]
    asked = element("fieldset", element("legend", "How do you want to prove that it is you?"), *choices)
    return "Choose a second step", _send(visit, asked, element("button", "Continue", type="submit"))


def _ask_password(visit: PageRequest, at: Challenged) -> tuple[str, Html]:
    missing = schema.missing(visit.pool.schema, at.user.attributes)
    return "Choose a new password", html.join(
        element("p", "Your password was a temporary one."),
        _send(
            visit,
            fields.username_beside(at.user.username),
            fields.attributes(missing, missing, visit.form),
            fields.new_password(visit.pool, "New password"),
            element("button", "Save and sign in", type="submit"),
        ),
    )


def _ask_setup(visit: PageRequest, at: Challenged) -> tuple[str, Html]:
    choices = _choices(at, "MFAS_CAN_SETUP")
    parts = []
    if at.secret is not None:
        parts.append(_app(visit, at, at.secret))
    if "EMAIL_OTP" in choices:
        parts.append(_email(visit, "section" if parts else "div"))
    if not parts:
        text = "This has to be set up for you. Please ask whoever runs this app."
        parts.append(element("p", text))
    return "Set up a second step", html.join(*parts)


def _app(visit: PageRequest, at: Challenged, secret: str) -> Html:
    issuer = visit.client_name
    name = at.user.attributes.get("email") or at.user.username
    query = urlencode({"secret": secret, "issuer": issuer}, quote_via=quote)
    link = f"otpauth://totp/{quote(f'{issuer}:{name}', safe='')}?{query}"
    return html.join(
        element("h2", "With an authenticator app"),
        _picture(link),
        element("p", "Scan the picture with the app, or ", element("a", "open the app", href=link), "."),
        element("p", "Or type this key into it: ", element("code", secret, class_="secret")),
        _send(
            visit,
            html.code_field("Code that the app shows"),
            element("button", "Confirm and sign in", type="submit"),
        ),
    )


def _picture(link: str) -> Html | None:
    try:
        return element("div", Html(svg(link)), class_="qr", role="img", aria_label="QR code of the key")
    except ImportError:
        # Without the extra there are the link and the key.
        return None


def _email(visit: PageRequest, frame: str) -> Html:
    return element(
        frame,
        element("h2", "With codes by email"),
        _send(
            visit,
            html.field("email", "Email", visit.form.get("email"), type="email", autocomplete="email"),
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
