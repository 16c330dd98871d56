"""Tokens of a picture from its size."""

from __future__ import annotations

from baimo.catalogue.tokenizer_rows import PictureRule

UNKNOWN = 1024
"""Tokens that a picture of unknown size is reckoned with."""


def picture_tokens(rule: PictureRule, width: int, height: int, *, detail: str | None = None) -> int:
    """Tokens of a picture of that size by a family's formula.

    - `tiles` (OpenAI): scaled to at most 2048 a side and 768 on the short one, `base` and `tile` for each
      square of 512; `base` alone with detail "low".
    - `area` (Anthropic): scaled to at most 1568 a side, then one token for `pixels` pixels, at most 1600.
    - `crops` (Gemini): `tile` for at most 384 pixels a side, else `tile` for each square crop.
    - `cells` (Qwen and others): one token for each square of `cell` pixels a side, from 4 to 16384, and
      `extra`.

    Sources, as of 2026-11: the makers' pages on pictures in prompts.
    """
    if rule.formula == "tiles":
        return _tiles(rule, width, height, detail)
    if rule.formula == "area":
        shrunk = min(1.0, 1568 / max(width, height))
        return max(1, min(1600, round(width * shrunk * height * shrunk / rule.pixels)))
    if rule.formula == "crops":
        if max(width, height) <= 384:
            return rule.tile
        side = min(768, max(256, int(min(width, height) / 1.5)))
        return rule.tile * -(-width // side) * -(-height // side)
    cells = max(1, round(width / rule.cell)) * max(1, round(height / rule.cell))
    return min(16384, max(4, cells)) + rule.extra


def _tiles(rule: PictureRule, width: int, height: int, detail: str | None) -> int:
    if detail == "low":
        return rule.base
    shrunk = min(1.0, 2048 / max(width, height))
    shrunk = min(shrunk, 768 / min(width, height))
    across, down = (max(1, -(-int(side * shrunk) // 512)) for side in (width, height))
    return rule.base + rule.tile * across * down
