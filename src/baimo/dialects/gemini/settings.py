"""`generationConfig`: sampling, the answer's form, thinking, sound. Neutral settings to the wire's."""

from __future__ import annotations

from typing import Any

from baimo.dialect.complaints import Complaints
from baimo.dialect.interval import Interval
from baimo.types.chat import AudioOutput, ChatRequest, Reasoning, ResponseFormat

from .quirks import Quirks
from .tools import narrowed

SAMPLING: tuple[tuple[str, str, Interval | None], ...] = (
    ("temperature", "temperature", Interval("[0, 2]")),
    ("top_p", "topP", Interval("[0, 1]")),
    ("top_k", "topK", None),
    ("max_tokens", "maxOutputTokens", None),
    ("seed", "seed", None),
    ("presence_penalty", "presencePenalty", Interval("[-2, 2]")),
    ("frequency_penalty", "frequencyPenalty", Interval("[-2, 2]")),
)
"""Our name, the wire's, and the range."""

_TOP_LOGPROBS = Interval("[0, 20]")
_MOST_STOPS = 5

_UNKNOWN = (
    "min_p",
    "repetition_penalty",
    "logit_bias",
    "verbosity",
    "prediction",
    "user",
    "prompt_cache_key",
)
"""What this wire has no word for."""

_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")

_BUDGETS = {"minimal": 512, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 32768, "max": 32768}
"""Tokens that stand for an effort where a model is told a budget."""


def encode_settings(request: ChatRequest, quirks: Quirks, complaints: Complaints) -> dict[str, Any]:
    """`generationConfig`; empty where nothing was asked for."""
    wire = _sampling(request, complaints)
    if request.response_format is not None:
        _format(request.response_format, wire, quirks, complaints)
    if request.modalities not in ((), ("text",)):
        wire["responseModalities"] = [word.upper() for word in request.modalities]
    if request.audio is not None:
        _audio(request.audio, wire, complaints)
    if request.reasoning is not None:
        thinking = _thinking(request.reasoning, quirks, complaints)
        if thinking:
            wire["thinkingConfig"] = thinking
    for name in _UNKNOWN:
        if getattr(request, name):
            complaints.cannot(name)
    return wire


def _sampling(request: ChatRequest, complaints: Complaints) -> dict[str, Any]:
    wire: dict[str, Any] = {}
    for ours, theirs, limits in SAMPLING:
        value = getattr(request, ours)
        if value is not None:
            wire[theirs] = value if limits is None else complaints.within(ours, value, limits)
    if request.stop:
        if len(request.stop) > _MOST_STOPS:
            complaints.cannot(f"more than {_MOST_STOPS} texts to stop at")
        wire["stopSequences"] = list(request.stop[:_MOST_STOPS])
    if request.n is not None and request.n != 1:
        wire["candidateCount"] = request.n
    if request.logprobs or request.top_logprobs is not None:
        wire["responseLogprobs"] = True
    if request.top_logprobs:
        wire["logprobs"] = int(complaints.within("top_logprobs", request.top_logprobs, _TOP_LOGPROBS))
    return wire


def _format(form: ResponseFormat, wire: dict[str, Any], quirks: Quirks, complaints: Complaints) -> None:
    """The answer's form. Its name is no more than a label, and the service always holds to a schema."""
    if form.type == "text":
        return
    wire["responseMimeType"] = "application/json"
    if form.schema is None:
        if form.description is not None:
            complaints.cannot("what the answer's form is for", "say it in a message")
        return
    schema = form.schema
    if form.description is not None and "description" not in schema:
        schema = {**schema, "description": form.description}
    if quirks.schemas == "json_schema":
        wire["responseJsonSchema"] = schema
    else:
        wire["responseSchema"] = narrowed(schema, "the schema of the answer", complaints)


def _audio(audio: AudioOutput, wire: dict[str, Any], complaints: Complaints) -> None:
    wire["speechConfig"] = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": audio.voice}}}
    if audio.format not in ("pcm16", "pcm"):
        complaints.cannot(f"to speak in the format {audio.format!r}", "it gives pcm16")
    wire.setdefault("responseModalities", ["AUDIO"])


def _thinking(reasoning: Reasoning, quirks: Quirks, complaints: Complaints) -> dict[str, Any]:
    """`thinkingConfig`. Thoughts are shown wherever thinking is asked for."""
    effort = reasoning.effort
    is_off = reasoning.enabled is False or effort == "none" or reasoning.budget == 0
    if quirks.thinking == "none":
        if not is_off:
            complaints.cannot("to think", "this model does not")
        return {}
    if is_off:
        return _off(quirks, complaints)
    wire: dict[str, Any] = {"includeThoughts": True}
    if reasoning.budget is not None:
        wire["thinkingBudget"] = _budget(reasoning.budget, quirks, complaints)
    elif effort is not None and quirks.thinking == "level":
        wire["thinkingLevel"] = _level(effort, quirks, complaints).upper()
    elif effort is not None:
        low, high = quirks.budgets
        wire["thinkingBudget"] = min(max(_BUDGETS[effort], low), high)
        complaints.emulated(
            f"the effort {effort!r} was sent as a budget of {wire['thinkingBudget']} tokens for thinking"
        )
    elif reasoning.enabled and not quirks.thinks_unasked:
        wire["thinkingBudget"] = -1
    return wire


def _off(quirks: Quirks, complaints: Complaints) -> dict[str, Any]:
    if quirks.thinking == "level":
        least = quirks.levels[0]
        complaints.cannot("not to think", f"the level {least!r} is its least")
        return {"thinkingLevel": least.upper()}
    if quirks.thinking_off:
        return {"thinkingBudget": 0}
    least_budget = quirks.budgets[0]
    complaints.cannot("not to think", f"a budget of {least_budget} tokens is its least")
    return {"thinkingBudget": least_budget}


def _budget(budget: int, quirks: Quirks, complaints: Complaints) -> int:
    if quirks.thinking == "level":
        return budget
    low, high = quirks.budgets
    return int(complaints.within("the budget for thinking", budget, Interval(f"[{low}, {high}]")))


def _level(effort: str, quirks: Quirks, complaints: Complaints) -> str:
    """The nearest level that the model knows."""
    if effort in quirks.levels:
        return effort
    place = _EFFORTS.index(effort)
    nearest = min(quirks.levels, key=lambda level: abs(_EFFORTS.index(level) - place))
    complaints.cannot(
        f"the effort {effort!r}", f"it knows {', '.join(quirks.levels)}; {nearest!r} is nearest"
    )
    return nearest
