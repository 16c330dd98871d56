"""The text of sound on Cohere's wire."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from baimo.dialect.making import TranscribeDialect
from baimo.dialects.cohere_chat import DIALECT
from baimo.dialects.cohere_chat.transcribing import decode_transcribe
from baimo.errors import AuthError, InputError, UnsupportedError, WireError
from baimo.types.content import Audio
from baimo.types.transcription import TranscribeRequest, Transcription
from baimo.wire.http import HttpRequest, WireHead
from baimo.wire.multipart import FormPart, field, parse_form, render_form
from tests.dialects.cohere_chat.asking import JSON, posted, site

WAV = b"RIFF\x24\x00\x00\x00WAVEfmt "
ASKED = TranscribeRequest(model="m", audio=Audio(data=WAV, format="wav"), language="en")


def form(*parts: FormPart) -> HttpRequest:
    kind, body = render_form(parts)
    wire = posted(body, "/v2/audio/transcriptions")
    return replace(wire, headers=((b"content-type", kind),))


def test_the_sound_goes_in_a_form_and_comes_back_both_ways() -> None:
    assert isinstance(DIALECT, TranscribeDialect)
    asked = replace(ASKED, temperature=0.5, extra={"priority": "1"}, headers={"x-a": "b"})
    wire = DIALECT.encode_transcribe(asked, site("https://api.cohere.com/v2"))
    assert (wire.origin, wire.target) == ("https://api.cohere.com", b"/v2/audio/transcriptions")
    assert DIALECT.operation("POST", wire.target, ()) == "transcribe"
    head = dict(wire.headers)
    assert head[b"x-a"] == b"b"
    assert isinstance(wire.body, bytes)
    sent = parse_form(head[b"content-type"].decode(), wire.body)
    assert [(one.name, one.data) for one in sent] == [
        ("model", b"m"),
        ("language", b"en"),
        ("temperature", b"0.5"),
        ("file", WAV),
        ("priority", b"1"),
    ]
    assert DIALECT.decode_transcribe_request(wire) == replace(asked, headers={})


def test_the_language_must_be_told_in_whichever_way() -> None:
    with pytest.raises(InputError, match="must be told the language") as caught:
        DIALECT.encode_transcribe(replace(ASKED, language=None), site())
    assert 'language="en"' in (caught.value.hint or "")
    by_extra = replace(ASKED, language=None, extra={"language": "zh"})
    told = DIALECT.decode_transcribe_request(DIALECT.encode_transcribe(by_extra, site()))
    assert told.language == "zh"


@pytest.mark.parametrize("wish", [{"prompt": "Baimo"}, {"timestamps": ("word",)}])
def test_what_there_is_no_word_for_is_refused_or_left_out(wish: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedError, match=f"the {next(iter(wish))} of a transcription"):
        DIALECT.encode_transcribe(replace(ASKED, **wish), site())
    wire = DIALECT.encode_transcribe(replace(ASKED, **wish, unsupported="drop"), site())
    assert [note.code for note in wire.notes] == ["dropped"]
    assert wire.body == DIALECT.encode_transcribe(ASKED, site()).body


def test_the_text_is_read_both_ways() -> None:
    body = DIALECT.encode_transcription(ASKED, Transcription(text="Hé"))
    told = DIALECT.decode_transcribe(ASKED, JSON, body, site())
    assert told == Transcription(text="Hé", language="en", model="m")
    with pytest.raises(WireError, match="no text"):
        decode_transcribe(ASKED, JSON, msgspec.json.encode({"text": None}), site())
    with pytest.raises(AuthError):
        decode_transcribe(ASKED, WireHead(401, JSON.headers), b'{"message":"invalid api token"}', site())


FILE = FormPart(name="file", data=WAV, filename="a.wav")


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((field("language", "en"), FILE), "model: is required"),
        ((field("model", "m"), FILE), "language: is required"),
        ((field("model", "m"), field("language", "en")), "file: is required"),
        (
            (field("model", "m"), field("language", "en"), field("temperature", "hot"), FILE),
            "temperature: must be a number",
        ),
    ],
)
def test_a_caller_who_leaves_something_out_is_told_what(parts: tuple[FormPart, ...], words: str) -> None:
    with pytest.raises(InputError, match=words):
        DIALECT.decode_transcribe_request(form(*parts))


def test_what_is_no_form_is_refused() -> None:
    with pytest.raises(InputError, match="is no form"):
        DIALECT.decode_transcribe_request(posted(b"{}", "/v2/audio/transcriptions"))
