"""The simulator as an ASGI application: calls of one provider, or of all of them at one address."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import TypeVar

from msgspec.structs import replace

from baimo.client.clock import REAL_CLOCK, Clock
from baimo.serving.asgi import RAW_ABORT, RAW_SEND, App, Message, Receive, Scope, Send
from baimo.serving.requested import read_request
from baimo.wire.http import HttpRequest, WireHead

from .engine import Call, Simulation
from .words import Abort, Act, CloseSocket, Head, Pause, Piece, RawBytes, ServedRequest, names_host

_DONE = object()
T = TypeVar("T")


def provider_app(simulation: Simulation, provider: str, *, clock: Clock = REAL_CLOCK) -> App:
    """Serves one provider at the root of its address."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await _serve(simulation, scope, receive, send, lambda request: (provider, request), clock)

    return app


def common_app(simulation: Simulation, *, clock: Clock = REAL_CLOCK) -> App:
    """Serves all providers: `/NAME/…` is what NAME has at `/…`; else the Host field decides, and where
    there is only one provider it is that one."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await _serve(simulation, scope, receive, send, lambda request: addressed(simulation, request), clock)

    return app


def addressed(simulation: Simulation, request: ServedRequest) -> tuple[str, ServedRequest] | None:
    """The provider that is meant, and the request as it sees it; None where nobody is."""
    faces = simulation.faces
    path, mark, query = request.target.partition(b"?")
    first, _, rest = path[1:].partition(b"/")
    name = first.decode("latin-1")
    if name in faces:
        return name, replace(request, target=b"/" + rest + mark + query)
    host = next((value for key, value in request.headers if key == b"host"), b"").decode("latin-1")
    for face in faces.values():
        if not names_host(host, ()) and names_host(host, face.hosts):
            return face.name, request
    return (next(iter(faces)), request) if len(faces) == 1 else None


async def _serve(
    simulation: Simulation,
    scope: Scope,
    receive: Receive,
    send: Send,
    find: Callable[[ServedRequest], tuple[str, ServedRequest] | None],
    clock: Clock,
) -> None:
    request = await read_request(scope, receive)
    found = find(request) if request is not None else None
    if request is None:
        return
    if found is None:
        await _nobody(simulation, scope, send)
        return
    provider, seen = found
    call = simulation.call(provider, seen, wall=clock.wall(), mono=clock.mono())
    if isinstance(seen, HttpRequest):
        await _Performance(scope, send, call, clock).http()
    else:
        await _Performance(scope, send, call, clock).socket(receive)


async def _nobody(simulation: Simulation, scope: Scope, send: Send) -> None:
    """Several providers are here and none was named."""
    names = "\n".join(f"/{name}/" for name in simulation.faces)
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    fields = [(b"content-type", b"text/plain; charset=utf-8")]
    text = f"No provider was named. Put one of these before the path:\n{names}\n".encode()
    await send({"type": f"{kind}.start", "status": 404, "headers": fields})
    await send({"type": f"{kind}.body", "body": text})


class _Performance:
    """Carries out the acts of one call."""

    def __init__(self, scope: Scope, send: Send, call: Call, clock: Clock) -> None:
        self._send = send
        self._call = call
        self._clock = clock
        self._kind = "http.response"
        self._blocks = call.blocks
        self._is_over = False

    async def http(self) -> None:
        """A request of HTTP."""
        await self._play(self._call.acts())
        if not self._is_over:
            await self._send({"type": "http.response.body", "body": b""})

    async def socket(self, receive: Receive) -> None:
        """A WebSocket: the handshake, the caller's first message, the answer to it."""
        self._kind = "websocket.http.response"
        await self._play(self._call.handshake())
        if self._is_over:
            return
        if self._call.received.status != 101:
            await self._send({"type": "websocket.http.response.body", "body": b""})
            return
        message = await receive()
        if message["type"] != "websocket.receive":
            return
        frame = message["text"] if message.get("text") is not None else message["bytes"]
        clock = self._clock
        await self._play(self._call.told((frame,), wall=clock.wall(), mono=clock.mono()))

    async def _play(self, acts: Iterator[Act]) -> None:
        try:
            while not self._is_over:
                act = await asyncio.to_thread(next, acts, _DONE) if self._blocks else next(acts, _DONE)
                if act is _DONE:
                    return
                await self._perform(act)
        finally:
            close = getattr(acts, "close", None)
            if close is not None:
                close()

    async def _perform(self, act: object) -> None:
        match act:
            case Head(head=head):
                await self._head(head)
            case Piece(data=data):
                await self._piece(data)
            case Pause(seconds=seconds):
                await self._clock.asleep(seconds)
            case RawBytes(data=data):
                await self._send({"type": RAW_SEND, "body": data})
            case Abort():
                self._is_over = True
                await self._send({"type": RAW_ABORT})
            case CloseSocket(code=code, reason=reason):
                self._is_over = True
                await self._send({"type": "websocket.close", "code": code, "reason": reason})

    async def _head(self, head: WireHead) -> None:
        if head.status == 101:
            await self._send({"type": "websocket.accept", "headers": list(head.headers)})
            self._kind = "websocket"
        else:
            start = {"status": head.status, "headers": list(head.headers)}
            await self._send({"type": f"{self._kind}.start", **start})

    async def _piece(self, data: bytes) -> None:
        message: Message = {"type": f"{self._kind}.body", "body": data, "more_body": True}
        if self._kind == "websocket":
            message = {"type": "websocket.send", "text": data.decode()}
        await self._send(message)
