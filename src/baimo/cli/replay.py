"""`baimo replay`: a recorded call, made again offline by the present code, and whether it is the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from baimo.errors import ConfigError

from .command import command, json_option, option
from .failures import DONE, FAILED, error_facts, error_lines
from .ledgers import ledger_path, seconds, the_call
from .words import say

if TYPE_CHECKING:
    from baimo.config.settings import Settings
    from baimo.testing.replayed import ReplayResult

    from .console import Console


@command("replay")
@click.argument("what", metavar="ID|FILE")
@option("--real-time", is_flag=True, help="replay.real_time")
@option("--as-test", is_flag=True, help="replay.as_test")
@option("--ledger", metavar="FILE", help="option.ledger")
@json_option()
@click.pass_obj
def run(
    console: Console, what: str, real_time: bool, as_test: bool, ledger: str | None, as_json: bool
) -> int:
    """Replay one call."""
    path = _found(what, ledger)
    if as_test:
        from baimo.transports.recorded import read_recording

        read_recording(path)
        console.line(test_of(path))
        return DONE
    from baimo.testing.replayed import replay

    result = replay(path, real_time=real_time)
    if as_json:
        console.line(json.dumps(_facts(result), ensure_ascii=False, indent=2))
    else:
        _show(console, result)
    return DONE if result.same else FAILED


def _found(what: str, ledger: str | None) -> Path:
    """The recording's file: by its name, or by an id of which the beginning or the end is enough."""
    if Path(what).is_file():
        return Path(what)
    if not re.fullmatch("[0-9a-fA-F]{4,32}", what):
        raise ConfigError(say("replay.no_file", what=what), hint=say("replay.which"))
    from baimo.config.settings import load_settings

    settings = load_settings()
    found = _in_folder(settings, what.lower())
    if len(found) > 1:
        raise ConfigError(say("trace.several", id=what, ids=", ".join(path.stem for path in found)))
    if found:
        return found[0]
    recordings = settings.services.recordings
    try:
        call = the_call(ledger_path(settings, ledger), what)
    except ConfigError:
        if recordings is None and ledger is None:
            raise ConfigError(
                say("replay.off"), hint=say("replay.switch_on", file=settings.user_file)
            ) from None
        raise ConfigError(say("replay.no_file", what=what), hint=say("replay.which")) from None
    if call.recording is None:
        raise ConfigError(
            say("replay.not_recorded", id=call.id), hint=say("replay.switch_on", file=settings.user_file)
        )
    return Path(call.recording)


def _in_folder(settings: Settings, part: str) -> list[Path]:
    """The recordings whose id begins or ends so."""
    recordings = settings.services.recordings
    if recordings is None:
        return []
    folder = Path(recordings.folder)
    return sorted({*folder.glob(f"{part}*.baimo"), *folder.glob(f"*{part}.baimo")})


def _show(console: Console, result: ReplayResult) -> None:
    """What the caller would get on standard output, what there is to say of it beside."""
    if result.text:
        console.line(result.text)
    elif result.error is None and result.events:
        console.line(json.dumps(result.recording.events[-1], ensure_ascii=False))
    if result.error is not None:
        for line in error_lines(result.error):
            console.tell(line)
    elif result.outcome == "cancelled":
        console.tell(say("replay.left"))
    facts = {
        "events": f"{len(result.events):,}",
        "requests": result.requests,
        "seconds": seconds(result.took_s),
    }
    console.tell(say("replay.came", **facts), quiet=True)
    if result.same:
        console.tell(say("replay.same"))
    else:
        console.tell(say("replay.differs"))
        for difference in result.differences:
            console.tell(f"  {difference}")


def _facts(result: ReplayResult) -> dict[str, Any]:
    """The result for a program to read."""
    return {
        "id": result.recording.id,
        "same": result.same,
        "differences": list(result.differences),
        "outcome": result.outcome,
        "text": result.text,
        "error": None if result.error is None else error_facts(result.error),
        "events": len(result.events),
        "requests": result.requests,
        "seconds": round(result.took_s, 6),
    }


def test_of(path: Path) -> str:
    """A test for pytest that replays the file."""
    from baimo.transports.recorded import read_recording

    recording = read_recording(path)
    record = recording.record
    lines = [
        f'"""The call {recording.id}, as it was recorded."""',
        "",
        "from baimo.testing import replay",
        "",
        "",
        f"def test_call_{recording.id[-8:]}_is_still_{record.outcome}() -> None:",
        f"    result = replay({str(path.resolve())!r})",
        "    assert result.differences == ()",
        f"    assert result.outcome == {record.outcome!r}",
    ]
    if record.error is not None and record.outcome != "cancelled":
        lines += ["    assert result.error is not None", f"    assert result.error.code == {record.error!r}"]
    return "\n".join(lines)
