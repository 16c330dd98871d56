"""The configuration that leads to a simulated provider, as facts and as TOML that one can paste."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from baimo.catalogue import load as catalogue
from baimo.errors import ConfigError, UnknownProviderError
from baimo.simulator.words import Face

from .words import say


def facts_of(face: Face, origin: str, endpoint: str | None) -> dict[str, Any]:
    """All that a client needs, the endpoint that was asked for first. Raises ConfigError for another one."""
    tables = face.configuration(origin)
    if endpoint is not None and endpoint not in tables:
        raise ConfigError(f"{face.name} has no endpoint {endpoint!r} here; there is {', '.join(tables)}")
    chosen = endpoint or next(iter(tables))
    ordered = {chosen: tables[chosen], **tables}
    return {
        "provider": face.name,
        "address": origin,
        "endpoint": chosen,
        "credentials": face.credentials(),
        "endpoints": ordered,
        "environment": _environment(face.name, chosen, tables[chosen]),
    }


def toml_of(facts: Mapping[str, Any]) -> Iterator[str]:
    """Lines of TOML: the chosen endpoint as it stands, what else there is as comments."""
    name = facts["provider"]
    for endpoint, table in facts["endpoints"].items():
        mark = "" if endpoint == facts["endpoint"] else "# "
        if mark:
            yield f"# {say('simulate.other_endpoint', name=endpoint)}"
        yield f"{mark}[providers.{name}]"
        if mark and "endpoint" not in table:
            yield f"{mark}endpoint = {json.dumps(endpoint)}"
        for key, value in table.items():
            yield f"{mark}{key} = {json.dumps(value, ensure_ascii=False)}"
    if facts["environment"]:
        yield f"# {say('simulate.environment')}"
        for variable, value in facts["environment"].items():
            yield f"#   {variable}={value}"


def _environment(provider: str, endpoint: str, table: Mapping[str, object]) -> dict[str, str]:
    """The usual environment variables of the endpoint with what they would hold."""
    try:
        row = catalogue.provider(provider)
    except UnknownProviderError:
        return {}
    found = next((one for one in row.endpoints if one.name == endpoint), None)
    if found is None:
        return {}
    variables = {secret: names[0] for secret, names in found.env.items() if names}
    variables |= {name: one.env[0] for name, one in found.parameters.items() if one.env}
    if found.base_url_env:
        variables["base_url"] = found.base_url_env[0]
    return {variable: str(table[name]) for name, variable in variables.items() if name in table}
