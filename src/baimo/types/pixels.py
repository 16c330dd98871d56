"""How large a picture is, by its head alone."""

from __future__ import annotations

_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Segments of a JPEG file that tell the frame's size."""
_JPEG_BARE = frozenset((0x01, *range(0xD0, 0xD9)))
"""Marks without a segment behind them."""


def pixels_of(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels that a PNG, JPEG, GIF, BMP or WebP file tells; None where none can be read.

    >>> pixels_of(b"GIF89a" + (320).to_bytes(2, "little") + (200).to_bytes(2, "little"))
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
    elif data.startswith(b"BM") and len(data) >= 26:  # a negative height: rows from the top
        size = int.from_bytes(data[18:22], "little"), abs(int.from_bytes(data[22:26], "little", signed=True))
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
