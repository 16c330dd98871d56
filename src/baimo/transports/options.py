"""What can be set on a transport."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from baimo.types.secret import Secret

ProxyPolicy: TypeAlias = Mapping[str, str] | str | Literal[False] | None
"""None: the environment decides. False: never a proxy. Text: that proxy, except for loopback. A mapping: from
origin, host, `http`, `https` or `all` (the closest wins) to a proxy, `""` for none; `no` is a NO_PROXY."""


class ClientCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """The certificate that we show to a server that asks for one."""

    certificate_file: str
    """PEM, the chain included."""
    key_file: str | None = None
    """PEM; None when the key stands in `certificate_file`."""
    password: Secret | None = None


class TlsOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How servers are checked: by what the operating system trusts, and by what is added here."""

    ca_file: str | None = None
    """A PEM file of authorities that are trusted beside those of the operating system."""
    ca_data: str | None = None
    """The same as text."""
    client_certificate: ClientCertificate | None = None
    verify: bool = True
    """False accepts anybody who claims to be the server: for experiments on a closed network only."""


class TransportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Settings that a sync and an async transport share."""

    proxies: ProxyPolicy = None
    tls: TlsOptions = TlsOptions()
    max_connections: int = 1000
    """Connections to one origin; further calls wait in line until `connect_s` is over."""
    max_idle: int = 100
    """Connections to one origin that are kept open without a call on them."""
    idle_expiry_s: float = 60.0
    """Seconds after which a connection without a call is closed."""
