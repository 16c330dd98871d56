"""The guards of the suite itself: they must refuse what they are for."""

from __future__ import annotations

import socket

import pytest

from tests import coverage_gate, loopback
from tests.coverage_gate import Covered


def covered(module: str, hit: int, of: int) -> Covered:
    return Covered(module=module, hit=hit, of=of, lacking="7, 9->11")


def test_a_core_module_that_lacks_one_branch_is_named_with_its_line() -> None:
    lines = coverage_gate.complaints([covered("wire/sse.py", 99, 100), covered("wire/http.py", 10, 10)])
    assert len(lines) == 1
    assert "wire/sse.py" in lines[0]
    assert "9->11" in lines[0]


def test_the_rest_is_measured_as_a_whole() -> None:
    good = [covered("cli/main.py", 80, 100), covered("client/base.py", 100, 100)]
    assert coverage_gate.complaints(good) == []
    bad = [covered("cli/main.py", 79, 100), covered("client/base.py", 100, 100)]
    assert any("cli/main.py" in line for line in coverage_gate.complaints(bad))


def test_a_module_that_was_never_imported_counts_as_not_covered() -> None:
    lines = coverage_gate.complaints([covered("plan.py", 0, 120)])
    assert "plan.py" in lines[0]


@pytest.mark.parametrize("host", ["192.0.2.1", "8.8.8.8"])
def test_a_connection_to_another_machine_is_refused_and_remembered(host: str) -> None:
    with socket.socket() as sock, pytest.raises(loopback.RefusedError):
        sock.connect((host, 80))
    assert loopback.refused
    loopback.refused.clear()


def test_a_name_elsewhere_is_not_even_looked_up() -> None:
    with pytest.raises(loopback.RefusedError):
        socket.getaddrinfo("example.com", 443)
    loopback.refused.clear()


def test_this_machine_may_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        assert loopback.refused == []
