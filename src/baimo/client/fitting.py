"""`fit`: a conversation made to fit a budget or a window; what was left out can be summed up by a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict, Unpack

from msgspec.structs import replace

from baimo.catalogue import load as catalogue
from baimo.catalogue.tokenizer_rows import Family
from baimo.catalogue.tokenizers import family
from baimo.config.settings import Settings
from baimo.context.counting import message_tokens, reckon
from baimo.context.fitting import Dropping, Fitted, trim
from baimo.context.summing import summarised, to_ask, with_summary
from baimo.errors import InputError, MissingKeyError
from baimo.types.chat import ChatRequest, ChatResponse
from baimo.types.models import ModelInfo
from baimo.types.tools import Tool

from .options import Messages
from .request import build

_USUAL_ANSWER = 4096
_MOST_SUMMARY = 1024
"""Tokens of a summary at the most; a quarter of the budget where that is less."""


class FitOptions(TypedDict, total=False):
    """How a conversation is made to fit."""

    budget: int | None
    """Tokens that prompt and `reserve` may have together; None: the window of `model`."""
    model: str | None
    """For whose tokenizer tokens are reckoned."""
    policy: Literal["drop_middle", "drop_oldest", "summarise"]
    """Which turns go: those after the first one, or from the first one on; "summarise": likewise from the
    first one on, and a model sums up what was left out."""
    keep_system: bool
    keep_last: int
    """How many of the last turns never go as a whole; 1 where nothing is said, and never fewer."""
    system: str | None
    tools: Sequence[Tool | Mapping[str, Any]]
    """Tools that the request will offer: they take room too."""
    reserve: int | None
    """Tokens kept free for the answer."""
    summarise_by: str | None
    """The model that sums up; None: `model`."""


_NAMES = tuple(FitOptions.__annotations__)


def fit(messages: Messages, **options: Unpack[FitOptions]) -> Fitted:
    """The conversation without as many turns as it takes to fit; nothing is sent.

    With `budget` that many tokens are the bound; without it the context that the catalogue knows for `model`,
    less `reserve` (the longest answer, at most a quarter of the context) and the error that an estimate may
    have. Messages are kept or left out as a whole; calls of tools and their results stay together, and the
    result begins with the user's words unless the conversation itself did not.

    >>> fit([("Hi", "Hello"), ("A", "B"), {"role": "user", "content": "C"}], budget=20).messages[-1].text
    'C'

    Raises InputError where the system's words and the last turn alone do not fit, or no bound is known.
    """
    plan = FitPlan(messages, options)
    if plan.summarises:
        raise InputError('policy="summarise" asks a model: call `fit` of a client')
    return plan.trimmed


class FitPlan:
    """What goes, and what is to be asked for a summary."""

    def __init__(self, messages: Messages, options: FitOptions, settings: Settings | None = None) -> None:
        """Raises InputError."""
        for name in options:
            if name not in _NAMES:
                raise InputError(f"unknown option {name!r}; fit takes {', '.join(_NAMES)}")
        model = options.get("model")
        named = _named(model, settings) if model else ""
        self._row = family(named)
        self._request = _request(messages, options)
        self.budget = _budget(named, self._row, options)
        self.by = options.get("summarise_by") or model
        policy = options.get("policy", "drop_middle")
        if policy not in ("drop_middle", "drop_oldest", "summarise"):
            raise InputError(f'policy must be "drop_middle", "drop_oldest" or "summarise", got {policy!r}')
        self._keep_last = options.get("keep_last", 1)
        self._keep_system = options.get("keep_system", True)
        self._policy: Dropping = "drop_middle" if policy == "drop_middle" else "drop_oldest"
        self.trimmed = self._trimmed(0)
        self.summarises = policy == "summarise" and bool(self.trimmed.dropped)
        self.room = min(_MOST_SUMMARY, self.budget // 4)
        if self.summarises:
            if self.by is None:
                raise InputError("who sums up? Give model or summarise_by")
            self.trimmed = self._trimmed(2 * self.room)

    @property
    def ask(self) -> str:
        """The prompt for the model that sums up."""
        return to_ask(self.trimmed.dropped, self.room)

    def told(self, response: ChatResponse) -> Fitted:
        """The conversation with the summary. Raises InputError where that is empty or too long."""
        if not response.text.strip():
            raise InputError(f"{self.by} gave no summary")
        messages = with_summary(self.trimmed, response.text.strip())
        tokens = self._beside() + sum(message_tokens(one, self._row) for one in messages)
        if tokens > self.budget:
            raise InputError(f"the summary is too long: {tokens} tokens where {self.budget} fit")
        return summarised(self.trimmed, messages, tokens, self.by or "")

    def _trimmed(self, beside: int) -> Fitted:
        made = trim(
            self._request.messages,
            self.budget,
            count=lambda message: message_tokens(message, self._row),
            beside=self._beside() + beside,
            policy=self._policy,
            keep_system=self._keep_system,
            keep_last=self._keep_last,
        )
        return replace(made, tokens=made.tokens - beside)

    def _beside(self) -> int:
        return reckon(replace(self._request, messages=()), self._row).tokens


def _request(messages: Messages, options: FitOptions) -> ChatRequest:
    given: Mapping[str, Any] = options
    fields: Any = {name: given[name] for name in ("system", "tools") if given.get(name) is not None}
    return build(messages, fields, stream=False)[0]


def _named(model: str, settings: Settings | None) -> str:
    """Provider and model, where a name is one of the user's own."""
    if settings is None:
        return model
    try:
        return settings.resolve(model)[0][0].name
    except MissingKeyError:
        return model


def _budget(model: str, row: Family, options: FitOptions) -> int:
    budget, reserve = options.get("budget"), options.get("reserve")
    for name, value in (("budget", budget), ("reserve", reserve)):
        if value is not None and (type(value) is not int or value < 0):
            raise InputError(f"{name} must be a whole number of tokens, got {value!r}")
    if budget is not None:
        return budget - (reserve or 0)
    if not model:
        raise InputError("give a budget in tokens, or a model whose window is known")
    facts = _facts(model)
    if facts is None or facts.context is None:
        raise InputError(f"how much {model} can hold is not known: give a budget in tokens")
    if reserve is None:
        reserve = min(facts.max_output or _USUAL_ANSWER, facts.context // 4)
    return int((facts.context - reserve) / (1 + row.error))


def _facts(model: str) -> ModelInfo | None:
    at = min((at for at in (model.find("/"), model.find(":")) if at > 0), default=-1)
    return None if at < 0 else catalogue.model(catalogue.find(model[:at]).name, model[at + 1 :])
