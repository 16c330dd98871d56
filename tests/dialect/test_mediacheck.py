"""A request's media held against what a provider takes."""

from __future__ import annotations

from datetime import date
from struct import pack
from typing import Any

import pytest
from msgspec.structs import replace

from baimo.dialect.mediacheck import MediaCheck, Medium
from baimo.errors import InputError, UnsupportedError
from baimo.types.chat import ChatRequest, Message, Role
from baimo.types.content import Audio, File, Image, Text, ToolResult, Video
from baimo.types.medialimits import KindLimits, MediaLimits
from baimo.wire.http import HttpRequest, SocketRequest

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + pack(">II", 300, 20)
JPEG = b"\xff\xd8\xff\xe0...."
WAV = b"RIFF\0\0\0\0WAVEfmt "
PDF = b"%PDF-1.7"
NONE = MediaLimits(source="https://acme.test", checked=date(2026, 1, 1))


def asking(*parts: Any) -> ChatRequest:
    words = Message(role=Role.USER, content="Look:")  # type: ignore[arg-type]
    return ChatRequest(model="m", messages=(words, Message(role=Role.USER, content=parts)))


def check(*, drop: bool = False, **limits: Any) -> MediaCheck:
    return MediaCheck(replace(NONE, **limits), who="acme", drop=drop)


def checked(part: Medium, **limits: Any) -> Any:
    return check(**limits).checked(asking(part)).messages[1].content[0]


def test_nothing_known_changes_nothing() -> None:
    request = asking(Text(text="a"), Image(data=PNG, media_type="image/png"), Audio(data=WAV, format="wav"))
    found = MediaCheck(None, who="", drop=False).checked(request)
    assert found == request
    assert found.messages[0] is request.messages[0]
    assert checked(Image(data=b"unknown bytes")) == Image(data=b"unknown bytes")


def test_what_the_bytes_tell_is_filled_in() -> None:
    assert checked(Image(data=JPEG)).media_type == "image/jpeg"
    assert checked(File(data=PDF)).media_type == "application/pdf"
    assert checked(Audio(data=b"ID3\x04")).format == "mp3"
    assert checked(Audio(data=WAV, format="pcm16")).format == "pcm16"
    assert checked(Image(url="https://x.test/a.png")) == Image(url="https://x.test/a.png")


def test_results_of_tools_are_looked_at_too() -> None:
    result = ToolResult(call_id="c", content=(Text(text="a"), Image(data=JPEG)))
    found = checked(result)  # type: ignore[arg-type]
    assert found.content[1].media_type == "image/jpeg"
    plain = ToolResult(call_id="c", content=(Text(text="a"),))
    assert checked(plain) is plain  # type: ignore[arg-type]


TOO_WIDE = KindLimits(max_ratio=10.0)


@pytest.mark.parametrize(
    ("part", "limits", "words"),
    [
        (
            Image(data=JPEG, media_type="image/png"),
            {},
            r"content\[0\] is told to be image/png, but.*image/jpeg",
        ),
        (Audio(data=WAV, format="mp3"), {}, "told to be audio/mpeg"),
        (Image(url="FILE:///etc/passwd"), {}, r"messages\[1\].*a file of this machine.*pathlib"),
        (Image(data=PNG), {"image": KindLimits(max_bytes=10)}, "24 bytes large; acme takes 10 bytes.*Shrink"),
        (
            Image(data=b"\xff\xd8\xff" + b"x" * 200_000),
            {"image": KindLimits(max_bytes=150_000)},
            "0.2 MB large",
        ),
        (Image(data=PNG), {"image": KindLimits(max_base64=31)}, "32 bytes large as base64; acme takes 31"),
        (Image(data=PNG), {"image": KindLimits(max_side=299)}, "300x20 pixels; acme takes 299.*most.*Resize"),
        (Image(data=PNG), {"image": KindLimits(min_side=21)}, "takes 21 a side at the least"),
        (Image(data=PNG), {"image": TOO_WIDE}, "sides of 1 to 10 at the most"),
        (Video(data=b"x"), {"video": KindLimits(max_count=0)}, "one video too many: acme takes 0"),
    ],
)
def test_what_is_over_a_limit_is_an_error_that_names_it(part: Medium, limits: Any, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        checked(part, **limits)
    assert not isinstance(caught.value, UnsupportedError)


@pytest.mark.parametrize(
    ("part", "limits"),
    [
        (Image(data=PNG), {"image": KindLimits(max_bytes=24, max_base64=32, max_side=300, min_side=20)}),
        (Image(data=PNG), {"image": KindLimits(max_ratio=15.0, max_count=1, types=("image/png",))}),
        (Image(data=JPEG, media_type="image/jpg"), {"image": KindLimits(types=("image/jpeg",), max_side=1)}),
        (Image(data=b"\xff\xd8\xff"), {"image": KindLimits(max_side=1)}),
        (Image(data=b"GIF89a\0\0\0\0"), {"image": KindLimits(min_side=1)}),
        (File(data=b"a,b", media_type="text/csv"), {"file": KindLimits(types=("application/pdf",))}),
        (Audio(data=b"??", format="pcm16"), {"audio": KindLimits(types=("audio/wav",))}),
    ],
)
def test_what_is_at_a_limit_goes(part: Medium, limits: Any) -> None:
    checked(part, **limits)


def test_a_type_that_is_not_taken_is_unsupported_or_left_out_with_a_note() -> None:
    limits = KindLimits(types=("image/png", "image/jpeg"))
    with pytest.raises(
        UnsupportedError, match=r"acme takes no image of the type image/webp, but image/png, im"
    ):
        checked(Image(data=b"RIFF\0\0\0\0WEBP"), image=limits)
    lenient = check(drop=True, image=limits)
    request = asking(Image(data=b"?", media_type="image/bmp"), Text(text="What is it?"))
    assert lenient.checked(request).messages[1].content == (Text(text="What is it?"),)
    assert [note.code for note in lenient.notes] == ["dropped"]
    assert "image/bmp" in lenient.notes[0].message


def test_media_are_counted_over_the_whole_request() -> None:
    two = asking(Image(url="https://x.test/1"), Image(url="https://x.test/2"), File(file_id="f"))
    check(image=KindLimits(max_count=2)).checked(two)
    with pytest.raises(InputError, match=r"messages\[1\].content\[1\] is one image too many"):
        check(image=KindLimits(max_count=1)).checked(two)


def test_a_request_that_is_too_large_as_a_whole_is_an_error() -> None:
    wire = HttpRequest(method="POST", origin="https://acme.test", target=b"/", body=b"x" * 11)
    check(request_bytes=11).check_size(wire)
    check().check_size(wire)
    MediaCheck(None, who="acme", drop=False).check_size(wire)
    check(request_bytes=1).check_size(SocketRequest(origin="wss://acme.test", target=b"/"))
    with pytest.raises(InputError, match="the request is 11 bytes long; acme takes 10"):
        check(request_bytes=10).check_size(wire)
