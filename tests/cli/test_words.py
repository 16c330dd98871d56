"""Texts: both languages have every one of them, and the language is the user's."""

from __future__ import annotations

import ast
import string
from typing import get_args, get_type_hints

import pytest

from baimo import errors
from baimo.catalogue.behaviours import meanings
from baimo.cli import words
from baimo.cli.answers import REMARKABLE
from baimo.cli.timeline import SIGNS
from baimo.config.keyshape import Doubt
from baimo.types.behaviours import Origin
from baimo.types.record import Outcome
from tests.house import sources

IN_BOTH = ("mistaken", "shape", "swapped", "same")
"""Doubts whose words the catalogue has in both languages."""
FILES = sources.python_files("src/baimo/cli/")


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", sorted(words.TEXTS))
def test_a_text_stands_in_both_languages_with_the_same_facts(key: str) -> None:
    english, chinese = words.TEXTS[key]
    assert english.strip() and chinese.strip()
    assert fields(english) >= fields(chinese)


def literals() -> set[str]:
    """Every string of the commands that looks like a key, outside the tables."""
    return {
        node.value
        for name in FILES
        if "/words_" not in name
        for node in ast.walk(sources.tree(name))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def asked_for() -> set[str]:
    """The keys that are asked for in so many words."""
    found = set()
    for name in FILES:
        for node in ast.walk(sources.tree(name)):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                called = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                if called == "say":
                    found.add(node.args[0].value)
            if isinstance(node, ast.keyword) and node.arg == "help" and isinstance(node.value, ast.Constant):
                found.add(node.value.value)
    return found


def test_every_text_that_is_asked_for_is_there() -> None:
    assert asked_for() - set(words.TEXTS) == set()


OPERATIONS = (
    *("chat", "embeddings", "rerank", "count_tokens", "models", "describe", "pull", "balance"),
    *("images", "transcribe", "speech", "moderate"),
)
NOTES = (
    "cached",
    "cache_unavailable",
    "clamped",
    "continued",
    "dropped",
    "emulated",
    "fell_back",
    "fetched",
    "mended",
    "narrowed",
    "not_checked",
    "other_key",
    "renamed",
    "repaired",
)


def made_up() -> set[str]:
    """Keys that are put together from a prefix and a word."""
    whys = (
        "chosen",
        "only",
        "first_complete",
        "not_first",
        "no_credentials",
        "no_address",
        "other_keys",
        "since",
        "until",
    )
    rows = ("default_model", "remark", "free_tier", "retired", "successor", "home")
    columns = {
        "models": ("name", "context", "output", "price", "remark"),
        "providers": ("name", "title", "key", "address"),
    }
    looked = ("key", "endpoint", "service", "reach", "token", "clock", "call", "engine", "model", "balance")
    return {
        *(f"endpoint.{word}" for word in whys),
        *(f"providers.{row}_row" for row in rows),
        *(f"{table}.{name}" for table, names in columns.items() for name in names),
        *(f"config.path_{name}" for name in ("user", "project", "data", "cache")),
        *(f"check.what_{what}" for what in looked),
        *(f"used.{name}" for name in ("day", "model", "provider", "key")),
        *(f"used.{name}" for name in ("calls", "failed", "input", "output")),
        *(f"trace.{name}" for name in ("id", "at", "model", "took", "tries", "outcome")),
        *(f"trace.{outcome}_after" for outcome in get_args(Outcome)),
        *(f"trace.{outcome}" for outcome in get_args(Outcome) if outcome != "answered"),
        *(f"trace.sign_{kind}" for kind in SIGNS),
        *(f"trace.of_{operation}" for operation in OPERATIONS),
        *(f"note.{code}" for code in NOTES),
        *(f"why.area.{area}" for area in {meaning.area for meaning in meanings().values()}),
        *(f"why.{origin}" for origin in get_args(Origin)),
        *(f"finish.{reason.value}" for reason in REMARKABLE),
        *(f"doubt.{code}" for code in get_args(get_type_hints(Doubt)["code"]) if code not in IN_BOTH),
    }


def test_every_text_that_is_put_together_is_there() -> None:
    assert made_up() - set(words.TEXTS) == set()


def test_no_text_is_left_over() -> None:
    used = asked_for() | made_up() | literals()
    pages = (".help", ".short", ".examples")
    rest = {key for key in words.TEXTS if key not in used and not key.endswith(pages)}
    assert {key for key in rest if not key.startswith(("meaning.", "cure."))} == set()


def kinds() -> list[type[errors.Error]]:
    found = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.Error)
    ]
    return [kind for kind in found if kind is not errors.Error]


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.code)
def test_every_kind_of_error_is_explained(kind: type[errors.Error]) -> None:
    assert f"meaning.{kind.code}" in words.TEXTS


@pytest.mark.parametrize(
    ("environ", "system", "wanted"),
    [
        ({}, None, "en"),
        ({"BAIMO_LANG": "zh"}, None, "zh"),
        ({"BAIMO_LANG": "en", "LANG": "zh_CN.UTF-8"}, None, "en"),
        ({"BAIMO_LANG": " ", "LANG": "zh_CN.UTF-8"}, None, "zh"),
        ({"LC_ALL": "zh_TW", "LANG": "en_US"}, None, "zh"),
        ({"LC_ALL": "C", "LANG": "zh_CN"}, None, "en"),
        ({"LC_MESSAGES": "zh_CN"}, None, "zh"),
        ({}, "Chinese (Simplified)_China", "zh"),
        ({}, "zh_CN", "zh"),
        ({"LANG": "de_DE"}, "zh_CN", "en"),
    ],
)
def test_the_language_is_the_one_that_the_user_set(
    environ: dict[str, str], system: str | None, wanted: str
) -> None:
    assert words.choose_language(environ, system) == wanted


def test_sentences_are_joined_as_their_language_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAIMO_LANG", "zh")
    assert words.joined("一。", "二。") == "一。二。"
    monkeypatch.setenv("BAIMO_LANG", "en")
    assert words.joined("One.", "Two.") == "One. Two."
