"""The fault matrix: every row on each of eight ways, on a clock that jumps and over real sockets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import baimo
from tests.faults.matrix import ROWS
from tests.faults.rows import ANSWER, TOKENS, Met, Row
from tests.faults.ways import WAYS, Seen, Way, play
from tests.faults.worlds import ClockWorld, LoopbackWorld, World

LATE_S = 0.1
"""How much later than its deadline a call may end."""
SLACK_S = 1.0
"""Real seconds that a machine which does other things may add on loopback."""

every_way = pytest.mark.parametrize("way", WAYS, ids=str)


def rows(*, peers: bool) -> pytest.MarkDecorator:
    chosen = [row for row in ROWS if peers or not row.peer]
    return pytest.mark.parametrize("row", chosen, ids=[row.name for row in chosen])


@pytest.fixture(scope="module")
def loopback() -> Iterator[LoopbackWorld]:
    world = LoopbackWorld()
    yield world
    world.close()


@rows(peers=False)
@every_way
def test_in_this_process_on_a_clock_that_jumps(row: Row, way: Way) -> None:
    world = ClockWorld()
    judge(world, row, way, play(world, row, way))


@rows(peers=True)
@every_way
def test_on_loopback_in_a_hurry(loopback: LoopbackWorld, row: Row, way: Way) -> None:
    judge(loopback, row, way, play(loopback, row, way))


def judge(world: World, row: Row, way: Way, seen: Seen) -> None:
    """What the row says, and the laws that hold for all of them."""
    met = row.met(streamed=way.streamed, fallback=way.fallback)
    if met.error is None:
        _judge_answer(row, way, met, seen)
    else:
        _judge_error(row, way, met, seen)
    assert seen.requests == met.requests
    assert seen.late == 0
    assert seen.afterwards == ANSWER
    _judge_time(world, row, met, seen)


def _judge_answer(row: Row, way: Way, met: Met, seen: Seen) -> None:
    assert seen.error is None, seen.error
    response = seen.response
    assert response is not None
    assert response.ended == "complete"
    assert response.finish_reason == met.finish
    expected = ANSWER
    if met.repeated is not None:
        expected = "".join([*TOKENS[: met.repeated + 1], TOKENS[met.repeated], *TOKENS[met.repeated + 1 :]])
    if met.finish == "content_filter":
        assert ANSWER.startswith(response.text)
        assert response.text != ANSWER
    else:
        assert response.text == expected
    if way.streamed:
        assert seen.shown == response.text
    assert response.sent is not None
    assert response.sent.attempts == sum(met.requests)
    by_first = not met.requests[1]
    assert response.sent.maybe_billed == (met.requests[0] - by_first) * row.may_bill
    if met.usage is not None:
        assert (response.usage.output is not None) == met.usage
        assert met.usage or response.cost is None
    assert response.provider == ("deepseek" if met.requests[1] else row.model.partition("/")[0])


def _judge_error(row: Row, way: Way, met: Met, seen: Seen) -> None:
    error = seen.error
    assert type(error) is met.error, error
    assert seen.response is None
    assert error.attempts == sum(met.requests)
    assert error.maybe_billed == met.requests[0] * row.may_bill
    if isinstance(error, baimo.TimedOutError):
        assert error.limit == met.limit
    if isinstance(error, baimo.StreamInterrupted):
        assert error.ended == met.ended == error.partial.ended
        came = seen.shown if way.streamed else error.partial.text
        assert came and error.partial.text == came
        assert ANSWER.startswith(came)
        if met.tokens is not None:
            assert came == "".join(TOKENS[: met.tokens])
    else:
        assert seen.shown == ""
    if row.wall_s:
        assert "clock" in str(error.hint).lower()


def _judge_time(world: World, row: Row, met: Met, seen: Seen) -> None:
    bound = met.most_s if row.timeout is None else min(met.most_s, row.timeout)
    if world.exact:
        assert met.least_s - 1e-6 <= seen.took_s <= bound + LATE_S
    else:
        assert 0.98 * met.least_s - LATE_S <= seen.took_s <= bound + SLACK_S * row.speed
