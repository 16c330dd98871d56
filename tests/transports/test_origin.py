"""Origins: what is understood, what is refused, and what counts as this very machine."""

from __future__ import annotations

import pytest

from baimo.errors import InputError
from baimo.transports.origin import Origin, is_ip, is_loopback, parse_origin, split_port


@pytest.mark.parametrize(
    ("text", "origin", "host_field"),
    [
        ("https://api.example.test", Origin("https", "api.example.test", 443), b"api.example.test"),
        ("http://API.example.test:8080", Origin("http", "api.example.test", 8080), b"api.example.test:8080"),
        ("https://api.example.test:443", Origin("https", "api.example.test", 443), b"api.example.test"),
        ("http://[::1]:9000", Origin("http", "::1", 9000), b"[::1]:9000"),
        ("wss://[fe80::1]", Origin("wss", "fe80::1", 443), b"[fe80::1]"),
        ("https://例子.test", Origin("https", "xn--fsqu00a.test", 443), b"xn--fsqu00a.test"),
    ],
)
def test_an_origin_is_taken_apart(text: str, origin: Origin, host_field: bytes) -> None:
    assert parse_origin(text) == origin
    assert parse_origin(text).host_field == host_field


def test_an_origin_knows_its_authority_and_whether_it_is_secure() -> None:
    assert parse_origin("http://[::1]").authority == "[::1]:80"
    assert not parse_origin("ws://a.test").is_secure
    assert parse_origin("wss://a.test").is_secure


@pytest.mark.parametrize(
    "text",
    [
        "api.example.test",
        "ftp://a.test",
        "http://",
        "http://a.test/path",
        "http://me:pass@a.test",
        "http://a.test:x",
        "http://a.test:0",
        "http://a.test:65536",
        "http://a b.test",
        "http://" + "é" * 70 + ".test",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_origin(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a.test", ("a.test", "")),
        ("a.test:80", ("a.test", "80")),
        ("[::1]:80", ("::1", "80")),
        ("[::1]", ("::1", "")),
        ("::1", ("::1", "")),
    ],
)
def test_a_port_is_split_off(text: str, parts: tuple[str, str]) -> None:
    assert split_port(text) == parts


@pytest.mark.parametrize("host", ["10.0.0.1", "::1", "fe80::1%eth0"])
def test_an_address_needs_no_look_up(host: str) -> None:
    assert is_ip(host)


@pytest.mark.parametrize("host", ["a.test", "1.2.3", "1.2.3.test", "1-2.3.4", "999.0.0.1"])
def test_a_name_is_no_address(host: str) -> None:
    assert not is_ip(host)


@pytest.mark.parametrize("host", ["localhost", "x.localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine_is_known_by_all_its_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["notlocalhost", "127.0.0.1.example.test", "128.0.0.1", "::2"])
def test_other_machines_are_not_this_one(host: str) -> None:
    assert not is_loopback(host)
