"""`baimo models`: what is known of models, or what a provider lists now."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import click

from .command import command, json_option, option
from .width import table
from .words import joined, language, say

if TYPE_CHECKING:
    from baimo.types.models import ModelInfo

    from .console import Console

_UNKNOWN = "–"


@command("models")
@click.argument("provider", required=False)
@option("--live", is_flag=True, help="models.live")
@option("--all", "with_retired", is_flag=True, help="models.all")
@option("--why", "model", metavar="MODEL", help="models.why")
@json_option()
@click.pass_obj
def run(
    console: Console, provider: str | None, live: bool, with_retired: bool, model: str | None, as_json: bool
) -> int:
    """Print a table of models, or all that calls to one go by."""
    if model is not None:
        if live or with_retired or provider is not None:
            raise click.UsageError(say("usage.why_alone"))
        from .why import explain

        return explain(console, model, as_json=as_json)
    if live and provider is None:
        raise click.UsageError(say("usage.live_whom"))
    if provider is not None and "/" in provider:
        raise click.UsageError(say("models.is_one", name=provider, provider=provider.split("/")[0]))
    from .calling import open_client

    with open_client(console) as client:
        if provider is not None and client.settings.row(provider).endpoints[0].transport == "local":
            live = True  # what is on this machine is all that there is
        found = client.models(provider) if live else client.settings.known_models(provider)
    today = date.today()
    shown = [one for one in found if with_retired or live or one.retired is None or one.retired > today]
    if as_json:
        import msgspec

        console.line(json.dumps(msgspec.to_builtins(shown, builtin_types=()), ensure_ascii=False, indent=2))
        return 0
    if not shown:
        console.tell(say("models.none_known", provider=provider or ""))
        return 0
    console.lines(model_lines(console, shown, today))
    hidden = len(found) - len(shown)
    if hidden:
        console.tell(say("models.hidden", count=hidden), quiet=True)
    if not live and provider is not None:
        checked = max((one.checked for one in found if one.checked), default=None)
        source = next((one.source for one in found if one.source), "")
        if checked is not None:
            console.tell(say("models.checked", date=checked, source=source), quiet=True)
    return 0


def model_lines(console: Console, models: Sequence[ModelInfo], today: date) -> list[str]:
    """A table: name, context, longest answer, price, what else there is to know."""
    head = [say(f"models.{column}") for column in ("name", "context", "output", "price", "remark")]
    rows = [
        [
            f"{one.provider}/{one.id}",
            token_words(one.context),
            token_words(one.max_output),
            price_words(one, today),
            _remark(one),
        ]
        for one in models
    ]
    empty = [at for at in range(1, len(head)) if all(row[at] in (_UNKNOWN, "") for row in rows)]
    kept = [[cell for at, cell in enumerate(row) if at not in empty] for row in (head, *rows)]
    lines = table(kept, columns=console.table_columns)
    return [console.bold(lines[0]), *lines[1:]]


def price_words(model: ModelInfo, today: date) -> str:
    """What a million tokens cost today, read / made; `+` where long prompts or some hours cost more."""
    valid = [
        price
        for price in model.prices
        if (price.since is None or price.since <= today) and (price.until is None or today < price.until)
    ]
    if not valid:
        return _UNKNOWN
    first = valid[0]
    read = _UNKNOWN if first.input is None else f"{first.input.normalize():f}"
    made = _UNKNOWN if first.output is None else f"{first.output.normalize():f}"
    return f"{read} / {made} {first.currency}{'+' if len(valid) > 1 else ''}"


def token_words(count: int | None) -> str:
    """128K, 1M: as people say it."""
    if count is None:
        return _UNKNOWN
    for unit, size in (("M", 1_000_000), ("M", 1 << 20), ("K", 1000), ("K", 1 << 10)):
        if count >= size and count % size == 0:
            return f"{count // size}{unit}"
    return f"{count:,}"


def _remark(model: ModelInfo) -> str:
    from baimo.catalogue import load as catalogue

    words = []
    if model.retired is not None:
        words.append(say("models.retired", date=model.retired))
    if model.successor is not None:
        words.append(say("models.successor", name=model.successor))
    if model.remark:
        row = catalogue.model_row(model.provider, model.id)
        words.append(row.remark.said(language()) if row and row.remark else model.remark)
    return joined(*words)
