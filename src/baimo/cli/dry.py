"""A call that is made and signed and never sent: its request, and how the signature came about."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from baimo.auth import schemes
from baimo.auth.signer import Explaining, Grant, Signer, SigningStep
from baimo.errors import ConfigError, MissingKeyError
from baimo.steps import Now, Send, Shared, Steps
from baimo.types.secret import Secret
from baimo.wire.http import WireRequest

if TYPE_CHECKING:
    from baimo.client.options import ChatOptions
    from baimo.config.settings import Settings
    from baimo.exchange import Deployment
    from baimo.types.chat import Message


class Dry(msgspec.Struct, frozen=True, kw_only=True):
    """What would be sent."""

    at: Deployment
    request: WireRequest
    scheme: str
    signing: tuple[SigningStep, ...]
    """The texts of the signature; empty where a key is sent as it is."""
    before: WireRequest | None
    """What would be fetched first: a token, a project's id."""
    secrets: Mapping[str, Secret]
    """What it was signed with, stand-ins included, by the names that the configuration knows."""


class _Watched:
    """A signer that keeps what it was given."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self.needs = signer.needs
        self.timed = signer.timed
        self.given: tuple[WireRequest, Mapping[str, Secret], float] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._signer, name)

    def sign(self, request: WireRequest, secrets: Mapping[str, Secret], now: float) -> WireRequest:
        """As the signer itself."""
        self.given = (request, secrets, now)
        return self._signer.sign(request, secrets, now)


def dry_run(
    settings: Settings, model: str, messages: str | Message, options: ChatOptions, *, stream: bool
) -> Dry:
    """Make and sign the call. Raises what the call would raise before anything is sent."""
    from baimo.client.request import build
    from baimo.exchange import exchange
    from baimo.media.inlining import CallMedia, MediaRules
    from baimo.operations import ChatOperation
    from baimo.resilience.retry import RetryPolicy
    from baimo.resilience.timing import TimeLimits

    if "unsupported" not in options and settings.unsupported is not None:
        options = {**options, "unsupported": settings.unsupported}
    at = settings.resolve(model)[0][0]
    request, _ = build(messages, options, stream=stream, model=at.model)
    states = settings.endpoint_states(at.provider, _asked(model))
    state = next((one for one in states if one.name == at.endpoint), states[0])
    scheme = state.scheme
    watched = _Watched(at.signer)
    steps = exchange(
        ChatOperation(request, media=CallMedia(MediaRules(fetch="never"))),
        replace(at, signer=watched),
        retry=RetryPolicy(),
        limits=TimeLimits(),
    )
    sent, before = _carried(steps, _stand_ins(scheme))
    assert watched.given is not None  # nothing is sent that was not signed
    signing = at.signer.explain(*watched.given) if isinstance(at.signer, Explaining) else ()
    secrets = watched.given[1]
    if scheme in schemes.KEYS:  # such a signer knows its one key by one name only
        secrets = dict(zip([one.name for one in state.secrets], secrets.values(), strict=False))
    return Dry(at=at, request=sent, scheme=scheme, signing=signing, before=before, secrets=secrets)


def lacking(settings: Settings, model: str, error: ConfigError) -> dict[str, dict[str, str]] | None:
    """Stand-ins for what keeps a call from being made, by provider: each is its variable, `$NAME`.

    None where something else is wrong.
    """
    if error.provider is None:
        return None
    states = settings.endpoint_states(error.provider, _asked(model))
    state = next((one for one in states if one.is_begun), None)
    if isinstance(error, MissingKeyError):
        state = state or states[0]
        wanted = {one.name: one.variables for one in state.secrets if one.needed and one.source is None}
    else:
        wanted = {
            name: parameter.env
            for endpoint in settings.row(error.provider).endpoints
            for name, parameter in endpoint.parameters.items()
            if endpoint.lacks(name).message == error.message
        }
    found = {name: f"${variables[0] if variables else name.upper()}" for name, variables in wanted.items()}
    return {error.provider: found} if found else None


def _asked(model: str) -> str:
    """The model's own name; empty for an alias."""
    from baimo.config.resolve import split

    return split(model)[1] or ""


def _stand_ins(scheme: str) -> dict[str, Secret]:
    return {name: Secret(f"${name.upper()}") for name in schemes.find(scheme, {}).grants}


def _carried(steps: Steps, granted: Mapping[str, Secret]) -> tuple[WireRequest, WireRequest | None]:
    """Drive a call to the point where it would be sent; nothing is fetched before it either."""
    before: WireRequest | None = None
    step = next(steps)
    while not isinstance(step, Send):
        if isinstance(step, Shared):
            before, _ = _carried(step.make(), {})
            step = steps.send(Grant(secrets=granted))
        else:
            assert isinstance(step, Now)  # before it is sent a call asks for nothing else
            step = steps.send((time.time(), time.monotonic()))
    steps.close()
    return step.wire, before
