"""How large a picture is, by its head alone."""

from __future__ import annotations

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.types.pixels import pixels_of

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + pack(">II", 300, 200)
GIF = b"GIF89a" + pack("<HH", 300, 200)
BMP = b"BM" + b"\0" * 12 + pack("<I", 40) + pack("<ii", 300, -200)
JPEG = (
    b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\x01\xff\xd0"  # a segment, filling, markers without a body
    b"\xff\xc0\0\x11\x08" + pack(">HH", 200, 300) + b"\x03"
)
WEBP = b"RIFF\0\0\0\0WEBP"
VP8X = WEBP + b"VP8X" + b"\0" * 8 + (299).to_bytes(3, "little") + (199).to_bytes(3, "little")
VP8L = WEBP + b"VP8L" + b"\0\0\0\0\x2f" + (299 | 199 << 14).to_bytes(4, "little") + b"\0" * 8
VP8 = WEBP + b"VP8 " + b"\0" * 4 + b"\0\0\0\x9d\x01\x2a" + pack("<HH", 300, 200) + b"\0"


@pytest.mark.parametrize("data", [PNG, GIF, BMP, JPEG, VP8X, VP8L, VP8])
def test_the_head_tells_width_and_height(data: bytes) -> None:
    assert pixels_of(data) == (300, 200)


@pytest.mark.parametrize(
    "data",
    [
        PNG[:20],
        GIF[:8],
        BMP[:20],
        JPEG[:14],
        b"\xff\xd8\0\0\0\0\0\0\0\0\0\0",
        WEBP,
        WEBP + b"ALPH" + b"\0" * 20,
        b"?",
    ],
)
def test_a_head_that_is_not_whole_tells_nothing(data: bytes) -> None:
    assert pixels_of(data) is None


@given(st.sampled_from([b"\xff\xd8", WEBP, b"\x89PNG", b"BM", b"GIF8"]), st.binary(max_size=60))
def test_any_bytes_are_looked_at_without_failing(start: bytes, rest: bytes) -> None:
    pixels_of(start + rest)
