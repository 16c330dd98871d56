"""The place a request goes to: scheme, host and port out of an origin's text."""

from __future__ import annotations

import msgspec

from baimo.errors import InputError

DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class Origin(msgspec.Struct, frozen=True):
    """A parsed origin; `host` has no brackets."""

    scheme: str
    host: str
    port: int

    @property
    def is_secure(self) -> bool:
        return self.scheme in ("https", "wss")

    @property
    def authority(self) -> str:
        """`host:port`, with brackets round an IPv6 address."""
        return f"{bracketed(self.host)}:{self.port}"

    @property
    def host_field(self) -> bytes:
        """What the Host field says: the port only where it is not the scheme's own."""
        is_default = self.port == DEFAULT_PORTS[self.scheme]
        return (bracketed(self.host) if is_default else self.authority).encode("ascii")


def parse_origin(text: str) -> Origin:
    """`https://host`, `http://[::1]:8080` and the like. Raises InputError for anything else."""
    scheme, _, rest = text.partition("://")
    host, port = split_port(rest)
    if scheme not in DEFAULT_PORTS or not host or any(bad in rest for bad in "/?#@ \t\r\n"):
        raise InputError(f"{text!r} is no origin; write scheme://host or scheme://host:port")
    try:
        ascii_host = host if host.isascii() else host.encode("idna").decode("ascii")
        number = int(port) if port else DEFAULT_PORTS[scheme]
    except ValueError:
        raise InputError(f"{text!r} has a host name or port that is not valid") from None
    if not 0 < number < 65536:
        raise InputError(f"{text!r} has a port out of range")
    return Origin(scheme, ascii_host.lower(), number)


def split_port(text: str) -> tuple[str, str]:
    """`host:port` taken apart; the port is empty where there is none, brackets are gone."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, rest.removeprefix(":")
    if text.count(":") > 1:
        return text, ""
    host, _, port = text.partition(":")
    return host, port


def bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def is_ip(host: str) -> bool:
    """Whether the host is an address that needs no look-up (a zone after `%` included)."""
    parts = host.split(".")
    return ":" in host or (len(parts) == 4 and all(part.isdecimal() and int(part) < 256 for part in parts))


def is_loopback(host: str) -> bool:
    """`localhost`, a name under it, 127.0.0.0/8 and ::1."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    return (host.startswith("127.") and is_ip(host)) or host in ("::1", "0:0:0:0:0:0:0:1")
