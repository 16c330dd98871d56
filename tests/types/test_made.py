"""What is made besides words, as values."""

from __future__ import annotations

from pathlib import Path

import pytest

from baimo.errors import InputError
from baimo.types.images import MadeImage
from baimo.types.moderation import Moderated, ModerationResponse
from baimo.types.speech import SpeechPiece, SpeechResponse, joined_speech
from baimo.types.transcription import Transcription
from baimo.types.usage import Usage


def test_an_image_is_saved_where_its_bytes_are_known(tmp_path: Path) -> None:
    MadeImage(bytes=b"png").save(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == b"png"
    with pytest.raises(InputError, match="an address and no bytes"):
        MadeImage(url="https://a.example/b.png").save(tmp_path / "b.png")
    assert not (tmp_path / "b.png").exists()


def test_speech_is_saved(tmp_path: Path) -> None:
    SpeechResponse(audio=b"sound").save(tmp_path / "a.wav")
    assert (tmp_path / "a.wav").read_bytes() == b"sound"


def test_pieces_of_sound_are_one() -> None:
    pieces = [
        SpeechPiece(audio=b"a", media_type="audio/wav"),
        SpeechPiece(audio=b"b", usage=Usage(audio_out=3)),
    ]
    whole = joined_speech(pieces)
    assert (whole.audio, whole.media_type, whole.usage.output) == (b"ab", "audio/wav", 3)
    assert joined_speech([]) == SpeechResponse(audio=b"")


def test_a_moderation_is_flagged_when_one_of_its_texts_is() -> None:
    good, bad = Moderated(flagged=False), Moderated(flagged=True)
    assert ModerationResponse(results=(good, bad)).flagged
    assert not ModerationResponse(results=(good,)).flagged


def test_a_transcription_without_times_has_none() -> None:
    assert (Transcription(text="a").segments, Transcription(text="a").duration) == ((), None)
