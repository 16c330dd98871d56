"""`baimo embed`: texts to vectors, one JSON line each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from . import incoming
from .command import command, option
from .words import note_line, say

if TYPE_CHECKING:
    from .console import Console


@command("embed")
@click.argument("texts", nargs=-1, metavar="[TEXT]...")
@option("-m", "--model", metavar="NAME", help="embed.model")
@option("-d", "--dimensions", type=click.IntRange(min=1), metavar="NUMBER", help="embed.dimensions")
@option("--batch", type=click.IntRange(min=1), default=10, metavar="NUMBER", help="embed.batch")
@option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="option.timeout")
@option("-v", "--verbose", is_flag=True, help="option.verbose")
@click.pass_obj
def run(
    console: Console,
    texts: tuple[str, ...],
    model: str | None,
    dimensions: int | None,
    batch: int,
    timeout: float | None,
    verbose: bool,
) -> int:
    """Print one JSON line for each text."""
    if not texts and incoming.stdin_is_terminal():
        raise click.UsageError(say("usage.no_texts"))
    wanted = [incoming.argument(text) for text in texts] or incoming.read_stdin().splitlines()

    from .calling import FALLBACK_MODEL, Stopwatch, fetch_if_embedded, open_client

    console.as_json = True
    watch, used = Stopwatch(), 0
    with open_client(console, timeout=timeout) as client:
        fetch_if_embedded(console, client, model or FALLBACK_MODEL)
        for part in batches(enumerate(wanted), batch):
            response = client.embed(
                model or FALLBACK_MODEL, [text for _, text in part], dimensions=dimensions
            )
            used += response.usage.input or 0
            for (index, text), vector in zip(part, response.vectors, strict=True):
                console.line(json.dumps({"index": index, "text": text, "vector": vector}, ensure_ascii=False))
            for note in response.notes:
                console.tell(note_line(note), quiet=True)
    watch.stop()
    if verbose:
        console.tell(
            say("embed.summary", count=len(wanted), tokens=used, seconds=f"{watch.total_s:.1f}"), quiet=True
        )
    return 0


def batches(texts: Iterable[tuple[int, str]], size: int) -> Iterator[list[tuple[int, str]]]:
    """The texts that are not blank, so many at a time, each with its number."""
    part: list[tuple[int, str]] = []
    for index, text in texts:
        if text.strip():
            part.append((index, text))
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part
