"""Connections on an event loop: racing addresses, proxies and TLS."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, TypeVar

from baimo.errors import ConnectError
from baimo.transports.failure import STAGGER_S, connect_failure
from baimo.transports.names import Address, Answer, Resolver, interleaved, with_port
from baimo.transports.options import TlsOptions
from baimo.transports.origin import is_ip
from baimo.transports.proxy import Proxy
from baimo.transports.route import Route, allowed, proxy_hung_up, proxy_refusal, socks_handshake
from baimo.transports.socket_settings import tune
from baimo.wire.http1_tunnel import TunnelReply, render_connect

if TYPE_CHECKING:
    import ssl

    from baimo.transports.tls import TlsContexts

P = TypeVar("P", bound=asyncio.BaseProtocol)


class AioDialer:
    """Makes connections for one transport. Its callers set the deadline: any await here may be cancelled."""

    def __init__(self, tls: TlsOptions, names: Resolver) -> None:
        self._tls_options = tls
        self._names = names
        self._contexts: TlsContexts | None = None

    async def dial(self, route: Route, protocol: P) -> socket.socket:
        """Connect `protocol` by that way, TLS included; the socket beneath. Raises ConnectError."""
        loop = asyncio.get_running_loop()
        proxy, origin = route.proxy, route.origin
        # Before there is a socket to leave behind: bad files are an error of the settings.
        for host in _hosts_by_tls(route):
            self._context(host)
        try:
            place = proxy or origin
            sock = await self._connect(loop, place.host, place.port, route if proxy is None else None)
            if proxy is not None and proxy.scheme == "https":
                await self._through_secure_proxy(loop, sock, route, proxy, protocol)
                return sock
            if proxy is not None and not route.is_forwarded:
                await self._ask_proxy(loop, sock, route, proxy)
            if origin.is_secure:
                await self._secure(loop, sock, origin.host, origin.authority, protocol)
            else:
                await loop.create_connection(lambda: protocol, sock=sock)
        except TimeoutError:
            raise
        except OSError as error:
            raise connect_failure(route.name, error) from error
        return sock

    async def _connect(
        self, loop: asyncio.AbstractEventLoop, host: str, port: int, direct: Route | None
    ) -> socket.socket:
        """A TCP connection to the first address that answers, of those that a direct way allows."""
        found = await self._find(loop, host, port)
        addresses = interleaved(found if direct is None else allowed(found, direct, host))
        sock = await (_race(loop, addresses) if len(addresses) > 1 else _connect_one(loop, addresses[0]))
        tune(sock)
        return sock

    async def _find(self, loop: asyncio.AbstractEventLoop, host: str, port: int) -> list[Address]:
        found = self._names.at_once(host, port)
        if found is not None:
            return found
        waiter: asyncio.Future[Answer] = loop.create_future()

        def done(answer: Answer) -> None:
            try:
                loop.call_soon_threadsafe(_settle, waiter, answer)
            except RuntimeError:
                return  # the loop was closed meanwhile: nobody waits

        self._names.ask(host, done)
        answer = await waiter
        if isinstance(answer, OSError):
            raise answer
        return with_port(answer, port)

    async def _secure(
        self, loop: asyncio.AbstractEventLoop, sock: socket.socket, host: str, name: str, protocol: P
    ) -> asyncio.Transport:
        from baimo.transports.tls import tls_failure

        try:
            transport, _ = await loop.create_connection(
                lambda: protocol, sock=sock, ssl=self._context(host), server_hostname=host
            )
        except TimeoutError:
            raise
        except OSError as error:
            raise tls_failure(name, error) from error
        return transport

    async def _through_secure_proxy(
        self, loop: asyncio.AbstractEventLoop, sock: socket.socket, route: Route, proxy: Proxy, protocol: P
    ) -> None:
        """By TLS to the proxy; plain requests are forwarded, all else goes through a tunnel."""
        if route.is_forwarded:
            await self._secure(loop, sock, proxy.host, proxy.address, protocol)
            return
        talk = _TunnelTalk(loop, proxy)
        outer = await self._secure(loop, sock, proxy.host, proxy.address, talk)
        try:
            outer.write(render_connect(route.origin.authority.encode("ascii"), proxy.authorization()))
            await talk.opened
            if route.origin.is_secure:
                inner = await self._start_tls(loop, outer, route, protocol)
            else:  # a plain WebSocket
                inner = outer
                outer.set_protocol(protocol)
        except BaseException:
            outer.abort()
            raise
        protocol.connection_made(inner)

    async def _start_tls(
        self, loop: asyncio.AbstractEventLoop, outer: asyncio.Transport, route: Route, protocol: P
    ) -> asyncio.Transport:
        from baimo.transports.tls import tls_failure

        host = route.origin.host
        try:
            inner = await loop.start_tls(outer, protocol, self._context(host), server_hostname=host)
        except TimeoutError:
            raise
        except OSError as error:
            raise tls_failure(route.origin.authority, error) from error
        except TypeError as error:
            # Python 3.11 stumbles over itself when TLS inside TLS fails; the reason stands behind that.
            if not isinstance(error.__context__, OSError):
                raise
            raise tls_failure(route.origin.authority, error.__context__) from error
        if inner is None:
            raise ConnectError(f"the connection to {route.name} ended in the TLS handshake")
        return inner

    async def _ask_proxy(
        self, loop: asyncio.AbstractEventLoop, sock: socket.socket, route: Route, proxy: Proxy
    ) -> None:
        """Have the proxy connect to the origin, before a transport stands on the socket."""
        try:
            if proxy.is_socks:
                await self._ask_socks(loop, sock, route, proxy)
            else:
                request = render_connect(route.origin.authority.encode("ascii"), proxy.authorization())
                await loop.sock_sendall(sock, request)
                reply = TunnelReply()
                while (head := reply.feed(await _receive(loop, sock, proxy))) is None:
                    continue
                if not 200 <= head.status < 300:
                    raise proxy_refusal(proxy, head.status)
        except BaseException:
            sock.close()
            raise

    async def _ask_socks(
        self, loop: asyncio.AbstractEventLoop, sock: socket.socket, route: Route, proxy: Proxy
    ) -> None:
        host, port = route.origin.host, route.origin.port
        if proxy.scheme == "socks5" and not is_ip(host):
            host = allowed(await self._find(loop, host, port), route, host)[0][1][0]
        handshake = socks_handshake(proxy, host, port)
        out = handshake.start()
        while True:
            if out:
                await loop.sock_sendall(sock, out)
            if handshake.done:
                return
            out = handshake.feed(await _receive(loop, sock, proxy))

    def _context(self, host: str) -> ssl.SSLContext:
        if self._contexts is None:
            from baimo.transports.tls import TlsContexts

            self._contexts = TlsContexts(self._tls_options)
        return self._contexts.for_host(host)


class _TunnelTalk(asyncio.Protocol):
    """The conversation with a proxy that is reached by TLS, until the tunnel is open."""

    def __init__(self, loop: asyncio.AbstractEventLoop, proxy: Proxy) -> None:
        self.opened: asyncio.Future[None] = loop.create_future()
        self._proxy = proxy
        self._reply = TunnelReply()

    def data_received(self, data: bytes) -> None:
        try:
            head = self._reply.feed(data)
        except ConnectError as error:
            self._end(error)
            return
        if head is not None:
            self._end(None if 200 <= head.status < 300 else proxy_refusal(self._proxy, head.status))

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(proxy_hung_up(self._proxy))

    def _end(self, error: ConnectError | None) -> None:
        if self.opened.done():
            return
        if error is None:
            self.opened.set_result(None)
        else:
            self.opened.set_exception(error)


def _hosts_by_tls(route: Route) -> list[str]:
    hosts = [route.origin.host] if route.origin.is_secure else []
    if route.proxy is not None and route.proxy.scheme == "https":
        hosts.append(route.proxy.host)
    return hosts


async def _connect_one(loop: asyncio.AbstractEventLoop, address: Address) -> socket.socket:
    sock = socket.socket(address[0], socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await loop.sock_connect(sock, address[1])
    except BaseException:
        sock.close()
        raise
    return sock


async def _race(loop: asyncio.AbstractEventLoop, addresses: list[Address]) -> socket.socket:
    """RFC 8305: one address after the other, the next one joining when the last is slow or has failed."""
    waiting = list(reversed(addresses))
    running: set[asyncio.Task[socket.socket]] = set()
    failures: list[OSError] = []
    winner: asyncio.Task[socket.socket] | None = None
    try:
        while winner is None:
            if waiting:
                running.add(loop.create_task(_connect_one(loop, waiting.pop())))
            elif not running:
                raise failures[0]
            done, running = await asyncio.wait(
                running, timeout=STAGGER_S if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for attempt in done:
                error = attempt.exception()
                if error is None and winner is None:
                    winner = attempt
                elif error is None:
                    attempt.result().close()
                elif isinstance(error, OSError):
                    failures.append(error)
                else:
                    raise error
    finally:
        for attempt in running:
            attempt.cancel()
            attempt.add_done_callback(_close_late)
    return winner.result()


def _close_late(attempt: asyncio.Task[socket.socket]) -> None:
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().close()


def _settle(waiter: asyncio.Future[Answer], answer: Answer) -> None:
    if not waiter.done():
        waiter.set_result(answer)


async def _receive(loop: asyncio.AbstractEventLoop, sock: socket.socket, proxy: Proxy) -> bytes:
    data = await loop.sock_recv(sock, 4096)
    if not data:
        raise proxy_hung_up(proxy)
    return data
