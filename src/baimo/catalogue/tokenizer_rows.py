"""The types of the rows about tokenizers: what is known of a family of models whose texts count alike."""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec


class PictureRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a picture's size becomes tokens: a formula of `baimo.context.measuring` and its figures."""

    formula: Literal["tiles", "patches", "blocks", "crops", "cells", "flat"]
    base: int = 0
    tile: int = 0
    cell: int = 0
    extra: int = 0
    most: int = 0
    """Cells to which a larger picture is scaled down."""
    side: int = 0
    """Pixels of the longer side to which a larger picture is scaled down."""
    most_auto: int = 0
    """`most` where the request names no detail; 0: the same."""
    side_auto: int = 0
    """`side` where the request names no detail; 0: the same."""
    factor: float = 1.0
    """Tokens of a cell."""


class Pictures(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row: models that count pictures alike."""

    models: tuple[str, ...]
    """Patterns, as those of a family."""
    rule: PictureRule
    source: str
    checked: date
    remark: str = ""


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
    """Laid on by the model's name: no part of the file's row."""
    remark: str = ""
