"""The choice among deployments: pure, so that it can be made again from a log.

`choose` takes what is known of the candidates and gives the order in which they are to be tried. Everything
that it uses stands in its arguments, chance included; `again` makes a recorded choice anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import Literal, TypeAlias, get_args

import msgspec

from baimo.types.record import Decision

Strategy: TypeAlias = Literal["ordered", "weighted", "least-latency", "cheapest", "least-busy"]
STRATEGIES: tuple[str, ...] = get_args(Strategy)


class Standing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of one candidate at the moment of the choice."""

    name: str
    """provider/model, with the endpoint and the key where there are several."""
    tier: int = 0
    """Its place in the route: with "ordered" a lower tier comes first, whatever else is known."""
    weight: float = 1.0
    wait_s: float = 0.0
    """Until it may be used; 0: now."""
    reason: str | None = None
    """Why it may not be used now: cooling, out, ejected."""
    word: str | None = None
    """The stable code of the error behind that."""
    busy: int = 0
    latency_s: float | None = None
    cost: float | None = None
    """Of this request at the worst, in one currency; for comparing only."""


def choose(
    strategy: Strategy, standings: Sequence[Standing], *, dice: float, sticky: str | None = None
) -> tuple[int, ...]:
    """Places in `standings` of those that may be used now, best first.

    Of one tier (or of all, unless the strategy is "ordered") those that are equal otherwise are drawn by
    weight with `dice` in [0, 1), or by `sticky`: the same text leads to the same candidate as long as it is
    there, so that a conversation finds the provider's prompt cache again.

    >>> choose("ordered", [Standing(name="a", wait_s=3, reason="cooling"), Standing(name="b")], dice=0.5)
    (1,)
    """
    usable = readmitted(standings)
    drawn = _drawn(standings, usable, dice, sticky)
    ranks = {place: rank for rank, place in enumerate(drawn)}

    def rank(place: int) -> tuple[float, float]:
        one = standings[place]
        if strategy == "ordered":
            return one.tier, ranks[place]
        if strategy == "least-latency":
            return one.latency_s if one.latency_s is not None else 0.0, ranks[place]
        if strategy == "cheapest":
            return one.cost if one.cost is not None else float("inf"), ranks[place]
        if strategy == "least-busy":
            return one.busy / one.weight, ranks[place]
        return 0.0, ranks[place]

    return tuple(sorted(usable, key=rank))


def readmitted(standings: Sequence[Standing]) -> list[int]:
    """Who may be used now. Never more than half of the candidates are ejected at once: the others come back,
    those first whose time is over first.
    """
    ejected = sorted(
        (one.wait_s, place)
        for place, one in enumerate(standings)
        if one.reason == "ejected" and one.wait_s > 0
    )
    back = {place for _, place in ejected[: max(len(ejected) - len(standings) // 2, 0)]}
    return [place for place, one in enumerate(standings) if one.wait_s <= 0 or place in back]


def soonest(standings: Sequence[Standing]) -> float | None:
    """Seconds until the first candidate cools down; None where none is cooling."""
    waits = [one.wait_s for one in standings if one.reason == "cooling"]
    return min(waits, default=None)


def again(decision: Decision) -> tuple[int, ...]:
    """The order that a recorded decision must have had: it is made anew from what was written down."""
    standings = [msgspec.convert(one, Standing) for one in decision.standings]
    return choose(decision.strategy, standings, dice=decision.dice, sticky=decision.sticky)  # type: ignore[arg-type]


def _drawn(
    standings: Sequence[Standing], usable: Sequence[int], dice: float, sticky: str | None
) -> Sequence[int]:
    """`usable` in an order drawn by weight."""
    if len(usable) < 2:
        return usable
    if sticky is not None:
        return sorted(usable, key=lambda place: _pull(sticky, standings[place]))
    order = weighted_order([standings[place].weight for place in usable], dice)
    return [usable[place] for place in order]


def _pull(sticky: str, one: Standing) -> float:
    """How far a text is from a candidate (rendezvous hashing with weights): the least wins."""
    from hashlib import blake2b  # loads a library of ciphers, which only sticky calls need

    drawn = blake2b(f"{sticky}\0{one.name}".encode(errors="surrogatepass"), digest_size=8).digest()
    return -log((int.from_bytes(drawn) + 1) / 2**64) / one.weight


def weighted_order(weights: Sequence[float], dice: float) -> list[int]:
    """Positions of `weights`, the first drawn by weight with `dice` in [0, 1), the others following in turn.

    >>> weighted_order([1.0, 1.0, 2.0], 0.6)
    [2, 0, 1]
    """
    if len(weights) < 2:
        return list(range(len(weights)))
    mark = dice * sum(weights)
    first = len(weights) - 1
    for position, weight in enumerate(weights):
        mark -= weight
        if mark < 0:
            first = position
            break
    return [(first + step) % len(weights) for step in range(len(weights))]
