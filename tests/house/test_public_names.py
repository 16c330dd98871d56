"""What `import baimo` offers. A name that goes or comes is a decision, made here."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest

import baimo
from baimo import errors

NAMES = {
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
    "Fitted",
    "Finished",
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
}


def test_the_public_names_are_these() -> None:
    assert set(baimo.__all__) == NAMES
    assert set(dir(baimo)) == NAMES | {"__version__"}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_public_name_is_there_and_says_what_it_is(name: str) -> None:
    value = getattr(baimo, name)
    assert inspect.getdoc(value)


def test_every_error_is_public() -> None:
    kinds = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, errors.Error)
    }
    assert kinds <= NAMES


def test_no_public_name_is_also_a_package() -> None:
    rooms = {room.name for room in pkgutil.iter_modules(baimo.__path__)}
    assert rooms & NAMES == set()


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Clint'"):
        baimo.Clint  # noqa: B018 - reading it is the test


def test_the_version_is_the_installed_one() -> None:
    assert baimo.__version__ == importlib.metadata.version("baimo")
