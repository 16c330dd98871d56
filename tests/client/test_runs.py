"""Runs as clients drive them: threads and tasks, time, money, hooks, streams, and what is left behind."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import baimo
from baimo.client.portal import LoopThread
from baimo.client.run_options import OpenRun, RunOptions
from baimo.client.running import RunTexts
from baimo.simulator.reply import Reply
from baimo.testing import Simulator
from baimo.types.content import ToolCall

MODEL = "deepseek/deepseek-flash"
TRACE: contextvars.ContextVar[str] = contextvars.ContextVar("TRACE", default="")


@pytest.fixture
def sim() -> Iterator[Simulator]:
    before = threading.active_count()
    with Simulator("deepseek") as simulator:
        yield simulator
    for thread in threading.enumerate():
        if thread.name.startswith("baimo-"):
            thread.join(5)
    assert threading.active_count() <= before


def calling(*names: str, text: str = "", arguments: str = "") -> Reply:
    """An answer that calls tools without arguments."""
    calls = tuple([ToolCall(id=f"c{at}", name=name, arguments=arguments) for at, name in enumerate(names)])
    return Reply(text=text, tool_calls=calls)


def where() -> str:
    """On which thread it runs."""
    return threading.current_thread().name


async def loops() -> str:
    """On which loop it runs."""
    await asyncio.sleep(0)
    return str(id(asyncio.get_running_loop()))


def traced() -> str:
    """What its context tells."""
    return TRACE.get()


def values(found: baimo.RunResult) -> list[Any]:
    return [run.value for run in found.calls]


def both(sim: Simulator, **options: Any) -> list[baimo.RunResult]:
    """The same run with either client."""

    async def drive() -> baimo.RunResult:
        async with sim.async_client(max_retries=0) as client:
            return await client.run(MODEL, "Hi", **options)

    with sim.client(max_retries=0) as client:
        first = client.run(MODEL, "Hi", **options)
    return [first, asyncio.run(drive())]


def test_one_function_runs_where_its_caller_is_and_several_on_threads(sim: Simulator) -> None:
    sim.reply(calling("where"), calling("where", "where"), "ok")
    with sim.client() as client:
        found = client.run(MODEL, "Hi", tools=[where])
    here, *there = values(found)
    assert here == threading.current_thread().name
    assert there == ["baimo-tool-where"] * 2


def test_calls_of_one_answer_run_at_the_same_time_and_stand_in_their_order(sim: Simulator) -> None:
    meet = threading.Barrier(2, timeout=10)

    def first() -> int:
        return meet.wait()

    def second() -> str:
        meet.wait()
        return "second"

    sim.reply(calling("first", "second"), "ok", calling("first", "second"), "ok")
    with sim.client() as client:
        found = client.run(MODEL, "Hi", tools=[first, second])
    assert values(found)[1] == "second"

    async def drive() -> baimo.RunResult:
        async with sim.async_client() as client:
            return await client.run(MODEL, "Hi", tools=[first, second])

    assert values(asyncio.run(drive()))[1] == "second"


def test_async_functions_of_a_blocking_run_share_one_loop(sim: Simulator) -> None:
    sim.reply(calling("loops", "loops"), calling("loops"), "ok")
    with sim.client() as client:
        found = client.run(MODEL, "Hi", tools=[loops])
    assert len(set(values(found))) == 1 and len(found.calls) == 3


async def test_a_blocking_run_works_inside_of_a_running_loop(sim: Simulator) -> None:
    sim.reply(calling("loops"), "ok")
    with sim.client() as client:
        found = client.run(MODEL, "Hi", tools=[loops])
    assert values(found) != [str(id(asyncio.get_running_loop()))]


async def test_functions_that_block_leave_the_loop_free(sim: Simulator) -> None:
    loop, gone_on = asyncio.get_running_loop(), threading.Event()

    def blocks() -> bool:
        loop.call_soon_threadsafe(gone_on.set)
        return gone_on.wait(10)

    sim.reply(calling("blocks"), calling("loops", "traced"), "ok")
    TRACE.set("here")
    async with sim.async_client() as client:
        found = await client.run(MODEL, "Hi", tools=[blocks, loops, traced])
    assert values(found) == [True, str(id(loop)), "here"]


def test_a_function_that_gives_an_awaitable_is_awaited(sim: Simulator) -> None:
    def indirect() -> Any:
        return loops()

    sim.script(lambda request: "ok" if len(request.messages) > 1 else calling("indirect", "traced"))
    TRACE.set("here")
    for found in both(sim, tools=[indirect, traced], tool_timeout=30):
        assert values(found)[0].isdigit() and values(found)[1] == "here"


@pytest.mark.parametrize("kind", ["blocking", "async"])
def test_a_tool_that_takes_too_long_is_told_to_the_model(sim: Simulator, kind: str) -> None:
    over, cancelled = threading.Event(), threading.Event()

    def slow() -> None:
        over.wait(10)

    async def slow_async() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    tool = baimo.tool(name="slow", timeout=0.02)(slow if kind == "blocking" else slow_async)
    answers = [calling("slow", "where"), "ok"]
    with sim.client() as client:
        sim.reply(*answers)
        found = [client.run(MODEL, "Hi", tools=[tool, where])]

    async def drive() -> baimo.RunResult:
        async with sim.async_client() as client:
            return await client.run(MODEL, "Hi", tools=[tool, where])

    sim.reply(*answers)
    found.append(asyncio.run(drive()))
    over.set()
    assert kind == "blocking" or cancelled.is_set()
    for run in found:
        late, other = run.calls
        assert (late.status, other.status, run.text) == ("timed_out", "done", "ok")
        assert isinstance(late.error, baimo.TimedOutError)


def test_a_late_tool_is_cancelled_before_the_run_goes_on(sim: Simulator) -> None:
    cancelled = threading.Event()
    seen: list[bool] = []

    async def slow() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    def on_step(step: baimo.RunStep) -> None:
        seen.append(cancelled.wait(10))

    sim.reply(calling("slow"), "ok")
    with sim.client() as client:
        client.run(MODEL, "Hi", tools=[slow], tool_timeout=0.01, on_step=on_step)
    assert seen == [True, True]


async def test_a_tool_that_cancels_leaves_no_other_behind(sim: Simulator) -> None:
    begun, over = asyncio.Event(), asyncio.Event()

    async def waits() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            over.set()

    async def gives_up() -> None:
        await begun.wait()
        raise asyncio.CancelledError

    sim.reply(calling("gives_up", "waits"), "ok")
    async with sim.async_client() as client:
        with pytest.raises(asyncio.CancelledError):
            await client.run(MODEL, "Hi", tools=[gives_up, waits])
    assert over.is_set()


async def test_an_own_timeout_of_a_tool_is_a_failure_of_it(sim: Simulator) -> None:
    async def gives_up() -> None:
        raise TimeoutError("the shop does not answer")

    sim.reply(calling("gives_up"), "ok")
    async with sim.async_client() as client:
        found = await client.run(MODEL, "Hi", tools=[gives_up], tool_timeout=30)
    assert found.calls[0].status == "failed" and type(found.calls[0].error) is TimeoutError


def test_errors_are_told_by_both(sim: Simulator) -> None:
    def fails() -> None:
        raise ValueError("no")

    async def fails_too() -> None:
        raise ValueError("no")

    async def gives_up() -> None:
        raise asyncio.CancelledError

    sim.reply(calling("fails", "fails_too", "gives_up"), "ok")
    with sim.client() as client:
        found = client.run(MODEL, "Hi", tools=[fails, fails_too, gives_up])
    assert [type(run.error) for run in found.calls] == [ValueError, ValueError, baimo.ToolError]
    sim.reset()
    sim.script(lambda request: "ok" if len(request.messages) > 1 else calling("fails", "fails_too"))
    for run in both(sim, tools=[fails, fails_too]):
        assert [type(one.error) for one in run.calls] == [ValueError, ValueError]


def test_hooks_of_both_kinds_are_asked(sim: Simulator) -> None:
    seen: list[str] = []

    async def before(use: baimo.ToolUse) -> None:
        seen.append(f"before {use.name}")

    def after(run: baimo.ToolRun) -> str:
        seen.append(f"after {run.value}")
        return "changed"

    async def approve(use: baimo.ToolUse) -> bool:
        seen.append("asked")
        return True

    def on_step(step: baimo.RunStep) -> None:
        seen.append(f"step {step.number}")

    @baimo.tool(needs_approval=True)
    def pay() -> int:
        return 5

    sim.reply(calling("pay"), "ok", calling("pay"), "ok")
    expected = ["asked", "before pay", "after 5", "step 1", "step 2"]
    options: Any = {"tools": [pay], "before_tool": before, "after_tool": after}
    options |= {"approve": approve, "on_step": on_step}
    with sim.client() as client:
        found = client.run(MODEL, "Hi", **options)
    assert seen == expected and found.calls[0].result.content == (baimo.Text(text="changed"),)
    seen.clear()

    async def drive() -> None:
        async with sim.async_client() as client:
            await client.run(MODEL, "Hi", **options)

    asyncio.run(drive())
    assert seen == expected


def test_what_a_hook_raises_ends_the_run(sim: Simulator) -> None:
    def on_step(step: baimo.RunStep) -> None:
        raise KeyError("gone") if step.number == 1 else baimo.ToolError("enough")

    sim.reply(calling("where"), "ok")
    with sim.client() as client, pytest.raises(KeyError):
        client.run(MODEL, "Hi", tools=[where], on_step=on_step)


def test_an_error_of_the_provider_has_what_was_done_before(sim: Simulator) -> None:
    sim.reply(calling("where"), "ok")
    sim.fault("500", skip=1)
    with sim.client(max_retries=0) as client:
        with pytest.raises(baimo.ServerError) as caught:
            client.run(MODEL, "Hi", tools=[where])
        assert [run.status for run in caught.value.run.calls] == ["done"]
        sim.reset()
        sim.reply(calling("where"), "ok")
        sim.fault("cut@300", skip=1)
        with pytest.raises(baimo.StreamInterrupted) as cut:
            client.run_stream(MODEL, "Hi", tools=[where]).to_end()
        assert len(cut.value.run.steps) == 1

    async def drive() -> None:
        async with sim.async_client(max_retries=0) as client:
            for call in (client.run, lambda *args, **more: client.run_stream(*args, **more).to_end()):
                sim.reset()
                sim.reply(calling("where"), "ok")
                sim.fault("cut@300" if call != client.run else "500", skip=1)
                with pytest.raises(baimo.Error) as failed:
                    await call(MODEL, "Hi", tools=[where])
                assert len(failed.value.run.steps) == 1

    asyncio.run(drive())


def test_the_deadline_is_that_of_the_whole_run(sim: Simulator) -> None:
    def slow() -> str:
        sim.clock.advance(40)
        return "done"

    sim.reply(calling("slow"), calling("slow"), calling("slow"), "ok")
    with sim.client() as client:
        with pytest.raises(baimo.TimedOutError, match="the run took longer than 100 s") as caught:
            client.run(MODEL, "Hi", tools=[slow], timeout=100)
        assert len(caught.value.run.calls) == 3

    async def drive() -> None:
        sim.reply(calling("slow"), calling("slow"), calling("slow"), "ok")
        async with sim.async_client() as client:
            with pytest.raises(baimo.TimedOutError, match="the run took longer than 100 s"):
                await client.run(MODEL, "Hi", tools=[slow], timeout=100)

    asyncio.run(drive())


def test_money_is_bounded_over_the_whole_run(sim: Simulator) -> None:
    sim.script(lambda request: calling("where", text="word " * 900))
    mine = baimo.Budget("9 CNY", name="mine")
    with sim.client() as client:
        worst = client.estimate(MODEL, "Hi", tools=[baimo.tool(where).spec], max_tokens=1000).high
        assert worst is not None
        most = baimo.Money(worst.amount * 4, worst.currency)
        with pytest.raises(baimo.BudgetError, match="at_most") as caught:
            client.run(MODEL, "Hi", tools=[where], max_tokens=1000, at_most=most, budget=mine)
        run = caught.value.run
        assert 1 < len(run.steps) < 5 and mine.spent == run.cost
        assert worst.amount < run.cost.amount <= most.amount
        with pytest.raises(baimo.BudgetError, match="the budget of"):
            client.run(MODEL, "Hi", tools=[where], max_tokens=1000, budget="0.0001 CNY")


def test_a_streamed_run_shows_answers_and_tools_in_order(sim: Simulator) -> None:
    sim.reply(
        calling("where", text="I look."), "It is here.", calling("where", text="I look."), "It is here."
    )
    with sim.client() as client, client.run_stream(MODEL, "Hi", tools=[where]) as stream:
        assert stream.result.messages == (
            baimo.Message(role=baimo.Role.USER, content=(baimo.Text(text="Hi"),)),
        )
        assert "".join(stream.text) == "I look.It is here."
        assert stream.result.text == "It is here." and list(stream) == []

    async def drive() -> str:
        async with sim.async_client() as client, client.run_stream(MODEL, "Hi", tools=[where]) as stream:
            pieces = [piece async for piece in stream.text]
            assert stream.result.text == "It is here." and [one async for one in stream] == []
            await stream.aclose()
            return "".join(pieces)

    assert asyncio.run(drive()) == "I look.It is here."


def test_only_texts_of_the_first_choice_are_words_for_people() -> None:
    texts = RunTexts()
    events: list[Any] = [
        baimo.PartStarted(index=0, part=baimo.Thinking()),
        baimo.PartDelta(index=0, text="hm"),
        baimo.PartStarted(index=1, part=baimo.Text(text="a")),
        baimo.PartDelta(index=1, text="b"),
        baimo.PartDelta(index=1, text="no", choice=1),
        baimo.Started(),
        baimo.PartDelta(index=1, text="no"),
        baimo.Finished(reason=baimo.FinishReason.STOP),
    ]
    assert "".join(map(texts.pick, events)) == "ab"


def test_a_stream_that_is_left_closes_its_connection(sim: Simulator) -> None:
    sim.reply("one two three four five six")
    with sim.client() as client:
        with client.run_stream(MODEL, "Hi") as stream:
            next(stream)
        assert list(stream) == []
        assert sim.last.outcome == "left"
        forgotten = client.run_stream(MODEL, "Hi")
        next(forgotten)
        with pytest.warns(ResourceWarning, match="a run was forgotten"):
            del forgotten
            gc.collect()
        assert sim.last.outcome == "left"

    async def drive() -> None:
        async with sim.async_client() as client:
            async with client.run_stream(MODEL, "Hi") as stream:
                await anext(stream)
            assert sim.last.outcome == "left"
            forgotten = client.run_stream(MODEL, "Hi")
            await anext(forgotten)
            with pytest.warns(ResourceWarning, match="a run was forgotten"):
                del forgotten
                gc.collect()

    asyncio.run(drive())


async def test_a_cancelled_run_cancels_its_tools(sim: Simulator) -> None:
    begun, over = asyncio.Event(), asyncio.Event()
    blocks = threading.Event()

    async def waits() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            over.set()

    def blocking() -> None:
        blocks.wait(10)

    sim.reply(calling("waits", "waits", "blocking"), "ok")
    async with sim.async_client() as client:
        tasks = asyncio.all_tasks()
        run = asyncio.create_task(client.run(MODEL, "Hi", tools=[waits, blocking]))
        await begun.wait()
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        assert over.is_set()
        assert asyncio.all_tasks() == tasks
    blocks.set()


def test_an_interrupt_cancels_what_is_async_and_ends_its_thread(sim: Simulator) -> None:
    cancelled = threading.Event()

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    def interrupts() -> None:
        raise KeyboardInterrupt

    sim.reply(calling("interrupts", "waits"), "ok")
    with sim.client() as client, pytest.raises(KeyboardInterrupt):
        client.run(MODEL, "Hi", tools=[interrupts, waits])
    assert cancelled.is_set()
    assert not [one for one in threading.enumerate() if one.name == "baimo-run"]


def test_a_loop_is_over_before_a_tool_is(sim: Simulator) -> None:
    goes_on, over = threading.Event(), threading.Event()

    def slow() -> None:
        goes_on.wait(10)
        over.set()

    async def drive() -> baimo.RunResult:
        async with sim.async_client() as client:
            return await client.run(MODEL, "Hi", tools=[slow], tool_timeout=0.01)

    sim.reply(calling("slow"), "ok")
    found = asyncio.run(drive())
    goes_on.set()
    assert over.wait(10) and found.calls[0].status == "timed_out"


def test_a_loop_thread_can_be_closed_twice_and_gives_up_on_what_is_not_waited_for() -> None:
    portal = LoopThread()
    portal.close()
    assert portal.wait_for(loops()).isdigit()

    async def fails() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        portal.wait_for(fails())
    portal.close()
    portal.close()
    assert portal.wait_for(loops()).isdigit()
    portal.close()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"max_steps": 0}, "max_steps must be a whole number from 1 up, got 0"),
        ({"parallel": 1.5}, "parallel must be one of True, False"),
        ({"on_tool_error": "ignore"}, "on_tool_error must be one of 'tell', 'raise'"),
        ({"tools_as": "text"}, "tools_as must be one of 'native', 'prompt'"),
        ({"tool_timeout": 0}, "tool_timeout must be more than 0 seconds"),
        ({"timeout": -1}, "timeout must be more than 0 seconds"),
        ({"n": 2}, "n must be 1 in a run"),
        ({"approve": "yes"}, "approve must be a function, got str"),
        ({"tools": [baimo.tool(name="pay", needs_approval=True)(where)]}, "the tool pay needs approval"),
        ({"tools": "where"}, "tools must be a list"),
        ({"tools": [{"type": "function"}]}, r"tools\[0\]"),
        ({"max_step": 3}, "did you mean max_steps"),
        ({"temperature": "hot"}, "temperature must be a number"),
        ({"budget": [1]}, "budget must be a string, a Budget or a list of Budgets"),
        ({"at_most": "much"}, "much"),
    ],
)
def test_options_are_checked_before_anything_is_sent(sim: Simulator, options: Any, says: str) -> None:
    with sim.client() as client, pytest.raises(baimo.InputError, match=says):
        client.run_stream(MODEL, "Hi", **options)
    assert sim.requests == ()


def test_tools_as_openai_writes_them_are_taken(sim: Simulator) -> None:
    described = {"type": "function", "function": {"name": "ask_user", "parameters": {"type": "object"}}}
    sim.reply(calling("ask_user"))
    with sim.client() as client:
        found = client.run(
            MODEL, "Hi", tools=[described], system="Be brief.", tool_choice="ask_user", temperature=None
        )
    assert [call.name for call in found.pending] == ["ask_user"]
    assert "Be brief." in str(sim.last.body)
    assert found.messages[0].role is baimo.Role.USER


def test_a_run_without_tools_is_a_chat(sim: Simulator) -> None:
    sim.reply("Hello")
    options: RunOptions = {"parallel_tool_calls": True}
    opened = OpenRun("Hi", options, sim.clock)
    with sim.client() as client:
        assert client.run(MODEL, "Hi", **options).text == "Hello"
    assert opened.approve is None
