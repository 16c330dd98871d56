"""`baimo image`: pictures of a prompt, written to files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from . import incoming
from .command import command, json_option, option
from .made_files import Target, call_facts, fetched, tell_notes
from .words import say

if TYPE_CHECKING:
    from baimo.client.making_options import ImagesOptions

    from .console import Console


@command("image")
@click.argument("prompt", nargs=-1)
@option("-m", "--model", required=True, metavar="NAME", help="making.model")
@option("-o", "--output", required=True, metavar="FILE", help="making.output")
@option("-n", "--number", type=click.IntRange(min=1), metavar="NUMBER", help="image.number")
@option("--size", metavar="SIZE", help="image.size")
@option("--quality", metavar="WORD", help="image.quality")
@option("-i", "--image", "images", multiple=True, metavar="FILE|URL", help="image.image")
@option("--seed", type=int, metavar="NUMBER", help="image.seed")
@option("--force", is_flag=True, help="making.force")
@option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="option.timeout")
@json_option()
@click.pass_obj
def run(
    console: Console,
    prompt: tuple[str, ...],
    model: str,
    output: str,
    number: int | None,
    size: str | None,
    quality: str | None,
    images: tuple[str, ...],
    seed: int | None,
    force: bool,
    timeout: float | None,
    as_json: bool,
) -> int:
    """Make pictures and write them."""
    text = incoming.prompt_of(prompt)
    target = Target(console, output, count=number or 1, force=force, as_json=as_json)
    if target.is_stdout and (number or 1) > 1:
        raise click.UsageError(say("image.one_out", count=number))
    options: ImagesOptions = {"n": number, "size": size, "quality": quality, "seed": seed}
    if images:
        options["image"] = [incoming.picture(image) for image in images]

    from .calling import Stopwatch, open_client

    watch = Stopwatch()
    with open_client(console, timeout=timeout) as client:
        response = client.images(model, text, **options)
        files = [
            (image.bytes, image.media_type) if image.bytes is not None else fetched(client, image.url or "")
            for image in response.images
        ]
    watch.stop()
    told = target.write(files)
    for facts, image in zip(told, response.images, strict=False):
        facts.update({"url": image.url} if image.url else {})
        facts.update({"revised_prompt": image.revised_prompt} if image.revised_prompt else {})
    if as_json:
        facts = {"images": told, **call_facts(response, watch.total_s)}
        console.line(json.dumps(facts, ensure_ascii=False))
    tell_notes(console, response)
    return 0
