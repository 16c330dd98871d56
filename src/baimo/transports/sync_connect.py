"""Connections over blocking sockets: racing addresses, proxies and TLS."""

from __future__ import annotations

import errno
import os
import selectors
import socket
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Protocol

from baimo.transports.failure import STAGGER_S, connect_failure, connect_timeout
from baimo.transports.names import Address, Resolver, interleaved
from baimo.transports.options import TlsOptions
from baimo.transports.origin import is_ip
from baimo.transports.proxy import Proxy
from baimo.transports.route import Route, allowed, proxy_hung_up, proxy_refusal, socks_handshake
from baimo.transports.socket_settings import shut_down, tune
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
    """Until when a connection must be made. Another thread may break that off."""

    __slots__ = ("_bells", "_handles", "_lock", "at", "is_broken", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.at = time.monotonic() + seconds
        self.is_broken = False
        self._lock = threading.Lock()
        self._handles: list[socket.socket] = []
        self._bells: list[threading.Event] = []

    def left(self) -> float:
        """Seconds left. Raises TimeoutError when there are none, OSError when it was broken off."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for the connection is over")
        if self.is_broken:
            raise _broken_off()
        return left

    def rings(self, bell: threading.Event) -> None:
        """From now on `break_off` rings that bell as well."""
        with self._lock:
            self._bells.append(bell)
            if self.is_broken:
                bell.set()

    def hold(self, sock: socket.socket) -> None:
        """From now on whoever waits for that socket, TLS laid over it or not, is woken by `break_off`."""
        with self._lock:
            if self.is_broken:
                raise _broken_off()
            # A descriptor of its own: that of the socket may be closed, and its number be another's, by then.
            self._handles.append(sock.dup())

    def break_off(self) -> None:
        """Wake who waits, from whatever thread; he fails with OSError."""
        with self._lock:
            self.is_broken = True
            for handle in self._handles:
                shut_down(handle)
            for bell in self._bells:
                bell.set()

    def let_go(self) -> None:
        """The connection is made, or not: nothing is to be broken off any more."""
        with self._lock:
            handles, self._handles = self._handles, []
        for handle in handles:
            handle.close()


def _broken_off() -> OSError:
    return ConnectionAbortedError(errno.ECONNABORTED, "broken off on our side")


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
        return allowed(_find(self._names, origin.host, origin.port, deadline), route, origin.host)

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
    return _connect(_find(names, host, port, deadline), deadline)


def _find(names: Resolver, host: str, port: int, deadline: Deadline) -> list[Address]:
    here = threading.Event()
    deadline.rings(here)
    try:
        return names.wait_for(host, port, deadline.left(), here)
    except TimeoutError:
        deadline.left()  # where it was broken off, that is said
        raise


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
        deadline.hold(sock)
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
                    _begin(waiting.popleft(), selector, failures, deadline)
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


def _begin(
    address: Address, selector: selectors.BaseSelector, failures: list[OSError], deadline: Deadline
) -> None:
    try:
        sock = socket.socket(address[0], socket.SOCK_STREAM)
    except OSError as error:  # a machine without that family
        failures.append(error)
        return
    try:
        deadline.hold(sock)
    except OSError:
        sock.close()
        raise
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
        found = _find(names, host, origin.port, deadline)
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
