"""The loop of a run: ask the model, call the tools that it asks for, tell it what they gave, ask again.

A generator without I/O: whoever drives it carries out its steps (`baimo.tools.steps`) and sends the answers
back; an error of the call of the model is thrown in.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from baimo.errors import AnswerFormatError, Error, InputError, StepLimitError, TimedOutError, ToolError
from baimo.resilience.timing import NO_DEADLINE, Deadline
from baimo.steps import Now
from baimo.types.chat import ChatResponse, FinishReason, Message, Role
from baimo.types.content import Text, ToolCall
from baimo.types.tools import ToolChoice

from .emulation import Emulation
from .offered import Offered
from .records import RunResult, RunStep, Status, ToolCalled, ToolReturned, ToolRun
from .results import failure_of, result_of
from .runnable import ToolContext, ToolUse
from .steps import (
    AskApproval,
    AskModel,
    Ended,
    LoopStep,
    RunTools,
    Show,
    TellAfter,
    TellBefore,
    TellStep,
)

Loop: TypeAlias = Generator[LoopStep, Any, RunResult]
Calls: TypeAlias = Generator[LoopStep, Any, tuple[ToolRun, ...]]


class RunRules(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a run, besides the conversation and the tools."""

    max_steps: int = 16
    """The most calls of the model."""
    parallel: bool = True
    """Whether calls of one answer are made at the same time."""
    tool_timeout: float | None = None
    """Seconds for each call of a tool that has no timeout of its own."""
    total: float | None = None
    """Seconds for the whole run."""
    on_tool_error: Literal["tell", "raise"] = "tell"
    tool_choice: ToolChoice | None = None
    system: str | None = None
    emulates: bool = False
    """Whether tools are described to the model in its prompt."""
    context: Any = None


class ToolLoop:
    """One run. `steps` is to be driven once."""

    def __init__(self, messages: tuple[Message, ...], offered: Offered, rules: RunRules) -> None:
        self._messages = messages
        self._offered = offered
        self._rules = rules
        self._steps: list[RunStep] = []
        self._pending: tuple[ToolCall, ...] = ()
        self._deadline = NO_DEADLINE
        self._emulation = Emulation(offered.specs, rules.tool_choice) if rules.emulates else None

    def so_far(self) -> RunResult:
        """What is done until now."""
        return RunResult(messages=self._messages, steps=tuple(self._steps), pending=self._pending)

    def steps(self) -> Loop:
        """The run. Raises what ends it early, each `Error` with the run so far as `.run`."""
        try:
            return (yield from self._steps_of_run())
        except Error as error:
            if error.run is None:
                error.run = self.so_far()
            raise

    def _steps_of_run(self) -> Loop:
        rules = self._rules
        if rules.total is not None:
            _, now = yield Now()
            self._deadline = Deadline(rules.total, now=now)
        choice = rules.tool_choice
        for number in range(1, rules.max_steps + 1):
            asked = self._asked(choice, (yield from self._left()))
            response: ChatResponse = yield asked
            if choice is not None and choice.mode == "required":
                choice = None  # forced once: the model would call tools for ever
            unread = None
            if self._emulation is not None:
                response, unread = self._emulation.read(response, number)
            if (yield from self._step(number, response, unread)):
                return self.so_far()
        raise StepLimitError(
            f"the model still asks for tools after {rules.max_steps} steps",
            hint="Give error.run.messages to another run to go on, or allow more with max_steps.",
        )

    def _asked(self, choice: ToolChoice | None, left: float | None) -> AskModel:
        if self._emulation is not None:
            is_forced = choice is not None and choice.mode == "required"
            messages, system = self._emulation.told(self._messages, self._rules.system, forced=is_forced)
            return AskModel(messages=messages, system=system, timeout=left)
        return AskModel(
            messages=self._messages,
            tools=self._offered.specs,
            tool_choice=choice if self._offered.specs else None,
            system=self._rules.system,
            timeout=left,
        )

    def _left(self) -> Generator[LoopStep, Any, float | None]:
        """Seconds that the run may still take. Raises TimedOutError where there are none."""
        if not self._deadline.is_set:
            return None
        _, now = yield Now()
        left = self._deadline.left(now)
        if not left:
            raise TimedOutError(f"the run took longer than {self._rules.total:g} s", limit="total")
        return left

    def _step(
        self, number: int, response: ChatResponse, unread: str | None
    ) -> Generator[LoopStep, Any, bool]:
        """One answer, with the calls that it asks for; whether it is the last one."""
        message = response.message
        if message.content:
            self._messages += (message,)
        is_withdrawn = bool(response.choices) and response.choices[0].withdrawn is not None
        calls = () if is_withdrawn else response.tool_calls
        made = [call for call in calls if self._is_made_here(call)]
        self._pending = calls
        self._steps.append(RunStep(number=number, response=response))
        runs: list[ToolRun] = []
        stopping: Error | None = None
        for group in [made] if self._rules.parallel else [[call] for call in made]:
            runs += yield from self._calls(group, number)
            stopping = self._stopping(runs)
            if stopping is not None:
                break
        self._keep(number, response, runs)
        if unread is not None:
            self._messages += (Message(role=Role.USER, content=(Text(text=unread),)),)
        yield TellStep(self._steps[-1])
        if stopping is not None:
            raise stopping
        goes_on = bool(runs) or unread is not None or response.finish_reason is FinishReason.PAUSE
        return bool(self._pending) or not goes_on

    def _is_made_here(self, call: ToolCall) -> bool:
        """Whether it is called here, or at least answered: a tool that was only declared is not."""
        return self._offered[call.name] is not None or call.name not in self._offered

    def _keep(self, number: int, response: ChatResponse, runs: list[ToolRun]) -> None:
        """Take in what the calls of a step gave."""
        if not runs:
            return
        done = [run.call for run in runs]
        self._pending = tuple([call for call in self._pending if not any(call is one for one in done)])
        self._steps[-1] = RunStep(number=number, response=response, calls=tuple(runs))
        self._messages += (Message(role=Role.TOOL, content=tuple([run.result for run in runs])),)

    def _stopping(self, runs: list[ToolRun]) -> Error | None:
        """The error of a tool that ends the run, where one does."""
        for run in runs:
            error = run.error
            if isinstance(error, ToolError) and error.stop:
                error.tool = error.tool or run.call.name
                return error
            if self._rules.on_tool_error == "raise" and run.status in ("failed", "timed_out"):
                stop = ToolError(f"the tool {run.call.name} failed: {_said(error)}", tool=run.call.name)
                stop.__cause__ = error
                return stop
        return None

    def _calls(self, calls: list[ToolCall], number: int) -> Calls:
        """Calls that are made at the same time."""
        runs: dict[int, ToolRun] = {}
        uses: dict[int, ToolUse] = {}
        for at, call in enumerate(calls):
            yield Show(ToolCalled(call=call, step=number))
            found = yield from self._begun(call, number)
            if isinstance(found, ToolUse):
                uses[at] = found
            else:
                runs[at] = found
        if uses:
            left = yield from self._left()
            timeouts = tuple([_least(self._timeout(use), left) for use in uses.values()])
            ended: tuple[Ended, ...] = yield RunTools(tuple(uses.values()), timeouts)
            for (at, use), end in zip(uses.items(), ended, strict=True):
                runs[at] = _ran(use, end)
        for at in range(len(calls)):
            stands = yield TellAfter(runs[at])
            if stands is not None:
                runs[at] = replace(runs[at], result=result_of(stands, calls[at]))
            yield Show(ToolReturned(run=runs[at], step=number))
        return tuple([runs[at] for at in range(len(calls))])

    def _timeout(self, use: ToolUse) -> float | None:
        return self._rules.tool_timeout if use.tool.timeout is None else use.tool.timeout

    def _begun(self, call: ToolCall, number: int) -> Generator[LoopStep, Any, ToolRun | ToolUse]:
        """A call that can be made, or what came of it already."""
        tool = self._offered[call.name]
        if tool is None:
            words = self._offered.lacking(call.name)
            return _failed(call, "unknown_tool", words, InputError(words))
        try:
            arguments = tool.read(call.arguments)
        except AnswerFormatError as error:
            fault = error.detail or error.fault
            words = f"The arguments are not what {call.name} takes: {fault}, at {error.path}."
            return _failed(call, "bad_arguments", words, error)
        context = ToolContext(call=call, step=number, messages=self._messages, value=self._rules.context)
        use = ToolUse(call=call, tool=tool, arguments=arguments, context=context)
        if tool.asks_first(arguments):
            allowed = yield AskApproval(use)
            if allowed is not True:
                why = f": {allowed}" if isinstance(allowed, str) and allowed else "."
                refused = _failed(call, "refused", f"The user did not allow this call{why}", None)
                return replace(refused, arguments=arguments)
        stands = yield TellBefore(use)
        if stands is None:
            return use
        return ToolRun(
            call=call, result=result_of(stands, call), status="replaced", value=stands, arguments=arguments
        )


def _ran(use: ToolUse, ended: Ended) -> ToolRun:
    """What came of a call that was made."""
    call, error = use.call, ended.error
    if error is None:
        try:
            result = result_of(ended.value, call)
        except (TypeError, ValueError) as unwritten:
            return replace(_failed(call, "failed", _said(unwritten), unwritten), arguments=use.arguments)
        return ToolRun(call=call, result=result, value=ended.value, arguments=use.arguments)
    is_late = isinstance(error, TimedOutError) and error.limit == "tool"
    status: Status = "timed_out" if is_late else "failed"
    return replace(_failed(call, status, _said(error), error), arguments=use.arguments)


def _failed(call: ToolCall, status: Status, words: str, error: Exception | None) -> ToolRun:
    return ToolRun(call=call, result=failure_of(words, call), status=status, error=error)


def _said(error: Exception | None) -> str:
    """What the model is told of an exception: its kind and its words, or the words alone that it chose."""
    if isinstance(error, Error):
        return error.message
    words = str(error).strip()
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _least(one: float | None, other: float | None) -> float | None:
    given = [seconds for seconds in (one, other) if seconds is not None]
    return min(given, default=None)


def late(name: str, seconds: float) -> TimedOutError:
    """The error of a tool that took too long."""
    return TimedOutError(f"the tool {name} took longer than {seconds:g} s", limit="tool")
