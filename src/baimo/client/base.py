"""What both clients have: settings, routes, requests. No I/O but reading the configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack

from msgspec.structs import replace

from baimo.config.provider import Key
from baimo.config.settings import Settings, load_settings
from baimo.dialect.mending import Lessons
from baimo.errors import InputError
from baimo.exchange import Deployment, Exchange, Operation, exchange
from baimo.operations import (
    BalanceOperation,
    ChatOperation,
    CountOperation,
    DescribeOperation,
    EmbedOperation,
    Learned,
    ModelsOperation,
    PullOperation,
    RerankOperation,
    in_batches,
)
from baimo.resilience.budget import RetryBudget
from baimo.resilience.retry import RetryPolicy
from baimo.resilience.timing import TimeLimits
from baimo.rules import Route
from baimo.types.chat import ChatRequest
from baimo.types.content import Audio, File, Image, Text, ToolResult, Video
from baimo.types.counting import CountRequest, TokenCount
from baimo.types.embeddings import EmbedRequest
from baimo.types.models import ModelInfo
from baimo.types.rerank import RerankRequest

from .clock import Clock
from .options import ChatOptions, CountOptions, Messages, Model
from .prepared import Prepared
from .request import NO_OPTIONS, CallOptions, build, tier_of

if TYPE_CHECKING:
    from baimo.accounting.estimate import Estimate
    from baimo.config.services import MediaSettings
    from baimo.media.inlining import CallMedia
    from baimo.transports.recorder import CallRecorder
    from baimo.types.behaviours import ModelBehaviour
    from baimo.types.images import ImagesRequest
    from baimo.types.moderation import ModerateRequest
    from baimo.types.speech import SpeechRequest
    from baimo.types.transcription import TranscribeRequest

    from .attachments import Attachments
    from .extras import Extras
    from .forming import Forming
    from .prompting import Reads, Tooled
    from .ruling import Ruling

    AskedBeside: TypeAlias = (
        EmbedRequest
        | RerankRequest
        | CountRequest
        | ImagesRequest
        | TranscribeRequest
        | SpeechRequest
        | ModerateRequest
    )

Around: TypeAlias = Callable[[Exchange, RetryBudget], Exchange]
"""What is laid around the steps of a call, with the budget of retries that its own requests share."""
Config: TypeAlias = str | Path | Mapping[str, Any] | Settings | None


class ClientBase:
    """Turns a call's arguments into the generator that makes the call."""

    def __init__(
        self,
        *,
        keys: Mapping[str, Key] | None,
        config: Config,
        max_retries: int | None,
        timeout: float | None,
        clock: Clock,
        extras: Extras,
    ) -> None:
        if extras:
            from .extras import read_extras

            extras = read_extras(extras)
        if max_retries is not None and (type(max_retries) is not int or max_retries < 0):
            raise InputError(f"max_retries must be a whole number from 0 up, got {max_retries!r}")
        if timeout is not None and type(timeout) not in (int, float):
            raise InputError(f"timeout must be a number of seconds, got {type(timeout).__name__}")
        if timeout is not None and timeout <= 0:
            raise InputError(f"timeout must be more than 0 seconds, got {timeout!r}")
        self._settings = config if isinstance(config, Settings) else load_settings(config, keys=keys)
        if max_retries is None:
            max_retries = self._settings.max_retries
        self._retry = RetryPolicy() if max_retries is None else RetryPolicy(attempts=max_retries + 1)
        self._timeout = timeout
        self._clock = clock
        self._together = RetryBudget()
        self._strategy: Any = extras.get("strategy") or self._settings.strategy or "ordered"
        self._mends = extras.get("mend", True) and self._settings.mend is not False
        self._learned: Learned = Lessons(clock.mono)
        """What helped where a request had to be worded anew."""
        self._ruling: Ruling | None = None
        self._attached = self._attach(extras)

    def _attach(self, extras: Extras) -> Attachments | None:
        """What the client keeps besides its calls; None where nothing is asked for, which costs nothing."""
        if (
            not (extras.keys() - {"strategy", "mend"})
            and not self._settings.has_services
            and not self._settings.has_limits
        ):
            return None
        from .attachments import Attachments

        return Attachments(self._settings, extras, self._clock)

    @property
    def settings(self) -> Settings:
        """The configuration this client works with."""
        return self._settings

    @property
    def clock(self) -> Clock:
        """The clock that its calls keep time by."""
        return self._clock

    def why(self, model: Model = None, *, language: str = "en") -> tuple[ModelBehaviour, ...]:
        """What calls to a model go by, for each place of its route, and who says each of it; nothing is sent.

        No key is needed, and any name works: where nobody knows it, the defaults are told that are safe.
        `language` "zh" explains in Chinese. Raises UnknownProviderError or another ConfigError.

        >>> client.why("deepseek/deepseek-flash")[0]["reasoning_replay"].value  # doctest: +SKIP
        'required'
        """
        return self._settings.behaviours(model, learned=self._learned, language=language)

    def estimate(
        self, model: Model = None, messages: Messages = (), **options: Unpack[ChatOptions]
    ) -> Estimate:
        """What `chat` with the same arguments may cost, were it called now; nothing is sent.

        Of a list of models it is the first that is looked at. Where the cost cannot be bounded `high` is None
        and `why` says why.
        """
        from baimo.accounting.estimate import estimate_chat

        route = self._settings.resolve(model)
        messages, options, _ = self._tooled(messages, options)
        request, _ = build(messages, options, stream=False, model=route[0][0].model)
        return estimate_chat(route, request, wall=self._clock.wall())

    def _chat(
        self,
        model: Model,
        messages: Messages,
        options: ChatOptions,
        *,
        stream: bool,
        forming: Forming[Any] | None = None,
    ) -> Prepared:
        if "unsupported" not in options and self._settings.unsupported is not None:
            options = {**options, "unsupported": self._settings.unsupported}
        reads: Reads | None = None
        if "tools_as" in options:
            messages, options, reads = self._tooled(messages, options)
        route = self._settings.resolve(model)
        request, call = build(messages, options, stream=stream, model=route[0][0].model)
        prepared = self._asked(model, route, request, call, forming)
        if reads is not None:
            prepared.reads = reads
        if options and (request.service_tier is not None or request.extra):
            prepared.tier = tier_of(request)
        return prepared

    @staticmethod
    def _tooled(messages: Messages, options: ChatOptions) -> Tooled:
        """The call in words where its tools are to be described in the prompt, and what reads its answer."""
        if options.get("tools_as") is None:
            return messages, options, None
        from .prompting import described

        return described(messages, options)

    def _asked(
        self,
        model: Model,
        route: Route,
        request: ChatRequest,
        call: CallOptions,
        forming: Forming[Any] | None = None,
    ) -> Prepared:
        """The call of a request; `model` is what the route was named by."""
        at = route[0][0]
        media = self._media(call) if _has_media(request) else None
        if (
            len(route) > 1
            or len(route[0]) > 1
            or request.response_format is not None
            or (call is not NO_OPTIONS and call.has_rules)
            or (self._settings.has_aliases and self._settings.rule(model).on_cut is not None)
            or (self._attached is not None and (self._ruling or self._ruled).keeps_more)
        ):
            return self._ruled.chat(
                model,
                route,
                request,
                call,
                self._limits_of(route, call.timeout, call.within),
                mends=self._mends,
                learned=self._learned,
                forming=forming,
                media=media,
            )
        operation = ChatOperation(request, mends=self._mends, learned=self._learned, media=media)
        limits = self._limits_at(at, call.timeout, call.within)
        if self._attached is None:
            steps = exchange(
                operation, at, retry=self._retry, limits=limits, raw=call.keep_raw, together=self._together
            )
            return Prepared(steps, at.model, call)
        return (self._ruling or self._ruled).single(route, request, call, limits, operation)

    def _media(self, call: CallOptions) -> CallMedia:
        """What sees to the pictures and other media of a call."""
        from .media import call_media

        return call_media(call.fetch, self._media_settings, getattr(self, "_transport", None))

    @property
    def _media_settings(self) -> MediaSettings | None:
        services = self._settings.services if self._settings.has_services else None
        if self._attached is not None:
            services = self._attached.services
        return None if services is None else services.media

    def _straight(self, operation: Operation, at: Deployment, timeout: float | None) -> Exchange:
        """The steps of a plain call: there is no route to go over."""
        limits = self._limits_at(at, timeout)
        return exchange(operation, at, retry=self._retry, limits=limits, together=self._together)

    @property
    def _ruled(self) -> Ruling:
        """Prepares calls of which something is asked besides."""
        if self._ruling is None:
            from .ruling import Ruling

            self._ruling = Ruling(
                self._settings,
                self._clock,
                self._retry,
                self._attached,
                together=self._together,
                strategy=self._strategy,
                taken_down=self._taken_down,
            )
        return self._ruling

    def _taken_down(self, taken: CallRecorder) -> Any:
        """What a driver needs, with what goes over the network taken down. Each client's own."""
        raise TypeError(f"{type(self).__name__} has no transport")

    def _embed(self, model: Model, request: EmbedRequest, timeout: float | None) -> Iterator[Prepared]:
        """The calls that it takes, one after the other."""
        route = self._settings.resolve(model)
        for batch in in_batches(request, route):
            yield self._simple("embeddings", EmbedOperation(batch), route, timeout, batch)

    def _rerank(self, model: Model, request: RerankRequest, timeout: float | None) -> Prepared:
        route = self._settings.resolve(model)
        return self._simple("rerank", RerankOperation(request), route, timeout, request)

    def _count(self, model: Model, messages: Messages, options: CountOptions) -> Prepared | TokenCount:
        """The call, or the count itself where nobody need be asked."""
        from .counting import prepare

        request, route, count = prepare(self._settings, model, messages, options)
        if count is not None:
            return count
        operation = CountOperation(request)
        return self._simple("count_tokens", operation, route, options.get("timeout"), request)

    def _describe(self, model: Model, timeout: float | None) -> Prepared:
        return self._simple("describe", DescribeOperation(), self._settings.resolve(model), timeout)

    def _pull(self, model: Model) -> Prepared:
        return self._simple("pull", PullOperation(), self._settings.resolve(model), None)

    def _list(self, provider: str, timeout: float | None) -> Prepared:
        return self._simple("models", ModelsOperation(), self._settings.resolve(f"{provider}/*"), timeout)

    def _simple(
        self,
        name: str,
        operation: Operation,
        route: Route,
        timeout: float | None,
        request: AskedBeside | None = None,
        around: Around | None = None,
    ) -> Prepared:
        if self._attached is not None or len(route) > 1 or len(route[0]) > 1:
            return self._ruled.other(name, operation, route, self._limits_of(route, timeout), request, around)
        at = route[0][0]
        steps = self._straight(operation, at, timeout)
        return Prepared(steps if around is None else around(steps, self._together), at.model)

    def _made(
        self, name: str, model: Model, operation: Operation, timeout: float | None, request: AskedBeside
    ) -> Prepared:
        """Images, sound or its text; what a provider makes as a task is waited for, and fetched."""
        from baimo.making import makes_tasks

        route = self._settings.resolve(model)
        if not makes_tasks(route):
            return self._simple(name, operation, route, timeout, request)
        from .tasks import followed, keeping

        kept = keeping(self._media_settings, getattr(self, "_transport", None))

        def around(steps: Exchange, together: RetryBudget) -> Exchange:
            def ask(task: Operation, at: Deployment) -> Exchange:
                limits = self._limits_at(at, timeout)
                return exchange(task, at, retry=self._retry, limits=limits, together=together)

            return followed(steps, operation, self._limits_of(route, timeout)[0].total, ask, kept)

        return self._simple(name, operation, route, timeout, request, around)

    def _balance(self, provider: str, timeout: float | None) -> Prepared:
        row = self._settings.row(provider)
        route = self._settings.resolve(f"{row.name}/*")
        return self._simple("balance", BalanceOperation(row), route, timeout)

    def _known_models(self) -> tuple[ModelInfo, ...]:
        return self._settings.known_models()

    def _with_facts(self, listed: tuple[ModelInfo, ...], provider: str) -> tuple[ModelInfo, ...]:
        """What the provider lists, with our dated facts where it tells less."""
        known = {info.id: info for info in self._settings.known_models(provider)}
        return tuple([_merged(info, known.get(info.id)) for info in listed])

    def _limits_of(
        self, route: Route, timeout: float | None, within: Mapping[str, float] | None = None
    ) -> list[TimeLimits]:
        return [self._limits_at(pool[0], timeout, within) for pool in route]

    def _limits_at(
        self, at: Deployment, timeout: float | None, within: Mapping[str, float] | None = None
    ) -> TimeLimits:
        total = self._timeout if timeout is None else timeout
        limits = at.limits or _LIMITS
        if within:
            limits = replace(limits, **within)
        return limits if total is None else replace(limits, total=total)


def _has_media(request: ChatRequest) -> bool:
    """Whether there are pictures or other media in a request."""
    for message in request.messages:
        for part in message.content:
            if type(part) is Text:
                continue
            if isinstance(part, ToolResult):
                if any(isinstance(piece, _MEDIA) for piece in part.content):
                    return True
            elif isinstance(part, _MEDIA):
                return True
    return False


_MEDIA = (Image, Audio, Video, File)


_LIMITS = TimeLimits()
LOCAL_ORIGIN = "http://embedded.invalid"
"""Where the embedded model is addressed; no such host exists."""


def _merged(listed: ModelInfo, known: ModelInfo | None) -> ModelInfo:
    if known is None:
        return listed
    told = {name: value for name in ModelInfo.__struct_fields__ if (value := getattr(listed, name))}
    return replace(known, **told)


def embed_request(
    inputs: str | Sequence[str],
    *,
    dimensions: int | None,
    extra: Mapping[str, Any],
    headers: Mapping[str, str],
) -> EmbedRequest:
    """A request for vectors. Raises InputError naming the input that is no text."""
    texts = [inputs] if isinstance(inputs, str) else list(inputs)
    if not texts:
        raise InputError("there is nothing to embed: give at least one text")
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            raise InputError(f"inputs[{index}] must be a string, got {type(text).__name__}")
        if not text:
            raise InputError(f"inputs[{index}] is empty: providers refuse to embed nothing")
    return EmbedRequest(
        model="", inputs=tuple(texts), dimensions=dimensions, extra=dict(extra), headers=dict(headers)
    )


def rerank_request(
    query: str,
    documents: Sequence[str],
    *,
    top_n: int | None,
    extra: Mapping[str, Any],
    headers: Mapping[str, str],
) -> RerankRequest:
    """A request for ranks. Raises InputError naming what is no text."""
    if not isinstance(query, str) or not query.strip():
        raise InputError("query must be a text that is not empty")
    if isinstance(documents, str) or not documents:
        raise InputError("documents must be a list of texts, at least one")
    for index, text in enumerate(documents):
        if not isinstance(text, str):
            raise InputError(f"documents[{index}] must be a string, got {type(text).__name__}")
    if top_n is not None and (type(top_n) is not int or top_n < 1):
        raise InputError(f"top_n must be a whole number from 1 up, got {top_n!r}")
    return RerankRequest(
        model="",
        query=query,
        documents=tuple(documents),
        top_n=top_n,
        extra=dict(extra),
        headers=dict(headers),
    )
