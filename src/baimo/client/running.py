"""Runs of the blocking client: the loop of tools, driven."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any

from baimo.errors import Error
from baimo.steps import Now
from baimo.tools.records import RunEvent, RunResult
from baimo.tools.steps import (
    AskApproval,
    AskModel,
    LoopStep,
    RunTools,
    Show,
    TellAfter,
    TellBefore,
    TellStep,
)
from baimo.types.content import Text
from baimo.types.events import PartDelta, PartStarted, Started

from .calling import Caller
from .options import Model
from .run_options import OpenRun

if TYPE_CHECKING:
    from .client import Client
    from .streams import ChatStream


class RunTexts:
    """Picks the words for people out of the events of a run."""

    def __init__(self) -> None:
        self._texts: set[int] = set()

    def pick(self, event: RunEvent) -> str:
        """The piece of text that this event brings; empty where it brings none."""
        if type(event) is PartDelta:
            return event.text if event.choice == 0 and event.index in self._texts else ""
        if type(event) is Started:
            self._texts.clear()
        elif type(event) is PartStarted and event.choice == 0 and type(event.part) is Text:
            self._texts.add(event.index)
            return event.part.text
        return ""


class RunState:
    """What a run that is being driven knows; the two kinds add how they go on."""

    def __init__(self, model: Model, opened: OpenRun, *, streams: bool) -> None:
        self._model = model
        self._opened = opened
        self._streams = streams
        self._steps = opened.loop.steps()
        self._answer: Any = None
        self._failure: Error | None = None
        self._begun = False
        self._over = False

    @property
    def result(self) -> RunResult:
        """The run, as far as it is done."""
        return self._opened.loop.so_far()

    def _next(self) -> LoopStep | None:
        """The next step; None where the run is over."""
        self._begun = True
        failure, self._failure = self._failure, None
        answer, self._answer = self._answer, None
        try:
            return self._steps.send(answer) if failure is None else self._steps.throw(failure)
        except StopIteration:
            return None

    def _forgotten(self) -> bool:
        return getattr(self, "_begun", False) and not self._over


def warn_forgotten(source: object) -> None:
    """Tell of a run that nobody read to its end."""
    warnings.warn(
        "a run was forgotten before its end; read it to the end or use it inside with",
        ResourceWarning,
        stacklevel=3,
        source=source,
    )


class RunStream(RunState):
    """A run, as it happens: the events of each answer, and `ToolCalled` and `ToolReturned` between them.

    Iterate over it for events, or over `.text` for the words alone; `.result` is what is done until now, and
    after the last event the whole. Inside `with` leaving early closes the connection at once.

    Raises what `Client.run` raises.
    """

    def __init__(self, client: Client, model: Model, opened: OpenRun, *, streams: bool = True) -> None:
        super().__init__(model, opened, streams=streams)
        self._client = client
        self._caller = Caller()
        self._stream: ChatStream | None = None

    def __iter__(self) -> Iterator[RunEvent]:
        return self

    def __next__(self) -> RunEvent:
        try:
            while not self._over:
                event = self._go_on() if self._stream is None else self._read(self._stream)
                if event is not None:
                    return event
        except BaseException:
            self.close()
            raise
        raise StopIteration

    @property
    def text(self) -> Iterator[str]:
        """The words for people of all answers, piece by piece."""
        texts = RunTexts()
        for event in self:
            if piece := texts.pick(event):
                yield piece

    def to_end(self) -> RunResult:
        """Go on to the end."""
        for _ in self:
            pass
        return self.result

    def close(self) -> None:
        """Go no further: the connection is closed, async tools are cancelled."""
        self._over = True
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
        self._steps.close()
        self._caller.close()

    def __enter__(self) -> RunStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if self._forgotten():
            self.close()
            warn_forgotten(self)

    def _go_on(self) -> RunEvent | None:
        """Carry out one step."""
        step = self._next()
        if step is None:
            self.close()
            return None
        if type(step) is Show:
            return step.event
        try:
            self._answer = _CARRIED_OUT[type(step)](self, step)
        except Error as error:
            self._failure = error
        return None

    def _read(self, stream: ChatStream) -> RunEvent | None:
        """The next event of an answer."""
        try:
            return next(stream)
        except StopIteration:
            self._answer = stream.response
        except Error as error:
            self._failure = error
        self._stream = None
        return None

    def _ask(self, step: AskModel) -> Any:
        options = self._opened.chat_options(step)
        if not self._streams:
            return self._client.chat(self._model, step.messages, **options)
        self._stream = self._client.stream(self._model, step.messages, **options)
        return None

    def _now(self, step: Now) -> tuple[float, float]:
        clock = self._client.clock
        return clock.wall(), clock.mono()


_CARRIED_OUT: dict[type, Callable[[RunStream, Any], Any]] = {
    Now: RunStream._now,
    AskModel: RunStream._ask,
    AskApproval: lambda run, step: run._caller.ask(run._opened.approve, step.use),
    TellBefore: lambda run, step: run._caller.ask(run._opened.before_tool, step.use),
    RunTools: lambda run, step: run._caller.run(step),
    TellAfter: lambda run, step: run._caller.ask(run._opened.after_tool, step.run),
    TellStep: lambda run, step: run._caller.ask(run._opened.on_step, step.step),
}
