"""Fetching a medium from its address, as steps: whatever carries out a call carries this out too.

An address may come from a stranger. It is taken apart once, and what is looked at is what is connected to:
only http and https, no user name in it, no host that is local by its text, and unless it is allowed no
address but a public one. That last is the transport's to see to (`HttpRequest.public_only`), at the moment it
connects. Every redirect is looked at anew.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import msgspec

from baimo.dialect.mediacheck import Medium
from baimo.errors import FetchError, StaleConnectionError, TimedOutError, TransportError
from baimo.resilience.timing import Deadline
from baimo.steps import Now, Read, Send, Step
from baimo.types.content import Audio, File, Image
from baimo.types.medium import format_of
from baimo.types.sniff import Kind, agrees, holds, kind_of, media_type_of, plain_type
from baimo.wire.http import HttpRequest, WireHead
from baimo.wire.reach import is_public_host

MOST_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_AGAIN = (408, 425, 429, 500, 502, 503, 504)
"""Answers after which another try may go well."""
_HEADERS = (
    (b"accept", b"*/*"),
    (b"accept-encoding", b"identity"),
    (b"user-agent", b"baimo"),
)
_WORDS = {"image": "a picture", "audio": "a sound", "video": "a film", "file": "a document"}
_ONCE = (b"connection", b"close")
"""Of a request whose connection no other call may share."""
_NOW = Now()
_CONNECT_S = 10.0


class FetchRules(msgspec.Struct, frozen=True, kw_only=True):
    """What may be fetched."""

    allow_private: bool = False
    """Whether addresses may be fetched that only this machine or its network can reach."""
    own: str | None = None
    """An origin that may be fetched from wherever it is: the provider's, which calls reach anyway."""
    max_bytes: int = 20_000_000
    """Of one medium."""
    max_total: int = 100_000_000
    """Of all media of one call."""
    within_s: float = 30.0
    """For one medium, redirects and reading included."""


class Fetched(msgspec.Struct, frozen=True):
    """What stood at an address."""

    data: bytes
    media_type: str | None
    """As its server told it, in plain words; None where that says nothing."""


def fetch(
    url: str, rules: FetchRules, deadline: Deadline, *, most: int | None = None
) -> Generator[Step, Any, Fetched]:
    """The bytes at an address, `most` of them at the most.

    Raises FetchError for an address that may not be fetched or gives no medium, TimedOutError where the time
    of the whole call is over.
    """
    most = rules.max_bytes if most is None else min(most, rules.max_bytes)
    _, begun = yield _NOW
    clock = _Clock(url, deadline, Deadline(rules.within_s, now=begun))
    at = url
    for _ in range(MOST_REDIRECTS + 1):
        head = yield from _opened(at, rules, clock)
        if head.status not in _REDIRECTS:
            return (yield from _read(at, head, most, clock))
        at = _redirected(at, head)
    raise FetchError(f"{shown(url)} redirects more than {MOST_REDIRECTS} times", url=shown(url))


class _Clock:
    """Bounds each step of one fetch by its own time and by that of the call."""

    def __init__(self, url: str, call: Deadline, own: Deadline) -> None:
        self._url = shown(url)
        self._call = call
        self._own = own

    def left(self) -> Generator[Step, Any, float]:
        """Seconds for the next step. Raises where there are none."""
        _, now = yield _NOW
        if self._call.left(now) == 0.0:
            raise TimedOutError(
                f"the call's time was over while {self._url} was fetched", limit="total", sent=False
            )
        left = self._own.bound(self._call.bound(_FOREVER, now), now)
        if left == 0.0:
            raise FetchError(
                f"{self._url} could not be fetched in time",
                url=self._url,
                retryable=True,
                hint="Give its bytes, or more time: timeout_s in the table [media].",
            )
        return left

    def failed(self, error: TransportError) -> FetchError:
        """A failure of the network, as one of fetching."""
        return FetchError(
            f"{self._url} could not be fetched: {error.message}",
            url=self._url,
            retryable=error.retryable,
            hint=error.hint or "Give its bytes instead of its address.",
        )


_FOREVER = 86_400.0


def _opened(url: str, rules: FetchRules, clock: _Clock) -> Generator[Step, Any, WireHead]:
    """The head of the answer; asked once more where a connection that was kept had ended."""
    request = request_for(url, rules)
    is_last = False
    while True:
        left = yield from clock.left()
        try:
            head: WireHead = yield Send(request, min(_CONNECT_S, left), left)
            return head
        except TransportError as error:
            if is_last or not isinstance(error, StaleConnectionError):
                yield from clock.left()
                raise clock.failed(error) from error
            is_last = True


def _read(url: str, head: WireHead, most: int, clock: _Clock) -> Generator[Step, Any, Fetched]:
    """The body. It is counted as it comes: what a head says of its length is no promise."""
    if head.status != 200:
        raise FetchError(
            f"{shown(url)} could not be fetched: its server answered {head.status}",
            url=shown(url),
            status=head.status,
            retryable=head.status in _AGAIN,
        )
    told = head.get(b"content-length") or ""
    size, pieces = int(told) if told.isascii() and told.isdecimal() else 0, []
    if size <= most:
        size = 0
        while True:
            left = yield from clock.left()
            try:
                piece: bytes = yield Read(left)
            except TransportError as error:
                yield from clock.left()
                raise clock.failed(error) from error
            if not piece:
                break
            size += len(piece)
            if size > most:
                break
            pieces.append(piece)
    if size > most:
        raise FetchError(
            f"{shown(url)} is larger than the {most} bytes that may be fetched",
            url=shown(url),
            status=200,
            hint="Shrink it, or allow more: max_mb in the table [media].",
        )
    return Fetched(b"".join(pieces), plain_type(head.media_type))


def request_for(url: str, rules: FetchRules) -> HttpRequest:
    """The request for what is at an address. Raises FetchError for one that may not be fetched."""
    if any(char <= " " or char in '\\"<>^`{|}\x7f' for char in url):
        raise _refused(url, "it holds a blank, a backslash or another character that no address may hold")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise _refused(url, f"it is no address ({error})") from None
    if parts.scheme not in ("http", "https"):
        raise _refused(url, "only http and https are fetched")
    if "@" in parts.netloc:
        raise _refused(url, "it holds a user name or a password")
    try:
        ascii_host = host if host.isascii() else host.encode("idna").decode("ascii").lower()
        is_public = is_public_host(ascii_host)
    except ValueError as error:
        raise _refused(url, f"it names no host that is clear ({error})") from None
    written = f"[{ascii_host}]" if ":" in ascii_host else ascii_host
    origin = f"{parts.scheme}://{written}" + (f":{port}" if port is not None else "")
    is_free = rules.allow_private or origin == rules.own
    if not (is_public or is_free):
        raise _refused(
            url,
            "its host is not public",
            hint="Give the bytes, or allow such addresses: allow_private = true in the table [media].",
        )
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    if parts.query:
        target += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    return HttpRequest(
        method="GET",
        origin=origin,
        target=target.encode("ascii"),
        headers=_HEADERS if is_free else (*_HEADERS, _ONCE),
        public_only=not is_free,
    )


def _redirected(url: str, head: WireHead) -> str:
    """Where an answer sends us. Raises FetchError for nowhere, and for a way out of https."""
    where = head.get(b"location")
    if not where:
        raise FetchError(f"{shown(url)} redirects, but says not where to", url=shown(url), status=head.status)
    try:
        target = urljoin(url, where)
    except ValueError:
        raise _refused(url, "it redirects to what is no address") from None
    if url.startswith("https:") and not target.startswith("https:"):
        raise _refused(url, "it redirects from https to an address without")
    return target


def shown(url: str) -> str:
    """An address for people: without its query, which may hold a signature, and without a login."""
    scheme, slashes, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    plain = f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}".partition("?")[0].partition("#")[0]
    return plain if len(plain) <= 200 else plain[:199] + "…"


def _refused(url: str, why: str, hint: str = "Give its bytes instead.") -> FetchError:
    return FetchError(f"{shown(url)} is not fetched: {why}", url=shown(url), hint=hint)


def fields_of(part: Medium, fetched: Fetched) -> dict[str, Any]:
    """The fields of a part that holds what was fetched. Raises FetchError for what is no such part."""
    kind: Kind = "audio" if isinstance(part, Audio) else "image" if isinstance(part, Image) else "video"
    kind = "file" if isinstance(part, File) else kind
    where, data = shown(part.url or ""), fetched.data
    if not data:
        raise FetchError(f"{where} holds no bytes", url=where, status=200)
    found = media_type_of(data)
    told = fetched.media_type
    if found is None:
        # A page is most often a server's excuse; it is a document only where one was announced.
        is_page = told == "text/html" and getattr(part, "media_type", None) != told
        fits = told is not None and kind in ("file", kind_of(told)) and not is_page
        if not fits and (told is not None or not _is_told(part)):
            what = told or "bytes of no known type"
            raise FetchError(
                f"{where} gives {what}, where {_WORDS[kind]} was expected", url=where, status=200
            )
        media_type = told if fits else None
    elif kind != "file" and not holds(found, kind):
        raise FetchError(f"{where} gives {found}, which is not {_WORDS[kind]}", url=where, status=200)
    else:
        media_type = told if told is not None and agrees(told, found) and kind_of(told) == kind else found
    fields: dict[str, Any] = {"data": data, "url": None}
    if isinstance(part, Audio):
        if part.format is None and media_type is not None:
            fields["format"] = format_of(media_type)
    elif part.media_type is None:
        fields["media_type"] = media_type
    return fields


def _is_told(part: Medium) -> bool:
    """Whether the caller tells what the medium is."""
    return (part.format if isinstance(part, Audio) else part.media_type) is not None
