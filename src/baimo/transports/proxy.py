"""Which proxy a request takes. One policy for HTTP and WebSocket; the environment is an argument.

Loopback is never proxied unless the policy names that very host.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

import msgspec

from baimo.errors import ConfigError, InputError
from baimo.transports.options import ProxyPolicy
from baimo.transports.origin import Origin, is_ip, is_loopback, split_port
from baimo.types.secret import Secret

_SCHEMES = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
# What desktops write into ALL_PROXY.
_SCHEME_ALIASES = {"socks": "socks5", "": "http"}
_ENVIRONMENT_NAMES = {"http": "http_proxy", "ws": "http_proxy", "https": "https_proxy", "wss": "https_proxy"}
_SECURE = {"ws": "http", "wss": "https"}


class Proxy(msgspec.Struct, frozen=True, kw_only=True):
    """One proxy. `scheme` is http, https (TLS to the proxy), socks5 (we look names up), socks5h (it does)."""

    scheme: str
    host: str
    port: int
    username: str = ""
    password: Secret = Secret("")

    @property
    def is_socks(self) -> bool:
        return self.scheme in ("socks5", "socks5h")

    @property
    def address(self) -> str:
        """Scheme, host and port for messages: without user name and password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    def authorization(self) -> tuple[tuple[bytes, bytes], ...]:
        """The Proxy-Authorization field (Basic), where the proxy has a user name."""
        if not self.username and not self.password:
            return ()
        from base64 import b64encode

        login = f"{self.username}:{self.password.reveal()}".encode()
        return ((b"Proxy-Authorization", b"Basic " + b64encode(login)),)


def proxy_for(origin: Origin, policy: ProxyPolicy, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy for that origin, None to go there directly. Raises ConfigError for a bad proxy address."""
    if policy is False:
        return None
    if policy is None:
        return _from_environment(origin, environ)
    if isinstance(policy, str):
        return None if is_loopback(origin.host) or not policy else parse_proxy(policy)
    return _from_mapping(origin, policy)


def parse_proxy(text: str) -> Proxy:
    """A proxy out of `scheme://user:password@host:port`. Raises ConfigError without repeating credentials."""
    scheme, mark, rest = text.strip().rpartition("://")
    scheme = _SCHEME_ALIASES.get(scheme.lower(), scheme.lower())
    rest = rest.partition("/")[0]
    login, _, place = rest.rpartition("@")
    host, port = split_port(place)
    if scheme not in _SCHEMES or not host or (port and not port.isdigit()):
        what = f"scheme {scheme!r}" if mark and scheme not in _SCHEMES else "address"
        raise ConfigError(
            f"a proxy has a bad {what}",
            hint="Write http://, https://, socks5:// or socks5h://, then host:port.",
        )
    username, _, password = login.partition(":")
    return Proxy(
        scheme=scheme,
        host=host.lower(),
        port=int(port) if port else _SCHEMES[scheme],
        username=unquote(username),
        password=Secret(unquote(password)),
    )


def is_excepted(origin: Origin, no_proxy: str) -> bool:
    """Whether a NO_PROXY list names the origin: by host, suffix, address, network, with a port, or by `*`."""
    entries = no_proxy.replace(",", " ").split()
    return any(entry == "*" or _matches(origin, entry.lower()) for entry in entries)


def _matches(origin: Origin, entry: str) -> bool:
    if "/" in entry:
        return _in_network(origin.host, entry)
    name, port = split_port(entry)
    if port and port != str(origin.port):
        return False
    name = name.removeprefix("*").strip(".")
    if not name:
        return False
    if is_ip(origin.host) or is_ip(name):
        return _same_address(origin.host, name)
    host = origin.host.rstrip(".")
    return host == name or host.endswith("." + name)


def _in_network(host: str, entry: str) -> bool:
    if not is_ip(host):
        return False
    from ipaddress import ip_address, ip_network

    try:
        return ip_address(host) in ip_network(entry, strict=False)
    except ValueError:
        return False


def _same_address(host: str, name: str) -> bool:
    if not (is_ip(host) and is_ip(name)):
        return False
    from ipaddress import ip_address

    try:
        return ip_address(host) == ip_address(name)
    except ValueError:
        return False


def _from_environment(origin: Origin, environ: Mapping[str, str]) -> Proxy | None:
    if is_loopback(origin.host):
        return None
    name = _ENVIRONMENT_NAMES[origin.scheme]
    chosen = (
        environ.get(name) or _upper(name, environ) or environ.get("all_proxy") or environ.get("ALL_PROXY")
    )
    if not chosen or is_excepted(origin, environ.get("no_proxy") or environ.get("NO_PROXY") or ""):
        return None
    return parse_proxy(chosen)


def _upper(name: str, environ: Mapping[str, str]) -> str | None:
    # In a CGI program HTTP_PROXY is the caller's "Proxy:" header field, so it is not believed there.
    if name == "http_proxy" and "REQUEST_METHOD" in environ:
        return None
    return environ.get(name.upper())


def _from_mapping(origin: Origin, policy: Mapping[str, str]) -> Proxy | None:
    scheme = _SECURE.get(origin.scheme, origin.scheme)
    named = [
        f"{origin.scheme}://{origin.host_field.decode()}",
        f"{origin.scheme}://{origin.authority}",
        origin.host,
    ]
    general = [] if is_loopback(origin.host) else [scheme, "all"]
    for key in [*named, *general]:
        if key in policy:
            excepted = key in general and is_excepted(origin, policy.get("no", ""))
            return None if excepted or not policy[key] else parse_proxy(policy[key])
    unknown = [key for key in policy if "://" in key and key != key.lower()]
    if unknown:
        raise InputError(f"origins in a proxy mapping are written in lower case: {unknown[0]!r}")
    return None
