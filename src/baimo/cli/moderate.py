"""`baimo moderate`: whether texts hold what a provider does not want."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from . import incoming
from .command import command, json_option, option
from .made_files import call_facts, tell_notes
from .words import say

if TYPE_CHECKING:
    from baimo.types.moderation import Moderated

    from .console import Console


@command("moderate")
@click.argument("texts", nargs=-1, metavar="[TEXT]...")
@option("-m", "--model", required=True, metavar="NAME", help="making.model")
@option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="option.timeout")
@json_option()
@click.pass_obj
def run(console: Console, texts: tuple[str, ...], model: str, timeout: float | None, as_json: bool) -> int:
    """Print what is found in each text."""
    looked_at = [incoming.argument(text) for text in texts]
    piped = "" if incoming.stdin_is_terminal() else incoming.read_stdin()
    looked_at += [piped] if piped.strip() else []
    if not looked_at:
        raise click.UsageError(say("usage.no_texts"))

    from .calling import Stopwatch, open_client

    watch = Stopwatch()
    with open_client(console, timeout=timeout) as client:
        response = client.moderate(model, looked_at)
    watch.stop()
    if as_json:
        results = [
            {"flagged": one.flagged, "categories": dict(one.categories), "scores": dict(one.scores)}
            for one in response.results
        ]
        facts = {"flagged": response.flagged, "results": results, **call_facts(response, watch.total_s)}
        console.line(json.dumps(facts, ensure_ascii=False))
    else:
        for one in response.results:
            console.line(_verdict(one))
    tell_notes(console, response)
    return 0


def _verdict(one: Moderated) -> str:
    """One line of a text."""
    names = [name for name, is_found in one.categories.items() if is_found]
    if not one.flagged:
        return say("moderate.fine")
    return say("moderate.found", names=", ".join(names)) if names else say("moderate.flagged")
