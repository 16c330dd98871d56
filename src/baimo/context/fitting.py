"""Making a conversation fit into a budget of tokens: turns are left out by a stated policy, and told of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, TypeAlias

import msgspec

from baimo.errors import InputError
from baimo.notes import Note
from baimo.types.chat import Message

from .turns import SYSTEM, opens_turn, steps, turns

Dropping: TypeAlias = Literal["drop_middle", "drop_oldest"]


class Fitted(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation that fits, and what was left out of it."""

    messages: tuple[Message, ...]
    """What is left, in its order."""
    dropped: tuple[Message, ...] = ()
    """What was left out, in its order."""
    tokens: int
    """What `messages` are reckoned with, and what goes beside them."""
    budget: int
    notes: tuple[Note, ...] = ()
    """What was done, in words."""


def trim(
    messages: Sequence[Message],
    budget: int,
    *,
    count: Callable[[Message], int],
    beside: int = 0,
    policy: Dropping = "drop_middle",
    keep_system: bool = True,
    keep_last: int = 1,
) -> Fitted:
    """The conversation without as many turns as it takes to fit into `budget` tokens.

    `count` tells the tokens of a message; `beside` is what tools and the frame of a request take. Turns go as
    a whole, the oldest first; with "drop_middle" the first one goes last. The last `keep_last` turns never
    go, nor do the system's words while `keep_system` holds. Where that is not enough, steps in the middle of
    the last turn go, each with its calls and results. No message is ever shortened.

    Raises InputError where what must stay does not fit.
    """
    sizes = [count(message) for message in messages]
    total = beside + sum(sizes)
    gone: set[int] = set()
    for group in _candidates(messages, policy, keep_system, keep_last):
        if total <= budget:
            break
        gone.update(group)
        total -= sum(sizes[at] for at in group)
    if total > budget:
        raise InputError(
            f"what must stay has about {total} tokens, {total - budget} more than fit",
            hint="Give a larger budget, or shorten the system's words, the tools or the last turn.",
        )
    dropped = tuple([message for at, message in enumerate(messages) if at in gone])
    return Fitted(
        messages=tuple([message for at, message in enumerate(messages) if at not in gone]),
        dropped=dropped,
        tokens=total,
        budget=budget,
        notes=_told(messages, gone, sum(sizes[at] for at in gone)),
    )


def _candidates(
    messages: Sequence[Message], policy: Dropping, keep_system: bool, keep_last: int
) -> Iterator[Sequence[int]]:
    """What may go, in the order in which it goes."""
    every = turns(messages)
    last = max(keep_last, 1)
    old = every[:-last]
    if policy == "drop_middle":
        first = next((turn for turn in old if opens_turn(messages[turn[0]])), None)
        old = [turn for turn in old if turn is not first] + ([] if first is None else [first])
    yield from old
    if not keep_system:
        yield from ((at,) for at, message in enumerate(messages) if message.role in SYSTEM)
    if every:
        for step in steps(messages, every[-1])[1:-1]:
            if not any(opens_turn(messages[at]) for at in step):
                yield step


def _told(messages: Sequence[Message], gone: set[int], tokens: int) -> tuple[Note, ...]:
    if not gone:
        return ()
    asked = sum(opens_turn(messages[at]) for at in gone)
    what = f"{len(gone)} of {len(messages)} messages ({asked} of them the user's, about {tokens} tokens)"
    return (Note(code="dropped", message=f"{what} were left out to fit"),)
