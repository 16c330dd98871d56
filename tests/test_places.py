"""The places of a route, and who is told how an attempt there goes."""

from __future__ import annotations

from typing import Any

from baimo.errors import RateLimitedError, ServerError, TimedOutError
from baimo.places import Told, places_of
from baimo.resilience.timing import TimeLimits
from baimo.routing.health import HealthBook
from baimo.rules import Rules
from tests.routes import Diary, holding, key, models, pool

LIMITS = [TimeLimits(idle=1.0), TimeLimits(idle=2.0)]


def test_in_order_each_model_is_a_tier_and_its_keys_have_their_own_weights() -> None:
    route = ((key("k1", weight=2.0), key("k2")), *models("b"))
    places = places_of(route, LIMITS, Rules(weights=(5.0, 7.0)))
    assert [(one.tier, one.weight, one.limits.idle) for one in places] == [
        (0, 2.0, 1.0),
        (0, 1.0, 1.0),
        (1, 1.0, 2.0),
    ]
    assert places[0].name == ("acme", "only", "k1", "m")


def test_any_other_strategy_knows_one_tier_and_the_models_weights() -> None:
    route = ((key("k1", weight=2.0), key("k2")), *models("b"))
    places = places_of(route, LIMITS, Rules(strategy="weighted", weights=(5.0, 7.0)))
    assert [(one.tier, one.weight) for one in places] == [(0, 10.0), (0, 5.0), (0, 7.0)]
    unweighted = places_of(route, LIMITS, Rules(strategy="cheapest"))
    assert [one.weight for one in unweighted] == [2.0, 1.0, 1.0]


def test_a_standing_tells_what_the_book_and_the_purse_know() -> None:
    health = HealthBook()
    (place,) = places_of((pool("k1"),), LIMITS, Rules())
    bare = place.standing(0.0, None, 0.5)
    assert (bare.name, bare.cost, bare.reason, bare.busy) == ("acme/m/k1", 0.5, None, 0)
    health.began(place.name, 0.0, 1)
    health.failed(place.name, RateLimitedError("x", retry_after=3.0), 0.0)
    known = place.standing(1.0, health, None)
    assert (known.wait_s, known.reason, known.word, known.busy) == (2.0, "cooling", "rate_limited", 1)
    (alone,) = places_of((pool(""),), LIMITS, Rules())
    assert alone.standing(0.0, None, None).name == "acme/m"


def test_how_much_a_model_holds_is_known_from_its_facts_or_not_at_all() -> None:
    route = (holding("a", 8000), holding("b", None), (key("c", facts=lambda: None),))
    places = places_of(route, [TimeLimits()] * 3, Rules())
    assert [place.context for place in places] == [8000, None, None]


def telling(**rules: Any) -> Told:
    return Told(Rules(**rules), ("acme", "only", "k1", "m"), 10.0, waited_s=2.0)


def test_health_learns_the_time_to_the_first_event_and_that_the_attempt_is_over() -> None:
    health = HealthBook()
    told = telling(health=health)
    assert health.condition(("acme", "only", "k1", "m"), 10.0).busy == 1
    told.first(13.0)
    told.answered(20.0)
    told.left()
    condition = health.condition(("acme", "only", "k1", "m"), 20.0)
    assert (condition.busy, condition.latency_s) == (0, 3.0)


def test_a_whole_answer_is_its_first_event_and_its_end() -> None:
    health, diary = HealthBook(), Diary()
    diary.mono = lambda: 12.0
    told = telling(health=health, watch=diary)
    assert told.mono is diary.mono
    told.whole(12.0)
    told.left()
    assert (diary.lines, diary.times) == (["first", "answered"], [12.0, 12.0])
    assert health.condition(("acme", "only", "k1", "m"), 12.0).latency_s == 2.0
    alone = telling()
    assert alone.mono is None
    alone.whole(12.0)


def test_who_watches_is_told_and_of_the_wait_only_once() -> None:
    diary = Diary()
    told = telling(watch=diary)
    for _ in range(2):
        told.attempt(key("k1"), 10.0, waited_s=1.0)
    told.first(11.0)
    told.failed(ServerError("x"), 12.0, billed=True)
    told.answered(13.0)
    told.left()
    assert diary.lines == ["attempt k1", "attempt k1", "first", "failed server billed", "answered"]
    assert diary.waited == [3.0, 1.0]
    assert told.billed


def test_where_nobody_listens_nothing_is_told() -> None:
    told = telling()
    told.attempt(key("k1"), 10.0, waited_s=1.0)
    told.first(11.0)
    told.failed(ServerError("x"), 12.0, billed=False)
    told.answered(13.0)
    told.left()
    assert not told.billed


def test_a_probe_that_is_over_lets_the_next_one_try() -> None:
    health, name = HealthBook(), ("acme", "only", "k1", "m")
    for _ in range(5):
        health.began(name, 0.0, 1)
        health.failed(name, ServerError("x"), 0.0)
        health.left(name, 1)
    probe = Told(Rules(health=health), name, 40.0, waited_s=0.0)
    assert health.condition(name, 40.0).reason == "ejected"
    probe.left()
    assert health.condition(name, 40.0).reason is None


def test_a_call_that_was_too_late_to_be_sent_is_not_held_against_anybody() -> None:
    health, name = HealthBook(), ("acme", "only", "k1", "m")
    for sent, reason in ((False, None), (True, "ejected")):
        for _ in range(5):
            told = Told(Rules(health=health), name, 0.0, waited_s=0.0)
            told.failed(TimedOutError("over", limit="total", sent=sent), 0.0, billed=sent)
            told.left()
        assert health.condition(name, 0.0).reason == reason
