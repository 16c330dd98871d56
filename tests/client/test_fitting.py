"""`fit` with budgets, windows and summaries."""

from __future__ import annotations

from typing import Any

import pytest

import baimo
from baimo import Client, InputError
from baimo.client.fitting import FitPlan, fit
from baimo.config.settings import load_settings
from baimo.simulator.reply import Reply
from baimo.testing.simulator import Simulator

LONG = "This is a sentence that goes on for a while and says little. " * 12
TALK: Any = [("One " + LONG, "Two"), ("Three " + LONG, "Four"), {"role": "user", "content": "Five"}]
MODEL = "anthropic/claude-sonnet-4-5"


def test_a_budget_bounds_what_is_left_and_reserve_and_tools_take_from_it() -> None:
    assert fit is baimo.fit
    whole = fit(TALK, budget=10_000)
    assert (len(whole.messages), whole.dropped, whole.budget) == (5, (), 10_000)
    assert [len(fit(TALK, budget=whole.tokens, policy=policy).messages) for policy in ("drop_middle",)] == [5]
    cut = fit(TALK, budget=whole.tokens, reserve=1)
    assert [message.text[:5] for message in cut.messages] == ["One T", "Two", "Five"]
    oldest = fit(TALK, budget=whole.tokens, reserve=1, policy="drop_oldest")
    assert [message.text[:5] for message in oldest.messages] == ["Three", "Four", "Five"]
    tool: Any = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    assert len(fit(TALK, budget=whole.tokens, tools=[tool]).messages) == 3
    assert len(fit(TALK, budget=whole.tokens, system="Short.").messages) == 4
    assert len(fit(TALK, budget=90, system=LONG, keep_system=False).messages) == 1


def test_a_models_window_is_the_bound_where_no_budget_is_given() -> None:
    fitted = fit(TALK, model=MODEL)
    facts = load_settings({}).known_models("anthropic")
    context = next(info.context for info in facts if info.id == "claude-sonnet-4-5")
    assert context is not None
    assert context / 2 < fitted.budget < context
    assert fit(TALK, model=MODEL, reserve=100).budget == int((context - 100) / 1.2)
    assert not fitted.dropped


def test_without_any_bound_there_is_an_error() -> None:
    with pytest.raises(InputError, match="give a budget in tokens, or a model"):
        fit(TALK)
    for model in ("openai/nosuch", "nosuch"):
        with pytest.raises(InputError, match=r"how much .*nosuch can hold is not known"):
            fit(TALK, model=model)
    for wrong in ({"budget": -1}, {"budget": 1.5}, {"budget": 9, "reserve": "x"}):
        with pytest.raises(InputError, match="must be a whole number of tokens"):
            fit(TALK, **wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="unknown option 'most'"):
        fit(TALK, most=3)  # type: ignore[call-arg]
    with pytest.raises(InputError, match="policy must be"):
        fit(TALK, budget=9, policy="none")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="asks a model"):
        fit(TALK, budget=200, policy="summarise", model=MODEL)
    with pytest.raises(InputError, match="who sums up"):
        fit(TALK, budget=200, policy="summarise")


def test_a_client_knows_its_own_names_and_asks_nobody_to_drop() -> None:
    config = {"models": {"mine": {"model": MODEL}}}
    with Client(config=config, keys={"anthropic": "fake"}) as client:
        assert client.fit(TALK, model="mine").budget == fit(TALK, model=MODEL).budget
        assert len(client.fit(TALK, model="mine", budget=300).messages) == 3
    with Client(config={}) as client:
        assert client.fit(TALK, model=MODEL).budget == fit(TALK, model=MODEL).budget


@pytest.fixture
def sim() -> Any:
    with Simulator("anthropic") as made:
        made.reply(Reply(text="  They counted to four.  "))
        yield made


def test_a_model_sums_up_what_was_left_out(sim: Simulator) -> None:
    with sim.client() as client:
        fitted = client.fit(TALK, model=MODEL, budget=300, policy="summarise")
    assert [message.role.value for message in fitted.messages] == ["user"]
    assert fitted.messages[0].text == (
        "[Summary of 4 earlier messages that were left out]\nThey counted to four.\nFive"
    )
    assert fitted.tokens <= fitted.budget
    assert len(fitted.dropped) == 4
    assert [note.code for note in fitted.notes] == ["dropped", "summarised"]
    assert "user: Three" in str(sim.last.json)


def test_nothing_is_summed_up_where_all_fits(sim: Simulator) -> None:
    with sim.client() as client:
        fitted = client.fit(TALK, model=MODEL, policy="summarise")
    assert not fitted.dropped
    assert not sim.requests


def test_a_summary_that_is_empty_or_too_long_is_an_error() -> None:
    plan = FitPlan(TALK, {"model": MODEL, "budget": 300, "policy": "summarise", "summarise_by": "a/b"})

    def answer(text: str) -> Any:
        message = baimo.Message(role="assistant", content=text)  # type: ignore[arg-type]
        return baimo.ChatResponse(choices=(baimo.Choice(message=message),))

    with pytest.raises(InputError, match="a/b gave no summary"):
        plan.told(answer(" "))
    with pytest.raises(InputError, match="the summary is too long"):
        plan.told(answer(LONG * 3))


@pytest.mark.anyio
async def test_the_other_client_fits_alike(sim: Simulator) -> None:
    async with sim.async_client() as client:
        assert await client.fit(TALK, budget=300) == fit(TALK, budget=300)
        fitted = await client.fit(TALK, model=MODEL, budget=300, policy="summarise")
    assert "They counted to four." in fitted.messages[0].text
