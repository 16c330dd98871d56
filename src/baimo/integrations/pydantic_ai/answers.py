"""Answers as pydantic-ai's responses and streams."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic_ai.messages import ModelResponse, ModelResponseStreamEvent, TextPart, ThinkingPart, ToolCallPart
from pydantic_ai.models import StreamedResponse
from pydantic_ai.usage import RequestUsage

from baimo.client.async_streams import AsyncChatStream
from baimo.integrations.pieces import Pieces
from baimo.integrations.replayed import KEY, packed
from baimo.types.chat import ChatResponse, FinishReason
from baimo.types.content import Refusal, Text, Thinking, ToolCall
from baimo.types.usage import Usage

_FINISH: Any = {
    FinishReason.STOP: "stop",
    FinishReason.PAUSE: "stop",
    FinishReason.LENGTH: "length",
    FinishReason.CONTEXT_LENGTH: "length",
    FinishReason.TOOL_CALLS: "tool_call",
    FinishReason.CONTENT_FILTER: "content_filter",
    FinishReason.REFUSAL: "content_filter",
    FinishReason.ERROR: "error",
}


def response_of(response: ChatResponse) -> ModelResponse:
    """A whole answer."""
    parts: list[Any] = []
    for part in response.message.content:
        if isinstance(part, (Text, Refusal)):
            parts.append(TextPart(part.text))
        elif isinstance(part, Thinking) and part.text:
            parts.append(ThinkingPart(part.text, provider_name=response.provider))
        elif isinstance(part, ToolCall):
            parts.append(ToolCallPart(part.name, part.arguments, part.id))
    return ModelResponse(
        parts=parts,
        usage=usage_of(response.usage),
        model_name=response.model,
        provider_name=response.provider,
        provider_details=_details(response),
        provider_response_id=response.id,
        finish_reason=_FINISH.get(response.finish_reason),
    )


@dataclass
class BaimoStream(StreamedResponse):
    """A streamed answer: the parts grow as the provider makes them."""

    stream: AsyncChatStream
    told: Callable[[str], AbstractContextManager[None]]
    name: str
    provider: str
    _began: datetime = field(default_factory=lambda: datetime.now(UTC), init=False)

    async def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        pieces, manager = Pieces(), self._parts_manager
        with self.told(self.name):
            async for event in self.stream:
                piece = pieces.feed(event)
                if piece is None:
                    continue
                if piece.kind == "text":
                    made = manager.handle_text_delta(vendor_part_id=piece.part, content=piece.text)
                elif piece.kind == "thinking":
                    made = manager.handle_thinking_delta(
                        vendor_part_id=piece.part, content=piece.text, provider_name=self.provider
                    )
                else:
                    call = piece.call
                    made = manager.handle_tool_call_delta_events(
                        vendor_part_id=piece.part,
                        tool_name=call.name if call is not None else None,
                        tool_call_id=call.id if call is not None else None,
                        args=piece.text,
                    )
                for one in made:
                    yield one
        response = self.stream.response
        self._add_usage(usage_of(response.usage), reported=response.usage != Usage())
        self.provider_response_id = response.id
        self.provider_details = _details(response)
        self.finish_reason = _FINISH.get(response.finish_reason)

    async def close_stream(self) -> None:
        """Close the provider's connection."""
        self.stream.close()

    @property
    def model_name(self) -> str:
        """The model that was asked for."""
        return self.name

    @property
    def provider_name(self) -> str:
        """Who was asked."""
        return self.provider

    @property
    def provider_url(self) -> str | None:
        """Not told: a call may go to several addresses."""
        return None

    @property
    def timestamp(self) -> datetime:
        """When it was asked for."""
        return self._began


def usage_of(usage: Usage) -> RequestUsage:
    """pydantic-ai's usage, in which what the cache gave is part of the input."""
    written = (usage.cache_write_5m or 0) + (usage.cache_write_1h or 0)
    details = {"reasoning_tokens": usage.reasoning} if usage.reasoning is not None else {}
    return RequestUsage(
        input_tokens=usage.input or 0,
        output_tokens=usage.output or 0,
        cache_read_tokens=usage.cache_read or 0,
        cache_write_tokens=written,
        input_audio_tokens=usage.audio_in or 0,
        output_audio_tokens=usage.audio_out or 0,
        details=details,
    )


def _details(response: ChatResponse) -> dict[str, Any]:
    told: dict[str, Any] = {KEY: packed(response.message), "finish_reason": response.finish_reason.value}
    if response.request_id is not None:
        told["request_id"] = response.request_id
    if response.cost is not None:
        told["cost"] = f"{response.cost.amount:f} {response.cost.currency}"
    if response.notes:
        told["notes"] = [f"{note.code}: {note.message}" for note in response.notes]
    return told
