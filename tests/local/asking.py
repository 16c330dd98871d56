"""Requests of the OpenAI wire as bytes, and the plainest way to read the replies."""

from __future__ import annotations

import json
from typing import Any

from baimo.transports.protocol import AsyncReply, Reply
from baimo.wire.http import HttpRequest

QUESTION, ANSWER = "What is the largest ocean on Earth?", "Pacific"
"""One that even a small model knows."""

ENDLESS = {"ignore_eos": True, "max_tokens": 6000}
"""An answer that goes on until somebody stops it."""

REPEATABLE = {"cache_prompt": False}
"""With it, and with nothing else running, the same prompt gives the same text to the letter."""


def request(path: str, body: dict[str, Any] | None = None) -> HttpRequest:
    return HttpRequest(
        method="GET" if body is None else "POST",
        origin="http://embedded.invalid",
        target=f"/v1{path}".encode(),
        headers=((b"Content-Type", b"application/json"),),
        body=b"" if body is None else json.dumps(body, ensure_ascii=False).encode(),
    )


def chat(prompt: str, **more: Any) -> HttpRequest:
    body = {
        "model": "smollm2",
        "messages": [{"role": "user", "content": prompt}],
        "temperature": 0,
        "max_tokens": 12,
    }
    return request("/chat/completions", body | more)


def whole(reply: Reply) -> Any:
    body = b""
    while piece := reply.read(50):
        body += piece
    reply.close()
    return json.loads(body)


async def async_whole(reply: AsyncReply) -> Any:
    body = b""
    while piece := await reply.read(50):
        body += piece
    reply.close()
    return json.loads(body)


def events(body: bytes) -> list[Any]:
    """The JSON of each event of a stream that came to its end mark."""
    items = [line[6:] for line in body.split(b"\n") if line.startswith(b"data: ")]
    assert items[-1] == b"[DONE]"
    return [json.loads(item) for item in items[:-1]]


def text_of(stream: list[Any]) -> str:
    return "".join(event["choices"][0]["delta"].get("content") or "" for event in stream if event["choices"])
