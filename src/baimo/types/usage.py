"""What a call used, in classes that do not overlap. None means unknown, which is not 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw


class Usage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Tokens by class; no token is counted in two classes.

    `raw` is the provider's own object. A sum over unknown classes counts what is known; it is None
    when nothing is known.
    """

    input_uncached: int | None = None
    cache_read: int | None = None
    cache_write_5m: int | None = None
    cache_write_1h: int | None = None
    output_visible: int | None = None
    reasoning: int | None = None
    audio_in: int | None = None
    audio_out: int | None = None
    image_in: int | None = None
    image_out: int | None = None
    billed_input: int | None = None
    """What is paid for of all that was read, where that is another number (Cohere)."""
    billed_output: int | None = None
    """The same of what was made."""
    raw: Raw | None = None

    @property
    def input(self) -> int | None:
        """All tokens that were read."""
        fresh, cached = self.input_uncached, self.cache_read
        if self.cache_write_5m is self.cache_write_1h is self.audio_in is self.image_in is None:
            if cached is None:  # all that most providers tell
                return fresh
            if fresh is not None:
                return fresh + cached
        return _sum(fresh, cached, self.cache_write_5m, self.cache_write_1h, self.audio_in, self.image_in)

    @property
    def output(self) -> int | None:
        """All tokens that were made, reasoning included."""
        if self.reasoning is self.audio_out is self.image_out is None:
            return self.output_visible
        return _sum(self.output_visible, self.reasoning, self.audio_out, self.image_out)

    @property
    def total(self) -> int | None:
        read, made = self.input, self.output
        if made is None:
            return read
        return made if read is None else read + made


def together(usages: Sequence[Usage]) -> Usage:
    """What several calls used together; unknown where what one of them read is.

    >>> together([Usage(input_uncached=2, reasoning=1), Usage(input_uncached=3)]).total
    6
    """
    if any(usage.input is None for usage in usages):
        return Usage()
    counts: dict[str, Any] = {name: _sum(*[getattr(usage, name) for usage in usages]) for name in _COUNTS}
    return Usage(**counts)


_COUNTS = tuple([name for name in Usage.__struct_fields__ if name != "raw"])


def _sum(*counts: int | None) -> int | None:
    found: int | None = None
    for count in counts:
        if count is not None:
            found = count if found is None else found + count
    return found
