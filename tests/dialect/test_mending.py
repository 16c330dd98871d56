"""Quirks that were learned from a refusal."""

from __future__ import annotations

import msgspec

from baimo.dialect.mending import Mending, MendingDialect, laid_over
from baimo.dialect.protocols import Site
from baimo.dialects.ollama import DIALECT as OLLAMA
from baimo.dialects.openai_chat import DIALECT as OPENAI


class Quirks(msgspec.Struct, frozen=True):
    one: int = 1
    two: int = 2


def test_quirks_are_laid_over_those_of_the_row() -> None:
    site = Site(base_url="http://a.test", quirks=Quirks(one=5))
    assert laid_over(site, {"two": 3}, Quirks()).quirks == Quirks(one=5, two=3)
    assert site.quirks == Quirks(one=5)


def test_a_site_without_quirks_has_those_of_its_dialect() -> None:
    assert laid_over(Site(base_url="http://a.test"), {"two": 3}, Quirks()).quirks == Quirks(two=3)


def test_a_mending_is_told() -> None:
    note = Mending(told="max_tokens became max_completion_tokens").note
    assert (note.code, note.message) == ("mended", "max_tokens became max_completion_tokens")


def test_a_dialect_mends_or_does_not() -> None:
    assert isinstance(OPENAI, MendingDialect)
    assert not isinstance(OLLAMA, MendingDialect)
