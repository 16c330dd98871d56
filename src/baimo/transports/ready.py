"""Whether a blocking socket can be read or written now, by one system call."""

from __future__ import annotations

import select
import socket
from math import ceil

_POLL = getattr(select, "poll", None)
_POLLIN = getattr(select, "POLLIN", 0)


def is_readable(sock: socket.socket) -> bool:
    """Whether bytes or the end of the stream wait to be read. A closed socket counts as readable."""
    number = sock.fileno()
    if number < 0 or _POLL is None:
        return wait_ready(sock, write=False, seconds=0.0)[0]
    poller = _POLL()  # every call that reuses a connection asks
    poller.register(number, _POLLIN)
    return bool(poller.poll(0))


def wait_ready(sock: socket.socket, *, write: bool, seconds: float) -> tuple[bool, bool]:
    """Wait until the socket can be read or, if asked for, written: `(readable, writable)`."""
    number = sock.fileno()
    if number < 0:
        return True, True
    if hasattr(select, "poll"):
        poller = select.poll()
        poller.register(number, select.POLLIN | (select.POLLOUT if write else 0))
        ready = poller.poll(ceil(seconds * 1000))
        flags = ready[0][1] if ready else 0
        broken = flags & (select.POLLERR | select.POLLHUP | select.POLLNVAL)
        return bool(flags & select.POLLIN or broken), bool(write and (flags & select.POLLOUT or broken))
    readable, writable, failed = select.select([sock], [sock] if write else [], [sock], seconds)
    return bool(readable or failed), bool(writable or failed)
