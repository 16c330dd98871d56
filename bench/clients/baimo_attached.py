"""Baimo with everything on that watches over calls: limits that never bind, health, the ledger, spans.

Spans go to OpenTelemetry's exporter in memory, which reads nothing of them and is emptied now and then.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from baimo.config.services import LedgerSettings
from baimo.ledger.observer import LedgerObserver
from baimo.telemetry import OpenTelemetry

from . import baimo_face

_LIMITS = {"requests_per_minute": 10**9, "tokens_per_minute": 10**12, "concurrency": 10**6}
_EMPTIED = 500
"""Calls after which the exporter is emptied."""


class NothingKept(Exception):  # noqa: N818 - it says what is wrong
    """What was to be written down was not: the measure would be of something else."""


class Everything:
    """What a client is given besides, and the proof that it was used."""

    def __init__(self, exporter: type[InMemorySpanExporter] = InMemorySpanExporter, **more: Any) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="ledger-")
        self.ledger = LedgerObserver(LedgerSettings(), Path(self._home.name))
        self._spans = exporter()
        tracing = TracerProvider()
        tracing.add_span_processor(SimpleSpanProcessor(self._spans))
        observers = [self.ledger, OpenTelemetry(tracer_provider=tracing, **more)]
        self.extras: dict[str, Any] = {"limits": _LIMITS, "observers": observers}
        self._calls = 0

    def called(self) -> None:
        """One more call ended."""
        self._calls += 1
        if self._calls % _EMPTIED == 1:
            if not self._spans.get_finished_spans():
                raise NothingKept("no spans were exported")
            self._spans.clear()

    def finish(self) -> None:
        """Have everything written. Raises NothingKept where something is missing."""
        self.ledger.flush()
        if self.ledger.lost:
            raise NothingKept(f"{self.ledger.lost} records were lost")

    def close(self) -> None:
        self._home.cleanup()


class Sync(baimo_face.Sync):
    def __init__(self, base_url: str, **more: Any) -> None:
        self._everything = Everything(**more)
        self.finish = self._everything.finish
        super().__init__(base_url, **self._everything.extras)

    def __exit__(self, *failure: Any) -> None:
        super().__exit__(*failure)
        self._everything.close()

    def call(self) -> int:
        characters = super().call()
        self._everything.called()
        return characters


class Async(baimo_face.Async):
    def __init__(self, base_url: str, **more: Any) -> None:
        self._everything = Everything(**more)
        self.finish = self._everything.finish
        super().__init__(base_url, **self._everything.extras)

    async def __aexit__(self, *failure: Any) -> None:
        await super().__aexit__(*failure)
        self._everything.close()

    async def call(self) -> int:
        characters = await super().call()
        self._everything.called()
        return characters
