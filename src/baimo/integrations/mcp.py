"""Tools of MCP servers (Model Context Protocol), for runs: over stdio and streamable HTTP.

The protocol is spoken by the official package, the extra `mcp`. Offered as `baimo.mcp`. Read in November
2026: the package's own documentation of version 2, https://py.sdk.modelcontextprotocol.io/, and the page on
tools of the specification, https://modelcontextprotocol.io/specification/2025-11-25/server/tools.
"""

from __future__ import annotations

import asyncio
import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import msgspec

from baimo.client.portal import LoopThread
from baimo.errors import ConnectError, Error, InputError, MissingExtraError
from baimo.schema.misfit import no_json, unfit
from baimo.tools.runnable import NeedsApproval, RunnableTool, ToolUse
from baimo.types.content import Audio, File, Image, ResultPart, Text, ToolResult
from baimo.types.tools import FunctionTool

__all__ = ["AsyncServer", "McpTool", "Server"]


class Session(Protocol):
    """What is used of `mcp.Client`."""

    async def list_tools(self, *, cursor: str | None = None) -> Any:
        """One page of tools."""

    async def call_tool(self, name: str, arguments: dict[str, Any]) -> Any:
        """What the tool gives."""


class McpTool(RunnableTool):
    """One tool of an MCP server. The server checks the arguments; here they need only be an object."""

    is_async = True

    def __init__(
        self,
        session: Session,
        told: Any,
        *,
        prefix: str = "",
        timeout: float | None = None,
        needs_approval: NeedsApproval = False,
    ) -> None:
        self._session = session
        self.remote_name: str = told.name
        """The name by which the server knows it: letters that no wire takes are `_` in `name`."""
        self.timeout = timeout
        self.needs_approval = needs_approval
        self.spec = FunctionTool(
            name=re.sub(r"[^a-zA-Z0-9_-]", "_", f"{prefix}{told.name}")[:64],
            description=told.description or told.title,
            parameters=dict(told.input_schema),
        )

    def read(self, arguments: str) -> dict[str, Any]:
        """See `RunnableTool.read`."""
        try:
            found = msgspec.json.decode(arguments if arguments.strip() else "{}")
        except (msgspec.DecodeError, RecursionError) as error:
            raise no_json(error) from error
        if not isinstance(found, dict):
            raise unfit("$", "it is no object")
        return found

    async def call(self, use: ToolUse) -> ToolResult:
        """See `RunnableTool.call`. What the server calls an error is one for the model, too."""
        return result_of(await self._session.call_tool(self.remote_name, use.arguments))


class _BlockingTool(RunnableTool):
    """A tool whose server is spoken to on another thread."""

    def __init__(self, tool: McpTool, portal: LoopThread) -> None:
        self._tool = tool
        self._portal = portal
        self.spec = tool.spec
        self.timeout = tool.timeout
        self.needs_approval = tool.needs_approval

    def read(self, arguments: str) -> dict[str, Any]:
        """See `RunnableTool.read`."""
        return self._tool.read(arguments)

    def call(self, use: ToolUse) -> ToolResult:
        """See `RunnableTool.call`."""
        return self._portal.wait_for(self._tool.call(use))


class AsyncServer:
    """A server whose tools an `AsyncClient` may offer, as long as the `async with` lasts.

    `server` is the address of one that speaks streamable HTTP, or a command that speaks over its stdin and
    stdout: a list of words. `headers` go with each request of the first kind; `env` and `cwd` are for the
    second. `prefix` is put before the tools' names; `timeout` bounds each of their calls, in seconds.

    >>> async with baimo.mcp.AsyncServer(["python", "server.py"]) as server:     # doctest: +SKIP
    ...     await client.run("deepseek/deepseek-flash", "What is on?", tools=server.tools)

    Raises MissingExtraError without the package `mcp`, ConnectError where the server cannot be reached.
    """

    def __init__(
        self,
        server: str | Sequence[str] | Any,
        *,
        headers: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
        cwd: str | Path | None = None,
        prefix: str = "",
        timeout: float | None = None,
        needs_approval: NeedsApproval = False,
    ) -> None:
        if not isinstance(server, str) and isinstance(server, Sequence):
            if not server or not all(isinstance(word, str) for word in server):
                raise InputError("a command is a list of words: the program, and what it is told")
        elif headers is None and (env is not None or cwd is not None):
            raise InputError("env and cwd are for a command; an address knows none")
        self._server = server
        self._headers = headers
        self._env = env
        self._cwd = cwd
        self._options: dict[str, Any] = {
            "prefix": prefix,
            "timeout": timeout,
            "needs_approval": needs_approval,
        }
        self._open = AsyncExitStack()
        self.tools: tuple[RunnableTool, ...] = ()
        """What the server offers, as it was when the connection was made."""

    async def __aenter__(self) -> AsyncServer:
        session = await self._session()
        try:
            entered = await self._open.enter_async_context(session)
            self.tools = await tools_of(entered, **self._options)
        except BaseException as error:
            await self._open.aclose()
            if isinstance(error, Exception) and not isinstance(error, Error):
                raise _unreachable(self._server, error) from error
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.tools = ()
        await self._open.aclose()

    async def _session(self) -> Any:
        """A client of the official package, not connected yet."""
        try:
            import mcp
            from mcp.client.stdio import StdioServerParameters
            from mcp.client.streamable_http import streamable_http_client
        except ImportError as error:
            raise MissingExtraError(
                "speaking to an MCP server needs the package mcp", hint="Run: pip install 'baimo[mcp]'"
            ) from error
        server = self._server
        if isinstance(server, str):
            if self._headers is None:
                return mcp.Client(server)
            from httpx2 import AsyncClient, Timeout

            http = AsyncClient(headers=dict(self._headers), timeout=Timeout(30, read=300))
            return mcp.Client(
                streamable_http_client(server, http_client=await self._open.enter_async_context(http))
            )
        if isinstance(server, Sequence):
            env = None if self._env is None else dict(self._env)
            program, *words = server
            return mcp.Client(StdioServerParameters(command=program, args=words, env=env, cwd=self._cwd))
        return mcp.Client(server)


class Server:
    """The same for `Client`: the connection lives on a thread of its own, which ends with the `with`.

    >>> with baimo.mcp.Server("http://127.0.0.1:8000/mcp") as server:            # doctest: +SKIP
    ...     client.run("deepseek/deepseek-flash", "What is on?", tools=server.tools)

    The arguments are those of `AsyncServer`.
    """

    def __init__(self, server: str | Sequence[str] | Any, **options: Any) -> None:
        self._inner = AsyncServer(server, **options)
        self._portal = LoopThread("baimo-mcp")
        self._over: asyncio.Event | None = None
        self._lives: Future[None] | None = None
        self.tools: tuple[RunnableTool, ...] = ()
        """What the server offers, as it was when the connection was made."""

    def __enter__(self) -> Server:
        opened: Future[None] = Future()
        self._lives = self._portal.submit(self._live(opened))
        try:
            opened.result()
        except BaseException:
            self._portal.close()
            raise
        self.tools = tuple(
            [_BlockingTool(tool, self._portal) for tool in self._inner.tools if isinstance(tool, McpTool)]
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.tools = ()
        try:
            if self._lives is not None:
                self._portal.submit(self._end()).result()
                self._lives.result()
        finally:
            self._portal.close()

    async def _live(self, opened: Future[None]) -> None:
        """Open and close in one task, as the official package wants it."""
        self._over = asyncio.Event()
        try:
            await self._inner.__aenter__()
        except BaseException as error:
            opened.set_exception(error)
            return
        opened.set_result(None)
        try:
            await self._over.wait()
        finally:
            await self._inner.__aexit__(None, None, None)

    async def _end(self) -> None:
        if self._over is not None:
            self._over.set()


async def tools_of(session: Session, **options: Any) -> tuple[McpTool, ...]:
    """All tools that a server offers, page by page."""
    found: list[McpTool] = []
    cursor: str | None = None
    while True:
        page = await session.list_tools(cursor=cursor)
        found += [McpTool(session, told, **options) for told in page.tools]
        cursor = page.next_cursor
        if not cursor:
            return tuple(found)


def result_of(given: Any) -> ToolResult:
    """What a server gave, in neutral words. What is only there as a structure is written as JSON."""
    parts = [_part(block) for block in given.content]
    if not parts and given.structured_content is not None:
        parts = [Text(text=msgspec.json.encode(given.structured_content).decode())]
    return ToolResult(call_id="", content=tuple(parts), is_error=bool(given.is_error))


def _part(block: Any) -> ResultPart:
    match block.type:
        case "text":
            return Text(text=block.text)
        case "image":
            return Image(data=b64decode(block.data), media_type=block.mime_type)
        case "audio":
            return Audio(data=b64decode(block.data), format=_format(block.mime_type))
        case "resource":
            return _resource(block.resource)
        case "resource_link":
            said = f": {block.description}" if block.description else ""
            return Text(text=f"{block.name} ({block.uri}){said}")
        case _:
            return Text(text=str(block.model_dump_json(by_alias=True)))


def _resource(found: Any) -> ResultPart:
    """What stands in a resource: its text, or its bytes by their kind."""
    text = getattr(found, "text", None)
    if text is not None:
        return Text(text=text)
    data, kind = b64decode(found.blob), found.mime_type or "application/octet-stream"
    if kind.startswith("image/"):
        return Image(data=data, media_type=kind)
    if kind.startswith("audio/"):
        return Audio(data=data, format=_format(kind))
    return File(data=data, media_type=kind, name=str(found.uri).rpartition("/")[2] or None)


def _format(media_type: str) -> str:
    """`audio/x-wav` is wav, `audio/mpeg` mp3."""
    name = media_type.partition("/")[2].partition(";")[0].removeprefix("x-")
    return "mp3" if name == "mpeg" else name


def _unreachable(server: Any, error: Exception) -> Error:
    """The error for a server that cannot be spoken to, with the cause inside of groups of errors."""
    inner: BaseException = error
    while isinstance(inner, BaseExceptionGroup):
        inner = inner.exceptions[0]
    where = server if isinstance(server, str) else server[0] if isinstance(server, Sequence) else server
    return ConnectError(f"the MCP server {where} cannot be reached: {type(inner).__name__}: {inner}")
