"""What is told about an answer beside its words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from baimo.cli.answers import PlainWriter, answer_facts, show_events, show_whole, spoken, summary, tell_about
from baimo.cli.calling import Stopwatch, retry_line
from baimo.cli.console import Console
from baimo.errors import RateLimitedError
from baimo.notes import Note
from baimo.steps import Retrying
from baimo.types.chat import ChatResponse, Choice, FinishReason, Message, Role
from baimo.types.content import Refusal, Text, Thinking, ToolCall
from baimo.types.events import ChatEvent, Finished, PartDelta, PartStarted
from baimo.types.money import Money
from baimo.types.usage import Usage


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAIMO_LANG", "en")


def answered(
    *, finish: FinishReason = FinishReason.STOP, withdrawn: str | None = None, **facts: Any
) -> ChatResponse:
    message = Message(role=Role.ASSISTANT, content=(Text(text="Yes."),))
    choice = Choice(message=message, finish_reason=finish, withdrawn=withdrawn)
    return ChatResponse(choices=(choice,), provider="acme", model="big", **facts)


def test_one_line_tells_tokens_cost_and_time() -> None:
    usage = Usage(input_uncached=1000, cache_read=200, output_visible=30, reasoning=4)
    watch = Stopwatch()
    watch.total_s, watch.first_s = 1.26, 0.4
    response = answered(usage=usage, cost=Money(Decimal("0.0120"), "CNY"), request_id="r1")
    assert summary(response, watch) == (
        "acme/big · 1,200 (200 cached) in, 34 (4 thinking) out · 0.012 CNY · 1.3 s · "
        "first word after 0.4 s · r1"
    )


def test_what_is_not_known_is_left_out_and_never_0() -> None:
    watch = Stopwatch()
    watch.total_s = 2.0
    assert summary(answered(), watch) == "acme/big · 2.0 s"
    assert "cost" not in answer_facts(answered(), watch)


def test_a_program_reads_the_cost_exactly() -> None:
    facts = answer_facts(answered(cost=Money(Decimal("0.00000012"), "USD")), Stopwatch())
    assert facts["cost"] == {"amount": "0.00000012", "currency": "USD"}


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (answered(notes=(Note(code="dropped", message="top_k was left out"),)), "note: top_k was left out"),
        (answered(finish=FinishReason.CONTENT_FILTER), "content filter"),
        (answered(finish=FinishReason.LENGTH), "limit of tokens"),
        (answered(withdrawn="moderation"), "took this answer back: moderation"),
    ],
)
def test_what_is_odd_is_told_unasked(
    response: ChatResponse, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tell_about(response, Console(), Stopwatch(), verbose=False)
    out, err = capsys.readouterr()
    assert out == "" and said in err


def test_an_ordinary_answer_is_told_nothing_about(capsys: pytest.CaptureFixture[str]) -> None:
    tell_about(answered(), Console(), Stopwatch(), verbose=False)
    assert capsys.readouterr() == ("", "")


EVENTS: list[ChatEvent] = [
    PartStarted(index=0, part=Thinking(text="Hm")),
    PartDelta(index=0, text=", so."),
    PartStarted(index=1, part=Text(text="Yes")),
    PartDelta(index=1, text="."),
    PartStarted(index=2, part=ToolCall(id="1", name="f", arguments="")),
    PartDelta(index=2, text="{}"),
    PartStarted(index=0, part=Text(text="Other"), choice=1),
    PartDelta(index=0, text=" choice", choice=1),
    PartStarted(index=3, part=Refusal(text="But no")),
    Finished(reason=FinishReason.STOP),
]


def test_only_words_of_the_first_choice_are_spoken() -> None:
    assert list(spoken(EVENTS)) == [
        (Thinking, "Hm"),
        (Thinking, ", so."),
        (Text, "Yes"),
        (Text, "."),
        (Refusal, "But no"),
    ]


@pytest.mark.parametrize("thinking", [True, False])
def test_thinking_goes_beside_the_answer_or_nowhere(
    thinking: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    console = Console()
    show_events(EVENTS, PlainWriter(console), console, Stopwatch(), thinking=thinking)
    out, err = capsys.readouterr()
    assert out == "Yes.But no\n"
    assert err == ("Hm, so.\n" if thinking else "")


def test_a_refusal_stands_where_the_answer_would(capsys: pytest.CaptureFixture[str]) -> None:
    message = Message(role=Role.ASSISTANT, content=(Refusal(text="I will not."),))
    console = Console()
    show_whole(ChatResponse(choices=(Choice(message=message),)), PlainWriter(console))
    assert capsys.readouterr().out == "I will not.\n"


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "attempt 2 of 3 in 1.4 s: acme: slow down [rate_limited]"),
        ("zh", "1.4 秒后第 2 次尝试（共 3 次）：acme: slow down [rate_limited]"),
    ],
)
def test_a_retry_says_which_when_and_why(monkeypatch: pytest.MonkeyPatch, lang: str, said: str) -> None:
    monkeypatch.setenv("BAIMO_LANG", lang)
    why = Retrying(provider="acme", attempt=2, attempts=3, wait_s=1.42, error=RateLimitedError("slow down"))
    assert retry_line(why) == said
