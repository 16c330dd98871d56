"""Fallback and retry over real connections: one server, two providers, one connection."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import baimo

REPLY = {"choices": [{"index": 0, "message": {"content": "ok"}, "finish_reason": "stop"}]}


class Provider(ThreadingHTTPServer):
    """Refuses under /busy, answers elsewhere, and counts its connections."""

    daemon_threads = True

    def __init__(self) -> None:
        self.connections = 0
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Provider

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        busy = self.path.startswith("/busy")
        body = json.dumps({"error": {"message": "busy"}} if busy else REPLY).encode()
        self.send_response(503 if busy else 200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.send_header("retry-after", "0")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Nothing to say."""


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def config(provider: Provider) -> dict[str, object]:
    origin = f"http://127.0.0.1:{provider.server_address[1]}"
    return {
        "providers": {
            "busy": {"dialect": "openai_chat", "base_url": f"{origin}/busy"},
            "free": {"dialect": "openai_chat", "base_url": f"{origin}/free"},
        }
    }


def test_a_refused_call_moves_on_over_the_same_connection(provider: Provider) -> None:
    with baimo.Client(config=config(provider), max_retries=1) as client:
        for _ in range(3):
            assert client.chat(["busy/x", "free/y"], "Hi").provider == "free"
        assert provider.connections == 1
        with pytest.raises(baimo.OverloadedError) as caught:
            client.chat("busy/x", "Hi")
        assert caught.value.attempts == 2


def test_an_awaited_call_moves_on_over_the_same_connection(provider: Provider) -> None:
    async def drive() -> None:
        async with baimo.AsyncClient(config=config(provider), max_retries=1) as client:
            for _ in range(3):
                assert (await client.chat(["busy/x", "free/y"], "Hi")).provider == "free"
            assert provider.connections == 1
            answers = [one async for one in client.map("free/y", ["Hi"] * 300, concurrency=20)]
            assert [getattr(one, "text", one) for one in answers] == ["ok"] * 300
            assert provider.connections <= 20

    asyncio.run(drive())
