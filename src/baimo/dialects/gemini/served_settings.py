"""Being the provider: `generationConfig` to neutral settings; what has no neutral name goes to `foreign`."""

from __future__ import annotations

from typing import Any

from baimo.errors import InputError
from baimo.types.chat import AudioOutput, Reasoning, ResponseFormat

from .schemas import decode_schema
from .settings import SAMPLING
from .words import camel

_LEVELS = ("minimal", "low", "medium", "high", "xhigh")
_OURS = {theirs: ours for ours, theirs, _ in SAMPLING}
_WHOLE = ("topK", "maxOutputTokens", "seed", "candidateCount", "logprobs")


def decode_settings(value: Any, foreign: dict[str, Any]) -> dict[str, Any]:
    """Neutral fields of a request. Raises InputError naming a field of the wrong type."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InputError("generationConfig: must be an object")
    wire = camel(value)
    fields: dict[str, Any] = {}
    for theirs, ours in _OURS.items():
        if (number := _number(wire, theirs)) is not None:
            fields[ours] = number
    stops = wire.pop("stopSequences", None)
    if stops is not None:
        fields["stop"] = tuple(_texts(stops, "stopSequences"))
    count = _number(wire, "candidateCount")
    if count is not None and count != 1:
        fields["n"] = count
    if wire.pop("responseLogprobs", None) is True:
        fields["logprobs"] = True
    if (top := _number(wire, "logprobs")) is not None:
        fields["top_logprobs"] = top
    _modalities(wire, fields)
    for take in (_format, _thinking, _speech):
        take(wire, fields)
    if wire:
        foreign["generationConfig"] = wire
    return fields


def _number(wire: dict[str, Any], name: str) -> float | int | None:
    value = wire.pop(name, None)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InputError(f"generationConfig.{name}: must be a number")
    if name not in _WHOLE:
        return value
    if value % 1 != 0:
        raise InputError(f"generationConfig.{name}: must be a whole number")
    return int(value)


def _texts(value: Any, name: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InputError(f"generationConfig.{name}: must be a list of texts")
    return value


def _modalities(wire: dict[str, Any], fields: dict[str, Any]) -> None:
    given = wire.pop("responseModalities", None)
    if given is not None:
        words = [word.lower() for word in _texts(given, "responseModalities")]
        fields["modalities"] = () if words == ["text"] else tuple(words)


def _format(wire: dict[str, Any], fields: dict[str, Any]) -> None:
    kind = wire.get("responseMimeType")
    if kind == "text/plain":
        del wire["responseMimeType"]
        return
    if kind != "application/json":
        return
    del wire["responseMimeType"]
    schema = wire.pop("responseJsonSchema", None)
    subset = wire.pop("responseSchema", None)
    if schema is None and subset is not None:
        schema = decode_schema(subset)
    if schema is not None and not isinstance(schema, dict):
        raise InputError("generationConfig.responseJsonSchema: must be an object")
    form: Any = "json_object" if schema is None else "json_schema"
    fields["response_format"] = ResponseFormat(type=form, schema=schema)


def _thinking(wire: dict[str, Any], fields: dict[str, Any]) -> None:
    given = wire.get("thinkingConfig")
    if not isinstance(given, dict):
        return
    told = camel(given)
    shown, budget, level = told.get("includeThoughts"), told.get("thinkingBudget"), told.get("thinkingLevel")
    reasoning = None
    if isinstance(level, str) and level.lower() in _LEVELS:
        effort: Any = level.lower()
        reasoning = Reasoning(effort=effort)
        del told["thinkingLevel"]
    elif budget == 0:
        reasoning = Reasoning(enabled=False)
        del told["thinkingBudget"]
        told.pop("includeThoughts", None)
        shown = True  # there is nothing to be shown
    elif type(budget) is int and budget > 0:
        reasoning = Reasoning(budget=budget)
        del told["thinkingBudget"]
    elif shown is True or budget == -1:
        reasoning = Reasoning(enabled=True)
    if reasoning is not None:
        fields["reasoning"] = reasoning
        if shown is True:
            told.pop("includeThoughts", None)
        else:
            told["includeThoughts"] = False
    wire["thinkingConfig"] = told
    if not told:
        del wire["thinkingConfig"]


def _speech(wire: dict[str, Any], fields: dict[str, Any]) -> None:
    """A voice alone has a neutral name; two speakers, or a language, do not."""
    given = wire.get("speechConfig")
    names: list[str] = []
    step: Any = given
    for name in ("voiceConfig", "prebuiltVoiceConfig", "voiceName"):
        step = camel(step) if isinstance(step, dict) else {}
        names += step
        step = step.get(name)
    if isinstance(step, str) and names == ["voiceConfig", "prebuiltVoiceConfig", "voiceName"]:
        fields["audio"] = AudioOutput(voice=step, format="pcm16")
        del wire["speechConfig"]
