"""Which proxy a request takes: environment, exceptions, explicit settings, loopback."""

from __future__ import annotations

import pytest

from baimo.errors import ConfigError, InputError
from baimo.transports.options import ProxyPolicy
from baimo.transports.origin import parse_origin
from baimo.transports.proxy import Proxy, is_excepted, parse_proxy, proxy_for
from baimo.types.secret import Secret

A, B, C = "http://a.test:1", "http://b.test:2", "socks5://c.test:3"


def chosen(origin: str, environ: dict[str, str], policy: ProxyPolicy = None) -> str | None:
    proxy = proxy_for(parse_origin(origin), policy, environ)
    return proxy.address if proxy is not None else None


@pytest.mark.parametrize(
    ("environ", "plain", "secure"),
    [
        ({}, None, None),
        ({"http_proxy": A}, A, None),
        ({"HTTP_PROXY": A}, A, None),
        ({"HTTP_PROXY": A, "REQUEST_METHOD": "GET"}, None, None),
        ({"http_proxy": B, "HTTP_PROXY": A, "REQUEST_METHOD": "GET"}, B, None),
        ({"https_proxy": A, "HTTPS_PROXY": B}, None, A),
        ({"HTTPS_PROXY": B}, None, B),
        ({"all_proxy": C}, C, C),
        ({"ALL_PROXY": C, "HTTPS_PROXY": B}, C, B),
        ({"https_proxy": "", "HTTPS_PROXY": B}, None, B),
        ({"all_proxy": C, "no_proxy": "*"}, None, None),
        ({"all_proxy": C, "NO_PROXY": "example.test"}, None, None),
        ({"all_proxy": C, "no_proxy": "other.test", "NO_PROXY": "*"}, C, C),
    ],
)
def test_the_environment_decides(environ: dict[str, str], plain: str | None, secure: str | None) -> None:
    assert chosen("http://api.example.test", environ) == plain
    assert chosen("ws://api.example.test", environ) == plain
    assert chosen("https://api.example.test", environ) == secure
    assert chosen("wss://api.example.test", environ) == secure


@pytest.mark.parametrize(
    ("origin", "entry", "excepted"),
    [
        ("https://api.example.test", "api.example.test", True),
        ("https://api.example.test", "EXAMPLE.test", True),
        ("https://api.example.test", ".example.test", True),
        ("https://api.example.test", "*.example.test", True),
        ("https://api.example.test.", "example.test", True),
        ("https://badexample.test", "example.test", False),
        ("https://example.test.evil.test", "example.test", False),
        ("https://api.example.test", "example.test:443", True),
        ("https://api.example.test", "example.test:8443", False),
        ("https://api.example.test:8443", "example.test:8443", True),
        ("https://api.example.test", "a.test, b.test  example.test", True),
        ("https://api.example.test", ".", False),
        ("http://10.1.2.3", "10.0.0.0/8", True),
        ("http://11.1.2.3", "10.0.0.0/8", False),
        ("http://10.1.2.3", "10.1.2.3", True),
        ("http://10.1.2.3", "2.3", False),
        ("http://10.1.2.3:81", "10.1.2.3:80", False),
        ("http://[fd00::5]", "fd00::/8", True),
        ("http://[fd00::5]", "[fd00:0::5]:80", True),
        ("http://[fd00::5]", "fd00:0::5", True),
        ("https://api.example.test", "10.0.0.0/8", False),
        ("http://10.1.2.3", "not/anetwork", False),
        ("http://999.1.2.3", "10.0.0.1", False),
    ],
)
def test_an_exception_names_hosts_suffixes_addresses_and_networks(
    origin: str, entry: str, excepted: bool
) -> None:
    assert is_excepted(parse_origin(origin), entry) is excepted


@pytest.mark.parametrize("host", ["localhost", "x.localhost", "127.0.0.1", "127.8.8.8", "[::1]"])
def test_this_machine_is_reached_directly_unless_it_is_named(host: str) -> None:
    origin = f"http://{host}:8000"
    assert chosen(origin, {"http_proxy": A, "all_proxy": B}) is None
    assert chosen(origin, {}, A) is None
    assert chosen(origin, {}, {"http": A, "all": B}) is None
    assert chosen(origin, {}, {origin: A}) == A
    assert chosen(origin, {}, {host.strip("[]"): A}) == A


def test_a_given_policy_makes_the_environment_silent() -> None:
    environ = {"https_proxy": A}
    assert chosen("https://api.example.test", environ, False) is None
    assert chosen("https://api.example.test", environ, {}) is None
    assert chosen("https://api.example.test", environ, "") is None
    assert chosen("https://api.example.test", environ, B) == B


def test_the_closest_entry_of_a_mapping_wins() -> None:
    policy = {
        "all": A,
        "https": B,
        "one.test": C,
        "https://two.test": "",
        "https://two.test:8443": C,
        "no": "three.test",
    }
    assert chosen("http://any.test", {}, policy) == A
    assert chosen("https://any.test", {}, policy) == B
    assert chosen("wss://any.test", {}, {"https": B}) == B
    assert chosen("ws://any.test", {}, {"http": B}) == B
    assert chosen("https://one.test", {}, policy) == C
    assert chosen("https://two.test", {}, policy) is None
    assert chosen("https://two.test:8443", {}, policy) == C
    assert chosen("https://three.test", {}, policy) is None
    assert chosen("https://any.test", {}, {"http": A}) is None


def test_an_origin_in_a_mapping_that_could_never_match_is_refused() -> None:
    with pytest.raises(InputError, match="lower case"):
        chosen("https://any.test", {}, {"https://API.test": A})


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("http://p.test", Proxy(scheme="http", host="p.test", port=80)),
        ("P.test:3128", Proxy(scheme="http", host="p.test", port=3128)),
        ("https://p.test/", Proxy(scheme="https", host="p.test", port=443)),
        ("socks://p.test", Proxy(scheme="socks5", host="p.test", port=1080)),
        ("SOCKS5H://[::1]:9", Proxy(scheme="socks5h", host="::1", port=9)),
        (
            "http://me%40corp:a%3Ab@p.test:1",
            Proxy(scheme="http", host="p.test", port=1, username="me@corp", password=Secret("a:b")),
        ),
    ],
)
def test_a_proxys_address_is_taken_apart(text: str, proxy: Proxy) -> None:
    assert parse_proxy(text) == proxy


@pytest.mark.parametrize(
    "text", ["socks4://p.test", "ftp://p.test", "http://", "http://p.test:x", "http://a:fake-pass@"]
)
def test_a_bad_address_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ConfigError, match="proxy") as caught:
        parse_proxy(text)
    assert "fake-pass" not in str(caught.value)


def test_a_proxy_shows_its_address_and_never_its_login() -> None:
    proxy = parse_proxy("http://me:fake-pass@[::1]:3128")
    assert proxy.address == "http://[::1]:3128"
    assert "fake-pass" not in repr(proxy)
    assert proxy.authorization() == ((b"Proxy-Authorization", b"Basic bWU6ZmFrZS1wYXNz"),)
    assert parse_proxy("http://p.test").authorization() == ()
    assert not proxy.is_socks
