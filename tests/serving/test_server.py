"""Servers as programs hold them."""

from __future__ import annotations

import asyncio
import socket

import pytest

from baimo.errors import ConfigError
from baimo.serving.background import Background
from baimo.serving.server import Server
from tests.serving.apps import echo


async def test_a_server_runs_on_the_loop_of_its_user_and_listens_on_this_machine_alone() -> None:
    server = Server(echo)
    await server.start()
    try:
        assert server.origin == f"http://127.0.0.1:{server.port}"
        assert server.port > 0
    finally:
        await server.stop()
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", server.port)):
        pass


def test_a_port_that_is_taken_is_an_error_that_names_it() -> None:
    with Background() as background:
        taken = background.add(Server(echo))
        with pytest.raises(ConfigError, match=f"127.0.0.1:{taken.port}"):
            background.add(Server(echo, port=taken.port))


def test_a_server_on_ipv6_has_its_address_in_brackets() -> None:
    with Background() as background:
        server = background.add(Server(echo, host="::1"))
        assert server.origin == f"http://[::1]:{server.port}"


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("h.test", "http://h.test:80"),
    ],
)
def test_a_server_that_listens_everywhere_is_reached_on_this_machine(host: str, origin: str) -> None:
    assert Server(echo, host=host, port=80).origin == origin


def test_a_background_can_be_stopped_twice_and_started_again() -> None:
    background = Background()
    with pytest.raises(RuntimeError, match="start it"):
        _ = background.loop
    background.stop()
    for _ in range(2):
        server = background.add(Server(echo))
        with socket.create_connection(("127.0.0.1", server.port)):
            background.stop(grace_s=0.0)
        background.stop()


def test_what_an_application_raises_is_logged_where_nobody_else_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail() -> None:
        Server(echo).failed(ValueError("the application's own mistake"))

    asyncio.run(fail())
    assert "an application raised while it was being served" in caplog.text
    assert "the application's own mistake" in caplog.text
