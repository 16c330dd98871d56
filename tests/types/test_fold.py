"""What a run of events adds up to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.types.chat import FinishReason, Message, Role, TokenLogprob
from baimo.types.content import Audio, Citation, File, Image, Refusal, Replay, Text, Thinking, ToolCall
from baimo.types.events import (
    ChatEvent,
    Finished,
    LogprobsReported,
    PartDelta,
    PartEnded,
    PartStarted,
    Started,
    UsageReported,
    Withdrawn,
)
from baimo.types.fold import Folder, fold
from baimo.types.usage import Usage
from tests.strategies import chat_events


def test_nothing_folds_to_an_empty_answer() -> None:
    response = fold([])
    assert response.choices == ()
    assert response.message == Message(role=Role.ASSISTANT)
    assert (response.text, response.thinking, response.refusal, response.tool_calls) == ("", "", None, ())
    assert response.finish_reason is FinishReason.UNKNOWN
    assert response.usage.total is None


def test_parts_grow_where_they_belong() -> None:
    events: list[ChatEvent] = [
        Started(id="i", model="m", created=5),
        PartStarted(index=0, part=Thinking(text="a")),
        PartStarted(index=1, part=Text(text="")),
        PartDelta(index=1, text="x"),
        PartDelta(index=0, text="b"),
        PartDelta(index=1, text="y"),
        PartStarted(index=2, part=ToolCall(id="c", name="f", arguments="{")),
        PartDelta(index=2, text="}"),
        PartStarted(index=3, part=Refusal(text="n")),
        PartDelta(index=3, text="o"),
        Finished(reason=FinishReason.STOP, raw="stop"),
    ]
    response = fold(events)
    assert response.message.content == (
        Thinking(text="ab"),
        Text(text="xy"),
        ToolCall(id="c", name="f", arguments="{}"),
        Refusal(text="no"),
    )
    assert (response.id, response.model, response.created) == ("i", "m", 5)
    assert response.refusal == "no"
    assert response.choices[0].finish_raw == "stop"


def test_sound_and_pictures_grow_by_bytes() -> None:
    events: list[ChatEvent] = [
        PartStarted(index=0, part=Audio(id="a", data=b"1")),
        PartDelta(index=0, data=b"2", text="Hi"),
        PartDelta(index=0, data=b"3"),
        PartEnded(index=0, expires_at=9),
        PartStarted(index=1, part=Image()),
        PartDelta(index=1, data=b"4"),
        PartStarted(index=2, part=File(name="x")),
        PartStarted(index=3, part=Audio(id="b")),
        PartStarted(index=4, part=Image(url="u")),
        PartStarted(index=5, part=ToolCall(id="c", name="f", arguments="{}")),
    ]
    sound, picture, file, silent, linked, _ = fold(events).message.content
    assert sound == Audio(id="a", data=b"123", transcript="Hi", expires_at=9)
    assert picture == Image(data=b"4")
    assert file == File(name="x")
    assert silent == Audio(id="b")
    assert linked == Image(url="u")


def test_what_is_told_at_the_end_is_laid_over_the_part() -> None:
    replay = Replay(dialect="d", json=b"{}")  # type: ignore[arg-type]
    first, last = Citation(url="a"), Citation(url="b")
    events: list[ChatEvent] = [
        PartStarted(index=0, part=Text(text="", citations=(first,))),
        PartEnded(index=0, citations=(last,), replay=replay, expires_at=3),
    ]
    assert fold(events).message.content == (Text(text="", citations=(first, last), replay=replay),)


def test_usage_replaces_and_log_probabilities_add() -> None:
    token = TokenLogprob(token="a", logprob=-1.0)
    events: list[ChatEvent] = [
        UsageReported(usage=Usage(input_uncached=1)),
        LogprobsReported(tokens=(token,)),
        LogprobsReported(tokens=(token,)),
        UsageReported(usage=Usage(input_uncached=2)),
        Withdrawn(reason="moderated"),
    ]
    response = fold(events)
    assert response.usage.input == 2
    assert response.choices[0].logprobs == (token, token)
    assert response.choices[0].withdrawn == "moderated"


def test_choices_come_in_the_order_of_their_numbers() -> None:
    events: list[ChatEvent] = [
        PartStarted(index=0, part=Text(text="B"), choice=1),
        PartStarted(index=0, part=Text(text="A")),
    ]
    assert [choice.message.text for choice in fold(events).choices] == ["A", "B"]


def test_a_folder_tells_what_it_has_so_far_and_takes_further_facts() -> None:
    folder = Folder()
    folder.add([Started(id="i"), PartStarted(index=0, part=Text(text="")), PartDelta(index=0, text="a")])
    assert folder.response(ended="cut", provider="p").text == "a"
    folder.add([PartDelta(index=0, text="b")])
    response = folder.response(model="asked", id="own")
    assert (response.text, response.model, response.id, response.ended) == ("ab", "asked", "own", "complete")


def test_a_folder_that_keeps_nothing_knows_the_parts_all_the_same() -> None:
    folder = Folder(keep=False)
    folder.add(
        [
            PartStarted(index=0, part=Thinking()),
            PartDelta(index=0, text="a"),
            Finished(reason=FinishReason.STOP),
        ]
    )
    assert folder.kind(0) is Thinking
    assert folder.response().thinking == ""
    assert folder.response().finish_reason is FinishReason.STOP


def test_text_for_a_part_without_words_goes_nowhere() -> None:
    events: list[ChatEvent] = [PartStarted(index=0, part=File(name="x")), PartDelta(index=0, text="a")]
    assert fold(events).message.content == (File(name="x"),)


def test_a_hundred_thousand_pieces_add_up() -> None:
    folder = Folder()
    folder.add([PartStarted(index=0, part=Text(text=""))])
    for _ in range(100):
        folder.add([PartDelta(index=0, text="abc")] * 1000)
    assert folder.response().text == "abc" * 100_000


@given(events=chat_events("openai_chat"), at=st.integers(0, 40))
def test_it_does_not_matter_in_how_many_portions_events_come(events: list[ChatEvent], at: int) -> None:
    folder = Folder()
    folder.add(events[:at])
    folder.add(iter(events[at:]))
    assert folder.response() == fold(events)


def test_a_whole_reply_that_came_at_once_folds_as_one_that_came_bit_by_bit() -> None:
    events: list[ChatEvent] = [
        Started(id="i", created=5),
        PartStarted(index=0, part=Text(text="Hello")),
        UsageReported(usage=Usage(input_uncached=1)),
        PartEnded(index=0),
        Finished(reason=FinishReason.STOP, raw="stop"),
    ]
    at_once, bit_by_bit = Folder(), Folder()
    at_once.add(events)
    for event in events:
        bit_by_bit.add([event])
    assert at_once.response(model="m") == bit_by_bit.response(model="m")
    assert at_once.kind(0) is Text
    named = [Started(id="i", model="told"), *events[1:]]
    assert fold(named).model == "told"


def test_what_is_no_event_is_refused() -> None:
    folder = Folder()
    folder.add([])
    with pytest.raises(TypeError, match="no event"):
        folder.add(["x"])  # type: ignore[list-item]
