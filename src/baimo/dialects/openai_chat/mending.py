"""Refusals of this wire that tell how the same thing may be asked for, and refusals that need the user.

Each entry says which words tell it, when it applies, and what helps. The words are those of the providers'
own documentation and of replies quoted in public; the words alone never decide: what they speak of must have
been sent. Reasoning that is missing from a history is never made up; what is there goes back where it is
asked for, and stays out where it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from baimo.dialect.mending import Mending
from baimo.dialect.protocols import Site
from baimo.errors import ContentFilteredError, ContextTooLongError, InvalidRequestError, ProviderError
from baimo.types.chat import ChatRequest, Role

from .quirks import Quirks

_REFUSED = r"(?:not (?:be )?support\w*|unsupported|unrecognized|unknown|not (?:permitted|allowed)|unexpected)"

_MISSING = r"(?i)reasoning_content.{0,80}(?:missing|must be passed back)|missing.{0,20}reasoning_content"


class _Entry(NamedTuple):
    """One refusal: the words, whether what they speak of was sent, and what helps."""

    words: str
    applies: Callable[[ChatRequest, Quirks], bool]
    mending: Mending


def _always(request: ChatRequest, quirks: Quirks) -> bool:
    return True


def _sends_empty_answer(request: ChatRequest, quirks: Quirks) -> bool:
    return not quirks.blank_content and any(
        message.role is Role.ASSISTANT and not message.text for message in request.messages
    )


def _has_all_reasoning(request: ChatRequest, quirks: Quirks) -> bool:
    """Whether every answer that called tools still has its reasoning, of which none was sent."""
    thought = [bool(message.thinking) for message in request.messages if message.tool_calls]
    return quirks.reasoning_replay == "never" and bool(thought) and all(thought)


_ENTRIES: tuple[_Entry, ...] = (
    _Entry(
        r"(?i)only supports? (?:the )?stream|must be set to false for non-?stream"
        r"|not be support\w* when .?stream ?= ?false"
        r"|stream(?:ing)? (?:mode )?(?:is required|must be (?:true|enabled))",
        lambda request, quirks: not (request.stream or quirks.stream_only),
        Mending(
            quirks={"stream_only": True},
            told="The model answers only as a stream: stream false became true, and the pieces were joined.",
        ),
    ),
    _Entry(
        rf"(?i)max_tokens\b.{{0,80}}(?:{_REFUSED}|deprecated).{{0,120}}max_completion_tokens",
        lambda request, quirks: request.max_tokens is not None and quirks.max_tokens_field == "max_tokens",
        Mending(
            quirks={"max_tokens_field": "max_completion_tokens"},
            told="The model refuses max_tokens: the limit was sent as max_completion_tokens.",
        ),
    ),
    _Entry(
        rf"(?i){_REFUSED}[^.]{{0,60}}max_completion_tokens|max_completion_tokens[^.]{{0,60}}{_REFUSED}",
        lambda request, quirks: (
            request.max_tokens is not None and quirks.max_tokens_field == "max_completion_tokens"
        ),
        Mending(
            quirks={"max_tokens_field": "max_tokens"},
            told="The provider does not know max_completion_tokens: the limit was sent as max_tokens.",
        ),
    ),
    _Entry(
        r"(?i)role.{0,80}\bdeveloper\b|\bdeveloper\b.{0,60}(?:not one of|role)|unknown variant .?developer",
        lambda request, quirks: (
            quirks.developer_role and any(message.role is Role.DEVELOPER for message in request.messages)
        ),
        Mending(
            quirks={"developer_role": False},
            told="The model does not know the role developer: its messages were sent as system.",
        ),
    ),
    _Entry(
        r"(?i)assistant.{0,60}must not be empty|empty.{0,40}assistant|content.{0,40}assistant.{0,40}empty",
        _sends_empty_answer,
        Mending(
            quirks={"blank_content": True},
            told="The provider refuses an assistant's message without content: one blank was sent instead.",
        ),
    ),
    _Entry(
        rf"(?i)stream_options.{{0,80}}{_REFUSED}|{_REFUSED}.{{0,60}}stream_options",
        lambda request, quirks: (
            (request.stream or quirks.stream_only)
            and request.include_usage is not False
            and quirks.stream_usage == "option"
        ),
        Mending(
            quirks={"stream_usage": "always"},
            told="The provider refuses stream_options: it was left out, so usage may not be told.",
        ),
    ),
    _Entry(
        r"(?i)tool_choice.{0,160}(?:thinking|reasoning)|(?:thinking|reasoning).{0,160}tool_choice",
        lambda request, quirks: request.tool_choice is not None,
        Mending(
            hint='While it thinks, the model chooses tools: pass tool_choice="auto", or reasoning="off".'
        ),
    ),
    _Entry(
        rf"(?i)response_format.{{0,80}}(?:{_REFUSED}|unavailable)"
        rf"|{_REFUSED}.{{0,60}}(?:response_format|json_schema|json_object|structured output)",
        lambda request, quirks: request.response_format is not None,
        Mending(
            hint='Ask for the form in the prompt, with response_format="json_object" where the model takes '
            "that, or take a model that knows this format."
        ),
    ),
    _Entry(
        r"(?i)remove the .?reasoning_content",
        lambda request, quirks: quirks.reasoning_replay != "never",
        Mending(
            quirks={"reasoning_replay": "never"},
            told="The model refuses earlier reasoning: it was sent without any.",
        ),
    ),
    _Entry(
        _MISSING,
        _has_all_reasoning,
        Mending(
            quirks={"reasoning_replay": "tool_turns"},
            told="The model wants its reasoning back where it called tools: it was sent with it.",
        ),
    ),
    _Entry(
        _MISSING,
        _always,
        Mending(
            hint="An answer that called tools while thinking was sent back without its reasoning: append the "
            "response's `message` to the history as it came."
        ),
    ),
)

_SAMPLING: tuple[tuple[str, Callable[[ChatRequest], Any]], ...] = (
    ("temperature", lambda request: request.temperature is not None),
    ("top_p", lambda request: request.top_p is not None),
    ("frequency_penalty", lambda request: request.frequency_penalty),
    ("presence_penalty", lambda request: request.presence_penalty),
    ("seed", lambda request: request.seed is not None),
    ("logprobs", lambda request: request.logprobs or request.top_logprobs is not None),
    ("logit_bias", lambda request: request.logit_bias),
    ("stop", lambda request: request.stop),
    ("n", lambda request: (request.n or 1) != 1),
)
"""What a model may refuse though it answers alike without: the name, and whether it was sent."""

_FIXED = (
    r"(?:is fixed|only .{0,40}(?:allowed|supported)|cannot be (?:set|changed|modified)|does ?n[o']t support)"
)


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
    name = _refused(error, request, quirks)
    if name is None:
        return None
    if request.unsupported != "drop":
        return Mending(hint=f'This model does not take {name}: leave it out, or pass unsupported="drop".')
    return Mending(
        quirks={"refused": (*quirks.refused, name)},
        told=f"The model refuses {name}: it was left out.",
        is_lasting=False,
    )


def _refused(error: ProviderError, request: ChatRequest, quirks: Quirks) -> str | None:
    """The parameter that was sent and that the refusal is about."""
    for name, sent in _SAMPLING:
        if not sent(request) or name in quirks.refused:
            continue
        if re.search(_about(name), error.message):
            return name
        if error.provider_code in {"unsupported_parameter", "unsupported_value"} and re.search(
            rf'"param": ?"{name}"', error.body or ""
        ):
            return name
    return None


def _about(name: str) -> str:
    """Words that refuse the parameter as such, and not for a value outside its range."""
    word = rf"['\"`]{name}['\"`]" if len(name) == 1 else rf"\b{name}\b"
    return rf"(?is){word}.{{0,60}}(?:{_REFUSED}|{_FIXED})|{_REFUSED}[^.]{{0,30}}{word}|invalid {word}: only"
