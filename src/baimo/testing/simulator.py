"""The simulator as tests use it: in this process, and on loopback where somebody asks for an address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from baimo.client.clock import Clock
from baimo.errors import ConfigError, InputError
from baimo.simulator.engine import Moderation, Rule, Simulation
from baimo.simulator.faces import Faces, names
from baimo.simulator.faults import Fault, FaultRule, parse_fault
from baimo.simulator.inprocess import SimulatedTransport, origin_of
from baimo.simulator.rates import Rate
from baimo.simulator.received import Received
from baimo.simulator.reply import Reply
from baimo.simulator.scripts import Script, fixed, replies
from baimo.simulator.timing import Timing
from baimo.simulator.words import Face, Why

from .clock import VirtualClock

if TYPE_CHECKING:
    from baimo.client.async_client import AsyncClient
    from baimo.client.client import Client
    from baimo.simulator.inprocess_async import AsyncSimulatedTransport
    from baimo.simulator.loopback import Loopback


class Simulator:
    """Providers made of Baimo's own dialects, which check what is sent to them as the real ones do.

    `providers` are names, or faces of one's own; none means all there are. `credentials` replaces single
    fake credentials: `{"openai": {"api_key": "sk-mine"}}`. In this process time is `clock`'s, by default
    a `VirtualClock`; on loopback it is the machine's.

    >>> with Simulator("openai") as sim, sim.client() as client:    # doctest: +SKIP
    ...     sim.fault("429@60", times=1)
    ...     client.chat("openai/gpt-5", "Hi").text                  # waits 60 s of virtual time
    'Hi'
    """

    def __init__(
        self,
        *providers: str | Face,
        credentials: Mapping[str, Mapping[str, str]] = {},
        clock: Clock | None = None,
        seed: int = 0,
    ) -> None:
        self.clock: Any = clock or VirtualClock()
        """The clock of calls in this process."""
        self._simulation = Simulation(Faces(providers or names(), credentials), seed=seed)
        self._loopback: Loopback | None = None

    # What it does.

    def script(self, script: Script | str) -> None:
        """Who answers: one of `baimo.testing.scripts`, a function from request to answer, or a name."""
        self._simulation.script = _script(script)

    def reply(self, *answers: str | Reply) -> None:
        """Answer with this; of several with each in turn, then with the last for ever."""
        self._simulation.script = replies(answers) if len(answers) != 1 else _one(answers[0])

    def timing(
        self,
        *,
        ttft: float | None = None,
        tokens_per_second: float | None = None,
        jitter: float | None = None,
    ) -> None:
        """How replies are paced: seconds to the first token, tokens a second, and chance around both."""
        given = {"ttft": ttft, "tokens_per_second": tokens_per_second, "jitter": jitter}
        now = self._simulation.timing
        self._simulation.timing = Timing(
            **{name: getattr(now, name) if value is None else value for name, value in given.items()}
        )

    def fault(
        self,
        fault: str | Fault,
        *,
        times: int | None = None,
        probability: float = 1.0,
        skip: int = 0,
        provider: str | None = None,
        operation: str | None = None,
    ) -> None:
        """Let a fault strike: `429@2`, `cut@40`, `stall`; see `baimo.testing.FAULTS`.

        `times` bounds how often, `skip` lets requests pass before. Raises InputError for an unknown one.
        """
        if not 0 <= probability <= 1:
            raise InputError(f"probability is from 0 to 1, got {probability!r}")
        self._known(provider)
        rule = FaultRule(
            fault=parse_fault(fault) if isinstance(fault, str) else fault,
            times=times,
            probability=probability,
            skip=skip,
            provider=provider,
            operation=operation,
        )
        self._simulation.faults.add(rule)

    def refuse(self, why: Why | str, *, times: int | None = None, provider: str | None = None) -> None:
        """Refuse requests in the provider's own words, whatever they are: `over_quota`, `unknown_model`, …"""
        self._known(provider)
        self._simulation.refuse(Why(why), times=times, provider=provider)

    def moderate(self, *, input: Iterable[str] = (), output: Iterable[str] = ()) -> None:
        """Words that the provider refuses in requests, and at which it breaks answers off."""
        self._simulation.moderation = Moderation(input=_words(input), output=_words(output))

    def rate(
        self, rate: Rate | None = None, *, provider: str | None = None, key: str | None = None, **limits: int
    ) -> None:
        """Limits of every key: `requests_per_minute`, `tokens_per_minute`, `concurrency`, `quota_requests`,
        `quota_tokens`. Raises InputError for other names."""
        if unknown := set(limits) - set(Rate.__struct_fields__):
            raise InputError(f"there is no limit {', '.join(sorted(unknown))}")
        self._known(provider)
        rule = Rule(rate=rate or Rate(**limits), provider=provider, key=key)
        self._simulation.rates.append(rule)

    def reset(self) -> None:
        """As it was in the beginning: nothing received, nothing set."""
        self._simulation.reset()

    # How it is reached.

    @property
    def providers(self) -> tuple[str, ...]:
        """The names of the simulated providers."""
        return tuple(self._simulation.faces)

    @property
    def config(self) -> dict[str, Any]:
        """For `Client(config=…, transport=sim.transport)`: leads every simulated provider here."""
        return self._config({name: origin_of(self._simulation, name) for name in self.providers}, {})

    def endpoints(self, provider: str) -> tuple[str, ...]:
        """The endpoints of a provider that are simulated, the one that is used by default first."""
        self._known(provider)
        return tuple(self._simulation.faces[provider].configuration("http://127.0.0.1:1"))

    def config_for(self, endpoints: Mapping[str, str] = {}, *, loopback: bool = False) -> dict[str, Any]:
        """As `config`, with the endpoint to use of a provider: `config_for({"hunyuan": "native"})`.

        With `loopback` it leads to real ports, for clients with transports of their own.
        """
        names = self.providers
        origins = {name: self.origin_of(name) for name in names} if loopback else None
        return self._config(origins or {name: origin_of(self._simulation, name) for name in names}, endpoints)

    @property
    def transport(self) -> SimulatedTransport:
        """A transport for `Client`: no socket, and the simulator's own clock."""
        return SimulatedTransport(self._simulation, self.clock)

    @property
    def async_transport(self) -> AsyncSimulatedTransport:
        """A transport for `AsyncClient`."""
        from baimo.simulator.inprocess_async import AsyncSimulatedTransport

        return AsyncSimulatedTransport(self._simulation, self.clock)

    def client(self, *, endpoints: Mapping[str, str] = {}, **options: Any) -> Client:
        """A client of this simulator, in this process; `options` are `Client`'s."""
        from baimo.client.client import Client

        options.setdefault("config", self.config_for(endpoints))
        options.setdefault("clock", self.clock)
        return Client(transport=self.transport, **options)

    def async_client(self, *, endpoints: Mapping[str, str] = {}, **options: Any) -> AsyncClient:
        """As `client`, for asyncio."""
        from baimo.client.async_client import AsyncClient

        options.setdefault("config", self.config_for(endpoints))
        options.setdefault("clock", self.clock)
        return AsyncClient(transport=self.async_transport, **options)

    @property
    def url(self) -> str:
        """The address on loopback that all providers share, `/NAME` before the path; it listens from here."""
        return self._listening().origin

    def origin_of(self, provider: str) -> str:
        """The address on loopback that a provider has for itself, at its root: what official clients need."""
        self._known(provider)
        return self._listening().origin_of(provider)

    def port_of(self, provider: str) -> int:
        """The port of `origin_of`."""
        return int(self.origin_of(provider).rpartition(":")[2])

    def credentials_of(self, provider: str) -> dict[str, str]:
        """The fake credentials that it takes, by the names that the configuration uses."""
        self._known(provider)
        return self._simulation.faces[provider].credentials()

    # What it received.

    @property
    def requests(self) -> tuple[Received, ...]:
        """What came, oldest first, without secrets."""
        return self._simulation.log.all()

    @property
    def last(self) -> Received:
        """What came last. Raises LookupError where nothing came."""
        requests = self.requests
        if not requests:
            raise LookupError("the simulator has received nothing")
        return requests[-1]

    def on_answered(self, told: Callable[[Received], None] | None) -> None:
        """Who is told of each request when it is over; from whatever thread that happens on."""
        self._simulation.on_answered = told

    # Its life.

    def start(self) -> Simulator:
        """Listen on loopback now, not when an address is first asked for."""
        self._listening()
        return self

    def stop(self) -> None:
        """Stop listening. Calls in this process go on working."""
        loopback, self._loopback = self._loopback, None
        if loopback is not None:
            loopback.stop()

    def __enter__(self) -> Simulator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _listening(self) -> Loopback:
        if self._loopback is None:
            from baimo.simulator.loopback import Loopback

            self._loopback = Loopback(self._simulation)
            self._loopback.start()
        return self._loopback

    def _config(self, origins: Mapping[str, str], endpoints: Mapping[str, str]) -> dict[str, Any]:
        for name in endpoints:
            self._known(name)
        return {
            "providers": {
                name: _table(self._simulation.faces[name], origin, endpoints.get(name))
                for name, origin in origins.items()
            }
        }

    def _known(self, provider: str | None) -> None:
        if provider is not None and provider not in self._simulation.faces:
            raise ConfigError(
                f"{provider!r} is not simulated here; there is {', '.join(self._simulation.faces)}"
            )


def _table(face: Face, origin: str, endpoint: str | None) -> dict[str, object]:
    tables = face.configuration(origin)
    if endpoint is None:
        return next(iter(tables.values()))
    if endpoint not in tables:
        raise ConfigError(f"{face.name} has no endpoint {endpoint!r} here; there is {', '.join(tables)}")
    return tables[endpoint]


def _script(script: Script | str) -> Script:
    if callable(script):
        return script
    from baimo.simulator.scripts import BY_NAME

    if script not in BY_NAME:
        raise InputError(f"there is no script {script!r}; there is {', '.join(BY_NAME)}")
    return BY_NAME[script]


def _one(answer: str | Reply) -> Script:
    return fixed(answer) if isinstance(answer, str) else lambda request: answer


def _words(words: Iterable[str]) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else tuple(words)
