"""Answers with nothing in them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.errors import EmptyAnswerError
from baimo.resilience.empty import Emptiness
from baimo.types.chat import FinishReason
from baimo.types.content import Audio, Image, Opaque, Refusal, Replay, Text, Thinking, ToolCall
from baimo.types.events import (
    Finished,
    PartDelta,
    PartEnded,
    PartStarted,
    Started,
    UsageReported,
    Withdrawn,
)
from baimo.types.models import PullProgress
from baimo.types.usage import Usage

START = Started(id="r1")
STOP = Finished(reason=FinishReason.STOP, raw="stop")
USED = UsageReported(usage=Usage(input_uncached=3, output_visible=0))


def verdict(*events: Any) -> EmptyAnswerError | None:
    watch = Emptiness()
    for event in events:
        watch.saw([event])
    try:
        watch.saw([], is_end=True)
    except EmptyAnswerError as error:
        return error
    return None


@pytest.mark.parametrize("reason", [FinishReason.STOP, FinishReason.UNKNOWN])
@pytest.mark.parametrize(
    "parts",
    [
        [],
        [PartStarted(index=0, part=Text(text="")), PartEnded(index=0)],
        [PartStarted(index=0, part=Thinking()), PartDelta(index=0), PartEnded(index=0)],
        [PartStarted(index=0, part=Refusal(text=""))],
    ],
)
def test_an_end_without_anything_before_it_is_empty(reason: FinishReason, parts: list[Any]) -> None:
    error = verdict(START, *parts, USED, Finished(reason=reason))
    assert error is not None
    assert (error.code, error.status, error.retryable, error.sent) == ("empty_answer", 200, True, True)
    assert error.hint


@pytest.mark.parametrize(
    "event",
    [
        PartStarted(index=0, part=Text(text="Hi")),
        PartStarted(index=0, part=Thinking(text="hm")),
        PartStarted(index=0, part=Refusal(text="no")),
        PartStarted(index=0, part=ToolCall(id="1", name="f", arguments="")),
        PartStarted(index=0, part=Audio(data=b"")),
        PartStarted(index=0, part=Image(url="http://a.test/1.png")),
        PartStarted(index=0, part=Opaque(dialect="d", json=msgspec.Raw(b"{}"))),
        PartDelta(index=0, text="Hi"),
        PartDelta(index=0, data=b"\x00"),
        PartEnded(index=0, replay=Replay(dialect="d", json=msgspec.Raw(b"{}"))),
        Withdrawn(reason="moderation"),
    ],
)
def test_an_answer_that_holds_something_is_not_empty(event: Any) -> None:
    assert verdict(START, event, STOP) is None


@pytest.mark.parametrize(
    "reason", [one for one in FinishReason if one not in {FinishReason.STOP, FinishReason.UNKNOWN}]
)
def test_an_end_that_tells_why_is_not_empty(reason: FinishReason) -> None:
    assert verdict(START, Finished(reason=reason)) is None


def test_a_reply_that_did_not_finish_is_not_judged() -> None:
    assert verdict(START) is None
    assert verdict(PullProgress(status="pulling")) is None


def test_one_choice_with_something_in_it_is_enough() -> None:
    assert verdict(START, STOP, PartStarted(index=0, part=Text(text="Hi"), choice=1)) is None


def test_nothing_is_looked_at_after_the_first_word() -> None:
    watch = Emptiness()
    watch.saw([START])
    assert watch.is_open
    watch.saw([PartDelta(index=0, text="a"), STOP])
    assert not watch.is_open
