"""A stream that was cut, and goes on with another deployment because the caller asked for that."""

from __future__ import annotations

from typing import Any

import pytest

from baimo.errors import (
    Error,
    InvalidRequestError,
    ServerError,
    StreamInterrupted,
    TimedOutError,
    TransportError,
)
from baimo.operations import ChatOperation
from baimo.types.chat import ChatRequest, Message, Role
from baimo.types.content import Text, ToolCall
from baimo.types.events import Continued, PartStarted
from baimo.types.fold import fold
from tests.playing import Play
from tests.routes import ANSWER, ONCE, RETRY, Diary, Told, ask, claim_of, key, models
from tests.scripted import OK, LineDecoder, LineDialect, chat_request

CUT = (OK, b"t:One \nt:two \n", TransportError("reset"))
REST = (OK, b"t:three\nend\n", b"")


class Continuing(LineDialect):
    """Goes on with a last message of the assistant's; `c:` begins a call of a tool."""

    def continues(self, request: ChatRequest, site: Any) -> bool:
        return request.messages[-1].role is Role.ASSISTANT

    def decoder(self, head: Any, site: Any) -> LineDecoder:
        return CallingDecoder(head)


class CallingDecoder(LineDecoder):
    def feed(self, piece: bytes) -> list[Any]:
        if piece.startswith(b"c:"):
            return [PartStarted(index=1, part=ToolCall(id="1", name="f", arguments="{"))]
        return super().feed(piece)


def route(*names: str, dialect: Any = None) -> Any:
    made = dialect or Continuing()
    return tuple([(key(name, provider=name, model=name, dialect=made),) for name in names])


def go_on(names: str, *replies: Any, **options: Any) -> Told:
    options = {"stream": True, "on_cut": "continue", "retry": ONCE, **options}
    return ask(options.pop("route", None) or route(*names.split()), *replies, **options)


def bodies(told: Told) -> list[bytes]:
    return [send.wire.body for send in told.play.sent]  # type: ignore[union-attr]


def test_the_next_deployment_is_given_what_was_said_and_its_words_are_joined() -> None:
    told = go_on("a b", *CUT, *REST)
    assert told.asked == "a b"
    assert bodies(told) == [b"Hi", b"Hi\nOne two "]
    assert fold(told.play.events).text == "One two three"
    assert [event for event in told.play.events if type(event) is Continued] == [Continued(after=8)]
    assert told.notes == ["continued"]
    assert told.outcome is not None
    assert told.outcome.at.provider == "b"
    assert (told.outcome.sent.attempts, told.outcome.sent.maybe_billed) == (2, 1)


def test_unless_it_is_asked_for_nothing_goes_on() -> None:
    told = go_on("a b", *CUT, *REST, on_cut="raise")
    assert told.asked == "a"
    assert isinstance(told.error, StreamInterrupted)


def test_a_whole_answer_that_broke_off_is_made_anew_instead() -> None:
    told = go_on("a b", *CUT, *REST, stream=False)
    assert (bodies(told), fold(told.play.events).text) == ([b"Hi", b"Hi"], "three")


def test_it_may_be_cut_again_and_still_goes_on_from_all_that_was_said() -> None:
    told = go_on("a b c", *CUT, OK, b"t:three \n", TransportError("reset"), OK, b"t:four\nend\n", b"")
    assert bodies(told) == [b"Hi", b"Hi\nOne two ", b"Hi\nOne two three "]
    assert fold(told.play.events).text == "One two three four"
    assert [event.after for event in told.play.events if type(event) is Continued] == [8, 14]
    assert told.notes == ["fell_back", "continued"]


def test_the_one_that_was_cut_may_go_on_itself_after_a_wait() -> None:
    for names in ("a", "a b"):
        told = go_on(names, *CUT, *REST, retry=RETRY)
        assert (told.asked, told.waits) == ("a a", [0.5])
        assert fold(told.play.events).text == "One two three"
        assert told.notes == ["continued"]


def test_another_key_of_the_model_goes_on_at_once() -> None:
    pool = ((key("k1", dialect=Continuing()), key("k2", dialect=Continuing())),)
    told = go_on("", *CUT, *REST, route=pool)
    assert (told.asked, told.waits) == ("k2 k1", [])


def test_a_deployment_that_cannot_continue_is_not_asked() -> None:
    mixed = (*route("a"), *route("b", dialect=LineDialect()), *route("c"))
    told = go_on("", *CUT, *REST, route=mixed)
    assert told.asked == "a c"
    assert fold(told.play.events).text == "One two three"


def test_where_none_can_the_cut_is_told_with_the_reason() -> None:
    told = go_on("", *CUT, *REST, route=route("a", "b", dialect=LineDialect()))
    assert told.asked == "a"
    assert isinstance(told.error, StreamInterrupted)
    assert told.error.hint == "No deployment of the route can go on with a text that was begun."


@pytest.mark.parametrize(
    "refusal",
    [InvalidRequestError("no prefill", status=400), ServerError("down", status=500), TransportError("reset")],
)
def test_where_the_rest_is_refused_the_cut_is_what_is_told(refusal: Error) -> None:
    told = go_on("a b", *CUT, refusal)
    error = told.error
    assert isinstance(error, StreamInterrupted)
    assert error.ended == "cut"
    assert error.hint == f"b/b could not go on from there: {refusal.message}"
    assert error.earlier == (refusal,)
    assert error.attempts == 2
    assert fold(told.play.events).text == "One two "


def test_one_that_could_not_go_on_is_not_asked_to_once_more() -> None:
    told = go_on("a", *CUT, ServerError("down", status=500), *REST, retry=RETRY)
    assert told.asked == "a a"
    assert isinstance(told.error, StreamInterrupted)


def test_a_refusal_leaves_the_next_one_its_chance() -> None:
    told = go_on("a b c", *CUT, InvalidRequestError("no prefill", status=400), *REST)
    assert told.asked == "a b c"
    assert told.notes == ["fell_back", "continued"]


def test_a_call_of_a_tool_that_had_begun_cannot_be_gone_on_with() -> None:
    told = go_on("a b", OK, b"t:One \n", b"c:\n", TransportError("reset"), *REST)
    assert told.asked == "a"
    assert told.error is not None
    assert told.error.hint == "Only an answer of plain text can be gone on with."


def test_what_failed_before_the_cut_is_told_with_it() -> None:
    down = ServerError("down", status=500)
    told = go_on("a b", down, *CUT, route=route("a", "b", dialect=LineDialect()))
    assert told.error is not None
    assert (told.error.earlier, told.error.attempts) == ((down,), 2)


def test_an_operation_that_cannot_be_continued_is_cut() -> None:
    class Plain:
        streams = True
        headers = ChatOperation(chat_request()).headers
        encode = staticmethod(ChatOperation(chat_request(stream=True)).encode)
        decoder = staticmethod(ChatOperation(chat_request(stream=True)).decoder)

    told = go_on("a b", *CUT, operation=Plain())
    assert isinstance(told.error, StreamInterrupted)
    assert told.asked == "a"


def test_a_prefix_of_the_caller_s_own_is_not_mixed_with_what_was_said() -> None:
    messages = (
        Message(role=Role.USER, content=(Text(text="Hi"),)),
        Message(role=Role.ASSISTANT, content=(Text(text="Well, "),)),
    )
    operation = ChatOperation(ChatRequest(model="", messages=messages, stream=True))
    assert go_on("a b", *CUT, operation=operation).asked == "a"


def test_places_are_settled_and_health_is_told_on_both_sides_of_the_cut() -> None:
    diary = Diary()
    told = go_on("", play=Play(*CUT, *REST), route=route("a", "b"), claims=claim_of, watch=diary)
    assert [one.verdict for _, one in told.play.settled] == ["unknown", "answered"]
    assert told.play.held == []
    assert [line for line in diary.lines if not line.startswith("decided")] == [
        "attempt a", "first", "failed transport billed", "attempt b", "first", "answered"
    ]  # fmt: skip


def test_an_answer_that_was_not_cut_is_as_it_would_be() -> None:
    told = go_on("a b", *ANSWER)
    assert (told.notes, fold(told.play.events).text) == ([], "ok")
    assert not any(type(event) is Continued for event in told.play.events)


def test_after_the_call_s_time_nobody_goes_on() -> None:
    told = go_on("a b", OK, b"t:One \n", 9.0, TransportError("reset"), *REST, total=8.0)
    assert told.asked == "a"
    assert isinstance(told.error, StreamInterrupted)


@pytest.mark.parametrize(
    ("stream", "on_cut", "idle"), [(False, "raise", 4.8), (True, "raise", 8.0), (True, "continue", 4.8)]
)
def test_a_reply_that_begins_and_falls_silent_leaves_time_where_another_may_follow(
    stream: bool, on_cut: Any, idle: float
) -> None:
    told = ask(models("a", "b"), OK, b"t:half\n", b"end\n", total=8.0, stream=stream, on_cut=on_cut)
    assert told.play.reads[1] == pytest.approx(idle)
    told = ask(
        models("a", "b"), OK, b"t:half\n", 4.8, TimedOutError("silence", limit="idle"), *ANSWER, total=8.0
    )
    assert (told.asked, told.error) == ("a b", None)
