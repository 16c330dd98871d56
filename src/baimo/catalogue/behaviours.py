"""What calls to a model go by, and where each of it is told: the rows, read the way a call reads them.

Nothing is kept here. The quirks are those that the dialect is handed for the model; who said each is asked of
the same endpoint and variants that they were made of.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from baimo.dialect import codes
from baimo.dialect.features import FEATURES
from baimo.dialect.interval import Interval
from baimo.dialect.support import Features
from baimo.types.behaviours import Behaviour, ModelBehaviour, Origin
from baimo.types.models import ModelInfo

from .rows import Endpoint, ProviderRow

OF_WIRES: Mapping[str, tuple[str, ...]] = {
    "thinking": (),
    "thinking_replay": ("reasoning_replay", "unsigned_thinking", "signatures"),
    "stream_usage": ("stream_usage",),
    "usage_cached": (),
    "usage_reasoning": (),
}
"""The features of a wire that are behaviours, each with the quirks that say more of it, where it has them."""

_AREAS = {"thinking": "thinking", "call": "stream"}
_FACTS = ("context", "max_output", "input_modalities", "output_modalities", "retired", "successor")


class Meaning(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a name of a quirk or of a fact stands for."""

    area: str
    en: str
    zh: str


class OwnWords(msgspec.Struct, frozen=True, kw_only=True):
    """What the user and this client's life add to the rows, by names."""

    quirks: Mapping[str, str] = {}
    """Quirks of the configuration: each with the file that says it."""
    learned: Mapping[str, str] = {}
    """Quirks that a refusal taught: each with what was changed."""
    facts: frozenset[str] = frozenset()
    """The facts of the model that the configuration tells."""


NO_WORDS = OwnWords()
NOTHING: Mapping[str, Any] = {}


@cache
def meanings() -> Mapping[str, Meaning]:
    """What every quirk of every wire stands for, and every other fact; never read for a call."""
    text = Path(__file__).with_name("behaviours.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Meaning])


def behaviour_of(
    row: ProviderRow,
    endpoint: Endpoint,
    model: str,
    *,
    quirks: Any = None,
    features: Features | None = None,
    asked: Mapping[str, Any] = NOTHING,
    info: ModelInfo | None = None,
    own: OwnWords = NO_WORDS,
    language: str = "en",
) -> ModelBehaviour:
    """All that calls to a model go by.

    `quirks` is the struct that its dialect is handed, `features` what the dialect declares, `asked` the wire
    fields that askings set, `info` the facts of the model; `language` "zh" gives Chinese.
    """
    is_zh = language.lower().startswith("zh")
    found = [
        *_of_quirks(row, endpoint, model, quirks, own),
        *_of_askings(endpoint, asked),
        *_of_wire(endpoint, features, quirks, is_zh=is_zh),
        *_of_rows(row, endpoint, model),
        *_of_model(info, own),
    ]
    return ModelBehaviour(
        provider=row.name,
        model=model,
        endpoint=endpoint.name,
        dialect=endpoint.dialect,
        is_known=info is not None or bool(endpoint.variants_of(model)),
        behaviours=tuple([_explained(one, is_zh=is_zh) for one in found]),
    )


def _of_quirks(
    row: ProviderRow, endpoint: Endpoint, model: str, quirks: Any, own: OwnWords
) -> Iterator[Behaviour]:
    for name in getattr(quirks, "__struct_fields__", ()):
        origin, where, source, checked = _teller(row, endpoint, model, name, own)
        yield Behaviour(
            name=name,
            area="",
            value=plain(getattr(quirks, name)),
            origin=origin,
            where=where,
            source=source,
            checked=checked,
        )


def _teller(
    row: ProviderRow, endpoint: Endpoint, model: str, quirk: str, own: OwnWords
) -> tuple[Origin, str, str | None, date | None]:
    """Who says a quirk, in the order in which one is laid over the other: where, source and day."""
    if quirk in own.learned:
        return "learned", own.learned[quirk], None, None
    if quirk in own.quirks:
        return "configuration", own.quirks[quirk], None, None
    source, checked = _told(row, endpoint)
    for variant in reversed(endpoint.variants_of(model)):
        if quirk in variant.quirks:
            where = ", ".join(variant.models)
            return "variant", where, variant.source or source, variant.checked or checked
    if quirk in endpoint.quirks:
        return "endpoint", endpoint.name, endpoint.told.get(quirk, source), checked
    return "default", "", None, None


def _of_askings(endpoint: Endpoint, asked: Mapping[str, Any]) -> Iterator[Behaviour]:
    for name, fields in asked.items():
        yield Behaviour(name=f"asked.{name}", area="", value=fields, origin="wire", where=endpoint.dialect)


def _of_wire(
    endpoint: Endpoint, features: Features | None, quirks: Any, *, is_zh: bool
) -> Iterator[Behaviour]:
    if features is None:
        return
    for feature in FEATURES:
        if feature.name not in OF_WIRES or any(hasattr(quirks, name) for name in OF_WIRES[feature.name]):
            continue
        remark = features.remarks.get(feature.name, ("", ""))[is_zh]
        means = feature.means_zh if is_zh else feature.means
        apart = "：" if is_zh else ": "
        yield Behaviour(
            name=f"wire.{feature.name}",
            area=_AREAS[feature.area],
            value=features.support[feature.name],
            origin="wire",
            where=endpoint.dialect,
            means=means + (apart + remark if remark else ""),
        )


def _of_rows(row: ProviderRow, endpoint: Endpoint, model: str) -> Iterator[Behaviour]:
    source, checked = _told(row, endpoint)
    of_endpoint = {
        "served_as": endpoint.served_as.get(model),
        "limits": plain(endpoint.limits),
        "since": endpoint.since,
        "until": endpoint.until,
    }
    for name, value in of_endpoint.items():
        if value:
            yield Behaviour(
                name=name,
                area="",
                value=plain(value),
                origin="endpoint",
                where=endpoint.name,
                source=source,
                checked=checked,
            )
    if row.codes is not None:
        told = "; ".join(codes.table(row.codes).sources)
        yield Behaviour(
            name="codes", area="", value=row.codes, origin="provider", source=told, checked=row.checked
        )
    for name in ("max_queue_s", "currency", "retired", "successor"):
        if value := getattr(row, name):
            yield Behaviour(
                name=f"provider.{name}",
                area="",
                value=plain(value),
                origin="provider",
                source=row.source,
                checked=row.checked,
            )


def _of_model(info: ModelInfo | None, own: OwnWords) -> Iterator[Behaviour]:
    if info is None:
        return
    for name in _FACTS:
        if value := getattr(info, name):
            is_own = name in own.facts
            yield Behaviour(
                name=name,
                area="",
                value=plain(value),
                origin="configuration" if is_own else "model",
                source=None if is_own else info.source,
                checked=None if is_own else info.checked,
            )
    for price in info.prices:
        table = plain(price)
        for name in ("source", "checked"):
            table.pop(name, None)
        yield Behaviour(
            name="price",
            area="",
            value=table,
            origin="configuration" if "prices" in own.facts else "model",
            source=price.source,
            checked=price.checked,
        )


def _told(row: ProviderRow, endpoint: Endpoint) -> tuple[str, date | None]:
    """Where what an endpoint says was read, and when."""
    return endpoint.source or row.source, endpoint.checked or row.checked


def _explained(one: Behaviour, *, is_zh: bool) -> Behaviour:
    meaning = meanings().get(one.name)
    if meaning is None:
        return one if one.area else msgspec.structs.replace(one, area="call")
    return msgspec.structs.replace(one, area=meaning.area, means=meaning.zh if is_zh else meaning.en)


def plain(value: Any) -> Any:
    """A value in texts, numbers, lists and tables."""
    return msgspec.to_builtins(value, str_keys=True, enc_hook=_text)


def _text(value: Any) -> str:
    return value.text if isinstance(value, Interval) else str(value)
