"""Parts out of an address, bytes, a path, an open file or a Pillow image."""

from __future__ import annotations

import io
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from baimo.errors import InputError
from baimo.types.content import Audio, File, Image, Video
from baimo.types.medialimits import KindLimits, MediaLimits
from baimo.types.medium import kind_of_source

PNG = b"\x89PNG\r\n\x1a\n...."
JPEG = b"\xff\xd8\xff\xe0...."
WAV = b"RIFF\0\0\0\0WAVEfmt "
MP4 = b"\0\0\0\x20ftypisom"
PDF = b"%PDF-1.7"


class Picture:
    """What Baimo knows of a Pillow image."""

    mode = "RGB"
    size = (1, 1)

    def __init__(self, form: str | None) -> None:
        self.format = form
        self.told: dict[str, Any] = {}

    def save(self, out: io.BytesIO, **told: Any) -> None:
        self.told = told
        out.write(JPEG if told["format"] == "JPEG" else PNG)


def test_bytes_tell_their_type() -> None:
    assert Image.of(PNG, detail="low") == Image(data=PNG, media_type="image/png", detail="low")
    assert Image.of(bytearray(JPEG)).media_type == "image/jpeg"
    assert Audio.of(memoryview(WAV)) == Audio(data=WAV, format="wav")
    assert Audio.of(b"ID3\x04") == Audio(data=b"ID3\x04", format="mp3")
    assert Audio.of(MP4).format == "m4a"
    assert Video.of(MP4, fps=2.0) == Video(data=MP4, media_type="video/mp4", fps=2.0)
    assert File.of(PDF) == File(data=PDF, media_type="application/pdf")
    assert File.of(PNG).media_type == "image/png"


def test_an_address_stays_one() -> None:
    assert Image.of("https://x.test/a.png") == Image(url="https://x.test/a.png")
    assert Video.of("gs://b/a.mp4", media_type="video/mp4") == Video(
        url="gs://b/a.mp4", media_type="video/mp4"
    )


def test_an_address_of_data_is_its_bytes() -> None:
    url = "data:image/png;base64," + b64encode(PNG).decode()
    assert Image.of(url) == Image(data=PNG, media_type="image/png")
    assert File.of("data:text/csv;charset=utf-8;base64,YSxi") == File(data=b"a,b", media_type="text/csv")


@pytest.mark.parametrize("url", ["data:image/png,abc", "data:image/png;base64,%%%"])
def test_an_address_of_data_that_holds_none_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="base64"):
        Image.of(url)


def test_a_path_gives_bytes_and_a_document_its_name(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("# Hi")
    assert File.of(path) == File(data=b"# Hi", media_type="text/markdown", name="notes.md")
    assert File.of(path, name="Other").name == "Other"
    (tmp_path / "wrong.gif").write_bytes(PNG)
    assert Image.of(tmp_path / "wrong.gif").media_type == "image/png"  # the bytes know better


def test_an_open_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(PDF)
    with path.open("rb") as file:
        assert File.of(file).name == "a.pdf"
    assert Image.of(io.BytesIO(PNG)).data == PNG
    with pytest.raises(InputError, match="opened for bytes"):
        File.of(io.StringIO("text"))


@pytest.mark.parametrize(
    ("form", "told"),
    [
        (None, {"format": "PNG"}),
        ("PNG", {"format": "PNG"}),
        ("TIFF", {"format": "PNG"}),
        ("JPEG", {"format": "JPEG", "quality": "keep"}),
    ],
)
def test_a_pillow_image_is_written_as_it_was_read(form: str | None, told: dict[str, Any]) -> None:
    picture = Picture(form)
    assert Image.of(picture).media_type == ("image/jpeg" if form == "JPEG" else "image/png")
    assert picture.told == told


def test_samples_without_a_head_are_taken_at_their_word() -> None:
    assert Audio.of(PNG, format="pcm16") == Audio(data=PNG, format="pcm16")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Image.of("cat.png"), "'cat.png' is no address.*pathlib"),
        (lambda: Image.of("x" * 100), "x…' is no address"),
        (lambda: Image.of(b""), "holds no bytes"),
        (lambda: Image.of(b"what is this?"), "cannot be told.*media_type"),
        (
            lambda: Image.of(JPEG, media_type="image/png"),
            "told to be image/png, but its bytes begin as image/jpeg",
        ),
        (lambda: Audio.of(WAV, format="mp3"), "told to be audio/mpeg, but its bytes begin as audio/wav"),
        (lambda: Image.of(PDF), "is application/pdf, which is not a picture.*baimo.File"),
        (lambda: Audio.of(PNG), r"is image/png, which is not a sound.*baimo.Image"),
        (lambda: Video.of(WAV), "which is not a film"),
        (lambda: Image.of(7), "int is no medium"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(make: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        make()


def test_a_source_alone_tells_what_kind_of_part_it_makes(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hi")
    assert kind_of_source(PNG) == ("image", {"data": PNG, "media_type": "image/png"})
    assert kind_of_source(WAV) == ("audio", {"data": WAV, "format": "wav"})
    assert kind_of_source(MP4)[0] == "video"
    found = {"data": b"hi", "media_type": "text/plain", "name": "a.txt"}
    assert kind_of_source(tmp_path / "a.txt") == ("file", found)


def test_limits_that_nobody_tells_are_unknown() -> None:
    limits = MediaLimits(source="https://x.test", checked="2026-01-01")  # type: ignore[arg-type]
    assert limits.image == KindLimits() and limits.request_bytes is None
