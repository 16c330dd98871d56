"""Fragments to parts."""

from __future__ import annotations

from baimo.dialect.parts import Parts
from baimo.types.content import Audio, Text, Thinking
from baimo.types.events import ChatEvent, PartDelta, PartEnded, PartStarted
from baimo.types.fold import fold


def test_parts_are_numbered_in_the_order_they_begin_and_may_interleave() -> None:
    parts, out = Parts(1), list[ChatEvent]()
    parts.start("think", Thinking(), out)
    parts.start("text", Text(text=""), out)
    parts.text("think", "a", out)
    parts.text("text", "b", out)
    parts.end("think", out)
    parts.end_all(out)
    assert out == [
        PartStarted(index=0, part=Thinking(), choice=1),
        PartStarted(index=1, part=Text(text=""), choice=1),
        PartDelta(index=0, text="a", choice=1),
        PartDelta(index=1, text="b", choice=1),
        PartEnded(index=0, choice=1),
        PartEnded(index=1, choice=1),
    ]
    assert parts.count == 2
    assert "text" not in parts
    assert parts.get("text") is None


def test_a_part_that_begins_anew_ends_the_one_of_its_name() -> None:
    parts, out = Parts(), list[ChatEvent]()
    parts.start("text", Text(text=""), out)
    parts.start("text", Text(text=""), out)
    assert [type(event) for event in out] == [PartStarted, PartEnded, PartStarted]


def test_nothing_to_add_causes_no_event() -> None:
    parts, out = Parts(), list[ChatEvent]()
    parts.start("sound", Audio(), out)
    parts.text("sound", "", out)
    parts.data("sound", b"", out)
    assert len(out) == 1
    parts.data("sound", b"x", out)
    assert out[1] == PartDelta(index=0, data=b"x")


def test_half_a_surrogate_pair_waits_for_the_other_half() -> None:
    parts, out = Parts(), list[ChatEvent]()
    parts.start("text", Text(text=""), out)
    parts.text("text", "a\ud83d", out)
    assert out[-1] == PartDelta(index=0, text="a")
    parts.text("text", "\ude00", out)
    assert out[-1] == PartDelta(index=0, text="😀")
    parts.text("text", "\ud83d", out)
    parts.end("text", out)
    assert fold(out).text == "a😀\ufffd"
