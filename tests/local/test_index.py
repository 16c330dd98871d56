from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from baimo.errors import LocalModelError
from baimo.local.fetch import Address
from baimo.local.index import configured, link_to
from baimo.transports.options import TransportOptions
from baimo.transports.sync import SyncTransport
from tests.local.making import Answer, web

HOME, PREFIX = Path("/home/mei"), Path("/venv")
FILE = "tiny_weights-1.0-py3-none-any.whl"


def urls(
    environ: Mapping[str, str] | None = None, files: Mapping[str, str] | None = None, platform: str = "linux"
) -> list[str]:
    there = {Path(path): text for path, text in (files or {}).items()}
    return [address.url for address in configured(environ or {}, platform, HOME, PREFIX, there.get)]


def pip_conf(url: str, section: str = "global") -> str:
    return f"[{section}]\nindex-url = {url}\n"


def test_nothing_set_gives_nothing() -> None:
    assert urls() == []


def test_pip_variables_stand_above_its_files() -> None:
    environ = {
        "PIP_INDEX_URL": "https://a.example/simple/",
        "PIP_EXTRA_INDEX_URL": "https://b.example https://c.example",
    }
    files = {"/etc/pip.conf": pip_conf("https://z.example")}
    assert urls(environ, files) == ["https://a.example/simple", "https://b.example", "https://c.example"]


@pytest.mark.parametrize(
    ("platform", "path"),
    [
        ("linux", "/etc/pip.conf"),
        ("linux", "/etc/xdg/pip/pip.conf"),
        ("linux", "/home/mei/.config/pip/pip.conf"),
        ("linux", "/home/mei/.pip/pip.conf"),
        ("linux", "/venv/pip.conf"),
        ("darwin", "/home/mei/Library/Application Support/pip/pip.conf"),
        ("darwin", "/Library/Application Support/pip/pip.conf"),
        ("win32", "/home/mei/AppData/Roaming/pip/pip.ini"),
        ("win32", "/venv/pip.ini"),
    ],
)
def test_pip_files_are_read_where_pip_reads_them(platform: str, path: str) -> None:
    assert urls({}, {path: pip_conf("https://a.example/simple")}, platform) == ["https://a.example/simple"]


def test_the_closer_pip_file_wins_and_the_download_section_stands_above_global() -> None:
    files = {
        "/etc/pip.conf": pip_conf("https://machine.example"),
        "/home/mei/.config/pip/pip.conf": pip_conf("https://user.example"),
    }
    assert urls({}, files) == ["https://user.example"]
    files["/venv/pip.conf"] = pip_conf("https://venv.example") + pip_conf(
        "https://download.example", "download"
    )
    assert urls({}, files) == ["https://download.example"]
    files["/own.conf"] = "[global]\nindex_url = https://own.example\nextra-index-url =\n  https://e.example\n"
    assert urls({"PIP_CONFIG_FILE": "/own.conf"}, files) == ["https://download.example", "https://e.example"]


def test_uv_is_asked_after_pip() -> None:
    environ = {
        "PIP_INDEX_URL": "https://pip.example",
        "UV_DEFAULT_INDEX": "https://uv.example/simple",
        "UV_INDEX": "corp=https://corp.example/simple https://pip.example/",
    }
    assert urls(environ) == [
        "https://pip.example",
        "https://uv.example/simple",
        "https://corp.example/simple",
    ]


@pytest.mark.parametrize(
    ("platform", "path", "environ"),
    [
        ("linux", "/home/mei/.config/uv/uv.toml", {}),
        ("linux", "/etc/uv/uv.toml", {}),
        ("win32", "/home/mei/AppData/Roaming/uv/uv.toml", {}),
        ("linux", "/own/uv.toml", {"UV_CONFIG_FILE": "/own/uv.toml"}),
    ],
)
def test_uv_files_are_read_where_uv_reads_them(platform: str, path: str, environ: dict[str, str]) -> None:
    text = (
        '[[index]]\nurl = "https://extra.example"\n'
        '[[index]]\nurl = "https://default.example"\ndefault = true\n'
        '[pip]\nindex-url = "https://old.example"\nextra-index-url = ["https://older.example"]\n'
    )
    assert urls(environ, {path: text}, platform) == [
        "https://default.example",
        "https://extra.example",
        "https://old.example",
        "https://older.example",
    ]


def test_files_that_cannot_be_read_and_addresses_that_are_none_are_passed_over() -> None:
    files = {"/etc/pip.conf": "no section", "/etc/uv/uv.toml": "= broken"}
    assert urls({"PIP_INDEX_URL": "file:///srv/simple", "UV_INDEX_URL": "https://a.example"}, files) == [
        "https://a.example"
    ]


def test_credentials_are_parted_from_the_address() -> None:
    (address,) = configured(
        {"PIP_INDEX_URL": "https://mei:geheim@a.example/s"}, "linux", HOME, PREFIX, {}.get
    )
    assert address.url == "https://a.example/s"
    assert "geheim" not in repr(address)
    assert address.authorization is not None


@pytest.fixture
def transport() -> Iterator[SyncTransport]:
    transport = SyncTransport(TransportOptions(proxies=False))
    yield transport
    transport.close()


def test_a_json_page_tells_where_the_file_is(transport: SyncTransport) -> None:
    listing = {
        "meta": {"api-version": "1.1"},
        "name": "tiny-weights",
        "files": [{"filename": "other.whl", "url": "/no"}, {"filename": FILE, "url": f"../../files/{FILE}"}],
    }
    kind = ("Content-Type", "application/vnd.pypi.simple.v1+json")
    with web(lambda _: Answer(body=json.dumps(listing).encode(), headers=(kind,))) as shelf:
        link = link_to(transport, Address.of(f"{shelf.origin}/simple"), "tiny-weights", FILE)
        assert link.url == f"{shelf.origin}/files/{FILE}"
    assert shelf.asked[0].path == "/simple/tiny-weights/"
    assert "simple.v1+json" in shelf.asked[0].headers["accept"]


def test_an_html_page_tells_where_the_file_is(transport: SyncTransport) -> None:
    html = (
        f'<!DOCTYPE html><a href="/x">x.whl</a><a>no</a><a href="/f/{FILE}#sha256=00&amp;a=b">\n {FILE}</a>'
    )
    with web(lambda _: Answer(body=html.encode(), headers=(("Content-Type", "text/html"),))) as shelf:
        link = link_to(transport, Address.of(f"{shelf.origin}/simple"), "tiny-weights", FILE)
        assert link.url.startswith(f"{shelf.origin}/f/{FILE}")


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("text/html", b"<p>nothing", "does not have"),
        ("application/json", b'{"files": []}', "does not have"),
        ("application/json", b"{", "cannot be read"),
        ("application/json", b'{"files": [{"url": "/x"}]}', "cannot be read"),
    ],
)
def test_a_page_without_the_file_is_an_error_that_names_no_address(
    transport: SyncTransport, kind: str, body: bytes, words: str
) -> None:
    answer = Answer(body=body, headers=(("Content-Type", kind),))
    with web(lambda _: answer) as shelf, pytest.raises(LocalModelError, match=words) as caught:
        link_to(transport, Address.of(f"{shelf.origin}/simple"), "tiny-weights", FILE)
    assert "127.0.0.1" not in str(caught.value)
