"""Every fault, as a client meets it: in process, on a clock that jumps, whole and streamed, on both wires."""

from __future__ import annotations

from typing import Any

import pytest

import baimo
from baimo.errors import Error, InputError
from baimo.simulator.faults import (
    FAULTS,
    Fault,
    FaultPlan,
    FaultRule,
    model_fault,
    parse_fault,
    parse_rule,
)
from baimo.simulator.reply import split
from baimo.simulator.strikes import LONG_S
from baimo.testing import Simulator
from tests.simulator.dice import Always, Never

WORDS = "The quick brown fox jumps over the lazy dog and then some more words follow."
HTTP, SOCKET = "openai/gpt-4o-mini", "spark/4.0Ultra"


class Met:
    """What came of one call."""

    def __init__(self, fault: str, model: str = HTTP, *, stream: bool = True) -> None:
        with Simulator("openai", "spark") as sim:
            endpoints = {"spark": "socket"}
            sim.reply(WORDS)
            sim.fault(fault)
            self.text, self.error = "", None
            with sim.client(max_retries=0, endpoints=endpoints) as client:
                try:
                    if stream:
                        with client.stream(model, "Hi") as answer:
                            for piece in answer.text:
                                self.text += piece
                    else:
                        self.text = client.chat(model, "Hi").text
                except Error as error:
                    self.error = error
            self.elapsed = sim.clock.elapsed
            self.received = sim.last

    @property
    def kind(self) -> type[Error] | None:
        return None if self.error is None else type(self.error)

    def fact(self, name: str) -> Any:
        return getattr(self.error, name)


@pytest.mark.parametrize(
    ("fault", "kind", "status"),
    [
        ("429", baimo.RateLimitedError, 429),
        ("500", baimo.ServerError, 500),
        ("502", baimo.ServerError, 502),
        ("503", baimo.OverloadedError, 503),
        ("529", baimo.OverloadedError, 529),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("model", [HTTP, SOCKET])
def test_a_status_is_met_with_and_without_the_time_to_come_back(
    fault: str, kind: type[Error], status: int, stream: bool, model: str
) -> None:
    for wait in (None, 7.0):
        met = Met(fault if wait is None else f"{fault}@7", model, stream=stream)
        assert met.kind is kind
        assert met.fact("status") == status
        assert met.fact("retry_after") == wait
        assert met.received.fault == (fault if wait is None else f"{fault}@7")
        assert met.received.outcome == "broken"


@pytest.mark.parametrize("model", [HTTP, SOCKET])
def test_a_reset_comes_before_the_head(model: str) -> None:
    met = Met("reset", model)
    assert met.kind is baimo.TransportError
    assert met.received.status is None


@pytest.mark.parametrize("model", [HTTP, SOCKET])
def test_a_slow_head_is_waited_for_as_long_as_the_limit_says(model: str) -> None:
    assert (Met("slow_head@5", model).text, Met("slow_head@5", model).elapsed) == (WORDS, 5.0)
    met = Met("slow_head", model)
    assert met.kind is baimo.TimedOutError
    assert met.fact("limit") == "first_event"
    assert met.elapsed == 120.0
    assert met.received.outcome == "left"


@pytest.mark.parametrize(("model", "at"), [(HTTP, 500), (SOCKET, 300)])
def test_a_cut_lets_the_client_have_what_came_before(model: str, at: int) -> None:
    met = Met(f"cut@{at}", model)
    assert met.kind is baimo.StreamInterrupted
    assert met.fact("ended") == "cut"
    assert met.text and WORDS.startswith(met.text) and met.text != WORDS
    assert Met("cut", model).kind is baimo.TransportError
    assert met.received.outcome == "broken"


def test_a_whole_reply_that_is_cut_is_no_reply() -> None:
    assert Met("cut@40", stream=False).kind is baimo.TransportError


@pytest.mark.parametrize(("model", "at"), [(HTTP, 500), (SOCKET, 300)])
def test_a_stall_strikes_the_idle_limit_on_the_clock_that_was_handed_in(model: str, at: int) -> None:
    met = Met(f"stall@{at}", model)
    assert met.kind is baimo.StreamInterrupted
    assert met.fact("ended") == "stalled"
    assert met.fact("__cause__").limit == "idle"
    assert met.elapsed == 60.0
    short = Met(f"stall@{at},20", model)
    assert (short.fact("ended"), short.elapsed) == ("cut", 20.0)


@pytest.mark.parametrize(("model", "at"), [(HTTP, 500), (SOCKET, 300)])
def test_a_failure_in_mid_stream_is_told_in_the_providers_words(model: str, at: int) -> None:
    met = Met(f"fail@{at}", model)
    assert met.kind is baimo.StreamInterrupted
    assert met.fact("ended") == "error"
    assert isinstance(met.fact("__cause__"), baimo.ProviderError)
    assert met.text and met.text != WORDS
    assert isinstance(Met("fail", model).error, baimo.ProviderError)


def test_a_failure_of_a_whole_reply_is_an_error_under_status_200() -> None:
    met = Met("fail", stream=False)
    assert met.kind is baimo.ServerError
    assert met.received.status == 200


def test_moderation_in_mid_stream_ends_the_answer_as_the_provider_does() -> None:
    met = Met("moderate@500")
    assert met.error is None
    assert met.text and met.text != WORDS
    assert met.received.why == "output_moderated"
    assert isinstance(Met("moderate@300", SOCKET).fact("__cause__"), baimo.ContentFilteredError)


@pytest.mark.parametrize("model", [HTTP, SOCKET])
def test_a_refusal_is_the_providers_own(model: str) -> None:
    met = Met("refuse@over_quota", model)
    assert met.kind is baimo.QuotaError
    assert (met.received.outcome, met.received.why) == ("refused", "over_quota")


@pytest.mark.parametrize("model", [HTTP, SOCKET])
def test_a_malformed_event_is_well_framed_and_no_json(model: str) -> None:
    met = Met("malformed@300", model)
    assert met.kind is baimo.StreamInterrupted
    assert isinstance(met.fact("__cause__"), baimo.WireError)
    assert Met("malformed", model).kind is baimo.WireError


@pytest.mark.parametrize("model", [HTTP, SOCKET])
def test_a_reply_without_its_end_mark_is_no_whole_reply(model: str) -> None:
    met = Met("no_end", model)
    assert met.kind is baimo.StreamInterrupted
    assert met.text and WORDS.startswith(met.text)


def test_half_a_whole_reply_in_the_right_framing_is_no_json() -> None:
    assert Met("no_end", stream=False).kind is baimo.WireError


def test_a_wrong_content_type_says_what_the_body_is_not() -> None:
    met = Met("content_type")
    assert met.text == WORDS


@pytest.mark.parametrize("stream", [True, False])
def test_a_compressed_body_without_its_end_is_no_whole_body(stream: bool) -> None:
    met = Met("gzip", stream=stream)
    assert met.kind is (baimo.StreamInterrupted if stream else baimo.TransportError)
    assert "compressed" in str(met.error)


@pytest.mark.parametrize(("code", "ended"), [(1011, "cut"), (1008, "cut")])
def test_a_socket_is_closed_with_a_code(code: int, ended: str) -> None:
    met = Met(f"close@{code},300", SOCKET)
    assert met.kind is baimo.StreamInterrupted
    assert str(code) in str(met.error)
    assert Met(f"close@{code}", SOCKET).kind is baimo.TransportError


@pytest.mark.parametrize(
    ("fault", "model"), [("close@1000", HTTP), ("gzip", SOCKET), ("content_type", SOCKET)]
)
def test_a_fault_that_the_wire_cannot_have_is_refused_not_passed_over(fault: str, model: str) -> None:
    met = Met(fault, model)
    assert isinstance(met.error, baimo.ProviderError)
    assert met.received.outcome == "refused"
    assert "is not for" in met.received.detail


@pytest.mark.parametrize("model", [HTTP, SOCKET])
def test_a_late_first_piece_comes_behind_a_head_in_time(model: str) -> None:
    met = Met("slow_first@20", model)
    assert (met.text, met.elapsed, met.received.status) == (WORDS, 20.0, 200 if model == HTTP else 101)
    assert Met("slow_first@20", stream=False).elapsed == 20.0
    assert Met("slow_first").elapsed == 120.0 < LONG_S


@pytest.mark.parametrize("model", [HTTP, SOCKET])
def test_a_cut_after_so_many_tokens_strikes_between_two_of_them(model: str) -> None:
    met = Met("cut_after@4", model)
    assert (met.kind, met.fact("ended")) == (baimo.StreamInterrupted, "cut")
    assert met.text == "".join(split(WORDS)[:4])
    late = Met("cut_after@999", model)
    assert (late.kind, late.text) == (baimo.StreamInterrupted, WORDS)


def test_a_whole_reply_is_cut_in_its_middle() -> None:
    assert Met("cut_after@4", stream=False).kind is baimo.TransportError


@pytest.mark.parametrize("model", [HTTP, SOCKET])
def test_a_stall_after_so_many_tokens_is_timed_by_the_clock(model: str) -> None:
    met = Met("stall_after@3,20", model)
    assert (met.text, met.elapsed, met.fact("ended")) == ("".join(split(WORDS)[:3]), 20.0, "cut")
    assert Met("stall_after@3", model).fact("ended") == "stalled"


def test_an_event_comes_twice_and_which_one_is_counted_in_tokens() -> None:
    pieces = split(WORDS)
    assert Met("twice@2").text == "".join([*pieces[:3], pieces[2], *pieces[3:]])
    assert Met(f"twice@{len(pieces)}").text == WORDS
    assert Met("twice", stream=False).text == WORDS
    assert Met("twice", stream=False).received.fault == "twice"


@pytest.mark.parametrize("stream", [True, False])
def test_the_end_mark_alone_may_be_missing(stream: bool) -> None:
    met = Met("no_mark", stream=stream)
    assert (met.text, met.error) == (WORDS, None)
    assert Met("no_mark", SOCKET).kind is baimo.StreamInterrupted


@pytest.mark.parametrize("stream", [True, False])
def test_nothing_may_say_why_an_answer_ended_or_what_it_took(stream: bool) -> None:
    """The bytes, not what the client makes of them."""
    bare = {}
    for fault in ("no_finish", "no_usage", "twice@999"):
        with Simulator("openai") as sim, sim.client() as client:
            sim.reply(WORDS)
            sim.fault(fault)
            if stream:
                with client.stream(HTTP, "Hi", keep_raw=True) as answer:
                    list(answer)
                bare[fault] = bytes(answer.response.raw or b"")
            else:
                bare[fault] = bytes(client.chat(HTTP, "Hi", keep_raw=True).raw or b"")
    assert b"finish_reason" not in bare["no_finish"]
    assert b"usage" in bare["no_finish"]
    assert b"usage" not in bare["no_usage"]
    assert b'"finish_reason":"stop"' in bare["no_usage"]
    assert len(bare["twice@999"]) > len(bare["no_usage"])


def test_a_socket_may_not_say_what_it_took() -> None:
    met = Met("no_usage", SOCKET)
    assert (met.text, met.error) == (WORDS, None)


@pytest.mark.parametrize("stream", [True, False])
def test_a_page_of_a_gateway_is_no_answer(stream: bool) -> None:
    met = Met("page", stream=stream)
    assert met.kind is baimo.WireError
    assert met.received.status == 200


@pytest.mark.parametrize("model", [HTTP, SOCKET])
def test_a_context_that_is_too_long_is_said_in_the_providers_words(model: str) -> None:
    assert Met("refuse@context_too_long", model).kind is baimo.ContextTooLongError


def test_every_fault_is_tried_here() -> None:
    tried = {"429", "500", "502", "503", "529", "reset", "slow_head", "cut", "stall", "fail", "moderate"}
    tried |= {"refuse", "malformed", "no_end", "content_type", "gzip", "close"}
    tried |= {"slow_first", "cut_after", "stall_after", "twice", "no_mark", "no_finish", "no_usage", "page"}
    assert set(FAULTS) == tried


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_every_fault_says_in_both_languages_what_it_means(name: str) -> None:
    kind = FAULTS[name]
    assert kind.name == name
    assert kind.means and kind.means_zh
    assert bool(kind.argument) == (kind.most > 0 or kind.is_word)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("reset", Fault("reset")),
        (" 429@2.5 ", Fault("429", (2.5,))),
        ("stall@40,90", Fault("stall", (40.0, 90.0))),
        ("refuse@over_rate", Fault("refuse", word="over_rate")),
    ],
)
def test_a_fault_is_read_and_written_the_same(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault
    assert str(fault) == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cats",
        "cut@x",
        "cut@1,2",
        "cut@-1",
        "cut@nan",
        "close",
        "reset@1",
        "refuse@x",
        "refuse",
        "stall@1e99",
    ],
)
def test_what_is_no_fault_is_refused_with_what_there_is(text: str) -> None:
    with pytest.raises(InputError):
        parse_fault(text)


def test_a_fault_hangs_behind_the_last_mark_of_a_models_name() -> None:
    assert model_fault("m!x!cut@4") == Fault("cut", (4.0,))
    assert model_fault("m") is None
    with pytest.raises(InputError):
        model_fault("m!")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("reset", FaultRule(fault=Fault("reset"))),
        ("429@2*3", FaultRule(fault=Fault("429", (2.0,)), times=3)),
        ("cut@4%10", FaultRule(fault=Fault("cut", (4.0,)), probability=0.1)),
        ("cut*2%50", FaultRule(fault=Fault("cut"), times=2, probability=0.5)),
    ],
)
def test_a_rule_is_read(text: str, rule: FaultRule) -> None:
    assert parse_rule(text) == rule


@pytest.mark.parametrize("text", ["cut*x", "cut%x", "cut%101", "cut*-1", "nothing*2"])
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_rule(text)


def test_rules_strike_as_often_as_they_say_and_whom_they_say() -> None:
    plan = FaultPlan()
    plan.add(FaultRule(fault=Fault("reset"), times=2, skip=1, provider="a", operation="chat"))
    plan.add(FaultRule(fault=Fault("500"), operation="models"))

    def drawn(provider: str, operation: str) -> str | None:
        fault = plan.draw(provider, operation, Always())
        return None if fault is None else fault.name

    assert [drawn("a", "chat") for _ in range(5)] == [None, "reset", "reset", None, None]
    assert [drawn("b", "chat"), drawn("a", "embed"), drawn("b", "models")] == [None, None, "500"]
    plan.clear()
    assert drawn("b", "models") is None


def test_chance_decides_where_it_may() -> None:
    plan = FaultPlan()
    plan.add(FaultRule(fault=Fault("reset"), probability=0.5))
    assert plan.draw("a", "chat", Never()) is None
    assert plan.draw("a", "chat", Always()) == Fault("reset")
