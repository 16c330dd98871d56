"""Texts that no estimator was fitted to: written for these tests, and code of the standard library."""

from __future__ import annotations

import functools
import heapq
import inspect
import json.decoder
import textwrap
from pathlib import Path

KINDS = ("chinese", "english", "code", "json", "mixed", "dialogue", "emoji")
STANDARD = (
    textwrap.TextWrapper,
    heapq.merge,
    functools.singledispatch,
    functools.lru_cache,
    json.decoder.JSONDecoder,
    json.decoder.JSONArray,
)


def texts_of(kind: str) -> list[str]:
    """The texts of a kind, 100 to 4,000 characters each."""
    written = Path(__file__).parent.joinpath("written", f"{kind}.txt").read_text("utf-8")
    texts = [text.strip("\n") for text in written.split("\n%%\n")]
    if kind == "code":
        texts += [inspect.getsource(one)[:3000] for one in STANDARD]
    return texts
