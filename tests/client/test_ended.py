"""What is kept of a chat that is over: small values, which nobody has to look through."""

from __future__ import annotations

import gc
from typing import Any

from baimo.client.ended import EndedChat
from baimo.client.facts import NOTHING
from baimo.client.watching import CallWatch, blank
from baimo.testing import Simulator
from baimo.types.record import AttemptRecord, LateObserver
from baimo.types.usage import Usage
from tests.client.observing import FLASH

ATTEMPT = AttemptRecord(
    provider="acme",
    endpoint="only",
    model="m",
    dialect="lines",
    address="http://a",
    began_s=0.0,
    outcome="answered",
)


def ended(**changes: Any) -> EndedChat:
    values: dict[str, Any] = {
        "blank": blank("chat", ("acme/m",)),
        "attempt": ATTEMPT,
        "wall": 1_796_000_000.0,
        "began": 10.0,
        "chance": 7,
        "sent": 10.5,
        "queued_s": 0.0,
        "waited_s": 0.0,
        "shown": 11.0,
        "well": 12.5,
        "over": 12.75,
        "model": "m-1",
        "response_id": "r1",
        "cost": None,
        "notes": (),
        "reasons": ("stop",),
        "usage": Usage(input_uncached=3, output_visible=4),
        "asked": NOTHING,
        "conversation": None,
    }
    return EndedChat(**{**values, **changes})


def test_its_record_counts_from_where_a_person_would() -> None:
    record = ended().record()
    (attempt,) = record.attempts
    assert (record.provider, record.model, record.outcome) == ("acme", "m", "answered")
    assert (record.took_s, record.first_s) == (2.75, 1.0)
    assert (attempt.began_s, attempt.first_s, attempt.took_s) == (0.5, 0.5, 2.0)
    assert (attempt.queued_s, attempt.waited_s) == (0.0, 0.0)
    assert (record.response_model, record.response_id, record.finish_reasons) == ("m-1", "r1", ("stop",))
    assert (record.streamed, record.parameters, record.conversation) == (False, {}, None)
    assert record.id.startswith(f"{1_796_000_000_000:012x}")


def test_what_is_seldom_so_is_told_too() -> None:
    asked = (True, ("X",), 0.5, 9, *NOTHING[4:])
    record = ended(
        shown=None, queued_s=0.25, waited_s=0.125, asked=asked, conversation="c1", model=""
    ).record()
    (attempt,) = record.attempts
    assert (record.first_s, attempt.first_s) == (None, None)
    assert (attempt.queued_s, attempt.waited_s) == (0.25, 0.125)
    assert (record.streamed, record.conversation, record.response_model) == (True, "c1", None)
    assert record.parameters == {"temperature": 0.5, "max_tokens": 9, "stop": ["X"]}


def test_it_is_made_once() -> None:
    call = ended()
    assert call.record() is call.record()


class Keeps(LateObserver):
    """Keeps calls, as an exporter does until somebody reads them."""

    wants_content = False
    marks = False

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def began(self) -> None:
        raise AssertionError("nothing is to be done at a beginning")

    def ended(self, call: Any, began: Any, content: Any) -> None:
        raise AssertionError("it takes calls late")

    def over(self, late: Any, began: Any, content: Any) -> None:
        self.calls.append(late)

    def close(self) -> None:
        pass


def test_the_collector_has_nothing_to_look_at_in_calls_that_are_kept() -> None:
    keeps = Keeps()
    with Simulator() as sim, sim.client(observers=[keeps]) as client:
        for _ in range(5):
            client.chat(FLASH, "Hi")
    assert [type(call) for call in keeps.calls] == [EndedChat] * 5
    assert not any(map(gc.is_tracked, keeps.calls))
    assert not [one for one in gc.get_objects() if type(one) is CallWatch]
