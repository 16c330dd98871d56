"""Bringing a file over HTTP: redirects followed, size and digest checked while it is written."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

import msgspec

from baimo.errors import ConnectError, LocalModelError, TimedOutError, TransportError
from baimo.transports.protocol import Reply, Transport
from baimo.types.secret import Secret
from baimo.wire.http import HeaderFields, HttpRequest

_REDIRECTS = (301, 302, 303, 307, 308)
_MAX_HOPS = 8
_CONNECT_S = 20.0
_HEAD_S = 60.0
_STALL_S = 60.0
_MAX_PAGE = 16 * 1024 * 1024
_AS_THEY_ARE = "%/:?#[]@!$&'()*+,;=~-._"
_ACCEPT_AS_IT_IS = (b"Accept-Encoding", b"identity")


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """An address to fetch from, its credentials apart from it."""

    url: str
    authorization: Secret | None = None
    """The value of the Authorization field, for this address's own origin only."""

    @classmethod
    def of(cls, url: str) -> Address:
        """An address out of a URL that may carry a user name and a password."""
        parts = urlsplit(url.strip())
        login, at, host = parts.netloc.rpartition("@")
        if not at:
            return cls(url=url.strip())
        name, _, password = login.partition(":")
        basic = b64encode(f"{unquote(name)}:{unquote(password)}".encode()).decode()
        return cls(url=urlunsplit(parts._replace(netloc=host)), authorization=Secret(f"Basic {basic}"))

    def to(self, reference: str) -> Address:
        """Where a link on this address's page leads. Credentials never leave their origin."""
        target = Address.of(urljoin(self.url, reference))
        if target.authorization is None and _origin(target.url) == _origin(self.url):
            return msgspec.structs.replace(target, authorization=self.authorization)
        return target


def page(transport: Transport, address: Address, *, accept: str, what: str) -> tuple[Address, str, bytes]:
    """A small document: where it was found in the end, its media type and its bytes.

    `what` names the thing in messages, which never show the address. Raises LocalModelError.
    """
    with _opened(transport, address, ((b"Accept", accept.encode()),), what) as (found, reply):
        body = bytearray()
        while piece := reply.read(_STALL_S):
            body += piece
            if len(body) > _MAX_PAGE:
                raise LocalModelError(f"{what} sent more than {_MAX_PAGE:,} bytes for a page")
        return found, reply.head.media_type, bytes(body)


def download(
    transport: Transport,
    address: Address,
    target: Path,
    *,
    what: str,
    size: int | None,
    sha256: str | None,
    on_bytes: Callable[[int, int | None], None],
) -> str:
    """Write the file to `target` and return its SHA-256.

    A size or digest other than the expected one raises LocalModelError. `on_bytes` is called with the
    bytes so far and in all; what it raises ends the download.
    """
    digest = hashlib.sha256()
    with _opened(transport, address, (_ACCEPT_AS_IT_IS,), what) as (_, reply), target.open("wb") as file:
        expected = size if size is not None else _told_length(reply)
        done = 0
        on_bytes(done, expected)
        while piece := reply.read(_STALL_S):
            done += len(piece)
            if expected is not None and done > expected:
                raise LocalModelError(f"{what} sent more than the {expected:,} bytes it should have")
            digest.update(piece)
            file.write(piece)
            on_bytes(done, expected)
    if expected is not None and done != expected:
        raise LocalModelError(f"{what} sent {done:,} bytes where {expected:,} were due")
    return check_digest(digest.hexdigest(), sha256, what)


def check_digest(got: str, expected: str | None, what: str) -> str:
    """The digest, once it is known to be the expected one. Raises LocalModelError."""
    if expected is not None and got != expected:
        raise LocalModelError(
            f"{what} is not what it should be: its SHA-256 is {got}, not {expected}",
            hint="Nothing was kept. A mirror or a proxy on the way may have changed it.",
        )
    return got


def digest_of(path: Path, on_bytes: Callable[[int, int | None], None]) -> str:
    """The SHA-256 of a file on disk."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(4 * 1024 * 1024):
            digest.update(piece)
            on_bytes(file.tell(), None)
    return digest.hexdigest()


@contextmanager
def _opened(
    transport: Transport, address: Address, headers: HeaderFields, what: str
) -> Iterator[tuple[Address, Reply]]:
    """The reply behind all redirects, which is a good one; aborted when left early."""
    for _ in range(_MAX_HOPS):
        try:
            reply = transport.open(_request(address, headers), connect_s=_CONNECT_S, head_s=_HEAD_S)
        except TransportError as error:
            raise LocalModelError(f"{what} cannot be reached: {_why(error)}", retryable=True) from None
        try:
            if reply.head.status not in _REDIRECTS:
                _check_status(reply.head.status, what)
                yield address, reply
                return
            address = _redirected(address, reply.head.get(b"location"), what)
        except TransportError as error:
            raise LocalModelError(f"{what} broke off: {_why(error)}", retryable=True) from None
        finally:
            reply.abort()
    raise LocalModelError(f"{what} redirects in a circle")


def _why(error: TransportError) -> str:
    """The reason without the address, which may be somebody's private one."""
    if isinstance(error, TimedOutError):
        return "it took too long"
    return "no connection" if isinstance(error, ConnectError) else "the connection was lost"


def _check_status(status: int, what: str) -> None:
    if status in (401, 403, 407):
        raise LocalModelError(f"{what} refuses access (HTTP {status})")
    if status in (404, 410):
        raise LocalModelError(f"{what} has no such file (HTTP {status})")
    if status != 200:
        raise LocalModelError(f"{what} answered HTTP {status}", retryable=status >= 500)


def _redirected(address: Address, location: str | None, what: str) -> Address:
    if location is None:
        raise LocalModelError(f"{what} redirects without saying where to")
    target = address.to(location)
    if urlsplit(address.url).scheme == "https" and urlsplit(target.url).scheme != "https":
        raise LocalModelError(f"{what} redirects from https to something less safe")
    return target


def _request(address: Address, headers: HeaderFields) -> HttpRequest:
    parts = urlsplit(address.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if address.authorization is not None:
        headers = (*headers, (b"Authorization", address.authorization.reveal().encode()))
    return HttpRequest(
        method="GET",
        origin=_origin(address.url),
        target=quote(target, safe=_AS_THEY_ARE).encode("ascii"),
        headers=((b"User-Agent", b"baimo"), *headers),
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}"


def _told_length(reply: Reply) -> int | None:
    told = reply.head.get(b"content-length")
    return int(told) if told is not None and told.isascii() and told.isdigit() else None
