"""Names to addresses on a few daemon threads of our own, so that a slow look-up can be left behind.

The system's look-up cannot be stopped once begun. A thread that is stuck in it holds up neither the caller,
who stops waiting at the deadline, nor the end of the process.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, TypeAlias

from baimo.transports.origin import is_ip, is_loopback

Address: TypeAlias = tuple[int, tuple[Any, ...]]
"""Family and socket address."""
Answer: TypeAlias = "list[Address] | OSError"

MAX_THREADS = 4
CACHED_S = 30.0
_THREAD_LINGERS_S = 5.0
_MAX_CACHED = 256


def system_lookup(host: str) -> list[Address]:
    """All addresses of a name, in the order in which the system would try them."""
    found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [(family, address) for family, _, _, _, address in found]


class Resolver:
    """Looks names up. May be asked from any thread; each answer is kept for 30 s."""

    def __init__(
        self,
        lookup: Callable[[str], list[Address]] = system_lookup,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lookup = lookup
        self._clock = clock
        self._forget()

    def at_once(self, host: str, port: int) -> list[Address] | None:
        """The addresses where no look-up is needed: literal ones, loopback names, cached answers.

        Raises OSError for a malformed literal address.
        """
        if is_ip(host):
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
            return [(family, address) for family, _, _, _, address in found[:1]]
        if is_loopback(host):
            # Local servers listen on IPv4 far more often than on IPv6 alone.
            return [(socket.AF_INET, ("127.0.0.1", port)), (socket.AF_INET6, ("::1", port, 0, 0))]
        with self._changes:
            addresses, until = self._cached.get(host, ([], 0.0))
            return with_port(addresses, port) if self._clock() < until else None

    def ask(self, host: str, done: Callable[[Answer], None]) -> None:
        """Look a name up; `done` is called on one of the threads, with port 0 in the addresses."""
        if self._pid != os.getpid():
            self._forget()
        with self._changes:
            callers = self._callers.setdefault(host, [])
            callers.append(done)
            if len(callers) > 1:
                return
            self._queue.append(host)
            if self._free_threads >= len(self._queue) or self._threads == MAX_THREADS:
                self._changes.notify()
                return
            self._threads += 1
        threading.Thread(target=self._work, name="baimo-names", daemon=True).start()

    def wait_for(
        self, host: str, port: int, within_s: float, here: threading.Event | None = None
    ) -> list[Address]:
        """The addresses of a name, waiting for them. Raises TimeoutError, or OSError where there are none.

        Who sets `here` ends the wait as time does.
        """
        found = self.at_once(host, port)
        if found is not None:
            return found
        here = here or threading.Event()
        answers: list[Answer] = []

        def done(answer: Answer) -> None:
            answers.append(answer)
            here.set()

        self.ask(host, done)
        if not here.wait(max(within_s, 0.0)) or not answers:
            raise TimeoutError(f"the name {host} was not found in time")
        if isinstance(answers[0], OSError):
            raise answers[0]
        return with_port(answers[0], port)

    def _forget(self) -> None:
        """A new process has none of the threads of the old one."""
        self._pid = os.getpid()
        self._changes = threading.Condition()
        self._queue: deque[str] = deque()
        self._callers: dict[str, list[Callable[[Answer], None]]] = {}
        self._cached: dict[str, tuple[list[Address], float]] = {}
        self._threads = 0
        self._free_threads = 0

    def _work(self) -> None:
        while (host := self._next()) is not None:
            answer: Answer
            try:
                answer = self._lookup(host)
            except OSError as error:
                answer = error
            except UnicodeError:
                answer = socket.gaierror(socket.EAI_NONAME, "the name is not valid")
            with self._changes:
                if isinstance(answer, list):
                    if len(self._cached) >= _MAX_CACHED:
                        self._cached.clear()
                    self._cached[host] = (answer, self._clock() + CACHED_S)
                callers = self._callers.pop(host, [])
            for done in callers:
                done(answer)

    def _next(self) -> str | None:
        with self._changes:
            self._free_threads += 1
            try:
                if not self._changes.wait_for(lambda: bool(self._queue), _THREAD_LINGERS_S):
                    self._threads -= 1
                    return None
                return self._queue.popleft()
            finally:
                self._free_threads -= 1


def with_port(addresses: list[Address], port: int) -> list[Address]:
    """The same addresses with that port."""
    return [(family, (address[0], port, *address[2:])) for family, address in addresses]


def interleaved(addresses: list[Address]) -> list[Address]:
    """The families in turn, beginning with the system's first choice (RFC 8305, section 4)."""
    first = [address for address in addresses if address[0] == addresses[0][0]]
    other = [address for address in addresses if address[0] != addresses[0][0]]
    mixed: list[Address] = []
    for at in range(max(len(first), len(other))):
        mixed += first[at : at + 1] + other[at : at + 1]
    return mixed
