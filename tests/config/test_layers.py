"""Places on top of each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from baimo.config.layers import Layer, Variables, merged


def layer(label: str, table: dict[str, Any]) -> tuple[Layer, dict[str, Any]]:
    return Layer(label=label, table=table, folder=Path("/")), table


def test_the_first_that_has_a_key_wins_and_says_where_it_stands() -> None:
    found = merged([layer("high", {"a": 1}), layer("low", {"a": 2, "b": 3})])
    assert [(key, one.value, one.layer.label) for key, one in found.items()] == [
        ("a", 1, "high"),
        ("b", 3, "low"),
    ]


def test_tables_are_merged_key_by_key_at_every_depth() -> None:
    high, low = {"t": {"x": {"a": 1}}}, {"t": {"x": {"a": 2, "b": 3}, "y": 4}}
    assert merged([layer("high", high), layer("low", low)])["t"].value == {"x": {"a": 1, "b": 3}, "y": 4}


def test_null_is_not_given() -> None:
    assert merged([layer("high", {"a": None}), layer("low", {"a": 2})])["a"].value == 2


def test_the_environment_stands_above_the_env_file_whatever_the_order_of_names() -> None:
    variables = Variables({"B": "real", "EMPTY": "  "}, {"A": "file", "EMPTY": "filled"})
    found = variables.first(("A", "B"))
    assert found is not None
    assert (found.value, found.source, found.project) == ("real", "B", False)
    beside = variables.first(("EMPTY",))
    assert beside is not None
    assert (beside.value, beside.source, beside.project) == ("filled", "EMPTY in .env", True)
    assert variables.first(("C",)) is None
    assert variables.without_dotenv().first(("A",)) is None
