"""Estimates made without a tokenizer stay within their promise of what published vocabularies count."""

from __future__ import annotations

import time
from functools import cache

import pytest

from baimo.catalogue.tokenizers import family
from baimo.context.counting import text_tokens

from .texts import KINDS, texts_of
from .vocabularies import VOCABULARIES, Counter

PROMISED = 0.15
LOOSE = {"dialogue": 0.2, "emoji": 0.2}
"""Short turns and pictures in words are reckoned less well; an old vocabulary cuts Chinese turns finer."""
SLOWEST = 2e6
"""Bytes a second; a machine that does other things besides must reach it."""


@cache
def counter(name: str) -> Counter:
    return VOCABULARIES[name][1]()


def test_the_texts_are_of_usable_length_and_number() -> None:
    every = [text for kind in KINDS for text in texts_of(kind)]
    assert len(every) >= 36
    assert all(120 <= len(text) <= 4000 for text in every), sorted(map(len, every))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", VOCABULARIES)
def test_a_kind_of_text_is_counted_within_the_promise(name: str, kind: str) -> None:
    model = VOCABULARIES[name][0]
    texts = texts_of(kind)
    counted = [counter(name)(text) for text in texts]
    reckoned = [text_tokens(text, family(model)) for text in texts]
    each = [f"{mine}/{true} {mine / true - 1:+.1%}" for mine, true in zip(reckoned, counted, strict=True)]
    whole = sum(reckoned) / sum(counted) - 1
    print(f"{name}, {kind}: {whole:+.1%}; {', '.join(each)}")
    assert abs(whole) <= LOOSE.get(kind, PROMISED), each


def test_estimates_are_made_fast_enough_to_be_made_before_every_call() -> None:
    text = "".join(text for kind in KINDS for text in texts_of(kind)) * 20
    best = 0.0
    for _ in range(3):
        begun = time.perf_counter()
        text_tokens(text, family("gpt-4o"))
        best = max(best, len(text.encode()) / (time.perf_counter() - begun))
    print(f"{best / 1e6:.0f} MB/s")
    assert best >= SLOWEST
