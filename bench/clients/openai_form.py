"""What a person writes who reads the OpenAI form with msgspec alone: request, answer, chunks, SSE split."""

from __future__ import annotations

import msgspec


class AnswerMessage(msgspec.Struct):
    role: str
    content: str | None = None


class AnswerChoice(msgspec.Struct):
    index: int
    message: AnswerMessage
    finish_reason: str | None = None


class Usage(msgspec.Struct):
    prompt_tokens: int
    completion_tokens: int


class Answer(msgspec.Struct):
    id: str
    model: str
    choices: list[AnswerChoice]
    usage: Usage | None = None


class Delta(msgspec.Struct):
    content: str | None = None


class ChunkChoice(msgspec.Struct):
    index: int
    delta: Delta
    finish_reason: str | None = None


class Chunk(msgspec.Struct):
    id: str
    model: str
    choices: list[ChunkChoice]
    usage: Usage | None = None


_encode = msgspec.json.Encoder().encode
_decode_answer = msgspec.json.Decoder(Answer).decode
_decode_chunk = msgspec.json.Decoder(Chunk).decode

HEADERS = {"Authorization": "Bearer fake-key", "Content-Type": "application/json"}


def request(*, stream: bool) -> bytes:
    messages = [{"role": "user", "content": "Hi"}]
    if stream:
        return _encode({"model": "model", "messages": messages, "stream": True})
    return _encode({"model": "model", "messages": messages})


def answer_length(body: bytes) -> int:
    return len(_decode_answer(body).choices[0].message.content or "")


class Events:
    """The smallest SSE reader that does for this wire."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> list[Chunk]:
        *events, self._rest = (self._rest + piece).split(b"\n\n")
        return [
            _decode_chunk(event[6:])
            for event in events
            if event.startswith(b"data: ") and event != b"data: [DONE]"
        ]


def length(chunk: Chunk) -> int:
    return len(chunk.choices[0].delta.content or "") if chunk.choices else 0
