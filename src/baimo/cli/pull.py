"""`baimo pull`: brings a model onto this machine or onto a server of models, or says which ones are here."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .calling import open_client
from .command import command, json_option, option
from .width import table
from .words import say

if TYPE_CHECKING:
    from baimo.local.pull import Progress

    from .console import Console

_BAR = 30
_REDRAW_S = 0.1


@command("pull")
@click.argument("what", required=False, metavar="[NAME|PATH|URL]")
@option("--name", metavar="NAME", help="pull.name")
@json_option()
@click.pass_obj
def run(console: Console, what: str | None, name: str | None, as_json: bool) -> int:
    """Bring a model here, or list them."""
    if what is None:
        _list(console, as_json)
        return 0
    bar = Bar(console)
    if (model := _on_a_server(console, what)) is not None:
        _pull_there(console, model, bar)
        console.line(json.dumps({"model": model}, ensure_ascii=False) if as_json else model)
        return 0
    from baimo.local.pull import pull

    try:
        path = pull(what, name=name, on_progress=bar.show)
    finally:
        bar.end()
    if as_json:
        console.line(json.dumps({"path": str(path)}, ensure_ascii=False))
    else:
        console.line(str(path))
    return 0


def _on_a_server(console: Console, what: str) -> str | None:
    """`provider/model` for a model of a known provider; None for what is pulled onto this machine."""
    from baimo.config.resolve import split

    provider, model = split(what)
    if not model or provider == "local" or "://" in what or Path(what).exists():
        return None
    with open_client(console) as client:
        known = provider in client.settings.provider_names()
    return f"{provider}/{model}" if known else None


def _pull_there(console: Console, model: str, bar: Bar) -> None:
    """Have the server fetch it. What it does besides moving bytes is told once each."""
    from baimo.local.pull import Progress

    told = ""
    try:
        with open_client(console) as client:
            for progress in client.pull(model):
                if progress.total:
                    bar.show(Progress(progress.status, progress.completed or 0, progress.total))
                elif progress.status != told:
                    bar.end()
                    told = progress.status
                    console.tell(told, quiet=True)
    finally:
        bar.end()


class Bar:
    """How far a pull is: a bar on a terminal, a line now and then elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.begun = time.monotonic()
        self._drawn = 0.0
        self._tenth = -1
        self._is_open = False

    def show(self, progress: Progress) -> None:
        """Draw it anew, but not too often."""
        now = time.monotonic()
        done = progress.total is not None and progress.done >= progress.total
        if self._console.err_is_terminal:
            if now - self._drawn >= _REDRAW_S or done:
                self._drawn, self._is_open = now, True
                click.echo(f"\r{self.line(progress, now)}\x1b[K", nl=False, err=True)
        elif progress.total:
            tenth = progress.done * 10 // progress.total
            if tenth > self._tenth:
                self._tenth = tenth
                self._console.tell(f"{progress.name} {tenth * 10} %")

    def end(self) -> None:
        """Leave the last state standing."""
        if self._is_open:
            self._is_open = False
            click.echo(err=True)

    def line(self, progress: Progress, now: float) -> str:
        if progress.waiting:
            return say("pull.waiting", name=progress.name)
        size = f"{progress.done / 1e6:,.0f} MB"
        speed = progress.done / max(now - self.begun, 0.001)
        if not progress.total:
            return f"{progress.name}  {size}  {speed / 1e6:.1f} MB/s"
        share = min(progress.done / progress.total, 1.0)
        full, empty = ("█", "░") if _can_draw() else ("#", ".")
        bar = full * round(share * _BAR) + empty * (_BAR - round(share * _BAR))
        left = (progress.total - progress.done) / speed if speed > 1 else 0.0
        rest = f"  {left:.0f} s" if left >= 1 else ""
        return f"{progress.name}  {bar} {share:4.0%}  {size} / {progress.total / 1e6:,.0f} MB{rest}"


def _can_draw() -> bool:
    try:
        "█░".encode(getattr(sys.stderr, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def _list(console: Console, as_json: bool) -> None:
    """The models that are here, then those that can be pulled by name."""
    from baimo.local.models import KNOWN, megabytes
    from baimo.local.pull import home_dir
    from baimo.local.store import Store

    store = Store(home_dir())
    here = {record.name: record for record in store.all()}
    if as_json:
        pulled = [
            {"name": one.name, "path": str(store.path(one)), "bytes": one.size, "source": one.source}
            for one in here.values()
        ]
        known = [
            {"name": one.name, "title": one.title, "bytes": one.size, "licence": one.licence}
            for one in KNOWN.values()
        ]
        console.line(json.dumps({"pulled": pulled, "known": known}, ensure_ascii=False, indent=2))
        return
    mark = console.symbol("✓", "*")
    rows = [[mark, f"local/{one.name}", megabytes(one.size), one.source] for one in here.values()]
    rows += [
        ["", f"local/{one.name}", megabytes(one.size), f"{one.title}, {one.licence}"]
        for one in KNOWN.values()
        if one.name not in here
    ]
    console.lines(table(rows, columns=console.table_columns))
    console.tell(say("pull.legend", mark=mark), quiet=True)
