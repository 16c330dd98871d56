"""`baimo compare`: the same question to several models at once, side by side."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from . import incoming
from .command import command, json_option, option
from .words import say

if TYPE_CHECKING:
    from baimo.client.client import Client
    from baimo.client.options import ChatOptions
    from baimo.errors import Error
    from baimo.types.chat import ChatResponse

    from .calling import Stopwatch
    from .console import Console

_NARROWEST = 34
"""Columns that an answer needs to stand beside another."""


@command("compare")
@click.argument("prompt", nargs=-1)
@option("-m", "--model", "models", multiple=True, metavar="NAME", help="compare.model")
@option("-s", "--system", metavar="TEXT", help="ask.system")
@option("-t", "--temperature", type=float, metavar="NUMBER", help="ask.temperature")
@option("--max-tokens", type=click.IntRange(min=1), metavar="NUMBER", help="ask.max_tokens")
@option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="option.timeout")
@json_option()
@click.pass_obj
def run(
    console: Console,
    prompt: tuple[str, ...],
    models: tuple[str, ...],
    system: str | None,
    temperature: float | None,
    max_tokens: int | None,
    timeout: float | None,
    as_json: bool,
) -> int:
    """Ask all models the same; 1 when one of them failed."""
    if len(models) < 2:
        raise click.UsageError(say("usage.two_models"))
    text = incoming.prompt_of(prompt)
    options: ChatOptions = {"unsupported": "drop"}
    if system is not None:
        options["system"] = incoming.argument(system)
    if temperature is not None:
        options["temperature"] = temperature
    if max_tokens is not None:
        options["max_tokens"] = max_tokens

    from .calling import open_client

    with open_client(console, timeout=timeout) as client:
        _fetch(console, client, models)
        found = ask_all(client, models, text, options)
    if as_json:
        console.line(json.dumps([_facts(one) for one in found], ensure_ascii=False, indent=2))
    else:
        _show(console, found)
    return 1 if any(one.error is not None for one in found) else 0


def _fetch(console: Console, client: Client, models: tuple[str, ...]) -> None:
    """Bring the built-in model where it is one of them; what is wrong with a name is told in its place."""
    from baimo.errors import ConfigError

    from .calling import fetch_if_embedded

    for model in models:
        with suppress(ConfigError):
            fetch_if_embedded(console, client, model)


class Compared(NamedTuple):
    """One model's answer, or what went wrong with it."""

    model: str
    response: ChatResponse | None
    error: Error | None
    watch: Stopwatch


def ask_all(client: Client, models: tuple[str, ...], text: str, options: ChatOptions) -> list[Compared]:
    """Ask all models at the same time; the answers come in the order of the models."""
    from baimo.client.mapping import run_all
    from baimo.errors import Error

    from .calling import Stopwatch

    def ask(model: str) -> Compared:
        watch = Stopwatch()
        try:
            response = client.chat(model, text, **options)
        except Error as error:
            watch.stop()
            return Compared(model, None, error, watch)
        watch.stop()
        return Compared(model, response, None, watch)

    return list(run_all(ask, models, len(models), works=client._works))


def _show(console: Console, found: list[Compared]) -> None:
    if console.is_rich and console.columns // len(found) >= _NARROWEST:
        from .side_by_side import show_columns

        show_columns(console, [(one.model, _words(one), _figures(one)) for one in found])
        return
    from .answers import writer_for

    for number, one in enumerate(found):
        if number:
            console.line()
        console.line(console.bold(f"── {one.model}") if console.out_is_terminal else f"## {one.model}")
        console.line()
        writer = writer_for(console, markdown=one.error is None)
        writer.feed(_words(one))
        writer.end()
        console.line()
        console.line(_figures(one))


def _words(one: Compared) -> str:
    """The answer, or the error in its place."""
    if one.response is not None:
        return one.response.text.strip() or one.response.refusal or say("compare.nothing")
    from .failures import error_lines

    assert one.error is not None
    return "\n".join(error_lines(one.error))


def _figures(one: Compared) -> str:
    """Time, tokens, cost."""
    from .answers import money, tokens

    facts = [f"{one.watch.total_s:.1f} s"]
    if one.response is not None:
        if one.response.usage.total is not None:
            facts.append(tokens(one.response))
        if one.response.cost is not None:
            facts.append(money(one.response))
    return " · ".join(facts)


def _facts(one: Compared) -> dict[str, Any]:
    from .answers import answer_facts
    from .failures import error_facts

    facts: dict[str, Any] = {"asked": one.model}
    if one.response is not None:
        return facts | answer_facts(one.response, one.watch)
    assert one.error is not None
    return facts | {"error": error_facts(one.error), "seconds": round(one.watch.total_s, 3)}
