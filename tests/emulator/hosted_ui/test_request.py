"""What an app sends a browser with: what is taken, what is refused, and where the refusal goes."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest

from helpers.browser import CALLBACK, CHALLENGE, PASSWORD, PLAIN_CALLBACK, Browser, Shop, parameters


async def test_goes_to_the_login_page_with_the_same_parameters(shop: Shop, browser: Browser) -> None:
    asked = shop.authorize(scope="openid email", nonce="n", lang="de", login_hint="ana")
    response = await browser.client.get(browser.url + asked)
    assert response.status_code == 302
    assert response.headers["Location"] == browser.url + asked.replace("/oauth2/authorize", "/login")
    assert (await browser.get(asked)).title == "Sign in"


@pytest.mark.parametrize(
    "more",
    [
        {"client_id": "unknown"},
        {"redirect_uri": "http://localhost:3999/elsewhere"},
        {"redirect_uri": f"{PLAIN_CALLBACK}/"},
        {"redirect_uri": f"{PLAIN_CALLBACK}?more=1"},
        {"redirect_uri": PLAIN_CALLBACK.upper()},
        {"redirect_uri": "//evil.example/callback"},
        {"redirect_uri": f"{PLAIN_CALLBACK}@evil.example"},
    ],
)
@pytest.mark.parametrize("path", ["/oauth2/authorize", "/login", "/signup", "/forgotPassword", "/mfa/0"])
async def test_does_not_redirect_to_a_url_that_is_not_the_clients(
    shop: Shop, browser: Browser, path: str, more: dict[str, str]
) -> None:
    response = await browser.client.get(f"{browser.url}{path}?{shop.query(**more)}")
    client_id = more.get("client_id", shop.pool.client_id)
    told = urlencode({"error": "redirect_mismatch", "client_id": client_id})
    assert response.status_code == 302
    assert response.headers["Location"] == f"{browser.url}/error?{told}"
    page = await browser.get(response.headers["Location"])
    assert page.status == 400
    assert page.alert == "redirect_mismatch"
    assert f"App client: {client_id}" in page.text


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
async def test_says_what_is_missing_if_the_browser_cannot_be_redirected(
    shop: Shop, browser: Browser, name: str
) -> None:
    for absent in (None, ""):
        page = await browser.get(shop.authorize(**{name: absent}))
        assert page.status == 400
        assert page.alert == f"Required String parameter '{name}' is not present"


@pytest.mark.parametrize(
    ("more", "error", "description"),
    [
        ({"response_type": None}, "invalid_request", None),
        ({"response_type": "code token"}, "invalid_request", None),
        ({"response_type": "id_token"}, "invalid_request", None),
        ({"scope": "openid phone"}, "invalid_request", "invalid_scope"),
        ({"scope": "offline_access"}, "invalid_request", "invalid_scope"),
        ({"scope": " "}, "invalid_request", "invalid_scope"),
        ({"code_challenge": CHALLENGE}, "invalid_request", None),
        ({"code_challenge_method": "S256"}, "invalid_request", None),
        ({"code_challenge": CHALLENGE, "code_challenge_method": "plain"}, "invalid_request", None),
        ({"code_challenge": f"{CHALLENGE}=", "code_challenge_method": "S256"}, "invalid_request", None),
        ({"prompt": "none login"}, "invalid_request", None),
        ({"prompt": "sometimes"}, "invalid_request", None),
        ({"prompt": "none"}, "login_required", None),
        ({"identity_provider": "Google"}, "invalid_request", "unsupported_identity_provider"),
        ({"idp_identifier": "corp.example"}, "invalid_request", "unsupported_identity_provider"),
    ],
)
async def test_errors_are_returned_to_the_app(
    shop: Shop, browser: Browser, more: dict[str, str], error: str, description: str | None
) -> None:
    await browser.get(shop.authorize(**more))
    told = {"state": "st ate", "error": error}
    assert browser.answer == ({**told, "error_description": description} if description else told)


async def test_a_flow_that_the_client_has_not(shop: Shop, browser: Browser) -> None:
    await browser.get(shop.authorize(response_type="token"))
    # What it would have come back in: the fragment.
    assert browser.gone_to.startswith(f"{PLAIN_CALLBACK}#")
    told = {"error_description": "unauthorized_client", "state": "st ate", "error": "invalid_request"}
    assert browser.answer == told
    for settings in ({"AllowedOAuthFlows": ["implicit"]}, {"AllowedOAuthFlowsUserPoolClient": False}):
        shop.client(**settings)
        await browser.get(shop.authorize())
        assert browser.answer == told


@pytest.mark.parametrize("name", ["scope", "state", "nonce", "response_type", "code_challenge", "prompt"])
async def test_a_parameter_that_comes_twice(shop: Shop, browser: Browser, name: str) -> None:
    await browser.get(f"{shop.authorize(**{name: 'code'})}&{name}=code")
    told = {"error": "invalid_request"}
    assert browser.answer == (told if name == "state" else {**told, "state": "st ate"})


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
async def test_a_repeated_redirect_uri_is_refused(shop: Shop, browser: Browser, name: str) -> None:
    value = parameters(shop.authorize())[name][0]
    page = await browser.get(f"{shop.authorize()}&{name}={quote(value)}")
    assert page.alert == "redirect_mismatch"


async def test_unknown_parameters_pass(shop: Shop, browser: Browser) -> None:
    """Unknown parameters are ignored."""
    page = await browser.get(f"{shop.authorize()}&utm_source=a&utm_source=b")
    assert page.title == "Sign in"


async def test_what_is_asked_for_comes_back_with_the_code(shop: Shop, browser: Browser) -> None:
    await browser.get(
        shop.authorize(
            scope="email openid email", nonce="no nce", code_challenge=CHALLENGE, code_challenge_method="S256"
        )
    )
    await browser.sign_in()
    assert browser.answer.keys() == {"code", "state"}
    assert browser.answer["state"] == "st ate"
    code = shop.code(browser.answer)
    assert code.client_id == shop.pool.client_id
    assert code.redirect_uri == PLAIN_CALLBACK
    assert code.scopes == ("email", "openid")
    assert code.nonce == "no nce"
    assert code.code_challenge == CHALLENGE
    assert shop.who(browser.answer) == "ana"
    assert len(browser.answer["code"]) == 36


async def test_all_scopes_and_no_state_unless_asked(shop: Shop, browser: Browser) -> None:
    await browser.get(shop.authorize(state=None))
    await browser.sign_in()
    assert browser.answer.keys() == {"code"}
    code = shop.code(browser.answer)
    assert code.scopes == ("openid", "email", "profile")
    assert (code.nonce, code.code_challenge) == (None, None)


async def test_a_callback_with_a_query_keeps_it(shop: Shop, browser: Browser) -> None:
    await browser.get(shop.authorize(redirect_uri=CALLBACK))
    await browser.sign_in()
    assert browser.gone_to.startswith(f"{CALLBACK}&code=")
    assert parameters(browser.gone_to).keys() == {"from", "code", "state"}


async def test_a_callback_of_an_app_on_a_telephone(shop: Shop, browser: Browser) -> None:
    await browser.get(shop.authorize(redirect_uri="shop://callback"))
    await browser.sign_in()
    assert browser.gone_to.startswith("shop://callback?code=")


async def test_a_state_goes_back_as_it_came(shop: Shop, browser: Browser) -> None:
    state = "a&b=c#d\r\nSet-Cookie: e=f \N{SNOWMAN} %2F"
    await browser.get(shop.authorize(state=state))
    await browser.sign_in()
    assert browser.answer["state"] == state


async def test_a_query_that_cannot_be_read(shop: Shop, browser: Browser) -> None:
    for rest in ("&".join(f"p{n}=1" for n in range(200)), "state=%FF"):
        page = await browser.get(f"{shop.authorize(state=None)}&{rest}")
        assert page.status == (400 if rest.startswith("p") else 200)


@pytest.mark.parametrize(("lang", "shown"), [("de", "de"), ("pt-BR", "pt-BR"), ("x", "en"), ('"><b>', "en")])
async def test_the_language_that_was_asked_for(shop: Shop, browser: Browser, lang: str, shown: str) -> None:
    page = await browser.get(shop.authorize(lang=lang))
    assert page.lang == shown
    # The text is English all the same, and says so.
    assert ('<body lang="en">' in page.response.text) is (shown != "en")


async def test_the_implicit_flow(shop: Shop, browser: Browser) -> None:
    """Tokens are returned in the fragment."""
    shop.client(AllowedOAuthFlows=["implicit"])
    await browser.get(shop.authorize(response_type="token", nonce="n"))
    await browser.sign_in()
    assert browser.gone_to.startswith(f"{PLAIN_CALLBACK}#id_token=")
    answer = browser.answer
    assert list(answer) == ["id_token", "access_token", "token_type", "expires_in", "state"]
    assert (answer["token_type"], answer["expires_in"], answer["state"]) == ("bearer", "3600", "st ate")
    await browser.get(shop.authorize(response_type="token", scope="email"))
    assert list(browser.answer) == ["access_token", "token_type", "expires_in", "state"]


async def test_a_trigger_that_fails_in_the_implicit_flow(shop: Shop, browser: Browser) -> None:
    def fail(_event: object) -> None:
        raise ValueError("not today")

    shop.client(AllowedOAuthFlows=["implicit"])
    shop.pool.triggers["PreTokenGeneration"] = fail
    await browser.get(shop.authorize(response_type="token"))
    await browser.sign_in()
    assert browser.answer["error"] == "invalid_request"
    assert browser.answer["error_description"] == "PreTokenGeneration failed with error not today."


async def test_the_error_page_does_not_show_text_of_a_link(shop: Shop, browser: Browser) -> None:
    await shop.pool.add_user("eve", PASSWORD)
    told = {"error": "Call <b>us</b>", "client_id": "<i>now</i>"}
    page = await browser.get(f"/error?{urlencode(told)}")
    assert page.status == 400
    assert page.alert == "server_error"
    assert "now" not in page.text
