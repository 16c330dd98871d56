"""Settings of every TCP connection we make."""

from __future__ import annotations

import socket

_KEEPALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPALIVE", 60), ("TCP_KEEPINTVL", 30), ("TCP_KEEPCNT", 4))


def tune(sock: socket.socket) -> None:
    """No waiting for more to send, and probes that find out when the peer is gone during a long silence.

    Raises OSError, the socket closed.
    """
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE:
            if hasattr(socket, name):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    except OSError:  # macOS refuses settings once the peer has reset the connection
        sock.close()
        raise


def shut_down(sock: socket.socket) -> None:
    """Tell the peer at once that this is over; the descriptor stays. Harmless on a socket that ended."""
    try:
        # Not the method of a TLS socket: that one would take the TLS state from under a reader.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        return
