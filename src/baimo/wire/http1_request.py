"""HTTP/1.1 request heads: from a request value to the bytes on the wire."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from baimo.errors import InputError
from baimo.wire.http import Body, HeaderFields, HttpRequest

_LAST_CHUNK = b"0\r\n\r\n"
_SPACE, _TAB, _NUL = b" \t\0"
"""As numbers: to look for a byte is quicker than to look for bytes."""
_ONE_WRITE_BYTES = 64 * 1024  # a body up to here leaves in one write with its head


def render_head(request: HttpRequest, *, host: bytes, prefix: bytes = b"", more: HeaderFields = ()) -> bytes:
    """The head of a request, the empty line included.

    `host` is the Host field where the request has none; `prefix` goes before the target (a forward proxy
    takes the absolute form), `more` are fields for the proxy. Fields that the request carries win over ours.
    Raises InputError for a request whose parts would break the head.
    """
    target = request.target or b"/"
    lines = [b"%b %b%b HTTP/1.1" % (request.method.encode("ascii"), prefix, target)]
    if _SPACE in target or _TAB in target:
        raise InputError("the target of the request holds a blank")
    names = set()
    for name, value in request.headers:
        names.add(name.lower())
        lines.append(b"%b: %b" % (name, value))
    if b"host" not in names:
        lines.insert(1, b"Host: " + host)
    if b"accept-encoding" not in names:
        lines.append(b"Accept-Encoding: gzip, deflate")
    if b"connection" not in names:
        lines.append(b"Connection: keep-alive")
    if b"content-length" not in names and b"transfer-encoding" not in names:
        framing = _framing(request)
        if framing:
            lines.append(framing)
    for name, value in more:
        lines.append(b"%b: %b" % (name, value))
    head = b"\r\n".join(lines)
    if head.count(b"\n") != len(lines) - 1 or head.count(b"\r") != len(lines) - 1 or _NUL in head:
        raise InputError("a header field of the request holds a line break or a NUL")
    return head + b"\r\n\r\n"


def head_and_body(head: bytes, request: HttpRequest) -> tuple[bytes, Iterable[bytes] | None]:
    """What to write at once, and the pieces that follow one by one (None when that was all)."""
    body = request.body
    if isinstance(body, bytes):
        return (head + body, None) if len(body) <= _ONE_WRITE_BYTES else (head, (body,))
    if body.length is None and not any(name.lower() == b"content-length" for name, _ in request.headers):
        return head, _chunked(body)
    return head, _counted(body)


def _chunked(body: Body) -> Iterator[bytes]:
    for piece in body.chunks():
        if piece:
            yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield _LAST_CHUNK


def _counted(body: Body) -> Iterator[bytes]:
    left = body.length
    for piece in body.chunks():
        if left is not None:
            left -= len(piece)
            if left < 0:
                break
        if piece:
            yield piece
    if left:
        raise InputError("the request's body has another length than it says")


def _framing(request: HttpRequest) -> bytes:
    body = request.body
    length = len(body) if isinstance(body, bytes) else body.length
    if length is None:
        return b"Transfer-Encoding: chunked"
    if length == 0 and request.method in ("GET", "HEAD", "DELETE", "OPTIONS"):
        return b""
    return b"Content-Length: %d" % length
