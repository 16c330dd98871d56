"""Being the provider: callers' bodies, and what replies look like on the wire."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import Raw

from baimo.dialects.ollama import DIALECT
from baimo.errors import (
    AuthError,
    ConfigError,
    ContextTooLongError,
    Error,
    InputError,
    NotFoundError,
    OverloadedError,
    QuotaError,
    RateLimitedError,
    ServerError,
    TimedOutError,
    TransportError,
)
from baimo.types.chat import ChatRequest, FinishReason, Reasoning, ResponseFormat, Role, TokenLogprob
from baimo.types.content import Audio, Image, Part, Refusal, Text, Thinking, ToolCall, ToolResult
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
from baimo.types.tools import ServerTool
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest
from tests.dialects.ollama.asking import asked, body, posted, site

ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}


def calling(function: dict[str, Any]) -> dict[str, Any]:
    """A body whose history calls that."""
    return {"model": "m", "messages": [{"role": "assistant", "tool_calls": [{"function": function}]}]}


@pytest.mark.parametrize(
    ("method", "target", "operation"),
    [
        ("POST", b"/api/chat", "chat"),
        ("POST", b"/api/generate/", "chat"),
        ("POST", b"/api/embed?x=1", "embed"),
        ("POST", b"/api/embeddings", "embed"),
        ("GET", b"/api/tags", "models"),
        ("HEAD", b"/api/tags", "models"),
        ("POST", b"/api/show", "describe"),
        ("POST", b"/api/pull", "pull"),
        ("GET", b"/api/ps", "running"),
        ("GET", b"/api/version", "version"),
        ("GET", b"/", "greeting"),
        ("HEAD", b"/", "greeting"),
        ("GET", b"/api/chat", None),
        ("POST", b"/v1/chat/completions", None),
    ],
)
def test_an_address_tells_its_operation(method: str, target: bytes, operation: str | None) -> None:
    assert DIALECT.operation(method, target, ()) == operation


def test_a_caller_who_says_nothing_gets_a_stream() -> None:
    assert asked(ASK).stream is True
    assert asked({**ASK, "stream": None}).stream is True
    assert asked({**ASK, "stream": False}).stream is False


def test_a_body_is_understood() -> None:
    got = asked(
        {
            "model": "m",
            "messages": [
                {"role": "SYSTEM", "content": "s"},
                {"role": "user", "content": "q", "images": ["AQ=="], "x": 1},
            ],
            "format": {"type": "object"},
            "think": "high",
            "options": {"num_predict": 5, "stop": "END", "num_ctx": 99, "temperature": 1},
            "keep_alive": "5m",
            "tools": [{"type": "function", "function": {"name": "f"}}, {"type": "odd"}],
        }
    )
    assert [message.role for message in got.messages] == [Role.SYSTEM, Role.USER]
    assert got.messages[1].content == (Text(text="q"), Image(data=b"\x01"))
    assert got.messages[1].replay is not None
    assert got.response_format == ResponseFormat(type="json_schema", schema={"type": "object"})
    assert (got.reasoning, got.max_tokens, got.stop) == (Reasoning(effort="high"), 5, ("END",))
    assert got.foreign is not None
    assert msgspec.json.decode(got.foreign.json) == {"keep_alive": "5m", "options": {"num_ctx": 99}}
    assert isinstance(got.tools[1], ServerTool)
    sent = body(msgspec.structs.replace(got, tools=got.tools[:1]))
    assert sent["options"] == {"temperature": 1.0, "num_predict": 5, "stop": ["END"], "num_ctx": 99}
    assert (sent["keep_alive"], sent["messages"][1]["x"]) == ("5m", 1)


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_wish_is_none(empty: str | None) -> None:
    got = asked({**ASK, "format": empty, "think": empty, "tools": [], "options": None})
    assert (got.response_format, got.reasoning, got.tools) == (None, None, ())


def test_a_limit_below_zero_is_none_and_is_sent_on() -> None:
    got = asked({**ASK, "options": {"num_predict": -2}})
    assert got.max_tokens is None
    assert body(got)["options"] == {"num_predict": -2}


def test_the_other_form_is_one_question() -> None:
    got = asked(
        {"model": "m", "system": "s", "prompt": "q", "images": ["AQ=="], "raw": True}, "/api/generate"
    )
    assert [message.role for message in got.messages] == [Role.SYSTEM, Role.USER]
    assert got.messages[1].content == (Text(text="q"), Image(data=b"\x01"))
    assert body(got) == {
        "model": "m",
        "stream": True,
        "prompt": "q",
        "images": ["AQ=="],
        "system": "s",
        "raw": True,
    }


def test_an_empty_prompt_asks_nothing() -> None:
    assert asked({"model": "m"}, "/api/generate").messages == ()
    assert asked({"model": "m", "prompt": "", "system": "s"}, "/api/generate").messages == ()
    assert asked({"model": "m"}).messages == ()


def test_calls_and_results_without_ids_find_each_other() -> None:
    call: dict[str, Any] = {"function": {"name": "f", "arguments": {"a": 1}}}
    other = {"function": {"name": "g"}}
    result = {"role": "tool", "content": "r"}
    got = asked(
        {
            "model": "m",
            "messages": [
                {"role": "assistant", "tool_calls": [call, other, call]},
                {**result, "tool_name": "g"},
                {**result, "tool_name": "f"},
                result,
                {**result, "tool_name": "new"},
            ],
        }
    )
    calls = [part for part in got.messages[0].content if isinstance(part, ToolCall)]
    assert [(one.id, one.arguments) for one in calls] == [
        ("call_0_0", '{"a":1}'),
        ("call_0_1", "{}"),
        ("call_0_2", '{"a":1}'),
    ]
    results = [message.content[0] for message in got.messages[1:]]
    assert [part.call_id for part in results if isinstance(part, ToolResult)] == [
        "call_0_1",
        "call_0_0",
        "call_0_2",
        "new",
    ]


def test_arguments_keep_their_bytes() -> None:
    call = b'{"id":"c","function":{"name":"f","arguments":{"z":1.0, "a":12345678901234567890}}}'
    raw = b'{"model":"m","messages":[{"role":"assistant","tool_calls":[' + call + b"]}]}"
    assert asked(raw).messages[0].tool_calls[0].arguments == '{"z":1.0, "a":12345678901234567890}'


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (b"", "missing request body"),
        (b"{", "no valid JSON"),
        (b"[]", "the body: Expected"),
        (b"{}", "model: is required"),
        ({"model": ""}, "model is required"),
        ({**ASK, "options": {"seed": "x"}}, "seed"),
        ({**ASK, "think": "very"}, "think: invalid think value 'very'"),
        ({**ASK, "format": 7}, "format: must be"),
        ({**ASK, "tools": [{"function": {}}]}, r"tools\[0\]\.function\.name: is required"),
        ({"model": "m", "messages": [{"content": "x"}]}, r"messages\[0\]\.role: is required"),
        ({"model": "m", "messages": [{"role": "boss", "content": "x"}]}, r"messages\[0\]\.role: 'boss'"),
        ({"model": "m", "messages": [{"role": "user", "content": [1]}]}, r"messages\[0\]\.content"),
        ({"model": "m", "messages": [{"role": "user", "images": ["?"]}]}, r"images\[0\]: is no valid base64"),
        ({"model": "m", "messages": [{"role": "tool", "content": "x"}]}, "tool_name: is required"),
        (calling({"name": "f", "arguments": "{}"}), r"tool_calls\[0\]\.function: a name and an object"),
        (calling({}), r"messages\[0\]\.tool_calls\[0\]\.function: a name and an object"),
    ],
)  # fmt: skip
def test_a_wrong_body_is_refused_by_its_field(wrong: dict[str, Any] | bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        asked(wrong)


def test_a_body_in_pieces_is_read() -> None:
    class Pieces:
        length = None

        def chunks(self) -> Any:
            yield from (b'{"model":"m",', b'"messages":[]}')

    wire = HttpRequest(method="POST", origin="http://h", target=b"/api/chat", body=Pieces())
    assert DIALECT.decode_request(wire).model == "m"


def served(request: ChatRequest, *events: ChatEvent) -> list[dict[str, Any]]:
    """The lines of a reply, decoded."""
    encoder = DIALECT.encoder(request)
    items = [item for event in events for item in encoder.feed(event)] + encoder.end()
    assert all(item.endswith(b"\n") == request.stream for item in items)
    return [msgspec.json.decode(item) for item in items]


def part(index: int, begun: Part, *texts: str) -> list[ChatEvent]:
    deltas = [PartDelta(index=index, text=text) for text in texts]
    return [PartStarted(index=index, part=begun), *deltas, PartEnded(index=index)]


BESIDE = TokenLogprob(token="b", logprob=-2)
DURATIONS = Raw(b'{"total_duration":9,"x_duration":"y"}')
REPLY = [
    Started(id="x", model="m", created=5),
    *part(0, Thinking(text="T"), "1"),
    *part(1, Text(text=""), "a", "", "b"),
    *part(2, Refusal(text=""), "no"),
    *part(3, ToolCall(id="c", name="f", arguments=""), '{"a"', ":1}"),
    *part(4, ToolCall(id="d", name="g", arguments="free", kind="custom")),
    *part(5, Audio(data=b"x"), "z"),
    LogprobsReported(tokens=(TokenLogprob(token="a", logprob=-1.0, top=(BESIDE,)),)),
    PartStarted(index=0, part=Text(text="another choice"), choice=1),
    UsageReported(usage=Usage(input_uncached=3, output_visible=4, raw=DURATIONS)),
    Finished(reason=FinishReason.TOOL_CALLS),
]


def test_a_stream_is_a_line_for_each_piece() -> None:
    stream = asked(ASK)
    told = served(stream, *REPLY)
    assert DIALECT.encoder(stream).head().media_type == "application/x-ndjson"
    assert {line["created_at"] for line in told} == {"1970-01-01T00:00:05Z"}
    messages = [line["message"] for line in told]
    assert [message.get("thinking") for message in messages[:2]] == ["T", "1"]
    assert [message["content"] for message in messages] == ["", "", "a", "b", "no", "", "", "", ""]
    assert messages[5]["tool_calls"] == [
        {"id": "c", "function": {"index": 0, "name": "f", "arguments": {"a": 1}}}
    ]
    assert messages[6]["tool_calls"][0]["function"] == {
        "index": 1,
        "name": "g",
        "arguments": {"input": "free"},
    }
    assert told[7]["logprobs"][0]["top_logprobs"] == [{"token": "b", "logprob": -2.0}]
    assert [line["done"] for line in told] == [False] * 8 + [True]
    last = {
        name: told[-1][name] for name in ("done_reason", "total_duration", "prompt_eval_count", "eval_count")
    }
    assert last == {"done_reason": "stop", "total_duration": 9, "prompt_eval_count": 3, "eval_count": 4}
    assert "x_duration" not in told[-1]


def test_a_whole_reply_is_one_object() -> None:
    whole = asked({**ASK, "stream": False})
    (told,) = served(whole, *REPLY)
    assert DIALECT.encoder(whole).head().media_type == "application/json"
    message = told["message"]
    assert (message["content"], message["thinking"], len(message["tool_calls"])) == ("abno", "T1", 2)
    assert (told["done"], len(told["logprobs"])) == (True, 1)


def test_the_other_form_answers_in_its_own_words() -> None:
    for stream in (True, False):
        request = asked({"model": "m", "prompt": "q", "stream": stream}, "/api/generate")
        told = served(request, *part(0, Thinking(), "t"), *part(1, Text(text=""), "a"))
        assert "".join(line["response"] for line in told) == "a"
        assert "".join(line.get("thinking", "") for line in told) == "t"
        assert not any("message" in line for line in told)


@pytest.mark.parametrize(
    ("keep_alive", "reason"), [(None, "load"), ("5m", "load"), (0, "unload"), ("0s", "unload")]
)
def test_a_request_that_asks_nothing_loads_or_unloads(keep_alive: Any, reason: str) -> None:
    request = asked({"model": "m", "messages": [], "keep_alive": keep_alive, "stream": False})
    (told,) = served(request, Started(model="m"), *part(0, Text(text="words of a script")), *REPLY[-2:])
    assert (told["message"]["content"], told["done_reason"]) == ("", reason)


def test_what_this_wire_has_no_word_for_is_not_written() -> None:
    assert DIALECT.encoder(asked(ASK)).feed(Withdrawn(reason="moderation")) == []


def test_a_failure_in_mid_stream_is_a_line() -> None:
    assert DIALECT.encoder(asked(ASK)).error(ServerError("broken \ud83d")) == [b'{"error":"broken ?"}\n']


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ContextTooLongError("x"), 400),
        (AuthError("x"), 401),
        (NotFoundError("x"), 404),
        (QuotaError("x"), 429),
        (RateLimitedError("x", retry_after=1.5), 429),
        (OverloadedError("x"), 503),
        (ServerError("x"), 500),
        (InputError("x"), 400),
        (ConfigError("x"), 500),
        (TimedOutError("x"), 504),
        (TransportError("x"), 502),
    ],
)
def test_an_error_of_ours_goes_out_with_its_status(error: Error, status: int) -> None:
    head, raw = DIALECT.encode_error(error)
    assert (head.status, raw) == (status, b'{"error":"x"}')
    assert head.get(b"retry-after") == ("1.5" if error.retry_after else None)


def test_a_callers_request_may_be_sent_on() -> None:
    wire = posted({**ASK, "stream": False, "truncate": False})
    again = DIALECT.encode_request(DIALECT.decode_request(wire), site())
    assert isinstance(again.body, bytes)
    assert isinstance(wire.body, bytes)
    assert msgspec.json.decode(again.body) == msgspec.json.decode(wire.body)
