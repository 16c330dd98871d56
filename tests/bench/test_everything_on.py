"""The clients of the bench that have everything on: they answer, and what they were given was used."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.clients import baimo_attached, baimo_metered, baimo_read, baimo_routed
from bench.environments import server_command
from bench.runs import serving
from bench.worker import ANSWER, BLOCK, CHUNK

MODULES = [baimo_attached, baimo_routed, baimo_metered, baimo_read]


@pytest.fixture
def origin() -> Iterator[str]:
    with serving(server_command("python", Path(sys.executable))) as origin:
        yield f"{origin}/v1"


@pytest.mark.parametrize("module", MODULES, ids=lambda one: one.__name__.rpartition(".")[2])
def test_they_answer_as_without_it(origin: str, module: Any) -> None:
    with module.Sync(origin) as it:
        assert [it.call(), it.call(), it.stream()] == [ANSWER, ANSWER, BLOCK * CHUNK]
        it.finish()

    async def main() -> list[int]:
        async with module.Async(origin) as client:
            return [await client.call(), await client.call(), await client.stream()]

    assert asyncio.run(main()) == [ANSWER, ANSWER, BLOCK * CHUNK]


def test_what_is_not_kept_is_no_measure() -> None:
    everything = baimo_attached.Everything()
    with pytest.raises(baimo_attached.NothingKept, match="no spans"):
        everything.called()
    everything.close()


def test_spans_that_are_read_are_read_whole(origin: str) -> None:
    client: Any = baimo_read.Sync(origin)
    with client as it:
        it.call()
        it.call()
        exporter = it._everything._spans
        spans = exporter.get_finished_spans()  # the first call's are gone
        assert exporter.read == 2 * sum([len(vars(span)["_attributes"]) for span in spans]) > 40
