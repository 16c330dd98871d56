"""Which package indexes this machine is set up for, read from pip's and uv's own settings, and their pages.

Addresses and credentials found here are used, and never printed.
"""

from __future__ import annotations

import configparser
import tomllib
from collections.abc import Callable, Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec

from baimo.errors import LocalModelError
from baimo.local.fetch import Address, page
from baimo.transports.protocol import Transport

_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
_WHAT = "the package index"

Read = Callable[[Path], str | None]
"""The text of a settings file, or None where there is none."""


def configured(
    environ: Mapping[str, str], platform: str, home: Path, prefix: Path, read: Read
) -> tuple[Address, ...]:
    """The indexes in the order in which they are asked: pip's, then uv's. `prefix` is `sys.prefix`."""
    found = [*_of_pip(environ, platform, home, prefix, read), *_of_uv(environ, platform, home, read)]
    unique = dict.fromkeys(url.strip().rstrip("/") for url in found)
    return tuple(Address.of(url) for url in unique if url.startswith(("https://", "http://")))


def link_to(transport: Transport, index: Address, project: str, filename: str) -> Address:
    """Where an index says that a file of a project lies. Raises LocalModelError."""
    start = msgspec.structs.replace(index, url=f"{index.url}/{project}/")
    found, media_type, body = page(transport, start, accept=_ACCEPT, what=_WHAT)
    links = _json_links(body) if media_type.endswith("json") else _html_links(body)
    for name, href in links:
        if name == filename:
            return found.to(href)
    raise LocalModelError(f"{_WHAT} does not have {filename}")


def _of_pip(environ: Mapping[str, str], platform: str, home: Path, prefix: Path, read: Read) -> Iterator[str]:
    # As pip does it: a closer file wins over a farther one, and its section `download` over all of `global`.
    sections: dict[str, dict[str, str]] = {"global": {}, "download": {}}
    for path in _pip_files(environ, platform, home, prefix):
        text = read(path)
        if text is None:
            continue
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(text)
        except configparser.Error:
            continue
        for section, settings in sections.items():
            if parser.has_section(section):
                settings.update({key.replace("_", "-"): value for key, value in parser.items(section)})
    told = sections["global"] | sections["download"]
    yield from (environ.get("PIP_INDEX_URL") or told.get("index-url", "")).split()
    yield from (environ.get("PIP_EXTRA_INDEX_URL") or told.get("extra-index-url", "")).split()


def _pip_files(environ: Mapping[str, str], platform: str, home: Path, prefix: Path) -> Iterator[Path]:
    """pip's settings files, the weakest first."""
    chosen = environ.get("PIP_CONFIG_FILE")
    if platform == "win32":
        name = "pip.ini"
        yield Path(environ.get("ProgramData", "C:/ProgramData")) / "pip" / name
        yield home / "pip" / name
        yield Path(environ.get("APPDATA") or home / "AppData/Roaming") / "pip" / name
    else:
        name = "pip.conf"
        if platform == "darwin":
            yield Path("/Library/Application Support/pip") / name
        for folder in reversed((environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")):
            yield Path(folder) / "pip" / name
        yield Path("/etc") / name
        yield home / ".pip" / name
        yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / name
        if platform == "darwin":
            yield home / "Library/Application Support/pip" / name
    yield prefix / name
    if chosen:
        yield Path(chosen)


def _of_uv(environ: Mapping[str, str], platform: str, home: Path, read: Read) -> Iterator[str]:
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL"):
        for word in environ.get(name, "").split():
            yield _without_name(word)
    for path in _uv_files(environ, platform, home):
        text = read(path)
        if text is None:
            continue
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            continue
        yield from _uv_indexes(table)


def _uv_files(environ: Mapping[str, str], platform: str, home: Path) -> Iterator[Path]:
    if chosen := environ.get("UV_CONFIG_FILE"):
        yield Path(chosen)
    elif platform == "win32":
        yield Path(environ.get("APPDATA") or home / "AppData/Roaming") / "uv/uv.toml"
        yield Path(environ.get("ProgramData", "C:/ProgramData")) / "uv/uv.toml"
    else:
        yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "uv/uv.toml"
        yield Path("/etc/uv/uv.toml")


def _uv_indexes(table: Mapping[str, Any]) -> Iterator[str]:
    """The addresses in a uv.toml, its default index first."""
    tables = [entry for entry in table.get("index", ()) if isinstance(entry, dict)]
    for entry in sorted(tables, key=lambda entry: not entry.get("default", False)):
        yield str(entry.get("url", ""))
    pip = table.get("pip", {})
    for settings in (table, pip if isinstance(pip, dict) else {}):
        yield str(settings.get("index-url", ""))
        extra = settings.get("extra-index-url", ())
        yield from (str(url) for url in extra) if isinstance(extra, list) else ()


def _without_name(word: str) -> str:
    """uv allows `name=https://…` for an index."""
    name, equals, url = word.partition("=")
    return url if equals and "://" not in name else word


class _JsonFile(msgspec.Struct):
    filename: str
    url: str


class _JsonPage(msgspec.Struct):
    files: list[_JsonFile]


def _json_links(body: bytes) -> Iterator[tuple[str, str]]:
    try:
        listed = msgspec.json.decode(body, type=_JsonPage)
    except msgspec.MsgspecError as error:
        raise LocalModelError(f"{_WHAT} sent a page that cannot be read: {error}") from None
    return ((file.filename, file.url) for file in listed.files)


def _html_links(body: bytes) -> Iterator[tuple[str, str]]:
    parser = _Anchors()
    parser.feed(body.decode("utf-8", "replace"))
    parser.close()
    return iter(parser.links)


class _Anchors(HTMLParser):
    """Collects the text and the address of every link."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self._href: str | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._href, self._text = dict(attrs).get("href"), ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._href is not None:
            self.links.append((self._text.strip(), self._href))
            self._href = None
