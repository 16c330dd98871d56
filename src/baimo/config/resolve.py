"""Model names to routes: aliases, the provider before the separator, and its deployments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from baimo import dialects
from baimo.auth import schemes
from baimo.auth.keys import HeaderKey, NoKey
from baimo.auth.signer import Signer
from baimo.catalogue import load as catalogue
from baimo.catalogue.rows import Auth, Endpoint
from baimo.dialect.protocols import Dialect, Site
from baimo.errors import ConfigError, UnknownProviderError
from baimo.exchange import Deployment
from baimo.resilience.timing import TimeLimits
from baimo.rules import Pool, Route
from baimo.types.hours import Holidays
from baimo.types.limits import Limit
from baimo.types.models import ModelInfo
from baimo.types.secret import Secret
from baimo.wire.http import HeaderFields, header_fields, with_headers

from . import shape
from .address import Address
from .candidates import Candidate, Credentials
from .hints import hint
from .layers import Given, Layer
from .limits import read_limit, row_limit
from .provider import Around, Provider, Tables

if TYPE_CHECKING:
    from .facts import OwnFacts

SEPARATORS = "/:"
_SITE_FIELDS = ("region", "project", "project_id", "app_id", "api_version")
"""Parameters that have a field of their own in `Site`."""


class Dressing(NamedTuple):
    """What aliases lay over every call that goes through them."""

    headers: HeaderFields = ()
    extra: Mapping[str, Any] = {}
    timeouts: Mapping[str, float] = {}
    foreign: str | None = None
    """The alias, where its headers or extra are not the project's own."""


class _Signed(NamedTuple):
    signer: Signer
    secrets: Mapping[str, Secret]
    address: Address
    site: Site
    """For a model that is like the others of its endpoint."""
    weight: float
    key: str
    limit: Limit | None


class _Ready(NamedTuple):
    """What all models of an endpoint share."""

    dialect: Dialect
    headers: HeaderFields
    signed: tuple[_Signed, ...]


class Place(NamedTuple):
    """A place of a route before its keys are read."""

    provider: Provider
    candidate: Candidate
    model: str
    dialect: Dialect
    quirks: Any
    """What the dialect is handed for the model."""
    facts: OwnFacts | None
    """What the configuration tells of the model."""


class RouteRule(NamedTuple):
    """What an alias says of how calls go over its route."""

    strategy: Any = None
    weights: tuple[float, ...] = ()
    on_cut: Any = None


NO_RULE = RouteRule()


def split(name: str) -> tuple[str, str | None]:
    """Provider and model of `provider/model` or `provider:model`; a bare name has no model.

    >>> split("ollama:qwen3:8b")
    ('ollama', 'qwen3:8b')
    """
    for index, char in enumerate(name):
        if char in SEPARATORS:
            return name[:index].strip(), name[index + 1 :].strip()
    return name, None


class Resolver:
    """Makes routes. Reads a provider's row when a model of it is first asked for."""

    def __init__(
        self,
        tables: Mapping[str, Tables],
        aliases: Mapping[str, Given],
        around: Around,
        holidays: Callable[[], Holidays],
        own_facts: Callable[[], Mapping[str, OwnFacts]],
    ) -> None:
        self._tables = tables
        self._aliases = aliases
        self._around = around
        self._holidays = holidays
        self._own_facts = own_facts
        self._facts: dict[tuple[str, str], OwnFacts] | None = None
        self._providers: dict[str, Provider] = {}
        self._lock = Lock()
        self._ready: dict[tuple[str, str], _Ready] = {}

    def provider_names(self) -> tuple[str, ...]:
        """All providers: the catalogue's and the user's own, sorted."""
        return tuple(sorted({*catalogue.provider_names(), *self._tables}))

    def provider(self, name: str) -> Provider:
        """A provider by its name or another name of it. Raises UnknownProviderError with near names."""
        found = self._providers.get(name)
        if found is None:
            real = name if name in self._tables else self._canonical(name)
            found = self._providers.get(real) or Provider(real, self._tables.get(real, ()), self._around)
            self._providers[name] = self._providers[real] = found
        return found

    def route(self, name: str, wire: str | None = None) -> Route:
        """The pools that a model name or an alias stands for, in order; `wire` as in `Settings.resolve`."""
        with self._lock:  # several first calls at once read a key, or run its command, once
            meant = self._meant(name, ())
            return tuple([self._pool(provider, model, dressing, wire) for provider, model, dressing in meant])

    def places(self, name: str) -> list[Place]:
        """Where calls by a name go. No key is read: a place that lacks one is told of all the same."""
        found = []
        for provider_name, model, _ in self._meant(name, ()):
            provider = self.provider(provider_name)
            candidates = provider.candidates(model)
            candidate = next((one for one in candidates if one.complete), candidates[0])
            dialect = dialects.get(candidate.endpoint.dialect)
            quirks = _quirks(provider, candidate, dialect, model, candidate.address)
            facts = self._own_facts_of(provider, model)
            found.append(Place(provider, candidate, model, dialect, quirks, facts))
        return found

    def rule(self, name: str) -> RouteRule:
        """What the alias of that name says of its route; nothing for any other name."""
        alias = self._aliases.get(name.strip())
        if alias is None:
            return NO_RULE
        table, weights = alias.value, tuple(alias.value.get("weights", ()))
        if weights and len(weights) != len(self._meant(name, ())):
            path = shape.joined("models", name)
            raise ConfigError(f"{alias.layer.label}: {path}.weights must have one number for each model")
        return RouteRule(table.get("strategy"), weights, table.get("on_cut"))

    def _meant(self, name: str, through: tuple[str, ...]) -> list[tuple[str, str, Dressing]]:
        """The models that a name means, each with what the aliases on the way lay over it."""
        name = name.strip()
        if not name:
            raise ConfigError("the model's name is empty; a model is named provider/model")
        alias = self._aliases.get(name)
        if alias is None:
            provider, model = split(name)
            if not model or not provider:
                raise self._no_model(provider if model == "" else name)
            return [(provider, model, Dressing())]
        if name in through:
            loop = " → ".join((*through[through.index(name) :], name))
            raise ConfigError(f"{alias.layer.label}: the aliases in models run in a circle: {loop}")
        own = _dressing(name, alias)
        below = [one for target in _targets(name, alias) for one in self._meant(target, (*through, name))]
        return [(provider, model, _over(own, under)) for provider, model, under in below]

    def _pool(self, provider_name: str, model: str, dressing: Dressing, wire: str | None) -> Pool:
        provider = self.provider(provider_name)
        candidate = provider.choose(model, wire)
        endpoint = candidate.endpoint
        ready = self._made_ready(provider, candidate)
        if dressing.foreign is not None:
            for one in ready.signed:
                self._guard(provider, one.address, dressing.foreign)
        limits = TimeLimits(**{**provider.timeouts, **dressing.timeouts})
        own = partial(_quirks, provider, candidate, ready.dialect, model) if endpoint.variants else None
        return tuple(
            Deployment(
                provider=provider.name,
                endpoint=endpoint.name,
                model=endpoint.served_as.get(model, model),
                dialect=ready.dialect,
                site=replace(one.site, quirks=own(one.address)) if own else one.site,
                signer=one.signer,
                secrets=one.secrets,
                headers=with_headers(ready.headers, dressing.headers),
                extra={**provider.extra, **dressing.extra},
                limits=limits,
                transport="local" if endpoint.transport == "local" else "network",
                weight=one.weight,
                key=one.key,
                limit=read_limit(provider.limits),
                key_limit=one.limit,
                row_limit=row_limit(endpoint.limits),
                media=provider.row.media,
                facts=self._facts_of(provider, model),
                holidays=self._holidays,
                advice=partial(
                    hint,
                    row=provider.row,
                    model=model,
                    base_url=one.address.url,
                    dialect=endpoint.dialect,
                ),
            )
            for one in ready.signed
        )

    def _facts_of(self, provider: Provider, model: str) -> Callable[[], ModelInfo | None] | None:
        """Reads what is known of a model; None where nobody can know anything."""
        own_facts = self._own_facts_of(provider, model)
        if own_facts is None:
            return _once(partial(catalogue.model, provider.name, model)) if provider.known else None
        from .facts import laid_on

        known = catalogue.model(provider.name, model) if provider.known else None
        told = laid_on(known, own_facts, provider=provider.name, model=model)
        return lambda: told

    def _own_facts_of(self, provider: Provider, model: str) -> OwnFacts | None:
        if self._facts is None:
            self._facts = {}
            for name, own in self._own_facts().items():
                named, its_model = split(name)
                self._facts[self.provider(named).name, its_model or ""] = own
        return self._facts.get((provider.name, model))

    def _made_ready(self, provider: Provider, candidate: Candidate) -> _Ready:
        """The endpoint with its credentials read. This is where files are opened and commands are run."""
        endpoint = candidate.endpoint
        known = self._ready.get((provider.name, endpoint.name))
        if known is not None:
            return known
        dialect = dialects.get(endpoint.dialect)
        foreign = provider.foreign(candidate)
        if foreign:
            for one in candidate.credentials:
                self._guard(provider, _of(one), foreign)
        signed = tuple(self._signed(provider, candidate, dialect, one) for one in candidate.credentials)
        made = _Ready(dialect, header_fields(endpoint.headers), signed)
        self._ready[provider.name, endpoint.name] = made
        return made

    def _signed(
        self, provider: Provider, candidate: Candidate, dialect: Dialect, one: Credentials
    ) -> _Signed:
        """One set of credentials, read, with the site it opens."""
        address, auth = _of(one), one.way.auth
        values = address.values
        site = Site(
            base_url=address.url,
            provider=provider.name,
            region=values.get("region"),
            project=values.get("project_id") or values.get("project"),
            app_id=values.get("app_id"),
            api_version=values.get("api_version"),
            quirks=_quirks(provider, candidate, dialect, "", address),
            codes=provider.row.codes,
        )
        read = {name: at.read(self._around.project, provider.name) for name, at in one.way.located.items()}
        signing = _signing(auth, read, values)
        return _Signed(*signing, address, site, one.weight, one.label, read_limit(one.limits))

    def _guard(self, provider: Provider, address: Address, foreign: str) -> None:
        """Raise ConfigError when an untrusted project leads something that is not its own elsewhere."""
        file = provider.redirected_by(address)
        if file is not None and self._around.project is not None:
            elsewhere = f", which is not an address of {provider.name}" if provider.known else ""
            what = f"would send {foreign} to {address.url}{elsewhere}"
            self._around.project.require(file, what, provider=provider.name)

    def _canonical(self, name: str) -> str:
        try:
            return catalogue.find(name).name
        except UnknownProviderError as error:
            own = {*self._tables, *self._aliases}
            words = shape.near(name, {*catalogue.provider_names(), *catalogue.aliases(), *own})
            hint = words if words.startswith("Did") else "`baimo providers` lists those that are known."
            raise UnknownProviderError(f"no provider is called {name!r}", hint=hint) from error

    def _no_model(self, name: str) -> ConfigError:
        """What is wrong with a name that has no model, or no provider."""
        try:
            provider = self.provider(name)
        except UnknownProviderError as error:
            return self._no_provider(name, error)
        example = provider.row.default_model or "model"
        return ConfigError(
            f"{name!r} is a provider; name a model of it as provider/model",
            hint=f"For example {provider.name}/{example}",
        )

    def _no_provider(self, name: str, error: UnknownProviderError) -> ConfigError:
        serving = [one for one in catalogue.provider_names() if catalogue.model_row(one, name) is not None]
        if serving:
            hint = f"Did you mean {' or '.join(f'{one}/{name}' for one in serving[:4])}?"
        elif error.hint is not None and error.hint.startswith("Did"):
            hint = error.hint
        else:
            hint = "For example deepseek/deepseek-flash; `baimo models` lists those that are known."
        return UnknownProviderError(
            f"{name!r} names no provider and is no alias; a model is named provider/model", hint=hint
        )


def check_alias(name: str, table: Mapping[str, Any], layer: Layer) -> None:
    """Raise ConfigError for an alias that cannot work."""
    path = shape.joined("models", name)
    if any(separator in name for separator in SEPARATORS):
        raise ConfigError(
            f"{layer.label}: {path}: an alias must not hold / or :, they stand behind a provider"
        )
    shape.check(table, shape.ALIAS, where=layer.label, path=path)
    shape.check(
        table.get("timeouts", {}), shape.TIMEOUTS, where=layer.label, path=shape.joined(path, "timeouts")
    )


def _targets(name: str, alias: Given) -> Sequence[str]:
    table = alias.value
    if ("model" in table) == ("route" in table):
        raise ConfigError(
            f"{alias.layer.label}: {shape.joined('models', name)} must have either model or route"
        )
    targets: Sequence[str] = table["route"] if "route" in table else (table["model"],)
    if not targets:
        raise ConfigError(f"{alias.layer.label}: {shape.joined('models', name)}.route names no model")
    return targets


def _dressing(name: str, alias: Given) -> Dressing:
    table = alias.value
    headers, extra = header_fields(dict(table.get("headers", {}))), dict(table.get("extra", {}))
    is_foreign = bool(headers or extra) and not alias.layer.own
    foreign = f"headers or extra of the alias {name!r} in {alias.layer.label}" if is_foreign else None
    return Dressing(headers, extra, table.get("timeouts", {}), foreign)


def _once(find: Callable[[], ModelInfo | None]) -> Callable[[], ModelInfo | None]:
    """`find`, asked only the first time: facts do not change while a client lives."""
    found: list[ModelInfo | None] = []

    def known() -> ModelInfo | None:
        if not found:
            found.append(find())
        return found[0]

    return known


def _over(above: Dressing, below: Dressing) -> Dressing:
    return Dressing(
        with_headers(below.headers, above.headers),
        {**below.extra, **above.extra},
        {**below.timeouts, **above.timeouts},
        above.foreign or below.foreign,
    )


def _of(one: Credentials) -> Address:
    """The address of credentials that were chosen, and so are complete."""
    assert one.address is not None
    return one.address


def _quirks(
    provider: Provider, candidate: Candidate, dialect: Dialect, model: str, address: Address | None
) -> Any:
    """The dialect's quirks for a model; a parameter without a place elsewhere is one of them."""
    endpoint = candidate.endpoint
    apart = unplaced_values(provider, endpoint, address)
    return dialect.quirks({**provider.quirks(endpoint, model), **apart})


def unplaced_values(provider: Provider, endpoint: Endpoint, address: Address | None) -> dict[str, str]:
    """The parameters that reach the dialect as quirks."""
    values = address.values if address is not None else {}
    names = provider.unplaced(endpoint)
    return {name: values[name] for name in names if name in values and name not in _SITE_FIELDS}


def _signing(
    auth: Auth, read: Mapping[str, Secret], values: Mapping[str, str]
) -> tuple[Signer, Mapping[str, Secret]]:
    """The signer of a way, and the secrets under the names by which it knows them."""
    if auth.scheme not in schemes.KEYS:
        return schemes.signer(auth.scheme, _filled(auth.options, values)), read
    key = read.get(auth.secret)
    secrets = {"api_key": key} if key is not None else {}
    if auth.scheme == "none":
        return NoKey(), secrets
    return HeaderKey() if auth.scheme == "bearer" else HeaderKey(auth.field, auth.prefix), secrets


def _filled(options: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """A signer's options with the parameters in them; one whose parameter has no value is left out."""
    filled = {}
    for name, option in options.items():
        said = option
        if isinstance(option, str):
            for part, value in values.items():
                said = said.replace(f"{{{part}}}", value)
            if "{" in said:
                continue
        filled[name] = said
    return filled
