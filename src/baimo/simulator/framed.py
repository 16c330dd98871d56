"""Changing what a piece of a reply says without breaking its frame, where the wire has one."""

from __future__ import annotations

from collections.abc import Callable

from baimo.wire.eventstream import FrameDecoder, encode_frame

_FRAMED = b"\0"
"""What a message of an AWS event stream begins with: its length, which is never that large."""


def changed(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The piece with its content changed; lengths and checksums of a message are made anew."""
    if not data.startswith(_FRAMED):
        return change(data)
    frames = FrameDecoder().feed(data)
    return b"".join([encode_frame(headers, change(payload)) for headers, payload in frames])
