"""Calls as commands make them: a client that tells of retries, the model to ask, the time a call took."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from baimo.client.client import Client

from .words import say

if TYPE_CHECKING:
    from baimo.steps import Retrying
    from baimo.transports.protocol import Transport

    from .console import Console

FALLBACK_MODEL = "local/smollm2"
"""Asked when no model was named and none is configured: it needs no key and no service."""


def open_client(
    console: Console,
    *,
    timeout: float | None = None,
    keys: Mapping[str, Any] | None = None,
    transport: Transport | None = None,
) -> Client:
    """A client that says on standard error when it tries again."""

    def on_retry(why: Retrying) -> None:
        console.tell(retry_line(why), quiet=True)

    return Client(timeout=timeout, keys=keys, transport=transport, on_retry=on_retry)


def retry_line(why: Retrying) -> str:
    """`attempt 2 of 3 in 1.4 s: why`."""
    error = why.error
    reason = f"{why.provider}: {error.message} [{error.code}]"
    return say("retry", attempt=why.attempt, attempts=why.attempts, wait=f"{why.wait_s:.1f}", why=reason)


def model_or_default(client: Client, model: str | None) -> str:
    """The model that was named, else the configured one, else the one that is built in."""
    return model or client.settings.default_model or FALLBACK_MODEL


class Stopwatch:
    """How long a call took, and its first word."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self.first_s: float | None = None
        self.total_s = 0.0

    def first(self) -> None:
        """A word came; only the first one counts."""
        if self.first_s is None:
            self.first_s = time.monotonic() - self._start

    def stop(self) -> None:
        """The call is over."""
        self.total_s = time.monotonic() - self._start
