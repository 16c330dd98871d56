"""HTTP CONNECT: the request for a tunnel through a proxy and the proxy's answer (RFC 9110, 9.3.6).

llhttp takes the answer for the head of a body, so these few lines are parsed here.
"""

from __future__ import annotations

from baimo.errors import ConnectError
from baimo.wire.http import HeaderFields, WireHead
from baimo.wire.http1 import MAX_HEAD_BYTES, MAX_HEAD_FIELDS


def render_connect(authority: bytes, more: HeaderFields = ()) -> bytes:
    """The request for a tunnel to `host:port`."""
    lines = [b"CONNECT %b HTTP/1.1" % authority, b"Host: " + authority]
    lines += [b"%b: %b" % field for field in more]
    return b"\r\n".join(lines) + b"\r\n\r\n"


class TunnelReply:
    """The answer to CONNECT, fed in pieces. Bytes past a good answer are a fault: nobody speaks before us."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> WireHead | None:
        """The head once it is whole. Raises ConnectError for what is no HTTP answer."""
        self._buffer += data
        while True:
            at = self._buffer.find(b"\r\n\r\n")
            if at < 0:
                if len(self._buffer) > MAX_HEAD_BYTES:
                    raise ConnectError(f"the proxy's answer has over {MAX_HEAD_BYTES} bytes")
                return None
            head = _parse(bytes(self._buffer[:at]))
            del self._buffer[: at + 4]
            if head.status < 200:
                continue
            if head.status < 300 and self._buffer:
                raise ConnectError("the proxy sent bytes of its own after opening the tunnel")
            return head


def _parse(data: bytes) -> WireHead:
    first, *lines = data.split(b"\r\n")
    version, _, rest = first.partition(b" ")
    status = rest[:3]
    if version not in (b"HTTP/1.1", b"HTTP/1.0") or not status.isdigit() or rest[3:4] not in (b"", b" "):
        raise ConnectError("the proxy did not answer in HTTP/1.1")
    if len(lines) > MAX_HEAD_FIELDS or len(data) > MAX_HEAD_BYTES:
        raise ConnectError("the head of the proxy's answer is too large")
    return WireHead(int(status), tuple(_field(line) for line in lines))


def _field(line: bytes) -> tuple[bytes, bytes]:
    name, colon, value = line.partition(b":")
    if not colon or not name or name.strip() != name:
        raise ConnectError("the proxy's answer has a line that is no header field")
    return name.lower(), value.strip()
