"""Reading the catalogue: one small TOML file for a provider, one for its models, the user's tables on top.

A call reads its own provider's file only; the file of other names is read for a name that has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from baimo.catalogue.rows import (
    Auth,
    Endpoint,
    HolidayYear,
    ModelRow,
    ModelsFile,
    ProviderRow,
    SecretFacts,
)
from baimo.errors import ConfigError, UnknownProviderError
from baimo.types.hours import Holidays
from baimo.types.models import ModelInfo, Price

_HERE = Path(__file__).parent
_ENDPOINT_KEYS = frozenset(Endpoint.__struct_fields__) - {"name"}
_OWN_KEYS = frozenset(("name", "models", "served_as", "since", "until", "remark"))
"""What an endpoint never takes from the one that it is like."""
_ROW_KEYS = frozenset(ProviderRow.__struct_fields__) - {"name", "endpoints"}


@cache
def provider_names() -> tuple[str, ...]:
    """The names of all rows, sorted."""
    return tuple(sorted(path.stem for path in (_HERE / "providers").glob("*.toml")))


@cache
def aliases() -> Mapping[str, str]:
    """Other names of providers, each with the row it means."""
    return _toml((_HERE / "aliases.toml").read_text("utf-8"))


def find(name: str) -> ProviderRow:
    """The row of a provider by its name or another name of it; case does not matter.

    Raises UnknownProviderError listing near names.
    """
    known = name.strip().lower()
    row = _read(known)
    if row is None and (meant := aliases().get(known)) is not None:
        row = _read(meant)
    if row is None:
        raise _unknown(name)
    return row


def provider(name: str) -> ProviderRow:
    """The row of exactly that name. Raises UnknownProviderError listing near names."""
    row = _read(name)
    if row is None:
        raise _unknown(name)
    return row


def providers() -> tuple[ProviderRow, ...]:
    """Every row; reads every file, so not for a call."""
    return tuple(provider(name) for name in provider_names())


def new_row(name: str, table: Mapping[str, Any]) -> ProviderRow:
    """A user's own provider of a known dialect: `dialect` and `base_url`, and whatever else a row may say.

    A key is optional there unless `auth` says otherwise. Raises ConfigError for what is missing, unknown or
    of the wrong type.
    """
    for key in ("dialect", "base_url"):
        if key not in table:
            raise ConfigError(f"provider {name!r} is not known, so it needs {key!r}", hint=_near_hint(name))
    endpoint = {"name": "default", "dialect": table["dialect"], "base_url": table["base_url"]}
    endpoint_row = replace(_convert(endpoint, Endpoint, name), auth=Auth(scheme="none"))
    bare = ProviderRow(
        name=name, title=name, title_zh=name, home="", source="configuration", endpoints=(endpoint_row,)
    )
    return merge(bare, {key: value for key, value in table.items() if key not in endpoint})


def merge(row: ProviderRow, overrides: Mapping[str, Any]) -> ProviderRow:
    """The row with a user's table on top.

    `endpoint` keeps only the endpoint of that name; keys of an endpoint (`base_url`, `headers`, `quirks`, …)
    are laid on every endpoint that is left, tables key by key; the name of one of its parameters (`region`,
    …) gives that its value. Raises ConfigError naming an unknown key with near names, or the key whose value
    has the wrong type.
    """
    endpoints = _chosen(row, overrides.get("endpoint"))
    parameters = frozenset(name for endpoint in endpoints for name in endpoint.parameters)
    known = _ENDPOINT_KEYS | _ROW_KEYS | parameters | {"endpoint"}
    for key in overrides:
        if key not in known:
            raise ConfigError(f"providers.{row.name}: unknown key {key!r}", hint=_near_words(key, known))
    mine = {key: value for key, value in overrides.items() if key in _ENDPOINT_KEYS and key not in _ROW_KEYS}
    both = {key: value for key, value in overrides.items() if key in _ROW_KEYS}
    values = {key: value for key, value in overrides.items() if key in parameters}
    merged = tuple(_merge_endpoint(row.name, endpoint, mine, values) for endpoint in endpoints)
    table = _table(row) | both | {"endpoints": [_table(endpoint) for endpoint in merged]}
    return _convert(table, ProviderRow, row.name)


@cache
def secret_facts(provider_name: str) -> Mapping[str, SecretFacts]:
    """What is known of a provider's credentials, by their names; never read for a call."""
    try:
        text = (_HERE / "secrets" / f"{provider_name}.toml").read_text("utf-8")
    except FileNotFoundError:
        return {}
    return _convert(_toml(text), dict[str, SecretFacts], provider_name)


@cache
def holidays() -> Holidays:
    """The published days off of every country that has a table; read when a price asks for them."""
    days: dict[str, frozenset[date]] = {}
    years: dict[str, frozenset[int]] = {}
    for path in sorted((_HERE / "holidays").glob("*.toml")):
        table = _convert(_toml(path.read_text("utf-8")), dict[str, HolidayYear], path.name)
        country = path.stem.upper()
        days[country] = frozenset(day for year in table.values() for day in year.days)
        years[country] = frozenset(map(int, table))
    return Holidays(days=days, years=years)


@cache
def models(provider_name: str) -> tuple[ModelInfo, ...]:
    """What is known of a provider's models, in the file's order, retired ones included."""
    text = _models_text(provider_name)
    if not text:
        return ()
    blocks = _toml(text)
    shared = _convert(blocks.pop("file"), ModelsFile, provider_name)
    rows = ((name, _convert(block, ModelRow, f"{provider_name}/{name}")) for name, block in blocks.items())
    return tuple(_info(provider_name, name, row, shared) for name, row in rows if not row.never)


def model(provider_name: str, name: str) -> ModelInfo | None:
    """What is known of one model, or None. Reads only that model's block of the file."""
    row = model_row(provider_name, name)
    if row is None or row.never:
        return None
    shared = _convert(_block(provider_name, "file"), ModelsFile, provider_name)
    return _info(provider_name, name, row, shared)


@cache
def model_row(provider_name: str, name: str) -> ModelRow | None:
    """The block of one model as it stands in the file, names that never existed included."""
    block = _block(provider_name, f'"{name}"')
    return None if block is None else _convert(block, ModelRow, f"{provider_name}/{name}")


@cache
def _read(name: str) -> ProviderRow | None:
    if not name.isascii() or not name.replace("-", "").isalnum():
        return None
    try:
        text = (_HERE / "providers" / f"{name}.toml").read_text("utf-8")
    except FileNotFoundError:
        return None
    table = {"name": name} | _toml(text)
    table["endpoints"] = _written_out(table.get("endpoints", []), name)
    return _convert(table, ProviderRow, name)


def _written_out(endpoints: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """The endpoints with what each takes from the one before it that it is `like`, tables key by key."""
    done: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        like = endpoint.pop("like", None)
        if like is not None and like not in done:
            raise ConfigError(f"providers.{name}: no endpoint before {endpoint['name']!r} is called {like!r}")
        shared = {key: value for key, value in done.get(like, {}).items() if key not in _OWN_KEYS}
        for key in ("quirks", "told"):
            if key in shared and key in endpoint:
                endpoint[key] = shared[key] | endpoint[key]
        done[endpoint["name"]] = shared | endpoint
    return list(done.values())


@cache
def _models_text(name: str) -> str:
    try:
        return "\n" + (_HERE / "models" / f"{name}.toml").read_text("utf-8")
    except FileNotFoundError:
        return ""


def _block(provider_name: str, header: str) -> dict[str, Any] | None:
    """The one table under a header line, parsed alone: a large file costs a call no more than a small one."""
    text = _models_text(provider_name)
    start = text.find(f"\n[{header}]\n")
    if start < 0:
        return None
    begin = start + len(header) + 4
    end = text.find("\n[", begin - 1)
    return _toml(text[begin : end if end >= 0 else len(text)])


def _info(provider_name: str, name: str, row: ModelRow, shared: ModelsFile) -> ModelInfo:
    return ModelInfo(
        id=name,
        provider=provider_name,
        context=row.context,
        max_output=row.max_output,
        input_modalities=row.input_modalities,
        output_modalities=row.output_modalities,
        prices=tuple(_dated(price, row, shared) for price in row.prices),
        retired=row.retired,
        successor=row.successor,
        remark=row.remark.en if row.remark else None,
        source=row.source or shared.source,
        checked=row.checked or shared.checked,
    )


def _dated(price: Price, row: ModelRow, shared: ModelsFile) -> Price:
    """A price without a source of its own has the model's, or the file's."""
    return replace(
        price,
        source=price.source or row.source or shared.source,
        checked=price.checked or row.checked or shared.checked,
    )


def _chosen(row: ProviderRow, name: Any) -> tuple[Endpoint, ...]:
    if name is None:
        return row.endpoints
    chosen = tuple(endpoint for endpoint in row.endpoints if endpoint.name == name)
    if not chosen:
        known = ", ".join(endpoint.name for endpoint in row.endpoints)
        raise ConfigError(f"providers.{row.name}: no endpoint is called {name!r}", hint=f"It has: {known}.")
    return chosen


def _merge_endpoint(
    provider_name: str, endpoint: Endpoint, mine: Mapping[str, Any], values: Mapping[str, Any]
) -> Endpoint:
    table = _table(endpoint)
    for key, value in mine.items():
        old = table.get(key)
        table[key] = old | value if isinstance(old, dict) and isinstance(value, dict) else value
    merged = _convert(table, Endpoint, provider_name)
    given = {
        name: replace(parameter, default=_convert(values[name], str, f"{provider_name}.{name}"))
        for name, parameter in endpoint.parameters.items()
        if name in values
    }
    return replace(merged, parameters=merged.parameters | given) if given else merged


def _table(row: ProviderRow | Endpoint) -> dict[str, Any]:
    """The row as the table it could have been read from."""
    table: dict[str, Any] = msgspec.to_builtins(row, builtin_types=(date,))
    return table


_T = TypeVar("_T")


def _convert(table: Any, kind: type[_T], name: str) -> _T:
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"providers.{name}: {error}") from error


def _unknown(name: str) -> UnknownProviderError:
    return UnknownProviderError(f"no provider is called {name!r}", hint=_near_hint(name))


def _near_hint(name: str) -> str:
    near = _near_words(name, {*provider_names(), *aliases()})
    return near or "`baimo providers` lists those that are known."


def _near_words(word: str, known: Iterable[str]) -> str | None:
    from difflib import get_close_matches

    near = get_close_matches(word.lower(), sorted(known), n=3, cutoff=0.6)
    return f"Did you mean {' or '.join(near)}?" if near else None


def _toml(text: str) -> dict[str, Any]:
    import tomllib  # not needed for a provider that is the user's own

    return tomllib.loads(text, parse_float=Decimal)
