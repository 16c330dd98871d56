"""Transcriptions that come as they are made."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from baimo.dialect.making import StreamTranscribeDialect
from baimo.dialects.openai_chat import DIALECT
from baimo.dialects.openai_chat.transcript import TranscriptDecoder
from baimo.errors import (
    AuthError,
    Error,
    ProviderError,
    StreamInterrupted,
    UnsupportedError,
    WireError,
)
from baimo.types.content import Audio
from baimo.types.transcription import (
    Segment,
    TranscribeRequest,
    Transcription,
    TranscriptPiece,
    joined_transcript,
)
from baimo.types.usage import Usage
from baimo.wire.http import WireHead

from .making_asked import BARE, GOOD, fields, site

ASKED = TranscribeRequest(model="m", audio=Audio(data=b"RIFF\0\0\0\0WAVEfmt ", format="wav"), stream=True)
EVENTS = WireHead(200, ((b"content-type", b"text/event-stream; charset=utf-8"),))


def event(kind: str, **facts: Any) -> bytes:
    return b"data: " + msgspec.json.encode({"type": f"transcript.text.{kind}", **facts}) + b"\n\n"


ONE, TWO, DONE = (
    event("delta", delta="Hello "),
    event("delta", delta="world"),
    event("done", text="Hello world"),
)


def heard(*pieces: bytes, head: WireHead = EVENTS) -> tuple[list[TranscriptPiece], Error | None]:
    """What came, and how the reply failed."""
    assert isinstance(DIALECT, StreamTranscribeDialect)
    decoder = DIALECT.transcript_decoder(ASKED, head, BARE)
    found: list[TranscriptPiece] = []
    try:
        for piece in pieces:
            found += decoder.feed(piece)
        found += decoder.end()
    except Error as error:
        return found + list(decoder.early), error
    return found, None


def test_a_stream_is_asked_for() -> None:
    wire = DIALECT.encode_transcribe(ASKED, BARE)
    assert ("stream", "true") in fields(wire)
    assert (b"accept", b"text/event-stream") in wire.headers
    assert DIALECT.decode_transcribe_request(wire) == ASKED
    whole = DIALECT.encode_transcribe(replace(ASKED, stream=False), BARE)
    assert "stream" not in dict(fields(whole))


def test_who_streams_nothing_is_not_asked_to() -> None:
    plain = site(beside={"refused": ["stream"]})
    with pytest.raises(UnsupportedError, match="to stream a transcription"):
        DIALECT.encode_transcribe(ASKED, plain)
    wire = DIALECT.encode_transcribe(replace(ASKED, unsupported="drop"), plain)
    assert "stream" not in dict(fields(wire))
    assert [note.code for note in wire.notes] == ["dropped"]
    with pytest.raises(UnsupportedError, match="to tell times: a stream has none"):
        DIALECT.encode_transcribe(replace(ASKED, timestamps=("word",)), BARE)


def test_words_come_as_they_are_made() -> None:
    decoder = TranscriptDecoder(ASKED, EVENTS, BARE)
    assert decoder.feed(ONE) == [TranscriptPiece(text="Hello ")]
    usage = {"type": "tokens", "input_tokens": 9, "output_tokens": 3, "total_tokens": 12}
    last = decoder.feed(event("done", text="Hello world", usage=usage, languages=[{"code": "en"}]))
    assert [piece.text for piece in last] == [""]
    assert decoder.end() == []
    told = joined_transcript([TranscriptPiece(text="Hello "), *last])
    assert (told.text, told.language, told.usage.output, told.model) == ("Hello world", "en", 3, "m")


def test_every_cut_of_the_bytes_gives_the_same_words() -> None:
    raw = ONE + b": a comment\n\n" + TWO + event("new", x=1) + DONE + b"data: [DONE]\n\n"
    expected = heard(raw)
    assert expected[1] is None and len(expected[0]) == 3
    for at in range(1, len(raw)):
        assert heard(raw[:at], raw[at:]) == expected


def test_segments_tell_who_spoke() -> None:
    segment = event("segment", id="s1", start=0.0, end=1.5, text="Hello", speaker="A")
    pieces, error = heard(event("delta", delta="Hello"), segment, event("done", text="Hello"))
    assert error is None
    spoken = Segment(start=0.0, end=1.5, text="Hello", speaker="A")
    assert joined_transcript(pieces).segments == (spoken,)
    assert [piece.text for piece in pieces if piece.text] == ["Hello"]


def test_a_model_without_streams_answers_in_one_piece() -> None:
    (piece,), error = heard(b'{"text":', b'"Hello"}', head=GOOD)
    assert (piece.text, error) == ("Hello", None)
    (piece,), error = heard(event("delta", delta=""), event("delta"), event("done", text="Hello"))
    assert (piece.text, joined_transcript([piece]).text, error) == ("Hello", "Hello", None)
    assert heard(ONE, b"data: [DONE]\n\n") == ([TranscriptPiece(text="Hello ")], None)


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        ([ONE], "before its last event"),
        ([ONE, TWO[:-9]], "inside an event"),
        ([ONE, b"data: [DO"], "inside an event"),
        ([], "before its last event"),
    ],
)
def test_a_cut_stream_is_told(pieces: list[bytes], words: str) -> None:
    found, error = heard(*pieces)
    assert isinstance(error, StreamInterrupted) and words in str(error)
    assert joined_transcript(found).text == ("Hello " if pieces else "")


@pytest.mark.parametrize(
    ("pieces", "head", "kind"),
    [
        ([ONE, b'data: {"error":{"message":"Ouch"}}\n\n'], EVENTS, ProviderError),
        ([ONE, b'event: error\ndata: {"message":"Ouch"}\n\n'], EVENTS, ProviderError),
        ([ONE, b'data: {"type":"error","message":"Ouch"}\n\n'], EVENTS, ProviderError),
        ([b'{"error":{"message":"no"}}'], WireHead(401, EVENTS.headers), AuthError),
        ([b'{"error":{"message":"Ouch","code":"x"}}'], GOOD, ProviderError),
        ([b'{"x":1}'], GOOD, WireError),
        ([event("done", text=5)], EVENTS, WireError),
        ([event("segment", text="a")], EVENTS, WireError),
        ([b"data: {\n\n"], EVENTS, WireError),
    ],
)
def test_a_refusal_is_no_text(pieces: list[bytes], head: WireHead, kind: type[Error]) -> None:
    found, error = heard(*pieces, head=head)
    assert isinstance(error, kind)
    assert [piece.text for piece in found] == (["Hello "] if ONE in pieces else [])


def test_odd_events_are_passed_over() -> None:
    pieces, error = heard(b"data: 5\n\n", b'data: {"type":"new"}\n\n', DONE)
    assert (error, joined_transcript(pieces).text) == (None, "Hello world")


@pytest.mark.parametrize("text", ["", "Hello", "one two three four five six  seven\neight"])
@pytest.mark.parametrize("usage", [Usage(), Usage(audio_in=9, input_uncached=0, output_visible=3)])
def test_what_is_served_is_read(text: str, usage: Usage) -> None:
    head, pieces = DIALECT.encode_transcript(ASKED, Transcription(text=text, usage=usage))
    found, error = heard(*pieces, head=head)
    told = joined_transcript(found)
    assert (error, told.text, told.usage.output) == (None, text, usage.output)
    assert "".join([piece.text for piece in found]) == text
