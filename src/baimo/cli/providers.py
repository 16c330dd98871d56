"""`baimo providers`: who can be called, at which address, and which keys are set."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from .command import command, json_option, option
from .width import table
from .words import joined, language, say

if TYPE_CHECKING:
    from baimo.config.settings import Settings

    from .console import Console


@command("providers")
@click.argument("provider", required=False)
@option("--set", "only_set", is_flag=True, help="providers.set")
@json_option()
@click.pass_obj
def run(console: Console, provider: str | None, only_set: bool, as_json: bool) -> int:
    """Print who can be called, or all about one."""
    from baimo.config.settings import load_settings

    settings = load_settings()
    names = settings.provider_names() if provider is None else (settings.row(provider).name,)
    found = [provider_facts(settings, name) for name in names]
    found = [one for one in found if one["key_set"]] if only_set else found
    if as_json:
        console.line(json.dumps(found, ensure_ascii=False, indent=2))
    elif provider is not None:
        _show_one(console, found[0])
    else:
        _show_table(console, found)
    return 0


def provider_facts(settings: Settings, name: str) -> dict[str, Any]:
    """What there is to know of one provider, for people in their language and for programs."""
    row, state, said = settings.row(name), settings.key_state(name), language()
    endpoints = settings.endpoint_states(name)
    used = next((one for one in endpoints if one.used), endpoints[0])
    is_local = row.endpoints[0].transport == "local"
    return {
        "name": name,
        "title": row.title_in(said),
        "address": say("providers.in_process") if is_local else used.address,
        "endpoint": used.name,
        "key_set": state.is_set,
        "usable": state.complete,
        "key_from": list(state.sources),
        "variables": list(state.variables),
        "home": state.home,
        "default_model": row.default_model,
        "endpoints": [
            {
                "name": one.name,
                "address": one.address,
                "used": one.used,
                "why": why(one.why, one.missing),
                "scheme": one.scheme,
                "since": one.since.isoformat() if one.since else None,
                "until": one.until.isoformat() if one.until else None,
            }
            for one in endpoints
        ],
        "remark": row.remark.said(said) if row.remark else None,
        "free_tier": row.free_tier.said(said) if row.free_tier else None,
        "retired": row.retired.isoformat() if row.retired else None,
        "successor": row.successor,
        "source": row.source,
        "checked": row.checked.isoformat() if row.checked else None,
    }


def why(word: str, missing: tuple[str, ...] = ()) -> str:
    """Why an endpoint is used or not, in the user's language."""
    return say(f"endpoint.{word}", missing=", ".join(missing))


def _show_table(console: Console, found: list[dict[str, Any]]) -> None:
    """Those that can be called come first."""
    head = [say(f"providers.{column}") for column in ("name", "title", "key", "address")]
    order = sorted(found, key=lambda one: (not one["key_set"], not one["usable"], one["name"]))
    rows = [[one["name"], one["title"], _key(console, one), _where(one)] for one in order]
    lines = table([head, *rows], columns=console.table_columns)
    console.lines([console.bold(lines[0]), *lines[1:]])


def _key(console: Console, one: dict[str, Any]) -> str:
    if one["key_set"]:
        return f"{console.symbol('✓', '*')} {one['key_from'][0].split(' in ')[-1]}"
    return say("providers.no_key_needed") if one["usable"] else "–"


def _where(one: dict[str, Any]) -> str:
    """The address, and in front of it that the service has ended."""
    address = one["address"] or "–"
    if one["retired"] is None:
        return address
    ended = say("providers.retired", date=one["retired"])
    return joined(ended, say("models.successor", name=one["successor"])) if one["successor"] else ended


def _endpoint_words(end: dict[str, Any]) -> str:
    """Address, whether it is used and why, and the days between which it is served."""
    words = [end["address"] or "–", end["why"]]
    words += [say(f"endpoint.{bound}", date=end[bound]) for bound in ("since", "until") if end[bound]]
    return "  ".join(words)


def _show_one(console: Console, one: dict[str, Any]) -> None:
    console.line(console.bold(f"{one['name']}  {one['title']}"))
    rows = [
        (say("providers.key"), ", ".join(one["key_from"]) or "–"),
        (say("providers.variables"), ", ".join(one["variables"]) or "–"),
    ]
    rows += [(say("providers.endpoint", name=end["name"]), _endpoint_words(end)) for end in one["endpoints"]]
    for fact in ("default_model", "remark", "free_tier", "retired", "successor", "home"):
        if one[fact]:
            rows.append((say(f"providers.{fact}_row"), one[fact]))
    rows.append((say("providers.source_row"), f"{one['source']} ({one['checked'] or '–'})"))
    console.lines(table(rows, columns=console.table_columns, indent="  "))
