"""The blocking client."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Unpack
from weakref import WeakSet

from baimo.config.provider import Key
from baimo.errors import Error
from baimo.operations import joined
from baimo.transports.protocol import Transport
from baimo.types.balance import Balance
from baimo.types.chat import ChatResponse
from baimo.types.counting import TokenCount
from baimo.types.embeddings import EmbedResponse
from baimo.types.fold import Folder
from baimo.types.models import ModelInfo, PullProgress
from baimo.types.rerank import RerankResponse

from .answer import chat_response, embed_response, rerank_response, token_count, with_partial
from .base import Config, embed_request, rerank_request
from .clock import REAL_CLOCK, Clock
from .driving import Driver, OnRetry, Services
from .making import MakingClient
from .mapping import Row, Works, read_row, run_all, settle
from .network import open_transport
from .options import ChatOptions, CountOptions, Messages, Model
from .parses import Parses
from .prepared import Prepared
from .streams import ChatStream

if TYPE_CHECKING:
    from baimo.context.fitting import Fitted
    from baimo.tools.records import RunResult
    from baimo.transports.recorder import CallRecorder

    from .extras import Extras
    from .fitting import FitOptions
    from .run_options import RunOptions
    from .running import RunStream


class Client(Parses, MakingClient):
    """Calls every provider, from any thread.

    `keys` gives keys by provider name, or by the names of their parts where there are several; `config` is
    a path or a mapping that stands for all configuration files; `max_retries` bounds how often a failed
    call is made again (2 where neither this nor the configuration says so); `timeout` bounds every call as
    a whole, in seconds; `on_retry` is told before each further attempt; `transport` moves the bytes in
    place of our own; `clock` tells the time and waits, for tests that must not.

    >>> with Client() as client:                                    # doctest: +SKIP
    ...     client.chat("deepseek/deepseek-flash", "Say hello").text

    Raises ConfigError when the configuration cannot be read.
    """

    def __init__(
        self,
        *,
        keys: Mapping[str, Key] | None = None,
        config: Config = None,
        max_retries: int | None = None,
        timeout: float | None = None,
        on_retry: OnRetry | None = None,
        transport: Transport | None = None,
        clock: Clock = REAL_CLOCK,
        **extras: Unpack[Extras],
    ) -> None:
        super().__init__(
            keys=keys, config=config, max_retries=max_retries, timeout=timeout, clock=clock, extras=extras
        )
        self._transport = transport if transport is not None else open_transport(self._settings)
        self._works: Works = WeakSet()
        attached = self._attached
        self._limiter = attached.limiter() if attached is not None else None
        self._cache = attached.cache() if attached is not None else None
        self._services = Services(self._transport, on_retry, clock, self._limiter, self._cache)

    def chat(
        self, model: Model = None, messages: Messages = (), **options: Unpack[ChatOptions]
    ) -> ChatResponse:
        """One whole answer.

        Raises InputError or UnsupportedError before anything is sent, ProviderError when the provider
        answers no, TransportError when no whole answer came.
        """
        return self._whole(self._chat(model, messages, options, stream=False))

    def _whole(self, call: Prepared) -> ChatResponse:
        """The answer of a call that was prepared."""
        driver, folder = Driver(call.steps, call.services or self._services), Folder()
        try:
            driver.advance(folder.add)
            keep_raw, tier = call.options.keep_raw, call.tier
            response = chat_response(folder, driver, keep_raw=keep_raw, streamed=False, tier=tier)
        except Error as error:
            raise call.broke(with_partial(error, folder)) from error.__cause__
        except BaseException:
            call.left()
            raise
        return call.done(response, driver.outcome)

    def stream(
        self, model: Model = None, messages: Messages = (), **options: Unpack[ChatOptions]
    ) -> ChatStream:
        """One answer as it is made. Arguments are checked now; the request is sent when reading begins."""
        return self._streamed(self._chat(model, messages, options, stream=True))

    def _streamed(self, call: Prepared) -> ChatStream:
        return ChatStream(Driver(call.steps, call.services or self._services), call)

    def embed(
        self,
        model: Model,
        inputs: str | Sequence[str],
        *,
        dimensions: int | None = None,
        extra: Mapping[str, Any] = {},
        headers: Mapping[str, str] = {},
        timeout: float | None = None,
    ) -> EmbedResponse:
        """One vector a text, in the order of the texts."""
        request = embed_request(inputs, dimensions=dimensions, extra=extra, headers=headers)
        answers: list[EmbedResponse] = []
        for call in self._embed(model, request, timeout):
            found: list[EmbedResponse] = []
            driver = self._finish(call, found.extend)
            answers.append(call.done(embed_response(found[0], driver), driver.outcome))
        return joined(answers)

    def rerank(
        self,
        model: Model,
        query: str,
        documents: Sequence[str],
        *,
        top_n: int | None = None,
        extra: Mapping[str, Any] = {},
        headers: Mapping[str, str] = {},
        timeout: float | None = None,
    ) -> RerankResponse:
        """The texts that answer a question best, best first: all, or the first `top_n`."""
        request = rerank_request(query, documents, top_n=top_n, extra=extra, headers=headers)
        found: list[RerankResponse] = []
        call = self._rerank(model, request, timeout)
        driver = self._finish(call, found.extend)
        return call.done(rerank_response(found[0], driver), driver.outcome)

    def count_tokens(self, model: Model, messages: Messages, **options: Unpack[CountOptions]) -> TokenCount:
        """How many tokens a text or a whole prompt has.

        A plain string without `tools` or `system` is a text, counted by itself; anything else is a prompt,
        counted with what frames it. The provider counts where it can; else the count is an estimate made
        here, and `.how`, `.exact` and `.error` say so. Raises ConfigError with `offline=False` where the
        provider cannot count that.

        >>> Client(keys={"openai": "fake"}).count_tokens("openai/gpt-4o", "Hello there", offline=True).tokens
        2
        """
        call = self._count(model, messages, options)
        if isinstance(call, TokenCount):
            return call
        found: list[TokenCount] = []
        driver = self._finish(call, found.extend)
        call.done(None)
        return token_count(found[0], driver)

    def fit(self, messages: Messages, **options: Unpack[FitOptions]) -> Fitted:
        """The conversation made to fit, as `baimo.fit` does; `policy="summarise"` asks a model for a summary
        of what was left out, at the cost of one call.
        """
        from .fitting import FitPlan

        plan = FitPlan(messages, options, self._settings)
        if not plan.summarises:
            return plan.trimmed
        return plan.told(self.chat(plan.by, plan.ask, max_tokens=plan.room))

    def describe(self, model: str, *, timeout: float | None = None) -> ModelInfo:
        """What the provider tells of one model, with our dated facts where it tells less."""
        found: list[ModelInfo] = []
        self._told(self._describe(model, timeout), found.extend)
        return self._with_facts((found[0],), found[0].provider)[0]

    def pull(self, model: str) -> Iterator[PullProgress]:
        """Have a server fetch a model (Ollama): its progress as it goes on, the last one `success`.

        Leaving the iterator before its end breaks the connection off; the server keeps what it has.
        """
        call = self._pull(model)
        driver = Driver(call.steps, call.services or self._services)
        try:
            while (told := driver.advance()) is not None:
                yield from told
            call.done(None)
        except Error as error:
            raise call.broke(error) from error.__cause__
        except BaseException:
            call.left()
            raise
        finally:
            driver.abort()

    def models(self, provider: str | None = None, *, timeout: float | None = None) -> tuple[ModelInfo, ...]:
        """The models that a provider lists, asked now; without a provider those we know facts of."""
        if provider is None:
            return self._known_models()
        found: list[tuple[ModelInfo, ...]] = []
        self._told(self._list(provider, timeout), found.extend)
        return self._with_facts(found[0], provider)

    def balance(self, provider: str, *, timeout: float | None = None) -> Balance:
        """What is left on the account, asked now. Raises ConfigError where the provider tells it nowhere."""
        found: list[Balance] = []
        self._told(self._balance(provider, timeout), found.extend)
        return found[0]

    def map(
        self,
        model: Model,
        inputs: Iterable[Row],
        *,
        concurrency: int = 64,
        **options: Unpack[ChatOptions],
    ) -> Iterator[ChatResponse | Error]:
        """Answers to many inputs, in their order, `concurrency` of them under way at a time.

        An input is what `chat` takes as messages, or a mapping with `messages` (or `prompt`) and options of
        its own, `model` among them. A failure is given as a value, in its place; nothing else is lost.
        """

        def call(row: Row) -> ChatResponse | Error:
            try:
                row_model, messages, own = read_row(row, model, options)
                return self.chat(row_model, messages, **own)
            except Error as error:
                return error

        return run_all(call, inputs, concurrency, works=self._works)

    def run(self, model: Model = None, messages: Messages = (), **options: Unpack[RunOptions]) -> RunResult:
        """Let the model call tools until it has its answer.

        `tools` are functions above all; those of one answer are called at the same time, async ones too. What
        a tool raises, and a call that does not fit, are told to the model. See `RunOptions`.

        >>> client.run("deepseek/deepseek-flash", "北京天气?", tools=[weather]).text    # doctest: +SKIP

        Raises what `chat` raises, StepLimitError after `max_steps`, TimedOutError when the run took longer
        than `timeout`, ToolError where a tool ends the run; each has what was done before as `error.run`.
        """
        from .run_options import OpenRun
        from .running import RunStream

        return RunStream(self, model, OpenRun(messages, options, self._clock), streams=False).to_end()

    def run_stream(
        self, model: Model = None, messages: Messages = (), **options: Unpack[RunOptions]
    ) -> RunStream:
        """The same as it happens. Arguments are checked now; the run begins when reading does."""
        from .run_options import OpenRun
        from .running import RunStream

        return RunStream(self, model, OpenRun(messages, options, self._clock))

    def _taken_down(self, taken: CallRecorder) -> Services:
        from copy import copy

        services = copy(self._services)
        services.transport = taken.transport(self._transport)
        return services

    def _told(self, call: Prepared, take: Callable[[list[Any]], None]) -> None:
        """The same for a call without an answer of its own type."""
        self._finish(call, take)
        call.done(None)

    def close(self) -> None:
        """Close all connections; calls that other threads are in end with TransportError."""
        self._transport.close()
        self._services.rests.close()
        if self._limiter is not None:
            self._limiter.turn_away()
        settle(self._works)  # so that what watches calls is told of those that were broken off here
        for kept in (self._limiter, self._cache, self._attached):
            if kept is not None:
                kept.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
