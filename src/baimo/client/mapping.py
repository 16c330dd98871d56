"""Many calls at once on threads, answered in order, with bounded memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeAlias, TypeVar
from weakref import WeakSet

from baimo.errors import InputError

from .options import ChatOptions, Messages, Model

Row: TypeAlias = Messages | Mapping[str, Any]
"""One input of `map`: messages, or a mapping with messages (or prompt) and options of its own."""

T = TypeVar("T")
R = TypeVar("R")

Works: TypeAlias = "WeakSet[Work[Any, Any]]"
_SETTLES_S = 2.0
"""How long calls that were broken off are waited for."""
_AHEAD = 4
"""How many times `concurrency` may be answered ahead of the one that is read next."""


def read_row(row: Row, model: Model, options: ChatOptions) -> tuple[Model, Messages, ChatOptions]:
    """Model, messages and options of one input. Raises InputError."""
    if not isinstance(row, Mapping) or "role" in row:
        return model, [row] if isinstance(row, Mapping) else row, options
    own: dict[str, Any] = {**options, **row}
    messages = own.pop("messages", None)
    prompt = own.pop("prompt", None)
    if (messages is None) == (prompt is None):
        raise InputError("an input needs either messages or prompt")
    row_model = own.pop("model", model)
    return row_model, prompt if messages is None else messages, own  # type: ignore[return-value]


def check_concurrency(concurrency: int) -> None:
    """Raises InputError unless it is a whole number from 1 up."""
    if type(concurrency) is not int or concurrency < 1:
        raise InputError(f"concurrency must be a whole number from 1 up, got {concurrency!r}")


def run_all(
    call: Callable[[T], R], inputs: Iterable[T], concurrency: int, *, works: Works | None = None
) -> Iterator[R]:
    """`call` for each input on `concurrency` threads; results in the order of the inputs.

    Inputs are taken only as they are needed; an error of `call` or of the inputs ends the iteration. It is
    put into `works`, where others see what is under way.
    """
    check_concurrency(concurrency)
    work = Work(call, inputs, concurrency)
    if works is not None:
        works.add(work)
    return _read(work)


def settle(works: Works) -> None:
    """Return when the calls that are under way are over, for all of them were broken off: soon, if at all."""
    end = time.monotonic() + _SETTLES_S
    for work in list(works):
        work.settle(end - time.monotonic())


def _read(work: Work[T, R]) -> Iterator[R]:
    work.start()
    try:
        while True:
            found = work.take()
            if not found:
                return
            yield found[0]
    finally:
        work.stop()


class Work(Generic[T, R]):
    """What the threads of one `run_all` share, under one lock."""

    def __init__(self, call: Callable[[T], R], inputs: Iterable[T], concurrency: int) -> None:
        self._call = call
        self._inputs = iter(inputs)
        self._concurrency = concurrency
        self._changed = threading.Condition()
        self._taking = threading.Lock()
        self._started = 0
        self._read = 0
        self._done: dict[int, R] = {}
        self._ended = False
        self._failure: BaseException | None = None
        self._threads = 0
        self._calling: set[int] = set()
        """The inputs whose calls are under way."""

    def start(self) -> None:
        """Start the first thread; each starts the next one while there is work."""
        self._add_thread()

    def take(self) -> tuple[R] | None:
        """The next result in order, or None after the last."""
        with self._changed:
            while True:
                if self._failure is not None:
                    raise self._failure
                if self._read in self._done:
                    result = self._done.pop(self._read)
                    self._read += 1
                    self._changed.notify_all()
                    return (result,)
                if self._ended and self._read >= self._started:
                    return None
                self._changed.wait()

    def stop(self) -> None:
        """No further input is begun; calls under way end by themselves."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def settle(self, within_s: float) -> None:
        """Wait until the calls that are under way now are over."""
        with self._changed:
            calling = set(self._calling)
            self._changed.wait_for(lambda: calling.isdisjoint(self._calling), max(within_s, 0.0))

    def _add_thread(self) -> None:
        self._threads += 1
        name = f"baimo-map-{self._threads}"
        threading.Thread(
            target=self._run, args=(self._threads == self._concurrency,), name=name, daemon=True
        ).start()

    def _run(self, last_thread: bool) -> None:
        begun = False
        while (job := self._next_job()) is not None:
            if not begun and not last_thread:
                begun = True
                self._add_thread()
            index, one = job
            try:
                result = self._call(one)
            except BaseException as error:
                self._calling.discard(index)
                self._fail(error)
                return
            with self._changed:
                self._calling.discard(index)
                self._done[index] = result
                self._changed.notify_all()

    def _next_job(self) -> tuple[int, T] | None:
        with self._taking:
            with self._changed:
                while not self._ended and self._started - self._read >= _AHEAD * self._concurrency:
                    self._changed.wait()
                if self._ended:
                    return None
            try:
                one = next(self._inputs)
            except StopIteration:
                self.stop()
                return None
            except BaseException as error:
                self._fail(error)
                return None
            with self._changed:
                index = self._started
                self._started += 1
                self._calling.add(index)
            return index, one

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            self._failure = error
            self._ended = True
            self._changed.notify_all()
