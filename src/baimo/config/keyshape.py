"""Whether texts look like the credentials of a provider: what people get wrong when they copy them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from baimo.catalogue import load as catalogue
from baimo.catalogue.rows import ProviderRow, SecretFacts

_QUOTES = ('"', "'", "`", "“", "”", "‘", "’")
_SHORTEST = 8


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """One reason why a text may be no key."""

    code: Literal[
        "empty",
        "quotes",
        "spaces",
        "not_ascii",
        "assignment",
        "foreign",
        "prefix",
        "short",
        "mistaken",
        "shape",
        "swapped",
        "same",
    ]
    """A word for programs."""
    message: str
    """The same for people. Never holds the key."""
    message_zh: str | None = None
    """In Chinese, where the catalogue has words for it."""
    certain: bool
    """True when it cannot work; False when it only looks wrong."""
    secret: str = "api_key"
    """The name of the credential."""


def doubts(row: ProviderRow, key: str, name: str = "api_key") -> tuple[Doubt, ...]:
    """What speaks against `key` being the credential `name` of that provider, worst first; empty: nothing."""
    if not key.strip():
        return (Doubt(code="empty", message="nothing was given", certain=True, secret=name),)
    facts = catalogue.secret_facts(row.name).get(name)
    if facts is not None and facts.free:
        return tuple(_unlike(facts, key, name))
    found = []
    if key[0] in _QUOTES or key[-1] in _QUOTES:
        message = "it stands in quotes: leave them out"
        found.append(Doubt(code="quotes", message=message, certain=True, secret=name))
    if any(char.isspace() for char in key):
        message = "it holds spaces or line breaks: copy it again"
        found.append(Doubt(code="spaces", message=message, certain=True, secret=name))
    if not key.isascii() and not found:
        message = "it holds characters outside ASCII: copy it again"
        found.append(Doubt(code="not_ascii", message=message, certain=True, secret=name))
    if found:
        return tuple(found)
    return tuple(_suspicions(row, facts, key, name))


def doubts_of(row: ProviderRow, values: Mapping[str, str]) -> tuple[Doubt, ...]:
    """What speaks against a set of credentials and ids: two that are swapped, two that are the same, and
    what speaks against each. Where two are swapped, nothing else is said of them.
    """
    facts = catalogue.secret_facts(row.name)
    swapped = _swapped(facts, values)
    found = []
    if swapped is not None:
        one, other = swapped
        titles = facts[one].title, facts[other].title
        found.append(
            Doubt(
                code="swapped",
                message=f"{one} and {other} look swapped ({titles[0]} stands in the place of {titles[1]})",
                message_zh=f"{one} 与 {other} 像是填反了（{titles[0]} 填在了 {titles[1]} 的位置）",
                certain=False,
                secret=one,
            )
        )
    names = list(values)
    for at, name in enumerate(names):
        for other in names[at + 1 :]:
            if values[name] and values[name] == values[other]:
                message = f"{name} and {other} hold the same text"
                zh = f"{name} 与 {other} 的内容相同"
                found.append(Doubt(code="same", message=message, message_zh=zh, certain=False, secret=name))
    for name, value in values.items():
        if swapped is None or name not in swapped:
            found += doubts(row, value, name)
    return tuple(found)


def _swapped(facts: Mapping[str, SecretFacts], values: Mapping[str, str]) -> tuple[str, str] | None:
    """Two credentials of which the second looks as the first should, and the first does not."""
    for name, value in values.items():
        shape = facts[name].shape if name in facts else None
        if shape is None or re.fullmatch(shape, value):
            continue
        for other, text in values.items():
            their = facts[other].shape if other in facts else None
            if other != name and re.fullmatch(shape, text) and (not their or re.fullmatch(their, value)):
                return name, other
    return None


def _unlike(facts: SecretFacts, key: str, name: str) -> list[Doubt]:
    """What the catalogue's facts say against a text."""
    for mistake in facts.mistaken:
        if re.fullmatch(mistake.shape, key):
            en, zh = mistake.remark.en, mistake.remark.zh
            return [Doubt(code="mistaken", message=en, message_zh=zh, certain=False, secret=name)]
    if facts.shape and facts.looks and not re.fullmatch(facts.shape, key):
        en, zh = facts.looks.en, facts.looks.zh
        return [Doubt(code="shape", message=en, message_zh=zh, certain=False, secret=name)]
    return []


def _suspicions(row: ProviderRow, facts: SecretFacts | None, key: str, name: str) -> list[Doubt]:
    variable, equals, _ = key.partition("=")
    if equals and variable.isupper() and variable.replace("_", "").isalnum() and "_" in variable:
        message = f"it begins with {variable}=: give only what follows"
        return [Doubt(code="assignment", message=message, certain=True, secret=name)]
    if facts is not None:
        return _unlike(facts, key, name)
    for prefix, owner in row.foreign_keys.items():
        if key.startswith(prefix):
            message = f"keys that begin with {prefix} are of {owner}, not of {row.name}"
            return [Doubt(code="foreign", message=message, certain=False, secret=name)]
    found = []
    if row.key_prefixes and not key.startswith(row.key_prefixes):
        message = f"keys of {row.name} begin with {' or '.join(row.key_prefixes)}"
        found.append(Doubt(code="prefix", message=message, certain=False, secret=name))
    if len(key) < _SHORTEST:
        message = f"it has only {len(key)} characters"
        found.append(Doubt(code="short", message=message, certain=False, secret=name))
    return found
