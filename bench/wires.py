"""What each wire streams: the events that open a part, and the chunk that goes on with it.

The forms are those of recorded and documented streams; texts and ids are ours. `#` stands for a number that
grows, `$` for a piece of text, `~` for padding of another length each time. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from baimo.wire.eventstream import encode_frame

WORDS = (" the", " answer", ", as far", " as we", " know", "，东西南北", " is forty", "-two")
"""What the chunks say, over and over."""

_PADDING = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of chunk."""

    opening: tuple[str, ...]
    """The events before the first chunk."""
    chunk: str

    def payload(self, number: int) -> str:
        """The JSON of one chunk."""
        padding = _PADDING[: 1 + number * 23 % len(_PADDING)]
        told = self.chunk.replace("#", str(number)).replace("~", padding)
        return told.replace("$", WORDS[number % len(WORDS)])

    def before(self) -> tuple[str, ...]:
        """The events that open the part, with a first chunk."""
        return (*[event.replace("#", "0") for event in self.opening], self.payload(0))

    def text(self, chunks: int) -> str:
        """What chunks 1 to so many say."""
        return "".join([WORDS[number % len(WORDS)] for number in range(1, chunks + 1)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """How a dialect streams."""

    kinds: Mapping[str, Kind]
    frame: Callable[[str, int], bytes]
    """The JSON of an event, and its number, to its bytes on the wire."""
    media_type: str = "text/event-stream"
    status: int = 200
    end: bytes = b"\n\n"
    """What ends an event of a wire of lines."""


def typed(payload: bytes) -> Callable[[bytes], Any]:
    """A msgspec decoder to structs with all fields of that event: what a careful person would write."""
    decode: Callable[[bytes], Any] = msgspec.json.Decoder(_type_of(msgspec.json.decode(payload))).decode
    return decode


def _type_of(value: Any) -> Any:
    match value:
        case dict():
            return msgspec.defstruct("Fields", [(name, _type_of(inner)) for name, inner in value.items()])
        case [first, *_]:
            return list[_type_of(first)]  # type: ignore[misc]
        case []:
            return list[str]
        case None:
            return str | None
        case _:
            return type(value)


def _data(payload: str, number: int) -> bytes:
    return f"data: {payload}\n\n".encode()


def _close_data(payload: str, number: int) -> bytes:
    return f"data:{payload}\n\n".encode()


def _crlf_data(payload: str, number: int) -> bytes:
    return f"data: {payload}\r\n\r\n".encode()


def _line(payload: str, number: int) -> bytes:
    return f"{payload}\n".encode()


def _message(payload: str, number: int) -> bytes:
    return payload.encode()


def _named_data(payload: str, number: int) -> bytes:
    return f"event: {msgspec.json.decode(payload)['type']}\ndata: {payload}\n\n".encode()


def _numbered_data(payload: str, number: int) -> bytes:
    return f"id:{number + 1}\nevent:result\n:HTTP_STATUS/200\ndata:{payload}\n\n".encode()


def _aws_message(payload: str, number: int) -> bytes:
    told = msgspec.json.decode(payload)
    name = (
        "messageStart" if "role" in told else "contentBlockStart" if "start" in told else "contentBlockDelta"
    )
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return encode_frame(headers, payload.encode())


def _grows(chunk: str) -> Kind:
    """A wire whose chunks open their part themselves."""
    return Kind(opening=(), chunk=chunk)


def _openai_chat(delta: str) -> str:
    return (
        '{"id":"chatcmpl-DDA24sv2K0fcJL9iguwLtQPtM94Bs","object":"chat.completion.chunk","created":1780000000,'
        '"model":"gpt-4.1-nano-2025-04-14","service_tier":"default","system_fingerprint":"fp_336de151a4",'
        '"choices":[{"index":0,"delta":{' + delta + '},"logprobs":null,"finish_reason":null}],"usage":null}'
    )


_OPENAI_CALL = (
    '"tool_calls":[{"index":0,"id":"call_WY2R9D3MQrwb","type":"function",'
    '"function":{"name":"look_up","arguments":""}}]'
)
_OPENAI_ARGUMENTS = '"tool_calls":[{"index":0,"function":{"arguments":"$"}}]'

_OPENAI_CHAT = Wire(
    frame=_data,
    kinds={
        "text": _grows(_openai_chat('"content":"$"')),
        "thinking": _grows(_openai_chat('"content":null,"reasoning_content":"$"')),
        "arguments": Kind(opening=(_openai_chat(_OPENAI_CALL),), chunk=_openai_chat(_OPENAI_ARGUMENTS)),
    },
)


def _responses(word: str, item: str, fields: str) -> str:
    return (
        '{"type":"response.'
        + word
        + '","sequence_number":#,"item_id":"'
        + item
        + '_6877c013ce50819d8933b430052e5",'
        '"output_index":0,' + fields + "}"
    )


def _responses_opening(item: str, *more: str) -> tuple[str, ...]:
    return (
        '{"type":"response.created","sequence_number":0,"response":{"id":"resp_6877c00e33","object":"response",'
        '"created_at":1780000000,"status":"in_progress","model":"o4-mini-2025-04-16","output":[]}}',
        '{"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":' + item + "}",
        *more,
    )


_PADDED = ',"obfuscation":"UHz71GrELDZ3S2"'

_OPENAI_RESPONSES = Wire(
    frame=_named_data,
    kinds={
        "text": Kind(
            opening=_responses_opening(
                '{"id":"msg_6877c013ce50819d8933b430052e5","type":"message","status":"in_progress","role":"assistant","content":[]}',
                _responses(
                    "content_part.added",
                    "msg",
                    '"content_index":0,"part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}',
                ),
            ),
            chunk=_responses(
                "output_text.delta", "msg", '"content_index":0,"delta":"$","logprobs":[]' + _PADDED
            ),
        ),
        "thinking": Kind(
            opening=_responses_opening(
                '{"id":"rs_6877c013ce50819d8933b430052e5","type":"reasoning","summary":[]}',
                _responses(
                    "reasoning_summary_part.added",
                    "rs",
                    '"summary_index":0,"part":{"type":"summary_text","text":""}',
                ),
            ),
            chunk=_responses("reasoning_summary_text.delta", "rs", '"summary_index":0,"delta":"$"' + _PADDED),
        ),
        "arguments": Kind(
            opening=_responses_opening(
                '{"id":"fc_6877c013ce50819d8933b430052e5","type":"function_call","status":"in_progress","call_id":"call_7",'
                '"name":"look_up","arguments":""}'
            ),
            chunk=_responses("function_call_arguments.delta", "fc", '"delta":"$"' + _PADDED),
        ),
    },
)


def _anthropic(block: str, delta: str) -> Kind:
    return Kind(
        opening=(
            '{"type":"message_start","message":{"model":"claude-sonnet-4-5-20250929","id":"msg_01Xf6SmUVY1mDr",'
            '"type":"message","role":"assistant","content":[],"stop_reason":null,"stop_sequence":null,'
            '"usage":{"input_tokens":690,"output_tokens":8}}}',
            '{"type":"content_block_start","index":0,"content_block":' + block + "}",
        ),
        chunk='{"type":"content_block_delta","index":0,"delta":{' + delta + "}         }",
    )


_ANTHROPIC_MESSAGES = Wire(
    frame=_named_data,
    kinds={
        "text": _anthropic('{"type":"text","text":""}', '"type":"text_delta","text":"$"'),
        "thinking": _anthropic(
            '{"type":"thinking","thinking":"","signature":""}', '"type":"thinking_delta","thinking":"$"'
        ),
        "arguments": _anthropic(
            '{"type":"tool_use","id":"toolu_01SPfvT3","name":"look_up","input":{}}',
            '"type":"input_json_delta","partial_json":"$"',
        ),
    },
)


def _gemini(part: str) -> Kind:
    return _grows(
        '{"candidates": [{"content": {"parts": [{'
        + part
        + '}],"role": "model"},"index": 0}],"usageMetadata": '
        '{"promptTokenCount": 9,"candidatesTokenCount": #,"totalTokenCount": 102,"promptTokensDetails": '
        '[{"modality": "TEXT","tokenCount": 9}],"thoughtsTokenCount": 78},"modelVersion": "gemini-2.5-flash",'
        '"responseId": "JIpyaqm4II2hjrEPg6eWoAY"}'
    )


_GEMINI = Wire(
    frame=_crlf_data,
    end=b"\r\n\r\n",
    kinds={"text": _gemini('"text": "$"'), "thinking": _gemini('"text": "$","thought": true')},
)


def _bedrock(delta: str, *start: str) -> Kind:
    return Kind(
        opening=('{"p":"abcdefghijk","role":"assistant"}', *start),
        chunk='{"contentBlockIndex":0,"delta":{' + delta + '},"p":"~"}',
    )


_BEDROCK_CONVERSE = Wire(
    frame=_aws_message,
    media_type="application/vnd.amazon.eventstream",
    kinds={
        "text": _bedrock('"text":"$"'),
        "thinking": _bedrock('"reasoningContent":{"text":"$"}'),
        "arguments": _bedrock(
            '"toolUse":{"input":"$"}',
            '{"contentBlockIndex":0,"p":"abc","start":{"toolUse":{"name":"look_up","toolUseId":"tooluse_HA9ws"}}}',
        ),
    },
)


def _cohere(start: str, content: str, word: str) -> Kind:
    return Kind(
        opening=(
            '{"id":"3ec845ed-ebb1-4223-9648-4e5632d5c6b5","type":"message-start","delta":{"message":'
            '{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}}',
            '{"type":"' + word + '-start","index":0,"delta":{"message":{' + start + "}}}",
        ),
        chunk='{"type":"' + word + '-delta","index":0,"delta":{"message":{' + content + "}}}",
    )


_COHERE_CHAT = Wire(
    frame=_named_data,
    kinds={
        "text": _cohere('"content":{"type":"text","text":""}', '"content":{"text":"$"}', "content"),
        "thinking": _cohere(
            '"content":{"type":"thinking","thinking":""}', '"content":{"thinking":"$"}', "content"
        ),
        "arguments": _cohere(
            '"tool_calls":{"id":"look_up_ab12","type":"function","function":{"name":"look_up","arguments":""}}',
            '"tool_calls":{"function":{"arguments":"$"}}',
            "tool-call",
        ),
    },
)


def _dashscope(message: str) -> Kind:
    return _grows(
        '{"output":{"choices":[{"message":{'
        + message
        + ',"role":"assistant"},"finish_reason":"null","index":0}]},'
        '"usage":{"total_tokens":31,"output_tokens":#,"input_tokens":19,"prompt_tokens_details":{"cached_tokens":0}},'
        '"request_id":"14b9983a-83d6-491f-9ea0-ada34f950fa1"}'
    )


_DASHSCOPE = Wire(
    frame=_numbered_data,
    kinds={
        "text": _dashscope('"content":"$","reasoning_content":""'),
        "thinking": _dashscope('"content":"","reasoning_content":"$"'),
    },
)

_QIANFAN_V1 = Wire(
    frame=_data,
    kinds={
        "text": _grows(
            '{"id":"as-bcmt5ct4iy","object":"chat.completion","created":1780000000,"sentence_id":#,"is_end":false,'
            '"is_truncated":false,"result":"$","need_clear_history":false,"finish_reason":"normal",'
            '"usage":{"prompt_tokens":2,"completion_tokens":5,"total_tokens":7}}'
        )
    },
)


def _minimax(delta: str) -> Kind:
    return _grows(
        '{"id":"04ecb5d9b1921ae0fb0e8da9017a5474","choices":[{"index":0,"delta":{'
        + delta
        + ',"role":"assistant"}}],'
        '"created":1780000001,"model":"MiniMax-M2.7","object":"chat.completion.chunk",'
        '"usage":{"total_tokens":0,"total_characters":0},"input_sensitive":false,"output_sensitive":false,'
        '"input_sensitive_type":0,"output_sensitive_type":0,"output_sensitive_int":0}'
    )


_MINIMAX = Wire(
    frame=_data,
    kinds={"text": _minimax('"content":"$"'), "thinking": _minimax('"content":"","reasoning_content":"$"')},
)


def _ollama(message: str) -> Kind:
    return _grows(
        '{"model":"qwen3.6:latest","created_at":"2026-05-24T21:02:00.855283Z","message":{"role":"assistant",'
        + message
        + '},"done":false}'
    )


_OLLAMA = Wire(
    frame=_line,
    end=b"\n",
    media_type="application/x-ndjson",
    kinds={"text": _ollama('"content":"$"'), "thinking": _ollama('"content":"","thinking":"$"')},
)


def _hunyuan(delta: str) -> Kind:
    return _grows(
        '{"Note":"以上内容为AI生成，不代表开发者立场","Choices":[{"FinishReason":"","Delta":{"Role":"assistant",'
        + delta
        + '},"Index":0}],"Created":1765000000,"Id":"5f1c0e6a-0000-4000-8000-00000000c0de",'
        '"Usage":{"PromptTokens":6,"CompletionTokens":#,"TotalTokens":7}}'
    )


_HUNYUAN = Wire(
    frame=_data,
    kinds={"text": _hunyuan('"Content":"$"'), "thinking": _hunyuan('"Content":"","ReasoningContent":"$"')},
)


def _pangu(message: str) -> Kind:
    return _grows(
        '{"id":"chat-7f3cbd1b","object":"chat.completion.chunk","created":1780000000,"model":"pangu-nlp-n1",'
        '"choices":[{"index":0,"message":{' + message + '},"logprobs":null,"finish_reason":null}],'
        '"usage":{"prompt_tokens":12,"completion_tokens":#,"total_tokens":14}}'
    )


_PANGU = Wire(
    frame=_close_data,
    kinds={"text": _pangu('"content":"$"'), "thinking": _pangu('"reasoning_content":"$"')},
)


def _spark(said: str) -> Kind:
    return _grows(
        '{"header":{"code":0,"message":"Success","sid":"cht000cb087@dx18793cd421fb894542","status":1},'
        '"payload":{"choices":{"status":1,"seq":#,"text":[{' + said + ',"role":"assistant","index":0}]}}}'
    )


_SPARK_WS = Wire(
    frame=_message,
    status=101,
    kinds={"text": _spark('"content":"$"'), "thinking": _spark('"content":"","reasoning_content":"$"')},
)

WIRES: Mapping[str, Wire] = {
    "anthropic_messages": _ANTHROPIC_MESSAGES,
    "bedrock_converse": _BEDROCK_CONVERSE,
    "cohere_chat": _COHERE_CHAT,
    "dashscope": _DASHSCOPE,
    "gemini": _GEMINI,
    "hunyuan": _HUNYUAN,
    "minimax": _MINIMAX,
    "ollama": _OLLAMA,
    "openai_chat": _OPENAI_CHAT,
    "openai_responses": _OPENAI_RESPONSES,
    "pangu": _PANGU,
    "qianfan_v1": _QIANFAN_V1,
    "spark_ws": _SPARK_WS,
}
"""By dialect."""
