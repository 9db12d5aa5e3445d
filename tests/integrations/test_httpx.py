"""A token goes to the hosts that are named, and nowhere else."""

import asyncio
import sys
from typing import Any

import httpx
import httpx2
import pytest

from aiocognito import ClientCredentials, SessionManager
from aiocognito._jwt import JWT
from aiocognito._models import AuthTokens
from aiocognito.errors import UserUnAuthenticatedException
from aiocognito.integrations import httpx as integration
from aiocognito.integrations.httpx import SessionAuth
from aiocognito.storage import MemoryStorage
from helpers.hosted_ui import config, hosted_client
from helpers.user_pool import CONFIG, jwt, scripted_client, signed_in

TOKEN = "access-s3cr3t"


class Tokens:
    """A token provider that has what it was given, and counts who asks."""

    def __init__(self, tokens: AuthTokens | None) -> None:
        self.tokens = tokens
        self.asked = 0

    async def get_tokens(self, **arguments: Any) -> AuthTokens | None:
        self.asked += 1
        return self.tokens


def tokens(id_token: bool = True) -> Tokens:
    return Tokens(AuthTokens(JWT({}, TOKEN), JWT({}, "id-s3cr3t") if id_token else None))


class Servers:
    """Every host in one place, which says what each was sent."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str | None]] = []
        self.redirects: dict[str, str] = {}

    def handle(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        self.seen.append((url, request.headers.get("authorization")))
        if url in self.redirects:
            return httpx.Response(307, headers={"Location": self.redirects[url]})
        return httpx.Response(200)

    def client(self, auth: SessionAuth) -> httpx.AsyncClient:
        return httpx.AsyncClient(auth=auth, transport=httpx.MockTransport(self.handle), follow_redirects=True)


@pytest.fixture
def servers() -> Servers:
    return Servers()


async def sent(servers: Servers, url: str, auth: SessionAuth) -> str | None:
    async with servers.client(auth) as client:
        await client.get(url)
    return servers.seen[-1][1]


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("api.example.com", "https://api.example.com/x?y"),
        ("api.example.com", "https://API.example.com/"),
        ("API.Example.Com", "https://api.example.com/"),
        ("api.example.com", "https://api.example.com:8443/"),
        ("api.example.com:8443", "https://api.example.com:8443/"),
        ("api.example.com:443", "https://api.example.com/"),
        ("localhost", "http://localhost:8000/"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000/"),
        ("[::1]", "http://[::1]/"),
        ("[::1]:8000", "http://[::1]:8000/"),
        ("localhost:80", "http://localhost/"),
        ("bücher.example", "https://xn--bcher-kva.example/"),
    ],
)
async def test_named_hosts_get_the_token(servers: Servers, host: str, url: str) -> None:
    for hosts in (host, ["other.example", host]):
        assert await sent(servers, url, SessionAuth(tokens(), hosts=hosts)) == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("api.example.com", "https://example.com/"),
        ("api.example.com", "https://x.api.example.com/"),
        ("api.example.com", "https://api.example.com.evil.example/"),
        ("api.example.com", "https://evilapi.example.com/"),
        ("api.example.com", "https://evil.example/api.example.com"),
        ("api.example.com", "https://api.example.com@evil.example/"),
        ("api.example.com:8443", "https://api.example.com/"),
        ("api.example.com:443", "https://api.example.com:8443/"),
        ("api.example.com", "http://api.example.com/"),
        ("api.example.com:80", "https://api.example.com/"),
        ("localhost:80", "http://localhost:8000/"),
        ("[::1]:8000", "http://[::1]:8001/"),
        ("localhost.example", "http://localhost.example/"),
        ("api.example.com", "https://api.example.com./"),
    ],
)
async def test_no_other_host_gets_the_token(servers: Servers, host: str, url: str) -> None:
    provider = tokens()
    got = await sent(servers, url, SessionAuth(provider, hosts=[host]))
    assert got is None or "s3cr3t" not in got
    assert provider.asked == 0


async def test_plain_http_is_said_in_so_many_words(servers: Servers) -> None:
    auth = SessionAuth(tokens(), hosts="api", allow_insecure_http=True)
    assert await sent(servers, "http://api/", auth) == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "http://api.example.com/",
        "https://api.example.com:8443/",
        "https://b.example/",
    ],
)
async def test_a_redirect_to_another_host_does_not_take_it_along(servers: Servers, target: str) -> None:
    servers.redirects["https://api.example.com/go"] = target
    auth = SessionAuth(tokens(), hosts=["api.example.com"])
    assert await sent(servers, "https://api.example.com/go", auth) is None
    assert [url for url, _ in servers.seen] == ["https://api.example.com/go", target]


async def test_a_redirect_between_named_hosts_does_not_either(servers: Servers) -> None:
    servers.redirects["https://a.example/go"] = "https://b.example/"
    provider = tokens()
    assert (
        await sent(servers, "https://a.example/go", SessionAuth(provider, hosts=["a.example", "b.example"]))
        is None
    )
    assert provider.asked == 1


async def test_a_redirect_to_a_named_host_does_not_bring_the_token_there(servers: Servers) -> None:
    servers.redirects["https://evil.example/"] = "https://a.example/delete?everything"
    provider = tokens()
    assert await sent(servers, "https://evil.example/", SessionAuth(provider, hosts="a.example")) is None
    assert (len(servers.seen), provider.asked) == (2, 0)


async def test_there_and_back_again(servers: Servers) -> None:
    servers.redirects["https://a.example/go"] = "https://evil.example/"
    servers.redirects["https://evil.example/"] = "https://a.example/there"
    await sent(servers, "https://a.example/go", SessionAuth(tokens(), hosts="a.example"))
    assert [authorization for _, authorization in servers.seen] == [f"Bearer {TOKEN}", None, None]


async def test_a_header_of_the_caller_s_own_stays_with_hosts_that_are_not_named(servers: Servers) -> None:
    async with servers.client(SessionAuth(tokens(), hosts="a.example")) as client:
        for host in ("a.example", "b.example"):
            await client.get(f"https://{host}/", headers={"Authorization": "Basic eA=="})
    assert [authorization for _, authorization in servers.seen] == [f"Bearer {TOKEN}", "Basic eA=="]


async def test_what_a_url_says_of_its_user_is_not_sent_in_place_of_the_token(servers: Servers) -> None:
    auth = SessionAuth(tokens(), hosts="a.example")
    assert await sent(servers, "https://me:pw@a.example/", auth) == f"Bearer {TOKEN}"


async def test_a_redirect_on_the_same_host_does(servers: Servers) -> None:
    servers.redirects["https://api.example.com/go"] = "https://api.example.com/there"
    auth = SessionAuth(tokens(), hosts=["api.example.com"])
    assert await sent(servers, "https://api.example.com/go", auth) == f"Bearer {TOKEN}"


async def test_the_id_token(servers: Servers) -> None:
    """The ID token is sent if it is chosen."""
    auth = SessionAuth(tokens(), hosts="a.example", token="id")
    assert await sent(servers, "https://a.example/", auth) == "Bearer id-s3cr3t"
    with pytest.raises(UserUnAuthenticatedException, match="id token"):
        await sent(servers, "https://a.example/", SessionAuth(tokens(False), hosts="a.example", token="id"))


async def test_no_user_is_signed_in(servers: Servers) -> None:
    with pytest.raises(UserUnAuthenticatedException):
        await sent(servers, "https://a.example/", SessionAuth(Tokens(None), hosts="a.example"))
    assert servers.seen == []


async def test_a_user_s_token_is_renewed(servers: Servers) -> None:
    async with scripted_client() as (client, service, clock):
        await signed_in(client, service)
        auth = SessionAuth(client, hosts="a.example")
        first = await sent(servers, "https://a.example/", auth)
        clock.advance(4000)
        service.answer("GetTokensFromRefreshToken", service.tokens())
        second = await sent(servers, "https://a.example/", auth)
        assert first != second
        current = (await client.fetch_auth_session(credentials=False)).tokens
        assert current is not None
        assert second == f"Bearer {current.access_token.token}"


async def test_the_client_that_sends_the_token_may_be_the_one_that_fetches_it() -> None:
    """Though the host that issues tokens is one of those that are sent them."""
    seen: list[tuple[str, str | None]] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append((request.url.path, request.headers.get("authorization")))
        return httpx.Response(200, json={"access_token": jwt(exp=2e9), "expires_in": 3600})

    async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as client:
        machine = ClientCredentials(config(user_pool_client_secret="s3cr3t"), http_client=client)
        client.auth = SessionAuth(machine, hosts="auth.example")
        async with asyncio.timeout(60):
            await client.get("https://auth.example/oauth2/userInfo")
    token = (await machine.get_tokens()).access_token.token
    assert seen == [
        ("/oauth2/token", "Basic Y2xpZW50OnMzY3IzdA=="),
        ("/oauth2/userInfo", f"Bearer {token}"),
    ]


async def test_a_sign_in_is_completed_by_a_client_that_sends_its_tokens() -> None:
    async with hosted_client() as (client, hosted, _):
        hosted.client.auth = SessionAuth(client, hosts=["auth.example"])
        request = await client.sign_in_with_redirect()
        result = await client.complete_sign_in_with_redirect(hosted.come_back(request.url))
        assert result.is_signed_in
        assert "authorization" not in hosted.requests[-1].headers


def test_it_cannot_wait_without_a_loop() -> None:
    auth = SessionAuth(tokens(), hosts="a.example")
    with httpx.Client(auth=auth) as client, pytest.raises(RuntimeError, match="AsyncClient"):
        client.get("https://a.example/")


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        "",
        ["a.example", ""],
        ["*.example.com"],
        ["https://a.example"],
        ["a.example/path"],
        ["a.example?x"],
        ["a.example#x"],
        ["me@a.example"],
        ["a.example:port"],
        ["a b"],
        [None],
        [5],
    ],
)
def test_texts_that_are_not_hosts(hosts: Any) -> None:
    with pytest.raises(ValueError, match="hosts"):
        SessionAuth(tokens(), hosts=hosts)


async def test_what_has_no_tokens() -> None:
    async with SessionManager(CONFIG, fixed_keys=True, storage=MemoryStorage()) as manager:
        for other in (manager, None, "token", config()):
            with pytest.raises(TypeError, match="auth"):
                SessionAuth(other, hosts="a.example")
    with pytest.raises(ValueError, match="token"):
        SessionAuth(tokens(), hosts="a.example", token="refresh")  # type: ignore[arg-type]  # wrong on purpose


def test_a_client_s_token_is_in_no_repr() -> None:
    assert "s3cr3t" not in repr(SessionAuth(tokens(), hosts="a.example"))


# Hosts that are misspelt


@pytest.mark.parametrize(
    "host",
    [
        "x:0",
        "x:00",
        "x:",
        "x:65536",
        "x:-1",
        "x:+1",
        "x: 80",
        "x:٣",
        ".example.com",
        ".",
        "example.com/",
        "example.com//",
        "/example.com",
        "//example.com",
        "example.com?",
        "example.com#",
        "example.com\\",
        "user@example.com",
        "@example.com",
        "*.example.com",
        "*",
        "",
        " ",
        " example.com",
        "example.com\n",
        "example.com\t",
        "https://example.com",
        "a%2eexample.com",
        "::1",
        "[::1",
        "[::1]x",
        "[::1]:0",
        "[::1].example.com",
        "\ud800",
        None,
        b"example.com",
        ["example.com"],
    ],
)
def test_what_is_not_a_host_is_refused(host: Any) -> None:
    for hosts in ([host], ["api.example.com", host]):
        with pytest.raises(ValueError, match="hosts: "):
            SessionAuth(tokens(), hosts=hosts)


def test_the_error_of_a_url_with_a_password_does_not_repeat_it() -> None:
    with pytest.raises(ValueError, match="hosts: a value with '@' is not a host name") as caught:
        SessionAuth(tokens(), hosts=["https://ana:sesame@api.example.com"])
    assert "sesame" not in repr(caught.value)


async def test_port_0_is_not_the_scheme_s_own(servers: Servers) -> None:
    provider = tokens()
    assert await sent(servers, "https://x:0/", SessionAuth(provider, hosts=["x:443"])) is None
    assert provider.asked == 0


# The successor


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://api.example.com/x?y", f"Bearer {TOKEN}"),
        ("https://API.example.com:443/", f"Bearer {TOKEN}"),
        ("https://bücher.example/", f"Bearer {TOKEN}"),
        ("http://localhost:8000/", f"Bearer {TOKEN}"),
        ("http://[::1]:8000/", f"Bearer {TOKEN}"),
        ("http://api.example.com/", None),
        ("https://api.example.com.evil.example/", None),
        ("https://api.example.com@evil.example/", None),
        ("https://other.example/", None),
    ],
)
async def test_a_client_of_httpx2_sends_the_token_to_the_same_hosts(url: str, expected: str | None) -> None:
    seen: list[str | None] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers.get("authorization"))
        return httpx2.Response(200)

    hosts = ["api.example.com", "bücher.example", "localhost", "[::1]"]
    auth: Any = SessionAuth(tokens(), hosts=hosts)  # to type checkers, an Auth of httpx
    async with httpx2.AsyncClient(auth=auth, transport=httpx2.MockTransport(handle)) as client:
        await client.get(url)
    assert seen == [expected]


async def test_a_redirect_of_httpx2_to_another_host_does_not_take_the_token_along() -> None:
    seen: list[tuple[str, str | None]] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append((request.url.host, request.headers.get("authorization")))
        if request.url.host == "a.example":
            return httpx2.Response(307, headers={"Location": "https://b.example/"})
        return httpx2.Response(200)

    auth: Any = SessionAuth(tokens(), hosts=["a.example", "b.example"])  # to type checkers, an Auth of httpx
    transport = httpx2.MockTransport(handle)
    async with httpx2.AsyncClient(auth=auth, transport=transport, follow_redirects=True) as client:
        await client.get("https://a.example/")
    assert seen == [("a.example", f"Bearer {TOKEN}"), ("b.example", None)]


def test_a_synchronous_client_of_httpx2_is_refused() -> None:
    auth: Any = SessionAuth(tokens(), hosts=["a.example"])  # to type checkers, an Auth of httpx
    transport = httpx2.MockTransport(lambda request: httpx2.Response(200))
    with (
        httpx2.Client(auth=auth, transport=transport) as client,
        pytest.raises(RuntimeError, match="AsyncClient"),
    ):
        client.get("https://a.example/")


def test_the_integration_needs_no_httpx2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx2", None)
    assert integration._auth_classes() == (httpx.Auth,)
    monkeypatch.setitem(sys.modules, "httpx2", httpx)  # as `httpx2.alias_httpx` has it, the other way round
    assert integration._auth_classes() == (httpx.Auth,)
