"""Families of tokenizers: what the shape of a text counts for, and what frames messages, tools and pictures.

>>> family("Qwen/Qwen3-32B").name
'qwen'
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import msgspec
from msgspec.structs import replace

from .tokenizer_rows import Family, PictureRule, Pictures


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    families: tuple[Family, ...]
    pictures: tuple[Pictures, ...]


@cache
def _file() -> _File:
    text = Path(__file__).with_name("tokenizers.toml").read_text("utf-8")
    return msgspec.toml.decode(text, type=_File)


def families() -> tuple[Family, ...]:
    """All rows, in the order in which they are looked through; the last one is for models of no other."""
    return _file().families


def pictures() -> tuple[Pictures, ...]:
    """All rows about pictures, in the order in which they are looked through."""
    return _file().pictures


@cache
def family(model: str) -> Family:
    """The family of a model, with what is known of its pictures; the one for all others where its name tells
    nothing."""
    own = model.rsplit("/", 1)[-1].lower()
    row = next(row for row in families() if _fits(own, row.models))
    return replace(row, image=_rule(own))


def _rule(own: str) -> PictureRule | None:
    return next((row.rule for row in pictures() if _fits(own, row.models)), None)


def _fits(own: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(own, pattern) for pattern in patterns)
