"""The operations that move tokens, and the state that each begins from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from urllib.parse import parse_qs, urlencode, urlsplit

from attrs import define, evolve, field, frozen

from aiocognito import AuthClient, AutoSignInOptions

from .pool import CODE, LIFE, PASSWORD, Pool
from .process import CALLBACK


@define
class Browser:
    """What a user's browser stores.

    Attributes:
        key: The session key in its cookie.
        callback: The URL that it comes back to from the hosted UI.
        old: The keys that its cookie had before.
    """

    key: str
    callback: str = ""
    old: list[str] = field(factory=list)


Act = Callable[[AuthClient, Browser], Awaitable[object]]


@frozen
class Operation:
    """One operation.

    Attributes:
        name: For the tables.
        act: Carries it out.
        prepare: What happens before, without a fault.
        wait: Seconds between the two.
        has_session: Whether the person is signed in before.
        grace: Of the user pool; None if refresh tokens do not rotate.
        fixed_keys: Whether the session keeps its key.
        goes_on: What signs the person in afterwards, if the operation itself does not.
        setup: Changes the pool first.
    """

    name: str
    act: Act
    prepare: tuple[Act, ...] = ()
    wait: float = 0.0
    has_session: bool = False
    grace: float | None = None
    fixed_keys: bool = False
    goes_on: tuple[Act, ...] = ()
    setup: Callable[[Pool], object] = lambda pool: None


_OPTIONS = AutoSignInOptions(auth_flow_type="USER_PASSWORD_AUTH")


async def _sign_in(auth: AuthClient, browser: Browser) -> None:
    await auth.sign_in("ana", PASSWORD, auth_flow_type="USER_PASSWORD_AUTH", replace=True)


async def _answer(auth: AuthClient, browser: Browser) -> None:
    await auth.confirm_sign_in(CODE)


async def _tokens(auth: AuthClient, browser: Browser) -> None:
    await auth.fetch_auth_session(credentials=False)


async def _forced(auth: AuthClient, browser: Browser) -> None:
    await auth.fetch_auth_session(credentials=False, force_refresh=True)


async def _rotate(auth: AuthClient, browser: Browser) -> None:
    await auth.rotate_session_key()


async def _new_password(auth: AuthClient, browser: Browser) -> None:
    await auth.update_password(PASSWORD, PASSWORD)


async def _sign_up(auth: AuthClient, browser: Browser) -> None:
    await auth.sign_up("ana", PASSWORD, auto_sign_in=_OPTIONS)


async def _confirm_sign_up(auth: AuthClient, browser: Browser) -> None:
    await auth.confirm_sign_up("ana", CODE)


async def _auto_sign_in(auth: AuthClient, browser: Browser) -> None:
    await auth.auto_sign_in(password=PASSWORD)


async def _depart(auth: AuthClient, browser: Browser) -> None:
    request = await auth.sign_in_with_redirect(replace=True)
    state = parse_qs(urlsplit(request.url).query)["state"][0]
    browser.callback = f"{CALLBACK}?{urlencode({'code': 'code-of-ana', 'state': state})}"


async def _come_back(auth: AuthClient, browser: Browser) -> None:
    await auth.complete_sign_in_with_redirect(browser.callback)


def _hosted(pool: Pool) -> None:
    pool.codes["code-of-ana"] = "ana"


def _one_code(pool: Pool) -> None:
    pool.needs_code.add("ana")


def _two_codes(pool: Pool) -> None:
    pool.needs_code.update({"ana", "ana twice"})


def _step_up(pool: Pool) -> None:
    pool.later.add("ana")


def _refreshes() -> list[Operation]:
    found = []
    for grace, words in ((None, "no rotation"), (60.0, "rotation, grace 60 s"), (0.0, "rotation, no grace")):
        for act, wait, how in (
            (_tokens, LIFE - 30, "early"),
            (_tokens, LIFE + 10, "expired"),
            (_forced, 600.0, "forced"),
        ):
            found.append(
                Operation(
                    f"refresh: {how}, {words}",
                    act,
                    # The first refresh shows whether tokens rotate.
                    (_sign_in, _forced),
                    wait,
                    has_session=True,
                    grace=grace,
                )
            )
    first = Operation("refresh: the first, rotation, grace 60 s", _tokens, (_sign_in,), LIFE + 10)
    return [*found, evolve(first, has_session=True, grace=60.0)]


def operations() -> list[Operation]:
    """Return all operations that move tokens."""
    signed_in = partial(Operation, prepare=(_sign_in,), has_session=True, grace=60.0, wait=60.0)
    return [
        *_refreshes(),
        Operation("sign_in", _sign_in),
        Operation("sign_in, fixed keys", _sign_in, fixed_keys=True),
        Operation("sign_in: the first step", _sign_in, goes_on=(_answer,), setup=_one_code),
        Operation("confirm_sign_in: the end", _answer, (_sign_in,), setup=_one_code),
        Operation(
            "confirm_sign_in: the end, fixed keys", _answer, (_sign_in,), setup=_one_code, fixed_keys=True
        ),
        Operation("confirm_sign_in: a step", _answer, (_sign_in,), goes_on=(_answer,), setup=_two_codes),
        Operation("sign_up", _sign_up, goes_on=(_confirm_sign_up, _auto_sign_in)),
        Operation("confirm_sign_up", _confirm_sign_up, (_sign_up,), goes_on=(_auto_sign_in,)),
        Operation("auto_sign_in", _auto_sign_in, (_sign_up, _confirm_sign_up)),
        Operation("complete_sign_in_with_redirect", _come_back, (_depart,), setup=_hosted),
        signed_in("step-up: sign_in", _sign_in),
        signed_in("step-up: the first step", _sign_in, setup=_step_up),
        signed_in("step-up: redirect", _come_back, prepare=(_sign_in, _depart), setup=_hosted),
        signed_in("rotate_session_key", _rotate),
        signed_in("rotate_session_key: tokens expired", _rotate, wait=LIFE + 10),
        signed_in("update_password", _new_password),
    ]


async def sign_in_again(auth: AuthClient, browser: Browser) -> None:
    """Sign in after a sign-in that failed, as a user does."""
    result = await auth.sign_in("ana", PASSWORD, auth_flow_type="USER_PASSWORD_AUTH")
    while not result.is_signed_in:
        result = await auth.confirm_sign_in(CODE)
