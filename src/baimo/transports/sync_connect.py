"""Connections over blocking sockets: racing addresses, proxies and TLS."""

from __future__ import annotations

import errno
import os
import selectors
import socket
import time
from collections import deque
from typing import TYPE_CHECKING, Protocol

from baimo.transports.failure import STAGGER_S, connect_failure, connect_timeout
from baimo.transports.names import Address, Resolver, interleaved
from baimo.transports.options import TlsOptions
from baimo.transports.origin import is_ip
from baimo.transports.proxy import Proxy
from baimo.transports.route import Route, allowed, proxy_hung_up, proxy_refusal, socks_handshake
from baimo.transports.socket_settings import tune
from baimo.wire.http1_tunnel import TunnelReply, render_connect

if TYPE_CHECKING:
    import ssl

    from baimo.transports.tls import TlsContexts

_IN_PROGRESS = (0, errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", 0))


class Stream(Protocol):
    """What a carrier needs of a socket; a plain one, a TLS one, and TLS inside TLS have it."""

    def recv(self, size: int, /) -> bytes: ...
    def send(self, data: bytes | memoryview, /) -> int: ...
    def sendall(self, data: bytes, /) -> None: ...
    def settimeout(self, seconds: float | None, /) -> None: ...
    def close(self) -> None: ...


class Deadline:
    """A point in time and how long it was away in the beginning."""

    __slots__ = ("at", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.at = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left. Raises TimeoutError when there are none."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for the connection is over")
        return left


class Dialer:
    """Makes connections for one transport."""

    def __init__(self, tls: TlsOptions, names: Resolver) -> None:
        self._tls_options = tls
        self._names = names
        self._contexts: TlsContexts | None = None

    def dial(self, route: Route, deadline: Deadline) -> tuple[Stream, socket.socket]:
        """A connection by that way, TLS included: what to read and write, and the socket beneath.

        Raises ConnectError, and TimedOutError(limit="connect") at the deadline.
        """
        base: socket.socket | None = None
        try:
            place = route.proxy or route.origin
            if route.proxy is None and route.public_only:
                base = _connect(self._found(route, deadline), deadline)
            else:
                base = connect(self._names, place.host, place.port, deadline)
            if route.proxy is not None and route.proxy.scheme == "https":
                base = self._secure(base, route.proxy.host, route.proxy.address, deadline)
            if route.proxy is not None and not route.is_forwarded:
                _ask_proxy(base, route, route.proxy, self._names, deadline)
            if not route.origin.is_secure:
                return base, base
            if route.proxy is not None and route.proxy.scheme == "https":
                return self._secure_again(base, route, deadline), base
            base = self._secure(base, route.origin.host, route.origin.authority, deadline)
        except TimeoutError as error:
            _close(base)
            raise connect_timeout(route.name, deadline.seconds) from error
        except OSError as error:
            _close(base)
            raise connect_failure(route.name, error) from error
        except BaseException:
            _close(base)
            raise
        return base, base

    def _found(self, route: Route, deadline: Deadline) -> list[Address]:
        """The origin's addresses, those that are not public left out: exactly these are connected to."""
        origin = route.origin
        return allowed(self._names.wait_for(origin.host, origin.port, deadline.left()), route, origin.host)

    def _secure(self, sock: socket.socket, host: str, name: str, deadline: Deadline) -> socket.socket:
        from baimo.transports.tls import tls_failure

        context = self._context(host)
        sock.settimeout(deadline.left())
        try:
            # An end without TLS's own goodbye may be an attacker's cut: it must not look like an end.
            return context.wrap_socket(sock, server_hostname=host, suppress_ragged_eofs=False)
        except TimeoutError:
            sock.close()
            raise
        except OSError as error:
            sock.close()
            raise tls_failure(name, error) from error

    def _secure_again(self, base: socket.socket, route: Route, deadline: Deadline) -> Stream:
        from baimo.transports.sync_tls import TlsOverTls
        from baimo.transports.tls import tls_failure

        host = route.origin.host
        try:
            return TlsOverTls(base, self._context(host), host, deadline)
        except TimeoutError:
            raise
        except OSError as error:
            raise tls_failure(route.origin.authority, error) from error

    def _context(self, host: str) -> ssl.SSLContext:
        if self._contexts is None:
            from baimo.transports.tls import TlsContexts

            self._contexts = TlsContexts(self._tls_options)
        return self._contexts.for_host(host)


def connect(names: Resolver, host: str, port: int, deadline: Deadline) -> socket.socket:
    """A TCP connection to the first address that answers. Raises OSError, TimeoutError at the deadline."""
    return _connect(names.wait_for(host, port, deadline.left()), deadline)


def _connect(found: list[Address], deadline: Deadline) -> socket.socket:
    addresses = interleaved(found)
    sock = _race(addresses, deadline) if len(addresses) > 1 else _connect_one(addresses[0], deadline)
    tune(sock)
    return sock


def not_ready_errors(sock: socket.socket) -> tuple[type[OSError], ...]:
    """What a socket that does not wait raises when it would have to."""
    if type(sock) is socket.socket:
        return (BlockingIOError,)
    import ssl

    return (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


def _connect_one(address: Address, deadline: Deadline) -> socket.socket:
    sock = socket.socket(address[0], socket.SOCK_STREAM)
    try:
        sock.settimeout(deadline.left())
        sock.connect(address[1])
    except BaseException:
        sock.close()
        raise
    return sock


def _race(addresses: list[Address], deadline: Deadline) -> socket.socket:
    """RFC 8305: one address after the other, the next one joining when the last is slow or has failed."""
    waiting = deque(addresses)
    failures: list[OSError] = []
    with selectors.DefaultSelector() as selector:
        try:
            while True:
                if waiting:
                    _begin(waiting.popleft(), selector, failures)
                elif not selector.get_map():
                    raise failures[0]
                left = deadline.left()
                if (
                    sock := _first_ready(selector, min(left, STAGGER_S) if waiting else left, failures)
                ) is not None:
                    selector.unregister(sock)
                    return sock
        finally:
            for key in list(selector.get_map().values()):
                _close(key.fileobj)


def _begin(address: Address, selector: selectors.BaseSelector, failures: list[OSError]) -> None:
    try:
        sock = socket.socket(address[0], socket.SOCK_STREAM)
    except OSError as error:  # a machine without that family
        failures.append(error)
        return
    sock.setblocking(False)
    code = sock.connect_ex(address[1])
    if code in _IN_PROGRESS:
        selector.register(sock, selectors.EVENT_WRITE)
    else:
        failures.append(OSError(code, os.strerror(code)))
        sock.close()


def _first_ready(
    selector: selectors.BaseSelector, seconds: float, failures: list[OSError]
) -> socket.socket | None:
    if not selector.get_map():
        return None
    for key, _ in selector.select(seconds):
        sock = key.fileobj
        assert isinstance(sock, socket.socket)
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code == 0:
            return sock
        failures.append(OSError(code, os.strerror(code)))
        selector.unregister(sock)
        sock.close()
    return None


def _ask_proxy(sock: socket.socket, route: Route, proxy: Proxy, names: Resolver, deadline: Deadline) -> None:
    """Have the proxy connect to the origin. Raises ConnectError when it refuses."""
    origin = route.origin
    if not proxy.is_socks:
        _send(sock, render_connect(origin.authority.encode("ascii"), proxy.authorization()), deadline)
        reply = TunnelReply()
        while (head := reply.feed(_receive(sock, proxy, deadline))) is None:
            continue
        if not 200 <= head.status < 300:
            raise proxy_refusal(proxy, head.status)
        return
    host = origin.host
    if proxy.scheme == "socks5" and not is_ip(host):
        found = names.wait_for(host, origin.port, deadline.left())
        host = allowed(found, route, host)[0][1][0]
    handshake = socks_handshake(proxy, host, origin.port)
    out = handshake.start()
    while True:
        if out:
            _send(sock, out, deadline)
        if handshake.done:
            return
        out = handshake.feed(_receive(sock, proxy, deadline))


def _send(sock: socket.socket, data: bytes, deadline: Deadline) -> None:
    sock.settimeout(deadline.left())
    sock.sendall(data)


def _receive(sock: socket.socket, proxy: Proxy, deadline: Deadline) -> bytes:
    sock.settimeout(deadline.left())
    data = sock.recv(4096)
    if not data:
        raise proxy_hung_up(proxy)
    return data


def _close(sock: object) -> None:
    if isinstance(sock, socket.socket):
        sock.close()
