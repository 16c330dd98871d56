"""The order in which the keys of a pool are tried."""

from __future__ import annotations

from collections.abc import Sequence


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
