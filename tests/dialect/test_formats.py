"""Short names of kinds of files."""

from __future__ import annotations

from baimo.dialect import making
from baimo.dialect.formats import format_named, media_type_named
from baimo.dialects import get
from baimo.dialects.openai_chat import DIALECT


def test_short_names_and_media_types_go_both_ways() -> None:
    assert media_type_named("MP3") == "audio/mpeg"
    assert media_type_named("nothing") is None
    assert format_named("audio/mpeg") == "mp3"
    assert format_named("image/jpeg; q=1") in ("jpg", "jpeg")
    assert format_named("text/plain") is None
    assert (format_named("video/mp4"), format_named("video/webm")) == ("mp4", "webm")


def test_the_dialect_of_openai_makes_all_there_is() -> None:
    for protocol in (
        making.ImagesDialect,
        making.TranscribeDialect,
        making.SpeakDialect,
        making.ModerateDialect,
    ):
        assert isinstance(DIALECT, protocol)
        assert not isinstance(get("anthropic_messages"), protocol)
