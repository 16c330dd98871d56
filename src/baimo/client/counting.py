"""Counting tokens: whether the provider is asked, and the count that is made here where it is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from baimo.catalogue.tokenizers import family
from baimo.config.settings import Settings
from baimo.context.counting import Reckoned, reckon, reckon_text
from baimo.errors import ConfigError, InputError, MissingKeyError
from baimo.exchange import Deployment
from baimo.notes import Note
from baimo.rules import Route
from baimo.types.chat import ChatRequest
from baimo.types.counting import CountRequest, TokenCount

from .options import CountOptions, Messages, Model
from .request import build

_NAMES = frozenset(CountOptions.__annotations__)
_OF_PROMPT = ("system", "tools")


def prepare(
    settings: Settings, model: Model, messages: Messages, options: CountOptions
) -> tuple[CountRequest, Route, TokenCount | None]:
    """What is asked, and of whom; with the count where it was made here.

    Raises InputError for what is no prompt, ConfigError where the provider must count and cannot.
    """
    for name in options:
        if name not in _NAMES:
            raise InputError(f"unknown option {name!r}; count_tokens takes {', '.join(sorted(_NAMES))}")
    request = _request(messages, options)
    offline = options.get("offline")
    try:
        route = settings.resolve(model)
    except MissingKeyError:
        if offline is not True or not isinstance(model, str):
            raise
        return request, (), _reckoned(request, model, None)
    at = route[0][0]
    able = _counts(at) and (request.chat is None or getattr(at.dialect, "counts_prompts", False))
    if offline is True or (offline is None and not able):
        return request, route, _reckoned(request, at.model, at.provider)
    if not able:
        raise ConfigError(
            f"{at.provider} does not count {'texts' if request.chat is None else 'whole prompts'}",
            hint="Leave offline=False away, and the tokens are reckoned here.",
        )
    return request, route, None


def _counts(at: Deployment) -> bool:
    """Whether the provider has a tokenizer to ask."""
    tells = getattr(at.dialect, "counts", None)
    return hasattr(at.dialect, "encode_count") and (tells is None or tells(at.site))


def _request(messages: Messages, options: CountOptions) -> CountRequest:
    given: Mapping[str, Any] = options
    fields: Any = {name: given[name] for name in _OF_PROMPT if given.get(name) is not None}
    extra: Mapping[str, Any] = dict(options.get("extra") or {})
    headers: Mapping[str, str] = dict(options.get("headers") or {})
    if isinstance(messages, str) and not fields:
        return CountRequest(model="", text=messages, extra=extra, headers=headers)
    chat, _ = build(messages, fields, stream=False)
    return CountRequest(model="", chat=chat, extra=extra, headers=headers)


def _reckoned(request: CountRequest, model: str, provider: str | None) -> TokenCount:
    chat: ChatRequest | None = request.chat
    row = family(model)
    made: Reckoned = reckon_text(request.text, row) if chat is None else reckon(chat, row)
    notes = tuple(
        [Note(code="guessed", message=f"how many tokens {what} has is a guess") for what in made.guessed]
    )
    return TokenCount(
        tokens=made.tokens,
        how="offline",
        error=made.error,
        family=made.family,
        model=model,
        provider=provider,
        notes=notes,
    )
