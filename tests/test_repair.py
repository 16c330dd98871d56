"""A call whose answer must be JSON: checked at its end, asked for once more where that was wished."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from baimo.dialect.protocols import Site
from baimo.dialects.openai_chat import DIALECT
from baimo.errors import (
    AnswerFormatError,
    MissingExtraError,
    ServerError,
    StreamInterrupted,
    TimedOutError,
    TransportError,
)
from baimo.exchange import Exchange, Outcome, exchange
from baimo.operations import ChatOperation
from baimo.repair import is_checked, validated
from baimo.resilience.retry import RetryPolicy
from baimo.resilience.timing import TimeLimits
from baimo.steps import Emit
from baimo.types.chat import ChatRequest, ChatResponse, FinishReason, ResponseFormat, Role, Validate
from baimo.types.fold import Folder, fold
from baimo.types.usage import Usage
from baimo.wire.http import WireHead
from tests.playing import Play
from tests.scripted import chat_request, deployment

OK = WireHead(200, ((b"content-type", b"application/json"),))
EVENTS = WireHead(200, ((b"content-type", b"text/event-stream"),))
AT = deployment(dialect=DIALECT, site=Site(base_url="http://acme.test", provider="acme"))
SCHEMA = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
BY_SCHEMA = ResponseFormat(type="json_schema", name="person", schema=SCHEMA)
GOOD, BAD = '{"age": 7}', '{"age": "seven"}'
NO_RETRY = RetryPolicy(attempts=1)


def reply(*texts: str | None, finish: str = "stop", **message: Any) -> bytes:
    """A whole reply, one choice a text."""
    return json.dumps(
        {
            "id": "r1",
            "model": "m",
            "choices": [
                {"index": index, "message": {"content": text, **message}, "finish_reason": finish}
                for index, text in enumerate(texts)
            ],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5},
        }
    ).encode()


def asked(form: ResponseFormat | None = BY_SCHEMA, **changes: Any) -> ChatRequest:
    return replace(chat_request(stream=changes.pop("stream", False)), response_format=form, **changes)


class Calls:
    """Makes calls as a client does, and keeps what was asked for."""

    def __init__(self, limits: TimeLimits | None = None, *, raw: bool = False) -> None:
        self.limits = limits or TimeLimits()
        self.raw = raw
        self.requests: list[ChatRequest] = []
        self.left: list[float | None] = []

    def make(self, request: ChatRequest, left_s: float | None) -> Exchange:
        self.requests.append(request)
        self.left.append(left_s)
        limits = self.limits if left_s is None else replace(self.limits, total=left_s)
        return exchange(ChatOperation(request), AT, retry=NO_RETRY, limits=limits, raw=self.raw)


def run(
    play: Play,
    request: ChatRequest | None = None,
    *,
    calls: Calls | None = None,
    validate: Validate = None,
    **options: Any,
) -> Outcome:
    calls = calls or Calls()
    steps = validated(calls.make, request or asked(), validate=validate, total=calls.limits.total, **options)
    outcome = play.run(steps)
    assert isinstance(outcome, Outcome)
    return outcome


def failing(play: Play, request: ChatRequest | None = None, **options: Any) -> AnswerFormatError:
    with pytest.raises(AnswerFormatError) as caught:
        run(play, request, **options)
    return caught.value


def codes(outcome: Outcome) -> list[str]:
    return [note.code for note in outcome.notes]


@pytest.mark.parametrize(
    ("form", "validate", "told"),
    [
        (None, None, False),
        (ResponseFormat(type="text"), True, False),
        (ResponseFormat(type="json_object"), None, True),
        (BY_SCHEMA, "repair", True),
        (BY_SCHEMA, False, False),
    ],
)
def test_answers_with_a_form_are_checked_unless_switched_off(
    form: ResponseFormat | None, validate: Validate, told: bool
) -> None:
    assert is_checked(asked(form), validate) is told


def test_a_good_answer_passes_as_it_came() -> None:
    play = Play(OK, reply(GOOD), b"")
    outcome = run(play)
    response = fold(play.events)
    assert (response.text, response.usage.input, codes(outcome)) == (GOOD, 10, [])


def test_a_wrong_answer_is_an_error_that_holds_all_of_it() -> None:
    play = Play(OK, reply(BAD), b"")
    error = failing(play)
    assert play.events == []
    assert error.path == "$.age"
    assert "$.age" in str(error)
    assert "seven" not in str(error)
    assert 'validate="repair"' in str(error)
    assert (error.code, error.retryable, error.sent) == ("answer_format", False, True)
    response = error.response
    assert (response.text, response.provider, response.usage.input) == (BAD, "acme", 10)
    assert response.sent.attempts == error.attempts == 1


def test_the_error_of_a_call_with_its_own_bytes_keeps_them() -> None:
    calls = Calls(raw=True)
    error = failing(Play(OK, reply(BAD), b""), calls=calls)
    assert msgspec.json.decode(error.response.raw)["id"] == "r1"


def test_a_client_makes_the_response_in_its_own_way() -> None:
    def folded(folder: Folder, outcome: Outcome) -> ChatResponse:
        return folder.response(model="mine", notes=outcome.notes)

    plain = reply(BAD).replace(b'"model": "m", ', b"")
    assert failing(Play(OK, plain, b""), folded=folded).response.model == "mine"


def test_json_objects_are_checked_for_their_syntax() -> None:
    form = ResponseFormat(type="json_object")
    assert codes(run(Play(OK, reply('{"any": 1}'), b""), asked(form))) == []
    assert "no JSON" in failing(Play(OK, reply("Sure: {}"), b""), asked(form)).fault


def test_an_answer_cut_at_its_limit_says_so_and_is_not_asked_for_again() -> None:
    play = Play(OK, reply('{"age"', finish="length"), b"")
    error = failing(play, validate="repair")
    assert "cut off by max_tokens" in error.message
    assert "Raise max_tokens" in (error.hint or "")
    assert len(play.sent) == 1


def test_a_cut_answer_that_is_whole_all_the_same_passes() -> None:
    assert codes(run(Play(OK, reply(GOOD, finish="length"), b""))) == []


@pytest.mark.parametrize(
    "body",
    [
        reply(None, refusal="I will not."),
        reply(
            None, finish="tool_calls", tool_calls=[{"id": "1", "function": {"name": "f", "arguments": "{}"}}]
        ),
        reply('{"age"', finish="content_filter"),
    ],
)
def test_refusals_calls_of_tools_and_filtered_answers_are_not_checked(body: bytes) -> None:
    assert codes(run(Play(OK, body, b""), validate="repair")) == []


def test_what_was_withdrawn_is_not_checked() -> None:
    from baimo.types.content import Text
    from baimo.types.events import Finished, PartStarted, Started, Withdrawn

    def make(request: ChatRequest, left_s: float | None) -> Exchange:
        outcome = yield from Calls().make(request, None)
        text = PartStarted(index=0, part=Text(text="half"), choice=1)
        end = Finished(reason=FinishReason.STOP, choice=1)
        yield Emit([Started(), text, Withdrawn(reason="no", choice=1), end])
        return outcome

    assert play_through(make) == GOOD


def play_through(make: Any) -> str:
    play = Play(OK, reply(GOOD), b"")
    play.run(validated(make, asked()))
    return fold(play.events).text


def test_the_choice_with_the_fault_is_named() -> None:
    error = failing(Play(OK, reply(GOOD, BAD), b""))
    assert "of choice 1" in error.message


def test_repair_shows_the_model_its_answer_and_the_fault_and_tells_of_it() -> None:
    calls = Calls()
    play = Play(OK, reply(BAD), b"", OK, reply(GOOD), b"")
    outcome = run(play, calls=calls, validate="repair")
    response = fold(play.events)
    assert response.text == GOOD
    assert response.usage == Usage(input_uncached=20, output_visible=10)
    assert (outcome.sent.attempts, codes(outcome)) == (2, ["repaired"])
    assert "$.age" in outcome.notes[0].message
    first, second = calls.requests
    assert second.messages[: len(first.messages)] == first.messages
    answer, complaint = second.messages[len(first.messages) :]
    assert (answer.role, answer.text) == (Role.ASSISTANT, BAD)
    assert complaint.role is Role.USER
    assert "'seven' is not of type 'integer', at $.age" in complaint.text


def test_an_answer_without_words_is_not_shown_to_the_model() -> None:
    calls = Calls()
    run(
        Play(OK, reply(None, reasoning_content="hm"), b"", OK, reply(GOOD), b""),
        calls=calls,
        validate="repair",
    )
    assert [message.role for message in calls.requests[1].messages] == [Role.USER, Role.USER]
    assert "it is empty, at $" in calls.requests[1].messages[-1].text


def test_there_is_one_round_more_and_no_third() -> None:
    play = Play(OK, reply(BAD), b"", OK, reply('{"age": null}'), b"")
    error = failing(play, validate="repair")
    assert len(play.sent) == 2
    assert error.response.text == '{"age": null}'
    assert error.response.usage.input == 20
    assert 'validate="repair"' not in str(error)
    assert isinstance(error.__cause__, AnswerFormatError)


def test_a_round_that_fails_leaves_the_answer_of_the_first() -> None:
    play = Play(OK, reply(BAD), b"", TransportError("gone"))
    error = failing(play, validate="repair")
    assert error.response.text == BAD
    assert "Asking once more failed" in (error.hint or "")
    assert isinstance(error.__cause__, (TransportError, StreamInterrupted))


def test_usage_that_one_round_did_not_tell_is_unknown() -> None:
    silent = reply(GOOD).replace(b'"prompt_tokens": 10, "completion_tokens": 5', b"")
    play = Play(OK, reply(BAD), b"", OK, silent, b"")
    run(play, validate="repair")
    assert fold(play.events).usage == Usage()


def test_both_rounds_share_the_time_of_the_call() -> None:
    calls = Calls(TimeLimits(total=10.0))
    play = Play(OK, 4.0, reply(BAD), b"", OK, reply(GOOD), b"")
    run(play, calls=calls, validate="repair")
    assert calls.left == [None, pytest.approx(6.0)]


def test_a_round_for_which_there_is_no_time_is_not_begun() -> None:
    play = Play(OK, 11.0, reply(BAD), b"")
    error = failing(play, calls=Calls(TimeLimits(total=10.0)), validate="repair")
    assert isinstance(error.__cause__, TimedOutError)
    assert len(play.sent) == 1


def chunks(text: str) -> list[bytes]:
    return [
        b'data: {"id":"r1","choices":[{"index":0,"delta":{"content":%s}}]}\n\n' % json.dumps(piece).encode()
        for piece in text
    ] + [b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n', b""]


def test_a_stream_is_shown_as_it_comes_and_judged_at_its_end() -> None:
    play = Play(EVENTS, *chunks(BAD))
    error = failing(play, asked(stream=True))
    assert fold(play.events).text == BAD == error.response.text
    after_send = play.trace[play.trace.index("Send") :]
    assert [step for step in after_send if step != "Now"][:4] == ["Send", "Read", "Emit", "Read"]
    assert 'validate="repair"' not in str(error)
    good = Play(EVENTS, *chunks(GOOD))
    assert codes(run(good, asked(stream=True))) == []


def test_a_stream_is_never_asked_for_again() -> None:
    play = Play(EVENTS, *chunks(BAD))
    failing(play, asked(stream=True), validate="repair")
    assert len(play.sent) == 1


def test_a_stream_that_breaks_is_what_it_was() -> None:
    with pytest.raises(StreamInterrupted):
        run(Play(EVENTS, *chunks(BAD)[:3], b""), asked(stream=True))


def test_a_refusal_passes_through() -> None:
    with pytest.raises(ServerError):
        run(Play(WireHead(500), b'{"error": {"message": "no"}}', b""))


def test_leaving_closes_the_call_inside() -> None:
    inside = Calls().make(asked(), None)  # held here, so that nothing but the call can close it
    steps = validated(lambda request, left_s: inside, asked())
    next(steps)
    steps.close()
    assert next(inside, "closed") == "closed"


def test_a_form_that_was_dropped_promises_nothing() -> None:
    from baimo.dialects.spark_ws import DIALECT as SPARK  # a wire that cannot be told a form
    from baimo.exchange import Deployment

    at: Deployment = replace(AT, dialect=SPARK, site=Site(base_url="wss://a.test/v1.1/chat", app_id="x"))
    frame = {
        "header": {"code": 0, "status": 2, "sid": "s"},
        "payload": {"choices": {"status": 2, "text": [{"content": "words"}]}},
    }

    def make(request: ChatRequest, left_s: float | None) -> Exchange:
        return exchange(ChatOperation(request), at, retry=NO_RETRY, limits=TimeLimits())

    play = Play(WireHead(101), json.dumps(frame).encode())
    request = replace(asked(unsupported="drop"), model="lite")
    outcome = play.run(validated(make, request))
    assert "dropped" in codes(outcome)
    assert fold(play.events).text == "words"


def test_a_schema_that_cannot_be_read_is_told() -> None:
    form = ResponseFormat(type="json_schema", name="x", schema={"type": "nothing"})
    assert codes(run(Play(OK, reply(GOOD), b""), asked(form))) == ["not_checked"]


def test_a_check_that_must_be_made_needs_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "jsonschema", None)
    assert codes(run(Play(OK, reply(BAD), b""))) == []
    play = Play(OK, reply(BAD), b"")
    with pytest.raises(MissingExtraError, match=r"baimo\[schema\]"):
        run(play, validate=True)
    assert play.sent == []
