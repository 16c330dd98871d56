"""One provider as it is configured: its row under the user's tables, its endpoints, its credentials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from baimo.catalogue import load as catalogue
from baimo.catalogue.rows import Endpoint, ProviderRow
from baimo.errors import ConfigError
from baimo.types.secret import Secret

from . import shape
from .address import Address, find_address, own_addresses
from .candidates import Candidate, Credentials, choose_way, incomplete, needs, secrets_of
from .credentials import Absent, Located, Locator
from .layers import Given, Layer, Variables, laid_over, merged
from .limits import check_limit
from .trust import Project

Key: TypeAlias = str | Secret | Mapping[str, str | Secret] | None
"""What a caller gives for a provider: its one key, or its secrets by name."""
Tables: TypeAlias = tuple[tuple[Layer, Mapping[str, Any]], ...]

_OURS = frozenset(("api_key", "keys", "extra", "timeouts", "limits"))
"""Keys of a provider's table that are no part of a row."""
_NAMING = ("auth", "auths", "env", "parameters")
"""Keys that bring names of secrets and parameters of the user's own."""
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


class Provider:
    """A provider's row under the configuration's tables. Looks for credentials, never reads them."""

    def __init__(self, name: str, tables: Tables, around: Around) -> None:
        self.name = name
        self._around = around
        self._tables = tables
        self._given = _one_form_of_key(merged(tables), tables)
        self.known = name in catalogue.provider_names()
        self._base = catalogue.provider(name) if self.known else self._new_row()
        endpoints = (*self._base.endpoints, *self._signed_otherwise())
        self._secrets = frozenset(secret for one in endpoints for secret in secrets_of(one))
        self._parts = frozenset(part for one in endpoints for part in one.parameters)
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
    def limits(self) -> Mapping[str, Any]:
        """Bounds for every key and model, as they are written."""
        return self._table("limits")

    @property
    def extra(self) -> Mapping[str, Any]:
        """What is merged into every body."""
        return self._table("extra")

    def quirks(self, endpoint: Endpoint, model: str) -> Mapping[str, Any]:
        """An endpoint's quirks for one model; what the user says of them stands above the row's."""
        return laid_over(self._table("quirks"), endpoint.quirks_for(model))

    def says_quirk(self, name: str) -> Layer | None:
        """The place of the configuration that says a quirk; None where none does."""
        for layer, table in self._tables:
            if name in table.get("quirks", {}):
                return layer
        return None

    def unplaced(self, endpoint: Endpoint) -> frozenset[str]:
        """The parameters of an endpoint for which its row has no place in the address nor for the signer."""
        for one in self._base.endpoints:
            if one.name == endpoint.name:
                texts = " ".join((one.base_url, *(str(way.options) for way in one.ways)))
                return frozenset(name for name in endpoint.parameters if f"{{{name}}}" not in texts)
        return frozenset()

    @property
    def timeouts(self) -> dict[str, float]:
        """Time limits by name: the provider's, over the configuration's, over the row's."""
        queue = {"queue": self.row.max_queue_s} if self.row.max_queue_s else {}
        return {**queue, **self._around.timeouts, **self._table("timeouts")}

    def choose(self, model: str, wire: str | None = None) -> Candidate:
        """The endpoint for a model: the first that is complete. Raises MissingKeyError or ConfigError.

        One of the dialect `wire` goes before others, unless the first was chosen or claims the model by name.
        """
        candidates = self.candidates(model)
        if wire is not None and not self.endpoint_is_chosen and not candidates[0].endpoint.models:
            candidates.sort(key=lambda one: one.endpoint.dialect != wire)
        for candidate in candidates:
            if candidate.complete:
                return candidate
        raise incomplete(self.row, candidates, known=self.known)

    def candidates(self, model: str = "") -> list[Candidate]:
        """The endpoints that serve a model, in the row's order; all of them where none claims it."""
        endpoints = self.row.endpoints
        serving = [one for one in endpoints if one.serves(model)]
        return [self._candidate(one) for one in serving or endpoints]

    def foreign(self, candidate: Candidate) -> str | None:
        """What a call would carry that is not the project's own, in words; None when there is nothing."""
        for one in candidate.credentials:
            for located in one.way.located.values():
                if not located.own:
                    return f"the key of {located.source}"
        for layer, table in self._tables:
            if not layer.own and (table.get("headers") or table.get("extra")):
                return f"headers or extra of {layer.label}"
        return None

    def redirected_by(self, address: Address) -> str | None:
        """The project's file that leads to an address other than the row's; None when none does."""
        if address.sends_to is not None:
            return address.sends_to
        file = address.project_file
        if file is None:
            return None
        own = own_addresses(self._base if self.known else None, self._given, self._around.variables)
        return None if address.url in own else file

    def _candidate(self, endpoint: Endpoint) -> Candidate:
        known = self._candidates.get(endpoint.name)
        if known is not None and known.complete:
            return known
        found = Candidate(endpoint=endpoint, credentials=self._credentials(endpoint))
        self._candidates[endpoint.name] = found
        return found

    def _credentials(self, endpoint: Endpoint) -> tuple[Credentials, ...]:
        """One set for each key of a pool, else one."""
        path = f"providers.{self.name}"
        argument = self._around.keys.get(self.name)
        if argument:
            table = argument if isinstance(argument, Mapping) else _one_key(endpoint, argument)
            given = {name: Given(value, self._around.argument) for name, value in table.items()}
            unfit = () if self._is_for(endpoint, table) else tuple(table) or ("one key",)
            return (self._set(endpoint, {**self._given, **given}, path, unfit=unfit),)
        pool = self._given.get("keys")
        if pool is None:
            return (self._set(endpoint, self._given, path),)
        sets = []
        for index, entry in enumerate(pool.value):
            apart = {name: one for name, one in self._given.items() if name not in self._secrets}
            own = {name: Given(value, pool.layer) for name, value in entry.items()}
            label = str(entry.get("name", f"keys[{index}]"))
            sets.append(self._set(endpoint, {**apart, **own}, f"{path}.keys[{index}]", label=label))
        return tuple(sets)

    def _is_for(self, endpoint: Endpoint, table: Mapping[str, Any]) -> bool:
        """Whether an endpoint takes any of the secrets in a table; none at all is not what decides."""
        named = [name for name in table if name in self._secrets]
        return bool(table) and (not named or any(name in secrets_of(endpoint) for name in named))

    def _set(
        self,
        endpoint: Endpoint,
        given: Mapping[str, Given],
        path: str,
        *,
        label: str = "",
        unfit: tuple[str, ...] = (),
    ) -> Credentials:
        usual = not label  # the usual variables hold one key; those of a pool are written out

        def find(secret: str) -> Located | Absent | None:
            one = given.get(secret)
            found = self._around.locator.configured(one.value, one.layer, f"{path}.{secret}") if one else None
            if found is None and usual:
                return self._around.locator.usual(endpoint.env.get(secret, ()), endpoint.env_files)
            return found

        way, *others = choose_way(endpoint, find)
        address, problem = None, None
        try:
            address = find_address(endpoint, given, self._around.variables, provider=self.name, way=way.auth)
            if lacking := endpoint.requires(way.auth, address.values, self.quirks(endpoint, "")):
                problem = endpoint.lacks(lacking)
        except ConfigError as error:
            problem = error
        if problem is not None:
            problem.provider = self.name
        weight, own_limits = given.get("weight"), given.get("limits")
        return Credentials(
            way=way,
            others=tuple(others),
            address=address,
            problem=problem,
            unfit=unfit,
            weight=float(weight.value) if weight and not usual else 1.0,
            label=label,
            limits=own_limits.value if own_limits and not usual else {},
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

    def _signed_otherwise(self) -> tuple[Endpoint, ...]:
        """The endpoints with what the user says of signing: it decides which secrets there are."""
        said = {key: one.value for key, one in self._given.items() if key in _NAMING}
        return self._with(said).endpoints

    def _laid_on(self) -> ProviderRow:
        """The row with the tables on top, without what is looked up when it is needed."""
        apart = _OURS | self._secrets | self._parts
        if not self.known:
            apart |= {"dialect", "base_url"}
        return self._with({key: one.value for key, one in self._given.items() if key not in apart})

    def _with(self, said: Mapping[str, Any]) -> ProviderRow:
        """The row with some keys of the tables on top. Raises ConfigError naming the files."""
        if not said:
            return self._base
        try:
            return catalogue.merge(self._base, said)
        except ConfigError as error:
            where = " and ".join(dict.fromkeys(self._given[key].layer.label for key in said))
            raise ConfigError(f"{where}: {error.message}", hint=error.hint) from error

    def _check_keys(self) -> None:
        """Raise ConfigError for a key that neither row nor provider tables know, or of a wrong type."""
        secrets: dict[str, shape.Kind] = dict.fromkeys(self._secrets, "secret")
        parts: dict[str, shape.Kind] = dict.fromkeys(self._parts, "text")
        pooled: dict[str, shape.Kind] = {**parts, **secrets, **shape.POOLED}
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
                if "limits" in entry:
                    check_limit(entry["limits"], f"{layer.label}: {path}.keys[{index}].limits")
            if "limits" in table:
                check_limit(table["limits"], f"{layer.label}: {path}.limits")
        argument = self._around.keys.get(self.name)
        for name in argument if isinstance(argument, Mapping) else ():
            if name not in self._secrets | self._parts:
                where = self._around.argument.label
                raise shape.unknown_key(name, self._secrets | self._parts, where=where, path=self.name)

    def _table(self, key: str) -> Mapping[str, Any]:
        one = self._given.get(key)
        table: Mapping[str, Any] = one.value if one else {}
        return table


def _one_key(endpoint: Endpoint, key: str | Secret) -> Mapping[str, str | Secret]:
    """A key without a name: for the first way of an endpoint, where that takes a single one."""
    needed = needs(endpoint.auth) or (endpoint.auth.secret,)
    return {needed[0]: key} if len(needed) == 1 else {}


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
