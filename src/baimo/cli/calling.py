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


def fetch_if_embedded(console: Console, client: Client, model: str) -> None:
    """Bring the built-in model before its first call, with a bar that shows how far that is.

    Raises MissingExtraError before anything is fetched when the engine is not installed.
    """
    name = _embedded(client, model)
    if name is None:
        return
    from importlib.util import find_spec

    from baimo.errors import MissingExtraError
    from baimo.local.models import KNOWN
    from baimo.local.pull import home_dir, pull
    from baimo.local.store import Store

    from .pull import Bar

    if find_spec("xllamacpp") is None:
        raise MissingExtraError(say("local.no_engine"), hint=say("local.install"), provider="local")
    known = KNOWN.get(name.lower())
    if known is None or not known.pulls_itself or Store(home_dir()).find(known.name) is not None:
        return
    console.tell(say("local.pulling", name=known.name, title=known.title))
    bar = Bar(console)
    try:
        pull(known.name, on_progress=bar.show)
    finally:
        bar.end()


def _embedded(client: Client, model: str) -> str | None:
    """The embedded model's own name, None for every other model."""
    at = client.settings.resolve(model)[0][0]
    return at.model if at.transport == "local" else None


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
