"""What a client keeps besides its calls, from its configuration and arguments. All off by default."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from baimo.config.services import Services, read_arguments
from baimo.config.settings import Settings
from baimo.errors import InputError
from baimo.exchange import Deployment, Operation
from baimo.types.limits import Claim, Hold, Learned, Limit
from baimo.types.record import Observer
from baimo.wire.http import WireHead

from .clock import Clock
from .extras import Extras
from .watching import report

if TYPE_CHECKING:
    from baimo.accounting.rates import Rates
    from baimo.seats import Keeper
    from baimo.transports.recorder import Recorder

    from .budget import Budget


class Attachments:
    """Made once a client, only where something is asked for."""

    def __init__(self, settings: Settings, extras: Extras, clock: Clock) -> None:
        self.services: Services = read_arguments(settings.services, extras)
        self._clock = clock
        self._settings = settings
        self.observers: tuple[Observer, ...] = self._observers(extras)
        self.budgets: tuple[Budget, ...] = self._budgets(extras)
        is_off = extras.get("limits") is False
        self.has_limits = self.services.limits is not None or (settings.has_limits and not is_off)
        self.claim: Callable[[Operation, Deployment], Claim | None] | None = None
        """What a request needs of the limits; None: there are none."""
        self.holds: Callable[[Deployment], tuple[Hold, ...]] | None = None
        """Where requests to a deployment count; None: there are no limits."""
        self.learn: Callable[[WireHead, float], Learned | None] | None = None
        """What a reply's head tells of limits."""
        if self.has_limits:
            from baimo.resilience.learned import parse

            claims = _Claims(self.services.limits)
            self.claim, self.holds, self.learn = claims.of, claims.holds, parse
        self.keeper: Keeper | None = None
        """Keeps the limits of the client, where that is in this process."""
        self.recorder: Recorder | None = None
        if self.services.recordings is not None:
            from baimo.transports.recorder import Recorder

            self.recorder = Recorder(self.services.recordings, mono=clock.mono, wall=clock.wall)

    def limiter(self) -> Any:
        """A keeper of limits for blocking calls; None where there are none."""
        if not self.has_limits:
            return None
        from baimo.limiting.make import make_limiter

        limiter = make_limiter(self._limit_settings, self._clock)
        self.keeper = getattr(limiter, "keeper", None)
        return limiter

    def async_limiter(self) -> Any:
        """The same for asyncio."""
        if not self.has_limits:
            return None
        from baimo.limiting.make import make_async_limiter

        limiter = make_async_limiter(self._limit_settings, self._clock)
        self.keeper = getattr(limiter, "keeper", None)
        return limiter

    def cache(self) -> Any:
        """A cache for blocking calls; None where there is none."""
        if self.services.cache is None:
            return None
        from baimo.cache.make import make_cache

        return make_cache(self.services.cache)

    def async_cache(self) -> Any:
        """The same for asyncio."""
        if self.services.cache is None:
            return None
        from baimo.cache.make import make_async_cache

        return make_async_cache(self.services.cache)

    def close(self) -> None:
        """Have observers write down what they were told."""
        for observer in self.observers:
            try:
                observer.close()
            except Exception as error:
                report(observer, error)
        if self.recorder is not None:
            self.recorder.close()

    @property
    def _limit_settings(self) -> Any:
        from baimo.config.services import LimitSettings

        return self.services.limits or LimitSettings(adaptive=False, rows=False)

    def _observers(self, extras: Extras) -> tuple[Observer, ...]:
        found = list(extras.get("observers", ()))
        if self.services.telemetry is not None:
            from baimo.telemetry.make import make_observers

            found += make_observers(self.services.telemetry)
        if self.services.ledger is not None and self.services.ledger.on:
            from baimo.ledger.make import make_ledger

            found.append(make_ledger(self.services.ledger, self._clock.wall))
        return tuple(found)

    def _budgets(self, extras: Extras) -> tuple[Budget, ...]:
        given = extras.get("budget", ())
        if not given and not self.services.budgets:
            return ()
        from .budget import Budget, begin_from_ledger, open_budgets

        mine: Any = given if isinstance(given, (list, tuple)) else [given]
        books = [Budget(one, clock=self._clock) if isinstance(one, str) else one for one in mine]
        for book in books:
            if not isinstance(book, Budget):
                raise InputError(f"a budget is an amount or a Budget, not {type(book).__name__}")
        found = open_budgets(self._settings, books, clock=self._clock)
        ledger = self.services.ledger
        if ledger is not None and ledger.on:
            from baimo.ledger.make import ledger_path

            begin_from_ledger(found[len(books) :], ledger_path(ledger))
        return found


def rates_of(settings: Settings) -> Rates:
    """What currencies are worth in each other, as the configuration tells."""
    from baimo.accounting.rates import Rates, read_rates

    return read_rates(settings.services.money.rates) if settings.has_services else Rates()


class _Claims:
    """Claims on limits: the same places in every process with the same configuration."""

    def __init__(self, settings: Any) -> None:
        self._bounds = settings.bounds if settings is not None else Limit()
        self._rows = settings is not None and settings.rows
        self._holds: dict[tuple[str, str, str, str], tuple[Hold, ...]] = {}

    def of(self, operation: Operation, at: Deployment) -> Claim:
        return Claim(self.holds(at), getattr(operation, "tokens", 0))

    def holds(self, at: Deployment) -> tuple[Hold, ...]:
        """The places where a request there counts, the narrowest last."""
        name = (at.provider, at.endpoint, at.key, at.model)
        known = self._holds.get(name)
        if known is None:
            known = self._holds[name] = self._made(at)
        return known

    def _made(self, at: Deployment) -> tuple[Hold, ...]:
        place = "/".join((at.provider, at.endpoint, at.key))
        row = at.row_limit if self._rows and at.row_limit is not None else _NONE
        narrow = Hold(f"{place}/{at.model}", at.limit or self._bounds, row)
        return (narrow,) if at.key_limit is None else (Hold(place, at.key_limit), narrow)


_NONE = Limit()
