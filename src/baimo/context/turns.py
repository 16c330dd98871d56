"""A conversation as turns and steps: what can be left out of it as a whole and what is left stays sound.

A turn begins with the user's words and goes on to the next ones; a step is an answer with the results of the
tools that it calls. A call and its result are never in two of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from baimo.types.chat import Message, Role
from baimo.types.content import ToolCall, ToolResult

SYSTEM = frozenset((Role.SYSTEM, Role.DEVELOPER))


def turns(messages: Sequence[Message]) -> list[tuple[int, ...]]:
    """The turns as places of their messages, the system's words left out.

    What stands before the user's first words is a turn of its own.

    >>> roles = (Role.SYSTEM, Role.USER, Role.ASSISTANT, Role.USER)
    >>> turns([Message(role=role) for role in roles])
    [(1, 2), (3,)]
    """
    spoken = [at for at, message in enumerate(messages) if message.role not in SYSTEM]
    return _grouped(messages, spoken, opens_turn)


def steps(messages: Sequence[Message], turn: Sequence[int]) -> list[tuple[int, ...]]:
    """The steps of a turn, the user's words first."""
    return _grouped(messages, turn, lambda message: message.role is Role.ASSISTANT)


def opens_turn(message: Message) -> bool:
    """Whether the user says something; results that some wires send in the user's name are nothing said."""
    return message.role is Role.USER and not any(isinstance(part, ToolResult) for part in message.content)


def _grouped(
    messages: Sequence[Message], places: Sequence[int], opens: Callable[[Message], bool]
) -> list[tuple[int, ...]]:
    groups: list[list[int]] = []
    for at in places:
        if not groups or opens(messages[at]):
            groups.append([])
        groups[-1].append(at)
        first = min(_home(groups, asked) for asked in _calls_before(messages, places, at) or (at,))
        if first < len(groups) - 1:
            groups[first:] = [[one for group in groups[first:] for one in group]]
    return [tuple(group) for group in groups]


def _home(groups: Sequence[Sequence[int]], at: int) -> int:
    """Which group holds a message."""
    return next(index for index, group in enumerate(groups) if at in group)


def _calls_before(messages: Sequence[Message], places: Sequence[int], at: int) -> list[int]:
    """Where the calls were made whose results a message holds: the nearest before it of each id."""
    found: list[int] = []
    for part in messages[at].content:
        if isinstance(part, ToolResult):
            made = (one for one in reversed(places) if one < at and _calls(messages[one], part.call_id))
            found.extend([one] if (one := next(made, None)) is not None else [])
    return found


def _calls(message: Message, call_id: str) -> bool:
    return any(isinstance(part, ToolCall) and part.id == call_id for part in message.content)
