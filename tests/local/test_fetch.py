from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from baimo.errors import LocalModelError
from baimo.local.fetch import Address, download, page
from baimo.transports.options import TransportOptions
from baimo.transports.sync import SyncTransport
from tests.local.making import Answer, Asked, sha256, web

DATA = bytes(range(256)) * 4000


@pytest.fixture
def transport() -> Iterator[SyncTransport]:
    transport = SyncTransport(TransportOptions(proxies=False))
    yield transport
    transport.close()


def save(
    transport: SyncTransport, url: str, target: Path, *, size: int | None = None, digest: str | None = None
) -> str:
    return download(
        transport,
        Address.of(url),
        target,
        what="the shelf",
        size=size,
        sha256=digest,
        on_bytes=lambda done, total: None,
    )


def test_a_file_arrives_whole_and_its_growth_is_told(transport: SyncTransport, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    with web(lambda _: Answer(body=DATA)) as shelf:
        digest = download(
            transport,
            Address.of(f"{shelf.origin}/a/b.gguf?x=1"),
            tmp_path / "f",
            what="the shelf",
            size=len(DATA),
            sha256=sha256(DATA),
            on_bytes=lambda done, total: told.append((done, total)),
        )
    assert digest == sha256(DATA)
    assert (tmp_path / "f").read_bytes() == DATA
    assert told[0] == (0, len(DATA))
    assert told[-1] == (len(DATA), len(DATA))
    assert shelf.asked[0].path == "/a/b.gguf?x=1"
    assert shelf.asked[0].headers["accept-encoding"] == "identity"


def test_a_name_outside_ascii_is_asked_for_percent_encoded(transport: SyncTransport, tmp_path: Path) -> None:
    with web(lambda _: Answer(body=b"x")) as shelf:
        save(transport, f"{shelf.origin}/模型%20a.gguf", tmp_path / "f")
    assert shelf.asked[0].path == "/%E6%A8%A1%E5%9E%8B%20a.gguf"


def test_another_digest_is_refused(transport: SyncTransport, tmp_path: Path) -> None:
    with web(lambda _: Answer(body=DATA)) as shelf, pytest.raises(LocalModelError, match="SHA-256"):
        save(transport, f"{shelf.origin}/f", tmp_path / "f", size=len(DATA), digest="0" * 64)


@pytest.mark.parametrize(("size", "words"), [(len(DATA) - 1, "more than"), (len(DATA) + 1, "were due")])
def test_another_size_is_refused(transport: SyncTransport, tmp_path: Path, size: int, words: str) -> None:
    with web(lambda _: Answer(body=DATA)) as shelf, pytest.raises(LocalModelError, match=words):
        save(transport, f"{shelf.origin}/f", tmp_path / "f", size=size)


def test_a_broken_off_file_is_an_error_that_may_be_tried_again(
    transport: SyncTransport, tmp_path: Path
) -> None:
    with web(lambda _: Answer(body=DATA, cut_at=1000)) as shelf, pytest.raises(LocalModelError) as caught:
        save(transport, f"{shelf.origin}/f", tmp_path / "f")
    assert caught.value.retryable
    assert "the connection was lost" in caught.value.message
    assert "127.0.0.1" not in str(caught.value)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(transport: SyncTransport, tmp_path: Path, status: int) -> None:
    def answer(ask: Asked) -> Answer:
        if ask.path == "/far/away":
            return Answer(body=DATA)
        return Answer(status, headers=(("Location", "away"),))

    with web(answer) as shelf:
        assert save(transport, f"{shelf.origin}/far/here", tmp_path / "f") == sha256(DATA)


def test_a_circle_of_redirects_ends(transport: SyncTransport, tmp_path: Path) -> None:
    with web(lambda _: Answer(302, headers=(("Location", "/f"),))) as shelf:
        with pytest.raises(LocalModelError, match="circle"):
            save(transport, f"{shelf.origin}/f", tmp_path / "f")
        assert len(shelf.asked) == 8


def test_a_redirect_without_an_address_is_an_error(transport: SyncTransport, tmp_path: Path) -> None:
    with web(lambda _: Answer(302)) as shelf, pytest.raises(LocalModelError, match="where to"):
        save(transport, f"{shelf.origin}/f", tmp_path / "f")


@pytest.mark.parametrize(
    ("status", "words", "retryable"),
    [
        (403, "refuses access", False),
        (404, "no such file", False),
        (503, "HTTP 503", True),
        (418, "418", False),
    ],
)
def test_a_refusal_is_told_in_words(
    transport: SyncTransport, tmp_path: Path, status: int, words: str, retryable: bool
) -> None:
    with web(lambda _: Answer(status)) as shelf, pytest.raises(LocalModelError, match=words) as caught:
        save(transport, f"{shelf.origin}/f", tmp_path / "f")
    assert caught.value.retryable is retryable
    assert not (tmp_path / "f").exists()


def test_nobody_there_is_an_error_without_the_address(transport: SyncTransport, tmp_path: Path) -> None:
    with web(lambda _: Answer()) as shelf:
        origin = shelf.origin
    with pytest.raises(LocalModelError, match="the shelf cannot be reached: no connection") as caught:
        save(transport, f"{origin}/f", tmp_path / "f")
    assert caught.value.__suppress_context__


def test_what_the_listener_raises_ends_the_download(transport: SyncTransport, tmp_path: Path) -> None:
    def stop(done: int, total: int | None) -> None:
        if done:
            raise KeyboardInterrupt

    with web(lambda _: Answer(body=DATA)) as shelf, pytest.raises(KeyboardInterrupt):
        download(
            transport,
            Address.of(f"{shelf.origin}/f"),
            tmp_path / "f",
            what="the shelf",
            size=None,
            sha256=None,
            on_bytes=stop,
        )


def test_credentials_go_to_their_own_origin_and_nowhere_else(
    transport: SyncTransport, tmp_path: Path
) -> None:
    with web(lambda _: Answer(body=DATA)) as stranger:

        def answer(ask: Asked) -> Answer:
            if ask.path == "/start":
                return Answer(302, headers=(("Location", "/next"),))
            return Answer(302, headers=(("Location", f"{stranger.origin}/f"),))

        with web(answer) as shelf:
            url = shelf.origin.replace("//", "//mei:p%40ss@") + "/start"
            save(transport, url, tmp_path / "f")
            basic = "Basic " + b64encode(b"mei:p@ss").decode()
            assert [ask.headers.get("authorization") for ask in shelf.asked] == [basic, basic]
        assert "authorization" not in stranger.asked[0].headers


def test_an_address_never_shows_its_credentials() -> None:
    address = Address.of("https://mei:secret-word@index.example/simple")
    assert address.url == "https://index.example/simple"
    assert "secret-word" not in repr(address)
    assert Address.of("https://index.example/").authorization is None


def test_a_redirect_may_not_leave_https(transport: SyncTransport) -> None:
    from baimo.local.fetch import _redirected

    start = Address.of("https://index.example/a")
    assert _redirected(start, "/b", "the shelf").url == "https://index.example/b"
    with pytest.raises(LocalModelError, match="less safe"):
        _redirected(start, "http://index.example/b", "the shelf")


def test_a_page_is_read_where_it_was_found(transport: SyncTransport) -> None:
    def answer(ask: Asked) -> Answer:
        if ask.path == "/simple/x/":
            return Answer(301, headers=(("Location", "/simple/X/"),))
        return Answer(body=b"hello", headers=(("Content-Type", "Text/HTML; charset=utf-8"),))

    with web(answer) as shelf:
        found, kind, body = page(
            transport, Address.of(f"{shelf.origin}/simple/x/"), accept="text/html", what="the shelf"
        )
        assert found.url == f"{shelf.origin}/simple/X/"
    assert (kind, body) == ("text/html", b"hello")


def test_an_endless_page_is_refused(transport: SyncTransport) -> None:
    endless = Answer(body=b" " * (16 * 1024 * 1024 + 1))
    with web(lambda _: endless) as shelf, pytest.raises(LocalModelError, match="for a page"):
        page(transport, Address.of(f"{shelf.origin}/"), accept="text/html", what="the shelf")
