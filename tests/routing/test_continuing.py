"""Joining the rest of an answer to what was shown of it."""

from __future__ import annotations

from typing import Any

from baimo.routing.continuing import Splice
from baimo.types.chat import FinishReason
from baimo.types.content import Text, Thinking
from baimo.types.events import (
    Continued,
    Finished,
    PartDelta,
    PartEnded,
    PartStarted,
    Started,
    UsageReported,
)
from baimo.types.fold import Folder
from baimo.types.usage import Usage

SHOWN: list[Any] = [
    Started(id="1"),
    PartStarted(index=0, part=Text(text="One ")),
    PartDelta(index=0, text="two "),
]
REST: list[Any] = [
    Started(id="2", model="other"),
    PartStarted(index=0, part=Text(text="")),
    PartDelta(index=0, text="three"),
    PartEnded(index=0),
    UsageReported(usage=Usage(input_uncached=1)),
    Finished(reason=FinishReason.STOP),
]


def joined(splice: Splice, *batches: list[Any]) -> tuple[list[Any], Any]:
    folder = Folder()
    folder.add(list(SHOWN))
    out: list[Any] = []
    for events in batches:
        out += (more := splice.join(events))
        folder.add(more)
    return out, folder.response()


def test_the_text_goes_on_in_its_part_and_the_seam_is_marked_first() -> None:
    out, response = joined(Splice(0, characters=8, after="a/m"), REST)
    assert out[0] == Continued(model="other", after=8)
    assert not any(type(event) in (Started, PartStarted) for event in out)
    assert response.text == "One two three"
    assert len(response.message.content) == 1
    assert (response.id, response.finish_reason) == ("1", FinishReason.STOP)


def test_events_may_come_one_by_one_and_are_marked_once() -> None:
    out, response = joined(Splice(0, characters=8, after="a/m"), *[[event] for event in REST])
    assert [type(event) for event in out].count(Continued) == 1
    assert response.text == "One two three"


def test_a_reply_that_tells_no_beginning_is_marked_all_the_same() -> None:
    out, _ = joined(Splice(0, characters=8, after="a/m"), REST[1:])
    assert out[0] == Continued(model=None, after=8)


def test_a_second_beginning_is_nothing_new() -> None:
    out, _ = joined(Splice(0, characters=8, after="a/m"), [Started(), Started()])
    assert out == [Continued(after=8)]


def test_the_first_words_of_a_part_that_begins_with_some_are_not_lost() -> None:
    out, response = joined(
        Splice(0, characters=8, after="a/m"), [PartStarted(index=0, part=Text(text="three"))]
    )
    assert out[1:] == [PartDelta(index=0, text="three")]
    assert response.text == "One two three"


def test_thoughts_and_further_texts_get_places_of_their_own() -> None:
    rest: list[Any] = [
        Started(),
        PartStarted(index=0, part=Thinking(text="Hm")),
        PartStarted(index=1, part=Text(text="")),
        PartDelta(index=1, text="three"),
        PartStarted(index=2, part=Text(text=" four")),
        PartDelta(index=2, text="!"),
        PartDelta(index=0, text="."),
        PartEnded(index=2),
    ]
    out, response = joined(Splice(0, characters=8, after="a/m"), rest)
    assert [part.text for part in response.message.content] == ["One two three", "Hm.", " four!"]  # type: ignore[union-attr]
    assert out[-1] == PartEnded(index=3)


def test_the_note_says_who_was_cut_where_and_who_went_on() -> None:
    note = Splice(0, characters=8, after="a/m").note("b/m")
    assert note.code == "continued"
    assert note.message.startswith("a/m was cut off after 8 characters; b/m went on from there.")
