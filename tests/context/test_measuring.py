"""Pictures: sizes from the head of a file, tokens from sizes."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.catalogue.tokenizer_rows import PictureRule
from baimo.context.measuring import picture_tokens, size_of

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480) + b"\x08\x02"
GIF = b"GIF89a" + struct.pack("<HH", 320, 200)
FRAME = b"\xff\xc2\x00\x11\x08" + struct.pack(">HH", 300, 400) + bytes(10)
JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xff\x01\xff\xc4\x00\x03z" + FRAME
EXTENDED = b"RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\xff\x03\x00\xff\x01\x00"
LOSSLESS = b"RIFF\x00\x00\x00\x00WEBPVP8L\x0a\x00\x00\x00\x2f" + struct.pack("<I", 99 | 49 << 14) + bytes(9)
LOSSY = b"RIFF\x00\x00\x00\x00WEBPVP8 \x0a\x00\x00\x00\x00\x00\x00\x9d\x01\x2a" + struct.pack("<HH", 64, 32)

TILES = PictureRule(formula="tiles", base=85, tile=170)
AREA = PictureRule(formula="area", pixels=750)
CROPS = PictureRule(formula="crops", tile=258)
CELLS = PictureRule(formula="cells", cell=28, extra=2)


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (PNG, (640, 480)),
        (GIF, (320, 200)),
        (JPEG, (400, 300)),
        (EXTENDED, (1024, 512)),
        (LOSSLESS, (100, 50)),
        (LOSSY, (64, 32)),
        (b"RIFF\x00\x00\x00\x00WEBPVP8Z" + bytes(20), None),
        (PNG[:20], None),
        (b"\xff\xd8\xff\xe0\x00\x04ab", None),
        (b"GIF89a" + bytes(4), None),
        (b"nothing of the kind", None),
    ],
)
def test_the_head_of_a_file_tells_the_size(data: bytes, size: tuple[int, int] | None) -> None:
    assert size_of(data) == size


@given(
    st.sampled_from((PNG, GIF, JPEG, EXTENDED, LOSSLESS, LOSSY)), st.integers(0, 40), st.binary(max_size=9)
)
def test_no_file_breaks_the_reading(data: bytes, at: int, put: bytes) -> None:
    size = size_of(data[:at] + put)
    assert size is None or min(size) > 0


@pytest.mark.parametrize(
    ("rule", "width", "height", "tokens"),
    [
        (TILES, 1024, 1024, 765),  # an example of OpenAI's page: scaled to 768, four squares
        (TILES, 2048, 4096, 1105),  # the other one: scaled to 768 by 1536, six squares
        (TILES, 100, 100, 255),
        (AREA, 200, 200, 53),  # Anthropic's table: about 54
        (AREA, 1092, 1092, 1590),  # the same table
        (AREA, 8000, 8000, 1600),
        (AREA, 1, 1, 1),
        (CROPS, 384, 384, 258),  # Google's page: small pictures are one tile
        (CROPS, 960, 540, 6 * 258),  # its example: crops of 360 a side, three by two
        (CROPS, 10, 900, 4 * 258),
        (CELLS, 280, 280, 102),
        (CELLS, 10, 10, 6),
        (CELLS, 9000, 9000, 16386),
    ],
)
def test_sizes_become_tokens_as_the_makers_say(
    rule: PictureRule, width: int, height: int, tokens: int
) -> None:
    assert picture_tokens(rule, width, height) == tokens


def test_a_picture_of_low_detail_costs_the_base() -> None:
    assert picture_tokens(TILES, 4000, 4000, detail="low") == 85
