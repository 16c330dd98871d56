"""Against programs that we did not write: nginx, tinyproxy and microsocks of Debian's packages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from baimo.errors import ConnectError
from baimo.transports.options import TlsOptions
from tests.transports.carriers import fetch, open_reply, read_all
from tests.transports.certificates import Authority
from tests.transports.contract import AnyCarrier, Pieces, get, post
from tests.transports.programs import microsocks, nginx, tinyproxy

Make = Callable[..., AnyCarrier]
Origins = tuple[str, str]


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Origins]:
    with nginx(tmp_path_factory.mktemp("nginx"), authority.server_pem) as origins:
        yield origins


@pytest.fixture(scope="module")
def http_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with tinyproxy(tmp_path_factory.mktemp("tinyproxy")) as place:
        yield place


def test_plain_packed_and_large_replies_of_nginx(carrier: AnyCarrier, web: Origins) -> None:
    """It ends each connection after three requests, so this crosses the end of a kept one too."""
    for _ in range(3):
        assert fetch(carrier, get(web[0], b"/plain")) == (200, b"hello")
        assert fetch(carrier, get(web[0], b"/gone")) == (204, b"")
        packed = open_reply(carrier, get(web[0], b"/packed"))
        assert packed.head.get(b"content-encoding") == "gzip"
        assert packed.head.get(b"transfer-encoding") == "chunked"
        assert read_all(carrier, packed) == b"hello " * 2000
        assert fetch(carrier, get(web[0], b"/large")) == (200, bytes(range(256)) * 20_000)
        assert fetch(carrier, get(web[0], b"/missing"))[0] == 404


def test_uploads_to_nginx(carrier: AnyCarrier, web: Origins) -> None:
    for is_length_known in (True, False):
        body = Pieces([b"x" * 50_000] * 4, is_length_known=is_length_known)
        request = get(web[0], b"/upload")
        upload = type(request)(method="POST", origin=web[0], target=b"/upload", body=body)
        assert fetch(carrier, upload) == (200, b"hello")


def test_an_upload_that_nginx_refuses(make: Make, web: Origins) -> None:
    body = Pieces([b"x" * 65536] * 400, is_length_known=True)
    assert fetch(make(), post(web[0], body))[0] == 413


def test_nginx_by_tls(make: Make, web: Origins, authority: Authority) -> None:
    carrier = make(tls=TlsOptions(ca_file=str(authority.ca_file)))
    for _ in range(5):
        assert fetch(carrier, get(web[1])) == (200, b"hello by tls")


@pytest.mark.parametrize("at", [0, 1], ids=["http", "https"])
def test_by_tinyproxy_with_a_login(
    make: Make, web: Origins, http_proxy: str, authority: Authority, at: int
) -> None:
    tls = TlsOptions(ca_file=str(authority.ca_file))
    proxy = f"http://me:fake-pass@{http_proxy}"
    carrier = make(proxies={"127.0.0.1": proxy, "localhost": proxy}, tls=tls)
    for _ in range(3):
        assert fetch(carrier, get(web[at], b"/plain"))[0] == 200


@pytest.mark.parametrize(("at", "login"), [(0, ""), (1, ""), (1, "me:fake-wrong@")])
def test_tinyproxys_refusal_of_a_login(
    make: Make, web: Origins, http_proxy: str, at: int, login: str
) -> None:
    proxy = f"http://{login}{http_proxy}"
    carrier = make(proxies={"127.0.0.1": proxy, "localhost": proxy})
    with pytest.raises(ConnectError, match="user name") as caught:
        fetch(carrier, get(web[at], b"/plain"))
    assert "fake-wrong" not in str(caught.value)


def test_tinyproxys_refusal_of_a_forwarded_request_looks_like_the_servers_own(
    make: Make, web: Origins, http_proxy: str
) -> None:
    """It says 401 to a wrong login, which only the body tells from a 401 of the server."""
    carrier = make(proxies={"127.0.0.1": f"http://me:fake-wrong@{http_proxy}"})
    assert fetch(carrier, get(web[0], b"/plain"))[0] == 401


@pytest.mark.parametrize("at", [0, 1], ids=["http", "https"])
@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
@pytest.mark.parametrize("login", ["", "me:fake-pass@"])
def test_by_microsocks(
    make: Make, web: Origins, authority: Authority, scheme: str, at: int, login: str
) -> None:
    with microsocks(login=bool(login)) as place:
        proxy = f"{scheme}://{login}{place}"
        tls = TlsOptions(ca_file=str(authority.ca_file))
        carrier = make(proxies={"127.0.0.1": proxy, "localhost": proxy}, tls=tls)
        for _ in range(2):
            assert fetch(carrier, get(web[at], b"/plain"))[0] == 200


def test_microsocks_refusal_of_a_login(make: Make, web: Origins) -> None:
    with microsocks(login=True) as place:
        for login in ("", "me:fake-wrong@"):
            carrier = make(proxies={"127.0.0.1": f"socks5://{login}{place}"})
            with pytest.raises(ConnectError, match="SOCKS proxy") as caught:
                fetch(carrier, get(web[0], b"/plain"))
            assert "fake-wrong" not in str(caught.value)
