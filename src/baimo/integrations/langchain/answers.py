"""Answers as LangChain's messages and chunks."""

from __future__ import annotations

from typing import Any

import msgspec
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.tool import invalid_tool_call, tool_call, tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from baimo.integrations.pieces import Pieces
from baimo.integrations.replayed import KEY, packed
from baimo.types.chat import ChatResponse, Choice
from baimo.types.content import ToolCall
from baimo.types.events import ChatEvent
from baimo.types.usage import Usage


def result(response: ChatResponse) -> ChatResult:
    """A whole answer, with all its choices. Only the first tells the usage: that of all."""
    generations = [
        _generation(choice, response, is_first=not at) for at, choice in enumerate(response.choices)
    ]
    return ChatResult(generations=generations, llm_output={"model_name": response.model})


def _generation(choice: Choice, response: ChatResponse, *, is_first: bool) -> ChatGeneration:
    said = choice.message
    good, bad = [], []
    for call in said.tool_calls:
        arguments = _arguments(call)
        if arguments is None:
            why = "the arguments are no JSON object"
            bad.append(invalid_tool_call(name=call.name, args=call.arguments, id=call.id, error=why))
        else:
            good.append(tool_call(name=call.name, args=arguments, id=call.id))
    message = AIMessage(
        content=said.text or said.refusal or "",
        tool_calls=good,
        invalid_tool_calls=bad,
        additional_kwargs=_beside(said.thinking, said.refusal),
        usage_metadata=_usage(response.usage) if is_first else None,
        response_metadata={**_facts(response), **_ended(choice)},
        id=response.id,
    )
    return ChatGeneration(message=message, generation_info=_ended(choice) | {"model_name": response.model})


class Chunks:
    """Takes a stream's events and gives LangChain's chunks."""

    def __init__(self) -> None:
        self._pieces = Pieces()

    def feed(self, event: ChatEvent) -> ChatGenerationChunk | None:
        """The chunk that an event brings; None where it brings none."""
        piece = self._pieces.feed(event)
        if piece is None:
            return None
        if piece.kind == "text":
            return ChatGenerationChunk(message=AIMessageChunk(content=piece.text))
        if piece.kind == "thinking":
            return ChatGenerationChunk(
                message=AIMessageChunk(content="", additional_kwargs=_beside(piece.text, None))
            )
        call = piece.call
        chunk = tool_call_chunk(
            name=call.name if call is not None else None,
            args=piece.text,
            id=call.id if call is not None else None,
            index=piece.part,
        )
        return ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=[chunk]))

    def last(self, response: ChatResponse) -> ChatGenerationChunk:
        """The chunk that ends the stream, with what is known of the whole."""
        facts = {**_facts(response), **(_ended(response.choices[0]) if response.choices else {})}
        message = AIMessageChunk(
            content="",
            usage_metadata=_usage(response.usage),
            response_metadata=facts,
            id=response.id,
            chunk_position="last",
        )
        return ChatGenerationChunk(message=message)


def _arguments(call: ToolCall) -> dict[str, Any] | None:
    if call.kind == "custom":
        return {"__arg1": call.arguments}
    try:
        found: dict[str, Any] = msgspec.json.decode(call.arguments or "{}", type=dict[str, Any])
    except msgspec.MsgspecError:
        return None
    return found


def _beside(thinking: str, refusal: str | None) -> dict[str, Any]:
    told = {"reasoning_content": thinking, "refusal": refusal}
    return {name: text for name, text in told.items() if text}


def _ended(choice: Choice) -> dict[str, Any]:
    return {"finish_reason": choice.finish_reason.value, KEY: packed(choice.message)}


def _facts(response: ChatResponse) -> dict[str, Any]:
    # A name that LangChain knows would have the content read as that provider's own blocks.
    told: dict[str, Any] = {"model_name": response.model, "model_provider": "baimo"}
    if response.provider is not None:
        told["provider"] = response.provider
    if response.request_id is not None:
        told["request_id"] = response.request_id
    if response.cost is not None:
        told["cost"] = f"{response.cost.amount:f} {response.cost.currency}"
    if response.notes:
        told["notes"] = [f"{note.code}: {note.message}" for note in response.notes]
    return told


def _usage(usage: Usage) -> Any:
    """LangChain's usage, whose details are parts of the sums; None where nothing is known."""
    if usage.input is None and usage.output is None:
        return None
    written = [count for count in (usage.cache_write_5m, usage.cache_write_1h) if count is not None]
    read = {
        "cache_read": usage.cache_read,
        "cache_creation": sum(written) if written else None,
        "audio": usage.audio_in,
    }
    made = {"reasoning": usage.reasoning, "audio": usage.audio_out}
    return {
        "input_tokens": usage.input or 0,
        "output_tokens": usage.output or 0,
        "total_tokens": usage.total or 0,
        "input_token_details": {name: count for name, count in read.items() if count is not None},
        "output_token_details": {name: count for name, count in made.items() if count is not None},
    }
