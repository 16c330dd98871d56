"""Bytes as addresses that hold them: `data:image/png;base64,…`, both ways."""

from __future__ import annotations

from base64 import b64encode
from binascii import Error as BadBase64
from binascii import a2b_base64

from baimo.types.sniff import media_type_of


def encode_data_url(data: bytes, media_type: str) -> str:
    """The address that holds these bytes."""
    return f"data:{media_type};base64,{b64encode(data).decode()}"


def decode_data_url(url: str) -> tuple[bytes, str | None]:
    """Bytes and media type of such an address, or of base64 alone. Raises ValueError for what is none.

    >>> decode_data_url("data:text/plain;base64,SGk=")
    (b'Hi', 'text/plain')
    """
    media_type = None
    start = 0
    if url.startswith("data:"):
        start = url.find(",") + 1
        media_type = url[5:start].partition(";")[0].rstrip(",") or None
    try:
        return a2b_base64(url[start:], strict_mode=True), media_type
    except BadBase64 as error:
        raise ValueError(f"no valid base64: {error}") from None


def image_type(data: bytes) -> str:
    """The media type that a picture's first bytes tell; PNG where they tell none."""
    found = media_type_of(data)
    return found if found is not None and found.startswith("image/") else "image/png"
