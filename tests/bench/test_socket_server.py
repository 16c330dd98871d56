"""The WebSocket server of the bench, its clients, and what is measured of signatures."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from baimo.errors import StreamInterrupted
from bench import worker
from bench.clients import baimo_face, baimo_signing, bare_websockets
from bench.environments import socket_command
from bench.runs import serving
from bench.worker import CHUNK


@pytest.fixture
def origin() -> Iterator[str]:
    with serving(socket_command(Path(sys.executable)), "ws") as origin:
        yield origin


@pytest.mark.parametrize("frames", [1, 2, 100, 203])
def test_the_library_and_baimo_read_the_same_answer(origin: str, frames: int) -> None:
    for module in (bare_websockets, baimo_face):
        with module.Sync(f"{origin}/chunks-{frames}") as it:
            assert [it.stream(), it.stream()] == [frames * CHUNK] * 2
        assert asyncio.run(_stream(module.Async(f"{origin}/chunks-{frames}"))) == frames * CHUNK


async def _stream(client: baimo_face.Async | bare_websockets.Async) -> int:
    async with client as it:
        return await it.stream()


def test_an_answer_without_frames_is_no_answer(origin: str) -> None:
    with baimo_face.Sync(f"{origin}/chunks-0") as it, pytest.raises(StreamInterrupted):
        it.stream()


def test_what_signing_adds_is_told_for_each_scheme() -> None:
    found = worker.signing(baimo_signing, "", 20)
    assert found.keys() == {"tc3", "sdk_hmac_sha256", "spark_url"}
    for scheme in found:
        it = baimo_signing.Signing(scheme, 20)
        assert it.signed() > it.unsigned() + 20 * 64
