"""Dialects are found by name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from baimo import dialects
from baimo.dialects.openai_chat import DIALECT
from baimo.errors import ConfigError


def test_ours_are_found_by_their_modules() -> None:
    assert "openai_chat" in dialects.names()
    assert dialects.get("openai_chat") is DIALECT


@pytest.mark.parametrize(
    "name", ["openai_chatt", "", "..errors", "_x", "openai_chat.reply", "nothing like it"]
)
def test_an_unknown_one_is_refused_with_near_names(name: str) -> None:
    with pytest.raises(ConfigError, match="openai_chat"):
        dialects.get(name)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A package of somebody else that declares two entry points: a good one, and one that is no dialect."""
    facts = tmp_path / "acme-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    points = [
        "acme_chat = baimo.dialects.openai_chat:DIALECT",
        "broken = baimo.dialects.openai_chat.finish:NAME",
    ]
    (facts / "entry_points.txt").write_text("\n".join([f"[{dialects.GROUP}]", *points]))
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("installed")
def test_those_of_other_packages_are_found_by_entry_points() -> None:
    assert "acme_chat" in dialects.names()
    assert dialects.get("acme_chat") is DIALECT


@pytest.mark.usefixtures("installed")
def test_an_entry_point_that_is_no_dialect_is_refused() -> None:
    with pytest.raises(ConfigError, match="no dialect"):
        dialects.get("broken")


def test_a_module_that_a_dialect_misses_is_not_taken_for_the_dialect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "baimo.dialects.openai_chat")
    monkeypatch.setitem(sys.modules, "baimo.dialects.openai_chat.reply", None)
    with pytest.raises(ModuleNotFoundError, match="reply"):
        dialects.get("openai_chat")
