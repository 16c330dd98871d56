"""Kinds of files by how they begin."""

from __future__ import annotations

import pytest

from baimo.dialect import making
from baimo.dialect.magic import format_named, media_type_named, media_type_of
from baimo.dialects import get
from baimo.dialects.openai_chat import DIALECT


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
        (b"RIFF\0\0\0\0AVI ", None),
        (b"\0\0\0\x20ftypM4A ", "audio/mp4"),
        (b"ID3\x04", "audio/mpeg"),
        (b"OggS", "audio/ogg"),
        (b"", None),
        (b"text", None),
    ],
)
def test_a_file_is_known_by_its_beginning(data: bytes, kind: str | None) -> None:
    assert media_type_of(data) == kind


def test_short_names_and_media_types_go_both_ways() -> None:
    assert media_type_named("MP3") == "audio/mpeg"
    assert media_type_named("nothing") is None
    assert format_named("audio/mpeg") == "mp3"
    assert format_named("image/jpeg; q=1") in ("jpg", "jpeg")
    assert format_named("text/plain") is None


def test_the_dialect_of_openai_makes_all_there_is() -> None:
    for protocol in (
        making.ImagesDialect,
        making.TranscribeDialect,
        making.SpeakDialect,
        making.ModerateDialect,
    ):
        assert isinstance(DIALECT, protocol)
        assert not isinstance(get("anthropic_messages"), protocol)
