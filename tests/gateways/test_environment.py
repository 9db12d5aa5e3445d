"""Proxies and certificates of the environment: the same for both clients, named where they are wrong."""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from aiocognito import AuthConfig, ClientCredentials, OAuthConfig, TokenVerifier
from aiocognito._gateways.aws.client import AwsClient
from aiocognito._gateways.environment import proxy_for, tls_context
from aiocognito._gateways.http import Http
from aiocognito.errors import AuthConfigError, AuthError, JwksUnavailableError, NetworkError
from helpers.stub_server import Stub, stub_server
from helpers.tokens import POOL, access_claims, jwks, key

from .certificates import Authority, server_context, write_authority
from .proxy import Proxy, proxy_to

HOST = "service.example"
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
TRUSTED = ("AWS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
Ask = Callable[[str], Awaitable[object]]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that says nothing."""
    for name in (*VARIABLES, *map(str.lower, VARIABLES), *TRUSTED):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return write_authority(tmp_path_factory.mktemp("authority"), HOST)


@pytest.fixture
async def server(authority: Authority) -> AsyncIterator[Stub]:
    """A server over TLS whose certificate the test's own CA has signed."""
    async with stub_server(server_context(authority.server)) as stub:
        yield stub


@pytest.fixture
async def proxy(server: Stub) -> AsyncIterator[Proxy]:
    async with proxy_to(server.url) as proxy:
        yield proxy


async def ask_by_httpx(url: str) -> object:
    http = Http()
    try:
        return await http.request("GET", url)
    finally:
        await http.aclose()


async def ask_by_aiohttp(url: str) -> object:
    client = AwsClient(
        "cognito-idp", AuthConfig(user_pool_id="eu-west-1_abc", user_pool_endpoint=url, max_attempts=1)
    )
    try:
        return await client.call("GetUser", {"AccessToken": "t"})
    finally:
        await client.aclose()


both = pytest.mark.parametrize("ask", [ask_by_httpx, ask_by_aiohttp])


# Certificates


@both
@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "SSL_CERT_FILE"])
async def test_both_clients_trust_the_ca_that_the_environment_names(
    ask: Ask, variable: str, server: Stub, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, str(authority.ca))
    await ask(server.url)
    assert len(server.requests) == 1


@both
async def test_aws_ca_bundle_comes_before_ssl_cert_file(
    ask: Ask, server: Stub, authority: Authority, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.ca))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    await ask(server.url)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    with pytest.raises(NetworkError, match="not trusted"):
        await ask(server.url)


@both
async def test_a_refused_certificate_is_named_with_what_to_do(ask: Ask, server: Stub) -> None:
    with pytest.raises(NetworkError, match=r"127\.0\.0\.1: the certificate is not trusted") as failure:
        await ask(server.url)
    assert "unable to get local issuer certificate" in str(failure.value)
    assert failure.value.recovery_suggestion is not None
    assert "AWS_CA_BUNDLE" in failure.value.recovery_suggestion
    assert failure.value.request_sent is False
    assert server.requests == []


@both
async def test_a_certificate_for_another_host_is_refused(
    ask: Ask, server: Stub, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.ca))
    with pytest.raises(NetworkError, match="certificate is not trusted"):
        await ask(server.url.replace("127.0.0.1", "localhost"))
    assert server.requests == []


@both
@pytest.mark.parametrize("variable", TRUSTED)
async def test_missing_certificates_are_named_by_their_variable(
    ask: Ask, variable: str, server: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "/nowhere/ca.pem")
    with pytest.raises(AuthConfigError, match=f"{variable}: .*cannot be read.*/nowhere/ca.pem"):
        await ask(server.url)


@both
async def test_a_bundle_without_certificates_is_named_by_its_variable(
    ask: Ask, server: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with pytest.raises(AuthConfigError, match="SSL_CERT_FILE: holds no certificate"):
        await ask(server.url)


@both
@pytest.mark.parametrize("variable", TRUSTED)
async def test_plain_http_on_this_machine_needs_no_certificates(
    ask: Ask, variable: str, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "/nowhere/ca.pem")
    await ask(stub.url)
    assert len(stub.requests) == 1


def test_without_a_variable_the_bundle_of_certifi_is_trusted() -> None:
    assert tls_context().get_ca_certs()
    assert tls_context() is tls_context()


# Proxies


@both
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
async def test_both_clients_go_through_the_proxy_of_the_environment(
    ask: Ask,
    variable: str,
    server: Stub,
    proxy: Proxy,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.ca))
    monkeypatch.setenv(variable, proxy.url)
    await ask(f"https://{HOST}")
    assert proxy.asked == [f"CONNECT {HOST}:443"]
    assert len(server.requests) == 1


@both
async def test_a_proxy_s_password_is_sent_to_it_and_not_shown(
    ask: Ask, proxy: Proxy, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.ca))
    monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", "//ana:proxy-password@"))
    await ask(f"https://{HOST}")
    assert b"Proxy-Authorization: Basic " + base64.b64encode(b"ana:proxy-password") in proxy.headers[0]
    monkeypatch.setenv("HTTPS_PROXY", "http://ana:proxy-password@127.0.0.1:1")
    with pytest.raises(NetworkError, match="proxy") as failure:
        await ask(f"https://{HOST}")
    assert failure.value.request_sent is False
    assert "proxy-password" not in f"{failure.value!r} {failure.value.__cause__!r}"


@both
@pytest.mark.parametrize("no_proxy", ["*", HOST, ".example", "other,service.example:443"])
async def test_what_no_proxy_lists_is_reached_directly(
    ask: Ask, no_proxy: str, proxy: Proxy, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.ca))
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", no_proxy)

    async def getaddrinfo(*_: object, **__: object) -> list[Any]:
        raise OSError("this test knows no names")

    monkeypatch.setattr("asyncio.BaseEventLoop.getaddrinfo", getaddrinfo)
    with pytest.raises(NetworkError):
        await ask(f"https://{HOST}")
    assert proxy.asked == []


@both
@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("socks5://127.0.0.1:1080", "socks5 proxy"),
        ("socks5h://127.0.0.1:1080", "socks5h proxy"),
        ("ftp://127.0.0.1:1", "ftp proxy"),
        ("http://", "not the URL of a proxy"),
        ("http://[::1", "not the URL of a proxy"),
        ("http://user:hidden@proxy:port", "not the URL of a proxy"),
        ("http://proxy with blanks:1", "not the URL of a proxy"),
    ],
)
@pytest.mark.parametrize("variable", ["ALL_PROXY", "https_proxy"])
async def test_a_proxy_that_cannot_be_used_is_named_by_its_variable(
    ask: Ask, value: str, problem: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(AuthConfigError, match=f"{variable}: .*{problem}") as failure:
        await ask(f"https://{HOST}")
    assert failure.value.recovery_suggestion is not None
    assert variable in failure.value.recovery_suggestion
    assert "hidden" not in f"{failure.value!r} {failure.value.__cause__!r} {failure.value.__context__!r}"


@both
@pytest.mark.parametrize(
    "no_proxy",
    [
        "localhost,127.0.0.1,::1,fd07:b51a:cc66:f0::/64",
        "[::1]",
        "fe11::/16",
        "[",
        "a b,,:,[]:1",
        "300.1.1.1/99",
    ],
)
@pytest.mark.parametrize("proxy_url", ["socks5://127.0.0.1:1", "http://[::1", "http://127.0.0.1:1", ""])
async def test_this_machine_is_never_reached_through_a_proxy(
    ask: Ask, no_proxy: str, proxy_url: str, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", no_proxy)
    for name in ("HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy_url)
    await ask(stub.url)
    assert len(stub.requests) == 1


@pytest.mark.parametrize(
    ("no_proxy", "url", "is_direct"),
    [
        ("example.com", "https://example.com", True),
        ("example.com", "https://a.b.example.com", True),
        ("example.com", "https://notexample.com", False),
        ("*.example.com", "https://a.example.com", True),
        ("EXAMPLE.com.", "https://A.example.com", True),
        ("example.com:8443", "https://example.com", False),
        ("example.com:443", "https://example.com", True),
        ("10.0.0.0/8", "https://10.1.2.3", True),
        ("10.0.0.0/8", "https://11.1.2.3", False),
        ("10.0.0.0/8", "https://10.example.com", False),
        ("10.1.2.3", "https://10.1.2.3:8443", True),
        ("fd07:b51a::/32", "https://[fd07:b51a::9]", True),
        ("[fd07:b51a::9]", "https://[fd07:b51a::9]", True),
        ("[fd07:b51a::9]:80", "https://[fd07:b51a::9]", False),
        ("fd07:b51a::9", "https://[fd07:b51a::8]", False),
        ("example.com", "https://10.1.2.3", False),
        (" a  b,example.com ", "https://example.com", True),
        ("", "https://example.com", False),
    ],
)
def test_no_proxy(no_proxy: str, url: str, is_direct: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_PROXY exempts hosts from the proxy."""
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    found = proxy_for(url)
    assert (found is None) is is_direct
    assert found is None or (found.url, found.variable) == ("http://proxy.example:3128", "HTTPS_PROXY")


# What is built upon it


async def test_a_verifier_names_the_variable_that_keeps_it_from_its_keys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1080")
    async with aclosing(
        TokenVerifier(user_pool_id=POOL, client_ids="client", token_use="access")
    ) as verifier:
        with pytest.raises(JwksUnavailableError, match="ALL_PROXY: names a socks5 proxy"):
            await verifier.verify(key().token(access_claims()))


async def test_a_machine_names_the_variable_that_keeps_it_from_its_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    config = AuthConfig(
        user_pool_id=POOL,
        user_pool_client_id="client",
        user_pool_client_secret="clients3cr3t",
        oauth=OAuthConfig(domain=HOST),
    )
    async with ClientCredentials(config) as machine:
        with pytest.raises(AuthError, match="SSL_CERT_FILE: cannot be read"):
            await machine.get_tokens()


async def test_keys_are_fetched_through_the_proxy_and_trusted_by_the_bundle(
    server: Stub, proxy: Proxy, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.ca))
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    server.reply(json=jwks(key()))
    async with TokenVerifier(
        user_pool_id=POOL,
        client_ids="client",
        token_use="access",
        jwks_uri=f"https://{HOST}/jwks.json",
        clock=lambda: access_claims()["iat"],
    ) as verifier:
        assert (await verifier.verify(key().token(access_claims()))).username == "ana"
    assert proxy.asked == [f"CONNECT {HOST}:443"]
