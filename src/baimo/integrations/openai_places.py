"""Where calls of the SDK's client go: what its `base_url` and `api_key` mean, and its names of models."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from baimo.catalogue import load as catalogue
from baimo.catalogue.rows import Endpoint
from baimo.client.base import Config
from baimo.config.provider import Key
from baimo.config.resolve import split
from baimo.config.settings import Settings, load_settings
from baimo.errors import InputError, UnknownProviderError
from baimo.wire.http import split_url

CHAT, RESPONSES = "openai_chat", "openai_responses"
HOME = "openai"
"""Who is asked for a model without a provider's name."""
_KEY = "OPENAI_API_KEY"
_ADDRESS = "OPENAI_BASE_URL"


class Places(NamedTuple):
    """Which provider a model's name leads to."""

    settings: Settings
    home: str = HOME
    responses_home: str = HOME
    """The same for requests of the Responses API."""
    only: bool = False
    """Whether every name is a model of that provider, as with an address of one's own."""

    def name(self, model: str, wire: str) -> str:
        """The name by which a client knows a model. Raises UnknownProviderError with near names."""
        home = self.responses_home if wire == RESPONSES else self.home
        if self.only:
            return f"{home}/{model}"
        if model in self.settings.aliases():
            return model
        provider, rest = split(model)
        if not rest:
            return f"{home}/{model}"
        try:
            self.settings.row(provider)
        except UnknownProviderError:
            if model[len(provider)] == "/":
                raise
            return f"{home}/{model}"  # `ft:gpt-4o:acme::id`
        return model


def find_places(
    *,
    api_key: str | None,
    base_url: str | None,
    keys: Mapping[str, Key] | None,
    config: Config,
    environ: Mapping[str, str],
) -> Places:
    """What those arguments mean, as the SDK reads them. Raises ConfigError or InputError."""
    told = base_url or environ.get(_ADDRESS)
    if isinstance(config, Settings):
        if api_key is not None or base_url is not None or keys:
            raise InputError("api_key, base_url and keys belong to a client that is made here")
        return Places(config)
    own = dict(keys or {})
    if not told:
        if api_key is not None:
            own[HOME] = api_key
        return Places(load_settings(config, keys=own))
    if base_url is None and api_key is None:
        api_key = environ.get(_KEY)  # the two variables belong together
    known = known_at(told)
    if known is None:
        home, responses, tables = _unknown(told)
    else:
        home = responses = known[0]
        tables = {home: known[1]} if known[1] else {}
    if api_key is not None:
        own |= {home: api_key, responses: api_key}
    settings = load_settings(config, keys=own, laid_over={"providers": tables} if tables else None)
    return Places(settings, home, responses, only=base_url is not None)


def known_at(base_url: str) -> tuple[str, dict[str, Any]] | None:
    """The provider of the catalogue whose address that is, and what to say of it; None where nobody's."""
    origin, path = split_url(base_url)
    near: tuple[str, dict[str, Any]] | None = None
    for name in catalogue.provider_names():
        endpoints = catalogue.provider(name).endpoints
        for endpoint in endpoints:
            if endpoint.dialect not in (CHAT, RESPONSES) or not endpoint.base_url.startswith(origin):
                continue
            own_origin, own_path = split_url(endpoint.base_url)
            if own_origin != origin or _bare(own_path) != _bare(path):
                continue
            said = _said(endpoint, endpoints)
            if own_path == path:
                return name, said
            near = near or (name, {**said, "base_url": base_url})
    return near


def _bare(path: str) -> str:
    """A path without the version that many take or leave."""
    return path.removesuffix("/v1")


def _said(endpoint: Endpoint, endpoints: tuple[Endpoint, ...]) -> dict[str, Any]:
    """That it is this endpoint, where the caller's wire does not tell it."""
    alike = [one for one in endpoints if one.dialect == endpoint.dialect and not one.models]
    return {"endpoint": endpoint.name} if len(alike) > 1 else {}


def _unknown(base_url: str) -> tuple[str, str, dict[str, Any]]:
    """A provider for an address that nobody knows: it speaks as OpenAI does, on both wires."""
    origin, _ = split_url(base_url)
    name = "at-" + re.sub(r"[^a-z0-9.-]+", "-", origin.partition("://")[2].lower())
    table: dict[str, Any] = {"dialect": CHAT, "base_url": base_url, "env": {"api_key": [_KEY]}}
    responses = f"{name}-responses"
    return name, responses, {name: table, responses: {**table, "dialect": RESPONSES}}
