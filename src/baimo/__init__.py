"""Baimo: one library for every LLM API. The public names; each is loaded when first used."""

TYPE_CHECKING = (
    False  # type checkers know the name; `typing` itself would cost more than the rest of this import
)

if TYPE_CHECKING:
    from baimo.accounting.estimate import Estimate
    from baimo.client.async_client import AsyncClient
    from baimo.client.async_streams import AsyncChatStream
    from baimo.client.budget import Budget
    from baimo.client.client import Client
    from baimo.client.fitting import fit
    from baimo.client.options import ChatOptions
    from baimo.client.shortcuts import chat, stream
    from baimo.client.streams import ChatStream
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
        StreamInterrupted,
        TimedOutError,
        TransportError,
        UnknownProviderError,
        UnsupportedError,
        WireError,
    )
    from baimo.notes import Note
    from baimo.steps import Retrying
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
    from baimo.types.models import ModelInfo, Price, PullProgress
    from baimo.types.money import Money
    from baimo.types.rerank import Ranked, RerankResponse
    from baimo.types.secret import Secret
    from baimo.types.tools import CustomTool, FunctionTool, Search, ServerTool, ToolChoice
    from baimo.types.usage import Usage

_HOMES = {
    "baimo.accounting.estimate": "Estimate",
    "baimo.client.async_client": "AsyncClient",
    "baimo.client.async_streams": "AsyncChatStream",
    "baimo.client.budget": "Budget",
    "baimo.client.client": "Client",
    "baimo.client.fitting": "fit",
    "baimo.client.options": "ChatOptions",
    "baimo.client.shortcuts": "chat stream",
    "baimo.client.streams": "ChatStream",
    "baimo.context.fitting": "Fitted",
    "baimo.errors": (
        "AnswerFormatError AuthError BudgetError CacheError ConfigError ConnectError ContentFilteredError "
        "ContextTooLongError EmptyAnswerError Error InputError InvalidRequestError LimitReachedError "
        "LocalModelError MissingExtraError MissingKeyError NotFoundError OverloadedError "
        "PermissionDeniedError ProviderError QuotaError RateLimitedError ServerError StaleConnectionError "
        "StreamInterrupted TimedOutError TransportError UnknownProviderError UnsupportedError WireError"
    ),
    "baimo.notes": "Note",
    "baimo.steps": "Retrying",
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
    "baimo.types.models": "ModelInfo Price PullProgress",
    "baimo.types.money": "Money",
    "baimo.types.rerank": "Ranked RerankResponse",
    "baimo.types.secret": "Secret",
    "baimo.types.tools": "CustomTool FunctionTool Search ServerTool ToolChoice",
    "baimo.types.usage": "Usage",
}
_ROOMS = ("auth", "telemetry")
"""Packages that are offered as they are, without an import of their own."""
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "AnswerFormatError",
    "AsyncChatStream",
    "AsyncClient",
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
    "File",
    "FinishReason",
    "Finished",
    "Fitted",
    "FunctionTool",
    "Image",
    "InputError",
    "InvalidRequestError",
    "LimitReachedError",
    "LocalModelError",
    "LogprobsReported",
    "Message",
    "MissingExtraError",
    "MissingKeyError",
    "ModelInfo",
    "Money",
    "NotFoundError",
    "Note",
    "Opaque",
    "OverloadedError",
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
    "Search",
    "Secret",
    "ServerError",
    "ServerTool",
    "StaleConnectionError",
    "Started",
    "StreamInterrupted",
    "Text",
    "Thinking",
    "TimedOutError",
    "TokenCount",
    "ToolCall",
    "ToolChoice",
    "ToolResult",
    "Translation",
    "TransportError",
    "UnknownProviderError",
    "UnsupportedError",
    "Usage",
    "UsageReported",
    "Video",
    "WireError",
    "Withdrawn",
    "chat",
    "fit",
    "stream",
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

        value = import_module(f"baimo.{name}")
    else:
        raise AttributeError(f"module 'baimo' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
