"""The commonest event of a stream as a small struct: a piece of text and nothing else."""

from __future__ import annotations

from typing import Literal

import msgspec


class Piece(msgspec.Struct, gc=False):
    """Every field that would mean something more is typed as null or empty, so that it is refused."""

    result: str
    is_end: bool = False
    finish_reason: Literal["", "normal"] | None = None
    function_call: None = None
    search_info: None = None
    error_code: None = None
    need_clear_history: bool = False
    is_truncated: bool = False
    usage: msgspec.Raw = msgspec.Raw(b"null")


decode_piece = msgspec.json.Decoder(Piece).decode
