"""HTTP/1.1 replies out of bytes: one connection that is fed, built on llhttp (`httptools`).

llhttp knows the grammar; what it does not see is decided here: the size of a head, what an end of the
stream means, interim replies, replies without a body, bytes after a message, and content codings.
"""

from __future__ import annotations

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpResponseParser

from baimo.errors import TransportError
from baimo.wire.http import WireHead
from baimo.wire.http1_coding import BodyDecoder

MAX_HEAD_BYTES = 64 * 1024
MAX_HEAD_FIELDS = 200
_LINE_EXTRA = 4  # ": " and the line's end


class Http1Connection:
    """The receiving side of one connection. `start` begins an exchange, `feed` takes what the peer sent.

    After each `feed`, `head` is None until the whole head is here, and `take` hands out the body.
    A fault is raised by `feed` or `eof` as TransportError; pieces that came before it can still be taken.
    """

    __slots__ = (
        "_codings",
        "_decoder",
        "_fault",
        "_fed",
        "_fields",
        "_framing_bytes",
        "_interim",
        "_keep_alive",
        "_method",
        "_parser",
        "_pieces",
        "_surplus",
        "buffered",
        "complete",
        "head",
        "started",
    )

    def __init__(self) -> None:
        self._parser: HttpResponseParser | None = None
        self.start("GET")

    def start(self, method: str) -> None:
        """Begin an exchange whose request has that method."""
        if self._parser is None:
            self._parser = HttpResponseParser(self)
        self._method = method
        self._pieces: list[bytes] = []
        self._fields: list[tuple[bytes, bytes]] = []
        self._codings: tuple[bytes, ...] = ()
        self._decoder: BodyDecoder | None = None
        self._fault: str | None = None
        self._fed = 0
        self._framing_bytes = 0
        self._interim = False
        self._keep_alive = False
        self._surplus = False
        self.head: WireHead | None = None
        self.started = False
        """True once any byte of the reply came."""
        self.complete = False
        """True once the last byte of the message came; `take` may still have pieces of it."""
        self.buffered = 0
        """Body bytes that came and were not taken, before decompression."""

    @property
    def reusable(self) -> bool:
        """Whether another exchange may follow: a whole message, keep-alive, nothing after it."""
        return self.complete and self._keep_alive and not self._surplus

    def feed(self, data: bytes | memoryview) -> None:
        """Take bytes from the peer, cut anywhere. Raises TransportError for what is no HTTP/1.1 reply."""
        self.started = True
        before = self.buffered
        self._fed += len(data)
        parser = self._parser
        if parser is None or self.complete:
            self._surplus = True
            return
        try:
            parser.feed_data(data)
        except HttpParserCallbackError as error:
            self._parser = None
            self._surplus = True
            raise error.__context__ or error from None  # Ctrl-C while a callback ran: no fault of the peer's
        except (HttpParserError, HttpParserUpgrade) as error:
            self._after_parse_error(error)
            return
        if self._fault is not None:
            raise self._broken(self._fault)
        if self.head is None:
            self._check_head_size(self._fed)
        elif self.buffered > before:
            self._framing_bytes = 0
        elif not self.complete:
            self._check_framing(len(data))

    def eof(self) -> None:
        """The peer ended its side in good order. Raises TransportError when the message is not whole."""
        if self.complete:
            self._surplus = True
            return
        if self._parser is None:
            raise self.cut_off()  # broken before; its end means nothing
        if self.head is None:
            raise TransportError("the connection ended before the head of the reply")
        if not self._ends_with_connection():
            raise self.cut_off()
        self.complete = True

    def cut_off(self) -> TransportError:
        """The error for a reply whose connection went away in the middle."""
        if self.head is None:
            return TransportError("the connection was lost before the head of the reply")
        return TransportError("the connection was lost before the end of the body")

    def take(self) -> bytes | None:
        """The body that is here: bytes, None while there is none yet, `b""` at the end of a whole body.

        Raises TransportError for a body whose compression is broken or cut off.
        """
        pieces = self._pieces
        if self._codings:
            return self._take_decoded()
        if not pieces:
            return b"" if self.complete else None
        self.buffered = 0
        self._pieces = []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def forget(self) -> None:
        """Let the parser go: it refers back here, and the circle would wait for the garbage collector."""
        self._parser = None

    def _take_decoded(self) -> bytes | None:
        decoder = self._decoder
        if self._pieces:
            if decoder is None:
                decoder = self._decoder = BodyDecoder(self._codings)
            decoder.feed(b"".join(self._pieces))
            self._pieces = []
        if decoder is not None:
            piece = decoder.piece()
            self.buffered = decoder.waiting
            if piece:
                return piece
        if not self.complete:
            return None
        if decoder is not None:
            decoder.end()
        return b""

    def on_message_begin(self) -> None:
        if self.complete:
            self._surplus = True
        self._fields = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        parser = self._parser
        if parser is None or self.head is not None:
            return
        status = parser.get_status_code()
        fields = self._fields
        if len(fields) > MAX_HEAD_FIELDS or self._fed > MAX_HEAD_BYTES:
            self._check_fields(fields)
        if status < 200:
            self._interim = True
            if status < 100 or status == 101:
                self._fault = f"the reply has status {status}, which was not asked for"
            return
        for name, value in fields:
            if name == b"content-encoding":
                self._codings += content_codings(value)
            elif name == b"transfer-encoding" and value.strip().lower() != b"chunked":
                self._fault = "the reply has a transfer coding that was not asked for"
        if self._fault is not None:
            return
        self.head = WireHead(status, tuple(fields))
        if self._method == "HEAD":
            # llhttp cannot be told that no body follows, so its state is of no use after this.
            self.complete = True
            self._surplus = True

    def on_body(self, data: bytes) -> None:
        if self.complete:
            self._surplus = True
            return
        self._pieces.append(data)
        self.buffered += len(data)

    def on_message_complete(self) -> None:
        if self._interim:
            self._interim = False
            return
        if self.complete:
            return
        self.complete = True
        # llhttp resets its flags for the next message as soon as this callback returns.
        self._keep_alive = self._parser is not None and self._parser.should_keep_alive()

    def _check_fields(self, fields: list[tuple[bytes, bytes]]) -> None:
        if len(fields) > MAX_HEAD_FIELDS:
            self._fault = f"the head of the reply has over {MAX_HEAD_FIELDS} fields"
            return
        size = sum(len(name) + len(value) + _LINE_EXTRA for name, value in fields)
        if size > MAX_HEAD_BYTES:
            self._fault = f"the head of the reply has over {MAX_HEAD_BYTES} bytes"

    def _check_head_size(self, fed: int) -> None:
        if fed > MAX_HEAD_BYTES:
            raise self._broken(f"the head of the reply has over {MAX_HEAD_BYTES} bytes")
        if len(self._fields) > MAX_HEAD_FIELDS:
            raise self._broken(f"the head of the reply has over {MAX_HEAD_FIELDS} fields")

    def _check_framing(self, size: int) -> None:
        """Chunk extensions and trailers without end are bytes that bring no body."""
        self._framing_bytes += size
        if self._framing_bytes > MAX_HEAD_BYTES or len(self._fields) > 2 * MAX_HEAD_FIELDS:
            raise self._broken(f"over {MAX_HEAD_BYTES} bytes of framing without any body")

    def _after_parse_error(self, error: Exception) -> None:
        if not self.complete:
            raise self._broken(self._fault or f"the reply is not valid HTTP/1.1: {error}") from None
        self._surplus = True  # the message itself is whole, only the connection is done for

    def _broken(self, message: str) -> TransportError:
        self._parser = None
        self._surplus = True
        return TransportError(message)

    def _ends_with_connection(self) -> bool:
        head = self.head
        return head is not None and not any(
            name in (b"content-length", b"transfer-encoding") for name, _ in head.headers
        )


def content_codings(value: bytes) -> tuple[bytes, ...]:
    """The codings that one Content-Encoding field names, without `identity`."""
    words = (word.strip().lower() for word in value.split(b","))
    return tuple(word for word in words if word not in (b"", b"identity"))
