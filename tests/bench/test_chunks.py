"""What the measure of chunks rests on: its streams are read as they are meant, by both sides."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from baimo import dialects
from bench import chunks, measures
from bench.chunks import Stream, WrongText, cost, reader
from bench.wires import WIRES

KINDS = [(dialect, kind) for dialect, wire in WIRES.items() for kind in wire.kinds]


def test_every_dialect_is_measured() -> None:
    assert tuple(sorted(WIRES)) == dialects.names()
    judged = [one for one in measures.MEASURES if one.job == "chunks"]
    assert {one.figure for one in judged} == {*WIRES, "read", "framed"}
    assert [one.figure for one in judged if not one.short] == ["framed"]


@pytest.mark.parametrize(("dialect", "kind"), KINDS)
def test_the_structs_have_every_field_of_the_event(dialect: str, kind: str) -> None:
    stream = Stream(dialect, kind, 9)
    for payload in stream.payloads:
        assert msgspec.to_builtins(stream.decode(payload)) == msgspec.json.decode(payload)


@pytest.mark.parametrize(("dialect", "kind"), KINDS)
def test_the_smallest_reader_finds_the_events_wherever_they_are_cut(dialect: str, kind: str) -> None:
    stream, wire = Stream(dialect, kind, 9), WIRES[dialect]
    pieces = stream.pieces
    if wire.status != 101:
        whole = b"".join(pieces)
        pieces = [whole[at : at + 50] for at in range(0, len(whole), 50)]
    read = reader(wire)
    found = [msgspec.json.decode(payload) for piece in pieces for payload in read(piece)]
    assert found == [msgspec.json.decode(payload) for payload in stream.payloads]


@pytest.mark.parametrize(("dialect", "kind"), KINDS)
def test_a_chunk_is_few_calls_and_says_its_words(dialect: str, kind: str) -> None:
    """The quick way of each dialect, counted in calls of Python functions: the tolerant way makes dozens."""
    stream = Stream(dialect, kind, 100)
    chunks.check(stream)
    framed = WIRES[dialect].media_type != "text/event-stream" or WIRES[dialect].status == 101
    assert calls_in(stream.decoder().feed, stream.pieces) <= (4 if framed else 3)
    if WIRES[dialect].status != 101:
        assert calls_in(stream.decoder().feed, [b"".join(stream.pieces)]) / len(stream.pieces) <= 4


def calls_in(feed: Callable[[bytes], Any], pieces: list[bytes]) -> float:
    """Calls of Python functions for each piece."""
    made = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal made
        made += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        for piece in pieces:
            feed(piece)
    finally:
        sys.setprofile(before)
    return made / len(pieces)


def test_other_words_end_the_measure() -> None:
    stream = Stream("ollama", "text", 9)
    stream.text += "!"
    with pytest.raises(WrongText, match="in place of"):
        chunks.check(stream)


def test_a_cost_is_measured() -> None:
    found = cost("qianfan_v1", "text", 50, rounds=1)
    assert found.ours > 0
    assert found.to_bare > found.to_read > 0
    assert found.more == pytest.approx(found.ours - found.bare)
