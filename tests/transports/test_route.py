"""Ways to an origin: what each one changes about a request, and what its failures are called."""

from __future__ import annotations

import pytest

from baimo.errors import InputError
from baimo.transports.proxy import parse_proxy
from baimo.transports.route import find_route, proxy_hung_up, proxy_refusal
from baimo.wire.http import HttpRequest

LOGIN_FIELD = b"Proxy-Authorization: Basic bWU6ZmFrZS1wYXNz"


@pytest.mark.parametrize(
    ("origin", "proxy", "line", "has_login"),
    [
        ("http://a.test:81", None, b"GET /x HTTP/1.1", False),
        ("http://a.test:81", "http://me:fake-pass@p.test", b"GET http://a.test:81/x HTTP/1.1", True),
        ("http://a.test", "https://me:fake-pass@p.test", b"GET http://a.test/x HTTP/1.1", True),
        ("https://a.test", "http://me:fake-pass@p.test", b"GET /x HTTP/1.1", False),
        ("http://a.test", "socks5://me:fake-pass@p.test", b"GET /x HTTP/1.1", False),
    ],
)
def test_only_a_forwarded_request_shows_the_proxy_its_target_and_the_login(
    origin: str, proxy: str | None, line: bytes, has_login: bool
) -> None:
    route = find_route(origin, proxy, {})
    head = route.render(HttpRequest(method="GET", origin=origin, target=b"/x"))
    assert head.startswith(line + b"\r\nHost: a.test")
    assert (LOGIN_FIELD in head) is has_login
    assert route.is_forwarded is has_login


def test_a_route_is_named_without_the_login() -> None:
    assert find_route("http://a.test", None, {}).name == "a.test:80"
    named = find_route("https://a.test", "http://me:fake-pass@p.test:1", {}).name
    assert named == "a.test:443 by the proxy http://p.test:1"


@pytest.mark.parametrize("origin", ["ws://a.test", "wss://a.test", "a.test"])
def test_an_http_request_goes_to_an_http_origin(origin: str) -> None:
    with pytest.raises(InputError):
        find_route(origin, None, {})


def test_a_proxys_failures_are_told_in_words() -> None:
    bare, named = parse_proxy("http://p.test:1"), parse_proxy("http://me:fake-pass@p.test:1")
    assert "asks for a user name" in str(proxy_refusal(bare, 407))
    assert "refuses the user name" in str(proxy_refusal(named, 401))
    assert "503" in str(proxy_refusal(named, 503))
    assert proxy_refusal(named, 503).retryable
    assert "p.test:1" in str(proxy_hung_up(named))
