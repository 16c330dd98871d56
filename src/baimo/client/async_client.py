"""The asynchronous client: the names of the blocking one, awaited."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Unpack

from baimo.config.provider import Key
from baimo.errors import Error
from baimo.operations import joined
from baimo.transports.protocol import AsyncTransport
from baimo.types.balance import Balance
from baimo.types.chat import ChatResponse
from baimo.types.counting import TokenCount
from baimo.types.embeddings import EmbedResponse
from baimo.types.fold import Folder
from baimo.types.models import ModelInfo, PullProgress
from baimo.types.rerank import RerankResponse

from .answer import chat_response, embed_response, rerank_response, token_count, with_partial
from .async_driving import AsyncDriver, AsyncServices
from .async_making import AsyncMakingClient
from .async_mapping import run_all
from .async_network import open_transport
from .async_parses import AsyncParses
from .async_streams import AsyncChatStream
from .base import Config, embed_request, rerank_request
from .clock import REAL_CLOCK, Clock
from .driving import OnRetry
from .mapping import Row, read_row
from .options import ChatOptions, CountOptions, Messages, Model
from .prepared import Prepared

if TYPE_CHECKING:
    from baimo.context.fitting import Fitted
    from baimo.tools.records import RunResult
    from baimo.transports.recorder import CallRecorder

    from .async_running import AsyncRunStream
    from .extras import Extras
    from .fitting import FitOptions
    from .run_options import RunOptions


class AsyncClient(AsyncParses, AsyncMakingClient):
    """Calls every provider on asyncio; one client serves any number of tasks, and of event loops.

    The arguments are those of `Client`. Cancelling a call closes its connection at once.
    """

    def __init__(
        self,
        *,
        keys: Mapping[str, Key] | None = None,
        config: Config = None,
        max_retries: int | None = None,
        timeout: float | None = None,
        on_retry: OnRetry | None = None,
        transport: AsyncTransport | None = None,
        clock: Clock = REAL_CLOCK,
        **extras: Unpack[Extras],
    ) -> None:
        super().__init__(
            keys=keys, config=config, max_retries=max_retries, timeout=timeout, clock=clock, extras=extras
        )
        self._transport = transport if transport is not None else open_transport(self._settings)
        attached = self._attached
        if attached is not None and attached.recorder is not None:
            attached.recorder.write_aside()  # a loop does not wait for a file
        self._limiter = attached.async_limiter() if attached is not None else None
        self._cache = attached.async_cache() if attached is not None else None
        self._services = AsyncServices(self._transport, on_retry, clock, self._limiter, self._cache)

    async def chat(
        self, model: Model = None, messages: Messages = (), **options: Unpack[ChatOptions]
    ) -> ChatResponse:
        """One whole answer. Raises as `Client.chat` does."""
        return await self._whole(self._chat(model, messages, options, stream=False))

    async def _whole(self, call: Prepared) -> ChatResponse:
        """The answer of a call that was prepared."""
        driver, folder = AsyncDriver(call.steps, call.services or self._services), Folder()
        try:
            await driver.finish(folder.add)
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
    ) -> AsyncChatStream:
        """One answer as it is made; not awaited itself. The request is sent when reading begins."""
        return self._streamed(self._chat(model, messages, options, stream=True))

    def _streamed(self, call: Prepared) -> AsyncChatStream:
        return AsyncChatStream(AsyncDriver(call.steps, call.services or self._services), call)

    async def embed(
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
            driver = await self._finish(call, found.extend)
            answers.append(call.done(embed_response(found[0], driver), driver.outcome))
        return joined(answers)

    async def rerank(
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
        driver = await self._finish(call, found.extend)
        return call.done(rerank_response(found[0], driver), driver.outcome)

    async def count_tokens(
        self, model: Model, messages: Messages, **options: Unpack[CountOptions]
    ) -> TokenCount:
        """How many tokens a text or a whole prompt has, as `Client.count_tokens` tells."""
        call = self._count(model, messages, options)
        if isinstance(call, TokenCount):
            return call
        found: list[TokenCount] = []
        driver = await self._finish(call, found.extend)
        call.done(None)
        return token_count(found[0], driver)

    async def fit(self, messages: Messages, **options: Unpack[FitOptions]) -> Fitted:
        """The conversation made to fit, as `Client.fit` does."""
        from .fitting import FitPlan

        plan = FitPlan(messages, options, self._settings)
        if not plan.summarises:
            return plan.trimmed
        return plan.told(await self.chat(plan.by, plan.ask, max_tokens=plan.room))

    async def describe(self, model: str, *, timeout: float | None = None) -> ModelInfo:
        """What the provider tells of one model, with our dated facts where it tells less."""
        found: list[ModelInfo] = []
        await self._told(self._describe(model, timeout), found.extend)
        return self._with_facts((found[0],), found[0].provider)[0]

    async def pull(self, model: str) -> AsyncIterator[PullProgress]:
        """Have a server fetch a model (Ollama): its progress as it goes on, the last one `success`.

        Leaving the iterator before its end breaks the connection off; the server keeps what it has.
        """
        call = self._pull(model)
        driver = AsyncDriver(call.steps, call.services or self._services)
        try:
            while (told := await driver.advance()) is not None:
                for progress in told:
                    yield progress
            call.done(None)
        except Error as error:
            raise call.broke(error) from error.__cause__
        except BaseException:
            call.left()
            raise
        finally:
            driver.abort()

    async def models(
        self, provider: str | None = None, *, timeout: float | None = None
    ) -> tuple[ModelInfo, ...]:
        """The models that a provider lists, asked now; without a provider those we know facts of."""
        if provider is None:
            return self._known_models()
        found: list[tuple[ModelInfo, ...]] = []
        await self._told(self._list(provider, timeout), found.extend)
        return self._with_facts(found[0], provider)

    async def balance(self, provider: str, *, timeout: float | None = None) -> Balance:
        """What is left on the account, asked now. Raises ConfigError where the provider tells it nowhere."""
        found: list[Balance] = []
        await self._told(self._balance(provider, timeout), found.extend)
        return found[0]

    def map(
        self,
        model: Model,
        inputs: Iterable[Row] | AsyncIterable[Row],
        *,
        concurrency: int = 64,
        **options: Unpack[ChatOptions],
    ) -> AsyncIterator[ChatResponse | Error]:
        """Answers to many inputs, in their order, `concurrency` of them under way at a time.

        As `Client.map`, to be read with `async for`; leaving early cancels what is under way.
        """

        async def call(row: Row) -> ChatResponse | Error:
            try:
                row_model, messages, own = read_row(row, model, options)
                return await self.chat(row_model, messages, **own)
            except Error as error:
                return error

        return run_all(call, inputs, concurrency)

    async def run(
        self, model: Model = None, messages: Messages = (), **options: Unpack[RunOptions]
    ) -> RunResult:
        """Let the model call tools until it has its answer.

        As `Client.run`. Functions that block run on threads, so that the loop goes on; cancelling the run
        cancels the tools that are async, and closes the connection at once.
        """
        from .async_running import AsyncRunStream
        from .run_options import OpenRun

        opened = OpenRun(messages, options, self._clock)
        return await AsyncRunStream(self, model, opened, streams=False).to_end()

    def run_stream(
        self, model: Model = None, messages: Messages = (), **options: Unpack[RunOptions]
    ) -> AsyncRunStream:
        """The same as it happens; not awaited itself. The run begins when reading does."""
        from .async_running import AsyncRunStream
        from .run_options import OpenRun

        return AsyncRunStream(self, model, OpenRun(messages, options, self._clock))

    def _taken_down(self, taken: CallRecorder) -> AsyncServices:
        from copy import copy

        services = copy(self._services)
        services.transport = taken.async_transport(self._transport)
        return services

    async def _told(self, call: Prepared, take: Callable[[list[Any]], None]) -> None:
        """The same for a call without an answer of its own type."""
        await self._finish(call, take)
        call.done(None)

    async def close(self) -> None:
        """Close all connections; calls of other tasks and loops end with TransportError."""
        await self._transport.close()
        self._services.rests.close()
        if self._limiter is not None:
            self._limiter.turn_away()
        for kept in (self._limiter, self._cache):
            if kept is not None:
                await kept.close()
        if self._attached is not None:
            self._attached.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
