"""Tokens of a picture from its size, and its size from the head of its file. No pixel is decoded."""

from __future__ import annotations

from baimo.catalogue.tokenizer_rows import PictureRule

UNKNOWN = 1024
"""Tokens that a picture of unknown size is reckoned with."""

_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Segments of a JPEG file that tell the frame's size."""
_JPEG_BARE = frozenset((0x01, *range(0xD0, 0xD9)))
"""Marks without a segment behind them."""


def size_of(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels that a PNG, JPEG, GIF or WebP file tells; None where none can be read.

    >>> size_of(b"GIF89a" + (320).to_bytes(2, "little") + (200).to_bytes(2, "little"))
    (320, 200)
    """
    size: tuple[int, int] | None = None
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR" and len(data) >= 24:
        size = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    elif data.startswith((b"GIF87a", b"GIF89a")) and len(data) >= 10:
        size = int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    elif data.startswith(b"RIFF") and data[8:12] == b"WEBP" and len(data) >= 30:
        size = _webp(data)
    elif data.startswith(b"\xff\xd8"):
        size = _jpeg(data)
    return size if size is not None and min(size) > 0 else None


def _webp(data: bytes) -> tuple[int, int] | None:
    """By the three kinds of first chunk: extended, without loss, lossy (RFC 9649, section 2)."""
    kind = data[12:16]
    if kind == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if kind == b"VP8L" and data[20] == 0x2F:
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        return (
            int.from_bytes(data[26:28], "little") & 0x3FFF,
            int.from_bytes(data[28:30], "little") & 0x3FFF,
        )
    return None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    """Segments are walked up to the first one that tells a frame's size (ITU T.81, annex B)."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        mark = data[at + 1]
        if mark == 0xFF:
            at += 1
        elif mark in _JPEG_BARE:
            at += 2
        elif mark in _JPEG_SIZES:
            return int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def picture_tokens(rule: PictureRule, width: int, height: int, *, detail: str | None = None) -> int:
    """Tokens of a picture of that size by a family's formula.

    - `tiles` (OpenAI): scaled to at most 2048 a side and 768 on the short one, `base` and `tile` for each
      square of 512; `base` alone with detail "low".
    - `area` (Anthropic): scaled to at most 1568 a side, then one token for `pixels` pixels, at most 1600.
    - `crops` (Gemini): `tile` for at most 384 pixels a side, else `tile` for each square crop.
    - `cells` (Qwen and others): one token for each square of `cell` pixels a side, from 4 to 16384, and
      `extra`.

    Sources, as of 2026-11: the makers' pages on pictures in prompts.
    """
    if rule.formula == "tiles":
        return _tiles(rule, width, height, detail)
    if rule.formula == "area":
        shrunk = min(1.0, 1568 / max(width, height))
        return max(1, min(1600, round(width * shrunk * height * shrunk / rule.pixels)))
    if rule.formula == "crops":
        if max(width, height) <= 384:
            return rule.tile
        side = min(768, max(256, int(min(width, height) / 1.5)))
        return rule.tile * -(-width // side) * -(-height // side)
    cells = max(1, round(width / rule.cell)) * max(1, round(height / rule.cell))
    return min(16384, max(4, cells)) + rule.extra


def _tiles(rule: PictureRule, width: int, height: int, detail: str | None) -> int:
    if detail == "low":
        return rule.base
    shrunk = min(1.0, 2048 / max(width, height))
    shrunk = min(shrunk, 768 / min(width, height))
    across, down = (max(1, -(-int(side * shrunk) // 512)) for side in (width, height))
    return rule.base + rule.tile * across * down
