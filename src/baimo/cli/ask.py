"""`baimo ask`: one question, one answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from . import incoming
from .command import command, json_option, option
from .words import say

if TYPE_CHECKING:
    from baimo.client.client import Client
    from baimo.client.options import ChatOptions
    from baimo.types.chat import Message

    from .answers import Writer
    from .console import Console


@command("ask")
@click.argument("prompt", nargs=-1)
@option("-m", "--model", metavar="NAME", help="option.model")
@option("-s", "--system", metavar="TEXT", help="ask.system")
@option("-i", "--image", "images", multiple=True, metavar="FILE|URL", help="ask.image")
@option("-f", "--file", "files", multiple=True, metavar="FILE|URL", help="ask.file")
@option("--schema", metavar="FILE|JSON", help="ask.schema")
@option("-t", "--temperature", type=float, metavar="NUMBER", help="ask.temperature")
@option("--max-tokens", type=click.IntRange(min=1), metavar="NUMBER", help="ask.max_tokens")
@option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="option.timeout")
@option("--stream/--no-stream", default=None, help="ask.stream")
@json_option()
@option("-v", "--verbose", is_flag=True, help="option.verbose")
@option("--show", is_flag=True, help="ask.show")
@option("--estimate", is_flag=True, help="ask.estimate")
@option("--show-reply", is_flag=True, help="ask.show_reply")
@click.pass_obj
def run(
    console: Console,
    prompt: tuple[str, ...],
    model: str | None,
    images: tuple[str, ...],
    files: tuple[str, ...],
    timeout: float | None,
    stream: bool | None,
    as_json: bool,
    verbose: bool,
    show: bool,
    estimate: bool,
    show_reply: bool,
    system: str | None,
    schema: str | None,
    temperature: float | None,
    max_tokens: int | None,
) -> int:
    """Ask once and show the answer."""
    if as_json and stream:
        raise click.UsageError(say("usage.json_stream"))
    text = incoming.prompt_of(prompt)
    options = _options(system, schema, temperature, max_tokens)
    messages = _messages(text, images, files)
    if estimate:
        from .estimated import show_estimate

        return show_estimate(console, model, messages, options, as_json=as_json)
    streamed = (stream is not False and not as_json and not show_reply) or stream is True
    if show:
        from .shown import show_call

        pictures = [("Image", image) for image in images]
        pictures += [(type(incoming.medium(file)).__name__, file) for file in files]
        return show_call(console, model, messages, options, text=text, pictures=pictures, stream=streamed)

    from .calling import open_client

    with open_client(console, timeout=timeout) as client:
        call = _Call(client, console, model, messages, options, verbose=verbose)
        if show_reply:
            call.raw(streamed)
        elif as_json:
            call.json()
        elif streamed:
            call.streamed(plain="response_format" in options)
        else:
            call.whole(plain="response_format" in options)
    return 0


def _options(
    system: str | None, schema: str | None, temperature: float | None, max_tokens: int | None
) -> ChatOptions:
    options: ChatOptions = {}
    if system is not None:
        options["system"] = incoming.argument(system)
    if schema is not None:
        options["response_format"] = incoming.schema(schema)
    if temperature is not None:
        options["temperature"] = temperature
    if max_tokens is not None:
        options["max_tokens"] = max_tokens
    return options


def _messages(text: str, images: tuple[str, ...], files: tuple[str, ...]) -> str | Message:
    if not images and not files:
        return text
    from baimo.types.chat import Message, Role
    from baimo.types.content import Text

    pictures = [incoming.picture(image) for image in images]
    others = [incoming.medium(file) for file in files]
    return Message(role=Role.USER, content=(Text(text=text), *pictures, *others))


class _Call:
    """One call, shown in one of four ways."""

    def __init__(
        self,
        client: Client,
        console: Console,
        model: str | None,
        messages: str | Message,
        options: ChatOptions,
        *,
        verbose: bool,
    ) -> None:
        from .calling import Stopwatch, fetch_if_embedded, model_or_default

        self._client = client
        self._console = console
        self._model = model_or_default(client, model)
        self._messages = messages
        self._options = options
        self._verbose = verbose
        fetch_if_embedded(console, client, self._model)
        self._watch = Stopwatch()

    def streamed(self, *, plain: bool) -> None:
        """Words as they come."""
        from .answers import show_events, tell_about

        with self._client.stream(self._model, self._messages, **self._options) as stream:
            show_events(stream, self._writer(plain), self._console, self._watch, thinking=self._verbose)
        tell_about(stream.response, self._console, self._watch, verbose=self._verbose)

    def whole(self, *, plain: bool) -> None:
        """All words at once."""
        from .answers import show_whole, tell_about

        writer = self._writer(plain)
        writer.waiting(say("answer.waiting"))
        try:
            response = self._client.chat(self._model, self._messages, **self._options)
        finally:
            writer.clear()
            self._watch.stop()
        show_whole(response, writer)
        tell_about(response, self._console, self._watch, verbose=self._verbose)

    def json(self) -> None:
        """For a program."""
        from .answers import answer_facts, tell_about

        response = self._client.chat(self._model, self._messages, **self._options)
        self._watch.stop()
        self._console.line(json.dumps(answer_facts(response, self._watch), ensure_ascii=False, indent=2))
        if self._verbose:
            tell_about(response, self._console, self._watch, verbose=True)

    def raw(self, streamed: bool) -> None:
        """The provider's own reply, byte for byte."""
        from baimo.errors import ProviderError

        from .answers import tell_about

        options: ChatOptions = {**self._options, "keep_raw": True}
        try:
            if streamed:
                with self._client.stream(self._model, self._messages, **options) as stream:
                    for _ in stream:
                        continue
                response = stream.response
            else:
                response = self._client.chat(self._model, self._messages, **options)
        except ProviderError as error:
            if error.body:
                self._console.line(error.body)
            raise
        self._watch.stop()
        data = bytes(response.raw or b"")
        self._console.data(data if data.endswith(b"\n") else data + b"\n")
        tell_about(response, self._console, self._watch, verbose=self._verbose)

    def _writer(self, plain: bool) -> Writer:
        from .answers import writer_for

        return writer_for(self._console, markdown=not plain)
