"""Dialects served to callers: our own clients talk to them, and whoever answers speaks neutral words."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from http.client import HTTPConnection
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

import baimo
from baimo import dialects
from baimo.serving.asgi import Message
from baimo.serving.asked import Asked
from baimo.serving.requested import read_request
from baimo.serving.routes import Answer, DialectRoutes
from baimo.types.chat import FinishReason
from baimo.types.content import Text
from baimo.types.embeddings import EmbedResponse
from baimo.types.events import ChatEvent, Finished, PartDelta, PartEnded, PartStarted, Started
from baimo.types.models import ModelInfo
from baimo.wire.http import HttpRequest
from tests.serving.conftest import PATIENCE_S, Serve, Served

DIALECTS: Any = [dialects.get(name) for name in ("openai_chat", "spark_ws")]


class Answering:
    """Says the words of the last message back; fails where a message says so."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.closed = 0
        self.left = threading.Event()

    async def __call__(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        if asked.operation == "models":
            return (ModelInfo(id="m1", provider="mine"),)
        if asked.operation == "embed":
            return EmbedResponse(vectors=[[1.0, 2.0]])
        assert isinstance(asked.request, baimo.ChatRequest)
        words = asked.request.messages[-1].text
        if words == "refuse":
            raise baimo.RateLimitedError("slowly", retry_after=7.0)
        return self._events(words)

    async def _events(self, words: str) -> AsyncIterator[ChatEvent]:
        try:
            if words == "fail first":
                raise baimo.OverloadedError("full")
            yield Started(id="r1")
            yield PartStarted(index=0, part=Text(text=""))
            for word in words.split(" ")[: 1 if "ever" in words else None]:
                yield PartDelta(index=0, text=f"{word} ")
            if words == "wait for ever":
                await self._for_ever()
            if words == "fail last":
                raise baimo.ServerError("broken")
            yield PartEnded(index=0)
            yield Finished(reason=FinishReason.STOP)
        finally:
            self.closed += 1

    async def _for_ever(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.left.set()


@pytest.fixture
def answering() -> Answering:
    return Answering()


@pytest.fixture
def served(serve: Serve, answering: Answering) -> Served:
    return serve(DialectRoutes(DIALECTS, answering))


@pytest.fixture
def client(served: Served) -> Any:
    origin = served.server.origin
    spark = {"base_url": origin.replace("http", "ws"), "app_id": "a", "api_key": "k", "api_secret": "s"}
    config = {
        "providers": {
            "acme": {"dialect": "openai_chat", "base_url": f"{origin}/v1", "api_key": "k"},
            "spark": spark,
        }
    }
    with baimo.Client(config=config, max_retries=0) as made:
        yield made


@pytest.mark.parametrize("model", ["acme/m", "spark/4.0Ultra"])
def test_an_answer_goes_out_whole_and_piece_by_piece(
    client: baimo.Client, answering: Answering, model: str
) -> None:
    assert client.chat(model, "你好 there").text == "你好 there "
    with client.stream(model, "one two") as stream:
        assert list(stream.text) == ["one ", "two "]
    assert [one.dialect for one in answering.asked] == ["openai_chat" if "acme" in model else "spark_ws"] * 2
    assert answering.closed == 2


def test_vectors_and_models_are_served_too(client: baimo.Client) -> None:
    assert client.embed("acme/m", "x").vectors == [[1.0, 2.0]]
    assert [model.id for model in client.models("acme")] == ["m1"]


@pytest.mark.parametrize("model", ["acme/m", "spark/4.0Ultra"])
def test_a_refusal_is_told_in_the_callers_dialect(client: baimo.Client, model: str) -> None:
    with pytest.raises(baimo.RateLimitedError, match="slowly"):
        client.chat(model, "refuse")


def test_a_failure_before_the_first_word_is_a_status_and_later_it_is_told_within(
    client: baimo.Client, answering: Answering
) -> None:
    with pytest.raises(baimo.OverloadedError) as refused:
        list(client.stream("acme/m", "fail first"))
    assert refused.value.status == 503
    with pytest.raises(baimo.StreamInterrupted, match="broken") as caught:
        list(client.stream("acme/m", "fail last"))
    assert caught.value.partial.text == "fail last "
    assert answering.closed == 2


def fetch(served: Served, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", served.server.port, timeout=PATIENCE_S)
    try:
        connection.request(method, path, body)
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def test_a_request_that_cannot_be_read_is_an_invalid_one(served: Served) -> None:
    status, body = fetch(served, "POST", "/v1/chat/completions", b"{}")
    assert status == 400
    assert b"invalid_request_error" in body


def test_where_nothing_is_served_it_is_said(served: Served, serve: Serve, answering: Answering) -> None:
    assert fetch(served, "GET", "/none")[0] == 404
    with pytest.raises(InvalidStatus, match="404"):
        connect(served.server.origin.replace("http", "ws") + "/none", proxy=None)
    status, body = fetch(serve(DialectRoutes((), answering)), "GET", "/none")
    assert (status, body) == (404, b"nothing is served at /none\n")


def test_an_operation_that_only_the_provider_has_is_refused(serve: Serve, answering: Answering) -> None:
    ollama: Any = dialects.get("ollama")
    status, body = fetch(serve(DialectRoutes((ollama,), answering)), "GET", "/api/tags")
    assert (status, answering.asked == []) in ((400, True), (200, False))
    status, body = fetch(serve(DialectRoutes((ollama,), answering)), "POST", "/api/pull", b'{"model": "m"}')
    assert status == 400
    assert b"pull" in body


def test_a_caller_that_leaves_ends_the_answer_where_it_is_made(
    client: baimo.Client, answering: Answering
) -> None:
    with client.stream("acme/m", "wait for ever") as stream:
        assert next(iter(stream.text)) == "wait "
    assert answering.left.wait(PATIENCE_S)


def test_a_caller_that_asks_nothing_is_asked_nothing(served: Served, answering: Answering) -> None:
    url = served.server.origin.replace("http", "ws") + "/v4.0/chat"
    with connect(url, proxy=None):
        pass
    assert answering.asked == []


async def test_another_server_tells_less_of_the_target() -> None:
    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "https",
        "path": "/ä",
        "query_string": b"a=1",
        "headers": [(b"host", b"h.test")],
    }

    async def receive() -> Message:
        return {"type": "http.request"}

    found = await read_request(scope, receive)
    assert isinstance(found, HttpRequest)
    assert found.url == "https://h.test/ä?a=1".encode().decode("ascii", "replace")
    assert (
        await read_request({**scope, "query_string": b"", "raw_path": b"/%C3%A4"}, receive)
    ).target == b"/%C3%A4"  # type: ignore[union-attr]


async def test_a_client_that_leaves_before_the_end_of_its_body_asked_for_nothing() -> None:
    messages = [{"type": "http.request", "body": b"x", "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> Message:
        return messages.pop(0)

    scope = {"type": "http", "method": "POST", "scheme": "http", "path": "/", "headers": []}
    assert await read_request(scope, receive) is None
