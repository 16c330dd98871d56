"""A guard: a test that reaches for anything but this machine fails, whoever catches the refusal."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterator
from typing import Any

import pytest

refused: list[str] = []
"""What the running test reached for."""


class RefusedError(Exception):
    """Not an OSError: code that means to survive a bad network must not survive this."""


def _is_here(host: object) -> bool:
    if isinstance(host, bytes | bytearray):
        host = bytes(host).decode("ascii", "replace")
    if host is None or host == "":
        return True
    if not isinstance(host, str):
        return False
    name = host.lower().rstrip(".").partition("%")[0]
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return mapped.is_loopback or mapped.is_unspecified


def _watch(event: str, args: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto"):
        address = args[1]
        host = address[0] if isinstance(address, tuple) and address else None
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        host = args[0]
    else:
        return
    if not _is_here(host):
        refused.append(f"{event} {host!r}")
        raise RefusedError(f"a test reached out of this machine: {event} {host!r}")


sys.addaudithook(_watch)


@pytest.fixture(autouse=True)
def only_loopback() -> Iterator[None]:
    """Fails a test that tried to leave this machine, even if it swallowed the refusal."""
    refused.clear()
    yield
    assert refused == []
