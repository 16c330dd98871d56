"""What a provider's own error code means and what to do about it, in the user's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from baimo.errors import ProviderError

from .words import language, say

if TYPE_CHECKING:
    from baimo.dialect.codes import Code
    from baimo.errors import Error


def code_of(error: Error) -> tuple[str, Code] | None:
    """The code that a refusal carries and its entry in its provider's table; None without one.

    What is refused before it reaches the service has no code: it goes by its words.
    """
    code = getattr(error, "provider_code", None)
    name = table_of(error.provider) if error.provider and isinstance(error, ProviderError) else None
    if name is None:
        return None
    from baimo.dialect.codes import find, table

    found = find(name, code)
    if found is not None:
        return str(code), found
    by_words = table(name).table.get(error.message)
    return None if by_words is None else (error.message, by_words)


def table_of(provider: str) -> str | None:
    """The table of codes that a known provider's row names."""
    from baimo.catalogue import load as catalogue
    from baimo.errors import UnknownProviderError

    try:
        return catalogue.provider(provider).codes
    except UnknownProviderError:
        return None


def means(code: Code) -> str:
    """What the provider says with it."""
    return code.means_zh if language() == "zh" else code.means


def cure(code: Code) -> str:
    """What to do."""
    return code.cure_zh if language() == "zh" else code.cure


def retry_words(code: Code) -> str:
    """Whether trying again may help."""
    if code.renews:
        return say("code.renews")
    return say("code.retry" if code.is_retryable else "code.no_retry")


def near(table: str, word: str) -> list[str]:
    """Codes of a table that look like a word, or hold it."""
    from difflib import get_close_matches

    from baimo.dialect.codes import table as codes

    known = list(codes(table).table)
    holding = [code for code in known if word.lower() in code.lower()]
    return list(dict.fromkeys([*holding, *get_close_matches(word, known, n=3, cutoff=0.6)]))[:5]


def code_facts(name: str, code: Code) -> dict[str, Any]:
    """A code for a program to read."""
    return {
        "code": name,
        "means": means(code),
        "kind": code.kind.code,
        "class": code.kind.__name__,
        "retryable": code.is_retryable,
        "renews": code.renews,
        "cure": cure(code),
    }
