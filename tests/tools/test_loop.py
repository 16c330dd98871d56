"""The loop of a run, driven by hand: what it asks for, in which order, and what it makes of the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from baimo.errors import (
    AnswerFormatError,
    InputError,
    RateLimitedError,
    StepLimitError,
    TimedOutError,
    ToolError,
)
from baimo.steps import Now
from baimo.tools.function import PythonTool, tool
from baimo.tools.loop import RunRules, ToolLoop, late
from baimo.tools.offered import Offered
from baimo.tools.records import RunResult, RunStep, ToolCalled, ToolReturned
from baimo.tools.runnable import ToolContext
from baimo.tools.steps import (
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
from baimo.types.chat import ChatResponse, Choice, FinishReason, Message, Role
from baimo.types.content import Replay, Text, Thinking, ToolCall, ToolResult
from baimo.types.tools import CustomTool, FunctionTool, ServerTool, ToolChoice

HI = Message(role=Role.USER, content=(Text(text="Hi"),))


def double(n: int) -> int:
    """Twice as much."""
    return 2 * n


def fails(why: str) -> None:
    """Raises."""
    if why == "stop":
        raise ToolError("enough", stop=True)
    raise ValueError(why)


def calls(
    *wanted: tuple[str, str], finish: FinishReason = FinishReason.TOOL_CALLS, **choice: Any
) -> ChatResponse:
    """An answer that calls tools."""
    content = tuple(
        [ToolCall(id=f"c{at}", name=name, arguments=text) for at, (name, text) in enumerate(wanted, 1)]
    )
    message = Message(role=Role.ASSISTANT, content=(Thinking(text="Hm."), *content))
    return ChatResponse(choices=(Choice(message=message, finish_reason=FinishReason.TOOL_CALLS, **choice),))


def says(text: str, finish: FinishReason = FinishReason.STOP) -> ChatResponse:
    content = (Text(text=text),) if text else ()
    return ChatResponse(
        choices=(Choice(message=Message(role=Role.ASSISTANT, content=content), finish_reason=finish),)
    )


class Driver:
    """Carries out the steps of a loop without any I/O, and keeps them."""

    def __init__(
        self,
        *answers: ChatResponse | Exception,
        tools: Any = (double, fails),
        messages: tuple[Message, ...] = (HI,),
        approve: Callable[[Any], Any] = lambda use: True,
        before: Callable[[Any], Any] = lambda use: None,
        after: Callable[[Any], Any] = lambda run: None,
        clock: Iterator[float] | None = None,
        ended: Callable[[Any], Ended] | None = None,
        **rules: Any,
    ) -> None:
        self.loop = ToolLoop(messages, Offered(tools), RunRules(**rules))
        self.asked: list[AskModel] = []
        self.shown: list[Any] = []
        self.groups: list[RunTools] = []
        self.kinds: list[str] = []
        self.told: list[RunStep] = []
        self._answers = iter(answers)
        self._hooks = {AskApproval: approve, TellBefore: before, TellAfter: after}
        self._clock = clock or iter(range(1000))
        self._ended = ended or self._called

    def run(self) -> RunResult:
        steps = self.loop.steps()
        try:
            step = next(steps)
            while True:
                answer = self._answer(step)
                step = steps.throw(answer) if isinstance(answer, Exception) else steps.send(answer)
        except StopIteration as done:
            assert isinstance(done.value, RunResult)
            return done.value

    def _answer(self, step: LoopStep) -> Any:
        self.kinds.append(type(step).__name__)
        match step:
            case Now():
                return 0.0, float(next(self._clock))
            case AskModel():
                self.asked.append(step)
                return next(self._answers)
            case RunTools():
                self.groups.append(step)
                return tuple([self._ended(use) for use in step.uses])
            case Show():
                self.shown.append(step.event)
                return None
            case TellStep():
                self.told.append(step.step)
                return None
            case TellAfter():
                return self._hooks[TellAfter](step.run)
            case _:
                return self._hooks[type(step)](step.use)

    def _called(self, use: Any) -> Ended:
        try:
            return Ended(use.tool.call(use))
        except Exception as error:
            return Ended(None, error)


def test_tools_are_called_until_there_is_an_answer() -> None:
    driver = Driver(calls(("double", '{"n": 2}'), ("double", '{"n": 3}')), says("4 and 6"))
    found = driver.run()
    assert found.text == "4 and 6" and found.pending == ()
    first, thought, results, last = found.messages
    assert first == HI and thought.thinking == "Hm." and last.text == "4 and 6"
    assert results == Message(
        role=Role.TOOL,
        content=(
            ToolResult(call_id="c1", name="double", content=(Text(text="4"),)),
            ToolResult(call_id="c2", name="double", content=(Text(text="6"),)),
        ),
    )
    assert [(run.value, run.status, run.arguments) for run in found.calls] == [
        (4, "done", {"n": 2}),
        (6, "done", {"n": 3}),
    ]
    assert driver.asked[1].messages == (first, thought, results)
    assert driver.told == list(found.steps)
    assert driver.kinds == [
        *("AskModel", "Show", "TellBefore", "Show", "TellBefore", "RunTools"),
        *("TellAfter", "Show", "TellAfter", "Show", "TellStep", "AskModel", "TellStep"),
    ]
    assert [type(event) for event in driver.shown] == [ToolCalled, ToolCalled, ToolReturned, ToolReturned]


def test_one_after_the_other_where_they_must_not_run_at_the_same_time() -> None:
    driver = Driver(calls(("double", '{"n": 2}'), ("double", '{"n": 3}')), says("ok"), parallel=False)
    assert len(driver.run().calls) == 2
    assert [len(group.uses) for group in driver.groups] == [1, 1]
    assert [type(event) for event in driver.shown] == [ToolCalled, ToolReturned] * 2


@pytest.mark.parametrize(
    ("call", "status", "kind", "words"),
    [
        (("fails", '{"why": "no"}'), "failed", ValueError, "ValueError: no"),
        (("fails", '{"why": ""}'), "failed", ValueError, "ValueError"),
        (("double", '{"n": "x"}'), "bad_arguments", AnswerFormatError, "Expected `int`, got `str`, at $.n."),
        (("double", "{"), "bad_arguments", AnswerFormatError, "it is no JSON"),
        (("doubel", "{}"), "unknown_tool", InputError, "Did you mean double? The tools are: double, fails."),
        (("zzz", "{}"), "unknown_tool", InputError, "There is no tool named 'zzz'. The tools are"),
    ],
)
def test_what_goes_wrong_is_told_to_the_model_and_shown_in_the_step(
    call: tuple[str, str], status: str, kind: type, words: str
) -> None:
    found = Driver(calls(call), says("ok")).run()
    (run,) = found.calls
    assert (run.status, type(run.error), run.result.is_error) == (status, kind, True)
    assert words in str(run.result.content) and found.text == "ok"


def test_words_that_a_tool_chose_are_told_as_they_are() -> None:
    def closed() -> None:
        raise ToolError("the shop is closed")

    (run,) = Driver(calls(("closed", "")), says("ok"), tools=[closed]).run().calls
    assert run.result.content == (Text(text="the shop is closed"),)


def test_a_result_that_cannot_be_written_is_a_failure() -> None:
    def strange() -> object:
        return object()

    (run,) = Driver(calls(("strange", "")), says("ok"), tools=[strange]).run().calls
    assert (run.status, run.result.is_error, type(run.error)) == ("failed", True, TypeError)


def test_a_tool_ends_the_run() -> None:
    driver = Driver(
        calls(("fails", '{"why": "stop"}'), ("double", '{"n": 1}')), tools=(double, fails), parallel=False
    )
    with pytest.raises(ToolError, match="enough") as caught:
        driver.run()
    run = caught.value.run
    assert (caught.value.tool, [one.status for one in run.calls]) == ("fails", ["failed"])
    assert [call.name for call in run.pending] == ["double"]
    assert run.messages[-1].role is Role.TOOL and len(driver.told) == 1


def test_errors_of_tools_may_end_the_run() -> None:
    with pytest.raises(ToolError, match="the tool fails failed: ValueError: no") as caught:
        Driver(calls(("double", "{"), ("fails", '{"why": "no"}')), on_tool_error="raise").run()
    assert isinstance(caught.value.__cause__, ValueError)
    assert len(caught.value.run.calls) == 2


def test_an_error_of_the_model_has_what_was_done_before() -> None:
    with pytest.raises(RateLimitedError) as caught:
        Driver(calls(("double", '{"n": 1}')), RateLimitedError("slow down", status=429)).run()
    assert len(caught.value.run.steps) == 1 and len(caught.value.run.messages) == 3
    inner = ToolError("of a run inside", stop=True)
    inner.run = "its own"
    with pytest.raises(ToolError) as again:
        Driver(inner).run()
    assert again.value.run == "its own"


def test_the_last_step_is_done_before_the_limit_is_told() -> None:
    with pytest.raises(StepLimitError, match="after 2 steps") as caught:
        Driver(*[calls(("double", '{"n": 1}'))] * 2, max_steps=2).run()
    run = caught.value.run
    assert len(run.steps) == 2 and run.messages[-1].role is Role.TOOL
    found = Driver(says("go on"), messages=run.messages).run()
    assert found.messages[:-1] == run.messages


def test_a_forced_choice_holds_for_the_first_answer_only() -> None:
    for choice in (ToolChoice(mode="required"), ToolChoice(mode="required", allowed=("double",))):
        driver = Driver(calls(("double", '{"n": 1}')), says("ok"), tool_choice=choice)
        driver.run()
        assert [one.tool_choice for one in driver.asked] == [choice, None]
    free = ToolChoice(mode="auto", allowed=("double",))
    driver = Driver(calls(("double", '{"n": 1}')), says("ok"), tool_choice=free)
    driver.run()
    assert [one.tool_choice for one in driver.asked] == [free, free]
    driver = Driver(says("ok"), tools=(), tool_choice=free)
    driver.run()
    assert driver.asked[0].tool_choice is None


def test_a_pause_goes_on_and_an_empty_answer_is_no_message() -> None:
    driver = Driver(says("So far", FinishReason.PAUSE), says("", FinishReason.PAUSE), says("done"))
    found = driver.run()
    assert [message.text for message in found.messages] == ["Hi", "So far", "done"]
    assert len(found.steps) == 3


def test_what_was_taken_back_is_not_acted_on() -> None:
    found = Driver(calls(("double", '{"n": 1}'), withdrawn="moderated")).run()
    assert found.calls == () and found.pending == ()
    assert Driver(ChatResponse(choices=())).run().messages == (HI,)


def test_approval_is_asked_for_and_refusals_are_told() -> None:
    @tool(needs_approval=lambda given: given["yuan"] > 5)
    def pay(yuan: int) -> str:
        return f"paid {yuan}"

    asked: list[dict[str, Any]] = []
    answers = iter([True, False, "too much", None])

    def approve(use: Any) -> Any:
        asked.append(use.arguments)
        assert use.name == "pay" and use.context.messages[-1].tool_calls
        return next(answers)

    wanted = [("pay", f'{{"yuan": {yuan}}}') for yuan in (1, 6, 7, 8, 9)]
    found = Driver(calls(*wanted), says("ok"), tools=[pay], approve=approve).run()
    assert asked == [{"yuan": yuan} for yuan in (6, 7, 8, 9)]
    assert [run.status for run in found.calls] == ["done", "done", "refused", "refused", "refused"]
    words = [run.result.content[0] for run in found.calls[2:]]
    assert words == [
        Text(text="The user did not allow this call."),
        Text(text="The user did not allow this call: too much"),
        Text(text="The user did not allow this call."),
    ]


def test_hooks_may_answer_for_a_tool_and_change_what_is_told() -> None:
    before = {"c1": "kept", "c2": None}
    after = {"c1": None, "c2": "changed"}
    driver = Driver(
        calls(("double", '{"n": 1}'), ("double", '{"n": 2}')),
        says("ok"),
        before=lambda use: before[use.call.id],
        after=lambda run: after[run.call.id],
    )
    found = driver.run()
    assert [(run.status, run.value) for run in found.calls] == [("replaced", "kept"), ("done", 4)]
    assert [run.result.content for run in found.calls] == [(Text(text="kept"),), (Text(text="changed"),)]
    assert len(driver.groups[0].uses) == 1


def test_tools_that_are_only_described_end_the_run() -> None:
    tools = [double, FunctionTool(name="ask_user"), CustomTool(name="sql")]
    found = Driver(calls(("double", '{"n": 1}'), ("ask_user", "{}"), ("sql", "select")), tools=tools).run()
    assert [call.name for call in found.pending] == ["ask_user", "sql"]
    assert [run.value for run in found.calls] == [2]
    assert Driver(calls(("sql", "select")), tools=tools).run().messages[-1].role is Role.ASSISTANT


def test_times_are_those_of_the_tool_of_the_run_and_of_what_is_left() -> None:
    quick = PythonTool(double, name="quick", timeout=1)
    wanted = (("double", '{"n": 1}'), ("quick", '{"n": 1}'))
    driver = Driver(calls(*wanted), says("ok"), tools=[double, quick], tool_timeout=5)
    driver.run()
    assert driver.groups[0].timeouts == (5, 1) and driver.asked[0].timeout is None
    times = iter([0.0, 1.0, 7.0, 9.0])
    driver = Driver(calls(*wanted), says("ok"), tools=[double, quick], tool_timeout=5, total=10, clock=times)
    driver.run()
    assert [one.timeout for one in driver.asked] == [9.0, 1.0]
    assert driver.groups[0].timeouts == (3.0, 1)


def test_a_run_that_takes_too_long_ends() -> None:
    with pytest.raises(TimedOutError, match="the run took longer than 10 s") as caught:
        Driver(calls(("double", '{"n": 1}')), total=10, clock=iter([0.0, 1.0, 2.0, 10.0])).run()
    assert (caught.value.limit, len(caught.value.run.calls)) == ("total", 1)


def test_a_tool_that_takes_too_long_is_told() -> None:
    found = Driver(
        calls(("double", '{"n": 1}')), says("ok"), ended=lambda use: Ended(None, late(use.name, 2.5))
    ).run()
    (run,) = found.calls
    assert (run.status, run.result.content) == (
        "timed_out",
        (Text(text="the tool double took longer than 2.5 s"),),
    )


def test_a_context_is_given_to_tools() -> None:
    def who(context: ToolContext) -> str:
        return f"{context.value} in step {context.step}"

    found = Driver(calls(("who", "")), says("ok"), tools=[who], context="Wang").run()
    assert found.calls[0].value == "Wang in step 1"


def test_tools_in_the_prompt() -> None:
    call = '<tool_call>{"name": "double", "arguments": {"n": 4}}</tool_call>'
    driver = Driver(
        says(f"I see. {call}"),
        says("<tool_call>double(4)</tool_call>"),
        says("8"),
        emulates=True,
        tool_choice=ToolChoice(mode="required"),
    )
    found = driver.run()
    assert [run.value for run in found.calls] == [8]
    assert all(one.tools == () and one.tool_choice is None for one in driver.asked)
    assert ["must call" in (one.system or "") for one in driver.asked] == [True, False, False]
    assert [message.role.value for message in driver.asked[2].messages] == [
        *("user", "assistant", "user", "assistant", "user"),
    ]
    assert found.messages[2].role is Role.TOOL and "could not be read" in found.messages[4].text
    assert [note.code for note in found.notes] == ["emulated", "unread_call"]


@pytest.mark.parametrize(
    ("tools", "says"),
    [
        ("double", "tools must be a list"),
        (3, "tools must be a list"),
        ([double, "x"], r"tools\[1\] must be a function or a tool, got str"),
        ([double, double], r"tools\[1\]: there is another tool named 'double'"),
    ],
)
def test_a_list_of_tools_that_is_none_is_refused(tools: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        Offered(tools)


def test_what_is_offered_keeps_its_order() -> None:
    server = ServerTool(replay=Replay(dialect="d", json=msgspec.Raw(b"{}")))
    offered = Offered([server, double, FunctionTool(name="f")])
    assert [getattr(spec, "name", None) for spec in offered.specs] == [None, "double", "f"]
    assert [one.name for one in offered] == ["double"]
    assert "f" in offered and offered["f"] is None
    assert Offered([]).lacking("x") == "There is no tool named 'x'. There are no tools."


class Shop:
    @tool
    def sell(self, item: str) -> str:
        return item


def test_a_method_is_offered_as_one_of_an_object() -> None:
    with pytest.raises(InputError, match="is a method: offer it as one of an object"):
        Offered([Shop.sell])
    assert Offered([Shop().sell]).names == ("sell",)
