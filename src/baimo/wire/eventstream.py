"""AWS event streams (`application/vnd.amazon.eventstream`): messages out of pieces of a body, and into bytes.

Read in botocore 1.44 (`eventstream.py`) and at https://smithy.io/2.0/aws/amazon-eventstream.html, November
2026. A message is, big-endian: length of all, length of the headers, CRC-32 of these eight bytes, headers,
payload, CRC-32 of all before. Both checksums are checked; whatever is wrong is a WireError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from struct import Struct
from typing import TypeAlias
from zlib import crc32

from baimo.errors import WireError


class Uuid(bytes):
    """The sixteen bytes of a UUID."""


HeaderValue: TypeAlias = bool | int | bytes | str | datetime | Uuid
Headers: TypeAlias = Mapping[str, HeaderValue]
Frame: TypeAlias = tuple[Headers, bytes]
"""One message: its headers, which messages may share, and its payload."""

MAX_FRAME = 24 * 1024 * 1024
"""Bytes of one message, by default."""

_MAX_HEADERS = 128 * 1024
_KEPT_HEADERS = 32
"""Blocks of headers that a decoder keeps decoded: those of a stream are nearly always the same few."""

_MAX_USUAL = 512
"""Bytes of headers with which how messages begin is kept for the whole process."""

_PRELUDE = Struct(">III")
_LENGTHS = Struct(">II")
_CHECK = Struct(">I")
_SHORT = Struct(">H")
_AROUND = 16
"""Bytes of a message besides headers and payload."""

_TRUE, _FALSE, _BYTES, _TEXT, _TIME, _UUID = 0, 1, 6, 7, 8, 9
_INTEGERS = {2: 1, 3: 2, 4: 4, 5: 8}
"""Types of integers, with their sizes in bytes."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FrameDecoder:
    """Messages out of pieces of a body, which may be cut anywhere.

    Memory: one message, whose length is checked before it is waited for.
    """

    __slots__ = ("_beginning", "_headers", "_held", "_known", "_least", "_max", "_need", "_size", "early")

    def __init__(self, *, max_frame: int = MAX_FRAME) -> None:
        self._max = max_frame
        self._held: list[bytes] = []
        self._size = 0
        self._need = _PRELUDE.size
        self._known: dict[bytes, Headers] = {}
        self._headers: Headers = {}  # of the message before
        self._beginning = _beginnings(b"")  # how messages with these headers begin
        self._least = _AROUND  # bytes of such a message without payload
        self.early: list[Frame] = []
        """When `feed` raised: the messages that the same bytes completed before the failure."""

    def feed(self, piece: bytes) -> list[Frame]:
        """The messages that this piece completes. Raises WireError for damaged ones."""
        found: list[Frame] = []
        self.early = found
        if self._held:
            self._held.append(piece)
            self._size += len(piece)
            if self._size < self._need:
                return found
            piece = b"".join(self._held)
            self._held.clear()
        at, size, need = 0, len(piece), _PRELUDE.size
        while size - at >= _PRELUDE.size:
            total, heads, check = _PRELUDE.unpack_from(piece, at)
            if self._least <= total <= self._max and at + total <= size:
                payload = self.again(piece[at : at + total])
                if payload is not None:
                    found.append((self._headers, payload))
                    at += total
                    continue
            seen = crc32(piece[at : at + 8])
            if seen != check:
                raise WireError("the event stream is damaged: a prelude does not fit its checksum")
            if total > self._max or heads > _MAX_HEADERS or total < heads + _AROUND:
                raise WireError(f"a message of the event stream tells impossible lengths: {total}, {heads}")
            end = at + total
            if end > size:
                need = total
                break
            if crc32(piece[at + 8 : end - 4], seen) != _CHECK.unpack_from(piece, end - 4)[0]:
                raise WireError("the event stream is damaged: a message does not fit its checksum")
            start = at + 12 + heads
            self._turn_to(piece[at + 12 : start])
            found.append((self._headers, piece[start : end - 4]))
            at = end
        self._need = need
        self._size = size - at
        if at < size:
            self._held.append(piece[at:])
        return found

    def again(self, piece: bytes) -> bytes | None:
        """The payload of a piece that is one good message with the headers of the one before.

        None for any other piece, which is for `feed`. Live streams bring one message at a time, most of them
        with the same headers, so that how they begin is known but for their length.
        """
        size = len(piece)
        if self._held or not self._least <= size <= self._max:
            return None
        begin, seen, cut = self._beginning(size)
        told, payload, check = cut(piece)
        return payload if told == begin and crc32(payload, seen) == check else None

    def end(self) -> None:
        """The body ended. Raises WireError where that was inside a message."""
        if self._held:
            raise WireError("the event stream stopped inside a message")

    def _turn_to(self, block: bytes) -> None:
        """Messages have these headers now."""
        headers = self._known.get(block)
        if headers is None:
            headers = decode_headers(block)
            if len(self._known) < _KEPT_HEADERS:
                self._known[block] = headers
        self._headers = headers
        if len(block) <= _MAX_USUAL:
            self._beginning, self._least = _beginnings(block), len(block) + _AROUND
        else:
            self._least = self._max + 1  # no message is known by its beginning


_Cut: TypeAlias = Callable[[bytes], tuple[bytes, bytes, int]]
"""Cuts a message before its payload and before its own checksum, which is read."""


@lru_cache(maxsize=16)  # pure, as is what it gives: live streams bring messages of the same few lengths
def _beginnings(block: bytes) -> Callable[[int], tuple[bytes, int, _Cut]]:
    """For a block of headers: by the length of a message what it holds before its payload, the checksum of
    that, and what cuts it there."""

    @lru_cache(maxsize=512)
    def beginning(total: int) -> tuple[bytes, int, _Cut]:
        lengths = _LENGTHS.pack(total, len(block))
        begin = b"".join((lengths, _CHECK.pack(crc32(lengths)), block))
        cut: _Cut = Struct(f">{len(begin)}s{total - len(block) - _AROUND}sI").unpack
        return begin, crc32(begin), cut

    return beginning


def decode_headers(block: bytes) -> Headers:
    """The headers of one message. Raises WireError for what is no block of headers."""
    headers: dict[str, HeaderValue] = {}
    at = 0
    try:
        while at < len(block):
            size = block[at]
            name = _cut(block, at + 1, size).decode()
            kind = block[at + 1 + size]
            value, at = _value(block, at + 2 + size, kind)
            if name in headers:
                raise WireError(f"a message of the event stream has the header {name!r} twice")
            headers[name] = value
    except (IndexError, UnicodeDecodeError, OverflowError) as error:
        raise WireError(f"a message of the event stream has broken headers: {error}") from None
    return headers


def _value(block: bytes, at: int, kind: int) -> tuple[HeaderValue, int]:
    """A header's value, and where the next header begins."""
    if kind in (_TRUE, _FALSE):
        return kind == _TRUE, at
    if kind in (_BYTES, _TEXT):
        size = int.from_bytes(_cut(block, at, 2))
        data = _cut(block, at + 2, size)
        return data if kind == _BYTES else data.decode(), at + 2 + size
    if kind in _INTEGERS:
        size = _INTEGERS[kind]
        return int.from_bytes(_cut(block, at, size), signed=True), at + size
    if kind == _TIME:
        passed = int.from_bytes(_cut(block, at, 8), signed=True)
        return _EPOCH + timedelta(milliseconds=passed), at + 8
    if kind == _UUID:
        return Uuid(_cut(block, at, 16)), at + 16
    raise WireError(f"a header of the event stream has the unknown type {kind}")


def _cut(block: bytes, at: int, size: int) -> bytes:
    data = block[at : at + size]
    if len(data) < size:
        raise IndexError("a header ends too early")
    return data


def encode_frame(headers: Headers, payload: bytes = b"") -> bytes:
    """One message."""
    block = encode_headers(headers)
    lengths = _LENGTHS.pack(len(block) + len(payload) + _AROUND, len(block))
    whole = b"".join((lengths, _CHECK.pack(crc32(lengths)), block, payload))
    return whole + _CHECK.pack(crc32(whole))


def encode_headers(headers: Headers) -> bytes:
    """A block of headers; integers take the four bytes of the usual type, or eight."""
    parts: list[bytes] = []
    for name, value in headers.items():
        text = name.encode()
        parts += (bytes((len(text),)), text, _encoded(value))
    return b"".join(parts)


def _encoded(value: HeaderValue) -> bytes:
    if isinstance(value, bool):
        return bytes((_TRUE if value else _FALSE,))
    if isinstance(value, int):
        kind = 4 if -(2**31) <= value < 2**31 else 5
        return bytes((kind,)) + value.to_bytes(_INTEGERS[kind], signed=True)
    if isinstance(value, datetime):
        passed = (value - _EPOCH) // timedelta(milliseconds=1)
        return bytes((_TIME,)) + passed.to_bytes(8, signed=True)
    if isinstance(value, Uuid):
        return bytes((_UUID,)) + value
    data = value.encode() if isinstance(value, str) else value
    return bytes((_TEXT if isinstance(value, str) else _BYTES,)) + _SHORT.pack(len(data)) + data
