"""Calls of which something is asked besides: several deployments, limits, money, a cache, a form, observers.

Loaded when the first such call is made: a plain call to one deployment needs none of it.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from baimo.config.resolve import RouteRule
from baimo.config.settings import Settings
from baimo.errors import ConfigError
from baimo.exchange import Exchange, Operation, exchange
from baimo.operations import ChatOperation, Learned
from baimo.over import alone
from baimo.plan import plan
from baimo.repair import Looks, is_checked, validated
from baimo.resilience.budget import RetryBudget
from baimo.resilience.retry import RetryPolicy
from baimo.resilience.timing import TimeLimits
from baimo.routing.health import HealthBook
from baimo.rules import Route, Rules
from baimo.seats import Doors
from baimo.types.chat import ChatRequest, Validate
from baimo.types.embeddings import EmbedRequest

from .answer import folded_response
from .clock import Clock
from .options import Model
from .prepared import Prepared
from .request import NO_OPTIONS, CallOptions, tier_of
from .watching import CallWatch, Watching, blank

if TYPE_CHECKING:
    from baimo.accounting.rates import Rates
    from baimo.media.inlining import CallMedia
    from baimo.transports.recorder import CallRecorder

    from .attachments import Attachments
    from .base import Around, AskedBeside
    from .forming import Forming


_NOTHING_LEARNED: Learned = {}


class Ruling:
    """Prepares such calls; one a client. `taken_down` gives what a driver needs for a recorded call."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        retry: RetryPolicy,
        attached: Attachments | None,
        *,
        together: RetryBudget,
        strategy: Any,
        taken_down: Callable[[CallRecorder], Any],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._retry = retry
        self._attached = attached
        self._together = together
        self._strategy = strategy
        self._taken_down = taken_down
        self._health = HealthBook(lock=Lock())
        self._claims = attached.claim if attached is not None else None
        self._learn = attached.learn if attached is not None else None
        self._keeper = attached.keeper if attached is not None else None
        self._doors: Doors | None = None
        if attached is not None and attached.keeper is not None and attached.holds is not None:
            self._doors = Doors(attached.keeper, self._health, attached.holds, attached.learn)
        self._usual = self._rules(None, None)
        self._watching: Watching | None = None
        """What notes the course of calls for observers; None where there are none."""
        self.keeps_more = False
        """Whether calls of which nothing is asked may be answered from a cache, recorded, or cost money of a
        budget."""
        if attached is not None:
            services, recorder = attached.services, attached.recorder
            self.keeps_more = bool(services.cache is not None or attached.budgets or recorder is not None)
            if attached.observers or recorder is not None:
                self._watching = Watching(attached.observers, clock, recorder)
        self._rates: Rates | None = None
        """What currencies are worth in each other; read when it is first needed."""

    def chat(
        self,
        model: Model,
        route: Route,
        request: ChatRequest,
        call: CallOptions,
        limits: list[TimeLimits],
        *,
        mends: bool,
        learned: Learned,
        forming: Forming[Any] | None = None,
        media: CallMedia | None = None,
    ) -> Prepared:
        """A chat, as its options and the client's services say."""
        rule = self._settings.rule(model)
        strategy = call.strategy or rule.strategy or self._strategy
        watch = self._watch("chat", route, request, call)
        purse = self._purse(request, call, cheapest=strategy == "cheapest")
        rules = self._rules(watch, purse, strategy=strategy, rule=rule, call=call)
        if watch is not None and watch.recording is not None:
            rules = self._recorded(
                "chat",
                watch.recording,
                request,
                route,
                limits,
                call.keep_raw,
                rules,
                media,
                validate=call.validate,
                forming=forming,
                mends=mends and call.mend,
                learned=learned,
            )

        def make(asked: ChatRequest, left_s: float | None) -> Exchange:
            operation = ChatOperation(
                asked,
                conversation=call.conversation,
                mends=mends and call.mend,
                learned=learned,
                shape=None if forming is None else forming.shaped,
                media=media,
            )
            each = limits if left_s is None else [replace(one, total=left_s) for one in limits]
            return plan(operation, route, retry=self._retry, limits=each, raw=call.keep_raw, rules=rules)

        if forming is not None or is_checked(request, call.validate):
            validate = call.validate if forming is None else forming.validate
            looks: Looks | None = None if forming is None else forming.reader
            if looks is not None and watch is not None and watch.recording is not None:
                looks = watch.recording.looks(looks)
            steps = validated(
                make,
                request,
                validate=validate,
                looks=looks,
                total=limits[0].total,
                folded=lambda folder, outcome: folded_response(
                    folder, outcome, self._clock.wall, tier=tier_of(request)
                ),
            )
        else:
            steps = make(request, None)
        if self._is_cached(call):
            how = "" if forming is None else f"parse {forming.asked}"
            steps = self._remembered(steps, route, request, call, limits[0].total, how)
        prepared = self._prepared(steps, route, call, watch)
        prepared.purse = purse
        prepared.request = request
        return prepared

    def single(
        self, route: Route, request: ChatRequest, call: CallOptions, limits: TimeLimits, operation: Operation
    ) -> Prepared:
        """A chat of which nothing is asked besides, with the only deployment of its route: watched and within
        limits."""
        at, watching = route[0][0], self._watching
        watch, now = None, None
        if watching is not None:
            known = watching.last
            if known is None or known.at is not at:
                known = watching.known(at)
            watch = CallWatch(watching, known.chat, request, call.conversation, None, known)
            now = None if request.stream else watch.now
        if self._claims is None:
            steps = exchange(
                operation,
                at,
                retry=self._retry,
                limits=limits,
                raw=call.keep_raw,
                watch=watch,
                together=self._together,
                now=now,
            )
        else:
            steps = alone(
                operation,
                at,
                retry=self._retry,
                limits=limits,
                raw=call.keep_raw,
                rules=self._usual,
                watch=watch,
                now=now,
            )
        prepared = Prepared(steps, at.model, call)
        prepared.watch = watch
        return prepared

    def other(
        self,
        name: str,
        operation: Operation,
        route: Route,
        limits: list[TimeLimits],
        request: AskedBeside | None = None,
        around: Around | None = None,
    ) -> Prepared:
        """Another call than chat: watched and limited alike, not cached; budgets count embeddings.

        `around` is laid around its steps.
        """
        watch = self._watch(name, route)
        purse = None
        if isinstance(request, EmbedRequest):
            purse = self._purse(request, NO_OPTIONS, cheapest=False)
        rules = self._rules(watch, purse)
        if watch is not None and watch.recording is not None:
            rules = self._recorded(name, watch.recording, request, route, limits, False, rules)
        steps = plan(operation, route, retry=self._retry, limits=limits, rules=rules)
        if around is not None:
            steps = around(steps, rules.together or self._together)
        prepared = self._prepared(steps, route, NO_OPTIONS, watch)
        prepared.purse = purse
        return prepared

    def _rules(
        self,
        watch: CallWatch | None,
        purse: Any,
        *,
        strategy: Any = "ordered",
        rule: RouteRule | None = None,
        call: CallOptions = NO_OPTIONS,
    ) -> Rules:
        return Rules(
            strategy=strategy,
            weights=rule.weights if rule is not None else (),
            together=self._together,
            health=self._health,
            claims=self._claims,
            learn=self._learn,
            keeper=self._keeper,
            doors=self._doors,
            purse=purse,
            priority=call.priority,
            on_cut=call.on_cut or (rule.on_cut if rule is not None else None) or "raise",
            watch=watch,
        )

    def _recorded(
        self,
        operation: str,
        taken: CallRecorder,
        request: ChatRequest | AskedBeside | None,
        route: Route,
        limits: list[TimeLimits],
        raw: bool,
        rules: Rules,
        media: CallMedia | None = None,
        *,
        validate: Validate = False,
        forming: Forming[Any] | None = None,
        mends: bool = True,
        learned: Learned = _NOTHING_LEARNED,
    ) -> Rules:
        """The rules of a call that is recorded: what they answer is taken down."""
        streamed = isinstance(request, ChatRequest) and request.stream
        taken.began(
            operation,
            request,
            route,
            retry=self._retry,
            limits=limits,
            streamed=streamed,
            raw=raw,
            rules=rules,
            fetch=None if media is None else media.how,
            validate=validate,
            formed=None if forming is None else forming.told,
            mends=mends,
            learned=learned,
        )
        return taken.rules(rules)

    def _prepared(
        self, steps: Exchange, route: Route, call: CallOptions, watch: CallWatch | None
    ) -> Prepared:
        taken = None if watch is None else watch.recording
        prepared = Prepared(steps if taken is None else taken.watch(steps), route[0][0].model, call)
        prepared.watch = watch
        if taken is not None:
            prepared.services = self._taken_down(taken)
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
        wanted = cache.on if call.cache is None else call.cache
        return wanted and not call.keep_raw  # the wire's own bytes are not kept

    def _remembered(
        self,
        steps: Exchange,
        route: Route,
        request: ChatRequest,
        call: CallOptions,
        within_s: float | None,
        how: str,
    ) -> Exchange:
        from baimo.cache.key import key_of
        from baimo.remember import remembered

        is_formed = request.response_format is not None and call.validate is not None
        scope = how or (f"validate {call.validate}" if is_formed else "")
        key = key_of(request, route, scope=scope)  # what was not looked at is no answer to a call that looks
        return remembered(steps, key, route=route, streams=request.stream, within_s=within_s)

    def _watch(
        self, operation: str, route: Route, request: ChatRequest | None = None, call: CallOptions = NO_OPTIONS
    ) -> CallWatch | None:
        """What notes the course of a call for observers; None where there are none."""
        watching = self._watching
        if watching is None:
            return None
        asked = tuple(dict.fromkeys([at.name for pool in route for at in pool]))
        recorder = watching.recorder if operation != "balance" else None  # money is nobody else's business
        return CallWatch(watching, blank(operation, asked), request, call.conversation, recorder)

    def _purse(self, request: ChatRequest | EmbedRequest, call: CallOptions, *, cheapest: bool) -> Any:
        """What a call may spend; None where nothing bounds it and nothing is to be compared."""
        budgets = self._attached.budgets if self._attached is not None else ()
        if not budgets and call.at_most is None and call.budget is None and not cheapest:
            return None
        from baimo.accounting.purse import CallPurse

        if self._rates is None:
            from .attachments import rates_of

            self._rates = rates_of(self._settings)
        if call.budget is not None:
            for budget in call.budget:
                budget.use_rates(self._rates)
            budgets = (*budgets, *call.budget)
        return CallPurse(request, at_most=call.at_most, budgets=budgets, rates=self._rates)
