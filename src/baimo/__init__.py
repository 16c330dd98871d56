"""Baimo: one library for every LLM API. The public names; each is loaded when first used."""

TYPE_CHECKING = (
    False  # type checkers know the name; `typing` itself would cost more than the rest of this import
)

if TYPE_CHECKING:
    from baimo.accounting.estimate import Estimate
    from baimo.client.async_client import AsyncClient
    from baimo.client.async_running import AsyncRunStream
    from baimo.client.async_streams import AsyncChatStream
    from baimo.client.budget import Budget
    from baimo.client.client import Client
    from baimo.client.fitting import fit
    from baimo.client.options import ChatOptions
    from baimo.client.parsed_streams import AsyncParsedStream, ParsedStream
    from baimo.client.running import RunStream
    from baimo.client.shortcuts import chat, stream
    from baimo.client.streams import ChatStream
    from baimo.client.transcripts import AsyncTranscriptStream, TranscriptStream
    from baimo.context.fitting import Fitted
    from baimo.errors import (
        AnswerFormatError,
        AuthError,
        BudgetError,
        CacheError,
        ConfigError,
        ConnectError,
        ContentFilteredError,
        ContextTooLongError,
        EmptyAnswerError,
        Error,
        FetchError,
        InputError,
        InvalidRequestError,
        LimitReachedError,
        LocalModelError,
        MissingExtraError,
        MissingKeyError,
        NotFoundError,
        OverloadedError,
        PermissionDeniedError,
        ProviderError,
        QuotaError,
        RateLimitedError,
        ServerError,
        StaleConnectionError,
        StepLimitError,
        StreamInterrupted,
        TimedOutError,
        ToolError,
        TransportError,
        UnknownProviderError,
        UnsupportedError,
        WireError,
    )
    from baimo.integrations import mcp as mcp
    from baimo.notes import Note
    from baimo.steps import Retrying
    from baimo.tools.function import tool
    from baimo.tools.records import RunResult, RunStep, ToolCalled, ToolReturned, ToolRun
    from baimo.tools.runnable import ToolContext, ToolUse
    from baimo.translation.reply import ReplyTranslation
    from baimo.translation.request import Translation, translate
    from baimo.types.balance import Balance
    from baimo.types.chat import (
        AudioOutput,
        ChatRequest,
        ChatResponse,
        Choice,
        FinishReason,
        Message,
        Reasoning,
        ResponseFormat,
        Role,
    )
    from baimo.types.content import (
        Audio,
        Cache,
        Citation,
        File,
        Image,
        Opaque,
        Refusal,
        Replay,
        Text,
        Thinking,
        ToolCall,
        ToolResult,
        Video,
    )
    from baimo.types.counting import TokenCount
    from baimo.types.embeddings import EmbedResponse
    from baimo.types.events import (
        Continued,
        Finished,
        LogprobsReported,
        PartDelta,
        PartEnded,
        PartStarted,
        Started,
        UsageReported,
        Withdrawn,
    )
    from baimo.types.images import ImagesResponse, MadeImage
    from baimo.types.models import ModelInfo, Price, PullProgress
    from baimo.types.moderation import Moderated, ModerationResponse
    from baimo.types.money import Money
    from baimo.types.parsed import Parsed
    from baimo.types.rerank import Ranked, RerankResponse
    from baimo.types.secret import Secret
    from baimo.types.speech import SpeechResponse
    from baimo.types.tools import CustomTool, FunctionTool, Search, ServerTool, ToolChoice
    from baimo.types.transcription import Segment, Transcription, Word
    from baimo.types.usage import Usage

_HOMES = {
    "baimo.accounting.estimate": "Estimate",
    "baimo.client.async_client": "AsyncClient",
    "baimo.client.async_running": "AsyncRunStream",
    "baimo.client.async_streams": "AsyncChatStream",
    "baimo.client.budget": "Budget",
    "baimo.client.client": "Client",
    "baimo.client.fitting": "fit",
    "baimo.client.options": "ChatOptions",
    "baimo.client.parsed_streams": "AsyncParsedStream ParsedStream",
    "baimo.client.running": "RunStream",
    "baimo.client.shortcuts": "chat stream",
    "baimo.client.streams": "ChatStream",
    "baimo.client.transcripts": "AsyncTranscriptStream TranscriptStream",
    "baimo.context.fitting": "Fitted",
    "baimo.errors": (
        "AnswerFormatError AuthError BudgetError CacheError ConfigError ConnectError ContentFilteredError "
        "ContextTooLongError EmptyAnswerError Error FetchError InputError InvalidRequestError "
        "LimitReachedError LocalModelError MissingExtraError MissingKeyError NotFoundError OverloadedError "
        "PermissionDeniedError ProviderError QuotaError RateLimitedError ServerError StaleConnectionError "
        "StepLimitError StreamInterrupted TimedOutError ToolError TransportError UnknownProviderError "
        "UnsupportedError WireError"
    ),
    "baimo.notes": "Note",
    "baimo.steps": "Retrying",
    "baimo.tools.function": "tool",
    "baimo.tools.records": "RunResult RunStep ToolCalled ToolReturned ToolRun",
    "baimo.tools.runnable": "ToolContext ToolUse",
    "baimo.translation.reply": "ReplyTranslation",
    "baimo.translation.request": "Translation translate",
    "baimo.types.balance": "Balance",
    "baimo.types.chat": (
        "AudioOutput ChatRequest ChatResponse Choice FinishReason Message Reasoning ResponseFormat Role"
    ),
    "baimo.types.content": (
        "Audio Cache Citation File Image Opaque Refusal Replay Text Thinking ToolCall ToolResult Video"
    ),
    "baimo.types.counting": "TokenCount",
    "baimo.types.embeddings": "EmbedResponse",
    "baimo.types.events": (
        "Continued Finished LogprobsReported PartDelta PartEnded PartStarted Started UsageReported Withdrawn"
    ),
    "baimo.types.images": "ImagesResponse MadeImage",
    "baimo.types.models": "ModelInfo Price PullProgress",
    "baimo.types.moderation": "Moderated ModerationResponse",
    "baimo.types.money": "Money",
    "baimo.types.parsed": "Parsed",
    "baimo.types.rerank": "Ranked RerankResponse",
    "baimo.types.secret": "Secret",
    "baimo.types.speech": "SpeechResponse",
    "baimo.types.tools": "CustomTool FunctionTool Search ServerTool ToolChoice",
    "baimo.types.transcription": "Segment Transcription Word",
    "baimo.types.usage": "Usage",
}
_ROOMS = {"auth": "baimo.auth", "mcp": "baimo.integrations.mcp", "telemetry": "baimo.telemetry"}
"""Modules that are offered as they are, without an import of their own."""
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "AnswerFormatError",
    "AsyncChatStream",
    "AsyncClient",
    "AsyncParsedStream",
    "AsyncRunStream",
    "AsyncTranscriptStream",
    "Audio",
    "AudioOutput",
    "AuthError",
    "Balance",
    "Budget",
    "BudgetError",
    "Cache",
    "CacheError",
    "ChatOptions",
    "ChatRequest",
    "ChatResponse",
    "ChatStream",
    "Choice",
    "Citation",
    "Client",
    "ConfigError",
    "ConnectError",
    "ContentFilteredError",
    "ContextTooLongError",
    "Continued",
    "CustomTool",
    "EmbedResponse",
    "EmptyAnswerError",
    "Error",
    "Estimate",
    "FetchError",
    "File",
    "FinishReason",
    "Finished",
    "Fitted",
    "FunctionTool",
    "Image",
    "ImagesResponse",
    "InputError",
    "InvalidRequestError",
    "LimitReachedError",
    "LocalModelError",
    "LogprobsReported",
    "MadeImage",
    "Message",
    "MissingExtraError",
    "MissingKeyError",
    "ModelInfo",
    "Moderated",
    "ModerationResponse",
    "Money",
    "NotFoundError",
    "Note",
    "Opaque",
    "OverloadedError",
    "Parsed",
    "ParsedStream",
    "PartDelta",
    "PartEnded",
    "PartStarted",
    "PermissionDeniedError",
    "Price",
    "ProviderError",
    "PullProgress",
    "QuotaError",
    "Ranked",
    "RateLimitedError",
    "Reasoning",
    "Refusal",
    "Replay",
    "ReplyTranslation",
    "RerankResponse",
    "ResponseFormat",
    "Retrying",
    "Role",
    "RunResult",
    "RunStep",
    "RunStream",
    "Search",
    "Secret",
    "Segment",
    "ServerError",
    "ServerTool",
    "SpeechResponse",
    "StaleConnectionError",
    "Started",
    "StepLimitError",
    "StreamInterrupted",
    "Text",
    "Thinking",
    "TimedOutError",
    "TokenCount",
    "ToolCall",
    "ToolCalled",
    "ToolChoice",
    "ToolContext",
    "ToolError",
    "ToolResult",
    "ToolReturned",
    "ToolRun",
    "ToolUse",
    "TranscriptStream",
    "Transcription",
    "Translation",
    "TransportError",
    "UnknownProviderError",
    "UnsupportedError",
    "Usage",
    "UsageReported",
    "Video",
    "WireError",
    "Withdrawn",
    "Word",
    "chat",
    "fit",
    "stream",
    "tool",
    "translate",
]


def __getattr__(name: str) -> object:
    """Loads a public name on first use and keeps it; also `__version__`."""
    value: object
    if name == "__version__":
        from importlib.metadata import version

        value = version("baimo")
    elif home := _HOME_OF.get(name):
        from importlib import import_module

        value = getattr(import_module(home), name)
    elif name in _ROOMS:
        from importlib import import_module

        value = import_module(_ROOMS[name])
    else:
        raise AttributeError(f"module 'baimo' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
