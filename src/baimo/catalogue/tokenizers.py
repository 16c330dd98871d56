"""Families of tokenizers: what the shape of a text counts for, and what frames messages, tools and pictures.

>>> family("Qwen/Qwen3-32B").name
'qwen'
"""

from __future__ import annotations

from datetime import date
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec


class PictureRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a picture's size becomes tokens: a formula of `baimo.context.measuring` and its figures."""

    formula: Literal["tiles", "area", "crops", "cells"]
    base: int = 0
    tile: int = 0
    pixels: int = 0
    cell: int = 0
    extra: int = 0


class Family(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row: models whose texts have much the same number of tokens."""

    name: str
    models: tuple[str, ...]
    """Patterns of a model's own name in small letters, without what stands before its last "/"."""
    weights: tuple[float, ...]
    """Tokens that each count of `baimo.context.shapes.NAMES` stands for."""
    error: float
    """What an estimate of Chinese or English prose or of code may be off by, as a share of the true count."""
    source: str
    checked: date
    message: int = 0
    start: int = 0
    tools: int = 0
    tool: int = 8
    image: PictureRule | None = None
    remark: str = ""


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
