"""Replies to events: what the cases do not show."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialects.gemini import DIALECT
from baimo.dialects.gemini.errors import MAX_ERROR_BODY
from baimo.dialects.gemini.framing import MAX_BODY, Framing
from baimo.dialects.gemini.grounding import encode_citations, find_citations
from baimo.dialects.gemini.media import audio_format
from baimo.dialects.gemini.usage import decode_usage
from baimo.errors import (
    AuthError,
    PermissionDeniedError,
    ProviderError,
    QuotaError,
    ServerError,
    StreamInterrupted,
    WireError,
)
from baimo.types.chat import FinishReason
from baimo.types.content import Audio, Citation, File, Image, Opaque, Text, Video
from baimo.types.events import Finished, PartDelta, PartEnded, PartStarted, Started, UsageReported
from baimo.wire.http import WireHead
from tests.conformance.playing import play
from tests.dialects.gemini.asking import EVENTS, JSON, event, read, site, whole

END = event(finishReason="STOP")


def test_events_come_in_their_order() -> None:
    counted = event({"text": "b"})[:-5] + b',"usageMetadata":{"promptTokenCount":1}}\r\n\r\n'
    events, error = play(DIALECT.decoder(EVENTS, site()), [event({"text": "a"}), counted, END])
    assert error is None
    kinds = [type(one) for one in events]
    assert kinds == [Started, PartStarted, PartDelta, PartDelta, UsageReported, PartEnded, Finished]


def test_counts_of_a_stream_that_is_cut_are_told() -> None:
    begun = event({"text": "a"})[:-5] + b',"usageMetadata":{"promptTokenCount":7}}\r\n\r\n'
    response, error = read(begun, begun.replace(b":7}", b":8}"))
    assert isinstance(error, StreamInterrupted)
    assert response.usage.input == 8


def test_a_quick_chunk_says_what_a_slow_one_says() -> None:
    quick, _ = read(event({"text": "a"}), event({"text": "b"}), event({"text": "c"}), END)
    slow, _ = read(
        event({"text": "a"}), event({"text": "b"}, tokenCount=1), event({"text": "c", "x": 1}), END
    )
    assert quick.text == slow.text == "abc"


@pytest.mark.parametrize(
    "chunk",
    [
        event({"text": "x", "thoughtSignature": "YQ=="}),
        event({"text": "x"}, index=1),
        event({"text": "x"}, finishReason="STOP"),
        event({"text": "x"}, groundingMetadata={}),
        event({"text": "x"}, {"text": "y"}),
        event({"functionCall": {"name": "f"}}),
    ],
)
def test_a_chunk_that_says_more_goes_the_slow_way(chunk: bytes) -> None:
    first = event({"text": "a"}, index=0)
    response, _ = read(first, chunk, END, event({"text": ""}, index=1, finishReason="STOP"))
    again, _ = read(first, chunk.replace(b'"candidates"', b'"x":1,"candidates"'), END)
    assert response.choices[0].message.content[:1] == again.choices[0].message.content[:1]
    assert (
        (response.text, len(response.choices)) != ("ax", 1)
        or b"Sig" in chunk
        or b"grounding" in chunk
        or b"finish" in chunk
    )


def test_thoughts_and_words_take_turns() -> None:
    response, _ = read(
        event({"text": "t1", "thought": True}),
        event({"text": "t2", "thought": True}),
        event({"text": "w1"}),
        event({"text": "w2"}),
        event({"text": "t3", "thought": True}),
        END,
    )
    parts = [(type(part).__name__, getattr(part, "text", "")) for part in response.message.content]
    assert parts == [("Thinking", "t1t2"), ("Text", "w1w2"), ("Thinking", "t3")]


def test_a_signed_piece_is_a_part_of_its_own() -> None:
    response, _ = read(
        event({"text": "a"}), event({"text": "b", "thoughtSignature": "YQ=="}), event({"text": "c"}), END
    )
    assert [part.replay is not None for part in response.message.content] == [False, True, False]
    assert response.text == "abc"


def test_empty_pieces_say_nothing() -> None:
    response, error = read(event({"text": ""}), event({}), event({"text": "a"}), event({"text": ""}), END)
    assert error is None
    assert len(response.message.content) == 1
    assert read(b"data: \r\n\r\n" + event({"text": "a"}) + b"data: \r\n\r\n" + END)[0].text == "a"


def test_odd_shapes_are_passed_over() -> None:
    response, error = read(
        b"data: 5\r\n\r\n",
        b'data: {"candidates":[7,{"index":"x","content":{"parts":[3,{"text":9},{"text":"a"}]}}]}\r\n\r\n',
        b'data: {"candidates":{},"usageMetadata":{}}\r\n\r\n',
        event({"inlineData": {"mimeType": "image/png", "data": "!!"}}, logprobsResult=5),
        event(index=1, finishReason="STOP") + END,
    )
    assert error is None
    assert [choice.message.text for choice in response.choices] == ["", "a"]
    assert isinstance(response.choices[1].message.content[0], Opaque)


def test_a_name_before_the_chunks_and_a_mark_at_the_start_do_no_harm() -> None:
    response, error = read(b"\xef\xbb\xbf", b"\r\n", b"data:" + event({"text": "a"})[6:] + END)
    assert (response.text, error) == ("a", None)


def test_an_answer_that_has_ended_may_still_tell_something() -> None:
    late = b'data: {"usageMetadata":{"promptTokenCount":3,"totalTokenCount":9}}\r\n\r\n'
    response, error = read(event({"text": "a"}, finishReason="STOP"), late)
    assert error is None
    assert (response.usage.input, response.usage.output) == (3, 6)


def test_comments_between_events_do_no_harm() -> None:
    pieces = event({"text": "a"}) + b": waiting\r\n\r\n" + event({"text": "b"})
    assert read(pieces, END)[0].text == "ab"


def test_an_event_may_stop_without_a_blank_line() -> None:
    assert read(event({"text": "a"}), END.rstrip())[1] is None


def test_json_between_events_that_is_no_error_is_passed_over() -> None:
    assert read(event({"text": "a"}) + END + b'{"a": 1}')[1] is None
    assert read(event({"text": "a"}) + END, b"[1, 2]\n", b"")[1] is None


def test_an_error_between_events_may_begin_in_a_piece_of_its_own() -> None:
    failure = b'{"error": {"code": 503, "message": "gone", "status": "UNAVAILABLE"}}'
    _, error = read(event({"text": "a"}), failure[:5], failure[5:])
    assert isinstance(error, ProviderError)
    assert error.status == 503


def test_a_stream_without_anything_is_cut() -> None:
    assert isinstance(read(head=EVENTS)[1], StreamInterrupted)
    assert isinstance(read(head=JSON)[1], WireError)
    assert isinstance(read(b": nothing\r\n\r\n", head=EVENTS)[1], StreamInterrupted)


def test_a_body_without_end_is_refused() -> None:
    framing = Framing()
    with pytest.raises(WireError, match="larger than"):
        for _ in range(MAX_BODY // 2**22 + 2):
            framing.feed(b"{" + bytes(2**22))


def test_a_refusal_without_end_is_cut() -> None:
    decoder = DIALECT.decoder(WireHead(500), site())
    for _ in range(3):
        decoder.feed(bytes(MAX_ERROR_BODY))
    with pytest.raises(ServerError):
        decoder.end()


def test_notes_tell_why_an_answer_failed() -> None:
    body = msgspec.json.encode({"candidates": [{"finishReason": "OTHER", "finishMessage": "It broke."}]})
    decoder: Any = DIALECT.decoder(JSON, site())
    play(decoder, [body])
    assert [(note.code, note.message) for note in decoder.notes] == [("finish_message", "OTHER: It broke.")]
    decoder = DIALECT.decoder(JSON, site())
    play(decoder, [b'{"promptFeedback":{"blockReason":"OTHER","blockReasonMessage":"No."}}'])
    assert [note.message for note in decoder.notes] == ["the prompt was blocked (OTHER): No."]
    decoder = DIALECT.decoder(JSON, site())
    play(decoder, [b'{"promptFeedback":{"blockReason":"OTHER"},"createTime":"soon"}'])
    assert [note.message for note in decoder.notes] == ["the prompt was blocked (OTHER)"]


def test_a_prompt_that_was_not_blocked_is_none() -> None:
    response, _ = read(b'{"promptFeedback":{"blockReason":0},"candidates":[{"finishReason":7}]}', head=JSON)
    assert response.choices[0].finish_raw == "7"
    assert response.finish_reason is FinishReason.UNKNOWN


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        ({"inlineData": {"mimeType": "image/png", "data": "YQ=="}}, Image),
        ({"inlineData": {"mimeType": "audio/wav", "data": "YQ"}}, Audio),
        ({"inlineData": {"mimeType": "application/pdf", "data": "YQ==", "displayName": "a.pdf"}}, File),
        (
            {
                "fileData": {"mimeType": "video/mp4", "fileUri": "gs://a/b"},
                "videoMetadata": {"startOffset": "1s"},
            },
            Video,
        ),
        ({"fileData": {"fileUri": "gs://a/b"}, "videoMetadata": {"fps": 2}}, Video),
        ({"fileData": {"fileUri": "gs://a/b"}}, File),
        ({"fileData": {}}, Opaque),
        ({"inlineData": {"mimeType": "image/png"}}, Image),
        ({"inlineData": {"mimeType": "image/png", "data": "YQ=="}, "thought": True}, Image),
    ],
)
def test_media_of_an_answer_are_parts(part: dict[str, Any], kind: type) -> None:
    (found,) = whole(part).message.content
    assert type(found) is kind
    if kind is Image and part.get("thought"):
        assert found.replay is not None


def test_raw_sound_goes_on_from_chunk_to_chunk() -> None:
    sound = {"inlineData": {"mimeType": "audio/L16;rate=16000", "data": "AAE="}}
    response, _ = read(event(sound), event(sound), event({"text": "a"}), event(sound), END)
    first, text, second = response.message.content
    assert isinstance(first, Audio)
    assert (first.data, first.format) == (b"\0\1\0\1", "L16;rate=16000")
    assert isinstance(second, Audio)
    assert isinstance(text, Text)


def test_base64_may_be_of_either_alphabet() -> None:
    (found,) = whole({"inlineData": {"mimeType": "image/png", "data": "-_-_"}}).message.content
    assert isinstance(found, Image)
    assert found.data == b"\xfb\xff\xbf"


def test_what_stands_in_a_call_is_kept() -> None:
    (call,) = whole({"functionCall": {"name": "f", "args": 5, "colour": 7}}).tool_calls
    assert call.arguments == "{}"
    assert call.replay is not None
    assert bytes(call.replay.json) == b'{"functionCall":{"colour":7}}'


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("audio/mp3", "mp3"),
        ("audio/x-wav", "wav"),
        ("audio/ogg", "ogg"),
        ("audio/pcm", "pcm16"),
        ("audio/L16", "pcm16"),
    ],
)
def test_formats_of_sound_have_our_words(kind: str, word: str) -> None:
    assert audio_format(kind) == word


def test_probabilities_that_are_odd_are_left_out() -> None:
    told = {
        "chosenCandidates": [5, {"token": "a"}, {"token": "b", "logProbability": -1}],
        "topCandidates": [1, 2, {"candidates": [{}, {"token": "c", "logProbability": -2}]}],
    }
    response = whole({"text": "b"}, logprobsResult=told)
    tokens = response.choices[0].logprobs
    assert tokens is not None
    assert [(one.token, [near.token for near in one.top]) for one in tokens] == [("b", ["c"])]


def cite(texts: list[str], **metadata: Any) -> list[list[tuple[str | None, int | None, int | None]]]:
    return [[(c.url, c.start, c.end) for c in each] for each in find_citations(metadata, texts)]


SUPPORT: dict[str, Any] = {"groundingChunks": [{"web": {"uri": "u"}}]}


def support(**segment: Any) -> dict[str, Any]:
    return {**SUPPORT, "groundingSupports": [{"segment": segment, "groundingChunkIndices": [0, 5, "x"]}]}


def test_places_are_told_in_characters_of_their_part() -> None:
    texts = ["Süß ist ", "das Brot."]
    assert cite(texts, groundingMetadata=support(startIndex=0, endIndex=5, text="Süß")) == [[("u", 0, 3)], []]
    assert cite(texts, groundingMetadata=support(startIndex=10, endIndex=13, text="das")) == [
        [],
        [("u", 0, 3)],
    ]
    assert cite(texts, groundingMetadata=support(startIndex=4, endIndex=8, text="Brot")) == [
        [],
        [("u", 4, 8)],
    ]
    assert cite(texts, groundingMetadata=support(startIndex=90, endIndex=95, text="Brot")) == [
        [],
        [("u", 4, 8)],
    ]
    assert cite(texts, groundingMetadata=support(startIndex=90, text="gone")) == [[], [("u", None, None)]]
    assert cite(texts, groundingMetadata=support(startIndex=90, endIndex=95)) == [[], [("u", None, None)]]
    assert cite(texts, groundingMetadata={**SUPPORT, "groundingSupports": [{}]}) == [[], [("u", None, None)]]


def test_sources_without_a_place_go_to_the_last_text() -> None:
    assert cite(["a", "b"], groundingMetadata=SUPPORT) == [[], [("u", None, None)]]
    assert cite([], groundingMetadata=SUPPORT) == []
    assert cite(
        ["a"], groundingMetadata=5, citationMetadata={"citations": [{}, {"uri": "c", "endIndex": 1}]}
    ) == [[("c", 0, 1)]]


def test_sources_of_ones_own_files_have_their_words() -> None:
    chunk = {"retrievedContext": {"text": "Bread is sweet.", "fileSearchStore": "stores/s", "title": "t"}}
    ((found,),) = find_citations({"groundingMetadata": {"groundingChunks": [chunk, {}]}}, ["a"])[:1] and [
        find_citations({"groundingMetadata": {"groundingChunks": [chunk]}}, ["a"])[0]
    ]
    assert found == Citation(title="t", quote="Bread is sweet.", source="stores/s")


def test_citations_survive_both_ways() -> None:
    cited = (
        Citation(url="u", title="t", start=1, end=3),
        Citation(url="u", title="t", start=4, end=5),
        Citation(quote="q", source="s", start=0, end=1),
        Citation(url="v"),
    )
    wire = {"groundingMetadata": encode_citations([("", ()), ("Süß ist", cited)])}
    assert set(find_citations(wire, ["", "Süß ist"])[1]) == set(cited)
    assert len(wire["groundingMetadata"]["groundingChunks"]) == 3
    assert encode_citations([("a", ())]) == {}
    assert "groundingSupports" not in encode_citations([("a", (Citation(url="v"),))])


def test_counts_of_kinds_are_taken_out_of_the_sums() -> None:
    usage = decode_usage(
        {
            "promptTokenCount": 100,
            "cachedContentTokenCount": 40,
            "candidatesTokenCount": 30,
            "totalTokenCount": 130,
            "promptTokensDetails": [
                {"modality": "AUDIO", "tokenCount": 50},
                {"modality": "IMAGE", "tokenCount": 5},
                7,
            ],
            "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 20}],
            "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 10}, {"modality": None}],
        }
    )
    assert (usage.input_uncached, usage.cache_read, usage.audio_in, usage.image_in) == (25, 40, 30, 5)
    assert (usage.output_visible, usage.audio_out) == (20, 10)
    assert usage.total == 130
    assert decode_usage({"toolUsePromptTokenCount": 5}).input == 5
    assert decode_usage({"promptTokenCount": True}).total is None


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (
            403,
            {"status": "PERMISSION_DENIED", "details": [{"reason": "BILLING_DISABLED"}]},
            QuotaError,
            "BILLING_DISABLED",
        ),
        (
            403,
            {"status": "PERMISSION_DENIED", "details": [{"reason": "NEVER_SEEN"}, 5]},
            PermissionDeniedError,
            "PERMISSION_DENIED",
        ),
        (401, {"status": "UNAUTHENTICATED", "details": {}}, AuthError, "UNAUTHENTICATED"),
        (429, {"details": [{"violations": [5, {"quotaId": "RequestsPerDay"}]}]}, QuotaError, "daily_quota"),
        (429, {"details": [{"violations": [{"quotaValue": 0}]}]}, QuotaError, "no_quota"),
        (499, {"status": "CANCELLED"}, ServerError, "CANCELLED"),
        (418, {"status": 5, "message": 6}, ProviderError, "418"),
    ],
)
def test_reasons_decide_before_words_and_numbers(
    status: int, body: dict[str, Any], kind: type[ProviderError], code: str
) -> None:
    _, error = read(msgspec.json.encode({"error": {"code": status, **body}}), head=WireHead(status))
    assert isinstance(error, kind)
    assert (error.status, error.provider_code) == (status, code)


def test_an_error_may_be_anything() -> None:
    _, error = read(b'{"error": [1]}', head=WireHead(400))
    assert error is not None
    assert error.message == "[1]"
    _, error = read(b'{"error": {"code": 400, "message": "Please retry in 20ms."}}', head=WireHead(429))
    assert error is not None
    assert error.retry_after == 0.02
    _, error = read(b"{}", head=WireHead(404))
    assert error is not None
    assert error.message == "{}"
