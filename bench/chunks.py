"""What a chunk costs: a dialect's decoder beside typed `msgspec` decoding of the same events' JSON.

Ours is from the bytes of the wire to events: reading lines or frames, JSON, what it means. Theirs is the JSON
alone (`bare`), or the smallest reader of that wire before it too (`read`). One event is one piece, as live
streams bring them. CPU of this process alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from baimo import dialects
from baimo.dialect.protocols import ChatDecoder, ChatDialect, Site
from baimo.types.events import PartDelta
from baimo.wire.eventstream import FrameDecoder
from baimo.wire.http import WireHead

from .wires import WIRES, Wire, typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """CPU of one chunk, in µs: medians over alternating rounds; ratios are medians of the rounds' own."""

    ours: float
    bare: float
    to_bare: float
    to_read: float
    more: float
    """Ours less the bare one."""


class WrongText(Exception):  # noqa: N818 - it says what it is
    """A decoder gave other text than the chunks hold."""


class Stream:
    """A stream of one kind of chunk, as bytes and as JSON."""

    def __init__(self, dialect: str, kind: str, chunks: int) -> None:
        wire = WIRES[dialect]
        told = wire.kinds[kind]
        found = dialects.get(dialect)
        assert isinstance(found, ChatDialect)
        self._dialect = found
        self._wire = wire
        self.payloads = [told.payload(number).encode() for number in range(1, chunks + 1)]
        self.pieces = [wire.frame(told.payload(number), number) for number in range(1, chunks + 1)]
        self.decode = typed(self.payloads[0])
        self.text = told.text(chunks)
        self._opening = [wire.frame(event, 0) for event in told.before()]

    def decoder(self) -> ChatDecoder:
        """Ours, with the part open."""
        fields = ((b"content-type", self._wire.media_type.encode()),)
        site = Site(base_url="http://127.0.0.1")
        decoder = self._dialect.decoder(WireHead(self._wire.status, fields), site)
        for piece in self._opening:
            decoder.feed(piece)
        return decoder

    def ours(self, feed: Callable[[bytes], Any]) -> float:
        """Seconds of CPU for all chunks."""
        pieces = self.pieces
        began = time.process_time()
        for piece in pieces:
            feed(piece)
        return time.process_time() - began

    def bare(self) -> float:
        """Seconds of CPU for the JSON alone."""
        payloads, decode = self.payloads, self.decode
        began = time.process_time()
        for payload in payloads:
            decode(payload)
        return time.process_time() - began

    def read(self) -> float:
        """Seconds of CPU for the smallest reader and the JSON."""
        pieces, decode, read = self.pieces, self.decode, reader(self._wire)
        began = time.process_time()
        for piece in pieces:
            for payload in read(piece):
                decode(payload)
        return time.process_time() - began


def reader(wire: Wire) -> Callable[[bytes], list[bytes]]:
    """The smallest reader of a wire that holds what a piece leaves open."""
    if wire.media_type == "application/vnd.amazon.eventstream":
        frames = FrameDecoder()
        return lambda piece: [payload for _, payload in frames.feed(piece)]
    if wire.status == 101:
        return lambda piece: [piece]
    rest, end = b"", wire.end
    mark = b"" if end == b"\n" else b"data:"

    def read(piece: bytes) -> list[bytes]:
        nonlocal rest
        *events, rest = (rest + piece).split(end)
        return [event[event.find(mark) + len(mark) :] for event in events if event]

    return read


def check(stream: Stream) -> None:
    """Raises WrongText where our decoder does not give the words that the chunks hold."""
    decoder = stream.decoder()
    events = [event for piece in stream.pieces for event in decoder.feed(piece)]
    text = "".join([event.text for event in events if isinstance(event, PartDelta)])
    if text != stream.text:
        raise WrongText(f"{text[:60]!r} in place of {stream.text[:60]!r}")


def cost(dialect: str, kind: str, chunks: int, rounds: int) -> Cost:
    """What a chunk costs. Raises WrongText."""
    stream = Stream(dialect, kind, chunks)
    check(stream)
    stream.read()
    ours: list[float] = []
    bare: list[float] = []
    read: list[float] = []
    for _ in range(rounds):
        ours.append(stream.ours(stream.decoder().feed))
        bare.append(stream.bare())
        read.append(stream.read())
    each = 1e6 / chunks
    return Cost(
        ours=median(ours) * each,
        bare=median(bare) * each,
        to_bare=median([a / b for a, b in zip(ours, bare, strict=True)]),
        to_read=median([a / b for a, b in zip(ours, read, strict=True)]),
        more=median([a - b for a, b in zip(ours, bare, strict=True)]) * each,
    )


def costs(chunks: int, rounds: int) -> dict[str, list[Cost]]:
    """By dialect, of each kind of chunk."""
    return {name: [cost(name, kind, chunks, rounds) for kind in wire.kinds] for name, wire in WIRES.items()}
