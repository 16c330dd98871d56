"""Refusals of this wire that tell how the same thing may be asked for, and refusals that need the user.

The words are those of the provider's own replies; they never decide alone: what they speak of must have been
sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from baimo.dialect.mending import Mending
from baimo.dialect.protocols import Site
from baimo.errors import ContentFilteredError, ContextTooLongError, InvalidRequestError, ProviderError
from baimo.types.chat import ChatRequest

from .quirks import Quirks

_REFUSED = r"(?:not (?:be )?support\w*|unsupported|unrecognized|unknown|not (?:permitted|allowed))"


class _Entry(NamedTuple):
    """One refusal: the words, whether what they speak of was sent, and what helps."""

    words: str
    applies: Callable[[ChatRequest, Quirks], bool]
    mending: Mending


_ENTRIES: tuple[_Entry, ...] = (
    _Entry(
        rf"(?i)encrypted.{{0,10}}content.{{0,60}}{_REFUSED}|{_REFUSED}.{{0,60}}encrypted.{{0,10}}content",
        lambda request, quirks: quirks.encrypted != "never",
        Mending(
            quirks={"encrypted": "never"},
            told="The model gives no encrypted reasoning: it was not asked for.",
        ),
    ),
    _Entry(
        rf"(?i)reasoning.{{0,3}}summar.{{0,80}}{_REFUSED}|{_REFUSED}.{{0,60}}reasoning.{{0,3}}summar"
        r"|must be verified to (?:generate|use|stream) reasoning summar",
        lambda request, quirks: request.reasoning is not None and quirks.summary != "none",
        Mending(
            quirks={"summary": "none"},
            told="The provider gives no summary of the reasoning here: it was not asked for.",
        ),
    ),
    _Entry(
        r"(?i)of type 'reasoning' was provided without its required following item"
        r"|was provided without its required 'reasoning' item",
        lambda request, quirks: True,
        Mending(
            hint="An earlier answer was sent back without a part of it: append the response's `message` to "
            "the history as it came."
        ),
    ),
    _Entry(
        r"(?i)previous response .{0,80}not found|item with id .{0,80}not found",
        lambda request, quirks: True,
        Mending(
            hint="The provider no longer has that answer: it was made with store=False, is too old, or "
            "belongs to another account. Send the whole conversation instead."
        ),
    ),
)

_SAMPLING = ("temperature", "top_p", "top_logprobs")
"""What a model may refuse though it answers alike without."""


def mending(error: ProviderError, request: ChatRequest, site: Site) -> Mending | None:
    """What would help after that refusal, or None. Decides by words, and by what was sent."""
    if not isinstance(error, InvalidRequestError) or isinstance(
        error, (ContextTooLongError, ContentFilteredError)
    ):
        return None
    quirks: Quirks = site.quirks or Quirks()
    for entry in _ENTRIES:
        if entry.applies(request, quirks) and re.search(entry.words, error.message, re.DOTALL):
            return entry.mending
    for name in _SAMPLING:
        if getattr(request, name) is not None and re.search(
            rf"(?is)\b{name}\b.{{0,60}}{_REFUSED}|{_REFUSED}[^.]{{0,30}}\b{name}\b", error.message
        ):
            return _without(name, request, quirks)
    return None


def _without(name: str, request: ChatRequest, quirks: Quirks) -> Mending | None:
    field = "logprobs" if name == "top_logprobs" else name
    if field in quirks.refused:
        return None
    if request.unsupported != "drop":
        return Mending(hint=f'This model does not take {name}: leave it out, or pass unsupported="drop".')
    return Mending(
        quirks={"refused": (*quirks.refused, field)},
        told=f"The model refuses {name}: it was left out.",
        is_lasting=False,
    )
