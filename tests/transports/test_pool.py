"""The pool's policy as a table: who gets which connection, who waits, what expires."""

from __future__ import annotations

from baimo.transports.pool import OriginPool


def pool(*, max_connections: int = 2, max_idle: int = 2, idle_expiry_s: float = 10.0) -> OriginPool[str, str]:
    return OriginPool(max_connections=max_connections, max_idle=max_idle, idle_expiry_s=idle_expiry_s)


def test_places_are_taken_and_left() -> None:
    places = pool()
    assert places.reserve()
    assert places.reserve()
    assert not places.reserve()
    assert places.free() is None
    assert places.in_use == 1
    assert places.reserve()


def test_the_warmest_connection_comes_first() -> None:
    places = pool()
    assert places.pop_idle(0.0) is None
    places.put_idle("cold", 0.0)
    places.put_idle("warm", 1.0)
    assert places.pop_idle(2.0) == "warm"
    assert places.pop_idle(2.0) == "cold"
    assert places.pop_idle(2.0) is None


def test_a_place_that_comes_free_goes_to_the_first_in_line_and_to_nobody_else() -> None:
    places = pool(max_connections=1)
    assert places.reserve()
    places.waiting.append("first")
    places.waiting.append("second")
    assert places.free() == "first"
    assert places.in_use == 1
    assert not places.reserve()
    assert places.free() == "second"
    assert not places.reserve()
    assert places.free() is None
    assert places.reserve()


def test_nobody_passes_the_line_while_there_is_one() -> None:
    places = pool()
    places.waiting.append("first")
    assert not places.reserve()


def test_an_expired_connection_is_not_handed_out() -> None:
    places = pool()
    places.put_idle("old", 0.0)
    assert places.pop_idle(10.0) is None
    assert places.idle == ["old"]
    assert places.put_idle("new", 10.0) == ["old"]
    assert places.idle == ["new"]


def test_one_too_many_is_given_back_to_be_closed_the_coldest_first() -> None:
    places = pool()
    assert places.put_idle("a", 0.0) == []
    assert places.put_idle("b", 1.0) == []
    assert places.put_idle("c", 2.0) == ["a"]
    assert places.idle == ["b", "c"]


def test_a_connection_that_ended_by_itself_is_taken_out() -> None:
    places = pool()
    places.put_idle("a", 0.0)
    places.put_idle("b", 0.0)
    places.remove_idle("a")
    places.remove_idle("unknown")
    assert places.take_all_idle() == ["b"]
    assert places.idle == []
