"""Quirks that were learned from a refusal."""

from __future__ import annotations

import msgspec

from baimo.dialect.mending import LIVES_S, Lessons, Mending, MendingDialect, laid_over
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


def test_what_helped_is_forgotten_when_it_is_old() -> None:
    now = [5.0]
    lessons, here, there = Lessons(lambda: now[0]), ("a", "chat", "x"), ("a", "chat", "y")
    lessons[here] = (Mending(told="one"),)
    now[0] += LIVES_S - 0.5
    lessons[there] = (Mending(told="two"),)
    assert lessons.get(here, ()) == (Mending(told="one"),)
    now[0] += 0.5
    assert lessons.get(here, ()) == () and here not in lessons
    assert lessons.get(there) == (Mending(told="two"),)
    lessons[here] = (Mending(told="three"),)
    assert lessons.get(here) == (Mending(told="three"),)
    assert lessons.get(("a", "chat", "z")) is None
