"""An aiohttp session of the user's as a transport.

For people who bring tracing, connectors or proxy settings of their own. The session's defaults hold.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from typing import TYPE_CHECKING, Any

from baimo.errors import ConnectError, InputError, MissingExtraError, TransportError
from baimo.transports.coded_body import CodedBody
from baimo.transports.failure import (
    call_aborted,
    connect_timeout,
    http_only,
    reply_timeout,
    transport_closed,
)
from baimo.wire.http import HttpRequest, WireHead, WireRequest
from baimo.wire.http1 import MAX_HEAD_BYTES

if TYPE_CHECKING:
    import aiohttp

_ONE_WRITE_BYTES = 64 * 1024


class AiohttpTransport:
    """Sends requests with an `aiohttp.ClientSession`. Meets the protocol `AsyncTransport`.

    aiohttp does not tell whether a connection was a kept one, so StaleConnectionError never comes from here.
    """

    def __init__(self, session: aiohttp.ClientSession | None = None) -> None:
        """Without a session one is made, and closed with the transport; a given one stays open.

        Raises MissingExtraError when aiohttp is not installed.
        """
        self._aiohttp = _package()
        self._is_closed = False
        self._is_ours = session is None
        self._session: Any = session
        self._replies: set[AiohttpReply] = set()

    async def open(self, request: WireRequest, *, connect_s: float, head_s: float) -> AiohttpReply:
        """Send and wait for the head. See `AsyncTransport.open`."""
        if self._is_closed:
            raise transport_closed()
        http = http_only(request, "an aiohttp session")
        if self._session is None:
            self._session = self._aiohttp.ClientSession(trust_env=True)
        try:
            response = await self._send(http, connect_s, head_s)
        # aiohttp has a RuntimeError for a connection that was closed meanwhile.
        except (self._aiohttp.ClientError, OSError, RuntimeError) as error:
            raise self._failure(error, request.origin, connect_s, head_s) from error
        reply = AiohttpReply(response, self._aiohttp.ClientError, self._replies)
        self._replies.add(reply)
        return reply

    async def close(self) -> None:
        """Abort the replies that are open; the session too is closed when it was made here."""
        self._is_closed = True
        for reply in list(self._replies):
            reply.abort()
        if self._is_ours and self._session is not None:
            await self._session.close()
        await asyncio.sleep(0)

    async def _send(self, request: HttpRequest, connect_s: float, head_s: float) -> Any:
        from yarl import URL

        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers]
        names = {name.lower() for name, _ in headers}
        if "accept-encoding" not in names:
            headers.append(("Accept-Encoding", "gzip, deflate"))
        length = None if isinstance(request.body, bytes) else request.body.length
        if length is not None and "content-length" not in names:
            headers.append(("Content-Length", str(length)))
        return await self._session.request(
            request.method,
            URL(request.url, encoded=True),  # as it is: quoted anew, it would break signatures
            headers=headers,
            data=_body(request),
            skip_auto_headers=("Content-Type",),
            allow_redirects=False,
            auto_decompress=False,
            max_line_size=MAX_HEAD_BYTES,
            max_field_size=MAX_HEAD_BYTES,
            timeout=self._aiohttp.ClientTimeout(total=None, connect=connect_s, sock_read=head_s),
        )

    def _failure(
        self, error: Exception, where: str, connect_s: float, head_s: float
    ) -> TransportError | InputError:
        kinds = self._aiohttp
        if isinstance(error, kinds.ConnectionTimeoutError):
            return connect_timeout(where, connect_s)
        if isinstance(error, TimeoutError):
            return reply_timeout("head", head_s)
        if isinstance(error, kinds.ClientConnectorError | kinds.ClientHttpProxyError):
            return ConnectError(f"cannot connect to {where}: {error}")
        if isinstance(error, kinds.InvalidURL):
            return InputError(f"the request cannot be sent: {error}")
        return TransportError(f"no reply came: {str(error) or type(error).__name__}")


class AiohttpReply:
    """A reply of an aiohttp session. Meets the protocol `AsyncReply`."""

    def __init__(self, response: Any, error: type[Exception], replies: set[AiohttpReply]) -> None:
        self.head = WireHead(
            response.status, tuple((name.lower(), value) for name, value in response.raw_headers)
        )
        self._response = response
        self._client_error = error
        self._replies = replies
        self._body = CodedBody(self.head)
        self._is_over = False

    async def read(self, within_s: float) -> bytes:
        """The next piece of the body. See `Reply.read`."""
        if self._is_over:
            raise call_aborted()
        try:
            async with asyncio.timeout(within_s):
                return await self._next()
        except TimeoutError as error:
            self.abort()
            raise reply_timeout("idle", within_s) from error
        except (self._client_error, OSError, RuntimeError) as error:
            failure = (
                call_aborted()
                if self._is_over
                else TransportError("the connection was lost before the end of the body")
            )
            self.abort()
            raise failure from error
        except BaseException:
            self.abort()
            raise

    def close(self) -> None:
        """Done with it; aiohttp has kept the connection if the whole body came."""
        self.abort()

    def abort(self) -> None:
        """Close the socket at once, unless the session has it back already."""
        if not self._is_over:
            self._is_over = True
            self._replies.discard(self)
            self._response.close()

    async def _next(self) -> bytes:
        piece = self._body.waiting()
        while not piece:
            data = await self._response.content.readany()
            if not data:
                self._body.end()
                return b""
            piece = self._body.feed(data)
        return piece


def _body(request: HttpRequest) -> Any:
    if not isinstance(request.body, bytes):
        return _pieces(request)
    # A large body given as bytes would leave in one write.
    return BytesIO(request.body) if len(request.body) > _ONE_WRITE_BYTES else request.body or None


async def _pieces(request: HttpRequest) -> AsyncIterator[bytes]:
    if not isinstance(request.body, bytes):
        for piece in request.body.chunks():
            yield piece


def _package() -> Any:
    try:
        import aiohttp
    except ImportError:
        raise MissingExtraError(
            "this transport needs the package aiohttp", hint="Install it: pip install 'baimo[aiohttp]'"
        ) from None
    return aiohttp
