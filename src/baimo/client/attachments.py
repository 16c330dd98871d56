"""What a client keeps besides its calls, from its configuration and arguments. All off by default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from baimo.config.services import Services, read_arguments
from baimo.config.settings import Settings
from baimo.errors import InputError
from baimo.exchange import Deployment, Operation
from baimo.types.limits import Claim, Hold, Learned, Limit
from baimo.types.record import Observer
from baimo.wire.http import WireHead

from .clock import Clock

if TYPE_CHECKING:
    from baimo.accounting.rates import Rates
    from baimo.transports.recorder import Recorder

    from .budget import Budget


class Extras(TypedDict, total=False):
    """Arguments of both clients for what they keep; each wins over the configuration's table of that name."""

    budget: Budget | str | Sequence[Budget]
    """What all calls may cost together: `"5 CNY"` for this client, or budgets by day and month."""
    limits: Mapping[str, Any] | bool
    """As the table `[limits]`; True: what is learned, nothing else."""
    cache: Mapping[str, Any] | str | bool
    """As the table `[cache]`, or its `store`; True: in SQLite."""
    ledger: Mapping[str, Any] | str | bool
    """As the table `[ledger]`, or its `path`; True: in the user's folder."""
    record: str | Path | None
    """The folder for recordings of every call."""
    telemetry: Mapping[str, Any]
    """As the table `[telemetry]`."""
    observers: Sequence[Observer]
    """Told of every call."""
    strategy: str
    """How the deployments of a route are chosen where no alias and no call says."""
    mend: bool
    """Whether calls that a provider refuses for a known reason may be mended."""


class Attachments:
    """Made once a client, only where something is asked for."""

    def __init__(self, settings: Settings, extras: Extras, clock: Clock) -> None:
        self.services: Services = read_arguments(settings.services, extras)
        self._clock = clock
        self._settings = settings
        self.observers: tuple[Observer, ...] = self._observers(extras)
        self.budgets: tuple[Budget, ...] = self._budgets(extras)
        self.has_limits = settings.has_limits or self.services.limits is not None
        self._claims = _Claims(self.services.limits)
        self.recorder: Recorder | None = None
        if self.services.recordings is not None:
            from baimo.transports.recorder import Recorder

            self.recorder = Recorder(self.services.recordings, mono=clock.mono, wall=clock.wall)

    @staticmethod
    def learn(head: WireHead, wall: float) -> Learned | None:
        """What a reply's head tells of limits."""
        from baimo.resilience.learned import parse

        return parse(head, wall)

    def claim(self, operation: Operation, at: Deployment) -> Claim | None:
        """What a request needs of the limits."""
        return self._claims.of(operation, at)

    def limiter(self) -> Any:
        """A keeper of limits for blocking calls; None where there are none."""
        if not self.has_limits:
            return None
        from baimo.limiting.make import make_limiter

        return make_limiter(self._limit_settings, self._clock)

    def async_limiter(self) -> Any:
        """The same for asyncio."""
        if not self.has_limits:
            return None
        from baimo.limiting.make import make_async_limiter

        return make_async_limiter(self._limit_settings, self._clock)

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
            observer.close()
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

            found.append(make_ledger(self.services.ledger))
        return tuple(found)

    def _budgets(self, extras: Extras) -> tuple[Budget, ...]:
        given = extras.get("budget", ())
        if not given and not self.services.budgets:
            return ()
        from .budget import Budget, open_budgets

        mine: list[Any] = [given] if isinstance(given, (str, Budget)) else list(given)
        books = [Budget(one, clock=self._clock) if isinstance(one, str) else one for one in mine]
        for book in books:
            if not isinstance(book, Budget):
                raise InputError(f"a budget is an amount or a Budget, not {type(book).__name__}")
        return open_budgets(self._settings, books, clock=self._clock)


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
        name = (at.provider, at.endpoint, at.key, at.model)
        holds = self._holds.get(name)
        if holds is None:
            holds = self._holds[name] = self._made(at)
        return Claim(holds, getattr(operation, "tokens", 0))

    def _made(self, at: Deployment) -> tuple[Hold, ...]:
        place = "/".join((at.provider, at.endpoint, at.key))
        row = at.row_limit if self._rows and at.row_limit is not None else _NONE
        narrow = Hold(f"{place}/{at.model}", at.limit or self._bounds, row)
        return (narrow,) if at.key_limit is None else (Hold(place, at.key_limit), narrow)


_NONE = Limit()
