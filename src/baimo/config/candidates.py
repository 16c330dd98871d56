"""An endpoint beside what is there of what it needs: which of its ways of signing is complete, what lacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from baimo.auth import schemes
from baimo.catalogue.rows import Auth, Endpoint, ProviderRow
from baimo.errors import ConfigError, MissingKeyError

from .address import Address
from .credentials import Absent, Located


class Way(NamedTuple):
    """One way to show who sends, and what is there of its secrets."""

    auth: Auth
    located: dict[str, Located]
    missing: dict[str, tuple[str, ...]]
    """Secrets that are needed and not there, each with the variables that may hold it."""

    @property
    def is_begun(self) -> bool:
        """Whether some of what it needs is there and some is not."""
        return bool(self.missing) and any(name in self.located for name in needs(self.auth))


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """One key, or one set of secrets, of an endpoint, and the address it is used at."""

    way: Way
    """The first that is complete, else the one of which most is there, else the first."""
    others: tuple[Way, ...] = ()
    address: Address | None = None
    problem: ConfigError | None = None
    """Why it has no address, or what else it lacks."""
    unfit: tuple[str, ...] = ()
    """Names that the caller gave and that this endpoint has no use for, where it uses none of them."""
    weight: float = 1.0
    label: str = ""
    """Which key of a pool it is: its name, else its place; empty for the only one."""
    limits: Mapping[str, Any] = {}
    """Bounds of this key, as they are written."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint, and what is there of what it needs."""

    endpoint: Endpoint
    credentials: tuple[Credentials, ...]

    @property
    def missing(self) -> dict[str, tuple[str, ...]]:
        """The secrets that are not there, each with the variables that may hold it."""
        return {name: names for one in self.credentials for name, names in one.way.missing.items()}

    @property
    def address(self) -> Address | None:
        """Where its first credentials are used; None where that is not known."""
        return self.credentials[0].address

    @property
    def problem(self) -> ConfigError | None:
        """Why it cannot be used though its secrets are there."""
        return next((one.problem for one in self.credentials if one.problem is not None), None)

    @property
    def is_begun(self) -> bool:
        """Whether a set of its secrets is there in part."""
        return any(one.way.is_begun for one in self.credentials)

    @property
    def is_unfit(self) -> bool:
        """Whether the caller gave keys, and none that it takes."""
        return any(one.unfit for one in self.credentials)

    @property
    def complete(self) -> bool:
        """Whether it can be called."""
        return not self.missing and self.problem is None and not self.is_unfit


def needs(auth: Auth) -> tuple[str, ...]:
    """The secrets without which a way cannot be used."""
    return schemes.find(auth.scheme, auth.options, key=auth.secret).needs


def takes(auth: Auth) -> tuple[str, ...]:
    """The secrets that a way uses, those that it needs first."""
    scheme = schemes.find(auth.scheme, auth.options, key=auth.secret)
    return (*scheme.needs, *scheme.may)


def secrets_of(endpoint: Endpoint) -> tuple[str, ...]:
    """Every secret that an endpoint may be given."""
    return tuple(dict.fromkeys((*(name for auth in endpoint.ways for name in takes(auth)), *endpoint.env)))


def choose_way(endpoint: Endpoint, find: Callable[[str], Located | Absent | None]) -> tuple[Way, ...]:
    """The ways of an endpoint, best first: complete before begun before the rest, else in the row's order."""
    found = {name: find(name) for auth in endpoint.ways for name in takes(auth)}
    ways = [_way(endpoint, auth, found) for auth in endpoint.ways]
    return tuple(sorted(ways, key=lambda way: (bool(way.missing), not way.is_begun)))


def _way(endpoint: Endpoint, auth: Auth, found: Mapping[str, Located | Absent | None]) -> Way:
    located: dict[str, Located] = {}
    missing: dict[str, tuple[str, ...]] = {}
    needed = needs(auth)
    for name in takes(auth):
        one = found[name]
        if isinstance(one, Absent):
            missing[name] = (one.variable,)
        elif one is not None:
            located[name] = one
        elif name in needed:
            missing[name] = endpoint.env.get(name, ())
    if any(name in located and not located[name].is_usual for name in needed):
        # A token that lies about in the environment belongs to the keys there, not to configured ones.
        located = {name: one for name, one in located.items() if name in needed or not one.is_usual}
    return Way(auth, located, missing)


def incomplete(row: ProviderRow, candidates: Sequence[Candidate], *, known: bool) -> ConfigError:
    """Why no endpoint can be used: what the likeliest lacks, and what would do for the others."""
    for candidate in candidates:
        if not candidate.missing and candidate.problem is not None and not candidate.is_unfit:
            return candidate.problem
    for candidate in candidates:
        if not candidate.missing and candidate.is_unfit:
            return _unfit(row, candidate)
    first = next((one for one in candidates if one.is_begun), candidates[0])
    lacking = next(one for one in first.credentials if one.way.missing)
    variables = firsts(lacking.way)
    what = f"no {' and no '.join(lacking.way.missing)} is set"
    if lacking.way.is_begun:
        there = [f"{name} (from {one.source})" for name, one in lacking.way.located.items()]
        what += f" beside {' and '.join(there)}"
    if variables:
        what += f": set {' and '.join(variables)}"
    others = _alternatives(first, lacking, candidates)
    hint = f"Or {', or '.join(others)}. " if others else ""
    if row.home:
        hint += f"A key is made at {row.home}. "
    if known:
        hint += f"`baimo config set-key {row.name}` stores one."
    else:
        hint += f'A server without keys: providers.{row.name}.auth = {{ scheme = "none" }}'
    return MissingKeyError(
        what, variables=variables, home=row.home or None, hint=hint.strip(), provider=row.name
    )


def firsts(way: Way) -> tuple[str, ...]:
    """For each secret that is missing, the variable to set."""
    return tuple(dict.fromkeys(name for names in way.missing.values() for name in names[:1]))


def _unfit(row: ProviderRow, candidate: Candidate) -> ConfigError:
    given = next(one.unfit for one in candidate.credentials if one.unfit)
    takers = {name for endpoint in row.endpoints for name in secrets_of(endpoint)}
    return ConfigError(
        f"the keys given ({', '.join(given)}) are of no use to its endpoint {candidate.endpoint.name}",
        hint=f"{row.name} takes {', '.join(sorted(takers))}.",
        provider=row.name,
    )


def _alternatives(first: Candidate, lacking: Credentials, candidates: Sequence[Candidate]) -> list[str]:
    """What else would do, in words: other ways of the same endpoint, then the other endpoints."""
    found: dict[tuple[str, ...], list[str]] = {}
    for way in lacking.others:
        if variables := firsts(way):
            found.setdefault(variables, []).append(" and ".join(needs(way.auth)))
    for candidate in candidates:
        if candidate is first:
            continue
        for one in candidate.credentials:
            for way in (one.way, *one.others):
                if variables := firsts(way):
                    found.setdefault(variables, []).append(f"its endpoint {candidate.endpoint.name}")
    return [
        f"{' and '.join(variables)} for {' and '.join(dict.fromkeys(uses))}"
        for variables, uses in found.items()
        if variables != firsts(lacking.way)
    ]
