"""Many calls at once: in order, bounded, nothing lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import pytest

from baimo.client.async_mapping import run_all as run_all_async
from baimo.client.mapping import read_row, run_all
from baimo.errors import InputError


def test_results_stand_in_the_order_of_the_inputs_however_they_end() -> None:
    gates = [threading.Event() for _ in range(4)]

    def call(index: int) -> int:
        if index < 3:
            gates[index + 1].wait(5)  # each ends only after the next one has
        gates[index].set()
        return index * 10

    assert list(run_all(call, range(4), 4)) == [0, 10, 20, 30]


def test_no_more_than_asked_are_under_way() -> None:
    lock, under_way, most = threading.Lock(), 0, 0

    def call(index: int) -> int:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        with lock:
            under_way -= 1
        return index

    assert list(run_all(call, range(500), 8)) == list(range(500))
    assert 1 <= most <= 8


def test_inputs_are_taken_only_as_they_are_needed() -> None:
    taken: list[int] = []

    def inputs() -> Iterator[int]:
        for index in range(10_000):
            taken.append(index)
            yield index

    results = run_all(lambda index: index, inputs(), 2)
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]
    assert len(taken) < 30


def test_an_error_of_the_inputs_reaches_the_reader() -> None:
    def inputs() -> Iterator[int]:
        yield 1
        raise RuntimeError("the file ended")

    with pytest.raises(RuntimeError, match="the file ended"):
        list(run_all(lambda index: index, inputs(), 2))


def test_a_bug_in_a_call_reaches_the_reader() -> None:
    def call(index: int) -> int:
        return 1 // index

    with pytest.raises(ZeroDivisionError):
        list(run_all(call, [1, 0, 1], 2))


def test_nothing_in_gives_nothing_out() -> None:
    assert list(run_all(lambda index: index, [], 3)) == []


@pytest.mark.parametrize("concurrency", [0, -1, True, 1.5])
def test_a_bad_concurrency_is_refused(concurrency: int) -> None:
    with pytest.raises(InputError, match="concurrency"):
        run_all(lambda index: index, [1], concurrency)


def test_the_async_form_keeps_the_order_and_bounds_what_is_under_way() -> None:
    async def drive() -> None:
        under_way = most = 0

        async def call(index: int) -> int:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            for _ in range(index % 5):
                await asyncio.sleep(0)
            under_way -= 1
            return index

        assert [one async for one in run_all_async(call, range(300), 7)] == list(range(300))
        assert most == 7

    asyncio.run(drive())


def test_the_async_form_reads_an_async_source_as_it_is_needed() -> None:
    async def drive() -> None:
        taken: list[int] = []

        async def inputs() -> AsyncIterator[int]:
            for index in range(10_000):
                taken.append(index)
                yield index

        async def call(index: int) -> int:
            return index

        results = run_all_async(call, inputs(), 2)
        assert await anext(results) == 0
        await results.aclose()  # type: ignore[attr-defined]
        assert len(taken) < 30

    asyncio.run(drive())


def test_leaving_the_async_form_cancels_what_is_under_way() -> None:
    async def drive() -> None:
        cancelled: list[int] = []

        async def call(index: int) -> int:
            if index:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    cancelled.append(index)
                    raise
            return index

        results = run_all_async(call, range(10), 4)
        assert await anext(results) == 0
        await results.aclose()  # type: ignore[attr-defined]
        assert len(cancelled) >= 3

    asyncio.run(drive())


@pytest.mark.parametrize("bad", ["call", "inputs"])
def test_errors_reach_the_reader_of_the_async_form(bad: str) -> None:
    def inputs() -> Iterator[int]:
        yield 1
        if bad == "inputs":
            raise ZeroDivisionError
        yield 0

    async def call(index: int) -> float:
        return 1 / index

    async def drive() -> None:
        async for _ in run_all_async(call, inputs(), 2):
            pass

    with pytest.raises(ZeroDivisionError):
        asyncio.run(drive())


def test_a_row_may_name_its_own_model_and_options() -> None:
    model, messages, options = read_row(
        {"model": "b/x", "prompt": "Hi", "temperature": 1.0}, "a/y", {"max_tokens": 5}
    )
    assert (model, messages, options) == ("b/x", "Hi", {"max_tokens": 5, "temperature": 1.0})


def test_a_plain_row_is_messages() -> None:
    assert read_row("Hi", "a/y", {})[:2] == ("a/y", "Hi")
    assert read_row({"role": "user", "content": "Hi"}, "a/y", {})[1] == [{"role": "user", "content": "Hi"}]


@pytest.mark.parametrize("row", [{"model": "a/y"}, {"messages": "x", "prompt": "y"}])
def test_a_row_without_or_with_two_prompts_is_refused(row: dict[str, str]) -> None:
    with pytest.raises(InputError, match="messages or prompt"):
        read_row(row, None, {})
