"""One provider as it is configured: its row under the user's tables, its endpoints, its credentials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

import msgspec

from baimo.catalogue import load as catalogue
from baimo.catalogue.rows import Endpoint, ProviderRow
from baimo.errors import ConfigError, MissingKeyError
from baimo.types.secret import Secret

from . import shape
from .address import Address, find_address, own_addresses
from .credentials import Absent, Located, Locator
from .layers import Given, Layer, Variables, laid_over, merged
from .trust import Project

Key: TypeAlias = str | Secret | Mapping[str, str | Secret] | None
"""What a caller gives for a provider: its one key, or its secrets by name."""
Tables: TypeAlias = tuple[tuple[Layer, Mapping[str, Any]], ...]

_SIGNED_BY_KEY = ("bearer", "header", "none")
_OURS = frozenset(("api_key", "keys", "extra", "timeouts"))
"""Keys of a provider's table that are no part of a row."""
_ROW_KEYS = frozenset(Endpoint.__struct_fields__ + ProviderRow.__struct_fields__) - {"name", "endpoints"}


class Around(NamedTuple):
    """What all providers of one configuration share."""

    variables: Variables
    locator: Locator
    project: Project | None
    keys: Mapping[str, Key]
    argument: Layer
    """Stands for the argument `keys` where a layer is asked for."""
    timeouts: Mapping[str, float]


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """One key, or one set of secrets, of an endpoint."""

    located: dict[str, Located]
    missing: dict[str, tuple[str, ...]]
    """Secrets that are needed and not there, each with the variables that may hold it."""
    weight: float = 1.0


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint, and what is there of what it needs."""

    endpoint: Endpoint
    credentials: tuple[Credentials, ...]
    address: Address | None
    problem: ConfigError | None
    """Why it has no address."""

    @property
    def missing(self) -> dict[str, tuple[str, ...]]:
        """The secrets that are not there, each with the variables that may hold it."""
        return {name: names for one in self.credentials for name, names in one.missing.items()}

    @property
    def complete(self) -> bool:
        return self.address is not None and not self.missing


class Provider:
    """A provider's row under the configuration's tables. Looks for credentials, never reads them."""

    def __init__(self, name: str, tables: Tables, around: Around) -> None:
        self.name = name
        self._around = around
        self._tables = tables
        self._given = _one_form_of_key(merged(tables), tables)
        self.known = name in catalogue.provider_names()
        self._base = catalogue.provider(name) if self.known else self._new_row()
        self._secrets = frozenset(
            secret for one in self._base.endpoints for secret in (one.auth.secret, *one.env)
        )
        self._parts = frozenset(part for one in self._base.endpoints for part in one.parameters)
        self._check_keys()
        self.row = self._laid_on()
        self._candidates: dict[str, Candidate] = {}

    @property
    def endpoint_is_chosen(self) -> bool:
        """True when the configuration names the endpoint."""
        return "endpoint" in self._given

    @property
    def address_parts(self) -> frozenset[str]:
        """The keys of its table that are parts of its addresses: region, workspace, …"""
        return self._parts

    @property
    def extra(self) -> Mapping[str, Any]:
        """What is merged into every body."""
        return self._table("extra")

    def quirks(self, endpoint: Endpoint, model: str) -> Mapping[str, Any]:
        """An endpoint's quirks for one model; what the user says of them stands above the row's."""
        return laid_over(self._table("quirks"), endpoint.quirks_for(model))

    @property
    def timeouts(self) -> dict[str, float]:
        """Time limits by name: the provider's, over the configuration's, over the row's."""
        queue = {"queue": self.row.max_queue_s} if self.row.max_queue_s else {}
        return {**queue, **self._around.timeouts, **self._table("timeouts")}

    def choose(self, model: str) -> Candidate:
        """The endpoint for a model: the first that is complete. Raises MissingKeyError or ConfigError."""
        candidates = self.candidates(model)
        for candidate in candidates:
            if candidate.complete:
                return candidate
        raise self._incomplete(candidates)

    def candidates(self, model: str = "") -> list[Candidate]:
        """The endpoints that serve a model, in the row's order; all of them where none claims it."""
        endpoints = self.row.endpoints
        serving = [one for one in endpoints if one.serves(model)]
        return [self._candidate(one) for one in serving or endpoints]

    def foreign(self, candidate: Candidate) -> str | None:
        """What a call would carry that is not the project's own, in words; None when there is nothing."""
        for one in candidate.credentials:
            for located in one.located.values():
                if not located.own:
                    return f"the key of {located.source}"
        for layer, table in self._tables:
            if not layer.own and (table.get("headers") or table.get("extra")):
                return f"headers or extra of {layer.label}"
        return None

    def redirected_by(self, address: Address) -> str | None:
        """The project's file that leads to an address other than the row's; None when none does."""
        file = address.project_file
        if file is None:
            return None
        own = own_addresses(self._base if self.known else None, self._given, self._around.variables)
        return None if address.url in own else file

    def _candidate(self, endpoint: Endpoint) -> Candidate:
        known = self._candidates.get(endpoint.name)
        if known is not None and known.complete:
            return known
        address, problem = None, None
        try:
            address = find_address(endpoint, self._given, self._around.variables, provider=self.name)
        except ConfigError as error:
            problem = error
        found = Candidate(
            endpoint=endpoint, credentials=self._credentials(endpoint), address=address, problem=problem
        )
        self._candidates[endpoint.name] = found
        return found

    def _credentials(self, endpoint: Endpoint) -> tuple[Credentials, ...]:
        """One set for each key of a pool, else one."""
        path = f"providers.{self.name}"
        argument = self._around.keys.get(self.name)
        if argument:
            table = argument if isinstance(argument, Mapping) else {endpoint.auth.secret: argument}
            given = {name: Given(value, self._around.argument) for name, value in table.items()}
            return (self._set(endpoint, {**self._given, **given}, path),)
        pool = self._given.get("keys")
        if pool is None:
            return (self._set(endpoint, self._given, path),)
        sets = []
        for index, entry in enumerate(pool.value):
            given = {name: Given(value, pool.layer) for name, value in entry.items()}
            sets.append(self._set(endpoint, given, f"{path}.keys[{index}]", usual=False))
        return tuple(sets)

    def _set(
        self, endpoint: Endpoint, given: Mapping[str, Given], path: str, *, usual: bool = True
    ) -> Credentials:
        located: dict[str, Located] = {}
        missing: dict[str, tuple[str, ...]] = {}
        for secret in _secrets_of(endpoint):
            one, variables = given.get(secret), endpoint.env.get(secret, ())
            found = self._around.locator.configured(one.value, one.layer, f"{path}.{secret}") if one else None
            if isinstance(found, Absent):
                missing[secret] = (found.variable,)
                continue
            if found is None and usual:
                found = self._around.locator.usual(variables)
            if found is not None:
                located[secret] = found
            elif secret in _needed_by(endpoint):
                missing[secret] = variables
        weight = given.get("weight")
        return Credentials(
            located=located, missing=missing, weight=float(weight.value) if weight and not usual else 1.0
        )

    def _incomplete(self, candidates: list[Candidate]) -> ConfigError:
        """Why no endpoint can be used: what the first lacks, and what would do for the others."""
        first = candidates[0]
        for candidate in candidates:
            if not candidate.missing and candidate.problem is not None:
                return candidate.problem
        variables = _firsts(first)
        secrets = ", ".join(first.missing)
        what = (
            f"no {secrets} is set" if not variables else f"no {secrets} is set: set {' and '.join(variables)}"
        )
        others = [
            f"{' and '.join(_firsts(one))} for its endpoint {one.endpoint.name}"
            for one in candidates[1:]
            if _firsts(one)
        ]
        hint = f"Or {', or '.join(others)}. " if others else ""
        if self.row.home:
            hint += f"A key is made at {self.row.home}. "
        if self.known:
            hint += f"`baimo config set-key {self.name}` stores one."
        else:
            hint += f'A server without keys: providers.{self.name}.auth = {{ scheme = "none" }}'
        return MissingKeyError(
            what, variables=variables, home=self.row.home or None, hint=hint.strip(), provider=self.name
        )

    def _new_row(self) -> ProviderRow:
        """A provider that the catalogue does not know, from the user's table."""
        table = {key: one.value for key, one in self._given.items() if key in ("dialect", "base_url")}
        row = catalogue.new_row(self.name, table)
        variable = "".join(char if char.isalnum() else "_" for char in self.name).upper() + "_API_KEY"
        usual: dict[str, Any] = {"env": {"api_key": (variable,)}}
        if str(table["base_url"]).startswith("https:") and "auth" not in self._given:
            usual["auth"] = {"scheme": "bearer"}
        return catalogue.merge(row, usual)

    def _laid_on(self) -> ProviderRow:
        """The row with the tables on top, without what is looked up when it is needed."""
        apart = _OURS | self._secrets | self._parts
        if not self.known:
            apart |= {"dialect", "base_url"}
        rest = {key: one.value for key, one in self._given.items() if key not in apart}
        if not rest:
            return self._base
        try:
            return catalogue.merge(self._base, rest)
        except ConfigError as error:
            where = " and ".join(dict.fromkeys(self._given[key].layer.label for key in rest))
            raise ConfigError(f"{where}: {error.message}", hint=error.hint) from error

    def _check_keys(self) -> None:
        """Raise ConfigError for a key that neither row nor provider tables know, or of a wrong type."""
        secrets: dict[str, shape.Kind] = dict.fromkeys(self._secrets, "secret")
        parts: dict[str, shape.Kind] = dict.fromkeys(self._parts, "text")
        pooled: dict[str, shape.Kind] = {**secrets, "weight": "weight"}
        kinds = {**secrets, **parts, **shape.PROVIDER}
        for layer, table in self._tables:
            path = f"providers.{self.name}"
            for key, value in table.items():
                if key in kinds:
                    shape.check_value(value, kinds[key], where=layer.label, path=shape.joined(path, key))
                elif key not in _ROW_KEYS:
                    raise shape.unknown_key(key, {*kinds, *_ROW_KEYS}, where=layer.label, path=path)
            for index, entry in enumerate(table.get("keys", ())):
                shape.check(entry, pooled, where=layer.label, path=f"{path}.keys[{index}]")

    def _table(self, key: str) -> Mapping[str, Any]:
        one = self._given.get(key)
        table: Mapping[str, Any] = one.value if one else {}
        return table


def _firsts(candidate: Candidate) -> tuple[str, ...]:
    """For each secret that is missing, the variable to set."""
    return tuple(dict.fromkeys(name for names in candidate.missing.values() for name in names[:1]))


def _secrets_of(endpoint: Endpoint) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*_needed_by(endpoint), endpoint.auth.secret, *endpoint.env)))


def _needed_by(endpoint: Endpoint) -> tuple[str, ...]:
    """The secrets without which an endpoint cannot be called."""
    if endpoint.auth.scheme not in _SIGNED_BY_KEY:
        return tuple(endpoint.env)
    return () if endpoint.auth.scheme == "none" else (endpoint.auth.secret,)


def _one_form_of_key(given: dict[str, Given], tables: Tables) -> dict[str, Given]:
    """A pool of keys and a single key exclude each other: the higher layer's form stands."""
    if "keys" not in given or "api_key" not in given:
        return given
    pool, single = given["keys"].layer, given["api_key"].layer
    if pool is single:
        raise ConfigError(f"{pool.label}: a provider has either api_key or keys, not both")
    layers = [layer for layer, _ in tables]
    lower = "keys" if layers.index(single) < layers.index(pool) else "api_key"
    return {key: one for key, one in given.items() if key != lower}
