"""The plugin of `llm`, the command line and library of Simon Willison: every provider's models as its own.

A model is called `baimo/provider/model`; those that are known of providers whose keys are set are there, and
the aliases of the configuration as `baimo/ALIAS`. Written for llm 0.36 (https://llm.datasette.io, November
2026).

    llm -m baimo/deepseek/deepseek-flash "Say hello"
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any

import msgspec

from baimo.client.async_client import AsyncClient
from baimo.client.client import Client
from baimo.config.settings import Settings, load_settings
from baimo.errors import Error, UnsupportedError
from baimo.integrations.extras import missing
from baimo.types.chat import ChatResponse, Message, ResponseFormat, Role
from baimo.types.content import Audio, File, Image, Part, Text, ToolCall, ToolResult, Video
from baimo.types.tools import FunctionTool

from .pieces import Piece, Pieces
from .replayed import KEY, packed, unpacked

try:
    import llm
    from llm import hookimpl
    from llm.parts import (
        AttachmentPart,
        ReasoningPart,
        StreamEvent,
        TextPart,
        ToolCallPart,
        ToolResultPart,
    )
    from pydantic import Field
except ImportError as why:
    raise missing("llm", "llm", why) from why

__all__ = ["register_embedding_models", "register_models"]

_TYPES = frozenset(
    (
        *(f"image/{kind}" for kind in ("png", "jpeg", "gif", "webp")),
        *(f"audio/{kind}" for kind in ("wav", "mpeg", "ogg")),
        *(f"video/{kind}" for kind in ("mp4", "webm")),
        "application/pdf",
    )
)
_FORMATS = {"audio/wav": "wav", "audio/mpeg": "mp3", "audio/ogg": "ogg"}
_EMBEDS = ("embed", "bge-")
"""What a model that makes vectors has in its name: no list tells it otherwise."""


@hookimpl
def register_models(register: Callable[..., None]) -> None:
    """Called by llm: offers the chat models."""
    clients = _Clients()
    for name in clients.names():
        if not _makes_vectors(name):
            register(BaimoModel(name, clients), BaimoAsyncModel(name, clients))


@hookimpl
def register_embedding_models(register: Callable[..., None]) -> None:
    """Called by llm: offers the models that make vectors."""
    clients = _Clients()
    for name in clients.names():
        if _makes_vectors(name):
            register(BaimoEmbeddingModel(name, clients))


def _makes_vectors(name: str) -> bool:
    return any(word in name for word in _EMBEDS)


class _Clients:
    """The configuration, and the client that the models of one list share; llm never closes a model."""

    def __init__(self) -> None:
        self._settings: Settings | None = None
        self._client: Client | None = None

    def names(self) -> list[str]:
        """The names that lead somewhere. Of a configuration that cannot be read llm's user is told."""
        try:
            settings = self._settings = load_settings()
            ready = [name for name in settings.provider_names() if settings.key_state(name).is_set]
            known = [f"{name}/{info.id}" for name in ready for info in settings.known_models(name)]
            return list(dict.fromkeys((*settings.aliases(), *known)))
        except Error as error:
            print(f"baimo: {error}", file=sys.stderr)
            return []

    @property
    def client(self) -> Client:
        """The one client; closed when the last model of the list is forgotten."""
        if self._client is None:
            self._client = Client(config=self._settings)
            weakref.finalize(self, self._client.close)
        return self._client

    def async_client(self) -> AsyncClient:
        """A client for one call: who asks is on a loop that may be gone at the next."""
        return AsyncClient(config=self._settings)


class _Chat:
    """What both kinds of chat models are."""

    can_stream = True
    supports_schema = True
    supports_tools = True
    attachment_types = _TYPES

    class Options(llm.Options):
        """What may be said with `-o`."""

        temperature: float | None = Field(default=None, description="How much chance there is in the words")
        top_p: float | None = Field(default=None, description="The share of likely words to choose from")
        max_tokens: int | None = Field(default=None, description="The most tokens of an answer")
        seed: int | None = Field(default=None, description="For answers that can be had again")
        stop: str | None = Field(default=None, description="Where to stop")
        reasoning: str | None = Field(default=None, description="off, low, medium, high, or tokens")
        search: bool | None = Field(default=None, description="Whether to search the web")
        timeout: float | None = Field(default=None, description="Seconds for the whole answer")

    def __init__(self, name: str, clients: _Clients) -> None:
        self.model_id = f"baimo/{name}"
        self._name = name
        self._clients = clients


class BaimoModel(_Chat, llm.Model):
    """A chat model of llm."""

    def execute(self, prompt: Any, stream: bool, response: Any, conversation: Any) -> Iterator[Any]:
        """The answer in llm's events. Raises errors of ours."""
        client, (messages, options) = self._clients.client, _asked(prompt)
        if not stream:
            whole = client.chat(self._name, messages, **options)
            yield from _whole(whole)
            _end(response, whole)
            return
        pieces, events = Pieces(), _Events()
        with client.stream(self._name, messages, **options) as answer:
            for event in answer:
                yield from events.of(pieces.feed(event))
            yield from _kept(answer.response)
            _end(response, answer.response)


class BaimoAsyncModel(_Chat, llm.AsyncModel):
    """The same on asyncio."""

    async def execute(
        self, prompt: Any, stream: bool, response: Any, conversation: Any
    ) -> AsyncIterator[Any]:
        """The answer in llm's events. Raises errors of ours."""
        messages, options = _asked(prompt)
        if not stream:
            async with self._clients.async_client() as client:
                whole = await client.chat(self._name, messages, **options)
            for told in _whole(whole):
                yield told
            _end(response, whole)
            return
        pieces, events = Pieces(), _Events()
        async with (
            self._clients.async_client() as client,
            client.stream(self._name, messages, **options) as answer,
        ):
            async for event in answer:
                for told in events.of(pieces.feed(event)):
                    yield told
            for told in _kept(answer.response):
                yield told
            _end(response, answer.response)


class BaimoEmbeddingModel(llm.EmbeddingModel):
    """A model of llm that makes vectors."""

    def __init__(self, name: str, clients: _Clients) -> None:
        self.model_id = f"baimo/{name}"
        self._name = name
        self._clients = clients

    def embed_batch(self, items: Iterable[Any], *, key: str | None = None) -> Iterator[list[float]]:
        """One vector a text."""
        return iter(self._clients.client.embed(self._name, list(items)).vectors)


class _Events:
    """Pieces as llm's events."""

    def __init__(self) -> None:
        self._ids: dict[int, str] = {}

    def of(self, piece: Piece | None) -> Iterator[Any]:
        if piece is None:
            return
        if piece.kind != "call":
            kind = "text" if piece.kind == "text" else "reasoning"
            yield StreamEvent(type=kind, chunk=piece.text)
            return
        if piece.call is not None:
            self._ids[piece.part] = piece.call.id
            yield StreamEvent(type="tool_call_name", chunk=piece.call.name, tool_call_id=piece.call.id)
        if piece.text:
            yield StreamEvent(type="tool_call_args", chunk=piece.text, tool_call_id=self._ids[piece.part])


def _whole(response: ChatResponse) -> Iterator[Any]:
    if response.thinking:
        yield StreamEvent(type="reasoning", chunk=response.thinking)
    said = response.text or response.refusal
    if said:
        yield StreamEvent(type="text", chunk=said)
    for call in response.tool_calls:
        yield StreamEvent(type="tool_call_name", chunk=call.name, tool_call_id=call.id)
        yield StreamEvent(type="tool_call_args", chunk=call.arguments or "{}", tool_call_id=call.id)
    yield from _kept(response)


def _kept(response: ChatResponse) -> Iterator[Any]:
    """What llm keeps with the thoughts, so that they go back to the provider as it wants them."""
    if any(
        part.replay is not None or type(part) not in (Text, ToolCall) for part in response.message.content
    ):
        yield StreamEvent(type="reasoning", chunk="", provider_metadata={KEY: packed(response.message)})


def _end(response: Any, whole: ChatResponse) -> None:
    """What is known at the end."""
    for call in whole.tool_calls:
        response.add_tool_call(llm.ToolCall(name=call.name, arguments=_arguments(call), tool_call_id=call.id))
    usage = whole.usage
    details = {"cache_read": usage.cache_read, "reasoning": usage.reasoning}
    response.set_usage(
        input=usage.input,
        output=usage.output,
        details={name: count for name, count in details.items() if count} or None,
    )
    response.set_resolved_model(whole.model)
    told: dict[str, Any] = {"finish_reason": whole.finish_reason.value, "provider": whole.provider}
    if whole.cost is not None:
        told["cost"] = f"{whole.cost.amount:f} {whole.cost.currency}"
    if whole.notes:
        told["notes"] = [f"{note.code}: {note.message}" for note in whole.notes]
    response.response_json = told


def _asked(prompt: Any) -> tuple[tuple[Message, ...], Any]:
    """Messages and options of a prompt."""
    options = {name: value for name, value in prompt.options.model_dump().items() if value is not None}
    reasoning = options.get("reasoning")
    if reasoning is not None and reasoning.isdigit():
        options["reasoning"] = int(reasoning)
    if prompt.tools:
        options["tools"] = [
            FunctionTool(name=tool.name, description=tool.description, parameters=tool.input_schema)
            for tool in prompt.tools
        ]
    if prompt.schema:
        options["response_format"] = ResponseFormat(type="json_schema", name="output", schema=prompt.schema)
    messages = tuple([said for message in prompt.messages for said in _messages(message)])
    return messages, {"unsupported": "drop", **options}


def _messages(message: Any) -> Iterator[Message]:
    if message.role == "tool":
        for part in message.parts:
            if isinstance(part, ToolResultPart):
                yield _result(part)
        return
    role = Role(message.role) if message.role in ("system", "assistant") else Role.USER
    parts = [found for part in message.parts if (found := _part(part)) is not None]
    if role is Role.ASSISTANT:
        calls = tuple([part.id for part in parts if isinstance(part, ToolCall)])
        text = "".join([part.text for part in parts if isinstance(part, Text)])
        for part in message.parts:
            kept = (getattr(part, "provider_metadata", None) or {}).get(KEY)
            whole = unpacked(kept, text=text, calls=calls)
            if whole is not None:
                yield whole
                return
    yield Message(role=role, content=tuple(parts))


def _part(part: Any) -> Part | None:
    match part:
        case TextPart():
            return Text(text=part.text)
        case ReasoningPart():
            return None
        case ToolCallPart():
            arguments = msgspec.json.encode(part.arguments).decode()
            return ToolCall(id=part.tool_call_id or "", name=part.name, arguments=arguments)
        case AttachmentPart():
            return _attachment(part.attachment)
    raise UnsupportedError(f"a {type(part).__name__} cannot be sent")


def _attachment(attachment: Any) -> Part:
    kind = attachment.resolve_type()
    family = kind.partition("/")[0]
    url = attachment.url
    data = None if url else attachment.content_bytes()
    if family == "image":
        return Image(url=url, data=data, media_type=kind)
    if family == "audio":
        return Audio(url=url, data=data, format=_FORMATS[kind])
    if family == "video":
        return Video(url=url, data=data, media_type=kind)
    return File(url=url, data=data, media_type=kind, name="document.pdf")


def _result(part: Any) -> Message:
    result = ToolResult(
        call_id=part.tool_call_id or "",
        name=part.name,
        content=(Text(text=part.output or ""),),
        is_error=part.exception is not None,
    )
    return Message(role=Role.TOOL, content=(result,))


def _arguments(call: ToolCall) -> dict[str, Any]:
    """What the tool is called with; raises nothing: llm tells the model what is wrong with them."""
    try:
        found: dict[str, Any] = msgspec.json.decode(call.arguments or "{}", type=dict[str, Any])
    except msgspec.MsgspecError:
        return {"arguments": call.arguments}
    return found
