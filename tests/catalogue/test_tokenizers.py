"""Rows of tokenizers: every model has a family, and every row has a figure for each count of a shape."""

from __future__ import annotations

import pytest

from baimo.catalogue.tokenizer_rows import Family
from baimo.catalogue.tokenizers import families, family
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
