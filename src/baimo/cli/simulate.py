"""`baimo simulate`: providers on this machine, made of our own dialects."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from .command import command, json_option, option
from .words import language, say

if TYPE_CHECKING:
    from baimo.simulator.engine import Simulation
    from baimo.simulator.loopback import Loopback
    from baimo.simulator.received import Received
    from baimo.simulator.scripts import Script

    from .console import Console

PORT = 8640


@command("simulate")
@click.argument("providers", nargs=-1, metavar="[PROVIDER]...")
@option("--host", default="127.0.0.1", metavar="ADDRESS", help="simulate.host")
@option("--port", type=click.IntRange(0, 65535), default=PORT, metavar="NUMBER", help="simulate.port")
@option("--script", metavar="NAME|FILE", help="simulate.script")
@option("--reply", "replies", multiple=True, metavar="TEXT", help="simulate.reply")
@option("--backed", metavar="MODEL", help="simulate.backed")
@option("--ttft", type=click.FloatRange(min=0), default=0.0, metavar="SECONDS", help="simulate.ttft")
@option(
    "--tokens-per-second", type=click.FloatRange(min=0), default=0.0, metavar="NUMBER", help="simulate.speed"
)
@option("--jitter", type=click.FloatRange(0, 1), default=0.0, metavar="SHARE", help="simulate.jitter")
@option("--seed", type=int, default=0, metavar="NUMBER", help="simulate.seed")
@option("--rate", "rates", multiple=True, metavar="NAME=NUMBER", help="simulate.rate")
@option("--fault", "faults", multiple=True, metavar="FAULT", help="simulate.fault")
@option("--moderate-input", "input_words", multiple=True, metavar="WORD", help="simulate.moderate_input")
@option("--moderate-output", "output_words", multiple=True, metavar="WORD", help="simulate.moderate_output")
@option("--credential", "credentials", multiple=True, metavar="NAME=VALUE", help="simulate.credential")
@option("--list-faults", is_flag=True, help="simulate.list_faults")
@option("--show-config", is_flag=True, help="simulate.show_config")
@json_option()
@click.pass_obj
def run(
    console: Console,
    /,
    providers: tuple[str, ...],
    host: str,
    port: int,
    list_faults: bool,
    show_config: bool,
    as_json: bool,
    seed: int,
    credentials: tuple[str, ...],
    **wanted: Any,
) -> int:
    """Serve until somebody stops it."""
    if list_faults:
        _list_faults(console, as_json)
        return 0
    if show_config and not port:
        raise click.UsageError(say("usage.fixed_port"))
    from baimo.simulator.engine import Simulation
    from baimo.simulator.faces import Faces, names
    from baimo.simulator.loopback import Loopback

    endpoints = dict(_endpoint(one) for one in providers)
    faces = Faces(tuple(endpoints) or names(), _credentials(credentials))
    simulation = Simulation(faces, seed=seed)
    loopback = Loopback(simulation, host=host, port=port)
    if show_config:
        _show_config(console, simulation, loopback, endpoints, as_json)
        return 0
    with ExitStack() as stack:
        _prepare(console, simulation, stack, **wanted)
        loopback.start()
        stack.callback(loopback.stop)
        simulation.on_answered = lambda received: _tell(console, received, as_json)
        if not as_json:
            names_told = ", ".join(faces)
            console.line(f"# {say('simulate.listening', names=names_told, url=loopback.origin)}")
        _show_config(console, simulation, loopback, endpoints, as_json)
        try:
            console.tell(say("simulate.ready"), quiet=True)
            _wait()
        finally:
            console.tell(say("simulate.stopped", count=len(simulation.log.all())), quiet=True)
    return 0


def _wait() -> None:
    """Until Ctrl-C, which is raised here, or until the process is told to end."""
    ended = threading.Event()
    if threading.current_thread() is threading.main_thread():
        before = signal.signal(signal.SIGTERM, lambda *_: ended.set())
        try:
            ended.wait()
        finally:
            signal.signal(signal.SIGTERM, before)
    else:
        ended.wait()


def _endpoint(provider: str) -> tuple[str, str | None]:
    name, _, endpoint = provider.partition(":")
    return name, endpoint or None


def _credentials(texts: tuple[str, ...]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for text in texts:
        place, mark, value = text.partition("=")
        provider, dot, name = place.rpartition(".")
        if not (mark and dot and provider and name and value):
            raise click.UsageError(say("usage.credential", text=place))
        found.setdefault(provider, {})[name] = value
    return found


def _prepare(
    console: Console,
    simulation: Simulation,
    stack: ExitStack,
    *,
    script: str | None,
    replies: tuple[str, ...],
    backed: str | None,
    ttft: float,
    tokens_per_second: float,
    jitter: float,
    rates: tuple[str, ...],
    faults: tuple[str, ...],
    input_words: tuple[str, ...],
    output_words: tuple[str, ...],
) -> None:
    """Set what the options say."""
    from baimo.simulator.engine import Moderation, Rule
    from baimo.simulator.faults import parse_rule
    from baimo.simulator.timing import Timing

    if sum(map(bool, (script, replies, backed))) > 1:
        raise click.UsageError(say("usage.one_script"))
    simulation.timing = Timing(ttft=ttft, tokens_per_second=tokens_per_second, jitter=jitter)
    simulation.moderation = Moderation(input=input_words, output=output_words)
    for text in faults:
        simulation.faults.add(parse_rule(text))
    if rates:
        simulation.rates.append(Rule(rate=_rate(rates)))
    if replies:
        from baimo.simulator import scripts

        simulation.script = scripts.replies(replies)
    elif backed is not None:
        simulation.script = _backed(console, backed, stack)
    elif script is not None:
        simulation.script = _script(script)


def _rate(texts: tuple[str, ...]) -> Any:
    from baimo.simulator.rates import Rate

    limits: dict[str, int] = {}
    for text in texts:
        name, _, number = text.partition("=")
        if name not in Rate.__struct_fields__ or not number.isdigit():
            raise click.UsageError(say("usage.rate", text=text))
        limits[name] = int(number)
    return Rate(**limits)


def _backed(console: Console, model: str, stack: ExitStack) -> Script:
    """A script of a real model; a built-in one is brought here first."""
    from baimo.simulator.scripts import backed

    from .calling import fetch_if_embedded, open_client

    client = stack.enter_context(open_client(console))
    client.settings.resolve(model)
    fetch_if_embedded(console, client, model)
    return backed(client, model)


def _script(name: str) -> Script:
    """A script by its name, or the function `script` of a file."""
    from baimo.errors import InputError
    from baimo.simulator.scripts import BY_NAME

    if name in BY_NAME:
        return BY_NAME[name]
    if not name.endswith(".py"):
        raise InputError(f"there is no script {name!r}; there is {', '.join(BY_NAME)}, or a file NAME.py")
    import runpy

    try:
        found = runpy.run_path(name).get("script")
    except OSError as error:
        raise click.UsageError(say("usage.script_file", path=name, why=error.strerror or error)) from None
    if not callable(found):
        raise click.UsageError(say("usage.script_file", path=name, why="script"))
    made: Script = found
    return made


def _list_faults(console: Console, as_json: bool) -> None:
    from baimo.simulator.faults import FAULTS

    from .width import table

    said = language()
    rows = []
    for kind in FAULTS.values():
        means = kind.means_zh if said == "zh" else kind.means
        written = f"{kind.name}@{kind.argument}" if kind.argument else kind.name
        rows.append([written, kind.wires.replace(" ", ", "), means])
    if as_json:
        facts = [
            {"name": kind.name, "argument": kind.argument, "wires": kind.wires.split(), "means": row[2]}
            for kind, row in zip(FAULTS.values(), rows, strict=True)
        ]
        console.line(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    console.lines(table(rows, columns=console.table_columns))
    console.tell(say("simulate.how"), quiet=True)


def _show_config(
    console: Console,
    simulation: Simulation,
    loopback: Loopback,
    endpoints: Mapping[str, str | None],
    as_json: bool,
) -> None:
    from .simulate_config import facts_of, toml_of

    for provider in simulation.faces:
        place = loopback.address_of(provider)
        facts = facts_of(simulation.faces[provider], place, endpoints.get(provider))
        if as_json:
            console.line(json.dumps(facts, ensure_ascii=False))
        else:
            console.line()
            console.lines(toml_of(facts))


def _tell(console: Console, received: Received, as_json: bool) -> None:
    """One line about a request that is over."""
    model = getattr(received.asked, "model", None)
    facts = {
        "number": received.number,
        "at": round(received.at, 3),
        "provider": received.provider,
        "operation": received.operation,
        "model": model,
        "caller": received.caller,
        "status": received.status,
        "outcome": received.outcome,
        "why": received.why.value if received.why else None,
        "detail": received.detail or None,
        "fault": received.fault,
    }
    if as_json:
        kept = {name: value for name, value in facts.items() if value is not None}
        console.line(json.dumps(kept, ensure_ascii=False))
        return
    import time

    words = [
        time.strftime("%H:%M:%S", time.localtime(received.at)),
        received.provider,
        received.operation or received.target,
        model,
        received.status,
        received.outcome,
        facts["why"],
        f"({received.detail})" if received.detail else None,
        f"!{received.fault}" if received.fault else None,
    ]
    console.line("  ".join(str(word) for word in words if word is not None))
