"""What may stand in a configuration."""

from __future__ import annotations

from typing import Any

import pytest

from baimo.config import shape
from baimo.errors import ConfigError


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("text", "x", 1),
        ("count", 0, -1),
        ("count", 2, True),
        ("seconds", 0.5, 0),
        ("seconds", 3, float("inf")),
        ("seconds", 3, "3"),
        ("weight", 2, True),
        ("switch", "drop", "ignore"),
        ("table", {}, []),
        ("texts", ("a",), ["a", 1]),
        ("texts", [], "abc"),
        ("tables", [{}], [1]),
        ("headers", {"a": "b"}, {"a": 1}),
        ("proxy", False, True),
        ("proxy", {"http": "x"}, {"http": 1}),
        ("secret", "fake", 5),
        ("secret", {"env": "X"}, {"env": ""}),
        ("secret", {"command": ["a", "b"]}, {"command": "a b"}),
        ("secret", {"file": "x"}, {"file": "x", "env": "y"}),
        ("secret", None, {"environment": "X"}),
    ],
)
def test_each_kind_takes_what_it_should_and_refuses_the_rest(kind: shape.Kind, good: Any, bad: Any) -> None:
    shape.check_value(good, kind, where="f", path="p")
    with pytest.raises(ConfigError, match=r"^f: .*p"):
        shape.check_value(bad, kind, where="f", path="p")


def test_a_wrong_value_is_described_but_never_shown() -> None:
    with pytest.raises(ConfigError) as raised:
        shape.check_value("sk-fake-key-in-the-wrong-place", "table", where="f", path="providers.openai")
    assert "providers.openai must be a table, not text" in str(raised.value)
    assert "sk-fake" not in str(raised.value)


def test_an_unknown_key_is_named_with_its_path_and_near_names() -> None:
    with pytest.raises(ConfigError) as raised:
        shape.check({"defualt_model": "x"}, shape.TOP, where="/c/baimo.toml")
    assert "/c/baimo.toml: unknown key 'defualt_model'. Did you mean default_model?" in str(raised.value)


def test_where_nothing_is_near_all_that_is_known_is_named() -> None:
    with pytest.raises(ConfigError, match=r"'timeouts\.zzz'.*There is connect, first_event, head, idle"):
        shape.check({"zzz": 1}, shape.TIMEOUTS, where="f", path="timeouts")


@pytest.mark.parametrize(
    ("path", "key", "written"),
    [
        ("", "a", "a"),
        ("providers", "my-own_1", "providers.my-own_1"),
        ("models", "a.b", 'models."a.b"'),
        ("", "中", '"中"'),
    ],
)
def test_a_path_is_written_as_in_toml(path: str, key: str, written: str) -> None:
    assert shape.joined(path, key) == written
