"""The types of the catalogue's rows: a provider, its endpoints, and what is known of its models.

A key opens one row: sites and plans whose keys do not cross are providers of their own (`moonshot` and
`moonshot-intl`, `qwen` and `qwen-coding`). Within a row the first endpoint that is complete is used: one
whose credentials are all set and whose parameters all have a value. An unknown key is an error everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from baimo.errors import ConfigError
from baimo.types.medialimits import MediaLimits
from baimo.types.models import Price


class Bilingual(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A text for people, in English and Chinese."""

    en: str
    zh: str

    def said(self, language: str = "en") -> str:
        """The text in Chinese for "zh" and "zh-…", else in English."""
        return self.zh if language.lower().startswith("zh") else self.en


class Auth(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How a request shows who sends it.

    `scheme` is "bearer", "header" (a key in a field of the provider's own), "none" (a key is optional, sent
    as bearer), or the name of a signer in `baimo.auth`. `field` and `prefix` belong to "header".
    """

    scheme: str = "bearer"
    field: str = "Authorization"
    prefix: str = ""
    secret: str = "api_key"
    """The name of the one secret that bearer and header schemes send."""
    options: dict[str, Any] = {}
    """What the signer of that name is told besides: a service, a set of headers, an address of tokens.

    A text may hold `{name}` for the endpoint's parameters; it is left out where one has no value.
    """
    parameters: tuple[str, ...] = ()
    """Optional parameters of the endpoint that must have a value for this way: it cannot look them up."""


class Parameter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What the user may set of an endpoint besides secrets: a region, a resource, a workspace, an app's id.

    Where the address holds no `{name}` for it, it reaches the dialect all the same: in the site's field of
    that name (`region`, `project_id`, `app_id`, `api_version`), else as the quirk of that name.
    """

    default: str | None = None
    """None: the endpoint cannot be used before somebody sets it, unless it is optional."""
    optional: bool = False
    moot_with: dict[str, Any] = {}
    """Quirks with which nothing asks for it: another form of address."""
    env: tuple[str, ...] = ()
    port: int | None = None
    """For a server's address: without a scheme it gets `http://`, and this port where it has none."""
    remark: Bilingual | None = None

    def filled(self, value: str) -> str:
        """The value as it stands in the address."""
        value = value.rstrip("/")
        if self.port is None or "://" in value:
            return value
        host, slash, path = value.partition("/")
        has_port = host.rpartition(":")[2].isdigit()
        return f"http://{host}{'' if has_port else f':{self.port}'}{slash}{path}"


class Variant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What differs for some models of an endpoint: `quirks` are laid on the endpoint's own, key by key."""

    models: tuple[str, ...]
    """Patterns of model names (`*` and `?`)."""
    quirks: dict[str, Any]
    source: str | None = None
    """Where that is told; None: the endpoint's source."""
    checked: date | None = None


class Limits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The limits a new account meets, as far as a source tells; None is unknown."""

    concurrency: int | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None


class Endpoint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One address of a provider, with its dialect and credentials.

    In a row's file `like` names an endpoint before it: what is not said is as there, but for the models,
    the dates and the remark.
    """

    name: str
    dialect: str
    base_url: str
    """May hold `{name}` for each of `parameters`."""
    auth: Auth = Auth()
    auths: tuple[Auth, ...] = ()
    """Further ways to show who sends: the first of `auth` and these whose secrets are set is used."""
    env: dict[str, tuple[str, ...]] = {}
    """For each secret the environment variables that may hold it; the first that is set wins."""
    env_files: tuple[str, ...] = ()
    """Those of the variables of `env` that do not hold the secret, but the path of a file with it."""
    base_url_env: tuple[str, ...] = ()
    trims: tuple[str, ...] = ()
    """Ends that are cut off an address of the user's own: what other wires of the same server need."""
    parameters: dict[str, Parameter] = {}
    quirks: dict[str, Any] = {}
    """Checked by the dialect itself."""
    told: dict[str, str] = {}
    """Where single quirks are told, by their names; the others are where the endpoint is."""
    variants: tuple[Variant, ...] = ()
    models: tuple[str, ...] = ()
    """Patterns of the models that this endpoint serves (`*` and `?`); empty: all."""
    served_as: dict[str, str] = {}
    """Models whose name on the wire is another."""
    headers: dict[str, str] = {}
    limits: Limits = Limits()
    transport: str = "http"
    """"http", or "local" for the model that runs in this process."""
    since: date | None = None
    until: date | None = None
    """The day it stopped, or is announced to stop."""
    remark: Bilingual | None = None
    source: str | None = None
    """Where a reader can check it; None: the row's own source."""
    checked: date | None = None

    def serves(self, model: str) -> bool:
        """Whether this endpoint is for that model."""
        return not self.models or _matches(model, self.models)

    def quirks_for(self, model: str) -> dict[str, Any]:
        """The endpoint's quirks with those of every variant that names the model on top."""
        quirks = dict(self.quirks)
        for variant in self.variants_of(model):
            quirks.update(variant.quirks)
        return quirks

    def variants_of(self, model: str) -> tuple[Variant, ...]:
        """The variants that name the model, the one that decides last."""
        return tuple([one for one in self.variants if _matches(model, one.models)])

    def address(self, values: Mapping[str, str] | None = None) -> str:
        """The base address with `values` and the parameters' defaults filled in.

        Raises ConfigError naming the parameter that has no value, and the variables that may hold it.
        """
        address = self.base_url
        for name, parameter in self.parameters.items():
            value = (values or {}).get(name) or parameter.default
            if value is not None:
                address = address.replace(f"{{{name}}}", parameter.filled(value))
            elif not parameter.optional:
                raise self.lacks(name)
        return address

    def requires(self, way: Auth, values: Mapping[str, str], quirks: Mapping[str, Any]) -> str | None:
        """A parameter without a value that this way of signing cannot do without."""
        for name in way.parameters:
            moot = self.parameters[name].moot_with
            if name not in values and not any(quirks.get(quirk) == value for quirk, value in moot.items()):
                return name
        return None

    def lacks(self, name: str) -> ConfigError:
        """The error for a parameter that has no value."""
        parameter = self.parameters[name]
        places = " or ".join(("the configuration", *parameter.env))
        remark = f" {parameter.remark.en}" if parameter.remark else ""
        return ConfigError(f"endpoint {self.name!r} needs {name!r}", hint=f"Set it in {places}.{remark}")

    @property
    def ways(self) -> tuple[Auth, ...]:
        """All ways to show who sends, in order."""
        return (self.auth, *self.auths)


class BalancePlaces(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Where a provider tells what is left on the account. Places are JSON pointers: `/data/left`."""

    path: str
    """Behind the base address of the endpoint that calls go to."""
    accounts: str | None = None
    """A list with an entry for each currency: the other places, but for `available`, are in an entry."""
    amount: str
    """What can be spent."""
    less: str | None = None
    """What of it is spent already, where it is told apart."""
    currency: str | None = None
    """The code of the currency; None: what the site bills in."""
    granted: str | None = None
    topped_up: str | None = None
    available: str | None = None
    """Whether calls can be made."""
    remark: Bilingual | None = None
    """What else is needed to be told it."""
    source: str
    checked: date

    def __post_init__(self) -> None:
        places = (self.accounts, self.less, self.currency, self.granted, self.topped_up, self.available)
        for place in (self.path, self.amount, *filter(None, places)):
            if not place.startswith("/"):
                raise ValueError(f"a place begins with /, not as {place!r} does")


class ProviderRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Who serves models, where, and what to know about it."""

    name: str
    title: str
    title_zh: str
    home: str
    """Where to get a key."""
    source: str
    """Where a reader can check the row."""
    checked: date | None = None
    """None only for a user's own row."""
    endpoints: tuple[Endpoint, ...]
    codes: str | None = None
    """The table in `baimo.dialect.codes` that holds its error codes."""
    currency: str | None = None
    """What the site bills in, where that is known."""
    balance: BalancePlaces | None = None
    """None: no way to ask for it is documented."""
    default_model: str | None = None
    max_queue_s: float = 0.0
    """How long keep-alives may extend the limit of a stream's first event, in seconds."""
    key_prefixes: tuple[str, ...] = ()
    """What its keys begin with, where all of them do."""
    foreign_keys: dict[str, str] = {}
    """Prefixes of keys that belong to another provider: prefix to that provider's name."""
    site_hint: Bilingual | None = None
    """What a refused key most often means here."""
    free_tier: Bilingual | None = None
    remark: Bilingual | None = None
    media: MediaLimits | None = None
    """What it takes of pictures and other media; None: nothing is known."""
    retired: date | None = None
    """The day the service ended."""
    successor: str | None = None
    """The provider to use instead."""

    def title_in(self, language: str = "en") -> str:
        """The provider's title in Chinese for "zh" and "zh-…", else in English."""
        return self.title_zh if language.lower().startswith("zh") else self.title


class ModelsFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The block `[file]` of a models file: what its models share."""

    source: str
    checked: date


class ModelRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One block of a models file."""

    context: int | None = None
    max_output: int | None = None
    input_modalities: tuple[str, ...] = ()
    output_modalities: tuple[str, ...] = ()
    prices: tuple[Price, ...] = ()
    retired: date | None = None
    """The day it stopped, or is announced to stop."""
    never: bool = False
    """The provider never served that name; it stands here because texts teach it."""
    successor: str | None = None
    remark: Bilingual | None = None
    told_by: str | None = None
    """Where `retired`, `never`, `successor` and `remark` are told."""
    source: str | None = None
    """Where the figures are told; None: the file's source."""
    checked: date | None = None


class HolidayYear(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One year of a country's public holidays."""

    days: tuple[date, ...]
    """All days off of that year, weekends among them."""
    source: str
    announced: date
    checked: date


class Mistake(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What people set in place of a credential."""

    shape: str
    """A regular expression of the whole text."""
    remark: Bilingual
    """What it is, and where it belongs: without a full stop."""


class SecretFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is known of one credential, or of an id that is set beside it."""

    title: str
    """What the provider's console calls it."""
    where: Bilingual
    """Where it is found there: whole sentences."""
    shape: str | None = None
    """A regular expression of the whole text, where all of them look alike."""
    looks: Bilingual | None = None
    """The shape in words: without a full stop."""
    free: bool = False
    """A person's own words, which may be short and hold blanks: a name, a password."""
    mistaken: tuple[Mistake, ...] = ()


class AddressRemark(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """What is wrong with an address that texts teach, old settings hold, or people often mistake."""

    matches: tuple[str, ...]
    """Patterns (`*` and `?`) of the whole address in lower case, without a slash at its end."""
    dialects: tuple[str, ...] = ()
    """The wires for which it is wrong; empty: all."""
    remark: Bilingual
    told_by: str


def _matches(model: str, patterns: tuple[str, ...]) -> bool:
    name = model.lower()
    return any(fnmatchcase(name, pattern.lower()) for pattern in patterns)
