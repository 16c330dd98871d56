"""The rules by which a call goes over its deployments."""

from __future__ import annotations

import runpy
import typing

import pytest

from baimo import rules
from baimo.plan import Route, plan
from baimo.rules import NO_RULES, Rules
from tests.routes import ANSWER, ask, models


def test_without_rules_a_call_goes_in_order_and_nothing_is_limited_kept_or_told() -> None:
    assert Rules() == NO_RULES
    assert (NO_RULES.strategy, NO_RULES.on_cut, NO_RULES.priority) == ("ordered", "raise", 0)
    others = [getattr(NO_RULES, name) for name in ("together", "health", "claims", "learn", "purse", "watch")]
    assert others == [None] * 6
    assert NO_RULES.weights == ()


def test_what_only_the_type_checker_reads_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    """The names behind the annotations are not loaded by a plain call; they must be right all the same."""
    monkeypatch.setattr(typing, "TYPE_CHECKING", True)
    found = runpy.run_path(str(rules.__file__))
    hints = typing.get_type_hints(found["Rules"], found)
    assert set(hints) == set(Rules.__struct_fields__)
    assert typing.get_type_hints(found["RouteWatch"].decided, found)["decision"].__name__ == "Decision"


def test_a_rule_is_one_of_the_words_that_there_are() -> None:
    route: Route = models("a", "b")
    assert plan.__kwdefaults__["rules"] is NO_RULES
    assert ask(route, *ANSWER, strategy="ordered").asked == "a"
