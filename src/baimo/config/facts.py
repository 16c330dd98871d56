"""Facts of models that the user tells: `[facts."provider/model"]`, over what the catalogue knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from baimo.errors import ConfigError
from baimo.types.models import ModelInfo, Price

from . import shape
from .layers import Layer, merged


class OwnFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What the user tells of one model; what he leaves out is as the catalogue has it."""

    context: int | None = None
    """Tokens that prompt and answer may have together."""
    max_output: int | None = None
    prices: tuple[Price, ...] = ()
    """Per million tokens; they stand in place of all that the catalogue has."""


def read_facts(layers: Iterable[Layer]) -> dict[str, OwnFacts]:
    """The facts by the names they are written under. Raises ConfigError naming file and key."""
    given = merged((layer, layer.table.get("facts", {})) for layer in layers)
    return {name: _read(one.value, one.layer, name) for name, one in given.items()}


def check_facts(layer: Layer) -> None:
    """Raise ConfigError for what is wrong in one layer's facts."""
    for name, table in layer.table.get("facts", {}).items():
        _read(table, layer, name)


def laid_on(info: ModelInfo | None, own: OwnFacts, *, provider: str, model: str) -> ModelInfo:
    """What is known of a model, with what the user tells on top."""
    told: dict[str, Any] = {
        name: value for name in OwnFacts.__struct_fields__ if (value := getattr(own, name))
    }
    return replace(info or ModelInfo(id=model, provider=provider), **told)


def _read(table: Any, layer: Layer, name: str) -> OwnFacts:
    where = f"{layer.label}: {shape.joined('facts', name)}"
    shape.check_value(table, "table", where=layer.label, path=shape.joined("facts", name))
    if not any(separator in name for separator in "/:"):
        raise ConfigError(f"{where}: a model is named provider/model")
    try:
        read = msgspec.convert(_exact(table), OwnFacts, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: {error}") from error
    for price in read.prices:
        if not (price.currency.isascii() and price.currency.isalpha() and len(price.currency) == 3):
            raise ConfigError(f"{where}: {price.currency!r} is no code of a currency, such as CNY")
    for field in ("context", "max_output"):
        if (bound := getattr(read, field)) is not None and bound < 1:
            raise ConfigError(f"{where}.{field} must be at least 1, not {bound}")
    return read


def _exact(value: Any) -> Any:
    """Numbers with a point as they were written: a price is no binary fraction."""
    if isinstance(value, float):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _exact(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_exact(one) for one in value]
    return value
