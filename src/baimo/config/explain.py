"""What a configuration comes to: which keys are set and from where, which endpoint is used and why."""

from __future__ import annotations

from datetime import date
from typing import Literal, TypeAlias

import msgspec

from baimo.types.secret import Secret

from .candidates import Candidate, needs, takes
from .provider import Provider

Why: TypeAlias = Literal[
    "chosen", "only", "first_complete", "not_first", "no_credentials", "other_keys", "no_address"
]


class SecretState(msgspec.Struct, frozen=True, kw_only=True):
    """One credential of an endpoint: whether it is there, and from where. Holds no secret."""

    name: str
    source: str | None
    """Where it stands; None: nowhere."""
    variables: tuple[str, ...]
    """The environment variables that may hold it."""
    needed: bool
    """False for what only some need: a token of temporary credentials."""


class EndpointState(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint of a provider: whether calls go there, and why."""

    name: str
    used: bool
    why: Why
    """A word for programs; `sentence` says it."""
    scheme: str
    """How requests there show who sends them: `bearer`, `tc3`, …"""
    address: str | None
    address_source: str | None
    """Who said the address: a key of a file, a variable, or `the catalogue`."""
    sources: tuple[str, ...]
    """Where its credentials stand."""
    missing: tuple[str, ...]
    """The secrets that are not there, each with its variables."""
    secrets: tuple[SecretState, ...] = ()
    """What the way of signing takes that is used, or of which most is there."""
    ways: tuple[tuple[str, ...], ...] = ()
    """For each way of signing the secrets that it needs."""
    is_begun: bool = False
    """Whether some of what it needs is there and some is not."""
    problem: str | None = None
    """Why it has no address, or what else it lacks."""
    since: date | None = None
    until: date | None = None
    """The day it stopped, or is announced to stop."""

    @property
    def sentence(self) -> str:
        """The state in English."""
        match self.why:
            case "no_address":
                return f"not usable: {self.problem}"
            case "no_credentials":
                return f"not usable: no {', '.join(self.missing)}"
            case "other_keys":
                return "not used: the keys that were given are of another endpoint"
            case "not_first":
                return "not used: an earlier endpoint is complete"
            case "chosen":
                return "used: the configuration chose it"
            case "only":
                return "used: the provider's only endpoint"
            case _:
                return "used: the first whose credentials are complete"


class KeyState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a provider can be called, and what is set for it. Holds no secret."""

    provider: str
    complete: bool
    """True when a call would find all it needs."""
    is_set: bool
    """True when a credential is there; a provider that needs none may be complete without."""
    endpoint: str
    """The endpoint that is used, or would be."""
    sources: tuple[str, ...]
    variables: tuple[str, ...]
    """The environment variables that are looked at, in order."""
    home: str | None
    """Where a key is made."""


def key_state(provider: Provider) -> KeyState:
    """What is set for a provider. Reads no file and runs no command."""
    candidates = provider.candidates()
    used = next((one for one in candidates if one.complete), candidates[0])
    variables = [name for one in candidates for names in one.endpoint.env.values() for name in names]
    variables += [
        name for one in candidates for part in one.endpoint.parameters.values() for name in part.env
    ]
    sources = _sources(used)
    return KeyState(
        provider=provider.name,
        complete=used.complete,
        is_set=bool(sources) and not used.missing,
        endpoint=used.endpoint.name,
        sources=sources,
        variables=tuple(dict.fromkeys(variables)),
        home=provider.row.home or None,
    )


def secrets_seen(provider: Provider) -> dict[str, Secret]:
    """What is there, as text, of the credentials of the endpoint that is used or that is likeliest."""
    candidates = provider.candidates()
    begun = [one for one in candidates if one.complete] or [one for one in candidates if one.is_begun]
    if not begun:
        return {}
    located = begun[0].credentials[0].way.located
    return {name: one.text for name, one in located.items() if one.text is not None}


def endpoint_states(provider: Provider, model: str = "") -> tuple[EndpointState, ...]:
    """Every endpoint that serves a model, in the order in which they are tried."""
    states: list[EndpointState] = []
    candidates = provider.candidates(model)
    for candidate in candidates:
        address = candidate.address
        why = _why(candidate, provider, alone=len(candidates) == 1, taken=any(one.used for one in states))
        state = EndpointState(
            name=candidate.endpoint.name,
            used=why in ("chosen", "only", "first_complete"),
            why=why,
            scheme=candidate.credentials[0].way.auth.scheme,
            since=candidate.endpoint.since,
            until=candidate.endpoint.until,
            address=address.url if address else None,
            address_source=address.source if address else None,
            sources=_sources(candidate),
            missing=tuple(
                f"{secret} ({' or '.join(names)})" if names else secret
                for secret, names in candidate.missing.items()
            ),
            problem=str(candidate.problem.message) if candidate.problem else None,
            secrets=_secrets(candidate),
            ways=tuple(needs(auth) for auth in candidate.endpoint.ways),
            is_begun=candidate.is_begun,
        )
        states.append(state)
    return tuple(states)


def _why(candidate: Candidate, provider: Provider, *, alone: bool, taken: bool) -> Why:
    if candidate.missing:
        return "no_credentials"
    if candidate.is_unfit:
        return "other_keys"
    if candidate.problem is not None:
        return "no_address"
    if taken:
        return "not_first"
    if provider.endpoint_is_chosen:
        return "chosen"
    return "only" if alone else "first_complete"


def _secrets(candidate: Candidate) -> tuple[SecretState, ...]:
    way = candidate.credentials[0].way
    return tuple(
        SecretState(
            name=name,
            source=way.located[name].source if name in way.located else None,
            variables=way.missing.get(name, candidate.endpoint.env.get(name, ())),
            needed=name in needs(way.auth),
        )
        for name in takes(way.auth)
    )


def _sources(candidate: Candidate) -> tuple[str, ...]:
    found = [located.source for one in candidate.credentials for located in one.way.located.values()]
    return tuple(dict.fromkeys(found))
