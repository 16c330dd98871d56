"""DeepSeek: its keys, its rules on histories, its waiting lines, its refusals.

It refuses what the real one refuses: an answer that called tools while thinking and comes back without its
reasoning, calls without results, a prefix outside the beta address, a JSON object that no message speaks of.
The first generation (`deepseek-r1*`) refuses the contrary, reasoning that comes back; `deepseek-reasoner`, a
name of both generations, is held to what each of them documented.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

import msgspec
from msgspec.structs import replace

from baimo.dialect.protocols import ChatEncoder
from baimo.dialects.openai_chat import DIALECT
from baimo.dialects.openai_chat.manner import Manner
from baimo.errors import Error
from baimo.simulator.words import Credentials, FaceMaker, RefusedError, ServedRequest, Why, without_fault
from baimo.types.chat import ChatRequest, Message, Reasoning, Role
from baimo.types.content import ToolResult
from baimo.types.events import ChatEvent
from baimo.types.tools import FunctionTool
from baimo.wire.http import HttpRequest, WireHead

from .openai import JSON, OpenAIFace, Refusal, foreign

_BAD = "invalid_request_error"

_REFUSALS: Mapping[Why, Refusal] = {
    Why.MISSING_HEADER: Refusal(401, "Authentication Fails ({detail})", "authentication_error", _BAD),
    Why.WRONG_SECRET: Refusal(
        401, "Authentication Fails, Your api key: {key} is invalid", "authentication_error", _BAD
    ),
    Why.UNKNOWN_MODEL: Refusal(400, "Model Not Exist", _BAD, _BAD),
    Why.OVER_QUOTA: Refusal(402, "Insufficient Balance", "unknown_error", _BAD),
    Why.OVER_RATE: Refusal(429, "Rate limit reached", "rate_limit_error"),
    Why.OVER_CONCURRENCY: Refusal(429, "Rate limit reached", "rate_limit_error"),
    Why.INPUT_MODERATED: Refusal(400, "Content Exists Risk", _BAD, _BAD),
    Why.CONTEXT_TOO_LONG: Refusal(
        400,
        "This model's maximum context length is 131072 tokens. Please reduce the length of the messages "
        "or completion.",
        _BAD,
        _BAD,
    ),
    Why.INVALID_REQUEST: Refusal(422, "Failed to deserialize the JSON body: {detail}", _BAD, _BAD),
    Why.NO_SUCH_ADDRESS: Refusal(404, "Not Found: {detail}", _BAD),
    Why.SERVER_ERROR: Refusal(500, "Internal Server Error", "server_error"),
    Why.OVERLOADED: Refusal(503, "Service is too busy", "service_unavailable_error"),
}
_RULE = Refusal(400, "{detail}", _BAD, _BAD)

_REASONING = "The `reasoning_content` in the thinking mode must be passed back to the API."
_DISPLAYED = (
    "The reasoning_content is an intermediate result for display purposes only and will not be included in "
    "the context for inference. Please remove the reasoning_content from your message to reduce network "
    "traffic."
)
_RESULTS = "An assistant message with 'tool_calls' must be followed by a tool message for each of them"
_PREFIX = "prefix is a beta feature: set base_url to https://api.deepseek.com/beta"
_WORD = "The prompt must contain the word 'json' for a response_format of json_object"
_VARIANT = "tools: unknown variant, expected `function`"
_RULES = (_REASONING, _DISPLAYED, _RESULTS, _PREFIX, _WORD, _VARIANT)

_FIRST, _BOTH = "deepseek-r1*", "deepseek-reasoner"
"""The first generation that thinks, and the name that it shared with the next."""


class DeepSeekFace(OpenAIFace):
    """DeepSeek's cloud."""

    manner = Manner(usage="finish", cache="hit_miss")
    refusals = _REFUSALS

    def __init__(self, credentials: Credentials | None = None) -> None:
        super().__init__(
            credentials,
            name="deepseek",
            hosts=("api.deepseek.com",),
            endpoints={"chat": ""},
            key="sk-fakefakefakefakefakefakefake1234",
            models=("deepseek-flash", "deepseek-v4-*", "deepseek-chat", "deepseek-reasoner", _FIRST),
            listed=("deepseek-flash", "deepseek-v4-pro"),
        )

    def operation(self, request: ServedRequest) -> str | None:
        """Chat (also under /v1 and /beta), filling in, the list of models, the balance."""
        if not isinstance(request, HttpRequest):
            return None
        path = request.target.partition(b"?")[0]
        if path == b"/user/balance" and request.method == "GET":
            return "balance"
        if path == b"/beta/completions" and request.method == "POST":
            return "chat"
        operation = DIALECT.operation(request.method, request.target, request.headers)
        base = path.removesuffix(b"/chat/completions").removesuffix(b"/models")
        return operation if operation in ("chat", "models") and base in (b"", b"/v1", b"/beta") else None

    def chat_request(self, request: ServedRequest) -> ChatRequest:
        """What is asked for. Raises InputError or RefusedError."""
        asked = super().chat_request(request)
        if _fills(request):
            return asked
        switch = foreign(asked).get("thinking")
        kind = switch.get("type") if isinstance(switch, dict) else None
        thinks = kind != "disabled" and without_fault(asked.model) != "deepseek-chat"
        self._check(asked, thinks=thinks, beta=request.target.startswith(b"/beta/"))
        effort = asked.reasoning.effort if asked.reasoning is not None else None
        return replace(asked, reasoning=Reasoning(enabled=thinks, effort=effort if thinks else None))

    def _check(self, asked: ChatRequest, *, thinks: bool, beta: bool) -> None:
        """Raises RefusedError for a history or a wish that breaks a rule."""
        if not all(isinstance(tool, FunctionTool) for tool in asked.tools):
            raise RefusedError(Why.INVALID_REQUEST, _VARIANT)
        name = without_fault(asked.model)
        is_first = fnmatchcase(name, _FIRST)
        for index, message in enumerate(asked.messages):
            is_refused = is_first or (name == _BOTH and not message.tool_calls)
            if is_refused and message.thinking and not _is_prefix(message):
                raise RefusedError(Why.INVALID_REQUEST, _DISPLAYED)
            if not message.tool_calls:
                continue
            if thinks and not is_first and not message.thinking:
                raise RefusedError(Why.INVALID_REQUEST, _REASONING)
            if not {call.id for call in message.tool_calls} <= _answered(asked.messages[index + 1 :]):
                raise RefusedError(Why.INVALID_REQUEST, _RESULTS)
        if not beta and any(_is_prefix(message) for message in asked.messages):
            raise RefusedError(Why.INVALID_REQUEST, _PREFIX)
        form = asked.response_format
        said = "".join([message.text for message in asked.messages])
        if form is not None and form.type == "json_object" and "json" not in said.lower():
            raise RefusedError(Why.INVALID_REQUEST, _WORD)

    def encoder(self, request: ServedRequest, asked: ChatRequest) -> ChatEncoder:
        """Writes the reply behind lines that only say "wait"."""
        manner = replace(self.manner, text=True) if _fills(request) else self.manner
        return _Waiting(DIALECT.encoder(asked, manner), stream=asked.stream)

    def refusal(self, why: Why, detail: str) -> Refusal:
        """What stands for that reason: a broken rule is 400, a wrong field 422."""
        if why is Why.INVALID_REQUEST and detail in _RULES:
            return _RULE
        return super().refusal(why, detail)

    def other(self, operation: str, request: ServedRequest, now: float) -> tuple[WireHead, list[bytes]]:
        """The list of models, or the balance."""
        if operation != "balance":
            return super().other(operation, request, now)
        money = {"currency": "CNY", "total_balance": "88.00", "granted_balance": "8.00"}
        body = {"is_available": True, "balance_infos": [{**money, "topped_up_balance": "80.00"}]}
        return WireHead(200, JSON), [msgspec.json.encode(body)]


class _Waiting:
    """Puts what the server sends while it waits before the reply: blank lines, in a stream a comment."""

    def __init__(self, encoder: ChatEncoder, *, stream: bool) -> None:
        self._encoder = encoder
        self._before = [b": keep-alive\n\n" if stream else b"\n\n\n"]

    def head(self) -> WireHead:
        """Status and header fields."""
        return self._encoder.head()

    def feed(self, event: ChatEvent) -> list[bytes]:
        """The bytes of one event."""
        return self._behind(self._encoder.feed(event))

    def end(self) -> list[bytes]:
        """What ends the reply."""
        return self._behind(self._encoder.end())

    def error(self, error: Error) -> list[bytes]:
        """A failure in the middle."""
        return self._behind(self._encoder.error(error))

    def _behind(self, items: list[bytes]) -> list[bytes]:
        if not items:
            return items
        before, self._before = self._before, []
        return [*before, *items]


def _answered(messages: tuple[Message, ...]) -> set[str]:
    """The calls whose results stand right behind."""
    found: set[str] = set()
    for message in messages:
        if message.role is not Role.TOOL:
            break
        found.update(part.call_id for part in message.content if isinstance(part, ToolResult))
    return found


def _is_prefix(message: Message) -> bool:
    return message.replay is not None and msgspec.json.decode(message.replay.json).get("prefix") is True


def _fills(request: ServedRequest) -> bool:
    return request.target.partition(b"?")[0] == b"/beta/completions"


FACES: Mapping[str, FaceMaker] = {"deepseek": DeepSeekFace}
