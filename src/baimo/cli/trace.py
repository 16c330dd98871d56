"""`baimo trace`: the last calls of the ledger, or one of them as a line of time for each attempt."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

import click
import msgspec

from .command import command, json_option, option
from .ledgers import ledger_path, seconds, the_call
from .timeline import timeline
from .width import cut, pad, width, wrap
from .words import has, note_line, say

if TYPE_CHECKING:
    from baimo.types.record import AttemptRecord, CallRecord

    from .console import Console

_SHORT = 8
"""Digits of an id that are shown in the list: its last ones, for the first ones are the time."""
_WIDEST = 110
_BILLED = ("chat", "embeddings")


@command("trace")
@click.argument("call", required=False, metavar="[ID]")
@option("-n", "--count", type=click.IntRange(min=1), default=20, metavar="N", help="trace.count")
@option("--failed", is_flag=True, help="trace.only_failed")
@option("--ledger", metavar="FILE", help="option.ledger")
@json_option()
@click.pass_obj
def run(
    console: Console, call: str | None, count: int, failed: bool, ledger: str | None, as_json: bool
) -> int:
    """Print the last calls, or one."""
    from baimo.config.settings import load_settings
    from baimo.ledger.reading import last_calls

    path = ledger_path(load_settings(), ledger)
    if call is not None:
        one = the_call(path, call)
        if as_json:
            console.line(json.dumps(msgspec.to_builtins(one, enc_hook=repr), ensure_ascii=False, indent=2))
        else:
            show_call(console, one)
        return 0
    found = last_calls(path, count, failed=failed) if path.exists() or ledger is not None else ()
    if as_json:
        listed = [msgspec.to_builtins(one, enc_hook=repr) for one in found]
        console.line(json.dumps(listed, ensure_ascii=False, indent=2))
    elif not found:
        console.tell(say("trace.nothing", path=path))
    else:
        console.lines(_list(console, found))
    return 0


def _list(console: Console, found: tuple[CallRecord, ...]) -> list[str]:
    """One line a call, the newest first."""
    head = [say(f"trace.{name}") for name in ("id", "at", "model", "took", "tries", "outcome")]
    rows = []
    for one in found:
        at = datetime.fromtimestamp(one.at)
        rows.append(
            [
                one.id[-_SHORT:],
                at.strftime("%m-%d %H:%M:%S"),
                _name(one),
                seconds(one.took_s),
                str(len(one.attempts)),
                _outcome(console, one),
            ]
        )
    rights = (3, 4)
    widths = [max(width(row[at]) for row in [head, *rows]) for at in range(len(head))]
    if console.table_columns is not None:
        rest = console.table_columns - sum(widths) + widths[2] - 2 * (len(widths) - 1)
        widths[2] = max(min(widths[2], rest), 12)
    lines = []
    for number, row in enumerate([head, *rows]):
        cells = [_cell(text, widths[at], right=at in rights) for at, text in enumerate(row)]
        line = "  ".join(cells).rstrip()
        if number and found[number - 1].outcome != "answered":
            line = line[: len(line) - len(row[-1])] + console.coloured(row[-1], "red")
        lines.append(console.bold(line) if number == 0 else line)
    return lines


def _cell(text: str, columns: int, *, right: bool) -> str:
    text = cut(text, columns)
    return " " * (columns - width(text)) + text if right else pad(text, columns)


def _name(one: CallRecord) -> str:
    if one.provider is None:
        return _bare(one.asked[0]) if one.asked else "–"
    return _bare(f"{one.provider}/{one.model}")


def _bare(name: str) -> str:
    """provider/model; of a call that is about no model the provider."""
    return name.removesuffix("/*")


def _outcome(console: Console, one: CallRecord) -> str:
    """A mark; for what did not end well the error's code, or what became of it."""
    if one.outcome == "answered":
        mark = console.symbol("✓", "ok")
        return f"{mark} {say('trace.cached')}" if one.cached else mark
    mark = console.symbol("✗", "x")
    return f"{mark} {one.error or say(f'trace.{one.outcome}')}"


def show_call(console: Console, one: CallRecord) -> None:
    """One call: what was asked, the attempts in their time, what came of it."""
    at = datetime.fromtimestamp(one.at).strftime("%Y-%m-%d %H:%M:%S")
    console.line(console.bold(f"{one.id}  {at}"))
    streamed = say("trace.streamed") if one.streamed else say("trace.whole")
    columns = min(console.columns, _WIDEST) if console.out_is_terminal else _WIDEST
    known = f"trace.of_{one.operation}"
    what = say(known) if has(known) else one.operation
    whom = ", ".join(_bare(name) for name in one.asked)
    says_how = f"{what}{say('trace.and')}{streamed}" if one.operation in _BILLED else what
    _wrapped(console, say("trace.asked", what=says_how, whom=whom), columns)
    colour = "green" if one.outcome == "answered" else "red"
    mark = console.symbol(*(("✓", "ok") if one.outcome == "answered" else ("✗", "x")))
    words = say(f"trace.{one.outcome}_after", seconds=seconds(one.took_s))
    console.line(f"{console.coloured(mark, colour)} {words}")
    if one.message:
        _wrapped(console, f"{one.message} [{one.error}]", columns, indent="  ")
    if one.attempts:
        console.line()
        lines, legend = timeline(one, columns, symbol=console.symbol)
        for number, (attempt, line) in enumerate(zip(one.attempts, lines, strict=True), 1):
            good = attempt.outcome == "answered"
            end = console.coloured(
                console.symbol(*(("✓", "ok") if good else ("✗", "x"))), "green" if good else "red"
            )
            console.line(f"{number:>2}  {line} {end}")
            for detail in _details(attempt):
                _wrapped(console, detail, columns, indent="    ")
        console.line(legend)
    elif one.cached:
        console.line(say("trace.from_cache"))
    console.line()
    for line in _facts(one):
        _wrapped(console, line, columns)


def _wrapped(console: Console, text: str, columns: int, indent: str = "") -> None:
    console.lines(indent + line for line in wrap(text, columns - len(indent)))


def _details(attempt: AttemptRecord) -> list[str]:
    """What there is to say of one attempt: its times, and why it failed."""
    times = []
    if attempt.waited_s:
        times.append(say("trace.waited", seconds=seconds(attempt.waited_s)))
    if attempt.queued_s:
        times.append(say("trace.queued", seconds=seconds(attempt.queued_s)))
    if attempt.first_s is not None:
        times.append(say("trace.first", seconds=seconds(attempt.first_s)))
    if attempt.key:
        times.append(say("trace.by_key", name=attempt.key))
    lines = [" · ".join(times)] if times else []
    if attempt.error is not None:
        facts = [attempt.error]
        if attempt.status is not None:
            facts.append(f"HTTP {attempt.status}")
        if attempt.provider_code and attempt.provider_code != str(attempt.status):
            facts.append(attempt.provider_code)
        if attempt.request_id:
            facts.append(say("trace.request_id", id=attempt.request_id))
        if attempt.maybe_billed:
            facts.append(say("trace.maybe_billed"))
        lines.append(f"{attempt.message or ''} [{', '.join(facts)}]".strip())
    return lines


def _facts(one: CallRecord) -> list[str]:
    """Tokens, cost, notes, and how to see more."""
    usage, words = one.usage, []
    if usage.input is not None or usage.output is not None:
        read, made = (("?" if count is None else f"{count:,}") for count in (usage.input, usage.output))
        words.append(say("answer.tokens", read=read, made=made))
    if one.cost is not None:
        words.append(str(one.cost))
    elif one.operation in _BILLED and any(attempt.outcome == "answered" for attempt in one.attempts):
        words.append(say("trace.no_cost"))
    lines = [" · ".join(words)] if words else []
    lines += [note_line(note) for note in one.notes]
    if one.recording:
        lines.append(say("trace.recording", id=one.id))
    return lines
