"""What a client does about what a provider makes as a task, or keeps at an address. Loaded when it may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from baimo.config.services import MediaSettings
from baimo.exchange import Deployment, Exchange, Operation
from baimo.making import (
    ImagesOperation,
    Keeping,
    TaskOperation,
    TranscribeOperation,
    brought,
    waited_for,
)
from baimo.media.fetching import FetchRules

MOST_BYTES = 500_000_000
"""Of what a provider made: hours of sound have their place in it."""
MOST_S = 600.0


def keeping(settings: MediaSettings | None, transport: Any) -> Keeping:
    """How it is fetched, as the settings of media say."""
    own = settings or MediaSettings()
    return Keeping(
        rules=FetchRules(allow_private=own.allow_private, max_bytes=MOST_BYTES, within_s=MOST_S),
        guarded=getattr(transport, "checks_addresses", False),
    )


def followed(
    steps: Exchange,
    operation: Operation,
    total_s: float | None,
    ask: Callable[[TaskOperation, Deployment], Exchange],
    kept: Keeping,
) -> Exchange:
    """The call, and all that comes after its answer until what was asked for is here."""
    if isinstance(operation, ImagesOperation):
        return waited_for(steps, operation, total_s, ask)
    if isinstance(operation, TranscribeOperation):
        if operation.streams:
            return steps  # no provider makes a task of a stream
        steps = waited_for(steps, operation, total_s, ask)
    return brought(steps, total_s, kept)
