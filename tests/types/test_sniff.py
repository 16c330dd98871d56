"""What bytes are, by how they begin."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.types.sniff import agrees, ending_type, holds, kind_of, media_type_of, plain_type

BEGINNINGS = [
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff\xe0", "image/jpeg"),
    (b"GIF89a", "image/gif"),
    (b"<svg xmlns=", "image/svg+xml"),
    (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
    (b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"\0\0\0\x18ftypheic", "image/heic"),
    (b"\0\0\0\x18ftypavif", "image/avif"),
    (b"%PDF-1.7", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
    (b"ID3\x04", "audio/mpeg"),
    (b"\xff\xfb\x90\0", "audio/mpeg"),
    (b"\xff\xf1P\x80", "audio/aac"),
    (b"fLaC\0", "audio/flac"),
    (b"OggS\0\x02OpusHead", "audio/ogg"),
    (b"OggS\0\x02\x80theora", "video/ogg"),
    (b"\0\0\0\x20ftypM4A ", "audio/mp4"),
    (b"\0\0\0\x20ftypisom", "video/mp4"),
    (b"\0\0\0\x14ftypqt  ", "video/quicktime"),
    (b"\0\0\0\x14ftyp3gp5", "video/3gpp"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"RIFF\0\0\0\0AVI LIST", "video/x-msvideo"),
    (b"RIFF\0\0\0\0????", None),
    (b"BMW is a car, not a picture", None),
    (b"\xff\xfb\xf0\0", None),
    (b"Hello", None),
    (b"", None),
]


@pytest.mark.parametrize(("data", "kind"), BEGINNINGS)
def test_first_bytes_tell_the_media_type(data: bytes, kind: str | None) -> None:
    assert media_type_of(data) == kind


@given(st.binary(max_size=80))
def test_any_bytes_are_looked_at_without_failing(data: bytes) -> None:
    found = media_type_of(data)
    assert found is None or agrees(found, found)


@pytest.mark.parametrize(
    ("told", "plain"),
    [
        ("Image/JPG; q=1", "image/jpeg"),
        ("audio/x-wav", "audio/wav"),
        ("application/octet-stream", None),
        ("", None),
        ("text/plain", "text/plain"),
    ],
)
def test_a_type_has_one_word(told: str, plain: str | None) -> None:
    assert plain_type(told) == plain


@pytest.mark.parametrize(
    ("told", "found", "is_so"),
    [
        ("image/png", "image/jpeg", False),
        ("image/jpg", "image/jpeg", True),
        ("application/octet-stream", "image/jpeg", True),
        ("audio/m4a", "video/mp4", True),
        ("audio/webm", "video/webm", True),
        ("video/mp4", "video/webm", False),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/zip", True),
        ("image/png", "application/zip", False),
        ("application/msword", "application/x-ole-storage", True),
        ("application/pdf", "application/x-ole-storage", False),
    ],
)
def test_what_is_told_and_what_is_found_agree_or_not(told: str, found: str, is_so: bool) -> None:
    assert agrees(told, found) is is_so


def test_a_container_may_hold_sound_or_film() -> None:
    assert holds("video/mp4", "audio")
    assert holds("audio/ogg", "video")
    assert not holds("image/png", "audio")
    assert not holds("audio/wav", "video")


def test_a_type_belongs_to_a_kind() -> None:
    kinds = [kind_of(one) for one in ("image/png", "audio/wav", "video/mp4", "application/pdf")]
    assert kinds == ["image", "audio", "video", "file"]


def test_the_end_of_a_name_tells_a_type() -> None:
    assert ending_type("https://x.test/a/Report.PDF?sig=a.png#p") == "application/pdf"
    assert ending_type("notes.md") == "text/markdown"
    assert ending_type("png") is None
    assert ending_type("a.unknown") is None
