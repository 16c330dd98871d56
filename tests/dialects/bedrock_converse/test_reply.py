"""What comes in, where one case each says too little."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialects.bedrock_converse import DIALECT
from baimo.dialects.bedrock_converse.blocks import part_of
from baimo.dialects.bedrock_converse.sources import decode_citations
from baimo.dialects.bedrock_converse.usage import decode_usage, encode_usage
from baimo.errors import Error
from baimo.types.chat import ChatResponse
from baimo.types.content import Citation, Image, Opaque, Text, Thinking, ToolCall
from baimo.types.events import ChatEvent, PartDelta, PartEnded, PartStarted
from baimo.types.fold import fold
from baimo.types.usage import Usage
from tests.conformance.playing import play
from tests.dialects.bedrock_converse.asking import JSON, STREAM, delta, event, site

END = event("messageStop", {"stopReason": "end_turn"})


def read(*items: bytes) -> tuple[ChatResponse, Error | None]:
    events, error = play(DIALECT.decoder(STREAM, site()), items)
    return fold(events), error


def kept(part: Any) -> Any:
    return None if part.replay is None else msgspec.json.decode(part.replay.json)


def test_each_delta_is_out_at_once_whatever_way_it_took() -> None:
    decoder = DIALECT.decoder(STREAM, site())
    seen: list[ChatEvent] = []
    for number in range(5):
        seen = decoder.feed(delta(0, text=f"{number}"))
        assert seen[-1] == PartDelta(index=0, text=f"{number}")
    assert decoder.feed(delta(0, text="")) == []
    assert decoder.feed(delta(0, reasoningContent={"text": "hm"}))[0] == PartStarted(
        index=1, part=Thinking(text="")
    )
    assert decoder.feed(delta(0, text="again")) == [PartDelta(index=0, text="again")]
    assert decoder.feed(delta(3, text="other"))[-1] == PartDelta(index=2, text="other")


def test_every_kind_of_text_has_its_quick_way() -> None:
    start = event(
        "contentBlockStart", {"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "a", "name": "n"}}}
    )
    for first, more, index in (
        (delta(1, toolUse={"input": '{"a":'}), delta(1, toolUse={"input": "1}"}), 0),
        (delta(1, reasoningContent={"text": "a"}), delta(1, reasoningContent={"text": "b"}), 0),
    ):
        decoder = DIALECT.decoder(STREAM, site())
        if b"toolUse" in first:
            decoder.feed(start)
        decoder.feed(first)
        (event_,) = decoder.feed(more)
        assert isinstance(event_, PartDelta)
        assert event_.index == index


def test_half_a_character_of_text_waits_for_its_other_half() -> None:
    frames = [
        b'{"contentBlockIndex":0,"delta":{"text":"a\\ud83d"}}',
        b'{"contentBlockIndex":0,"delta":{"text":"\\ude00"}}',
    ]
    headers = {":event-type": "contentBlockDelta", ":message-type": "event"}
    from baimo.wire.eventstream import encode_frame

    response, error = read(
        delta(0, text="x"), *[encode_frame(headers, one) for one in frames], delta(0, text="!"), END
    )
    assert error is None
    assert response.text == "xa😀!"


def test_strange_pieces_are_passed_over() -> None:
    odd = [
        event("contentBlockDelta", {"contentBlockIndex": "x", "delta": "y"}),
        event("contentBlockStart", {"contentBlockIndex": 0, "start": None}),
        delta(0, toolUse={"input": "lost"}),
        delta(0, toolResult=[{"text": "lost"}]),
        delta(0, image={"source": {"bytes": "AAAA"}}),
        delta(0, reasoningContent={"rhyme": 1}),
        event("metadata", {"usage": None}),
    ]
    response, error = read(*odd, delta(1, text="Hi"), END)
    assert error is None
    assert response.text == "Hi"


def test_what_a_server_tool_gave_is_kept_as_it_came() -> None:
    result = {"toolUseId": "a", "type": "x_result", "status": "success"}
    response, _ = read(
        event("contentBlockStart", {"contentBlockIndex": 0, "start": {"toolResult": result}}),
        delta(0, toolResult=[{"json": {"a": 1}}]),
        delta(0, toolResult=[{"text": "b"}]),
        delta(0, toolResult="odd"),
        event("contentBlockStop", {"contentBlockIndex": 0}),
        END,
    )
    (part,) = response.message.content
    assert isinstance(part, Opaque)
    assert msgspec.json.decode(part.json) == {
        "toolResult": {**result, "content": [{"json": {"a": 1}}, {"text": "b"}]}
    }


def test_a_result_that_meets_a_call_of_its_index_is_passed_over() -> None:
    use = {"toolUseId": "a", "name": "n", "type": "server_tool_use"}
    response, _ = read(
        event("contentBlockStart", {"contentBlockIndex": 0, "start": {"toolUse": use}}),
        delta(0, toolResult=[{"text": "b"}]),
        END,
    )
    (part,) = response.message.content
    assert isinstance(part, Opaque)
    assert msgspec.json.decode(part.json)["toolUse"]["input"] == {}


@pytest.mark.parametrize(("first", "second", "whole"), [("c2Vj", "cmV0", "c2VjcmV0"), ("&", "x", "&x")])
def test_hidden_reasoning_in_pieces_is_joined(first: str, second: str, whole: str) -> None:
    response, _ = read(
        delta(0, reasoningContent={"redactedContent": first}),
        delta(0, reasoningContent={"redactedContent": second}),
        END,
    )
    assert kept(response.message.content[0]) == {"redactedContent": whole}


def test_a_signature_in_pieces_is_joined() -> None:
    response, _ = read(
        delta(0, reasoningContent={"signature": "ab"}), delta(0, reasoningContent={"signature": "c"}), END
    )
    assert kept(response.message.content[0]) == {"signature": "abc"}


def test_citations_come_with_what_must_go_back() -> None:
    entry = {"title": "A", "location": {"documentChar": {"documentIndex": 0, "start": 1, "end": 2}}}
    response, _ = read(delta(0, citation=entry), delta(0, text="So."), delta(0, citation=5), END)
    (part,) = response.message.content
    assert part.citations == (Citation(title="A", source="0"),)
    assert kept(part) == {"citationsContent": {"citations": [entry, 5]}}


def test_places_of_every_kind_are_read() -> None:
    found = decode_citations(
        [
            {"location": {"web": {"url": "https://a.example"}}, "source": "https://b.example"},
            {"source": "https://b.example", "sourceContent": [{"text": "x"}, 1, {"y": 2}]},
            {"location": {"searchResultLocation": {"searchResultIndex": 2}}, "source": 7},
            {"location": {"odd": 1}, "sourceContent": "odd"},
        ]
    )
    assert [(one.url, one.source, one.quote) for one in found] == [
        ("https://a.example", "https://b.example", None),
        ("https://b.example", "https://b.example", "x"),
        (None, "2", None),
        (None, None, None),
    ]
    assert decode_citations(None) == ()


def test_blocks_in_one_piece() -> None:
    assert part_of("odd") is None
    assert part_of({}) is None
    assert part_of({"toolUse": {"toolUseId": "a", "name": "n"}}) == ToolCall(id="a", name="n", arguments="{}")
    assert part_of({"toolUse": {"toolUseId": 1, "name": None, "input": []}}) == ToolCall(
        id="", name="", arguments="[]"
    )
    assert part_of({"image": {"format": "gif", "source": {"bytes": "R0lG"}}}) == Image(
        data=b"GIF", media_type="image/gif"
    )
    for odd in ({"image": {"source": {"bytes": "A"}}}, {"image": {"source": 1}}, {"image": 1}):
        assert isinstance(part_of(odd), Opaque)
    assert part_of({"reasoningContent": {"new": 1}}) == Thinking(text="")
    two = part_of({"citationsContent": {"content": [{"text": "a"}, {"text": "b"}, 3], "citations": []}})
    assert isinstance(two, Text)
    assert two.text == "ab"
    assert kept(two)["citationsContent"]["content"] == [{"text": "a"}, {"text": "b"}, 3]
    assert part_of({"citationsContent": {"content": None}}) == Text(
        text="",
        replay=part_of({"citationsContent": {"content": None}}).replay,  # type: ignore[union-attr]
    )


def test_a_whole_reply_with_strange_content_is_read() -> None:
    body = {"output": {"message": {"content": "odd"}}, "stopReason": 5, "usage": "odd"}
    events, error = play(DIALECT.decoder(JSON, site()), [msgspec.json.encode(body)])
    assert error is None
    assert fold(events).choices[0].finish_raw is None
    decoder = DIALECT.decoder(JSON, site())
    play(decoder, [msgspec.json.encode(body)])
    assert [note.code for note in decoder.notes] == ["finish_missing"]  # type: ignore[attr-defined]


def test_what_is_no_block_is_passed_over_and_half_characters_are_marked() -> None:
    body = b'{"output":{"message":{"content":[5,{},{"text":"a\\ud83d"}]}},"stopReason":"end_turn"}'
    events, error = play(DIALECT.decoder(JSON, site()), [body])
    assert error is None
    assert fold(events).text == "a\ufffd"


def test_usage_comes_before_the_last_part_ends() -> None:
    """The commonest whole reply is folded without a look at each event."""
    body = {
        "output": {"message": {"content": [{"text": "Hi"}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 1},
    }
    events, _ = play(DIALECT.decoder(JSON, site()), [msgspec.json.encode(body)])
    assert [type(one).__name__ for one in events] == [
        "Started",
        "PartStarted",
        "UsageReported",
        "PartEnded",
        "Finished",
    ]
    assert isinstance(events[3], PartEnded)


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({}, (None, None, None, None, None)),
        ({"inputTokens": 1.5, "outputTokens": -1}, (None, None, None, None, None)),
        (
            {"cacheWriteInputTokens": 5, "cacheDetails": [{"ttl": "1h", "inputTokens": 5}, 3]},
            (None, None, 0, 5, None),
        ),
        ({"cacheWriteInputTokens": 5, "cacheDetails": 7}, (None, None, 5, None, None)),
        ({"cacheWriteInputTokens": 5, "cacheDetails": [{"ttl": "1h"}]}, (None, None, 5, None, None)),
    ],
)
def test_counts_are_told_apart(counts: dict[str, Any], told: tuple[int | None, ...]) -> None:
    usage = decode_usage(counts)
    fields = ("input_uncached", "cache_read", "cache_write_5m", "cache_write_1h", "output_visible")
    assert tuple(getattr(usage, field) for field in fields) == told


def test_counts_and_times_are_written_as_they_were_read() -> None:
    counts = {
        "inputTokens": 1,
        "outputTokens": 2,
        "totalTokens": 15,
        "cacheReadInputTokens": 3,
        "cacheWriteInputTokens": 9,
        "cacheDetails": [{"ttl": "5m", "inputTokens": 4}, {"ttl": "1h", "inputTokens": 5}],
    }
    assert encode_usage(decode_usage(counts, {"latencyMs": 7})) == (counts, {"latencyMs": 7})
    assert encode_usage(Usage()) == (
        {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0},
        {"latencyMs": 0},
    )
    assert encode_usage(Usage(cache_write_1h=0))[0]["cacheWriteInputTokens"] == 0
    assert encode_usage(Usage(raw=msgspec.Raw(b"[]")))[1] == {"latencyMs": 0}
