"""Credentials as people meet them: what the console calls them, where it shows them, what looks wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from .words import joined, language, say

if TYPE_CHECKING:
    from baimo.catalogue.rows import Auth, Endpoint, ProviderRow
    from baimo.config.explain import EndpointState
    from baimo.config.keyshape import Doubt


PAIRED = ("swapped", "same")
"""Doubts about two credentials at once; both stand in their words."""


class CredentialSet(NamedTuple):
    """What one way of calling an endpoint must be given."""

    endpoint: str
    names: tuple[str, ...]
    """Ids that stand in no default, then secrets, in the order in which people are asked for them."""
    open: frozenset[str]
    """Those of them that are no secrets."""


def sets_of(row: ProviderRow, endpoint: str | None = None) -> list[CredentialSet]:
    """What may be set for a provider, each set once, in the row's order; or for one endpoint of it."""
    found: dict[tuple[str, ...], CredentialSet] = {}
    for one in row.endpoints:
        if endpoint in (None, one.name):
            for auth in one.ways:
                made = _set(one, auth)
                found.setdefault(made.names, made)
    return list(found.values())


def _set(endpoint: Endpoint, auth: Auth) -> CredentialSet:
    from baimo.config.candidates import needs

    ids = [
        name
        for name, parameter in endpoint.parameters.items()
        if name in auth.parameters or not (parameter.optional or parameter.default)
    ]
    secrets = needs(auth) or (auth.secret,)
    return CredentialSet(endpoint.name, (*ids, *secrets), frozenset(ids))


def place_lines(provider: str, names: Sequence[str]) -> list[str]:
    """For each credential what the console calls it and where it shows it, as far as that is known."""
    from baimo.catalogue import load as catalogue

    facts = catalogue.secret_facts(provider)
    lines = []
    for name in names:
        if name in facts:
            title = say("secret.title", name=name, title=facts[name].title)
            lines.append(joined(title, facts[name].where.said(language())))
    return lines


def missing_words(state: EndpointState) -> str:
    """Which of an endpoint's secrets are not there, and beside which ones they are wanted."""
    names = say("secret.names_and").join(one.name for one in state.secrets if one.needed and not one.source)
    there = [say("secret.from", name=one.name, source=one.source) for one in state.secrets if one.source]
    if there:
        beside = say("secret.and").join(there)
        return say("secret.beside", names=names, endpoint=state.name, there=beside)
    return say("secret.missing", names=names, endpoint=state.name)


def other_ways(states: Sequence[EndpointState], used: EndpointState) -> list[str]:
    """What else would do: the secrets of other ways and other endpoints, each set once."""
    found: dict[tuple[str, ...], str] = {}
    for state in states:
        for names in state.ways:
            found.setdefault(names, state.name)
    found.pop(tuple(one.name for one in used.secrets if one.needed), None)
    return [
        say("secret.else", endpoint=name, secrets=", ".join(names)) for names, name in found.items() if names
    ]


def doubt_words(doubt: Doubt, *, several: bool = False) -> str:
    """A doubt about a credential in the user's language; where names stand in it, as it was said."""
    if doubt.message_zh is not None:
        words = doubt.message_zh if language() == "zh" else doubt.message
    else:
        words = say(f"doubt.{doubt.code}", message=doubt.message)
    return f"{doubt.secret}: {words}" if several and doubt.code not in PAIRED else words
