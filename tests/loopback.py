"""A guard: a test that reaches for anything but this machine fails, whoever catches the refusal."""

from __future__ import annotations

import ipaddress
import socket
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


def _refuse_elsewhere(what: str, host: object) -> None:
    if not _is_here(host):
        refused.append(f"{what} {host!r}")
        raise RefusedError(f"a test reached out of this machine: {what} {host!r}")


def _guard_addresses(name: str) -> None:
    """Have a method of sockets look at its address, which comes last."""
    original = getattr(socket.socket, name)

    def guarded(self: socket.socket, *args: Any) -> Any:
        address = args[-1] if args else None
        _refuse_elsewhere(f"socket.{name}", address[0] if isinstance(address, tuple) and address else None)
        return original(self, *args)

    setattr(socket.socket, name, guarded)


def _guard_names(name: str) -> None:
    """Have a function that looks a name up look at the name."""
    original = getattr(socket, name)

    def guarded(host: object, *args: Any, **options: Any) -> Any:
        _refuse_elsewhere(f"socket.{name}", host)
        return original(host, *args, **options)

    setattr(socket, name, guarded)


# No audit hook does this: one that is written in Python lets threads change places inside `sys.settrace`,
# which measuring coverage calls in each new thread, and Python 3.11 then fails to start the thread.
for _name in ("connect", "connect_ex", "sendto"):
    _guard_addresses(_name)
for _name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr"):
    _guard_names(_name)


@pytest.fixture(autouse=True)
def only_loopback() -> Iterator[None]:
    """Fails a test that tried to leave this machine, even if it swallowed the refusal."""
    refused.clear()
    yield
    assert refused == []
