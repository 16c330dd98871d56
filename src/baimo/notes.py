"""A note: something mended or dropped that the caller is told of."""

from __future__ import annotations

import msgspec


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was mended, dropped or held on our side; told to the caller in `r.notes`."""

    code: str
    """A stable word: dropped, clamped, renamed, emulated, ..."""
    message: str
    """What was done and why, in a sentence."""
