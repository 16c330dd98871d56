"""Tokens of a picture from its size."""

from __future__ import annotations

from math import ceil, floor, sqrt

from baimo.catalogue.tokenizer_rows import PictureRule

UNKNOWN = 1024
"""Tokens that a picture of unknown size is reckoned with."""
_LOW = 512
"""Pixels of the longer side of a picture that is asked for with detail "low"."""


def picture_tokens(rule: PictureRule, width: int, height: int, *, detail: str | None = None) -> int:
    """Tokens of a picture of that size by a family's formula.

    - `tiles` (OpenAI up to GPT-5): scaled to at most 2048 a side and 768 on the short one, `base` and `tile`
      for each square of 512; `base` alone with detail "low".
    - `patches` (OpenAI since): `factor` for each square that the picture, scaled down to `most` of them and
      to `side`, touches; with detail "low" it has 512 a side.
    - `blocks` (Anthropic): one for each square that the largest picture of its shape within `most` and `side`
      touches.
    - `crops` (Gemini up to 2.5): `tile` for at most 384 pixels a side, else `tile` for each square crop.
    - `cells` (Qwen, Mistral and others): one for each square, from 4 to `most`, and `extra`; where no `most`
      is given one for the end of each row.
    - `flat` (Gemini 3): `base`, whatever the size.

    Sources, with their days, are in the rows of `catalogue/tokenizers.toml`.

    >>> picture_tokens(PictureRule(formula="blocks", cell=28, most=1568, side=1568), 1000, 1000)
    1296
    """
    if rule.formula == "tiles":
        return _tiles(rule, width, height, detail)
    if rule.formula == "patches":
        return _patches(rule, width, height, detail)
    if rule.formula == "blocks":
        return _blocks(rule, width, height)
    if rule.formula == "crops":
        if max(width, height) <= 384:
            return rule.tile
        side = min(768, max(256, int(min(width, height) / 1.5)))
        return rule.tile * -(-width // side) * -(-height // side)
    if rule.formula == "flat":
        return rule.base
    return _cells(rule, width, height)


def _tiles(rule: PictureRule, width: int, height: int, detail: str | None) -> int:
    if detail == "low":
        return rule.base
    shrunk = min(1.0, 2048 / max(width, height))
    shrunk = min(shrunk, 768 / min(width, height))
    across, down = (max(1, -(-int(side * shrunk) // 512)) for side in (width, height))
    return rule.base + rule.tile * across * down


def _patches(rule: PictureRule, width: int, height: int, detail: str | None) -> int:
    most, side = rule.most, rule.side
    if detail == "low":
        side = _LOW
    elif detail != "high":
        most, side = rule.most_auto or most, rule.side_auto or side
    scale = min(1.0, side / max(width, height))
    width, height = max(1, floor(width * scale)), max(1, floor(height * scale))
    cell = rule.cell
    if _touched(width, height, cell) > most:
        scale = sqrt(cell * cell * most / (width * height))
        across, down = width * scale / cell, height * scale / cell
        scale *= min(max(1, floor(across)) / across, max(1, floor(down)) / down)
        width, height = max(1, floor(width * scale)), max(1, floor(height * scale))
    return ceil(min(most, _touched(width, height, cell)) * rule.factor)


def _blocks(rule: PictureRule, width: int, height: int) -> int:
    long, short = max(width, height), min(width, height)
    fits, beyond = 0, long + 1
    while beyond - fits > 1:  # the greatest long side that keeps both bounds
        tried = (fits + beyond) // 2
        if tried <= rule.side and _touched(tried, round(short * tried / long), rule.cell) <= rule.most:
            fits = tried
        else:
            beyond = tried
    return max(1, _touched(fits, max(1, round(short * fits / long)), rule.cell))


def _cells(rule: PictureRule, width: int, height: int) -> int:
    cell = rule.cell
    if not rule.most:
        scale = min(1.0, rule.side / max(width, height))
        across, down = (max(1, -(-round(side * scale) // cell)) for side in (width, height))
        return (across + 1) * down
    across, down = (max(1, round(side / cell)) for side in (width, height))
    if across * down > rule.most:
        scale = sqrt(cell * cell * rule.most / (width * height))
        across, down = (max(1, floor(side * scale / cell)) for side in (width, height))
    return min(rule.most, max(4, across * down)) + rule.extra


def _touched(width: int, height: int, cell: int) -> int:
    """Squares that a picture touches."""
    return -(-width // cell) * -(-height // cell)
