"""Streams that come one event to a read, as live ones do: the quick ways give what one large read gives."""

from __future__ import annotations

import pytest

from baimo import dialects
from baimo.dialect.protocols import ChatDecoder, ChatDialect, Site
from baimo.types.events import PartDelta, UsageReported
from baimo.types.fold import fold
from baimo.wire.http import WireHead
from bench.wires import WIRES
from tests.conformance.playing import play

KINDS = [(name, kind) for name, wire in WIRES.items() for kind in wire.kinds if wire.status == 200]
OTHERS = (
    ('"index":0', '"index":1'),
    ('"Index":0', '"Index":1'),
    ('"index": 0', '"index": 1'),
    ('_index":0', '_index":1'),
    ('BlockIndex":0', 'BlockIndex":1'),
    ('"input_sensitive":false', '"input_sensitive":true'),
    ('"Note":"', '"Note":"!'),
    ('"content":', '"refusal":"no","content":'),
    ('"done":false', '"done":true'),
    ('"is_truncated":false', '"is_truncated":true'),
    ('"delta":{"message"', '"logprobs":{"text":"x"},"delta":{"message"'),
    ('"logprobs":[]', '"logprobs":[{"token":"x","logprob":-1.0}]'),
    ('"message":{', '"logprobs":[],"message":{'),
    ('"Usage":{', '"Used":{'),
    ('"usage":{', '"used":{'),
    ('[{"index":0,"function"', '[{"index":1,"function"'),
)
"""What makes a chunk another one than the one before."""


def decoder(name: str) -> ChatDecoder:
    dialect, wire = dialects.get(name), WIRES[name]
    assert isinstance(dialect, ChatDialect)
    head = WireHead(wire.status, ((b"content-type", wire.media_type.encode()),))
    return dialect.decoder(head, Site(base_url="https://api.example"))


def stream(name: str, kind: str, *changes: tuple[str, str]) -> list[bytes]:
    """Thirty chunks, of which some say nothing and some are others."""
    wire, told = WIRES[name], WIRES[name].kinds[kind]
    payloads = [*told.before(), *[told.payload(number) for number in range(1, 30)]]
    payloads[-12] = told.chunk.replace("#", "18").replace("$", "")
    for place, (old, new) in enumerate(changes):
        payloads[-8 + place % 4] = payloads[-8 + place % 4].replace(old, new)
    return [wire.frame(payload, number) for number, payload in enumerate(payloads)]


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_it_is_no_matter_how_many_events_a_read_brings(name: str, kind: str) -> None:
    for change in (None, *OTHERS):
        pieces = stream(name, kind, *([change] if change else []))
        events, error = play(decoder(name), pieces)
        at_once, same = play(decoder(name), [b"".join(pieces)])
        assert fold(events) == fold(at_once)
        assert (type(error), str(error)) == (type(same), str(same))
        assert sum(isinstance(event, PartDelta) for event in events) >= 10


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_half_an_event_behind_quick_ones_is_no_answer(name: str, kind: str) -> None:
    pieces = stream(name, kind)
    cut = [*pieces[:-1], pieces[-1][:-20]]
    events, error = play(decoder(name), cut)
    at_once, same = play(decoder(name), [b"".join(cut)])
    assert fold(events) == fold(at_once)
    assert error is not None
    assert str(error) == str(same)


@pytest.mark.parametrize("name", ["hunyuan", "pangu"])
def test_usage_of_a_cut_stream_is_that_of_its_last_chunk(name: str) -> None:
    pieces = stream(name, "text")
    events, error = play(decoder(name), pieces)
    told = [event.usage.output for event in events if isinstance(event, UsageReported)]
    assert error is not None
    assert told[-1] == 29
    assert len(told) <= 5
    live = decoder(name)
    told = [e.usage.output for piece in pieces for e in live.feed(piece) if isinstance(e, UsageReported)]
    assert told[-1] is not None
    assert told[-1] >= 29 - 16
