"""`baimo speak`: a text as speech, written to a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import incoming
from .command import command, json_option, option
from .made_files import Target, call_facts, tell_notes

if TYPE_CHECKING:
    from baimo.client.making_options import SpeechOptions

    from .console import Console

_ENDS = ("mp3", "wav", "pcm", "opus", "aac", "flac", "ogg")


@command("speak")
@click.argument("text", nargs=-1)
@option("-m", "--model", required=True, metavar="NAME", help="making.model")
@option("-o", "--output", required=True, metavar="FILE", help="making.output")
@option("--voice", metavar="NAME", help="speak.voice")
@option("--format", "form", metavar="WORD", help="speak.format")
@option("--speed", type=click.FloatRange(min=0, min_open=True), metavar="NUMBER", help="speak.speed")
@option("--instructions", metavar="TEXT", help="speak.instructions")
@option("--force", is_flag=True, help="making.force")
@option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="option.timeout")
@json_option()
@click.pass_obj
def run(
    console: Console,
    text: tuple[str, ...],
    model: str,
    output: str,
    voice: str | None,
    form: str | None,
    speed: float | None,
    instructions: str | None,
    force: bool,
    timeout: float | None,
    as_json: bool,
) -> int:
    """Speak and write the sound."""
    said = incoming.prompt_of(text)
    target = Target(console, output, force=force, as_json=as_json)
    end = Path(output).suffix[1:].lower()
    options: SpeechOptions = {
        "voice": voice,
        "format": form or (end if end in _ENDS else None),
        "speed": speed,
        "instructions": incoming.argument(instructions) if instructions is not None else None,
    }

    from .calling import Stopwatch, open_client

    watch = Stopwatch()
    with open_client(console, timeout=timeout) as client:
        if target.is_stdout:
            for piece in client.stream_speech(model, said, **options):
                console.data(piece)
            return 0
        response = client.speech(model, said, **options)
    watch.stop()
    told = target.write([(response.audio, response.media_type)])
    if as_json:
        console.line(json.dumps({**told[0], **call_facts(response, watch.total_s)}, ensure_ascii=False))
    tell_notes(console, response)
    return 0
