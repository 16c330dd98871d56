"""The way to an origin: directly, by a proxy that forwards, or through a tunnel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from baimo.errors import ConnectError, InputError
from baimo.transports.names import Address
from baimo.transports.options import ProxyPolicy
from baimo.transports.origin import Origin, parse_origin
from baimo.transports.proxy import Proxy, proxy_for
from baimo.wire.http import HeaderFields, HttpRequest
from baimo.wire.http1_request import render_head
from baimo.wire.reach import is_public, is_public_host

if TYPE_CHECKING:
    from baimo.wire.socks import SocksHandshake


class Route:
    """Everything about the way to one origin that is the same for each call."""

    __slots__ = (
        "_last",
        "host_field",
        "is_forwarded",
        "origin",
        "prefix",
        "proxy",
        "proxy_fields",
        "public_only",
    )

    def __init__(self, origin: Origin, proxy: Proxy | None, *, public_only: bool = False) -> None:
        self._last: tuple[tuple[str, bytes, HeaderFields], bytes] | None = None
        self.origin = origin
        self.proxy = proxy
        self.public_only = public_only
        self.host_field = origin.host_field
        # A plain request is handed to an HTTP proxy in absolute form; all else goes through a tunnel.
        self.is_forwarded = proxy is not None and not proxy.is_socks and origin.scheme == "http"
        self.prefix = b"http://" + self.host_field if self.is_forwarded else b""
        self.proxy_fields: HeaderFields = (
            proxy.authorization() if proxy is not None and self.is_forwarded else ()
        )

    @property
    def name(self) -> str:
        """The origin for messages, and by what way."""
        via = f" by the proxy {self.proxy.address}" if self.proxy is not None else ""
        return f"{self.origin.authority}{via}"

    def render(self, request: HttpRequest) -> bytes:
        """The head of a request that takes this way."""
        body = request.body
        if type(body) is not bytes or not body:
            return render_head(request, host=self.host_field, prefix=self.prefix, more=self.proxy_fields)
        # Calls of one program differ in their bodies alone; all else of the head is rendered once.
        same = (request.method, request.target, request.headers)
        last = self._last
        if last is None or last[0] != same:
            head = render_head(request, host=self.host_field, prefix=self.prefix, more=self.proxy_fields)
            at = head.rfind(b"\r\nContent-Length: ")
            if at < 0 or head.find(b"\r\n", at + 2) != len(head) - 4:
                return head
            self._last = (same, head[: at + 18])
            return head
        return last[1] + b"%d\r\n\r\n" % len(body)


def find_route(
    text: str,
    policy: ProxyPolicy,
    environ: Mapping[str, str],
    *,
    is_socket: bool = False,
    public_only: bool = False,
) -> Route:
    """The way to an origin. Raises InputError for a bad origin, ConfigError for a bad proxy address, and
    ConnectError with `public_only` for a host that is not public by its text.
    """
    origin = parse_origin(text)
    if origin.scheme not in (("ws", "wss") if is_socket else ("http", "https")):
        raise InputError(f"{'a WebSocket' if is_socket else 'an HTTP'} request cannot go to {text!r}")
    if public_only and not _is_public(origin.host):
        raise not_public(origin.host)
    return Route(origin, proxy_for(origin, policy, environ), public_only=public_only)


def _is_public(host: str) -> bool:
    try:
        return is_public_host(host)
    except ValueError:
        return False


def not_public(host: str) -> ConnectError:
    """The refusal to connect to an address that only this machine or its network can reach."""
    return ConnectError(f"{host} is not at a public address", retryable=False)


def allowed(addresses: list[Address], route: Route, host: str) -> list[Address]:
    """The addresses that the route may be connected to. Raises ConnectError where there are none."""
    if not route.public_only:
        return addresses
    public = [address for address in addresses if is_public(str(address[1][0]))]
    if not public:
        raise not_public(host)
    return public


def socket_key(origin: str) -> str:
    """Under what a transport keeps a WebSocket origin: never found by an HTTP request that names it."""
    return f"socket {origin}"


def proxy_refusal(proxy: Proxy, status: int) -> ConnectError:
    """What a proxy's refusal means, in words and without credentials."""
    if status in (401, 407):  # some proxies answer 401 to a login that is wrong
        what = "refuses the user name and password" if proxy.username else "asks for a user name and password"
        return ConnectError(
            f"the proxy {proxy.address} {what} ({status})",
            hint="Write them into the proxy's address: scheme://user:password@host:port.",
            retryable=False,
        )
    return ConnectError(f"the proxy {proxy.address} did not open a tunnel: it answered {status}")


def proxy_hung_up(proxy: Proxy) -> ConnectError:
    """The error for a proxy that ended the connection where its answer was due."""
    return ConnectError(f"the proxy {proxy.address} ended the connection without an answer")


def socks_handshake(proxy: Proxy, host: str, port: int) -> SocksHandshake:
    """The conversation with a SOCKS proxy for a connection to `host:port`."""
    from baimo.wire.socks import SocksHandshake

    return SocksHandshake(host, port, username=proxy.username, password=proxy.password.reveal())
