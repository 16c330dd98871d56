"""For the tests of those who use Baimo: a simulated provider, a clock that jumps, a pytest fixture.

>>> from baimo.testing import Simulator
>>> with Simulator("openai") as sim, sim.client() as client:        # doctest: +SKIP
...     sim.reply("Hello!")
...     client.chat("openai/gpt-5", "Hi").text
'Hello!'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from baimo.simulator import scripts as scripts
    from baimo.simulator.faults import FAULTS as FAULTS
    from baimo.simulator.faults import Fault as Fault
    from baimo.simulator.rates import Rate as Rate
    from baimo.simulator.received import Received as Received
    from baimo.simulator.reply import Reply as Reply
    from baimo.simulator.words import RefusedError as RefusedError
    from baimo.simulator.words import Why as Why

    from .clock import VirtualClock as VirtualClock
    from .replayed import ReplayResult as ReplayResult
    from .replayed import areplay as areplay
    from .replayed import replay as replay
    from .simulator import Simulator as Simulator

_HOMES = {
    "FAULTS": "baimo.simulator.faults",
    "Fault": "baimo.simulator.faults",
    "Rate": "baimo.simulator.rates",
    "Received": "baimo.simulator.received",
    "RefusedError": "baimo.simulator.words",
    "ReplayResult": "baimo.testing.replayed",
    "Reply": "baimo.simulator.reply",
    "Simulator": "baimo.testing.simulator",
    "VirtualClock": "baimo.testing.clock",
    "Why": "baimo.simulator.words",
    "areplay": "baimo.testing.replayed",
    "replay": "baimo.testing.replayed",
}

__all__ = [
    "FAULTS",
    "Fault",
    "Rate",
    "Received",
    "RefusedError",
    "ReplayResult",
    "Reply",
    "Simulator",
    "VirtualClock",
    "Why",
    "areplay",
    "replay",
    "scripts",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "scripts":
        return import_module("baimo.simulator.scripts")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
