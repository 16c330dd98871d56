"""Rows of tokenizers: every model has a family, and every row has a figure for each count of a shape."""

from __future__ import annotations

import pytest

from baimo.catalogue.tokenizer_rows import Family, Pictures
from baimo.catalogue.tokenizers import families, family, pictures
from baimo.context.shapes import NAMES


@pytest.mark.parametrize("row", families(), ids=lambda row: row.name)
def test_a_row_has_a_figure_for_each_count_and_says_where_it_is_from(row: Family) -> None:
    assert len(row.weights) == len(NAMES)
    assert row.source
    assert 0.1 <= row.error <= 0.4
    assert all(pattern == pattern.lower() for pattern in row.models)


def test_the_last_row_is_for_all_others() -> None:
    assert families()[-1].models == ("*",)
    assert len({row.name for row in families()}) == len(families())


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-4o-mini", "o200k"),
        ("openai/gpt-5.1", "o200k"),
        ("gpt-4-turbo", "cl100k"),
        ("Qwen/Qwen3-32B", "qwen"),
        ("qwen3.6-plus", "qwen3.5"),
        ("deepseek-ai/DeepSeek-V3.2", "deepseek"),
        ("zai-org/GLM-4.7", "glm"),
        ("MiniMax-M2", "minimax"),
        ("mistral-large-latest", "tekken"),
        ("meta-llama/Llama-3.1-8B-Instruct", "llama3"),
        ("us.anthropic.claude-sonnet-4-20250514-v1:0", "claude"),
        ("claude-opus-4-8", "claude-new"),
        ("gemini-2.5-flash", "gemini"),
        ("kimi-k3", "other"),
        ("", "other"),
    ],
)
def test_a_models_name_tells_its_family(model: str, name: str) -> None:
    assert family(model).name == name


@pytest.mark.parametrize("row", pictures(), ids=lambda row: row.models[0])
def test_a_row_of_pictures_says_where_it_is_from(row: Pictures) -> None:
    assert row.source
    assert row.checked
    assert all(pattern == pattern.lower() for pattern in row.models)


@pytest.mark.parametrize(
    ("model", "formula", "figure"),
    [
        ("gpt-4o-mini-2024-07-18", "tiles", 2833),
        ("gpt-4.1-2025-04-14", "tiles", 85),
        ("gpt-4.1-mini", "patches", 1536),
        ("gpt-5", "tiles", 70),
        ("gpt-5-2025-08-07", "tiles", 70),
        ("gpt-5-nano", "patches", 1536),
        ("gpt-5.2", "patches", 1536),
        ("gpt-5.4", "patches", 2500),
        ("gpt-5.6-sol", "patches", 2500),
        ("gpt-6-astra", "patches", 2500),
        ("o3", "tiles", 75),
        ("o4-mini", "patches", 1536),
        ("claude-opus-4-6", "blocks", 1568),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", "blocks", 1568),
        ("claude-opus-4-7", "blocks", 4784),
        ("claude-sonnet-5", "blocks", 4784),
        ("gemini-2.5-flash", "crops", 258),
        ("gemini-3.6-flash", "flat", 1120),
        ("qwen3-vl-plus", "cells", 1280),
        ("deepseek-flash", "flat", 384),
    ],
)
def test_a_models_name_tells_how_its_pictures_count(model: str, formula: str, figure: int) -> None:
    rule = family(model).image
    assert rule is not None
    assert rule.formula == formula
    assert (rule.most or rule.base or rule.tile) == figure


def test_pictures_of_models_that_nothing_is_known_of_are_guessed() -> None:
    assert family("kimi-k3").image is None
    assert family("deepseek-v4-pro").image is None
