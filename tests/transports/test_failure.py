"""Failed connections in words: what happened, and whether to try again."""

from __future__ import annotations

import errno
import socket

import pytest

from baimo.errors import StaleConnectionError
from baimo.transports.failure import (
    call_aborted,
    connect_failure,
    connect_timeout,
    reply_timeout,
    stale_connection,
    transport_closed,
)


@pytest.mark.parametrize(
    ("error", "words", "retryable"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "cannot be found", False),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), "cannot be found", True),
        (
            ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
            "nobody answers at a.test:1",
            True,
        ),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "cannot connect to a.test:1: No route", True),
        (OSError("odd"), "cannot connect to a.test:1: odd", True),
    ],
)
def test_a_failed_connection_says_where_and_why(error: OSError, words: str, retryable: bool) -> None:
    failure = connect_failure("a.test:1", error)
    assert words in str(failure)
    assert failure.retryable is retryable
    assert not failure.sent


def test_time_limits_name_themselves() -> None:
    assert (connect_timeout("a.test:1", 10).limit, connect_timeout("a.test:1", 10).sent) == ("connect", False)
    assert "within 0.5 s" in str(reply_timeout("head", 0.5))
    assert (reply_timeout("head", 1).limit, reply_timeout("head", 1).sent) == ("head", True)
    assert (reply_timeout("idle", 1).limit, reply_timeout("idle", 1).sent) == ("idle", True)


def test_only_what_another_try_can_mend_is_retryable() -> None:
    assert isinstance(stale_connection(), StaleConnectionError)
    assert stale_connection().retryable
    assert not call_aborted().retryable
    assert not transport_closed().retryable
    assert "this client is closed" in str(transport_closed())
    assert "make another client" in str(transport_closed().hint)
