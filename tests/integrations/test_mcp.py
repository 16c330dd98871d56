"""Tools of MCP servers, over a session that is played: names, pages, contents, and what cannot be.

Servers of the official package stand in `tests/oracles/mcp`.
"""

from __future__ import annotations

import importlib.util
import threading
from base64 import b64encode
from types import SimpleNamespace as Told
from typing import Any

import pytest

import baimo
from baimo.integrations.mcp import AsyncServer, McpTool, Server, result_of, tools_of
from baimo.simulator.reply import Reply
from baimo.testing import Simulator
from baimo.types.content import ToolCall

DATA = b64encode(b"bytes").decode()


def told(name: str, description: str | None = None) -> Told:
    """A tool as a server tells of it."""
    schema = {"type": "object", "properties": {"q": {"type": "string"}}}
    return Told(name=name, title="A title", description=description, input_schema=schema)


def given(*content: Any, structured: Any = None, is_error: bool = False) -> Told:
    """A result as a server gives it."""
    return Told(content=list(content), structured_content=structured, is_error=is_error)


class Session:
    """A server of two pages that says back what it is called with."""

    async def __aenter__(self) -> Session:
        return self

    async def __aexit__(self, *error: object) -> None:
        """Nothing to close."""

    async def list_tools(self, *, cursor: str | None = None) -> Told:
        if cursor is None:
            return Told(tools=[told("find.all", "Finds.")], next_cursor="2")
        return Told(tools=[told("buy")], next_cursor=None)

    async def call_tool(self, name: str, arguments: dict[str, Any]) -> Told:
        return given(Told(type="text", text=f"{name} {arguments}"), is_error=name == "buy")


async def test_all_pages_of_tools_are_offered_under_names_that_wires_take() -> None:
    tools = await tools_of(Session(), prefix="shop_", timeout=3, needs_approval=True)
    assert [(tool.name, tool.remote_name) for tool in tools] == [
        ("shop_find_all", "find.all"),
        ("shop_buy", "buy"),
    ]
    assert [tool.spec.description for tool in tools] == ["Finds.", "A title"]
    assert {(tool.timeout, tool.needs_approval) for tool in tools} == {(3, True)}


@pytest.mark.parametrize(("text", "fault"), [("{", "no JSON"), ("[1]", "no object")])
def test_arguments_need_only_be_an_object(text: str, fault: str) -> None:
    tool = McpTool(Session(), told("find"))
    assert tool.read("") == {} and tool.read('{"q": 1}') == {"q": 1}
    with pytest.raises(baimo.AnswerFormatError, match=fault):
        tool.read(text)


@pytest.mark.parametrize(
    ("block", "part"),
    [
        (Told(type="text", text="a"), baimo.Text(text="a")),
        (
            Told(type="image", data=DATA, mime_type="image/png"),
            baimo.Image(data=b"bytes", media_type="image/png"),
        ),
        (Told(type="audio", data=DATA, mime_type="audio/mpeg"), baimo.Audio(data=b"bytes", format="mp3")),
        (
            Told(type="audio", data=DATA, mime_type="audio/x-wav;rate=8"),
            baimo.Audio(data=b"bytes", format="wav"),
        ),
        (
            Told(type="resource_link", name="n", uri="file:///a", description=None),
            baimo.Text(text="n (file:///a)"),
        ),
        (
            Told(type="resource_link", name="n", uri="file:///a", description="d"),
            baimo.Text(text="n (file:///a): d"),
        ),
        (Told(type="resource", resource=Told(text="words")), baimo.Text(text="words")),
        (
            Told(type="resource", resource=Told(blob=DATA, mime_type="image/png", uri="file:///a.png")),
            baimo.Image(data=b"bytes", media_type="image/png"),
        ),
        (
            Told(type="resource", resource=Told(blob=DATA, mime_type="audio/ogg", uri="file:///a.ogg")),
            baimo.Audio(data=b"bytes", format="ogg"),
        ),
        (
            Told(type="resource", resource=Told(blob=DATA, mime_type=None, uri="file:///b/a.bin")),
            baimo.File(data=b"bytes", media_type="application/octet-stream", name="a.bin"),
        ),
        (
            Told(type="dance", model_dump_json=lambda by_alias: '{"type":"dance"}'),
            baimo.Text(text='{"type":"dance"}'),
        ),
    ],
)
def test_every_kind_of_content_becomes_a_part(block: Any, part: Any) -> None:
    assert result_of(given(block)) == baimo.ToolResult(call_id="", content=(part,))


def test_a_structure_is_told_where_nothing_else_is() -> None:
    assert result_of(given(structured={"a": 1}, is_error=True)) == baimo.ToolResult(
        call_id="", content=(baimo.Text(text='{"a":1}'),), is_error=True
    )
    words = Told(type="text", text="a is 1")
    assert result_of(given(words, structured={"a": 1})).content == (baimo.Text(text="a is 1"),)
    assert result_of(given()).content == ()


class PlayedServer(AsyncServer):
    """A server whose session is the played one."""

    async def _session(self) -> Any:
        return self._server


def calls(*names: str) -> Reply:
    made = tuple([ToolCall(id=name, name=name, arguments='{"q": "x"}') for name in names])
    return Reply(tool_calls=made)


def check(found: baimo.RunResult) -> None:
    first, second = found.calls
    assert first.result.content == (baimo.Text(text="find.all {'q': 'x'}"),)
    assert (first.result.call_id, first.result.is_error, second.result.is_error) == ("find_all", False, True)


async def test_tools_of_a_server_in_an_awaited_run() -> None:
    with Simulator("openai") as sim:
        sim.reply(calls("find_all", "buy"), "ok")
        server = PlayedServer(Session())
        async with server, sim.async_client() as client:
            check(await client.run("openai/gpt-4o-mini", "Hi", tools=server.tools))
        assert server.tools == ()


def test_tools_of_a_server_in_a_blocking_run() -> None:
    with Simulator("openai") as sim:
        sim.reply(calls("find_all", "buy"), "ok")
        server = Server(Session())
        server._inner = PlayedServer(Session())
        with server, sim.client() as client:
            assert len(server.tools) == 2
            check(client.run("openai/gpt-4o-mini", "Hi", tools=server.tools))
        assert server.tools == ()
    assert not [one for one in threading.enumerate() if one.name == "baimo-mcp"]


class Unreachable(Session):
    async def __aenter__(self) -> Session:
        raise ExceptionGroup("several", [OSError("nobody is there")])


def test_a_server_that_cannot_be_reached_is_told() -> None:
    server = Server("http://127.0.0.1:9/mcp")
    server._inner = PlayedServer(Unreachable())
    with pytest.raises(baimo.ConnectError, match="cannot be reached: OSError: nobody is there"), server:
        raise AssertionError("it was reached")
    assert not [one for one in threading.enumerate() if one.name == "baimo-mcp"]


@pytest.mark.parametrize(
    ("server", "options", "says"),
    [
        ([], {}, "a command is a list of words"),
        (["python", 3], {}, "a command is a list of words"),
        ("http://127.0.0.1:9/mcp", {"env": {}}, "env and cwd are for a command"),
    ],
)
def test_what_makes_no_sense_is_refused(server: Any, options: Any, says: str) -> None:
    with pytest.raises(baimo.InputError, match=says):
        AsyncServer(server, **options)


async def test_the_extra_is_asked_for() -> None:
    assert importlib.util.find_spec("mcp") is None
    with pytest.raises(baimo.MissingExtraError, match=r"pip install 'baimo\[mcp\]'"):
        await AsyncServer("http://127.0.0.1:9/mcp").__aenter__()
    assert baimo.mcp.Server is Server
