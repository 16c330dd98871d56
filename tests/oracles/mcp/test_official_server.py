"""Servers made with the official package, unmodified, behind runs of both clients."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

import baimo
from baimo.simulator.reply import Reply
from baimo.testing import Simulator
from baimo.types.content import ToolCall

HERE = Path(__file__).parent
COMMAND = [sys.executable, str(HERE / "shop.py")]
MODEL = "openai/gpt-4o-mini"


class HttpShop:
    """The same server on loopback."""

    def __init__(self) -> None:
        sys.path.insert(0, str(HERE))
        try:
            import shop
        finally:
            sys.path.remove(str(HERE))
        app = shop.server.streamable_http_app()
        self.headers: list[dict[str, str]] = []

        async def noting(scope, receive, send):  # type: ignore[no-untyped-def]
            if scope["type"] == "http":
                self.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
            await app(scope, receive, send)

        self._server = uvicorn.Server(
            uvicorn.Config(noting, host="127.0.0.1", port=0, log_level="error", ws="none")
        )
        self._began = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        async def serve() -> None:
            serving = asyncio.create_task(self._server.serve())
            while not self._server.started:
                await asyncio.sleep(0)
            self._began.set()
            await serving

        asyncio.run(serve())

    def __enter__(self) -> HttpShop:
        self._thread.start()
        assert self._began.wait(30)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/mcp"
        return self

    def __exit__(self, *error: object) -> None:
        self._server.should_exit = True
        self._thread.join()


@pytest.fixture(scope="module")
def shop() -> Iterator[HttpShop]:
    with HttpShop() as served:
        yield served


def calls(*wanted: tuple[str, str]) -> list[Reply | str]:
    """A model that makes these calls at once, and then is done."""
    made = tuple([ToolCall(id=f"c{at}", name=name, arguments=text) for at, (name, text) in enumerate(wanted)])
    return [Reply(tool_calls=made), "Done."]


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator("openai") as simulator:
        yield simulator


WANTED = (
    ("add", '{"a": 2, "b": 3}'),
    ("find_all", '{"query": "tea"}'),
    ("broken", ""),
    ("structure", "{}"),
    ("add", '{"a": "x"}'),
    ("add", "[1]"),
)


def check(found: baimo.RunResult) -> None:
    assert found.text == "Done."
    add, find, broken, structure, misfit, unread = found.calls
    assert add.result.content == (baimo.Text(text="5"),)
    assert [part.text for part in find.result.content if isinstance(part, baimo.Text)] == ["tea", "tea"]
    assert broken.result.is_error
    assert broken.result.content == (baimo.Text(text="Error executing tool broken"),)
    assert structure.result.content == (baimo.Text(text='{"of":"tea"}'),)
    assert misfit.result.is_error and misfit.status == "done"
    assert (unread.status, unread.result.is_error) == ("bad_arguments", True)


def test_a_blocking_run_over_stdio(sim: Simulator) -> None:
    before = threading.active_count()
    sim.reply(*calls(*WANTED))
    with baimo.mcp.Server(COMMAND) as server, sim.client() as client:
        assert {tool.name for tool in server.tools} == {
            "add",
            "find_all",
            "broken",
            "everything",
            "structure",
        }
        add = next(tool for tool in server.tools if tool.name == "add")
        assert add.spec.description == "Add two numbers."
        assert add.spec.parameters is not None and set(add.spec.parameters["properties"]) == {"a", "b"}
        check(client.run(MODEL, "Hi", tools=server.tools))
    assert server.tools == ()
    for thread in threading.enumerate():
        if thread.name.startswith("baimo-"):
            thread.join(5)
    assert threading.active_count() <= before


def test_an_awaited_run_over_stdio(sim: Simulator) -> None:
    async def drive() -> baimo.RunResult:
        async with (
            baimo.mcp.AsyncServer(COMMAND, cwd=HERE, env={"SHOP": "1"}) as server,
            sim.async_client() as client,
        ):
            return await client.run(MODEL, "Hi", tools=server.tools)

    sim.reply(*calls(*WANTED))
    check(asyncio.run(drive()))


def test_runs_over_http(sim: Simulator, shop: HttpShop) -> None:
    async def drive() -> baimo.RunResult:
        headers = {"x-shop": "fake-key"}
        async with baimo.mcp.AsyncServer(shop.url, headers=headers) as server, sim.async_client() as client:
            return await client.run(MODEL, "Hi", tools=server.tools)

    sim.reply(*calls(*WANTED))
    check(asyncio.run(drive()))
    assert shop.headers[-1]["x-shop"] == "fake-key"
    sim.reset()
    sim.reply(*calls(*WANTED))
    with baimo.mcp.Server(shop.url, timeout=20) as server, sim.client() as client:
        check(client.run(MODEL, "Hi", tools=server.tools))


def test_every_kind_of_content_becomes_a_part(shop: HttpShop) -> None:
    async def drive() -> baimo.ToolResult:
        async with baimo.mcp.AsyncServer(shop.url, prefix="shop_") as server:
            tool = next(tool for tool in server.tools if tool.name == "shop_everything")
            call = ToolCall(id="c1", name=tool.name, arguments="")
            context = baimo.ToolContext(call=call, step=1, messages=())
            return await tool.call(baimo.ToolUse(call=call, tool=tool, arguments={}, context=context))

    assert asyncio.run(drive()).content == (
        baimo.Text(text="words"),
        baimo.Image(data=b"bytes", media_type="image/jpeg"),
        baimo.Audio(data=b"bytes", format="wav"),
        baimo.Text(text="a note"),
        baimo.Image(data=b"bytes", media_type="image/png"),
        baimo.Audio(data=b"bytes", format="mp3"),
        baimo.File(data=b"bytes", media_type="application/pdf", name="paper.pdf"),
        baimo.Text(text="list (https://shop.example/list): all of it"),
    )


@pytest.mark.parametrize("server", ["http://127.0.0.1:9/mcp", ["/nowhere/at-all"]])
def test_a_server_that_is_not_there_is_a_connect_error(server: str | list[str]) -> None:
    with pytest.raises(baimo.ConnectError, match="cannot be reached"), baimo.mcp.Server(server):
        raise AssertionError("it was reached")
    assert not [one for one in threading.enumerate() if one.name.startswith("baimo-mcp")]
