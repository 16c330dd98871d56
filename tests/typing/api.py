"""What a type checker sees of the public names. Checked, never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import assert_type

import baimo
from baimo.client.async_streams import AsyncChatStream
from baimo.client.streams import ChatStream
from baimo.types.events import ChatEvent

PEOPLE = [
    baimo.Message(role=baimo.Role.SYSTEM, content=(baimo.Text(text="Be brief."),)),
    baimo.Message(role=baimo.Role.USER, content=(baimo.Image(url="https://example.com/a.png"),)),
]


def blocking(client: baimo.Client) -> None:
    """`baimo.Client`, and the two functions that need none."""
    reply = client.chat("deepseek/deepseek-flash", "Hi", temperature=0.7, max_tokens=1000, timeout=30.0)
    assert_type(reply, baimo.ChatResponse)
    assert_type(baimo.chat("local/smollm2", "Hi"), baimo.ChatResponse)
    assert_type(client.chat(["a/b", "c/d"], PEOPLE, system="Be kind."), baimo.ChatResponse)
    assert_type(client.chat("a/b", [{"role": "user", "content": "Hi"}]), baimo.ChatResponse)

    stream = client.stream("a/b", "Hi")
    assert_type(stream, ChatStream)
    assert_type(baimo.stream("a/b", "Hi"), ChatStream)
    with stream as opened:
        assert_type(opened, ChatStream)
        for event in opened:
            assert_type(event, ChatEvent)
    assert_type(stream.text, Iterator[str])
    assert_type(stream.response, baimo.ChatResponse)

    assert_type(client.embed("a/b", ["文本"]).vectors, list[list[float]])
    assert_type(client.rerank("a/b", "q", ["x"], top_n=1).results, tuple[baimo.Ranked, ...])
    assert_type(client.images("a/b", "p", image=[b"x"]).images, tuple[baimo.MadeImage, ...])
    assert_type(client.transcribe("a/b", b"x", timestamps="word").words, tuple[baimo.Word, ...])
    with client.stream_transcribe("a/b", b"x", language="en") as heard:
        assert_type(next(heard), str)
    assert_type(heard.response, baimo.Transcription)
    assert_type(client.speech("a/b", "t").audio, bytes)
    assert_type(client.stream_speech("a/b", "t"), Iterator[bytes])
    assert_type(client.moderate("a/b", ["t"]).results, tuple[baimo.Moderated, ...])
    assert_type(client.models("deepseek"), tuple[baimo.ModelInfo, ...])
    assert_type(client.balance("deepseek"), baimo.Balance)
    assert_type(client.estimate("a/b", "Hi", max_tokens=100), baimo.Estimate)
    assert_type(baimo.Budget("5 CNY", per="day").left, baimo.Money)
    for answer in client.map("a/b", ["one", "two"], concurrency=8):
        assert_type(answer, baimo.ChatResponse | baimo.Error)


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


@baimo.tool
def subtract(a: int, b: int) -> int:
    """Subtract."""
    return a - b


@baimo.tool(name="times", timeout=3.0, needs_approval=True)
async def multiply(a: int, b: int) -> int:
    """Multiply."""
    return a * b


def run(client: baimo.Client) -> None:
    """Runs of tools."""
    assert_type(subtract(2, 1), int)
    found = client.run("a/b", "Hi", tools=[add, subtract, multiply], max_steps=3, temperature=0.0)
    assert_type(found, baimo.RunResult)
    assert_type(found.text, str)
    assert_type(found.response, baimo.ChatResponse)
    assert_type(found.messages, tuple[baimo.Message, ...])
    assert_type(found.steps, tuple[baimo.RunStep, ...])
    assert_type(found.calls, tuple[baimo.ToolRun, ...])
    assert_type(found.cost, baimo.Money | None)
    with client.run_stream(["a/b", "c/d"], "Hi", tools=[add], parallel=False) as stream:
        assert_type(stream, baimo.RunStream)
        for event in stream:
            assert_type(event, ChatEvent | baimo.ToolCalled | baimo.ToolReturned)
    assert_type(stream.text, Iterator[str])
    with baimo.mcp.Server(["python", "server.py"]) as server:
        client.run("a/b", "Hi", tools=[*server.tools, add])


async def run_awaited(client: baimo.AsyncClient) -> None:
    """The same, awaited."""
    assert_type(await client.run("a/b", "Hi", tools=[multiply], approve=lambda use: True), baimo.RunResult)
    async with client.run_stream("a/b", "Hi", tools=[add]) as stream:
        assert_type(stream, baimo.AsyncRunStream)
    assert_type(stream.text, AsyncIterator[str])
    async with baimo.mcp.AsyncServer("http://127.0.0.1:8000/mcp") as server:
        await client.run("a/b", "Hi", tools=server.tools)


async def awaited(client: baimo.AsyncClient) -> None:
    """The same names, awaited."""
    assert_type(await client.chat("a/b", "Hi"), baimo.ChatResponse)
    async with client.stream("a/b", "Hi") as stream:
        assert_type(stream, AsyncChatStream)
        async for event in stream:
            assert_type(event, ChatEvent)
    assert_type(stream.text, AsyncIterator[str])
    assert_type((await client.embed("a/b", "x")).vectors, list[list[float]])
    assert_type(await client.rerank("a/b", "q", ["x"]), baimo.RerankResponse)
    assert_type(await client.images("a/b", "p"), baimo.ImagesResponse)
    assert_type(await client.transcribe("a/b", "x.wav"), baimo.Transcription)
    async with client.stream_transcribe("a/b", b"x") as heard:
        assert_type(await anext(heard), str)
    assert_type(await client.speech("a/b", "t"), baimo.SpeechResponse)
    assert_type(client.stream_speech("a/b", "t"), AsyncIterator[bytes])
    assert_type(await client.moderate("a/b", "t"), baimo.ModerationResponse)
    assert_type(await client.models(), tuple[baimo.ModelInfo, ...])
    assert_type(await client.balance("deepseek"), baimo.Balance)
    assert_type(client.estimate("a/b", "Hi"), baimo.Estimate)
    async for answer in client.map("a/b", ["one"]):
        assert_type(answer, baimo.ChatResponse | baimo.Error)


@dataclass
class Pet:
    name: str


def parsed(client: baimo.Client) -> None:
    """A value has the type that was asked for."""
    assert_type(client.parse("a/b", "Who?", into=Pet), baimo.Parsed[Pet])
    assert_type(client.parse("a/b", "Who?", into=Pet, repair=True, timeout=5.0).value, Pet)
    assert_type(client.parse(["a/b", "c/d"], PEOPLE, into=list[Pet], how="tool").value, list[Pet])
    assert_type(client.parse("a/b", "Who?", into=int).response, baimo.ChatResponse)
    with client.parse_stream("a/b", "Who?", into=Pet) as stream:
        assert_type(stream, baimo.ParsedStream[Pet])
    assert_type(stream.result, baimo.Parsed[Pet])


async def parsed_awaited(client: baimo.AsyncClient) -> None:
    """The same, awaited."""
    assert_type((await client.parse("a/b", "Who?", into=Pet)).value, Pet)
    async with client.parse_stream("a/b", "Who?", into=Pet) as stream:
        assert_type(stream, baimo.AsyncParsedStream[Pet])
    assert_type(stream.result.value, Pet)


def answered(reply: baimo.ChatResponse) -> None:
    """What a response tells."""
    assert_type(reply.text, str)
    assert_type(reply.thinking, str)
    assert_type(reply.message, baimo.Message)
    assert_type(reply.choices, tuple[baimo.Choice, ...])
    assert_type(reply.tool_calls, tuple[baimo.ToolCall, ...])
    assert_type(reply.finish_reason, baimo.FinishReason)
    assert_type(reply.usage, baimo.Usage)
    assert_type(reply.usage.input, int | None)
    assert_type(reply.cost, baimo.Money | None)
    assert_type(reply.notes, tuple[baimo.Note, ...])
    assert_type(reply.request_id, str | None)


def failed(error: baimo.Error) -> None:
    """What an error tells."""
    assert_type(error.code, str)
    assert_type(error.retryable, bool)
    assert_type(error.retry_after, float | None)
    assert_type(error.sent, bool)
    if isinstance(error, baimo.ProviderError):
        assert_type(error.status, int | None)


def translations(asked: bytes) -> None:
    translated = baimo.translate(asked, from_="openai_chat", to="ollama", model="qwen3", stream=True)
    assert_type(translated, baimo.Translation)
    assert_type(translated.body, bytes)
    assert_type(translated.notes, tuple[baimo.Note, ...])
    assert_type(translated.reply(), baimo.ReplyTranslation)
    assert_type(translated.reply().feed(b""), list[bytes])
