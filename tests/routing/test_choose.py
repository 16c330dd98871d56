"""The choice among deployments: what is known in, an order out."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.routing.choose import (
    STRATEGIES,
    Standing,
    Strategy,
    again,
    choose,
    readmitted,
    soonest,
    weighted_order,
)
from baimo.types.record import Decision

DICE = st.floats(0, 1, exclude_max=True)


def standings_of(count: int) -> st.SearchStrategy[list[Standing]]:
    def named(place: int) -> st.SearchStrategy[Standing]:
        waits = st.sampled_from(
            [(0.0, None), (0.0, None), (3.0, "cooling"), (300.0, "out"), (20.0, "ejected"), (5.0, "ejected")]
        )
        return st.builds(
            lambda waiting, **facts: Standing(
                name=f"n{place}", wait_s=waiting[0], reason=waiting[1], **facts
            ),
            waits,
            tier=st.integers(0, 2),
            weight=st.floats(0.1, 10),
            busy=st.integers(0, 5),
            latency_s=st.none() | st.floats(0.01, 9),
            cost=st.none() | st.floats(0, 1),
        )

    return st.tuples(*map(named, range(count))).map(list)


STANDINGS = st.integers(1, 7).flatmap(standings_of)


@given(
    strategy=st.sampled_from(STRATEGIES),
    standings=STANDINGS,
    dice=DICE,
    sticky=st.none() | st.text(max_size=5),
)
def test_an_order_holds_each_that_may_be_used_once_and_can_be_made_again(
    strategy: Strategy, standings: list[Standing], dice: float, sticky: str | None
) -> None:
    order = choose(strategy, standings, dice=dice, sticky=sticky)
    assert sorted(order) == sorted(readmitted(standings))
    ejected = [one for place, one in enumerate(standings) if one.reason == "ejected" and place not in order]
    assert len(ejected) <= len(standings) / 2
    assert not any(standings[place].reason in ("cooling", "out") for place in order)
    if strategy == "ordered":
        tiers = [standings[place].tier for place in order]
        assert tiers == sorted(tiers)
    told = tuple([msgspec.to_builtins(one) for one in standings])
    decision = Decision(at_s=1.0, strategy=strategy, dice=dice, sticky=sticky, standings=told, order=order)
    kept = msgspec.json.decode(msgspec.json.encode(decision), type=Decision)
    assert again(kept) == kept.order == order


def plain(*names: str, **facts: float) -> list[Standing]:
    return [Standing(name=name, **facts) for name in names]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("strategy", "facts", "order"),
    [
        ("ordered", [{"tier": 1}, {"tier": 0}, {"tier": 0}], (1, 2, 0)),
        ("least-latency", [{"latency_s": 2.0}, {"latency_s": 1.0}, {"latency_s": 3.0}], (1, 0, 2)),
        ("least-latency", [{"latency_s": 2.0}, {"latency_s": 1.0}, {}], (2, 1, 0)),
        ("cheapest", [{"cost": 2.0}, {"cost": 1.0}, {}], (1, 0, 2)),
        ("least-busy", [{"busy": 2}, {"busy": 4, "weight": 4.0}, {"busy": 3}], (1, 0, 2)),
        ("weighted", [{"tier": 2}, {"tier": 1}, {"tier": 0}], (0, 1, 2)),
    ],
)
def test_each_strategy_has_its_first(
    strategy: Strategy, facts: list[dict[str, float]], order: object
) -> None:
    standings = [Standing(name=f"n{place}", **fact) for place, fact in enumerate(facts)]  # type: ignore[arg-type]
    assert choose(strategy, standings, dice=0.0) == order


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_among_equals_the_draw_decides(strategy: Strategy) -> None:
    firsts = {choose(strategy, plain("a", "b", "c"), dice=step / 9)[0] for step in range(9)}
    assert firsts == {0, 1, 2}


# Stickiness.


def first(standings: list[Standing], text: str, dice: float = 0.5) -> str:
    return standings[choose("ordered", standings, dice=dice, sticky=text)[0]].name


def test_the_same_text_leads_to_the_same_place_whatever_the_dice() -> None:
    keys = plain("a", "b", "c", "d")
    for text in map(str, range(50)):
        assert len({first(keys, text, dice / 7) for dice in range(7)}) == 1


def test_where_a_place_goes_only_its_texts_move() -> None:
    keys = plain("a", "b", "c", "d")
    texts = [f"conversation {number}" for number in range(2000)]
    before = {text: first(keys, text) for text in texts}
    counts = Counter(before.values())
    assert all(400 < counts[name] < 600 for name in "abcd")
    after = {text: first(keys[:3], text) for text in texts}
    moved = [text for text in texts if before[text] != after[text]]
    assert {before[text] for text in moved} == {"d"}
    assert len(moved) == counts["d"]


def test_weights_hold_for_texts_too() -> None:
    keys = [Standing(name="a", weight=3.0), Standing(name="b", weight=1.0)]
    counts = Counter(first(keys, str(number)) for number in range(2000))
    assert 0.7 < counts["a"] / 2000 < 0.8


def test_half_of_a_character_is_a_text_as_well() -> None:
    assert first(plain("a", "b"), "\ud83d") in "ab"


# Who may be used.


def ejected(name: str, wait_s: float) -> Standing:
    return Standing(name=name, wait_s=wait_s, reason="ejected")


def test_never_more_than_half_are_ejected_and_those_come_back_whose_time_is_over_first() -> None:
    assert readmitted([ejected("a", 9), ejected("b", 3), ejected("c", 6), Standing(name="d")]) == [1, 3]
    assert readmitted([ejected("a", 9), ejected("b", 3), Standing(name="c"), Standing(name="d")]) == [2, 3]
    assert readmitted([ejected("a", 9)]) == [0]
    assert readmitted([ejected("a", 9), ejected("b", 3), ejected("c", 6)]) == [1, 2]


def test_one_that_cools_or_is_out_never_comes_back_before_its_time() -> None:
    away = [Standing(name="a", wait_s=1, reason="cooling"), Standing(name="b", wait_s=1, reason="out")]
    assert readmitted(away) == []
    assert choose("ordered", away, dice=0.1) == ()


def test_one_that_is_ejected_no_longer_takes_no_place_among_the_ejected() -> None:
    over = Standing(name="a", wait_s=0.0, reason="ejected")
    assert readmitted([over, ejected("b", 3.0)]) == [0]


def test_the_first_that_cools_down_is_the_one_to_wait_for() -> None:
    standings = [
        Standing(name="a", wait_s=9.0, reason="cooling"),
        Standing(name="b", wait_s=4.0, reason="cooling"),
        Standing(name="c", wait_s=1.0, reason="out"),
    ]
    assert soonest(standings) == 4.0
    assert soonest(standings[2:]) is None


# The draw.


@given(weights=st.lists(st.floats(0.1, 100), min_size=1, max_size=8), dice=DICE)
def test_every_key_stands_in_the_order_once(weights: list[float], dice: float) -> None:
    assert sorted(weighted_order(weights, dice)) == list(range(len(weights)))


def test_the_first_is_drawn_by_weight() -> None:
    drawn = [weighted_order([1.0, 3.0], step / 100)[0] for step in range(100)]
    assert drawn.count(0) == 25


def test_a_pool_of_one_needs_no_draw() -> None:
    assert weighted_order([5.0], 0.9) == [0]
    assert weighted_order([], 0.9) == []


def test_the_last_is_drawn_where_rounding_leaves_nothing_else() -> None:
    assert weighted_order([0.1, 0.2], 1.0)[0] == 1
