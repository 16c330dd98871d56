"""Faults that take more than one call: an outage, the account of a fail-over, a token that ends."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import baimo
from baimo.errors import Error, OverloadedError
from baimo.simulator.faults import Fault, FaultRule
from baimo.simulator.scripts import fixed
from tests.faults.matrix import WAITS_S
from tests.faults.rows import ANSWER, TOKENS, Row
from tests.faults.worlds import FALLBACK, ClockWorld, Place

FIRST = "openai/gpt-4o-mini"
PRICED = "openai/gpt-5"
EVERY_S, CALLS, OUTAGE_S = 4.0, 20, 60.0


def plain(world: ClockWorld, model: str = FIRST) -> Row:
    """A row without a fault, begun."""
    from tests.faults.matrix import ROWS

    row = next(one for one in ROWS if one.model == model)
    row = Row(name="plain", what=row.what, sees=row.sees, whole=row.whole, model=model)
    world.begin(row)
    return row


@pytest.mark.parametrize("fallback", [False, True])
def test_an_outage_under_traffic(fallback: bool) -> None:
    world = ClockWorld()
    row = plain(world)
    world.simulation.faults.add(FaultRule(fault=Fault("503"), provider="openai"))
    model: Any = [FIRST, FALLBACK] if fallback else FIRST
    clock, config = world.clock, world.config(row, Place())
    began = clock.mono()
    failed: list[Error] = []
    with baimo.Client(transport=world.transport(Place()), config=config, clock=clock) as client:
        for number in range(CALLS):
            world.let_pass(max(0.0, began + EVERY_S * number - clock.mono()))
            at = clock.mono() - began
            if at >= OUTAGE_S:
                world.mend()
            before = world.requests("openai")
            try:
                assert client.chat(model, "Hi").text == ANSWER
            except OverloadedError as error:
                assert at < OUTAGE_S
                failed.append(error)
            assert clock.mono() - began - at <= WAITS_S + 0.1
            assert world.requests("openai") - before <= 3
    assert len(failed) == (0 if fallback else OUTAGE_S / EVERY_S)
    assert all(error.attempts <= 3 for error in failed)
    if not fallback:
        assert world.requests("openai") >= CALLS
    assert world.requests("deepseek") <= (CALLS if fallback else 0)


def test_the_account_of_a_fail_over() -> None:
    world = ClockWorld()
    row = plain(world)
    with baimo.Client(
        transport=world.transport(Place()), config=world.config(row, Place()), clock=world.clock
    ) as client:
        alone = client.chat(PRICED, "Hi")
        world.simulation.faults.add(FaultRule(fault=Fault("reset"), provider="deepseek"))
        both = client.chat(["deepseek/deepseek-flash", PRICED], "Hi")
    assert alone.cost is not None
    assert (both.provider, both.usage, both.cost) == ("openai", alone.usage, alone.cost)
    assert both.sent is not None
    assert (both.sent.attempts, both.sent.maybe_billed) == (4, 3)
    assert "fell_back" in {note.code for note in both.notes}
    assert alone.notes == ()


def by_token(world: ClockWorld) -> dict[str, Any]:
    face: Any = world.simulation.faces["pangu"]
    table = face.configured_by(world.origin_of("pangu"), "iam_user", "iam_password", "iam_domain")
    return {"providers": {"pangu": table}}


def test_a_token_that_ends_in_the_middle_of_a_run() -> None:
    world = ClockWorld()
    plain(world)
    iam: Any = world.simulation.faces["pangu"].iam  # type: ignore[attr-defined]

    async def drive() -> None:
        transport = world.async_transport(Place())
        async with baimo.AsyncClient(
            transport=transport, config=by_token(world), clock=world.clock
        ) as client:
            first = [client.chat("pangu/pangu-nlp", "Hi") for _ in range(5)]
            assert [answer.text for answer in await asyncio.gather(*first)] == [ANSWER] * 5
            assert (iam.made, world.requests("pangu")) == (1, 5)
            iam.end_all()
            then = [client.chat("pangu/pangu-nlp", "Hi") for _ in range(5)]
            assert [answer.text for answer in await asyncio.gather(*then)] == [ANSWER] * 5
            assert (iam.made, world.requests("pangu")) == (2, 15)

    asyncio.run(drive())


def cut_and_continued(route: list[str], refused: str = "") -> tuple[str, Any, ClockWorld]:
    """What was shown, and the response or the error, of a stream that is cut after 40 tokens."""
    world = ClockWorld()
    row = plain(world)
    world.simulation.faults.add(FaultRule(fault=Fault("cut_after", (40.0,)), provider="openai"))
    if refused:
        world.simulation.faults.add(
            FaultRule(fault=Fault("refuse", word="invalid_request"), provider=refused)
        )
    world.simulation.script = fixed(ANSWER)
    config = world.config(row, Place())
    config["providers"]["hunyuan"] = world.config(plain_of(row, "hunyuan/x"), Place())["providers"]["hunyuan"]
    shown = ""
    with baimo.Client(transport=world.transport(Place()), config=config, clock=world.clock) as client:
        stream = client.stream(route, "Hi", on_cut="continue")
        try:
            with stream:
                for piece in stream.text:
                    shown += piece
        except Error as error:
            return shown, error, world
        return shown, stream.response, world


def plain_of(row: Row, model: str) -> Row:
    """The same row at another model."""
    return Row(name=row.name, what=row.what, sees=row.sees, whole=row.whole, model=model)


def test_a_cut_stream_goes_on_elsewhere_when_asked_and_says_so() -> None:
    shown, response, world = cut_and_continued([FIRST, FALLBACK])
    before = "".join(TOKENS[:40])
    assert shown == before + ANSWER == response.text
    assert (response.ended, response.provider) == ("complete", "deepseek")
    assert "continued" in {note.code for note in response.notes}
    asked = world.simulation.log.all()[-1].chat
    assert asked.messages[-1].text == before


@pytest.mark.parametrize(
    ("route", "refused", "hint", "asked"),
    [([FIRST, FALLBACK], "deepseek", "could not go on", 1), ([FIRST, "hunyuan/x"], "", "can go on", 0)],
    ids=["refuses", "cannot"],
)
def test_a_cut_stream_whose_fallback_refuses_to_go_on_is_cut(
    route: list[str], refused: str, hint: str, asked: int
) -> None:
    shown, error, world = cut_and_continued(route, refused)
    assert isinstance(error, baimo.StreamInterrupted)
    assert (error.ended, error.partial.text, error.partial.ended) == ("cut", shown, "cut")
    assert shown == "".join(TOKENS[:40])
    assert hint in str(error.hint)
    assert (world.requests("openai"), len(world.simulation.log.all())) == (1, 1 + asked)
