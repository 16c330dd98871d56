"""What a run adds up to."""

from __future__ import annotations

from decimal import Decimal

from baimo.notes import Note
from baimo.tools.records import RunResult, RunStep
from baimo.types.chat import ChatResponse, Choice, Message, Role
from baimo.types.content import Text
from baimo.types.money import Money
from baimo.types.usage import Usage

NOTE = Note(code="dropped", message="top_k")


def step(number: int, cost: Money | None, usage: Usage) -> RunStep:
    message = Message(role=Role.ASSISTANT, content=(Text(text=f"answer {number}"),))
    response = ChatResponse(choices=(Choice(message=message),), usage=usage, cost=cost, notes=(NOTE,))
    return RunStep(number=number, response=response)


def run(*costs: Money | None) -> RunResult:
    used = Usage(input_uncached=2, output_visible=1)
    return RunResult(messages=(), steps=tuple([step(at, cost, used) for at, cost in enumerate(costs, 1)]))


def test_a_run_is_as_its_last_answer_and_as_all_its_steps() -> None:
    found = run(Money(Decimal("0.1"), "CNY"), Money(Decimal("0.2"), "CNY"))
    assert (found.text, found.usage.total, found.cost) == ("answer 2", 6, Money(Decimal("0.3"), "CNY"))
    assert (found.notes, found.calls) == ((NOTE,), ())


def test_a_cost_that_is_not_wholly_known_is_not_known() -> None:
    yuan = Money(Decimal("0.1"), "CNY")
    assert run(yuan, None).cost is None
    assert run(yuan, Money(Decimal("0.1"), "USD")).cost is None


def test_before_the_first_answer_there_is_an_empty_one() -> None:
    found = run()
    assert (found.text, found.response.choices, found.cost, found.usage.total) == ("", (), None, None)
