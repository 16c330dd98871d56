"""All that calls to one model go by: `baimo models --why MODEL`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .words import language, say

if TYPE_CHECKING:
    from baimo.types.behaviours import Behaviour, ModelBehaviour

    from .console import Console

_AREAS = [
    "thinking",
    "sampling",
    "messages",
    "tools",
    "answer",
    "stream",
    "cache",
    "search",
    "call",
    "vectors",
    "limits",
    "prices",
]


def explain(console: Console, model: str, *, as_json: bool) -> int:
    """Print what is known of a model, and who says it."""
    from baimo.config.settings import load_settings

    found = load_settings().behaviours(model, language=language())
    if as_json:
        import msgspec

        told = [msgspec.to_builtins(one) for one in found]
        console.line(json.dumps(told, ensure_ascii=False, indent=2))
        return 0
    for number, one in enumerate(found):
        if number:
            console.line("")
        console.lines(place_lines(console, one))
    return 0


def place_lines(console: Console, one: ModelBehaviour) -> list[str]:
    """One place of the route: what somebody says of the model, then what nobody does."""
    place = say("why.place", endpoint=one.endpoint, dialect=one.dialect)
    lines = [console.bold(f"{one.provider}/{one.model}") + f"  {place}"]
    if not one.is_known:
        lines.append(say("why.unknown"))
    said = [behaviour for behaviour in one.behaviours if behaviour.origin != "default"]
    for area in _AREAS:
        if here := [behaviour for behaviour in said if behaviour.area == area]:
            lines += ["", console.bold(say(f"why.area.{area}"))]
            for behaviour in here:
                lines += behaviour_lines(behaviour)
    if silent := [behaviour for behaviour in one.behaviours if behaviour.origin == "default"]:
        names = ", ".join(f"{behaviour.name} = {value_words(behaviour.value)}" for behaviour in silent)
        lines += ["", say("why.defaults", names=names)]
    return lines


def behaviour_lines(one: Behaviour) -> list[str]:
    """A behaviour with its value, what it is, and who says it."""
    head = f"  {one.name} = {value_words(one.value)}"
    told = [origin_words(one)]
    if one.source:
        told.append(one.source)
    if one.checked:
        told.append(say("why.checked", date=one.checked))
    return [head, *([f"      {one.means}"] if one.means else []), f"      {' · '.join(told)}"]


def origin_words(one: Behaviour) -> str:
    """Who says it."""
    if one.origin == "configuration" and not one.where:
        return say("why.own_facts")
    return say(f"why.{one.origin}", where=one.where)


def value_words(value: Any) -> str:
    """A value as people read it: as JSON, texts without marks."""
    if isinstance(value, str):
        return value or '""'
    return json.dumps(value, ensure_ascii=False)
