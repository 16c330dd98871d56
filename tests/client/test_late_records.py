"""Records that are made when somebody asks tell what those made at once tell, and nothing more is held."""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Callable
from types import FunctionType, MethodType, ModuleType
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from baimo.client.watching import CallWatch, Watching, blank
from baimo.errors import OverloadedError
from baimo.exchange import Deployment
from baimo.testing import Simulator, VirtualClock
from baimo.types.chat import ChatRequest, ChatResponse, Message, Role
from baimo.types.content import Text
from baimo.types.record import CallRecord, Content, LateObserver, LateRecord
from tests.client.observing import FLASH, GPT, Ask, Remembers, ask_async, ask_sync
from tests.client.test_watching import sims
from tests.client.test_watching_law import AT, answer, outcome
from tests.scripted import chat_request

BOTH = pytest.mark.parametrize("ask", [ask_sync, ask_async], ids=["sync", "async"])
ROUTE = [GPT, FLASH]
SAID = "what nobody may keep"


class Late(LateObserver):
    """Keeps calls and asks for no record."""

    def __init__(self, *, wants_content: bool = False, marks: bool = True) -> None:
        self.wants_content = wants_content
        self.marks = marks
        self.begun = 0
        self.calls: list[LateRecord] = []
        self.given: list[tuple[Any, Content | None]] = []

    def began(self) -> int:
        self.begun += 1
        return self.begun

    def ended(self, call: CallRecord, began: Any, content: Content | None) -> None:
        raise AssertionError("it takes calls late")

    def over(self, late: LateRecord, began: Any, content: Content | None) -> None:
        self.calls.append(late)
        self.given.append((began, content))

    def close(self) -> None:
        pass


def _chat(ask: Ask, sim: Simulator, client: dict[str, Any]) -> None:
    ask(sim, "chat", FLASH, SAID, temperature=0.5, stop="X", client=client)


def _talk(ask: Ask, sim: Simulator, client: dict[str, Any]) -> None:
    ask(sim, "chat", FLASH, SAID, conversation="c1", client=client)


def _stream(ask: Ask, sim: Simulator, client: dict[str, Any]) -> None:
    sim.timing(ttft=0.5)
    ask(sim, "stream", FLASH, SAID, client=client)


def _fails(ask: Ask, sim: Simulator, client: dict[str, Any]) -> None:
    sim.refuse("wrong_secret")
    ask(sim, "chat", FLASH, SAID, client=client)


def _breaks(ask: Ask, sim: Simulator, client: dict[str, Any]) -> None:
    sim.fault("cut_after@3")
    ask(sim, "stream", FLASH, SAID, client=client)


def _tries_again(ask: Ask, sim: Simulator, client: dict[str, Any]) -> None:
    sim.fault("503", provider="openai")
    ask(sim, "chat", ROUTE, SAID, client={"max_retries": 0, **client})


def _is_kept(ask: Ask, sim: Simulator, client: dict[str, Any]) -> None:
    ask(sim, "chat", FLASH, SAID, client={"cache": True, **client})
    ask(sim, "chat", FLASH, SAID, client={"cache": True, **client})


def _embeds(ask: Ask, sim: Simulator, client: dict[str, Any]) -> None:
    ask(sim, "embed", "openai/text-embedding-3-small", [SAID], client=client)


def _is_limited(ask: Ask, sim: Simulator, client: dict[str, Any]) -> None:
    ask(sim, "chat", FLASH, SAID, client={"limits": {"requests_per_minute": 60}, **client})


COURSES: dict[str, tuple[Callable[..., None], list[str]]] = {
    "answered": (_chat, ["answered"]),
    "of a talk": (_talk, ["answered"]),
    "streamed": (_stream, ["answered"]),
    "failed": (_fails, ["failed"]),
    "interrupted": (_breaks, ["interrupted"]),
    "several attempts": (_tries_again, ["answered"]),
    "cached": (_is_kept, ["answered", "answered"]),
    "embeddings": (_embeds, ["answered"]),
    "within limits": (_is_limited, ["answered"]),
}


def _told(ask: Ask, course: Callable[..., None], *observers: Any) -> None:
    with sims() as sim:
        course(ask, sim, {"observers": observers})


def _alike(calls: list[CallRecord]) -> list[CallRecord]:
    """Records without what differs from run to run."""
    return [
        replace(
            call,
            id="",
            response_id=None,
            decisions=tuple([replace(one, dice=0.0) for one in call.decisions]),
            attempts=tuple([replace(one, address="", request_id=None) for one in call.attempts]),
        )
        for call in calls
    ]


@BOTH
@pytest.mark.parametrize("name", COURSES)
def test_a_late_record_is_what_is_told_at_once(
    name: str, ask: Ask, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    course, outcomes = COURSES[name]
    late, once, beside = Late(), Remembers(), Late(marks=False)
    for turn, observers in enumerate([(late,), (once, beside)]):
        monkeypatch.setenv("BAIMO_HOME", str(tmp_path / str(turn)))  # where a cache lies
        _told(ask, course, *observers)
    made = [one.record() for one in late.calls]
    assert [one.outcome for one in made] == outcomes
    assert [one.tries for one in late.calls] == [len(one.attempts) for one in made]
    assert [one.record() for one in late.calls] == made
    assert _alike(made) == _alike(once.calls)
    assert [one.record() for one in beside.calls] == once.calls
    assert [(len(one.id), int(one.id[:12], 16)) for one in made] == [(32, int(one.at * 1000)) for one in made]
    assert [mark for mark, _ in late.given] == [*range(1, len(made) + 1)]
    assert beside.begun == 0 and {mark for mark, _ in beside.given} == {None}


def _watch(*observers: Any, clock: VirtualClock | None = None, **given: Any) -> CallWatch:
    watching = Watching(observers, clock or VirtualClock())
    return CallWatch(watching, blank("chat", ("acme/m",)), given.pop("request", chat_request()), **given)


def _answered(watch: CallWatch, clock: VirtualClock, response: ChatResponse | None = None) -> None:
    watch.attempt(AT, clock.mono(), waited_s=0.0)
    clock.advance(1.0)
    watch.whole(clock.mono())
    watch.done(response or answer(), outcome())


def test_a_call_whose_caller_goes_away_is_told_late_as_at_once() -> None:
    late, once = Late(), Remembers()
    for observer in (late, once):
        clock = VirtualClock()
        watch = _watch(observer, clock=clock)
        watch.attempt(AT, clock.mono(), waited_s=0.0)
        clock.advance(1.0)
        watch.left()
    (made,) = [one.record() for one in late.calls]
    assert _alike([made]) == _alike(once.calls)
    assert (made.outcome, made.attempts[0].outcome, late.calls[0].tries) == ("cancelled", "cancelled", 1)


@pytest.mark.parametrize("wait", [False, True])
def test_what_comes_between_two_attempts_that_ended_well_belongs_to_the_second(wait: bool) -> None:
    """A repair asks again after an answer that was whole."""
    late, clock = Late(), VirtualClock()
    watch = _watch(late, clock=clock)
    watch.queued(0.25)
    watch.attempt(AT, clock.mono(), waited_s=0.0)
    clock.advance(1.0)
    watch.whole(clock.mono())
    if wait:
        watch.queued(0.5)
    _answered(watch, clock)
    (call,) = late.calls
    assert call.tries == 2
    made = call.record()
    assert [one.queued_s for one in made.attempts] == [0.25, 0.5 if wait else 0.0]
    assert [(one.began_s, one.took_s, one.outcome) for one in made.attempts] == [
        (0.0, 1.0, "answered"),
        (1.0, 1.0, "answered"),
    ]
    assert (made.first_s, made.took_s) == (2.0, 2.0)


def test_what_a_watch_is_told_after_the_end_changes_nothing() -> None:
    late, clock = Late(), VirtualClock()
    watch = _watch(late, clock=clock)
    _answered(watch, clock)
    held = {name: getattr(watch, name) for name in CallWatch.__slots__}
    watch.failed(OverloadedError("busy", status=503), 9.0, billed=True)
    watch.broke(OverloadedError("busy", status=503))
    watch.left()
    watch.answered(9.0)
    watch.whole(9.0)
    watch.first(9.0)
    watch.done(answer(), outcome())
    assert held == {
        name: getattr(watch, name) for name in CallWatch.__slots__
    }  # another thread may be reading
    (call,) = late.calls
    made = call.record()
    assert (made.outcome, made.took_s, call.tries) == ("answered", 1.0, 1)
    assert [one.took_s for one in made.attempts] == [1.0]


def test_a_call_that_ended_well_without_an_attempt_has_none() -> None:
    late, clock = Late(), VirtualClock()
    _watch(late, clock=clock).done(answer(), outcome(cached=True))
    (call,) = late.calls
    assert (call.tries, call.record().attempts, call.record().cached) == (0, (), True)


_SHARED = (type, ModuleType, FunctionType, MethodType, Deployment)


def _held(root: object) -> list[object]:
    """All that an object keeps alive, up to what belongs to the client: deployments, methods of clocks."""
    found: dict[int, object] = {}
    open_ends = [root]
    while open_ends:
        one = open_ends.pop()
        if id(one) in found or isinstance(one, _SHARED):
            continue
        found[id(one)] = one
        open_ends += gc.get_referents(one)
        if isinstance(one, msgspec.Struct):  # some are hidden from the collector
            open_ends += [getattr(one, name) for name in one.__struct_fields__]
    return [*found.values()]


@BOTH
@pytest.mark.parametrize("name", ["answered", "of a talk", "streamed", "failed", "interrupted", "embeddings"])
def test_a_late_record_keeps_nothing_of_what_was_said(name: str, ask: Ask) -> None:
    late = Late()
    with sims() as sim:
        COURSES[name][0](ask, sim, {"observers": [late]})
        for made in (False, True):
            for call in late.calls:
                held = _held(call)
                assert not [one for one in held if isinstance(one, (ChatRequest, ChatResponse, Message))]
                texts = [one for one in held if isinstance(one, (str, bytes))]
                assert len(texts) > 3 and not [text for text in texts if SAID in str(text)]
                assert made or call.record().operation


def test_the_providers_own_usage_is_let_go_for_it_may_hold_the_whole_reply() -> None:
    late, clock = Late(), VirtualClock()
    reply = b'{"usage": {"in": 1}, "text": "%s"}' % SAID.encode()
    usage = msgspec.json.decode(reply, type=dict[str, msgspec.Raw])["usage"]
    given = answer()
    before = sys.getrefcount(reply)
    _answered(_watch(late, clock=clock), clock, replace(given, usage=replace(given.usage, raw=usage)))
    del usage
    assert sys.getrefcount(reply) < before
    assert late.calls[0].record().usage == given.usage


def test_ids_sort_by_when_calls_began_whenever_they_are_asked_for() -> None:
    late, clock = Late(), VirtualClock()
    watching = Watching([late], clock)
    watches = []
    for _ in range(5):
        watches.append(CallWatch(watching, blank("chat", ("acme/m",)), chat_request()))
        clock.advance(0.25)
    for watch in reversed(watches):
        _answered(watch, clock)
    made = [call.record() for call in late.calls]
    assert [one.id for one in sorted(made, key=lambda one: one.at)] == sorted([one.id for one in made])
    assert len({one.id for one in made}) == 5


def test_threads_that_ask_at_once_are_given_the_same() -> None:
    switching = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(30):
            late, clock = Late(), VirtualClock()
            _answered(_watch(late, clock=clock, conversation="c1"), clock)
            (call,), start, found = late.calls, threading.Barrier(4), list[CallRecord]()

            def asks(
                call: LateRecord = call, start: threading.Barrier = start, found: list[CallRecord] = found
            ) -> None:
                start.wait(10)
                found.append(call.record())

            threads = [threading.Thread(target=asks) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(10)
            assert len(found) == 4 and found == [call.record()] * 4
    finally:
        sys.setswitchinterval(switching)


def test_one_that_fails_late_neither_fails_the_call_nor_keeps_others_from_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(Late):
        def began(self) -> int:
            raise ValueError("no beginning")

        def over(self, late: LateRecord, began: Any, content: Content | None) -> None:
            assert began is None
            raise ZeroDivisionError("no end")

    whole = Late()
    with caplog.at_level(logging.ERROR, "baimo"), sims() as sim:
        assert ask_sync(sim, "chat", FLASH, "Hi", client={"observers": [Broken(), whole]}).text
    assert [one.message for one in caplog.records] == ["the observer 'Broken' failed"] * 2
    assert len(whole.calls) == 1 and whole.given == [(1, None)]


def test_what_was_said_is_given_to_those_who_want_it() -> None:
    wants, other = Late(wants_content=True), Late()
    with sims() as sim:
        ask_sync(sim, "chat", FLASH, SAID, client={"observers": [wants, other]})
    ((_, content),) = wants.given
    assert content is not None and content.request is not None and content.response is not None
    assert content.request.messages[0].text == SAID
    assert other.given == [(1, None)]


def test_names_that_an_observer_of_the_users_own_has_mean_nothing() -> None:
    class Own(Remembers):
        marks: tuple[str, ...] = ()

        def over(self, *given: Any) -> None:
            raise AssertionError("nobody asked for it")

    own = Own()
    with sims() as sim:
        ask_sync(sim, "chat", FLASH, "Hi", client={"observers": [own]})
    assert own.one.outcome == "answered"


def test_an_observer_that_is_given_twice_is_told_twice() -> None:
    late, once = Late(), Remembers()
    clock = VirtualClock()
    _answered(_watch(late, once, late, once, clock=clock), clock)
    assert [mark for mark, _ in late.given] == [1, 2] and len(once.calls) == 2


def test_a_message_is_what_is_looked_for() -> None:
    """The look through what is held sees what it should."""
    said = Message(role=Role.USER, content=(Text(text=SAID),))
    assert SAID in _held([("x", said)]) and said in _held([said])
