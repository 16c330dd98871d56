"""How large a picture is, by its head alone."""

from __future__ import annotations

from struct import unpack_from

_SIZES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""The JPEG markers behind which height and width stand."""
_WITHOUT_BODY = frozenset({0x01, *range(0xD0, 0xD9)})


def pixels_of(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels; None where the head does not tell them.

    >>> pixels_of(b"GIF89a\\x02\\x00\\x03\\x00")
    (2, 3)
    """
    if data.startswith(b"\x89PNG") and len(data) >= 24:
        width, height = unpack_from(">II", data, 16)
        return width, height
    if data.startswith(b"GIF8") and len(data) >= 10:
        width, height = unpack_from("<HH", data, 6)
        return width, height
    if data.startswith(b"BM") and len(data) >= 26:
        width, height = unpack_from("<ii", data, 18)
        return abs(width), abs(height)
    if data.startswith(b"\xff\xd8"):
        return _jpeg(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP" and len(data) >= 30:
        return _webp(data)
    return None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker in _SIZES:
            height, width = unpack_from(">HH", data, at + 5)
            return width, height
        at += (
            1 if marker == 0xFF else 2 if marker in _WITHOUT_BODY else 2 + unpack_from(">H", data, at + 2)[0]
        )
    return None


def _webp(data: bytes) -> tuple[int, int] | None:
    form = data[12:16]
    if form == b"VP8X":
        return (
            1 + int.from_bytes(data[24:27], "little"),
            1 + int.from_bytes(data[27:30], "little"),
        )
    if form == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if form == b"VP8 ":
        width, height = unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None
