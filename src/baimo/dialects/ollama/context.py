"""The model's context: room asked for before a prompt is cut, and words when it was cut all the same.

A server cuts a prompt that does not fit without a word: the oldest messages go, or the front of a long one.
"""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.dialect.estimate import PromptSize, prompt_size
from baimo.notes import Note
from baimo.types.chat import ChatRequest

from .quirks import Quirks

_SMALLEST_DEFAULT = 2048
"""The smallest context that any version of the server gives unasked: a shorter prompt is never cut."""

_AN_ANSWER = 1024
"""Tokens that are kept free for an answer without a limit."""

_MARGIN = 1.25
"""Code and numbers have more tokens than estimated; what is sent may be less than the server would give."""

_SURELY_LESS = 0.9
"""A count below this share of the prompt's floor cannot be of the whole prompt."""


class Window(msgspec.Struct, frozen=True):
    """How large a prompt is and what room it has, both in tokens."""

    size: PromptSize
    num_ctx: int | None
    """What the request says; None leaves it to the server."""


def window_of(request: ChatRequest, quirks: Quirks, given: Any) -> Window:
    """The window of a request whose own `num_ctx` is `given`.

    Where it has none, and the prompt with some room for an answer would not fit into what the server gives,
    the next double of that which fits is taken: each other size makes the server load the model anew. The
    limit of an answer counts up to half of the server's own context, so that a generous one alone does not
    cost memory.
    """
    size = prompt_size(request)
    if given is not None or not quirks.server_context:
        return Window(size, given if type(given) is int else None)
    room = quirks.server_context
    answer = min(request.max_tokens or _AN_ANSWER, room // 2)
    wanted = round(size.likely * _MARGIN) + answer
    if wanted <= room:
        return Window(size, None)
    while room < wanted:
        room *= 2
    return Window(size, room)


def tell(window: Window, given: Any, quirks: Quirks, complaints: Complaints) -> None:
    """Notes on what is sent."""
    if window.num_ctx is None:
        return
    if given is None:
        complaints.note(
            "context_raised",
            f"the prompt has about {window.size.likely} tokens, more than fit into the server's "
            f"{quirks.server_context} beside an answer: num_ctx {window.num_ctx} was sent, for which the "
            "server may load the model anew",
        )
    elif window.size.least > window.num_ctx:
        complaints.note(
            "context_short",
            f"the prompt has about {window.size.likely} tokens, but num_ctx is {window.num_ctx}: the server "
            "cuts what does not fit without saying so",
        )


def cut_note(window: Window, counted: int | None) -> Note | None:
    """A warning where the server counted fewer tokens than the prompt must have, or its context is full.

    A prompt that is shorter than the smallest context never warns, nor does a count that was not told (old
    servers leave it out for a prompt that they had in their cache).
    """
    if counted is None:
        return None
    room = window.num_ctx
    if room is not None and counted >= room - 1:
        return Note(
            code="context_cut",
            message=f"the prompt filled all {room} tokens of context, so the server has cut it; send a "
            'shorter one, or a larger extra={"options": {"num_ctx": …}}',
        )
    floor = window.size.least
    if floor < min(room or _SMALLEST_DEFAULT, _SMALLEST_DEFAULT) or counted >= floor * _SURELY_LESS:
        return None
    return Note(
        code="context_cut",
        message=f"the server read {counted} tokens of a prompt that has at least {floor}: it has cut the "
        "rest off, for the model's context is too small (a server of before 2025 may instead have left out "
        "what was in its cache)",
    )
