"""Families of tokenizers: what the shape of a text counts for, and what frames messages, tools and pictures.

>>> family("Qwen/Qwen3-32B").name
'qwen'
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import msgspec

from .tokenizer_rows import Family


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    families: tuple[Family, ...]


@cache
def families() -> tuple[Family, ...]:
    """All rows, in the order in which they are looked through; the last one is for models of no other."""
    text = Path(__file__).with_name("tokenizers.toml").read_text("utf-8")
    return msgspec.toml.decode(text, type=_File).families


@cache
def family(model: str) -> Family:
    """The family of a model; the one for all others where its name tells nothing."""
    own = model.rsplit("/", 1)[-1].lower()
    return next(row for row in families() if any(fnmatchcase(own, pattern) for pattern in row.models))
