"""Fields and files of requests that are forms."""

from __future__ import annotations

import pytest

from baimo.dialect.formfields import laid_over, sound_file, sound_of
from baimo.errors import InputError
from baimo.types.content import Audio
from baimo.wire.multipart import FormPart, field

WAV = b"RIFF\x24\x00\x00\x00WAVEfmt "


def test_a_sound_is_a_file_named_by_its_bytes_or_by_what_is_told() -> None:
    part = sound_file(Audio(data=WAV))
    assert (part.name, part.filename, part.media_type) == ("file", "audio.wav", "audio/wav")
    told = sound_file(Audio(data=b"?", format="mp3"))
    assert (told.filename, told.media_type) == ("audio.mp3", "audio/mpeg")
    odd = sound_file(Audio(data=b"?"))
    assert (odd.filename, odd.media_type) == ("audio.wav", "application/octet-stream")
    with pytest.raises(InputError, match="by its bytes"):
        sound_file(Audio(url="https://a.example/b.wav"))


def test_the_sound_of_a_part_is_known_by_its_name_its_type_or_its_bytes() -> None:
    assert sound_of(sound_file(Audio(data=WAV))) == Audio(data=WAV, format="wav")
    by_type = FormPart(name="file", data=b"?", media_type="audio/mpeg")
    assert sound_of(by_type) == Audio(data=b"?", format="mp3")
    assert sound_of(FormPart(name="file", data=WAV)) == Audio(data=WAV, format="wav")
    assert sound_of(FormPart(name="file", data=b"?")) == Audio(data=b"?")


def test_what_is_laid_over_a_form_takes_the_place_of_its_fields() -> None:
    parts = [field("a", "1"), field("b[]", "2"), field("c", "3")]
    found = laid_over(parts, {"b": ["x", 4], "a": False, "d": 0.5})
    assert [(one.name, one.data) for one in found] == [
        ("c", b"3"),
        ("b[]", b"x"),
        ("b[]", b"4"),
        ("a", b"false"),
        ("d", b"0.5"),
    ]
    with pytest.raises(InputError, match=r"extra\['e'\] cannot stand in a form"):
        laid_over([], {"e": {"f": 1}})
