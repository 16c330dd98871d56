"""The whole configuration as lines, each value with the place it comes from, secrets masked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from baimo.catalogue.rows import Endpoint, ProviderRow
from baimo.types.secret import Secret

from . import shape
from .layers import Layer, Variables
from .provider import Provider

_PLAIN = frozenset((*shape.PROVIDER, *Endpoint.__struct_fields__, *ProviderRow.__struct_fields__)) - {
    "api_key"
}
_OTHER_FORM = {"api_key": "keys", "keys": "api_key"}
_MASKED_TABLES = frozenset(("headers", "extra"))
_STORES = frozenset((("limits", "shared"), ("cache", "store")))
"""Addresses that may hold a login."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One value that counts: its key path as in TOML, the value as one may show it, and where it stands."""

    key: str
    value: str
    source: str


def layer_lines(layers: Sequence[Layer], plain: Mapping[str, frozenset[str]]) -> list[Line]:
    """What the files and the argument say, without what a higher place has overruled.

    `plain` names, for each provider, the parts of its address: they are no secrets.
    """
    seen: set[tuple[str, ...]] = set()
    lines = []
    for layer in layers:
        for path, value in _leaves((), layer.table):
            if any(_overrules(above, path) for above in seen):
                continue
            seen.add(path)
            lines.append(Line(key=_written(path), value=_shown(path, value, plain), source=layer.label))
    return lines


def variable_lines(provider: Provider, variables: Variables) -> list[Line]:
    """What the environment says of a provider, where nothing above it does."""
    lines = {}
    for candidate in provider.candidates():
        endpoint = candidate.endpoint
        for one in candidate.credentials:
            for secret, located in one.way.located.items():
                if located.is_usual and located.text is not None:
                    key = f"providers.{shape.joined('', provider.name)}.{secret}"
                    lines[key] = Line(key=key, value=located.text.masked(), source=located.source)
        found = variables.first(endpoint.base_url_env)
        if found is not None and candidate.address is not None and candidate.address.source == found.source:
            key = f"providers.{shape.joined('', provider.name)}.base_url"
            lines[key] = Line(key=key, value=candidate.address.url, source=found.source)
    return list(lines.values())


def _overrules(above: tuple[str, ...], below: tuple[str, ...]) -> bool:
    """Whether a value of a higher place hides one below it: the same key, or the other form of it."""
    length = min(len(above), len(below))
    other = _OTHER_FORM.get(below[-1])
    return above[:length] == below[:length] or (len(below) == 3 and above == (*below[:-1], other))


def _leaves(path: tuple[str, ...], table: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value with its path; a secret's form (`{ env = … }`) is one value."""
    for key, value in table.items():
        here = (*path, str(key))
        if isinstance(value, Mapping) and not _is_secret_form(here, value):
            yield from _leaves(here, value)
        elif value is not None:
            yield here, value


def _is_secret_form(path: tuple[str, ...], value: Mapping[str, Any]) -> bool:
    return len(path) == 3 and path[0] == "providers" and path[2] not in _PLAIN and len(value) == 1


def _shown(path: tuple[str, ...], value: Any, plain: Mapping[str, frozenset[str]]) -> str:
    if path[0] == "providers" and len(path) > 2:
        provider, key = path[1], path[2]
        if key == "keys":
            return "; ".join(_pool_entry(entry) for entry in value)
        if key not in _PLAIN and key not in plain.get(provider, frozenset()):
            return _secret(value)
    if any(key in _MASKED_TABLES for key in path[:-1]) and isinstance(value, str):
        return Secret(value).masked()
    if path[-1] == "proxy" or path[:2] == ("network", "proxy") or path in _STORES:
        return _without_login(str(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value)
    return str(value)


def _secret(value: Any) -> str:
    if isinstance(value, Secret):
        return value.masked()
    if isinstance(value, str):
        return Secret(value).masked()
    form, given = next(iter(value.items()))
    return f'{{ command = ["{given[0]}", …] }}' if form == "command" else f'{{ {form} = "{given}" }}'


def _pool_entry(entry: Mapping[str, Any]) -> str:
    return ", ".join(str(value) if key == "weight" else _secret(value) for key, value in entry.items())


def _without_login(address: str) -> str:
    parts = urlsplit(address)
    return address.replace(f"{parts.netloc.rpartition('@')[0]}@", "****@") if "@" in parts.netloc else address


def _written(path: tuple[str, ...]) -> str:
    written = ""
    for key in path:
        written = shape.joined(written, key)
    return written
