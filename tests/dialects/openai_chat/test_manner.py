"""Being a provider that writes its replies otherwise than OpenAI."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import Raw

from baimo.dialect.protocols import ChatEncoder, ServedDialect, Site
from baimo.dialects.openai_chat import DIALECT
from baimo.dialects.openai_chat.manner import Manner
from baimo.errors import ContentFilteredError, Error, ProviderError, ServerError
from baimo.types.chat import ChatRequest, ChatResponse, FinishReason, TokenLogprob
from baimo.types.content import Replay, Text, Thinking, ToolCall
from baimo.types.events import (
    ChatEvent,
    Finished,
    LogprobsReported,
    PartDelta,
    PartEnded,
    PartStarted,
    Started,
    UsageReported,
)
from baimo.types.fold import fold
from baimo.types.usage import Usage
from tests.conformance.cases import load
from tests.conformance.playing import play
from tests.conformance.wires import DATA
from tests.dialects.openai_chat.asking import asked, request

SPARK = Manner(envelope=True, finish=False, usage="finish", calls="switch", space=False)
DEEPSEEK = Manner(usage="finish", cache="hit_miss")
MAAS = Manner(usage="every")
PANGU = Manner(usage="every", increments="message", space=False)
FILLED = Manner(text=True)

USAGE = Usage(input_uncached=4, cache_read=16, output_visible=7, reasoning=5)
EVENTS: list[ChatEvent] = [
    Started(id="r1", model="m-9", created=1_780_000_000),
    PartStarted(index=0, part=Thinking()),
    PartDelta(index=0, text="Hm"),
    PartEnded(index=0),
    PartStarted(index=1, part=Text(text="")),
    PartDelta(index=1, text="He"),
    PartDelta(index=1, text="llo"),
    PartEnded(index=1),
    UsageReported(usage=USAGE),
    Finished(reason=FinishReason.STOP),
]
CALLING: list[ChatEvent] = [
    Started(id="r1"),
    PartStarted(index=0, part=ToolCall(id="c1", name="f", arguments='{"a":1}')),
    PartEnded(index=0),
    Finished(reason=FinishReason.TOOL_CALLS),
]


def items(encoder: ChatEncoder, events: list[ChatEvent]) -> list[bytes]:
    return [item for event in events for item in encoder.feed(event)] + encoder.end()


def chunks(manner: Manner, events: list[ChatEvent] = EVENTS, **fields: Any) -> list[dict[str, Any]]:
    """The chunks of a stream without its end mark."""
    mark = b"data: " if manner.space else b"data:"
    *found, done = items(DIALECT.encoder(request(stream=True, **fields), manner), events)
    assert done == mark + b"[DONE]\n\n"
    assert all(item.startswith(mark + b"{") for item in found)
    return [msgspec.json.decode(item.removeprefix(mark)) for item in found]


def whole(manner: Manner, events: list[ChatEvent] = EVENTS, **fields: Any) -> dict[str, Any]:
    (body,) = items(DIALECT.encoder(request(**fields), manner), events)
    decoded: dict[str, Any] = msgspec.json.decode(body)
    return decoded


def read(manner: Manner, asked: ChatRequest, events: list[ChatEvent], **quirks: Any) -> ChatResponse:
    encoder = DIALECT.encoder(asked, manner)
    site = Site(base_url="http://h", quirks=DIALECT.quirks(quirks))
    found, error = play(DIALECT.decoder(encoder.head(), site), items(encoder, events))
    assert error is None
    return fold(found)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("manner", [SPARK, DEEPSEEK, MAAS, PANGU])
def test_what_is_served_in_any_manner_can_be_read(manner: Manner, stream: bool) -> None:
    response = read(manner, request(stream=stream), EVENTS, finish_missing="stop")
    assert (response.text, response.thinking, response.id) == ("Hello", "Hm", "r1")
    assert response.finish_reason == "stop"
    assert msgspec.structs.replace(response.usage, raw=None) == USAGE


def test_the_envelope_stands_around_every_chunk() -> None:
    first, *_, last = chunks(SPARK)
    assert first.keys() == {"code", "message", "sid", "id", "created", "choices"}
    assert (first["code"], first["message"], first["sid"]) == (0, "Success", "r1")
    assert first["choices"] == [
        {"index": 0, "delta": {"role": "assistant", "content": "", "reasoning_content": "Hm"}}
    ]
    assert last["usage"]["total_tokens"] == 32


def test_the_envelope_of_a_whole_reply_has_neither_id_nor_finish() -> None:
    body = whole(SPARK)
    assert body.keys() == {"code", "message", "sid", "choices", "usage"}
    assert body["choices"][0].keys() == {"index", "message"}


def test_tool_calls_are_one_object_until_the_switch_asks_for_a_list() -> None:
    assert whole(SPARK, CALLING)["choices"][0]["message"]["tool_calls"]["id"] == "c1"
    assert chunks(SPARK, CALLING)[0]["choices"][0]["delta"]["tool_calls"]["id"] == "c1"
    for said, kind in ((b"true", list), (b"false", dict)):
        switch = Replay(dialect="openai_chat", json=Raw(b'{"tool_calls_switch":' + said + b"}"))
        calls = whole(SPARK, CALLING, foreign=switch)["choices"][0]["message"]["tool_calls"]
        assert isinstance(calls, kind)


def test_our_own_request_asks_for_the_list() -> None:
    folder = DATA / "openai_chat" / "quirk-extras-tool-calls-switch"
    sent = load(folder).request
    assert sent is not None
    again = asked((folder / "request.body").read_bytes())
    assert again.tools == sent.tools
    assert read(SPARK, again, CALLING).tool_calls == read(Manner(), again, CALLING).tool_calls


def test_usage_on_the_finish_comes_unasked_and_tells_hits() -> None:
    for include in (None, True):
        *others, last = chunks(DEEPSEEK, include_usage=include)
        assert last["choices"][0]["finish_reason"] == "stop"
        assert last["usage"]["prompt_cache_hit_tokens"] == 16
        assert last["usage"]["prompt_cache_miss_tokens"] == 4
        assert not any("usage" in chunk for chunk in others)
    assert whole(DEEPSEEK)["usage"]["prompt_cache_miss_tokens"] == 4


def test_of_several_choices_the_last_to_end_carries_usage() -> None:
    two: list[ChatEvent] = [
        Finished(reason=FinishReason.STOP),
        Finished(reason=FinishReason.LENGTH, choice=1),
    ]
    first, last = chunks(DEEPSEEK, [UsageReported(usage=USAGE), *two])
    assert "usage" not in first
    assert (last["choices"][0]["index"], last["usage"]["total_tokens"]) == (1, 32)
    assert all("usage" not in chunk for chunk in chunks(DEEPSEEK, two))


def test_usage_on_every_chunk_is_what_is_known_by_then() -> None:
    found = [chunk["usage"]["total_tokens"] for chunk in chunks(MAAS)]
    assert found[-1] == 32
    assert found[0] == 0


def test_increments_may_be_called_messages() -> None:
    assert all(chunk["choices"][0].keys() > {"message"} for chunk in chunks(PANGU))
    assert "delta" not in chunks(PANGU)[0]["choices"][0]


def test_a_text_without_roles() -> None:
    events = EVENTS[4:]
    assert [chunk["choices"][0]["text"] for chunk in chunks(FILLED, events)] == ["He", "llo", ""]
    body = whole(FILLED, events)
    assert body["object"] == "text_completion"
    assert body["choices"] == [{"text": "Hello", "index": 0, "logprobs": None, "finish_reason": "stop"}]
    assert whole(FILLED, [Finished(reason=FinishReason.STOP)])["choices"][0]["text"] == ""


def test_logprobs_go_with_the_finish_reason() -> None:
    tokens = LogprobsReported(tokens=(TokenLogprob(token="a", logprob=-1.0),))
    assert "logprobs" not in chunks(SPARK, [tokens])[0]["choices"][0]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ContentFilteredError("void", provider_code="10014"), 10014),
        (ServerError("oh"), 10012),
        (ProviderError("oh", provider_code="odd"), 10012),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_a_failure_in_an_envelope_is_a_number(error: Error, code: int, stream: bool) -> None:
    encoder = DIALECT.encoder(request(stream=stream), SPARK)
    encoder.feed(Started(id="r1"))
    (item,) = encoder.error(error)
    assert msgspec.json.decode(item.removeprefix(b"data:")) == {
        "code": code,
        "message": error.message,
        "sid": "r1",
    }
    _, found = play(DIALECT.decoder(encoder.head(), Site(base_url="http://h", codes="spark")), [item])
    assert isinstance(found, ProviderError)
    assert found.provider_code == str(code)


def test_a_failure_elsewhere_is_an_error_object() -> None:
    for stream in (True, False):
        (item,) = DIALECT.encoder(request(stream=stream), DEEPSEEK).error(ServerError("oh"))
        assert b'{"error":{"message":"oh"' in item


@pytest.mark.parametrize(
    ("method", "target", "operation"),
    [
        ("POST", b"/v1/chat/completions", "chat"),
        ("POST", b"/x2/chat/completions?a=b", "chat"),
        ("POST", b"/chat/completions/", "chat"),
        ("GET", b"/v1/chat/completions", None),
        ("POST", b"/beta/completions", "complete"),
        ("POST", b"/v1/embeddings", "embed"),
        ("GET", b"/v1/models", "models"),
        ("POST", b"/v1/models", None),
        ("GET", b"/", None),
    ],
)
def test_an_address_tells_its_operation(method: str, target: bytes, operation: str | None) -> None:
    assert isinstance(DIALECT, ServedDialect)
    assert DIALECT.operation(method, target, ()) == operation
