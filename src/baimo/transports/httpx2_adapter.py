"""An httpx2 client of the user's as a transport; clients of the older httpx are taken as well.

For people who bring hooks, mounts, HTTP/2 or a client with their own settings. The client's own defaults (its
header fields, cookies, proxies, TLS, pool) hold; ours give way to nothing but them.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from baimo.errors import ConfigError, ConnectError, InputError, MissingExtraError, TransportError
from baimo.transports.coded_body import CodedBody
from baimo.transports.failure import (
    call_aborted,
    connect_timeout,
    http_only,
    reply_timeout,
    stale_connection,
    transport_closed,
)
from baimo.transports.socket_settings import shut_down
from baimo.wire.http import HttpRequest, WireHead, WireRequest

if TYPE_CHECKING:
    import httpx2

_PACKAGES = ("httpx2", "httpx")


class Httpx2Transport:
    """Sends requests with an `httpx2.Client`. Meets the protocol `Transport`.

    The client takes a time limit for reading only once: that of a reply's first read holds for all.
    """

    def __init__(self, client: httpx2.Client | None = None) -> None:
        """Without a client one is made, and closed with the transport; a given one stays open.

        Raises MissingExtraError when none is given and httpx2 is not installed.
        """
        self._is_closed = False
        self._is_ours = client is None
        self._client: Any = _package().Client() if client is None else client
        self._errors = _errors_of(self._client)
        self._replies: set[Httpx2Reply] = set()

    def open(self, request: WireRequest, *, connect_s: float, head_s: float) -> Httpx2Reply:
        """Send and wait for the head. See `Transport.open`."""
        if self._is_closed:
            raise transport_closed()
        http = http_only(request, "an httpx2 client")
        call = _Call(http, connect_s, head_s)
        body = http.body if isinstance(http.body, bytes) else http.body.chunks()
        outgoing = call.build(self._client, body, call.watch)
        try:
            response = self._client.send(outgoing, stream=True, follow_redirects=False)
        except (self._errors.TransportError, OSError) as error:
            raise call.failure(self._errors, error) from error
        reply = Httpx2Reply(response, self._errors, self._replies, outgoing.extensions)
        self._replies.add(reply)
        return reply

    def close(self) -> None:
        """Abort the replies that are open; the client too is closed when it was made here."""
        self._is_closed = True
        for reply in list(self._replies):
            reply.abort()
        if self._is_ours:
            self._client.close()


class AsyncHttpx2Transport:
    """Sends requests with an `httpx2.AsyncClient`. Meets the protocol `AsyncTransport`."""

    def __init__(self, client: httpx2.AsyncClient | None = None) -> None:
        """As `Httpx2Transport`."""
        self._is_closed = False
        self._is_ours = client is None
        self._client: Any = _package().AsyncClient() if client is None else client
        self._errors = _errors_of(self._client)
        self._replies: set[AsyncHttpx2Reply] = set()

    async def open(self, request: WireRequest, *, connect_s: float, head_s: float) -> AsyncHttpx2Reply:
        """Send and wait for the head. See `AsyncTransport.open`."""
        if self._is_closed:
            raise transport_closed()
        http = http_only(request, "an httpx2 client")
        call = _Call(http, connect_s, head_s)
        body = http.body if isinstance(http.body, bytes) else _aiter(http)
        outgoing = call.build(self._client, body, call.awatch)
        try:
            response = await self._client.send(outgoing, stream=True, follow_redirects=False)
        except (self._errors.TransportError, OSError) as error:
            raise call.failure(self._errors, error) from error
        reply = AsyncHttpx2Reply(response, self._errors, self._replies)
        self._replies.add(reply)
        return reply

    async def close(self) -> None:
        """Abort the replies that are open; the client too is closed when it was made here."""
        self._is_closed = True
        for reply in list(self._replies):
            reply.abort()
        if self._is_ours:
            await self._client.aclose()
        await asyncio.sleep(0)


class Httpx2Reply:
    """A reply of an httpx2 client. Meets the protocol `Reply`."""

    def __init__(
        self, response: Any, errors: Any, replies: set[Httpx2Reply], settings: dict[str, Any]
    ) -> None:
        self.head = _head(response)
        self._response = response
        self._errors = errors
        self._replies = replies
        self._settings = settings
        self._pieces: Any = None
        self._body = _coded_body(self.head, response)
        self._is_over = False

    def read(self, within_s: float) -> bytes:
        """The next piece of the body. See `Reply.read`."""
        if self._is_over:
            raise call_aborted()
        if self._pieces is None:
            self._settings.get("timeout", {})["read"] = within_s
            content = _content(self._response)
            self._pieces = iter([content]) if content is not None else self._response.iter_raw()
        try:
            piece = self._body.waiting()
            while not piece:
                data = next(self._pieces, None)
                if data is None:
                    self._body.end()
                    return b""
                piece = self._body.feed(data)
            return piece
        except self._errors.TimeoutException as error:
            self.abort()
            raise reply_timeout("idle", within_s) from error
        except (self._errors.RequestError, self._errors.StreamError, OSError) as error:
            failure = call_aborted() if self._is_over else _cut_off()
            self.abort()
            raise failure from error
        except BaseException:
            self.abort()
            raise

    def close(self) -> None:
        """Done with it; the connection is kept when the whole body came."""
        self._leave()
        self._response.close()

    def abort(self) -> None:
        """Close the socket at once, from whatever thread."""
        if self._is_over:
            return
        self._leave()
        if not self._response.is_closed:
            _shut_down(self._response)
            self._response.close()

    def _leave(self) -> None:
        self._is_over = True
        self._replies.discard(self)


class AsyncHttpx2Reply:
    """A reply of an asynchronous httpx2 client. Meets the protocol `AsyncReply`."""

    def __init__(self, response: Any, errors: Any, replies: set[AsyncHttpx2Reply]) -> None:
        self.head = _head(response)
        self._response = response
        self._errors = errors
        self._replies = replies
        content = _content(response)
        self._pieces = _single(content) if content is not None else response.aiter_raw()
        self._body = _coded_body(self.head, response)
        self._is_over = False
        self._closing: asyncio.Task[None] | None = None

    async def read(self, within_s: float) -> bytes:
        """The next piece of the body. See `Reply.read`."""
        if self._is_over:
            raise call_aborted()
        try:
            async with asyncio.timeout(within_s):
                return await self._next()
        except (TimeoutError, self._errors.TimeoutException) as error:
            self.abort()
            raise reply_timeout("idle", within_s) from error
        except (self._errors.RequestError, self._errors.StreamError, OSError) as error:
            failure = call_aborted() if self._is_over else _cut_off()
            self.abort()
            raise failure from error
        except BaseException:
            self.abort()
            raise

    def close(self) -> None:
        """Done with it; the connection is kept when the whole body came."""
        self.abort()

    def abort(self) -> None:
        """Close the socket at once, unless the client has it back already."""
        if self._is_over:
            return
        self._is_over = True
        self._replies.discard(self)
        if not self._response.is_closed:
            _shut_down(self._response)
            self._closing = asyncio.get_running_loop().create_task(self._response.aclose())

    async def _next(self) -> bytes:
        piece = self._body.waiting()
        while not piece:
            data = await anext(self._pieces, None)
            if data is None:
                self._body.end()
                return b""
            piece = self._body.feed(data)
        return piece


class _Call:
    """One request on its way, and whether a connection was made for it."""

    def __init__(self, request: HttpRequest, connect_s: float, head_s: float) -> None:
        self._request = request
        self._connect_s = connect_s
        self._head_s = head_s
        self._is_new = False

    def watch(self, name: str, info: dict[str, Any]) -> None:
        if name.startswith("connection."):
            self._is_new = True

    async def awatch(self, name: str, info: dict[str, Any]) -> None:
        self.watch(name, info)

    def build(self, client: Any, body: Any, watch: Any) -> Any:
        request = self._request
        headers = list(request.headers)
        names = {name.lower() for name, _ in headers}
        if b"accept-encoding" not in names:
            headers.append((b"Accept-Encoding", b"gzip, deflate"))
        length = len(request.body) if isinstance(request.body, bytes) else request.body.length
        if length and b"content-length" not in names:
            headers.append((b"Content-Length", b"%d" % length))
        limits = {
            "connect": self._connect_s,
            "pool": self._connect_s,
            "read": self._head_s,
            "write": self._head_s,
        }
        # The target goes as it is: the client would quote it anew, and signatures would break.
        settings = {"timeout": limits, "target": request.target, "trace": watch}
        return client.build_request(
            request.method, request.url, headers=headers, content=body, extensions=settings
        )

    def failure(self, errors: Any, error: Exception) -> TransportError | InputError:
        """The error for a call whose head did not come."""
        where = self._request.origin
        if isinstance(error, errors.ConnectTimeout):
            return connect_timeout(where, self._connect_s)
        if isinstance(error, errors.PoolTimeout):
            return connect_timeout(where, self._connect_s, "no free connection to")
        if isinstance(error, errors.TimeoutException):
            return reply_timeout("head", self._head_s)
        if isinstance(error, errors.ConnectError | errors.ProxyError):
            return ConnectError(f"cannot connect to {where}: {error}")
        if isinstance(error, errors.LocalProtocolError | errors.UnsupportedProtocol):
            return InputError(f"the request cannot be sent: {error}")
        if not self._is_new:
            return stale_connection()
        return TransportError(f"no reply came: {error}")


def _head(response: Any) -> WireHead:
    return WireHead(
        response.status_code, tuple((name.lower(), value) for name, value in response.headers.raw)
    )


def _content(response: Any) -> bytes | None:
    """The body of a reply that was never on a wire, as a client in a test gives it; its coding is undone."""
    if not response.is_stream_consumed:
        return None
    content: bytes = response.content
    return content


def _coded_body(head: WireHead, response: Any) -> CodedBody:
    return CodedBody(head if _content(response) is None else WireHead(head.status))


async def _single(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _shut_down(response: Any) -> None:
    """The client's own way of closing waits for others; the socket beneath does not."""
    stream = response.extensions.get("network_stream")
    sock = stream.get_extra_info("socket") if stream is not None else None
    if isinstance(sock, socket.socket):
        shut_down(sock)
    elif sock is not None and hasattr(sock, "shutdown"):
        sock.shutdown(socket.SHUT_RDWR)


def _cut_off() -> TransportError:
    return TransportError("the connection was lost before the end of the body")


async def _aiter(request: HttpRequest) -> AsyncIterator[bytes]:
    if not isinstance(request.body, bytes):
        for piece in request.body.chunks():
            yield piece


def _errors_of(client: object) -> Any:
    """The package that the client is of: it holds the errors that it raises."""
    for kind in type(client).__mro__:
        name = kind.__module__.partition(".")[0]
        if name in _PACKAGES:
            return sys.modules[name]
    raise ConfigError(f"{type(client).__name__} is no httpx2 or httpx client")


def _package() -> Any:
    try:
        import httpx2
    except ImportError:
        raise MissingExtraError(
            "this transport needs the package httpx2", hint="Install it: pip install 'baimo[httpx2]'"
        ) from None
    return httpx2
