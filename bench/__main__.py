"""`python -m bench`: measures, prints one table, and exits with 1 where a bar is missed."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path

from . import table
from .environments import python_of, server_command, socket_command
from .figures import Figures, Measure
from .measures import CLIENTS, JOBS, MEASURES, Client, Job
from .runs import RunFailed, Runner, serving

PEER_ROUNDS = 3
US = table.US


SHORT_MARGIN = 1.3
"""What the short form grants on ratios: it runs at every change, on machines that do other things too."""


def options(arguments: Sequence[str]) -> argparse.Namespace:
    peers = [name for name, client in CLIENTS.items() if client.peer]
    usual = [name for name in peers if not CLIENTS[name].asked_for]
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measure Baimo beside others.")
    parser.add_argument(
        "--short", action="store_true", help="CPU against bare libraries only, in about two minutes"
    )
    parser.add_argument("--rounds", type=int, default=5, help="alternating rounds (5)")
    parser.add_argument("--peers", default=",".join(usual), help=f"of {', '.join(peers)}; or none")
    parser.add_argument("--only", help="these jobs: " + ", ".join(JOBS))
    parser.add_argument("--without-baimo", action="store_true", help="the others alone, without verdicts")
    parser.add_argument("--python", type=Path, help="an interpreter that has aiohttp and what Baimo needs")
    parser.add_argument("--server", choices=["auto", "c", "python"], default="auto")
    parser.add_argument("--uvloop", action="store_true", help="run all async clients on uvloop; no peers")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample there")
    chosen = parser.parse_args(arguments)
    none = chosen.short or chosen.uvloop or chosen.peers == "none"
    chosen.peers = [] if none else chosen.peers.split(",")
    chosen.jobs = chosen.only.split(",") if chosen.only else list(JOBS)
    for name, known in (*((p, peers) for p in chosen.peers), *((j, list(JOBS)) for j in chosen.jobs)):
        if name not in known:
            parser.error(f"{name} is none of {', '.join(known)}")
    return chosen


def wanted(chosen: argparse.Namespace) -> list[Measure]:
    """The measures that were asked for; the short form grants them a margin for busy machines."""
    if not chosen.short:
        return [m for m in MEASURES if m.job in chosen.jobs]
    return [m.eased(SHORT_MARGIN) for m in MEASURES if m.job in chosen.jobs and m.short]


def clients_of(job: str, chosen: argparse.Namespace) -> list[str]:
    """Who does it. In the short form that is Baimo, and who is the base of a bar."""
    us = [] if chosen.without_baimo else [US]
    if chosen.short:
        bases = {m.base for m in MEASURES if m.job == job}
        return [*us, *[name for name in JOBS[job].clients if name in bases]]
    return [*us, *JOBS[job].clients, *(chosen.peers if JOBS[job].peers else [])]


def size_of(job: Job, client: Client, chosen: argparse.Namespace) -> int:
    if client.peer:
        return job.peer_size
    return job.short_size if chosen.short else job.size


def measure(
    runner: Runner, jobs: Sequence[str], chosen: argparse.Namespace, figures: Figures, *, first: int = 0
) -> None:
    """A run of rounds, from the round `first`. Who goes first changes from round to round; who failed once
    is not tried again."""
    failed = set[tuple[str, str]]()
    for round_ in range(first, first + chosen.rounds):
        for job in jobs:
            names = clients_of(job, chosen)
            turn = round_ % len(names) if names else 0
            going = [
                name
                for name in names[turn:] + names[:turn]
                if round_ - first < _rounds(job, name, chosen) and (job, name) not in failed
            ]
            for group in [going] if JOBS[job].in_turns else [[name] for name in going]:
                _say(f"round {round_ + 1}: {job}, {', '.join(group)}")
                sizes = {name: size_of(JOBS[job], CLIENTS[name], chosen) for name in group}
                try:
                    found = runner.run(sizes, job)
                except RunFailed as error:
                    failed.update((job, name) for name in group)
                    _say("")
                    print(f"{', '.join(group)} failed at {job}:\n{error}", file=sys.stderr)
                else:
                    for name in found:
                        figures.add(job, name, round_, found[name])
    _say("")


def _rounds(job: str, name: str, chosen: argparse.Namespace) -> int:
    return min(JOBS[job].rounds, PEER_ROUNDS if CLIENTS[name].peer else chosen.rounds)


def warm(runner: Runner, chosen: argparse.Namespace, jobs: Sequence[str]) -> None:
    """Start everybody once uncounted, so that all are compiled and in the page cache."""
    for name in dict.fromkeys([name for job in jobs for name in clients_of(job, chosen)]):
        try:
            runner.run({name: 1}, "import")
        except RunFailed as error:
            print(f"{name} cannot be imported:\n{error}", file=sys.stderr)


def _say(progress: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{progress}", end="", file=sys.stderr, flush=True)


def heading(chosen: argparse.Namespace, server: str, seconds: float) -> str:
    parts = [
        date.today().isoformat(),
        f"Python {platform.python_version()}",
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        f"{server} server",
        f"{chosen.rounds} rounds",
        f"{seconds:.0f} s",
    ]
    return " | ".join(parts)


def main(arguments: Sequence[str]) -> int:
    chosen = options(arguments)
    measures = wanted(chosen)
    jobs = list(dict.fromkeys([m.job for m in measures]))
    began = time.monotonic()
    locks = {CLIENTS[name].lock for job in jobs for name in clients_of(job, chosen)} | {"bare"}
    # Not resolved: the interpreter of a virtual environment is a link to one without its packages.
    pythons = {
        lock: chosen.python.absolute() if chosen.python and lock == "bare" else python_of(lock)
        for lock in sorted(locks)
    }
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        command = server_command(chosen.server, pythons["bare"])
        origin = stack.enter_context(serving(command))
        sockets = stack.enter_context(serving(socket_command(pythons["bare"]), "ws"))
        runner = Runner(origin=origin, sockets=sockets, pythons=pythons, home=home, uvloop=chosen.uvloop)
        warm(runner, chosen, jobs)
        figures = Figures()
        measure(runner, jobs, chosen, figures)
        # A machine that was busy for some rounds is given as many again; all rounds count.
        missed = dict.fromkeys([m.job for m in measures if figures.verdict(m, US) == "MISSED"])
        if missed and not chosen.without_baimo:
            measure(runner, list(missed), chosen, figures, first=chosen.rounds)
    titles = {name: client.title for name, client in CLIENTS.items()}
    columns = [name for name, client in CLIENTS.items() if client.column and name != US]
    print(heading(chosen, "C" if len(command) == 1 else "Python", time.monotonic() - began))
    print(table.render(table.rows(figures, measures, columns, titles)))
    if chosen.json:
        samples = [
            {"job": job, "figure": figure, "client": client, "rounds": found}
            for (job, figure, client), found in figures.samples.items()
        ]
        chosen.json.write_text(json.dumps(samples, indent=1) + "\n", encoding="utf-8")
    if chosen.without_baimo:
        return 0
    below = [m.title for m in measures if figures.verdict(m, US) not in ("ok", "")]
    for title in below:
        print(f"missed: {title}")
    return 1 if below else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
