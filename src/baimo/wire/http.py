"""HTTP requests and heads as values: what a dialect makes, a signer signs and a transport moves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, TypeAlias
from urllib.parse import urlsplit

import msgspec

from baimo.errors import InputError
from baimo.notes import Note

HeaderFields: TypeAlias = tuple[tuple[bytes, bytes], ...]


class Body(Protocol):
    """A request body that is produced in pieces, for large uploads."""

    @property
    def length(self) -> int | None:
        """Bytes in all, or None when unknown (then sent chunked)."""

    def chunks(self) -> Iterator[bytes]:
        """The pieces, from the start; may be asked for again when a request is repeated."""


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One HTTP request, ready to go: target and headers reach the wire byte for byte.

    Host, Content-Length, Accept-Encoding and Connection are added by the connection where `headers` has none.
    """

    method: str
    origin: str
    """`https://host` or `http://host:port`, lower case, without a path."""
    target: bytes
    """Path and query as they stand on the request line."""
    headers: HeaderFields = ()
    body: bytes | Body = b""
    notes: tuple[Note, ...] = ()
    public_only: bool = False
    """Only connect to an address that anybody may have; see `baimo.wire.reach`."""

    @property
    def url(self) -> str:
        return self.origin + self.target.decode("ascii", "replace")


class SocketRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One WebSocket call: the handshake and the frames to send once it stands."""

    origin: str
    """`wss://host` or `ws://host:port`."""
    target: bytes
    headers: HeaderFields = ()
    frames: tuple[bytes | str, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def url(self) -> str:
        return self.origin + self.target.decode("ascii", "replace")


WireRequest: TypeAlias = HttpRequest | SocketRequest


class WireHead(msgspec.Struct, frozen=True, gc=False):
    """Status and header fields of a reply; names are lower case, order and repetition kept."""

    status: int
    headers: HeaderFields = ()

    def get(self, name: bytes) -> str | None:
        """The first field of that lower-case name, as text."""
        for key, value in self.headers:
            if key == name:
                return value.decode("latin-1").strip()
        return None

    @property
    def media_type(self) -> str:
        """The content type in lower case without its parameters; empty where none was sent."""
        return (self.get(b"content-type") or "").partition(";")[0].strip().lower()


def header_fields(headers: dict[str, str]) -> HeaderFields:
    """Header fields from a mapping. Raises InputError for what must not stand in a head."""
    return tuple((_field(name, name), _field(name, value)) for name, value in headers.items())


def with_headers(fields: HeaderFields, more: HeaderFields) -> HeaderFields:
    """`fields` with `more` on top: a name in `more` replaces all fields of that name."""
    if not more:
        return fields
    names = {name.lower() for name, _ in more}
    return tuple(field for field in fields if field[0].lower() not in names) + more


def _field(name: str, text: str) -> bytes:
    if any(bad in text for bad in "\r\n\0"):
        raise InputError(f"header {name!r} holds a line break or a NUL")
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise InputError(f"header {name!r} holds a character outside Latin-1") from None


def split_url(url: str) -> tuple[str, str]:
    """Origin and path of an absolute address: `https://h:8/v1/` gives `("https://h:8", "/v1")`.

    Raises InputError when scheme or host are missing or credentials stand in the address.
    """
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https", "ws", "wss") or not parts.hostname:
        raise InputError(f"{url!r} is no absolute address; write http:// or https://, host and path")
    if parts.username or parts.password:
        raise InputError("an address must not carry a user name or password; set the key instead")
    try:
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError as error:
        raise InputError(f"{url!r} has a bad port: {error}") from None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}", parts.path.rstrip("/")
