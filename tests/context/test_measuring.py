"""Pictures: sizes from the head of a file, tokens from sizes."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.catalogue.tokenizer_rows import PictureRule
from baimo.context.measuring import picture_tokens
from baimo.types.pixels import pixels_of

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480) + b"\x08\x02"
GIF = b"GIF89a" + struct.pack("<HH", 320, 200)
FRAME = b"\xff\xc2\x00\x11\x08" + struct.pack(">HH", 300, 400) + bytes(10)
JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xff\x01\xff\xc4\x00\x03z" + FRAME
EXTENDED = b"RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\xff\x03\x00\xff\x01\x00"
LOSSLESS = b"RIFF\x00\x00\x00\x00WEBPVP8L\x0a\x00\x00\x00\x2f" + struct.pack("<I", 99 | 49 << 14) + bytes(9)
LOSSY = b"RIFF\x00\x00\x00\x00WEBPVP8 \x0a\x00\x00\x00\x00\x00\x00\x9d\x01\x2a" + struct.pack("<HH", 64, 32)

TILES = PictureRule(formula="tiles", base=85, tile=170)
MINI = PictureRule(formula="patches", cell=32, most=1536, side=2048, factor=1.0)
GPT55 = PictureRule(
    formula="patches", cell=32, most=2500, side=2048, most_auto=10000, side_auto=6000, factor=1.2
)
GPT6 = PictureRule(
    formula="patches", cell=32, most=2500, side=65535, most_auto=30000, side_auto=65535, factor=1.2
)
STANDARD = PictureRule(formula="blocks", cell=28, most=1568, side=1568)
FINE = PictureRule(formula="blocks", cell=28, most=4784, side=2576)
CROPS = PictureRule(formula="crops", tile=258)
FLAT = PictureRule(formula="flat", base=1120)
CELLS = PictureRule(formula="cells", cell=32, most=1280, extra=2)
ROWS = PictureRule(formula="cells", cell=28, side=1540)


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
    assert pixels_of(data) == size


@given(
    st.sampled_from((PNG, GIF, JPEG, EXTENDED, LOSSLESS, LOSSY)), st.integers(0, 40), st.binary(max_size=9)
)
def test_no_file_breaks_the_reading(data: bytes, at: int, put: bytes) -> None:
    size = pixels_of(data[:at] + put)
    assert size is None or min(size) > 0


@pytest.mark.parametrize(
    ("rule", "width", "height", "tokens"),
    [
        (TILES, 1024, 1024, 765),  # an example of OpenAI's page: scaled to 768, four squares
        (TILES, 2048, 4096, 1105),  # the other one: scaled to 768 by 1536, six squares
        (TILES, 100, 100, 255),
        (MINI, 1024, 1024, 1024),  # an example of OpenAI's page: no scaling
        (MINI, 1800, 2400, 1452),  # the other one: scaled to 1056 by 1408
        (GPT55, 4032, 3024, 11868),  # measured: https://huggingface.co/datasets/JOHNISKING/image-token-cost
        (GPT55, 2560, 1440, 4320),
        (GPT6, 256, 256, 77),
        (GPT6, 4032, 3024, 14364),
        (GPT6, 1, 1, 2),
        (GPT6, 1, 900000, 2458),
        (STANDARD, 200, 200, 64),  # Anthropic's table
        (STANDARD, 1092, 1092, 1521),
        (STANDARD, 3840, 2160, 1560),  # its example: scaled to 1456 by 819
        (STANDARD, 1075, 1520, 33 * 47),  # and another one: scaled to 924 by 1307
        (STANDARD, 1, 1, 1),
        (STANDARD, 10, 90000, 56),
        (FINE, 1920, 1080, 2691),
        (FINE, 2160, 3840, 4784),
        (CROPS, 384, 384, 258),  # Google's page: small pictures are one tile
        (CROPS, 960, 540, 6 * 258),  # its example: crops of 360 a side, three by two
        (CROPS, 10, 900, 4 * 258),
        (FLAT, 50, 5000, 1120),
        (CELLS, 320, 320, 102),
        (CELLS, 10, 10, 6),
        (CELLS, 9000, 9000, 35 * 35 + 2),
        (CELLS, 640, 64, 42),
        (CELLS, 1, 70000, 1280 + 2),
        (ROWS, 280, 280, 11 * 10),
        (ROWS, 3080, 1540, 56 * 28),
        (ROWS, 1, 90000, 2 * 55),
    ],
)
def test_sizes_become_tokens_as_the_makers_say(
    rule: PictureRule, width: int, height: int, tokens: int
) -> None:
    assert picture_tokens(rule, width, height) == tokens


def test_a_picture_of_low_detail_is_shrunk() -> None:
    assert picture_tokens(TILES, 4000, 4000, detail="low") == 85
    assert picture_tokens(GPT6, 640, 480, detail="low") == 231
    assert picture_tokens(GPT6, 100, 100, detail="low") == 20


def test_a_picture_of_high_detail_is_held_to_less_than_one_of_none() -> None:
    assert picture_tokens(GPT6, 4032, 3024, detail="high") == 2942  # measured, as above
    assert picture_tokens(GPT55, 2560, 1440, detail="high") < picture_tokens(GPT55, 2560, 1440)
    assert picture_tokens(MINI, 1800, 2400, detail="high") == 1452


@given(
    st.sampled_from((MINI, GPT55, GPT6, STANDARD, FINE, CELLS, ROWS)),
    st.integers(1, 70000),
    st.integers(1, 70000),
)
def test_no_size_counts_for_nothing_or_more_than_the_bound(
    rule: PictureRule, width: int, height: int
) -> None:
    most = {"side": 56 * 55, "auto": rule.most_auto * rule.factor, "most": rule.most * rule.factor}
    assert 1 <= picture_tokens(rule, width, height) <= max(most.values()) + rule.extra + 1
