"""External identity providers: the way there, the way back, and the user who comes of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from aiocognito.emulator import identities
from helpers.browser import PASSWORD, Browser, Page, Shop, parameters

from .conftest import MakeShop

Open = Callable[[], Awaitable[Browser]]
MAPPING = {"email": "email", "name": "name"}
MAIL = "bo@example.com"


async def add_provider(
    shop: Shop, name: str = "Google", kind: str = "Google", mapping: dict[str, str] | None = None, **more: Any
) -> None:
    """Give a user pool a provider, and its client, too."""
    shop.pool.state.providers[name] = {
        "ProviderName": name,
        "ProviderType": kind,
        "ProviderDetails": {},
        "AttributeMapping": MAPPING if mapping is None else mapping,
        **more,
    }
    settings = shop.pool.state.clients[shop.pool.client_id].settings
    settings["SupportedIdentityProviders"] = [*settings["SupportedIdentityProviders"], name]


@pytest.fixture
async def with_google(shop: Shop) -> Shop:
    await add_provider(shop)
    return shop


async def go(shop: Shop, browser: Browser, provider: str = "Google", **asked: str) -> Page:
    return await browser.get(shop.authorize(identity_provider=provider, **asked))


async def say(browser: Browser, who: str = "123", **claims: str) -> Page:
    given = {"email": MAIL, "name": "Bo", **claims}
    return await browser.click(
        "Continue", claims__sub=who, **{f"claims__{name}": value for name, value in given.items()}
    )


async def test_a_button_leads_there(with_google: Shop, browser: Browser) -> None:
    page = await browser.get(with_google.authorize())
    assert [list(form.buttons) for form in page.forms] == [["Sign in"], ["Continue with Google"]]
    page = await browser.click("Continue with Google")
    assert page.title == "Emulated Google"
    assert "Not the real provider" in page.text
    assert list(page.labels.values()) == ["ID", "Email", "Name"]
    assert "AttributeMapping" not in page.text
    await say(browser)
    assert browser.answer["state"] == "st ate"
    assert with_google.who(browser.answer) == "Google_123"


async def test_the_user_of_the_first_sign_in(with_google: Shop, browser: Browser) -> None:
    await go(with_google, browser)
    await say(browser)
    user = with_google.pool.state.users.find("Google_123")
    assert user.status == "EXTERNAL_PROVIDER"
    attributes = dict(user.attributes)
    (identity,) = json.loads(attributes.pop("identities"))
    assert attributes == {"email": MAIL, "email_verified": "false", "name": "Bo"}
    assert identity.pop("dateCreated")
    assert identity == {
        "userId": "123",
        "providerName": "Google",
        "providerType": "Google",
        "issuer": None,
        "primary": True,
    }
    assert with_google.operations() == [
        ("Authorize", 302, None),
        ("ProviderPage", 200, None),
        ("ProviderForm", 302, None),
        ("IdpResponse", 302, None),
    ]


async def test_a_nonce_is_made_unless_there_is_one(with_google: Shop, browser: Browser) -> None:
    await go(with_google, browser)
    await say(browser)
    assert len(with_google.code(browser.answer).nonce) == 36
    await go(with_google, browser, nonce="mine", prompt="login")
    await say(browser)
    assert with_google.code(browser.answer).nonce == "mine"


@pytest.mark.parametrize(
    ("kind", "name", "path"),
    [
        ("OIDC", "corp", "/oauth2/idpresponse"),
        ("LoginWithAmazon", "LoginWithAmazon", "/oauth2/idpresponse"),
        ("SAML", "corp", "/saml2/idpresponse"),
    ],
)
async def test_each_kind_of_provider_redirects_to_its_own_url(
    shop: Shop, browser: Browser, kind: str, name: str, path: str
) -> None:
    await add_provider(shop, name, kind, IdpIdentifiers=["corp.example"])
    page = await browser.get(shop.authorize(idp_identifier="corp.example"))
    assert page.title == f"Emulated {'Amazon' if kind == 'LoginWithAmazon' else 'corp'}"
    form = page.forms[0]
    response = await browser.client.post(browser.url + form.action, data={**form.fields, "claims.sub": "7"})
    back = response.headers["Location"]
    assert urlsplit(back).path == path
    assert parameters(back).keys() == {"code", "state"}
    await browser.get(back)
    assert shop.who(browser.answer) == f"{name}_7"


async def test_is_known_again_and_brought_up_to_date(with_google: Shop, browser: Browser) -> None:
    await go(with_google, browser)
    await say(browser)
    first = with_google.code(browser.answer).sub
    with_google.pool.state.users.find("Google_123").attributes["email_verified"] = "true"
    await go(with_google, browser, prompt="login")
    await say(browser, name="Bodil")
    assert with_google.code(browser.answer).sub == first
    user = with_google.pool.state.users.find("Google_123")
    # What is verified stays so with the same address; without a word of it, a name stays.
    assert (user.attributes["name"], user.attributes["email_verified"]) == ("Bodil", "true")
    await go(with_google, browser, prompt="login")
    await say(browser, email="new@example.com", name="")
    assert user.attributes["email"] == "new@example.com"
    assert user.attributes["email_verified"] == "false"
    assert user.attributes["name"] == "Bodil"
    assert len(with_google.pool.state.users) == 2


async def test_the_provider_may_say_that_an_address_is_verified(shop: Shop, browser: Browser) -> None:
    await add_provider(shop, mapping={**MAPPING, "email_verified": "email_verified", "username": "sub"})
    await go(shop, browser)
    await say(browser, email_verified="True")
    assert shop.pool.state.users.find("Google_123").attributes["email_verified"] == "true"


async def test_claims_that_go_nowhere_are_marked(shop: Shop, browser: Browser) -> None:
    await add_provider(shop, mapping={"name": "urn:name"})
    page = await go(shop, browser)
    assert page.labels == {"claims.sub": "ID", "claims.urn:name": "Name", "claims.email": "Email"}
    assert page.text.count("Not stored: the provider's AttributeMapping has no attribute for it.") == 1
    await browser.click("Continue", **{"claims__sub": "1", "claims__urn:name": "Bo", "claims__email": MAIL})
    attributes = shop.pool.state.users.find("Google_1").attributes
    assert attributes.keys() == {"name", "identities"}


async def test_without_a_user(with_google: Shop, browser: Browser) -> None:
    """A provider's response without a subject is refused."""
    await go(with_google, browser)
    page = await say(browser, " ", email='x"><b>')
    assert page.status == 400
    assert page.alert is not None
    assert page.forms[0].fields["claims.email"] == 'x"><b>'
    await say(browser)
    assert with_google.who(browser.answer) == "Google_123"


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("Google", {"error": "access_denied"}),
        ("Facebook", {"error": "access_denied", "error_description": "Permissions error"}),
        ("SignInWithApple", {"error": "user_cancelled_authorize"}),
        ("SAML", {"error": "access_denied"}),
    ],
)
async def test_a_user_who_cancels_at_the_provider(
    shop: Shop, browser: Browser, kind: str, told: dict[str, str]
) -> None:
    await add_provider(shop, kind, kind)
    await go(shop, browser, kind)
    await browser.click("Cancel")
    assert browser.answer == {**told, "state": "st ate"}
    assert not browser.session_cookies
    assert shop.operations()[-1] == ("IdpResponse", 302, told["error"])
    assert len(shop.pool.state.users) == 1


# The way back


async def back_from(shop: Shop, browser: Browser, **asked: str) -> str:
    """Say who one is, and stop before the provider's answer arrives."""
    form = (await go(shop, browser, **asked)).forms[0]
    data = {**form.fields, "claims.sub": "123", "claims.email": MAIL}
    response = await browser.client.post(browser.url + form.action, data=data)
    return str(response.headers["Location"])


async def test_a_state_is_used_once(with_google: Shop, browser: Browser) -> None:
    back = await back_from(with_google, browser)
    await browser.get(back)
    assert with_google.who(browser.answer) == "Google_123"
    page = await browser.get(back)
    assert (page.status, page.alert) == (400, "Invalid State")
    assert with_google.operations()[-1] == ("IdpResponse", 400, "invalid_request")


async def test_a_state_belongs_to_its_browser(
    with_google: Shop, browser: Browser, open_browser: Open
) -> None:
    back = await back_from(with_google, browser)
    # Eve lets another user open her own sign-in, who would be signed in as Eve from then on.
    other = await open_browser()
    await go(with_google, other)
    assert (await other.get(back)).alert == "Invalid State"
    assert not other.session_cookies
    await browser.get(back)
    assert with_google.who(browser.answer) == "Google_123"


async def test_a_state_expires(with_google: Shop, browser: Browser) -> None:
    """A response that comes too late is refused."""
    back = await back_from(with_google, browser)
    with_google.emulator.clock.advance(481)
    assert (await browser.get(back)).alert == "Invalid State"


@pytest.mark.parametrize("path", ["/oauth2/idpresponse", "/oauth2/idpresponse?state=x&code=y"])
async def test_a_state_that_never_was(with_google: Shop, browser: Browser, path: str) -> None:
    await go(with_google, browser)
    assert (await browser.get(path)).alert == "Invalid State"


async def test_a_state_of_another_step(with_google: Shop, browser: Browser) -> None:
    await with_google.pool.add_user("mia", PASSWORD, mfa="TOTP")
    await browser.get(with_google.authorize())
    page = await browser.sign_in("mia")
    step = urlsplit(str(page.response.url)).path.rsplit("/", 1)[1]
    assert (await browser.get(f"/oauth2/idpresponse?state={step}&code=y")).alert == "Invalid State"


@pytest.mark.parametrize("said", [True, False])
async def test_a_code_that_the_provider_never_gave(with_google: Shop, browser: Browser, said: bool) -> None:
    if said:
        state = parameters(await back_from(with_google, browser))["state"][0]
    else:
        state = urlsplit(str((await go(with_google, browser)).response.url)).path.rsplit("/", 1)[1]
    await browser.get(f"/oauth2/idpresponse?state={state}&code=guessed")
    assert browser.answer == {
        "error_description": "Google Error - 400 invalid_grant error getting token",
        "state": "st ate",
        "error": "invalid_request",
    }
    assert not browser.session_cookies


async def test_a_provider_that_is_gone_meanwhile(with_google: Shop, browser: Browser) -> None:
    await browser.get(with_google.authorize())
    await browser.click("Continue with Google")
    del with_google.pool.state.providers["Google"]
    await say(browser)
    assert browser.answer["error"] == "server_error"


async def test_a_provider_that_the_client_has_not(with_google: Shop, browser: Browser) -> None:
    form = (await browser.get(with_google.authorize())).forms[1]
    for name in ("Facebook", "COGNITO", "unknown"):
        await browser.send(form, {**form.fields, "provider": name})
        assert browser.answer["error_description"] == "unsupported_identity_provider"
    with_google.client(SupportedIdentityProviders=["COGNITO"])
    await browser.send(form, {**form.fields, "provider": "Google"})
    assert browser.answer["error_description"] == "unsupported_identity_provider"


async def test_only_providers(with_google: Shop, browser: Browser) -> None:
    """A client without the pool's own users has no form for a password."""
    with_google.client(SupportedIdentityProviders=["Google"])
    page = await browser.get(with_google.authorize())
    assert [list(form.buttons) for form in page.forms] == [["Continue with Google"]]


# The session


async def test_the_session_is_the_providers(with_google: Shop, browser: Browser) -> None:
    await go(with_google, browser)
    await say(browser)
    for provider in (None, "Google"):
        await browser.get(with_google.authorize(identity_provider=provider))
        assert with_google.who(browser.answer) == "Google_123"
    # The user who signs in at the pool itself is another one.
    page = await browser.get(with_google.authorize(identity_provider="COGNITO"))
    assert page.title == "Sign in"
    await browser.sign_in()
    assert (await go(with_google, browser)).title == "Emulated Google"


# Who cannot be taken in


async def test_an_attribute_that_is_missing(make_shop: MakeShop, browser: Browser) -> None:
    needed = [{"Name": "email", "AttributeDataType": "String", "Required": True}]
    shop = await make_shop(Schema=needed)
    await add_provider(shop)
    await go(shop, browser)
    await say(browser, email="")
    assert browser.answer["error"] == "invalid_request"
    assert browser.answer["error_description"] == "attributes required: [email]"
    assert len(shop.pool.state.users) == 0


async def test_an_attribute_that_cannot_be(with_google: Shop, browser: Browser) -> None:
    await go(with_google, browser)
    await say(browser, email="nonsense")
    assert browser.answer["error_description"] == "Invalid email address format."


@pytest.mark.parametrize("who", ["b o", "x" * 122])
async def test_a_user_whose_subject_is_not_a_valid_username(
    with_google: Shop, browser: Browser, who: str
) -> None:
    await go(with_google, browser)
    await say(browser, who)
    assert browser.answer["error"] == "invalid_request"
    assert browser.answer["error_description"].startswith("1 validation error detected: Value at 'username'")
    assert len(with_google.pool.state.users) == 1


async def test_an_attribute_that_cannot_change(make_shop: MakeShop, browser: Browser) -> None:
    fixed = [{"Name": "email", "AttributeDataType": "String", "Mutable": False}]
    shop = await make_shop(Schema=fixed)
    await add_provider(shop)
    await go(shop, browser)
    await say(browser)
    assert shop.who(browser.answer) == "Google_123"
    await go(shop, browser, prompt="login")
    await say(browser)
    assert browser.answer["error"] == "invalid_request"
    assert browser.answer["error_description"] == "user.email: Attribute cannot be updated."


async def test_a_user_who_is_disabled(with_google: Shop, browser: Browser) -> None:
    await go(with_google, browser)
    await say(browser)
    user = with_google.pool.state.users.find("Google_123")
    user.enabled = False
    await go(with_google, browser)
    await say(browser, name="Bodil")
    assert browser.answer["error_description"] == "User is disabled."
    assert user.attributes["name"] == "Bo"


async def test_a_name_that_is_taken(with_google: Shop, browser: Browser) -> None:
    await with_google.pool.add_user("Google_123", PASSWORD)
    await go(with_google, browser)
    await say(browser)
    assert browser.answer["error_description"] == "Already found an entry for username Google_123"


# Triggers


async def test_triggers_are_asked(with_google: Shop, browser: Browser) -> None:
    """The triggers of a federated sign-in are called."""
    heard = []

    def hear(event: dict[str, Any]) -> dict[str, Any]:
        heard.append((event["triggerSource"], event["userName"]))
        if event["triggerSource"].startswith("PreSignUp"):
            assert event["request"]["userAttributes"]["email"] == MAIL
            event["response"].update(autoConfirmUser=True, autoVerifyEmail=True)
        return event

    names = ("PreSignUp", "PostConfirmation", "PreAuthentication", "PostAuthentication")
    with_google.pool.triggers.update(dict.fromkeys(names, hear))
    await go(with_google, browser)
    await say(browser)
    assert [source for source, _ in heard] == ["PreSignUp_ExternalProvider", "PostConfirmation_ConfirmSignUp"]
    user = with_google.pool.state.users.find("Google_123")
    assert (user.status, user.attributes["email_verified"]) == ("EXTERNAL_PROVIDER", "true")
    heard.clear()
    await go(with_google, browser, prompt="login")
    await say(browser)
    assert heard == [
        ("PreAuthentication_Authentication", "Google_123"),
        ("PostAuthentication_Authentication", "Google_123"),
    ]


async def test_a_trigger_refuses(with_google: Shop, browser: Browser) -> None:
    """A trigger's refusal is returned to the app."""

    def refuse(_event: dict[str, Any]) -> None:
        raise PermissionError("colleagues only")

    with_google.pool.triggers["PreSignUp"] = refuse
    await go(with_google, browser)
    await say(browser)
    assert browser.answer == {
        "error_description": "PreSignUp failed with error colleagues only.",
        "state": "st ate",
        "error": "invalid_request",
    }
    assert with_google.pool.state.users.find("Google_123") is None


# Linked users


async def link(shop: Shop, username: str = "ana") -> None:
    await shop.emulator.call(
        "AdminLinkProviderForUser",
        UserPoolId=shop.pool.id,
        DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": username},
        SourceUser={
            "ProviderName": "Google",
            "ProviderAttributeName": "Cognito_Subject",
            "ProviderAttributeValue": "123",
        },
    )


async def test_a_linked_user_signs_in_as_themselves(with_google: Shop, browser: Browser) -> None:
    await link(with_google)
    await go(with_google, browser)
    await say(browser, email="ana@gmail.example")
    assert with_google.who(browser.answer) == "ana"
    user = with_google.pool.state.users.find("ana")
    assert (user.status, user.attributes["email"]) == ("CONFIRMED", "ana@gmail.example")
    assert len(with_google.pool.state.users) == 1
    # Their password works as before.
    await browser.get(with_google.authorize(identity_provider="COGNITO"))
    await browser.sign_in()
    assert with_google.who(browser.answer) == "ana"


async def test_a_link_by_another_claim_than_the_subject(shop: Shop, browser: Browser) -> None:
    await add_provider(shop, "Corp", "OIDC")
    pool, ask = shop.pool.state, shop.emulator.call
    account = {"ProviderName": "Corp", "ProviderAttributeName": "email", "ProviderAttributeValue": MAIL}
    await ask(
        "AdminLinkProviderForUser",
        UserPoolId=pool.id,
        DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": "ana"},
        SourceUser=account,
    )
    # It is that claim which counts, not a subject of the same text.
    await go(shop, browser, "Corp")
    await browser.click("Continue", claims__sub=MAIL, claims__email="eve@example.com")
    assert shop.who(browser.answer) == f"Corp_{MAIL}"
    for address in (MAIL, "new@corp.example"):
        # Once they have signed in, it is the subject.
        await go(shop, browser, "Corp", prompt="login")
        await browser.click("Continue", claims__sub="123", claims__email=address)
        assert shop.who(browser.answer) == "ana"
        (entry,) = identities.of(pool.users.find("ana"))
        assert (entry["userId"], entry["primary"]) == ("123", False)
    await go(shop, browser, "Corp", prompt="login")
    await browser.click("Continue", claims__sub="124", claims__email=MAIL)
    assert shop.who(browser.answer) == "Corp_124"


async def test_two_links_by_another_claim_are_settled_one_by_one(shop: Shop, browser: Browser) -> None:
    await add_provider(shop, "Corp", "OIDC")
    user = {"ProviderName": "Cognito", "ProviderAttributeValue": "ana"}
    account = {"ProviderName": "Corp", "ProviderAttributeName": "email"}
    for address in ("old@corp.example", MAIL):
        await shop.emulator.call(
            "AdminLinkProviderForUser",
            UserPoolId=shop.pool.id,
            DestinationUser=user,
            SourceUser={**account, "ProviderAttributeValue": address},
        )
    for subject, address in (("123", MAIL), ("124", "old@corp.example")):
        await go(shop, browser, "Corp", prompt="login")
        await browser.click("Continue", claims__sub=subject, claims__email=address)
        assert shop.who(browser.answer) == "ana"
        known = [entry["userId"] for entry in identities.of(shop.pool.state.users.find("ana"))]
        assert known == {"123": ["old@corp.example", "123"], "124": ["124", "123"]}[subject]


async def test_a_link_by_another_claim_ends_before_it_is_used(shop: Shop, browser: Browser) -> None:
    await add_provider(shop, "Corp", "OIDC")
    account = {"ProviderName": "Corp", "ProviderAttributeName": "email", "ProviderAttributeValue": MAIL}
    user = {"ProviderName": "Cognito", "ProviderAttributeValue": "ana"}
    named = {"UserPoolId": shop.pool.id}
    await shop.emulator.call("AdminLinkProviderForUser", **named, DestinationUser=user, SourceUser=account)
    await shop.emulator.call("AdminDisableProviderForUser", **named, User=account)
    await go(shop, browser, "Corp")
    await browser.click("Continue", claims__sub="123", claims__email=MAIL)
    assert shop.who(browser.answer) == "Corp_123"


async def test_a_linked_user_cannot_take_another_users_sign_in_name(
    make_shop: MakeShop, browser: Browser
) -> None:
    shop = await make_shop(UsernameAttributes=["email"])
    await shop.pool.add_user("ana@example.com", PASSWORD)
    await shop.pool.add_user(MAIL, PASSWORD)
    await add_provider(shop)
    await link(shop, "ana@example.com")
    await go(shop, browser)
    await say(browser)
    assert browser.answer["error_description"] == "An account with the given email already exists."
    user = shop.pool.state.users.find("ana@example.com")
    assert user.attributes["email"] == "ana@example.com"
    assert shop.pool.state.users.find(MAIL) is not user


async def test_a_link_of_a_trigger_counts_at_the_next_sign_in(with_google: Shop, browser: Browser) -> None:
    async def link_them(event: dict[str, Any]) -> dict[str, Any]:
        await link(with_google)
        return event

    with_google.pool.triggers["PreSignUp"] = link_them
    await go(with_google, browser)
    await say(browser)
    assert browser.answer["error_description"] == "Already found an entry for username Google_123"
    await go(with_google, browser)
    await say(browser)
    assert with_google.who(browser.answer) == "ana"


# What else they can do


async def test_no_other_way_in(with_google: Shop, browser: Browser) -> None:
    pool, ask = with_google.pool, with_google.emulator.call
    await ask(
        "UpdateUserPool",
        UserPoolId=pool.id,
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}},
    )
    pool.state.settings["MfaConfiguration"] = "OFF"
    await add_provider(with_google, "Corp", "OIDC", {"email": "email", "email_verified": "email_verified"})
    await go(with_google, browser, "Corp")
    await say(browser, email_verified="true")
    await browser.get(with_google.authorize(prompt="login"))
    assert (await browser.sign_in("Corp_123")).alert == "Incorrect username or password."
    given = {"ClientId": pool.client_id, "AuthParameters": {"USERNAME": "Corp_123", "PASSWORD": PASSWORD}}
    for flow in ("USER_PASSWORD_AUTH", "USER_AUTH"):
        with pytest.raises(ValueError, match="Incorrect username or password"):
            await ask("InitiateAuth", AuthFlow=flow, **given)
    pool.triggers["DefineAuthChallenge"] = lambda event: event
    with pytest.raises(ValueError, match="Incorrect username or password"):
        await ask("InitiateAuth", AuthFlow="CUSTOM_AUTH", **given)


async def test_their_address_is_not_a_sign_in_name(make_shop: MakeShop, browser: Browser) -> None:
    shop = await make_shop(UsernameAttributes=["email"])
    await shop.pool.add_user(MAIL, PASSWORD)
    await add_provider(shop)
    await go(shop, browser)
    await say(browser)
    assert shop.who(browser.answer) == "Google_123"
    # The one whose name it is signs in with it as before.
    await browser.get(shop.authorize(prompt="login"))
    await browser.sign_in(MAIL)
    assert shop.who(browser.answer) not in {"Google_123", MAIL}


async def test_a_pool_without_passwords_has_no_forgot_password_page(
    with_google: Shop, browser: Browser
) -> None:
    await go(with_google, browser)
    await say(browser)
    user = with_google.pool.state.users.find("Google_123")
    user.attributes["email_verified"] = "true"
    await browser.get(f"/forgotPassword?{with_google.query()}")
    page = await browser.click("Send a code", username="Google_123")
    assert page.alert == "User password cannot be reset in the current state."
    assert with_google.emulator.outbox.messages == []
    assert user.status == "EXTERNAL_PROVIDER"


@pytest.mark.parametrize("kind", ["Google", "SAML"])
async def test_inbound_federation_changes_claims(make_shop: MakeShop, browser: Browser, kind: str) -> None:
    shop = await make_shop()
    await add_provider(shop, "Google", kind)
    events: list[dict[str, Any]] = []

    def change(event: dict[str, Any]) -> dict[str, Any]:
        events.append(copy.deepcopy(event))
        if len(events) > 1:
            # An empty answer changes nothing.
            return event
        event["response"]["userAttributesToMap"] = {"email": "upper@example.com", "sub": "456"}
        return event

    shop.pool.triggers["InboundFederation"] = change
    await go(shop, browser)
    await say(browser)
    user = shop.pool.state.users.find("Google_123")
    assert user.attributes["email"] == "upper@example.com"
    assert "name" not in user.attributes
    assert (events[0]["triggerSource"], events[0]["userName"]) == (
        "InboundFederation_ExternalProvider",
        "123",
    )
    assert (events[0]["request"]["providerName"], events[0]["request"]["providerType"]) == ("Google", kind)
    attributes = events[0]["request"]["attributes"]
    if kind == "SAML":
        assert attributes["samlResponse"]["email"] == MAIL
    else:
        assert attributes["idToken"] == attributes["userInfo"]
        assert attributes["idToken"]["email"] == MAIL
        assert attributes["tokenResponse"].keys() == {"access_token", "token_type", "expires_in"}
    await go(shop, browser, prompt="login")
    await say(browser)
    assert (user.attributes["email"], user.attributes["name"]) == (MAIL, "Bo")


async def test_inbound_federation_refuses(with_google: Shop, browser: Browser) -> None:
    """Malformed attributes of the trigger InboundFederation are an error."""

    def not_texts(event: dict[str, Any]) -> dict[str, Any]:
        return {**event, "response": {"userAttributesToMap": {"email": 1}}}

    with_google.pool.triggers["InboundFederation"] = not_texts
    await go(with_google, browser)
    await say(browser)
    assert browser.answer["error_description"] == "Unrecognizable lambda output"
    assert len(with_google.pool.state.users) == 1
