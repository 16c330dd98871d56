"""The configuration of a client: where it comes from, and what a model name means in it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from baimo.catalogue import load as catalogue
from baimo.catalogue.rows import ProviderRow
from baimo.errors import ConfigError, UnknownProviderError
from baimo.resilience.timing import TimeLimits
from baimo.rules import Route
from baimo.types.hours import Holidays
from baimo.types.models import ModelInfo
from baimo.types.secret import Secret

from . import dotenv, files, paths, shape
from .credentials import Locator
from .layers import DOTENV, PROJECT_FILE, USER_FILE, Given, Layer, Variables, merged
from .provider import Around, Key, Tables
from .resolve import NO_RULE, Resolver, RouteRule, check_alias
from .trust import RECORD, Project

if TYPE_CHECKING:
    from baimo.types.behaviours import ModelBehaviour

    from .explain import EndpointState, KeyState
    from .facts import OwnFacts
    from .services import Services
    from .show import Line
    from .why import Learned

_ROUTES_KEPT = 4096
_NETWORK_FILES = ("ca_file", "client_certificate", "client_key")


class Network(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How connections are made; None: as the environment and the system say. Paths are absolute."""

    proxy: Mapping[str, str] | str | Literal[False] | None = None
    ca_file: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None


class Settings:
    """What `load` found. Routes are made when a model is first asked for, and kept.

    `default_model`, `max_retries` and `unsupported` are None where nobody set them.
    """

    def __init__(
        self, layers: Sequence[Layer], tables: Mapping[str, Tables], around: Around, user_file: Path
    ) -> None:
        top = _top(layers)
        self.layers = tuple(layers)
        self.user_file = user_file
        self.default_model: str | None = _value(top, "default_model")
        self.max_retries: int | None = _value(top, "max_retries")
        self.unsupported: Literal["raise", "drop"] | None = _value(top, "unsupported")
        self.strategy: str | None = _value(top, "strategy")
        self.mend: bool | None = _value(top, "mend")
        self.limits = TimeLimits(**around.timeouts)
        self.has_services = any(key in layer.table for layer in layers for key in shape.SERVICES)
        """Whether anything is asked for that `services` tells; where not, nobody needs to read it."""
        self._services: Services | None = None
        self._around = around
        self._aliases = _aliases(layers)
        self.has_aliases = bool(self._aliases)
        """Whether any name is made of others, and may say how calls go over its route."""
        self._resolver = Resolver(tables, self._aliases, around, self.holidays, self._own_facts)
        for name, layered in tables.items():
            if any(key not in shape.PROVIDER or key == "keys" for _, table in layered for key in table):
                self._resolver.provider(name)  # only its row tells whether such keys are known
        self._routes: dict[str, Route] = {}

    def _own_facts(self) -> dict[str, OwnFacts]:
        """What the configuration tells of models, by the names it uses."""
        if not any("facts" in layer.table for layer in self.layers):
            return {}
        from .facts import read_facts

        return read_facts(self.layers)

    def resolve(self, model: str | Sequence[str] | None = None, wire: str | None = None) -> Route:
        """The deployments for a model name, an alias, a list of them in order, or the default model.

        Of a provider's endpoints that would do alike the one of the dialect `wire` is taken.
        Raises UnknownProviderError, MissingKeyError or another ConfigError.
        """
        if isinstance(model, str):
            name = model if wire is None else f"{model}\0{wire}"
            route = self._routes.get(name)
            if route is None:
                if len(self._routes) >= _ROUTES_KEPT:
                    self._routes.clear()
                route = self._routes[name] = self._resolver.route(model, wire)
            return route
        if model is None:
            return self.resolve(self._default(), wire)
        if not isinstance(model, (list, tuple)):
            raise ConfigError(f"a model is named by text or a list of texts, not by {type(model).__name__}")
        if not model:
            raise ConfigError("the list of models is empty")
        return tuple(pool for name in model for pool in self.resolve(_text(name), wire))

    def rule(self, model: str | Sequence[str] | None = None) -> RouteRule:
        """How calls go over the route of an alias, as far as the alias says."""
        name = self._default() if model is None else model
        return self._resolver.rule(name) if isinstance(name, str) and name in self._aliases else NO_RULE

    @property
    def has_limits(self) -> bool:
        """Whether limits of one's own are asked for anywhere."""
        return any("limits" in layer.table for layer in self.layers) or any(
            "limits" in table or any("limits" in key for key in table.get("keys", ()))
            for layer in self.layers
            for table in layer.table.get("providers", {}).values()
        )

    @property
    def services(self) -> Services:
        """What the client keeps besides its calls. Raises ConfigError for tables that cannot be read."""
        if self._services is None:
            from .places import with_places
            from .services import check_content, check_media, read_services
            from .sharing import check_shared

            around = self._around
            check_shared(self.layers, around.project)
            check_content(self.layers, around.project)
            check_media(self.layers, around.project)
            read = read_services(self.layers, around.locator, around.project)
            self._services = with_places(read, self.layers, around.locator, around.project)
        return self._services

    def holidays(self) -> Holidays:
        """The days on which prices by the hour do not hold: published ones, and those of `[money]`."""
        known = catalogue.holidays()
        if not self.has_services:
            return known
        from .services import with_own_days

        return with_own_days(known, self.services.money)

    def provider_names(self) -> tuple[str, ...]:
        """All providers: the catalogue's and those of the configuration, sorted."""
        return self._resolver.provider_names()

    def aliases(self) -> tuple[str, ...]:
        """The aliases of the configuration, sorted."""
        return tuple(sorted(self._aliases))

    def known_models(self, provider: str | None = None) -> tuple[ModelInfo, ...]:
        """What the catalogue knows of the models of one provider, or of all."""
        names = self.provider_names() if provider is None else (self._resolver.provider(provider).name,)
        return tuple(model for name in names for model in catalogue.models(name))

    def key_state(self, provider: str) -> KeyState:
        """Whether a provider's key is set, and from where. Reads no file and runs no command."""
        from .explain import key_state

        return key_state(self._resolver.provider(provider))

    def endpoint_states(self, provider: str, model: str = "") -> tuple[EndpointState, ...]:
        """A provider's endpoints in order: which is used, and why."""
        from .explain import endpoint_states

        return endpoint_states(self._resolver.provider(provider), model)

    def secrets_seen(self, provider: str) -> dict[str, Secret]:
        """Credentials that are there as text, of the endpoint that is used or likeliest; no file is read."""
        from .explain import secrets_seen

        return secrets_seen(self._resolver.provider(provider))

    def row(self, provider: str) -> ProviderRow:
        """What is known of a provider, with the configuration's tables on top."""
        return self._resolver.provider(provider).row

    def behaviours(
        self,
        model: str | Sequence[str] | None = None,
        *,
        learned: Learned | None = None,
        language: str = "en",
    ) -> tuple[ModelBehaviour, ...]:
        """What calls to a model, or over an alias, go by, for each place of the route. Reads no key.

        `learned` holds the quirks that refusals taught, as the client has them.
        """
        from .why import behaviours_of

        named = self._default() if model is None else model
        places = [
            place
            for name in ([named] if isinstance(named, str) else named)
            for place in self._resolver.places(_text(name))
        ]
        return tuple([behaviours_of(place, learned or {}, language) for place in places])

    def show(self) -> list[Line]:
        """Every value that counts, with the place it comes from; secrets masked. Reads every row."""
        from .show import layer_lines, variable_lines

        providers = [self._resolver.provider(name) for name in self.provider_names()]
        parts = {provider.name: provider.address_parts for provider in providers}
        lines = layer_lines(self.layers, parts)
        for provider in providers:
            lines += variable_lines(provider, self._around.variables)
        return lines

    @property
    def network(self) -> Network:
        """How connections are made. Raises ConfigError when an untrusted project wants a say in it."""
        given = merged((layer, layer.table.get("network", {})) for layer in self.layers)
        project = self._around.project
        if project is not None and any(one.layer.project for one in given.values()):
            project.require(PROJECT_FILE, "wants to change how connections are made (network)")
        locator = self._around.locator
        return Network(
            **{
                key: str(locator.path(one.value, one.layer)) if key in _NETWORK_FILES else one.value
                for key, one in given.items()
            }
        )

    def _default(self) -> str:
        if self.default_model is None:
            raise ConfigError(
                "no model was named and no default_model is set",
                hint=f'Name it, or write default_model = "provider/model" into {self.user_file}',
            )
        return self.default_model


def load_settings(
    config: str | Path | Mapping[str, Any] | None = None,
    *,
    keys: Mapping[str, Key] | None = None,
    laid_over: Mapping[str, Any] | None = None,
) -> Settings:
    """As `load`, with this process's environment, folder and platform."""
    import os
    import sys

    return load(
        config,
        keys=keys,
        laid_over=laid_over,
        environ=os.environ,
        cwd=Path.cwd(),
        platform=sys.platform,
        home=Path.home(),
    )


def load(
    config: str | Path | Mapping[str, Any] | None = None,
    *,
    keys: Mapping[str, Key] | None = None,
    laid_over: Mapping[str, Any] | None = None,
    environ: Mapping[str, str],
    cwd: Path,
    platform: str,
    home: Path,
) -> Settings:
    """The configuration: `config` alone where it is given, else the project's file over the user's file.

    `laid_over` stands above either. Raises ConfigError naming file and key for what is wrong in them. Rows
    and credentials are looked at when a model needs them.
    """
    user_dir = paths.config_dir(environ, platform, home)
    project: Project | None = None
    env_file: dict[str, str] = {}
    if isinstance(config, Mapping):
        layers = [Layer(label="the argument config", table=config, folder=cwd)]
    elif config is not None:
        layers = [_required(cwd / config)]
    else:
        above, project, env_file = _project(cwd, user_dir / RECORD)
        layers = [layer for layer in (above, _layer(user_dir / USER_FILE)) if layer is not None]
    if laid_over:
        layers.insert(0, Layer(label="the arguments of the client", table=laid_over, folder=cwd))
    for layer in layers:
        _check(layer)
    tables = _providers(layers)
    variables = Variables(environ, env_file)
    around = Around(
        variables=variables,
        locator=Locator(variables, home, project),
        project=project,
        keys=_keys(keys or {}, tables),
        argument=Layer(label="the argument keys", table={}, folder=cwd),
        timeouts=_value(_top(layers), "timeouts") or {},
    )
    return Settings(layers, tables, around, user_dir / USER_FILE)


def _layer(path: Path, *, data: bytes | None = None, project: Project | None = None) -> Layer | None:
    data = files.read(path) if data is None else data
    if data is None:
        return None
    table = files.parse_toml(data, path)
    own = project is not None and project.holds(path)
    return Layer(label=str(path), table=table, folder=path.parent, project=project is not None, own=own)


def _required(path: Path) -> Layer:
    layer = _layer(path)
    if layer is None:
        raise ConfigError(f"there is no configuration file {path}")
    return layer


def _project(cwd: Path, record: Path) -> tuple[Layer | None, Project | None, dict[str, str]]:
    """The file of this folder and the `.env` beside it; nothing where there is no such file."""
    data = files.read(cwd / PROJECT_FILE)
    if data is None:
        return None, None, {}
    contents = {PROJECT_FILE: data}
    variables: dict[str, str] = {}
    beside = files.read(cwd / DOTENV)
    if beside is not None:
        contents[DOTENV] = beside
        variables = dotenv.parse(files.as_text(beside, cwd / DOTENV), where=str(cwd / DOTENV))
    project = Project(cwd.resolve(), contents, record)
    return _layer(cwd / PROJECT_FILE, data=data, project=project), project, variables


def _check(layer: Layer) -> None:
    """Raise ConfigError for what is wrong in a layer, as far as no row is needed to tell."""
    where = layer.label
    shape.check(layer.table, shape.TOP, where=where)
    shape.check(layer.table.get("timeouts", {}), shape.TIMEOUTS, where=where, path="timeouts")
    shape.check(layer.table.get("network", {}), shape.NETWORK, where=where, path="network")
    if "facts" in layer.table:
        from .facts import check_facts

        check_facts(layer)
    if any(key in layer.table for key in shape.SERVICES):
        from .services import check_services

        check_services(layer)
    for name, table in layer.table.get("models", {}).items():
        shape.check_value(table, "table", where=where, path=shape.joined("models", name))
        check_alias(name, table, layer)
    for name, table in layer.table.get("providers", {}).items():
        path = shape.joined("providers", name)
        shape.check_value(table, "table", where=where, path=path)
        for key, kind in shape.PROVIDER.items():
            if key in table:
                shape.check_value(table[key], kind, where=where, path=shape.joined(path, key))
        shape.check(table.get("timeouts", {}), shape.TIMEOUTS, where=where, path=f"{path}.timeouts")


def _top(layers: Iterable[Layer]) -> dict[str, Given]:
    return merged((layer, layer.table) for layer in layers)


def _value(top: Mapping[str, Given], key: str) -> Any:
    given = top.get(key)
    return None if given is None else given.value


def _aliases(layers: Iterable[Layer]) -> dict[str, Given]:
    """Every alias with its table; the highest layer that has it decides what it means."""
    found: dict[str, Given] = {}
    for layer in layers:
        for name, table in layer.table.get("models", {}).items():
            found.setdefault(name, Given(table, layer))
    return found


def _providers(layers: Sequence[Layer]) -> dict[str, Tables]:
    """The tables of each provider, highest first, under the name that its row has."""
    new = {
        name
        for layer in layers
        for name, table in layer.table.get("providers", {}).items()
        if "dialect" in table
    }
    found: dict[str, list[tuple[Layer, Mapping[str, Any]]]] = {}
    for layer in layers:
        written: dict[str, str] = {}
        for name, table in layer.table.get("providers", {}).items():
            real = _row_name(name, new, layer.label)
            if real in written:
                both = f"providers.{written[real]} and providers.{name}"
                raise ConfigError(f"{layer.label}: {both} are the same provider")
            written[real] = name
            found.setdefault(real, []).append((layer, table))
    return {name: tuple(tables) for name, tables in found.items()}


def _keys(keys: Mapping[str, Key], tables: Mapping[str, Tables]) -> dict[str, Key]:
    """The caller's keys under the names of the rows. Raises ConfigError for one of no provider or no text."""
    if not isinstance(keys, Mapping):
        raise ConfigError(
            f"keys must be a mapping of providers to keys, not {type(keys).__name__}",
            hint='Write keys={"deepseek": "sk-…"}.',
        )
    for name, key in keys.items():
        if key is not None and not isinstance(key, (str, Secret, Mapping)):
            raise ConfigError(f"keys[{name!r}] must be text, not {type(key).__name__}")
    return {_row_name(name, tables, "the argument keys"): key for name, key in keys.items()}


def _row_name(name: str, new: Container[str], where: str) -> str:
    if name in new or name in catalogue.provider_names():
        return name
    try:
        return catalogue.find(name).name
    except UnknownProviderError as error:
        hint = error.hint or f"A new one needs providers.{name}.dialect and providers.{name}.base_url."
        raise UnknownProviderError(f"{where}: {error.message}", hint=hint) from error


def _text(name: object) -> str:
    if not isinstance(name, str):
        raise ConfigError(f"a model is named by text, not by {type(name).__name__}")
    return name
