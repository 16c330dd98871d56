"""Being the provider: what a caller may say, and what he is told."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialects.anthropic_messages import DIALECT
from baimo.dialects.anthropic_messages.carried import pack, unpack
from baimo.dialects.anthropic_messages.errors import encode_error
from baimo.dialects.anthropic_messages.served_fields import named
from baimo.dialects.anthropic_messages.served_message import decode_messages
from baimo.dialects.anthropic_messages.served_reply import StreamEncoder
from baimo.dialects.anthropic_messages.served_request import decode_request
from baimo.errors import (
    ContextTooLongError,
    Error,
    InputError,
    OverloadedError,
    QuotaError,
    RateLimitedError,
    ServerError,
    TimedOutError,
)
from baimo.types.chat import ChatRequest, ChatResponse, FinishReason, Reasoning, Role
from baimo.types.content import Citation, Image, Opaque, Refusal, Replay, Text, Thinking, ToolCall, ToolResult
from baimo.types.events import (
    ChatEvent,
    Continued,
    Finished,
    PartDelta,
    PartEnded,
    PartStarted,
    Started,
    UsageReported,
)
from baimo.types.fold import fold
from baimo.types.tools import FunctionTool, Search, ServerTool
from baimo.types.usage import Usage
from tests.conformance.playing import play
from tests.dialects.anthropic_messages.asking import asked, body, kept, posted, request, site

OTHER = Replay(dialect="other", json=msgspec.Raw(b"{}"))


def again(*turns: Any, **fields: Any) -> dict[str, Any]:
    """What a caller's body becomes on its way to the same wire."""
    return body(asked(*turns, **fields), site(thinking_limits=False))


def test_fields_without_a_neutral_name_come_out_again() -> None:
    fields: dict[str, Any] = {
        "container": "c",
        "cache_control": {"type": "ephemeral"},
        "metadata": {"user_id": "u", "team": "t"},
        "thinking": {"type": "adaptive", "display": "summarized"},
        "output_config": {"effort": "max", "task_budget": {"total": 5}},
        "tools": [
            {"name": "f", "input_schema": {"type": "object"}, "defer_loading": True, "type": "custom"},
            {"type": "web_search_20260209", "name": "web_search", "max_uses": 2, "user_location": None},
            {"type": "bash_20250124", "name": "bash"},
        ],
    }
    sent = again(**fields)
    sent["tools"][0]["type"] = "custom"
    assert {name: sent[name] for name in fields} == fields


def test_a_search_of_the_web_is_our_word_for_it() -> None:
    place = {"type": "approximate", "country": "CN", "city": "x"}
    one = {
        "type": "web_search_20250305",
        "name": "web_search",
        "blocked_domains": ["b"],
        "user_location": place,
    }
    found = asked(tools=[one])
    assert found.search == Search(blocked_domains=("b",), country="CN")
    assert found.tools == ()
    two = asked(tools=[one, one])
    assert two.search is None
    assert all(isinstance(tool, ServerTool) for tool in two.tools)


def test_thinking_is_understood_in_all_its_forms() -> None:
    assert asked(thinking={"type": "disabled"}).reasoning == Reasoning(enabled=False)
    budget = asked(thinking={"type": "enabled", "budget_tokens": 2000}).reasoning
    assert budget == Reasoning(enabled=True, budget=2000)
    assert asked(thinking={"type": "enabled"}).reasoning == Reasoning(enabled=True)
    assert asked(output_config={"effort": "low"}).reasoning == Reasoning(effort="low")
    for fields in (
        {"thinking": {"type": "between_tools"}},
        {"output_config": {"effort": "low"}},
        {"output_config": {"effort": "extreme"}},
        {"thinking": {"type": "disabled"}, "output_config": {"effort": "low"}},
        {"output_config": {"format": {"type": "grammar"}, "effort": "low"}},
        {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}},
    ):
        sent = again(**fields)
        assert {name: sent[name] for name in fields} == fields
    with pytest.raises(InputError, match="budget_tokens"):
        asked(thinking={"type": "enabled", "budget_tokens": 0})


def test_results_become_a_message_before_the_rest() -> None:
    result = {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "tool_reference", "name": "x"}]}
    turn = {"role": "user", "content": [{"type": "text", "text": "And?"}, {**result, "more": 1}]}
    found = asked(turn).messages
    assert [message.role for message in found] == [Role.TOOL, Role.USER]
    (part,) = found[0].content
    assert isinstance(part, ToolResult)
    assert part.content == ()
    (sent,) = again(turn)["messages"]
    assert sent["content"][0] == {**result, "more": 1}
    assert sent["content"][1] == {"type": "text", "text": "And?"}


PLAIN = {"type": "text", "media_type": "text/plain"}


def test_blocks_of_every_kind_come_out_as_they_came() -> None:
    blocks: list[Any] = [
        {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "5m"}},
        {"type": "image", "source": {"type": "file", "file_id": "f"}},
        {"type": "image", "source": {"type": "url", "url": "https://h/x"}},
        {"type": "image", "source": {"type": "bytes", "data": "?"}},
        {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": "x"},
            "context": "c",
        },
        {"type": "document", "source": {"type": "url", "url": "https://h/x"}, "title": "T"},
        {"type": "document", "source": {"type": "file", "file_id": "f"}, "citations": {"enabled": True}},
        {"type": "document", "source": {"type": "content", "content": []}},
        {"type": "search_result", "source": "s", "title": "t", "content": []},
    ]
    assert again({"role": "user", "content": blocks})["messages"][0]["content"] == blocks
    answer: list[Any] = [
        {"type": "thinking", "thinking": "a", "signature": "s"},
        {"type": "redacted_thinking", "data": "d"},
        {"type": "text", "text": "a", "citations": [{"type": "char_location", "cited_text": "x"}]},
        {"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}, "caller": {"type": "direct"}},
        {"type": "mcp_tool_use", "id": "m"},
    ]
    turns = ({"role": "user", "content": "Hi"}, {"role": "assistant", "content": answer})
    assert again(*turns)["messages"][1]["content"] == answer


def test_unsigned_reasoning_of_a_caller_is_text_alone() -> None:
    turn = {"role": "assistant", "content": [{"type": "thinking", "thinking": "a", "signature": ""}]}
    (message,) = asked(turn).messages
    assert message.content == (Thinking(text="a"),)


BROKEN = {"type": "base64", "data": "%"}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"model": 5}, "model: "),
        ({"model": None}, "model: Field required"),
        ({"messages": None}, "messages: Field required"),
        ({"messages": []}, "at least one"),
        ({"max_tokens": None}, "max_tokens: Field required"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "user"}]}, "messages.0.content: Field required"),
        ({"messages": [{"role": "user", "content": 5}]}, "string or a list"),
        ({"messages": [{"role": "user", "content": [5]}]}, "messages.0.content.0: must be an object"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "text: Field required"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": 5}]}]}, "must be a string"),
        (
            {"messages": [{"role": "assistant", "content": [{"type": "tool_result", "tool_use_id": "x"}]}]},
            "only be in `user`",
        ),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "image", "source": {"type": "base64", "data": "%"}}],
                    }
                ]
            },
            "no valid base64",
        ),
        ({"tools": [{"name": "f"}]}, "tools.0.input_schema"),
        ({"tool_choice": {"type": "some"}}, "tool_choice.type"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.name: Field required"),
        ({"stop_sequences": [5]}, "stop_sequences"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(fields: dict[str, Any], words: str) -> None:
    told = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}], **fields}
    with pytest.raises(InputError, match=words.replace(".", r"\.")):
        DIALECT.decode_request(posted(told))


def test_a_body_that_is_no_json_is_told_as_such() -> None:
    with pytest.raises(InputError, match="not valid JSON"):
        decode_request(posted(b"{"))
    assert named("Object missing required field `a` - at `$.b`") == "b.a: Field required"
    assert named("Expected `object`, got `int`") == "the body: Expected `object`, got `int`"
    assert decode_messages([]) == ()


def test_the_features_that_a_caller_asks_for_go_on() -> None:
    told = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    found = DIALECT.decode_request(posted(told, anthropic_beta="a, b,"))
    assert (b"anthropic-beta", b"a,b") in DIALECT.encode_request(found, site()).headers


def test_clouds_name_the_model_in_the_address() -> None:
    told = {"anthropic_version": "x", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    stream = DIALECT.decode_request(posted(told, "/v1/x/models/claude-x@1:streamRawPredict"))
    assert (stream.model, stream.stream) == ("claude-x@1", True)
    plain = DIALECT.decode_request(posted(told, "/model/us.anthropic.x%3A0/invoke"))
    assert (plain.model, plain.stream) == ("us.anthropic.x:0", False)


def test_operations_are_known_by_their_addresses() -> None:
    for method, target, found in (
        ("POST", b"/v1/messages?beta=true", "chat"),
        ("GET", b"/v1/messages", None),
        ("POST", b"/v1/messages/count_tokens", "count"),
        ("GET", b"/v1/models?limit=5", "models"),
        ("POST", b"/v1/complete", None),
    ):
        assert DIALECT.operation(method, target, ()) == found


def served(events: list[ChatEvent], *, stream: bool, **fields: Any) -> tuple[ChatResponse, bytes]:
    encoder = DIALECT.encoder(request(stream=stream, **fields))
    raw = b"".join([item for event in events for item in encoder.feed(event)] + encoder.end())
    found, error = play(DIALECT.decoder(encoder.head(), site()), [raw])
    assert error is None
    return fold(found), raw


CALL = ToolCall(id="a", name="f", arguments="")


@pytest.mark.parametrize("stream", [True, False])
def test_parts_that_grow_side_by_side_come_one_behind_the_other(stream: bool) -> None:
    other = ToolCall(id="b", name="g", arguments='{"x":')
    events: list[ChatEvent] = [
        Started(id="i", model="m"),
        UsageReported(usage=Usage(input_uncached=3)),
        PartStarted(index=0, part=Text(text="Wa")),
        PartStarted(index=1, part=CALL),
        PartDelta(index=0, text="it"),
        PartDelta(index=1, text='{"a":'),
        PartStarted(index=2, part=other),
        PartDelta(index=2, text="1}"),
        PartDelta(index=1, text="1}"),
        PartEnded(index=2),
        PartEnded(index=1),
        PartEnded(index=0),
        Continued(after=3),
        Finished(reason=FinishReason.TOOL_CALLS),
    ]
    response, raw = served(
        [event for event in events if stream or not isinstance(event, Continued)], stream=stream
    )
    assert response.text == "Wait"
    calls = [(call.id, call.arguments) for call in response.tool_calls]
    assert calls == [("a", '{"a":1}'), ("b", '{"x":1}')]
    assert response.usage.input == 3
    starts = [
        line for line in raw.split(b"\n") if b"content_block_start" in line and line.startswith(b"data")
    ]
    assert len(starts) == (4 if stream else 0)


def test_calls_that_never_end_are_written_all_the_same() -> None:
    events: list[ChatEvent] = [
        PartStarted(index=0, part=CALL),
        PartStarted(index=1, part=ToolCall(id="b", name="g", arguments="{}")),
        PartStarted(index=2, part=Text(text="x")),
    ]
    response, _ = served(events, stream=True)
    assert [call.id for call in response.tool_calls] == ["a", "b"]
    assert response.text == "x"


@pytest.mark.parametrize("stream", [True, False])
def test_what_came_from_this_wire_is_shown_as_it_came(stream: bool) -> None:
    own = Opaque(
        dialect="anthropic_messages", json=msgspec.Raw(b'{"type":"server_tool_use","id":"s","input":{"q":1}}')
    )
    plain = Opaque(dialect="anthropic_messages", json=msgspec.Raw(b'{"type":"x","content":[]}'))
    cited = kept(citations=[{"type": "char_location", "cited_text": "q"}])
    parts = [
        (Thinking(text="t"), PartEnded(index=0, replay=kept(signature="s"))),
        (Thinking(replay=kept(data="d")), PartEnded(index=1)),
        (own, PartEnded(index=2)),
        (plain, PartEnded(index=3)),
        (Opaque(dialect="other", json=msgspec.Raw(b"{}")), PartEnded(index=4)),
        (Text(text="a"), PartEnded(index=5, citations=(Citation(quote="q"),), replay=cited)),
        (
            ToolCall(id="a", name="f", arguments="{}", replay=kept(caller={"type": "direct"})),
            PartEnded(index=6),
        ),
        (Text(text="b", citations=(Citation(url="https://h/", title="T"),)), PartEnded(index=7)),
        (Image(data=b"x"), PartEnded(index=8)),
        (Thinking(text="u", replay=OTHER), PartEnded(index=9)),
    ]
    events: list[ChatEvent] = [Started(id="i")]
    for index, (part, end) in enumerate(parts):
        events += [PartStarted(index=index, part=part), end]
    events.append(Finished(reason=FinishReason.TOOL_CALLS, raw="tool_use"))
    response, _ = served(events, stream=stream)
    found = response.message.content
    kinds = ["Thinking", "Thinking", "Opaque", "Opaque", "Text", "ToolCall", "Text", "Thinking"]
    assert [type(part).__name__ for part in found] == kinds
    told = [None if p.replay is None else msgspec.json.decode(p.replay.json) for p in found]
    assert told[:2] == [{"signature": "s"}, {"data": "d"}]
    assert told[5] == {"caller": {"type": "direct"}}
    assert [c.quote or c.url for part in found for c in part.citations] == ["q", "https://h/"]
    assert msgspec.json.decode(found[2].json) == msgspec.json.decode(own.json)  # type: ignore[union-attr]


def test_a_call_without_an_object_is_boxed_in_a_whole_answer() -> None:
    custom = ToolCall(id="a", name="f", arguments="free", kind="custom")
    events: list[ChatEvent] = [PartStarted(index=0, part=custom), PartStarted(index=1, part=CALL, choice=1)]
    response, _ = served(events, stream=False)
    assert [call.arguments for call in response.tool_calls] == ['{"input":"free"}']
    assert served([], stream=False)[0].message.content == ()
    assert served([PartStarted(index=0, part=CALL, choice=1)], stream=True)[0].message.content == ()


@pytest.mark.parametrize("stream", [True, False])
def test_the_end_is_told_in_this_wires_words(stream: bool) -> None:
    for reason, raw, word in (
        (FinishReason.CONTENT_FILTER, "content_filter", "refusal"),
        (FinishReason.STOP, "stop_sequence", "stop_sequence"),
        (FinishReason.ERROR, None, "end_turn"),
        (FinishReason.UNKNOWN, None, None),
    ):
        response, sent = served([Finished(reason=reason, raw=raw)], stream=stream, stop=("END",))
        assert response.choices[0].finish_raw == word
        assert (b'"stop_sequence":"END"' in sent) is (word == "stop_sequence")
    refused: list[ChatEvent] = [
        PartStarted(index=0, part=Refusal(text="N")),
        PartDelta(index=0, text="o"),
        PartEnded(index=0),
        Finished(reason=FinishReason.REFUSAL),
    ]
    assert served(refused, stream=stream)[0].refusal == "No"


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (ContextTooLongError("x"), 400, "invalid_request_error"),
        (QuotaError("x"), 402, "billing_error"),
        (RateLimitedError("x", retry_after=2.5), 429, "rate_limit_error"),
        (OverloadedError("x"), 529, "overloaded_error"),
        (InputError("x"), 400, "invalid_request_error"),
        (TimedOutError("x"), 504, "timeout_error"),
        (ServerError("x"), 500, "api_error"),
    ],
)
def test_refusals_are_written_as_the_provider_writes_them(error: Error, status: int, kind: str) -> None:
    head, raw = encode_error(error)
    assert head.status == status
    assert msgspec.json.decode(raw)["error"] == {"type": kind, "message": "x"}
    assert head.get(b"retry-after") == ("2.5" if isinstance(error, RateLimitedError) else None)
    for stream in (True, False):
        encoder = DIALECT.encoder(request(stream=stream))
        _, raised = play(DIALECT.decoder(encoder.head(), site()), encoder.error(error))
        assert isinstance(raised, Error)


def test_tools_and_their_marks_are_understood() -> None:
    mark = {"type": "ephemeral", "ttl": "1h"}
    found = asked(tools=[{"name": "f", "input_schema": {}, "strict": True, "cache_control": mark}])
    (tool,) = found.tools
    assert isinstance(tool, FunctionTool)
    assert tool.strict
    assert tool.cache is not None
    assert tool.cache.ttl == "1h"
    assert isinstance(StreamEncoder(ChatRequest(model="m", messages=())).end(), list)


def test_a_text_that_has_made_room_ends_without_a_word() -> None:
    events: list[ChatEvent] = [
        PartStarted(index=0, part=Text(text="a")),
        PartStarted(index=1, part=Thinking(text="t")),
        PartEnded(index=0),
        PartDelta(index=1, text="u"),
        PartEnded(index=1),
        PartDelta(index=1, text=""),
        PartStarted(index=2, part=Image(data=b"x")),
        PartDelta(index=2, data=b"y"),
        PartEnded(index=2),
    ]
    response, raw = served(events, stream=True)
    assert (response.text, response.thinking) == ("a", "tu")
    assert b"signature_delta" not in raw


def test_what_waited_for_a_call_that_never_ends_may_be_whole() -> None:
    events: list[ChatEvent] = [
        PartStarted(index=0, part=CALL),
        PartStarted(index=1, part=Text(text="x")),
        PartEnded(index=1),
    ]
    response, _ = served(events, stream=True)
    assert [type(part).__name__ for part in response.message.content] == ["ToolCall", "Text"]


@pytest.mark.parametrize("stream", [True, False])
def test_what_another_wire_wants_back_with_its_reasoning_goes_through_a_caller(stream: bool) -> None:
    """The caller returns it as a signature; it never reaches Anthropic."""
    foreign = Replay(dialect="other", json=msgspec.Raw(b'{"encrypted":"x"}'))
    events: list[ChatEvent] = [
        PartStarted(index=0, part=Thinking(text="t")),
        PartEnded(index=0, replay=foreign),
        PartStarted(index=1, part=ToolCall(id="a", name="f", arguments="{}", replay=foreign)),
        PartEnded(index=1),
        Finished(reason=FinishReason.TOOL_CALLS),
    ]
    response, raw = served(events, stream=stream)
    assert b"encrypted" not in raw
    shown = response.message.content[0].replay
    assert shown is not None
    signature = msgspec.json.decode(shown.json)["signature"]
    block = {"type": "thinking", "thinking": "t", "signature": signature}
    (message,) = asked({"role": "assistant", "content": [block]}).messages
    assert message.content == (Thinking(text="t", replay=foreign),)
    turns = ({"role": "user", "content": "Hi"}, {"role": "assistant", "content": [block]})
    assert len(again(*turns)["messages"]) == 1


def test_a_broken_signature_is_one_of_this_wire() -> None:
    assert unpack("baimo:%") is None
    assert unpack("baimo:AAAA") is None
    assert unpack("c2ln") is None
    assert unpack(pack(OTHER)) == OTHER
