"""What a client keeps besides its calls: limits, cache, ledger, money. Off unless asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import PurePath
from typing import Any, Literal, TypeVar

import msgspec
from msgspec.structs import replace

from baimo.errors import ConfigError, Error
from baimo.types.hours import Holidays, parse_offset
from baimo.types.limits import Limit

from .credentials import Locator
from .layers import PROJECT_FILE, Layer, merged
from .trust import Project


class LimitSettings(Limit, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The table `[limits]`. The bounds in it hold for every key of every model that has none of its own."""

    learn: bool = True
    """Take in what replies tell of limits."""
    rows: bool = True
    """Begin with the limits of the provider's row, where neither the configuration nor a reply says more."""
    adaptive: bool = True
    """Where nothing is known, find out how many requests at once a key bears."""
    shared: str | None = None
    """`redis://…`: count together with other processes."""
    prefix: str = "baimo"
    """Begins every name in the shared store."""

    @property
    def bounds(self) -> Limit:
        return Limit(**{name: getattr(self, name) for name in Limit.__struct_fields__})


class CacheSettings(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """The table `[cache]`: equal requests are answered from what was kept."""

    on: bool = True
    """Whether calls use it that say nothing of it (`cache=`)."""
    store: str = "sqlite"
    """`sqlite`, the path of an SQLite file, or `redis://…`."""
    ttl_s: float = 86_400.0
    max_mb: float = 256.0
    """Bounds the SQLite file; what was used longest ago goes first."""
    prefix: str = "baimo"


class LedgerSettings(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """The table `[ledger]`: a record of every call, without words, in a local SQLite file."""

    on: bool = True
    path: str | None = None
    """None: `ledger.db` in the user's data folder."""
    keep_days: float = 90.0


class RecordSettings(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """The table `[recordings]` and the key `record`: the bytes of every call, without secrets, in files."""

    folder: str
    keep_days: float = 7.0
    max_mb: float = 512.0


class TelemetrySettings(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """The table `[telemetry]`."""

    opentelemetry: bool = False
    """Spans and metrics, by the providers that the program has set."""
    prometheus: bool = False
    """Metrics in the default registry of prometheus_client."""
    log: Literal["off", "debug", "info", "warning"] = "off"
    """The level at which every call is told to the logger `baimo`; failures are one level higher."""
    content: bool = False
    """Whether prompts and replies go along."""


class MoneySettings(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """The table `[money]`."""

    rates: dict[str, str] = {}
    """What one unit of a currency is worth: `USD = "7.12 CNY"`."""
    holidays: tuple[date, ...] = ()
    """Further days on which peak prices do not hold."""
    holiday_years: tuple[int, ...] = ()
    """Years of which `holidays` names every day off: no published table is needed for them."""


class MediaSettings(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """The table `[media]`: pictures, sounds, films and files in chat."""

    fetch: Literal["auto", "always", "never"] = "auto"
    """Which addresses are fetched and sent as bytes: those that a provider does not fetch, all, or none."""
    allow_private: bool = False
    """Whether addresses may be fetched that only this machine or its network can reach."""
    check: bool = True
    """Whether media are held against what the catalogue knows of the provider's limits."""
    max_mb: float = 20.0
    """Of one medium that is fetched, in millions of bytes."""
    timeout_s: float = 30.0
    """For fetching one medium."""


class BudgetSettings(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """A table `[budgets.NAME]`: what calls may cost together."""

    amount: str
    """`5 CNY`."""
    per: Literal["run", "day", "month"] = "day"
    """run: as long as the client lives. Days and months are those of `utc_offset`."""
    utc_offset: str = "+08:00"
    models: tuple[str, ...] = ()
    """Patterns of provider/model that it counts; empty: all."""
    keys: tuple[str, ...] = ()
    """Names of keys that it counts, each with an amount of its own; empty: all together."""


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """All of them; None: not asked for."""

    limits: LimitSettings | None = None
    cache: CacheSettings | None = None
    ledger: LedgerSettings | None = None
    recordings: RecordSettings | None = None
    telemetry: TelemetrySettings | None = None
    money: MoneySettings = MoneySettings()
    budgets: Mapping[str, BudgetSettings] = {}
    media: MediaSettings | None = None


TABLES = ("limits", "cache", "ledger", "recordings", "telemetry", "money", "budgets", "media")
_KINDS: dict[str, Any] = {
    "limits": LimitSettings,
    "cache": CacheSettings,
    "ledger": LedgerSettings,
    "recordings": RecordSettings,
    "telemetry": TelemetrySettings,
    "money": MoneySettings,
    "media": MediaSettings,
}


def check_services(layer: Layer) -> None:
    """Raise ConfigError for what is wrong in one layer's tables."""
    for name in TABLES:
        if isinstance(layer.table.get(name), Mapping):
            _read(name, layer.table[name], layer.label, whole=False)


def read_services(
    layers: Sequence[Layer], locator: Locator | None = None, project: Project | None = None
) -> Services:
    """The tables of all layers, the highest first. Raises ConfigError."""
    given = merged((layer, layer.table) for layer in layers)
    read: dict[str, Any] = {}
    for name in TABLES:
        if name in given:
            read[name] = _read(name, given[name].value, given[name].layer.label, whole=True)
    record = given.get("record")
    if record is not None and record.value:
        old = read.get("recordings")
        keep = {} if old is None else {"keep_days": old.keep_days, "max_mb": old.max_mb}
        read["recordings"] = RecordSettings(folder=record.value, **keep)
    if "cache" in read and locator is not None:
        read["cache"] = _with_place(read["cache"], layers, locator, project)
    if "recordings" in read and not read["recordings"].folder:
        del read["recordings"]  # only how long they would be kept is told
    return Services(**read)


_FIRST = {"cache": "store", "ledger": "path"}
"""What a bare text given for a table stands for."""


def read_arguments(services: Services, given: Mapping[str, Any]) -> Services:
    """The services with a client's arguments on top. Raises ConfigError."""
    changes: dict[str, Any] = {}
    for name in ("limits", "cache", "ledger", "telemetry", "media"):
        if (value := given.get(name)) is None:
            continue
        if value is False:
            changes[name] = None
            continue
        table = {} if value is True else value
        if isinstance(value, (str, PurePath)):
            if name not in _FIRST:
                raise ConfigError(f"the argument {name} must be a table, true or false, not {value!r}")
            table = {_FIRST[name]: str(value)}
        changes[name] = _read(name, table, f"the argument {name}", whole=True)
    if (folder := given.get("record")) is not None:
        if not isinstance(folder, (str, PurePath)) or not str(folder):
            raise ConfigError(f"the argument record must be the path of a folder, not {folder!r}")
        old = services.recordings
        keep = {} if old is None else {"keep_days": old.keep_days, "max_mb": old.max_mb}
        changes["recordings"] = RecordSettings(folder=str(folder), **keep)
    return msgspec.structs.replace(services, **changes) if changes else services


def _with_place(
    cache: CacheSettings, layers: Sequence[Layer], locator: Locator, project: Project | None
) -> CacheSettings:
    """With an absolute path. Raises ConfigError when an untrusted project sends answers elsewhere."""
    store = merged((layer, layer.table.get("cache", {})) for layer in layers).get("store")
    if store is None or cache.store == "sqlite":
        return cache
    is_address = "://" in cache.store
    path = locator.path(cache.store, store.layer)
    if project is not None and store.layer.project and (is_address or not project.holds(path)):
        project.require(PROJECT_FILE, "wants to keep answers outside of its folder (cache.store)")
    return cache if is_address else replace(cache, store=str(path))


def check_media(layers: Iterable[Layer], project: Project | None) -> None:
    """Raise ConfigError where an untrusted project wants private addresses fetched."""
    given = merged((layer, layer.table.get("media", {})) for layer in layers).get("allow_private")
    if project is not None and given is not None and given.value and given.layer.project:
        project.require(PROJECT_FILE, "wants addresses of this network fetched (media.allow_private)")


def check_content(layers: Iterable[Layer], project: Project | None) -> None:
    """Raise ConfigError where an untrusted project wants what is said in logs and spans."""
    given = merged((layer, layer.table.get("telemetry", {})) for layer in layers).get("content")
    if project is not None and given is not None and given.value and given.layer.project:
        project.require(PROJECT_FILE, "wants prompts and replies in logs and spans (telemetry.content)")


_T = TypeVar("_T", bound=msgspec.Struct)


def _read(name: str, table: Mapping[str, Any], where: str, *, whole: bool) -> Any:
    if name == "budgets":
        return {key: _budget(key, one, where, whole) for key, one in table.items()}
    if name == "recordings" and whole and "folder" not in table:
        return RecordSettings(folder="", **table)
    read = _convert(table, _KINDS[name], f"{where}: {name}", whole)
    if name == "money":
        _check_money(name, read, where)
    return read


def _budget(name: str, table: Any, where: str, whole: bool) -> BudgetSettings:
    path = f"{where}: budgets.{name}"
    read = _convert(table, BudgetSettings, path, whole)
    if whole or "amount" in table:
        _check_money("budgets", read, path)
    return read


def _check_money(name: str, read: Any, where: str) -> None:
    """Raise ConfigError for amounts, rates and distances from UTC that make no sense."""
    from baimo.accounting.rates import parse_money, read_rates

    try:
        if name == "money":
            read_rates(read.rates)
            return
        parse_money(read.amount)
        parse_offset(read.utc_offset)
    except (Error, ValueError) as error:
        words = error.message if isinstance(error, Error) else str(error)
        raise ConfigError(
            f"{where}: {words}", hint=error.hint if isinstance(error, Error) else None
        ) from error


def _convert(table: Any, kind: type[_T], where: str, whole: bool) -> _T:
    """The table as that type. A layer's part of one (`whole` false) may lack what another layer has."""
    required = {field.name for field in msgspec.structs.fields(kind) if field.required}
    if not whole and isinstance(table, Mapping):
        table = {**dict.fromkeys(required, ""), **table}
    try:
        read = msgspec.convert(table, kind, dec_hook=_number)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: {error}") from error
    for field in msgspec.structs.fields(kind):
        value = getattr(read, field.name)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and not value > 0:
            raise ConfigError(f"{where}: {field.name} must be more than 0, not {value}")
    return read


def with_own_days(known: Holidays, money: MoneySettings) -> Holidays:
    """The published days off with those that the table `[money]` names."""
    whole = frozenset(money.holiday_years)
    return Holidays(
        days=known.days,
        years={country: years | whole for country, years in known.years.items()},
        further=known.further | frozenset(money.holidays),
    )


def _number(kind: type, value: Any) -> Any:
    if kind is float and isinstance(value, Decimal):
        return float(value)
    return value
