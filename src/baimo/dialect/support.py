"""How a dialect deals with each feature of a request or a reply: the words of its declaration."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Support: TypeAlias = Literal["carried", "emulated", "refused"]
"""carried: what was asked is on the wire, and reading that gives it again; of a reply likewise.
emulated: it is said in another way, or left to the wire's own rule; a remark says how.
refused: UnsupportedError before anything is sent, or a note under `unsupported="drop"`; of a reply: the wire
has no place for it."""

Remark: TypeAlias = tuple[str, str]
"""A few words in English and in Chinese."""


class Features(msgspec.Struct, frozen=True, kw_only=True):
    """What a dialect declares."""

    support: dict[str, Support]
    """Of every feature that `dialect.features` lists."""
    remarks: dict[str, Remark]
    untold: tuple[str, ...] = ()
    """The emulated ones that no note tells of, as nothing that was asked for is lost by them."""

    def named(self, support: Support) -> tuple[str, ...]:
        """The features that are dealt with in that way, in the order of the list."""
        return tuple([name for name, found in self.support.items() if found == support])
