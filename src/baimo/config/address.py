"""The address of an endpoint: the row's, the user's or the environment's, with its parts filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from msgspec.structs import replace

from baimo.auth.schemes import KEYS
from baimo.catalogue.rows import Auth, Endpoint, ProviderRow
from baimo.errors import ConfigError, InputError
from baimo.types.secret import Secret
from baimo.wire.http import split_url

from .layers import DOTENV, PROJECT_FILE, Given, Variables

_OPERATIONS = ("/chat/completions", "/completions", "/embeddings", "/responses", "/messages")
_DRAWN_BY = ("base_url_env", "parameters")
"""Keys that say where an address is looked for: whoever sets them decides it."""
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]", "": "127.0.0.1"}


class Address(NamedTuple):
    """Where requests go, and who said so."""

    url: str
    source: str
    """For people: a key of a file, a variable, or `the catalogue`."""
    values: Mapping[str, str]
    """The parameters that have a value, the row's own included: region, project_id, app_id, …"""
    project_file: str | None
    """The project's file that had a say in it."""
    sends_to: str | None = None
    """The project's file that says where else credentials go: to a service that gives tokens for them."""


class _Part(NamedTuple):
    value: str
    source: str
    project_file: str | None


def find_address(
    endpoint: Endpoint,
    given: Mapping[str, Given],
    variables: Variables,
    *,
    provider: str,
    way: Auth | None = None,
) -> Address:
    """The address of an endpoint, and its other parameters; `way` is how requests there are signed.

    Raises ConfigError for an address that cannot work, or a parameter that needs a value and has none.
    """
    parts = {name: part for name in endpoint.parameters if (part := _part(name, endpoint, given, variables))}
    template = _template(endpoint, given, variables, provider)
    values = {
        name: part.value if endpoint.parameters[name].port is None else _reachable(part.value)
        for name, part in parts.items()
    }
    url = replace(endpoint, base_url=template.value).address(values)
    redrawn = any(key in given and given[key].layer.project for key in _DRAWN_BY)
    used = [template, *(part for name, part in parts.items() if f"{{{name}}}" in template.value)]
    said = [part for part in used if part.source]
    source = said[0].source if said else "the catalogue"
    if endpoint.transport != "local":
        check_url(url, f"the address of {provider} ({source})")
    files = [part.project_file for part in used if part.project_file]
    by_file = files[0] if files else PROJECT_FILE if redrawn else None
    usual = {name: one.default for name, one in endpoint.parameters.items() if one.default is not None}
    values = {**usual, **values}
    return Address(url, source, values, by_file, _steered_by(way, parts, given))


def _steered_by(way: Auth | None, parts: Mapping[str, _Part], given: Mapping[str, Given]) -> str | None:
    """The project's file that has a say in where a signer asks for tokens."""
    if way is None or way.scheme in KEYS:
        return None
    for key in ("auth", "auths"):
        if key in given and given[key].layer.project:
            return PROJECT_FILE
    asked = "".join(str(option) for option in way.options.values())
    for name, part in parts.items():
        if part.project_file and (name == "region" or f"{{{name}}}" in asked):
            return part.project_file
    return None


def own_addresses(row: ProviderRow | None, given: Mapping[str, Given], variables: Variables) -> set[str]:
    """The addresses that a row has without anything that the project says."""
    if row is None:
        return set()
    others = {name: one for name, one in given.items() if not one.layer.project and name != "base_url"}
    found = set()
    for endpoint in row.endpoints:
        try:
            address = find_address(endpoint, others, variables.without_dotenv(), provider=row.name)
        except ConfigError:
            continue
        found.add(address.url)
    return found


def check_url(url: str, what: str) -> None:
    """Raise ConfigError for a base address that cannot be one."""
    try:
        split_url(url)
    except InputError as error:
        raise ConfigError(f"{what}: {error.message}") from None
    parts = urlsplit(url.strip())
    if parts.query or parts.fragment:
        raise ConfigError(f"{what}: {url!r} must end with its path; leave out what stands after ? or #")
    path = parts.path.rstrip("/")
    for operation in _OPERATIONS:
        if path.endswith(operation):
            raise ConfigError(
                f"{what}: {url!r} names one operation", hint=f"Write the base address: cut off {operation}"
            )


def _template(endpoint: Endpoint, given: Mapping[str, Given], variables: Variables, provider: str) -> _Part:
    """The address before its parts are filled in. `source` is empty for the row's own."""
    if one := given.get("base_url"):
        source = f"providers.{provider}.base_url in {one.layer.label}"
        value = _trimmed(str(one.value), endpoint)
        return _Part(value, source, PROJECT_FILE if one.layer.project else None)
    if found := variables.first(endpoint.base_url_env):
        return _Part(_trimmed(found.value, endpoint), found.source, DOTENV if found.project else None)
    return _Part(endpoint.base_url, "", None)


def _part(name: str, endpoint: Endpoint, given: Mapping[str, Given], variables: Variables) -> _Part | None:
    if one := given.get(name):
        value = one.value.reveal() if isinstance(one.value, Secret) else str(one.value)
        source = f"{name} in {one.layer.label}"
        return _Part(_server(value, name, endpoint), source, PROJECT_FILE if one.layer.project else None)
    if found := variables.first(endpoint.parameters[name].env):
        value = _server(found.value, name, endpoint)
        return _Part(value, found.source, DOTENV if found.project else None)
    return None


def _server(value: str, name: str, endpoint: Endpoint) -> str:
    return value if endpoint.parameters[name].port is None else _trimmed(value, endpoint)


def _trimmed(address: str, endpoint: Endpoint) -> str:
    """An address of the user's own without what belongs to other wires of the same server."""
    address = address.strip().rstrip("/")
    for end in endpoint.trims:
        address = address.removesuffix(end).rstrip("/")
    return address


def _reachable(value: str) -> str:
    """A server's address as one can call it: where it listens everywhere, it is called on this machine."""
    scheme, mark, rest = value.rpartition("://")
    for everywhere, here in _EVERYWHERE.items():
        if rest == everywhere or rest.startswith((f"{everywhere}:", f"{everywhere}/")):
            return f"{scheme}{mark}{here}{rest[len(everywhere) :]}"
    return value
