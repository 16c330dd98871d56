"""Looking names up: on few threads, cached, shared, and left behind at the deadline."""

from __future__ import annotations

import os
import socket
import threading

import pytest

from baimo.transports.names import MAX_THREADS, Address, Answer, Resolver, interleaved, system_lookup
from tests.transports.contract import wait_until

V4, V6 = socket.AF_INET, socket.AF_INET6
ANSWER: list[Address] = [(V4, ("10.0.0.1", 0)), (V6, ("fd00::1", 0, 0, 0))]


class Lookup:
    """Answers when told to; counts what it was asked for."""

    def __init__(self, *, is_open: bool = True) -> None:
        self.asked: list[str] = []
        self.gate = threading.Event()
        if is_open:
            self.gate.set()

    def __call__(self, host: str) -> list[Address]:
        self.asked.append(host)
        self.gate.wait(10)
        if host == "missing.test":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if host == "odd.test":
            raise UnicodeError("label too long")
        return ANSWER


def test_an_answer_has_the_port_that_was_asked_for() -> None:
    found = Resolver(Lookup()).wait_for("a.test", 443, 5)
    assert found == [(V4, ("10.0.0.1", 443)), (V6, ("fd00::1", 443, 0, 0))]


def test_an_answer_is_kept_for_a_while() -> None:
    now = 100.0
    lookup = Lookup()
    resolver = Resolver(lookup, clock=lambda: now)
    for _ in range(3):
        resolver.wait_for("a.test", 1, 5)
    assert lookup.asked == ["a.test"]
    now += 30
    assert resolver.at_once("a.test", 1) is None
    resolver.wait_for("a.test", 1, 5)
    assert lookup.asked == ["a.test", "a.test"]


def test_a_failure_is_not_kept() -> None:
    lookup = Lookup()
    resolver = Resolver(lookup)
    for _ in range(2):
        with pytest.raises(socket.gaierror):
            resolver.wait_for("missing.test", 1, 5)
    assert len(lookup.asked) == 2


def test_a_name_that_is_no_name_is_a_failed_look_up() -> None:
    with pytest.raises(socket.gaierror, match="not valid"):
        Resolver(Lookup()).wait_for("odd.test", 1, 5)


def test_a_slow_look_up_is_left_behind_at_the_deadline_and_its_answer_kept() -> None:
    lookup = Lookup(is_open=False)
    resolver = Resolver(lookup)
    with pytest.raises(TimeoutError):
        resolver.wait_for("slow.test", 1, 0.02)
    lookup.gate.set()
    wait_until(lambda: resolver.at_once("slow.test", 1))
    assert lookup.asked == ["slow.test"]


def test_many_who_ask_for_one_name_share_one_look_up() -> None:
    lookup = Lookup(is_open=False)
    resolver = Resolver(lookup)
    answers: list[Answer] = []
    for _ in range(20):
        resolver.ask("a.test", answers.append)
    lookup.gate.set()
    wait_until(lambda: len(answers) == 20)
    assert lookup.asked == ["a.test"]


def test_there_are_never_more_threads_than_allowed() -> None:
    lookup = Lookup(is_open=False)
    resolver = Resolver(lookup)
    answers: list[Answer] = []
    before = threading.active_count()
    for number in range(20):
        resolver.ask(f"{number}.test", answers.append)
    wait_until(lambda: len(lookup.asked) == MAX_THREADS)
    assert threading.active_count() - before == MAX_THREADS
    lookup.gate.set()
    wait_until(lambda: len(answers) == 20)
    assert sorted(lookup.asked) == sorted(f"{number}.test" for number in range(20))


def test_a_thread_that_has_nothing_to_do_is_used_again() -> None:
    lookup = Lookup()
    resolver = Resolver(lookup)
    before = threading.active_count()
    for number in range(10):
        resolver.wait_for(f"{number}.test", 1, 5)
        wait_until(lambda: resolver._free_threads)
    assert threading.active_count() - before <= 1


@pytest.mark.parametrize(
    ("host", "addresses"),
    [
        ("127.0.0.1", [(V4, ("127.0.0.1", 80))]),
        ("::1", [(V6, ("::1", 80, 0, 0))]),
        ("localhost", [(V4, ("127.0.0.1", 80)), (V6, ("::1", 80, 0, 0))]),
        ("x.localhost", [(V4, ("127.0.0.1", 80)), (V6, ("::1", 80, 0, 0))]),
    ],
)
def test_what_needs_no_look_up_gets_none(host: str, addresses: list[Address]) -> None:
    lookup = Lookup()
    assert Resolver(lookup).wait_for(host, 80, 0) == addresses
    assert lookup.asked == []


def test_the_system_is_asked_for_stream_addresses() -> None:
    assert (V4, ("127.0.0.1", 0)) in system_lookup("127.0.0.1")


def test_a_child_process_has_threads_of_its_own() -> None:
    resolver = Resolver(Lookup())
    resolver.wait_for("a.test", 1, 5)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            resolver._forget()
            code = 0 if resolver.wait_for("b.test", 1, 5) else 1
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0


def test_families_take_turns() -> None:
    a, b, c = ((V6, (name, 0, 0, 0)) for name in ("a", "b", "c"))
    d = (V4, ("d", 0))
    assert interleaved([a, b, c, d]) == [a, d, b, c]
    assert interleaved([d, a, b]) == [d, a, b]
    assert interleaved([a]) == [a]
