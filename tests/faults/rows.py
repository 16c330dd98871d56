"""What a row of the fault matrix is: a fault, and what the caller meets on each way to call."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from baimo.catalogue.rows import Bilingual
from baimo.errors import Error

TOKENS = ("w00", *(f" w{number:02d}" for number in range(1, 60)))
"""The tokens of what a provider says that nothing befalls."""
ANSWER = "".join(TOKENS)


class Met(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller meets: an answer, or an error of just that kind. Times are in the row's seconds."""

    error: type[Error] | None = None
    ended: str = ""
    """Of `StreamInterrupted`: cut, stalled or error."""
    limit: str = ""
    """Of `TimedOutError`: the limit that ran out."""
    requests: tuple[int, int] = (1, 0)
    """How many requests the first deployment had, and its fallback."""
    least_s: float = 0.0
    most_s: float = 0.0
    tokens: int | None = None
    """How many tokens were shown before an error; None: some, but not all, or none before the first event."""
    finish: str = "stop"
    usage: bool | None = True
    """Whether the answer tells what it took; None: that is the provider's matter."""
    repeated: int | None = None
    """The token that stands twice in the answer."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One fault. What a way does not say is as on the way before it: whole, streamed, with a fallback."""

    name: str
    what: Bilingual
    sees: Bilingual
    """What the caller sees, in words."""
    whole: Met
    streamed: Met | None = None
    whole_fallback: Met | None = None
    streamed_fallback: Met | None = None
    faults: tuple[str, ...] = ()
    """Rules of the simulator for the first deployment: `429@2*1`."""
    unwanted: str = ""
    """A word at which the first deployment breaks answers off for their content."""
    peer: str = ""
    """In place of a simulated provider: a peer of `worlds.PEERS`, which is broken below HTTP."""
    model: str = "openai/gpt-4o-mini"
    timeouts: Mapping[str, float] = {}
    """Time limits of the first deployment."""
    timeout: float | None = None
    """The time that the call is given as a whole."""
    wall_s: float = 0.0
    """By how much the caller's clock is wrong."""
    may_bill: bool = False
    """Whether an attempt that gives no answer may have been billed: it was sent, and not refused."""
    speed: float = 100.0
    """How many seconds of the row go by in a real one, on loopback."""

    def met(self, *, streamed: bool, fallback: bool) -> Met:
        """What is met on that way."""
        streamed_met = self.streamed or self.whole
        if not fallback:
            return streamed_met if streamed else self.whole
        whole_fallback = self.whole_fallback or self.whole
        if not streamed:
            return whole_fallback
        return self.streamed_fallback or (streamed_met if self.streamed else whole_fallback)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that takes more than one call to show, with the test that shows it."""

    name: str
    what: Bilingual
    sees: Bilingual
    attempts: Bilingual
    time: Bilingual
    test: str
    """`file::test`, below `tests/faults/`."""


def said(en: str, zh: str) -> Bilingual:
    """The same in both languages."""
    return Bilingual(en=en, zh=zh)
