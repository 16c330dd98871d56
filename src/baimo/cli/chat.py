"""`baimo chat`: a conversation. Ctrl-C stops an answer, Ctrl-D leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import incoming
from .command import command, near, option
from .words import joined, say

if TYPE_CHECKING:
    from baimo.client.client import Client

    from .chat_input import Lines
    from .console import Console
    from .conversation import Conversation

COMMANDS = ("/help", "/model", "/system", "/save", "/clear", "/exit")


@command("chat")
@option("-m", "--model", metavar="NAME", help="option.model")
@option("-s", "--system", metavar="TEXT", help="ask.system")
@option("-t", "--temperature", type=float, metavar="NUMBER", help="ask.temperature")
@option("--max-tokens", type=click.IntRange(min=1), metavar="NUMBER", help="ask.max_tokens")
@option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="option.timeout")
@option("-v", "--verbose", is_flag=True, help="option.verbose")
@click.pass_obj
def run(
    console: Console,
    model: str | None,
    system: str | None,
    temperature: float | None,
    max_tokens: int | None,
    timeout: float | None,
    verbose: bool,
) -> int:
    """Talk until the user leaves."""
    from .calling import fetch_if_embedded, model_or_default, open_client
    from .chat_input import lines_for
    from .conversation import Conversation

    with open_client(console, timeout=timeout) as client:
        name = model_or_default(client, model)
        fetch_if_embedded(console, client, name)  # also tells of a wrong name or a missing key at once
        talk = Conversation(name, system=None if system is None else incoming.argument(system))
        if temperature is not None:
            talk.options["temperature"] = temperature
        if max_tokens is not None:
            talk.options["max_tokens"] = max_tokens
        return _Chat(client, console, lines_for(console), talk, verbose=verbose).run()


class _Chat:
    """One sitting: reads lines, obeys those that begin with a slash, asks the others."""

    def __init__(
        self, client: Client, console: Console, lines: Lines, talk: Conversation, *, verbose: bool
    ) -> None:
        self._client = client
        self._console = console
        self._lines = lines
        self._talk = talk
        self._verbose = verbose
        self._failed = False

    def run(self) -> int:
        """Until the end of the input or `/exit`. 1 when something failed and nobody was there to see it."""
        if self._lines.is_typed:
            self._console.tell(say("chat.begin", model=self._talk.model), quiet=True)
        while True:
            try:
                text = self._lines.read()
            except KeyboardInterrupt:
                if not self._lines.is_typed:
                    raise
                self._console.tell(say("chat.how_to_leave"), quiet=True)
                continue
            if text is None or text.strip() in ("/exit", "/quit", "/bye"):
                break
            if text.startswith("/"):
                self._obey(text.strip())
            elif text.strip():
                self._ask(text)
        return 1 if self._failed and not self._lines.is_typed else 0

    def _ask(self, text: str) -> None:
        """One question. What came of a stopped or broken answer stays in the conversation."""
        from baimo.errors import Error

        from .answers import show_events, tell_about, writer_for
        from .calling import Stopwatch
        from .failures import error_lines

        watch, talk = Stopwatch(), self._talk
        stream = None
        if self._lines.is_typed:
            self._console.line()
        try:
            talk.asked(text)
            stream = self._client.stream(talk.model, talk.messages, **talk.options)
            with stream:
                show_events(stream, writer_for(self._console), self._console, watch, thinking=self._verbose)
            tell_about(stream.response, self._console, watch, verbose=self._verbose)
        except KeyboardInterrupt:
            if not self._lines.is_typed:
                raise
            self._console.tell(say("chat.stopped"), quiet=True)
        except Error as error:
            self._failed = True
            for line in error_lines(error):
                self._console.tell(line)
        finally:
            talk.answered(None if stream is None else stream.response.message)
        if self._lines.is_typed:
            self._console.line()

    def _obey(self, text: str) -> None:
        from baimo.errors import Error

        from .failures import error_lines, usage_lines

        word, _, rest = text.partition(" ")
        try:
            match word:
                case "/help" | "/?":
                    self._console.tell(say("chat.commands"))
                case "/model":
                    self._model(rest.strip())
                case "/system":
                    self._talk.system = rest.strip() or None
                    self._console.tell(say("chat.system" if rest.strip() else "chat.no_system"), quiet=True)
                case "/clear":
                    self._talk.clear()
                    self._console.tell(say("chat.cleared"), quiet=True)
                case "/save":
                    self._save(rest.strip())
                case _:
                    known = near(word, list(COMMANDS)) or [say("chat.see_help")]
                    self._console.tell(joined(say("chat.unknown", word=word), *known))
        except Error as error:
            for line in error_lines(error):
                self._console.tell(line)
        except click.ClickException as error:
            for line in usage_lines(error):
                self._console.tell(line)

    def _model(self, name: str) -> None:
        """Change the model once it is known to be a good name; without a name say which it is."""
        from .calling import fetch_if_embedded

        if name:
            fetch_if_embedded(self._console, self._client, name)
            self._talk.model = name
        self._console.tell(say("chat.model", model=self._talk.model), quiet=True)

    def _save(self, path: str) -> None:
        if not path:
            raise click.UsageError(say("chat.save_where"))
        try:
            self._talk.save(path)
        except OSError as error:
            why = error.strerror or error
            raise click.UsageError(say("usage.cannot_write", path=path, why=why)) from None
        self._console.tell(say("chat.saved", path=path), quiet=True)
