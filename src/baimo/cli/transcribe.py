"""`baimo transcribe`: what is said in some sound, as text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import incoming
from .command import command, json_option, option
from .made_files import call_facts, tell_notes
from .words import say

if TYPE_CHECKING:
    from baimo.client.client import Client
    from baimo.client.making_options import TranscribeOptions

    from .console import Console


@command("transcribe")
@click.argument("file")
@option("-m", "--model", required=True, metavar="NAME", help="making.model")
@option("--language", metavar="CODE", help="transcribe.language")
@option("--prompt", metavar="TEXT", help="transcribe.prompt")
@option("--times", is_flag=True, help="transcribe.times")
@option("--stream", is_flag=True, help="transcribe.stream")
@option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="option.timeout")
@json_option()
@click.pass_obj
def run(
    console: Console,
    file: str,
    model: str,
    language: str | None,
    prompt: str | None,
    times: bool,
    stream: bool,
    timeout: float | None,
    as_json: bool,
) -> int:
    """Print what is said."""
    if stream and (times or as_json):
        raise click.UsageError(say("transcribe.no_times"))
    sound = _sound(file)
    options: TranscribeOptions = {"language": language}
    if prompt is not None:
        options["prompt"] = incoming.argument(prompt)
    if times:
        options["timestamps"] = "segment"

    from .calling import Stopwatch, open_client

    watch = Stopwatch()
    with open_client(console, timeout=timeout) as client:
        if stream:
            return _streamed(console, client, model, sound, options)
        response = client.transcribe(model, sound, **options)
    watch.stop()
    segments = [
        {
            "start": one.start,
            "end": one.end,
            "text": one.text,
            **({"speaker": one.speaker} if one.speaker else {}),
        }
        for one in response.segments
    ]
    if as_json:
        facts = {"text": response.text, "language": response.language, "duration": response.duration}
        told: dict[str, Any] = {name: value for name, value in facts.items() if value is not None}
        told |= {"segments": segments} if segments else {}
        console.line(json.dumps({**told, **call_facts(response, watch.total_s)}, ensure_ascii=False))
    elif times and segments:
        for one in response.segments:
            console.line(f"{one.start:.1f}–{one.end:.1f} {one.text.strip()}")
    else:
        console.line(response.text)
    tell_notes(console, response)
    return 0


def _streamed(
    console: Console, client: Client, model: str, sound: bytes | Path | str, options: TranscribeOptions
) -> int:
    """Words as they come; what came of a stream that breaks off stays."""
    with client.stream_transcribe(model, sound, **options) as words:
        try:
            for piece in words:
                console.piece(piece)
        finally:
            console.line()
        tell_notes(console, words.response)
    return 0


def _sound(file: str) -> bytes | Path | str:
    """Bytes that are piped in, an address, or the path of a file. Raises a usage error."""
    if file != "-":
        if incoming.is_address(file):
            return file
        path = Path(file).expanduser()
        try:
            with path.open("rb"):
                return path
        except OSError as error:
            why = error.strerror or error
            raise click.UsageError(say("usage.cannot_read", path=file, why=why)) from None
    if incoming.stdin_is_terminal():
        raise click.UsageError(say("transcribe.terminal"))
    data = incoming.read_bytes()
    if not data:
        raise click.UsageError(say("transcribe.nothing"))
    return data
