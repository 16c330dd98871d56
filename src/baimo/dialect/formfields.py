"""Requests that are forms of several parts: the file of a sound, and what `extra` adds to the fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from baimo.errors import InputError
from baimo.types.content import Audio
from baimo.types.sniff import media_type_of
from baimo.wire.multipart import FormPart, field

from .formats import format_named, media_type_named


def sound_file(audio: Audio) -> FormPart:
    """The part `file`, named by what its bytes are. Raises InputError where only an address is known."""
    if audio.data is None:
        raise InputError("sound is sent here by its bytes", hint="Fetch it first.")
    kind = media_type_of(audio.data)
    if audio.format is not None:
        kind = media_type_named(audio.format) or kind
    end = audio.format or (format_named(kind) if kind else None) or "wav"
    kind = kind or "application/octet-stream"
    return FormPart(name="file", data=audio.data, filename=f"audio.{end}", media_type=kind)


def sound_of(part: FormPart) -> Audio:
    """Being the provider: the sound of such a part, its format by its type or its name."""
    kind = part.media_type or media_type_of(part.data)
    end = (part.filename or "").rpartition(".")[2] or (format_named(kind) if kind else None)
    return Audio(data=part.data, format=end)


def laid_over(parts: Sequence[FormPart], extra: Mapping[str, Any]) -> list[FormPart]:
    """The parts, with what `extra` names in the place of a field. Raises InputError for what is no field.

    >>> [one.data for one in laid_over([field("a", "1"), field("b", "2")], {"b": True})]
    [b'1', b'true']
    """
    kept = [part for part in parts if part.name.removesuffix("[]") not in extra]
    for name, value in extra.items():
        kept += _fields(name, value)
    return kept


def _fields(name: str, value: Any) -> list[FormPart]:
    if isinstance(value, bool):
        return [field(name, "true" if value else "false")]
    if isinstance(value, (str, int, float)):
        return [field(name, str(value))]
    if isinstance(value, Sequence):
        return [part for one in value for part in _fields(f"{name}[]", one)]
    raise InputError(f"extra[{name!r}] cannot stand in a form: give a text, a number or a list of such")
