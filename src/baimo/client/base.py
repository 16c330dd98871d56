"""What both clients have: settings, routes, requests. No I/O but reading the configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec.structs import replace

from baimo.config.provider import Key
from baimo.config.resolve import RouteRule
from baimo.config.settings import Settings, load_settings
from baimo.errors import ConfigError, InputError
from baimo.exchange import Exchange, Operation
from baimo.operations import (
    ChatOperation,
    CountOperation,
    DescribeOperation,
    EmbedOperation,
    ModelsOperation,
    PullOperation,
    in_batches,
)
from baimo.plan import Route, plan
from baimo.resilience.budget import RetryBudget
from baimo.resilience.retry import RetryPolicy
from baimo.resilience.timing import TimeLimits
from baimo.rules import Rules
from baimo.types.chat import ChatRequest
from baimo.types.counting import CountRequest
from baimo.types.embeddings import EmbedRequest
from baimo.types.models import ModelInfo

from .clock import Clock
from .options import ChatOptions, Messages, Model
from .prepared import Prepared
from .request import NO_OPTIONS, CallOptions, build

if TYPE_CHECKING:
    from baimo.routing.health import HealthBook

    from .attachments import Attachments, Extras
    from .watching import CallWatch

Config: TypeAlias = str | Path | Mapping[str, Any] | None


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
        if max_retries is not None and (type(max_retries) is not int or max_retries < 0):
            raise InputError(f"max_retries must be a whole number from 0 up, got {max_retries!r}")
        if timeout is not None and timeout <= 0:
            raise InputError(f"timeout must be more than 0 seconds, got {timeout!r}")
        self._settings: Settings = load_settings(config, keys=keys)
        if max_retries is None:
            max_retries = self._settings.max_retries
        self._retry = RetryPolicy() if max_retries is None else RetryPolicy(attempts=max_retries + 1)
        self._timeout = timeout
        self._clock = clock
        self._rules = Rules(together=RetryBudget())
        self._strategy: Any = extras.get("strategy") or self._settings.strategy or "ordered"
        self._health: HealthBook | None = None
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

    def _chat(self, model: Model, messages: Messages, options: ChatOptions, *, stream: bool) -> Prepared:
        if "unsupported" not in options and self._settings.unsupported is not None:
            options = {**options, "unsupported": self._settings.unsupported}
        route = self._settings.resolve(model)
        request, call = build(messages, options, stream=stream, model=route[0][0].model)
        if (
            self._attached is not None
            or len(route) > 1
            or len(route[0]) > 1
            or (call is not NO_OPTIONS and call.has_rules)
        ):
            return self._ruled(model, route, request, call)
        steps = plan(
            ChatOperation(request),
            route,
            retry=self._retry,
            limits=self._limits_of(route, call.timeout),
            raw=call.keep_raw,
            rules=self._rules,
        )
        return Prepared(steps, route[0][0].model, call)

    def _ruled(
        self,
        model: Model,
        route: Route,
        request: ChatRequest,
        call: CallOptions,
    ) -> Prepared:
        """A call over several deployments, or one that something is kept of."""
        operation = ChatOperation(request, conversation=call.conversation)
        limits = self._limits_of(route, call.timeout)
        attached = self._attached
        watch = self._watch("chat", route, request, call)
        rule = self._settings.rule(model)
        purse = self._purse(request, call, rule)
        rules = Rules(
            strategy=call.strategy or rule.strategy or self._strategy,
            weights=rule.weights,
            together=self._rules.together,
            health=self._shared_health(),
            claims=attached.claim if attached is not None and attached.has_limits else None,
            learn=attached.learn if attached is not None and attached.has_limits else None,
            priority=call.priority,
            purse=purse,
            on_cut=call.on_cut or rule.on_cut or "raise",
            watch=watch,
        )
        steps = plan(operation, route, retry=self._retry, limits=limits, raw=call.keep_raw, rules=rules)
        if self._is_cached(call):
            steps = self._remembered(steps, route, request, limits[0].total)
        prepared = Prepared(steps, route[0][0].model, call)
        prepared.watch, prepared.purse = watch, purse
        return prepared

    def _is_cached(self, call: CallOptions) -> bool:
        cache = None if self._attached is None else self._attached.services.cache
        if cache is None:
            if call.cache:
                raise ConfigError(
                    "cache=True, and the client has no cache",
                    hint="Make it with Client(cache=True), or write [cache] into the configuration.",
                )
            return False
        return cache.on if call.cache is None else call.cache

    def _remembered(
        self, steps: Exchange, route: Route, request: ChatRequest, within_s: float | None
    ) -> Exchange:
        from baimo.cache.key import key_of
        from baimo.remember import remembered

        return remembered(steps, key_of(request, route), streams=request.stream, within_s=within_s)

    def _watch(
        self, operation: str, route: Route, request: ChatRequest | None = None, call: CallOptions = NO_OPTIONS
    ) -> CallWatch | None:
        """What notes the course of a call for observers; None where there are none."""
        attached = self._attached
        if attached is None or not attached.observers:
            return None
        from .watching import CallWatch

        return CallWatch(
            attached.observers,
            self._clock,
            operation=operation,
            asked=tuple(dict.fromkeys(at.name for pool in route for at in pool)),
            streamed=request is not None and request.stream,
            conversation=call.conversation,
            request=request,
        )

    def _purse(self, request: ChatRequest, call: CallOptions, rule: RouteRule) -> Any:
        """What a call may spend; None where nothing bounds it and nothing is to be compared."""
        budgets = self._attached.budgets if self._attached is not None else ()
        cheapest = (call.strategy or rule.strategy or self._strategy) == "cheapest"
        if not budgets and call.at_most is None and call.budget is None and not cheapest:
            return None
        from baimo.accounting.purse import CallPurse

        from .attachments import rates_of

        books = budgets if call.budget is None else (*budgets, call.budget)
        return CallPurse(request, at_most=call.at_most, books=books, rates=rates_of(self._settings))

    def _shared_health(self) -> HealthBook:
        if self._health is None:
            from threading import Lock

            from baimo.routing.health import HealthBook

            self._health = HealthBook(lock=Lock())
        return self._health

    def _embed(self, model: Model, request: EmbedRequest, timeout: float | None) -> Iterator[Prepared]:
        """The calls that it takes, one after the other."""
        route = self._settings.resolve(model)
        for batch in in_batches(request, route):
            yield self._simple("embeddings", EmbedOperation(batch), route, timeout)

    def _count(self, model: Model, request: CountRequest, timeout: float | None) -> Prepared:
        return self._simple("count_tokens", CountOperation(request), self._settings.resolve(model), timeout)

    def _describe(self, model: Model, timeout: float | None) -> Prepared:
        return self._simple("describe", DescribeOperation(), self._settings.resolve(model), timeout)

    def _pull(self, model: Model) -> Prepared:
        return self._simple("pull", PullOperation(), self._settings.resolve(model), None)

    def _list(self, provider: str, timeout: float | None) -> Prepared:
        return self._simple("models", ModelsOperation(), self._settings.resolve(f"{provider}/*"), timeout)

    def _simple(self, name: str, operation: Operation, route: Route, timeout: float | None) -> Prepared:
        """Another call than chat: watched and limited alike, but neither cached nor bounded in cost."""
        limits, attached = self._limits_of(route, timeout), self._attached
        rules, watch = self._rules, self._watch(name, route)
        if watch is not None or len(route) > 1 or len(route[0]) > 1 or attached is not None:
            limited = attached is not None and attached.has_limits
            rules = Rules(
                together=rules.together,
                health=self._shared_health(),
                claims=attached.claim if attached is not None and limited else None,
                learn=attached.learn if attached is not None and limited else None,
                watch=watch,
            )
        steps = plan(operation, route, retry=self._retry, limits=limits, rules=rules)
        prepared = Prepared(steps, route[0][0].model)
        prepared.watch = watch
        return prepared

    def _known_models(self) -> tuple[ModelInfo, ...]:
        return self._settings.known_models()

    def _with_facts(self, listed: tuple[ModelInfo, ...], provider: str) -> tuple[ModelInfo, ...]:
        """What the provider lists, with our dated facts where it tells less."""
        known = {info.id: info for info in self._settings.known_models(provider)}
        return tuple([_merged(info, known.get(info.id)) for info in listed])

    def _limits_of(self, route: Route, timeout: float | None) -> list[TimeLimits]:
        total = self._timeout if timeout is None else timeout
        each = [pool[0].limits or _LIMITS for pool in route]
        return each if total is None else [replace(limits, total=total) for limits in each]


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


def count_request(text: str, *, extra: Mapping[str, Any], headers: Mapping[str, str]) -> CountRequest:
    """A request for a count. Raises InputError for what is no text."""
    if not isinstance(text, str):
        raise InputError(f"text must be a string, got {type(text).__name__}")
    return CountRequest(model="", text=text, extra=dict(extra), headers=dict(headers))
