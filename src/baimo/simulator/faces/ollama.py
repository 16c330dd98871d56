"""Ollama: its own API and its OpenAI-compatible neighbour, models that are there and models to be pulled.

No key is asked for, as on one's own machine; one that is sent must be right, as in the cloud. A model that
was not pulled is refused, and is there after a pull. Asking a model to think or to call tools is refused
where it cannot.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from baimo.dialect.protocols import ChatEncoder
from baimo.dialects.ollama import DIALECT
from baimo.dialects.ollama.errors import error_body
from baimo.dialects.ollama.listing import encode_running
from baimo.dialects.openai_chat import DIALECT as COMPATIBLE
from baimo.errors import Error, InputError, ServerError
from baimo.simulator import making
from baimo.simulator.words import (
    Caller,
    Credentials,
    FaceMaker,
    RefusedError,
    ServedRequest,
    Why,
    names_host,
    without_fault,
)
from baimo.types.chat import ChatRequest
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.events import ChatEvent
from baimo.types.models import ModelInfo, PullProgress
from baimo.wire.http import HeaderFields, HttpRequest, WireHead

VERSION = "0.31.0"

_JSON: HeaderFields = ((b"content-type", b"application/json; charset=utf-8"),)
_LINES: HeaderFields = ((b"content-type", b"application/x-ndjson"),)
_PLAIN: HeaderFields = ((b"content-type", b"text/plain; charset=utf-8"),)

_CHAT = ("completion", "tools")
_THINKS = ("completion", "tools", "thinking")
_EMBEDS = ("embedding",)
_DRAWS = ("image",)

_Fact: TypeAlias = tuple[str, str, int, tuple[str, ...]]

_LIBRARY: tuple[_Fact, ...] = (
    ("deepseek-r1:1.5b", "1.8B", 131072, _THINKS),
    ("deepseek-r1:7b", "7.6B", 131072, _THINKS),
    ("deepseek-r1:latest", "8.2B", 131072, _THINKS),
    ("gemma3:4b", "4.3B", 131072, ("completion", "vision")),
    ("gpt-oss:20b", "20.9B", 131072, _THINKS),
    ("llama3.2:latest", "3.2B", 131072, _CHAT),
    ("qwen3:8b", "8.2B", 40960, _THINKS),
    ("qwen3:latest", "8.2B", 40960, _THINKS),
    ("all-minilm:latest", "23M", 512, _EMBEDS),
    ("bge-m3:latest", "567M", 8192, _EMBEDS),
    ("nomic-embed-text:latest", "137M", 2048, _EMBEDS),
    ("x/z-image-turbo:latest", "10.3B", 0, _DRAWS),
)
_NOT_PULLED: tuple[_Fact, ...] = (
    ("qwen3:0.6b", "752M", 40960, _THINKS),
    ("smollm2:135m", "135M", 8192, _CHAT),
)

_LIBRARY_HOST = "registry.ollama.ai/library"
_MODIFIED = 1_790_000_000
_LAYER = 4096

Texts: TypeAlias = Mapping[Why, tuple[int, str]]

_REFUSALS: Texts = {
    Why.WRONG_SECRET: (401, "unauthorized"),
    Why.UNKNOWN_KEY: (401, "unauthorized"),
    Why.MISSING_HEADER: (401, "unauthorized"),
    Why.EXPIRED_TOKEN: (401, "unauthorized"),
    Why.UNKNOWN_MODEL: (404, "model '{detail}' not found"),
    Why.UNKNOWN_DOMAIN: (404, "model '{detail}' not found"),
    Why.UNKNOWN_DEPLOYMENT: (404, "model '{detail}' not found"),
    Why.OVER_QUOTA: (429, "usage limit reached, upgrade for more"),
    Why.OVER_RATE: (429, "too many requests: {detail}"),
    Why.OVER_CONCURRENCY: (503, "server busy, please try again.  maximum pending requests exceeded"),
    Why.OVERLOADED: (503, "server busy, please try again.  maximum pending requests exceeded"),
    Why.SERVER_ERROR: (500, "an error was encountered while running the model: {detail}"),
    Why.CONTEXT_TOO_LONG: (400, "the input length exceeds the context length"),
    Why.INVALID_REQUEST: (400, "{detail}"),
}
"""Status and text. What Ollama does not know (a clock, an app, moderation) is a request that it refuses."""


class OllamaFace:
    """A server of Ollama's."""

    name = "ollama"
    hosts = ("ollama.com",)

    def __init__(self, credentials: Credentials | None = None) -> None:
        self._keys = {"api_key": "fake-ollama-key-1234", **(credentials or Credentials()).given}
        self._library = {fact[0]: _model(*fact) for fact in (*_LIBRARY, *_NOT_PULLED)}
        self._pulled = [name for name, *_ in _LIBRARY]

    def credentials(self) -> dict[str, str]:
        """The key of the hosted service; none need be sent."""
        return dict(self._keys)

    def configuration(self, origin: str) -> dict[str, dict[str, object]]:
        """The server itself for its own API, its `/v1` for the compatible one."""
        bases = {"native": origin, "generate": origin, "server": f"{origin}/v1"}
        return {name: {"endpoint": name, "base_url": base, **self._keys} for name, base in bases.items()}

    def operation(self, request: ServedRequest) -> str | None:
        """Which operation, of either API."""
        if not isinstance(request, HttpRequest):
            return None
        if _is_compatible(request):
            found = COMPATIBLE.operation(request.method, request.target, request.headers)
            return found if found in ("chat", "embed", "models", "images") else None
        found = DIALECT.operation(request.method, request.target, request.headers)
        return "images" if found == "chat" and self._is_drawn(request) else found

    def identify(self, request: ServedRequest, now: float) -> Caller:
        """Check the host, and the key where one was sent. Raises RefusedError."""
        sent = {name.lower(): value.decode("latin-1") for name, value in request.headers}
        host = sent.get(b"host", "127.0.0.1")
        if not names_host(host, self.hosts):
            raise RefusedError(Why.WRONG_HOST, host)
        given = sent.get(b"authorization", "").removeprefix("Bearer ").strip()
        if not given:
            return Caller(key="local")
        for known in self._keys.values():
            if hmac.compare_digest(given.encode(), known.encode()):
                return Caller(key=f"…{known[-4:]}")
        raise RefusedError(Why.WRONG_SECRET, "the bearer key is another")

    def chat_request(self, request: ServedRequest) -> ChatRequest:
        """What is asked for. Raises InputError or RefusedError."""
        assert isinstance(request, HttpRequest)
        asked = (COMPATIBLE if _is_compatible(request) else DIALECT).decode_request(request)
        name = without_fault(asked.model)
        able = self._known(name).capabilities
        reasoning = asked.reasoning
        thinks = reasoning is not None and reasoning.enabled is not False and reasoning.effort != "none"
        if "completion" not in able:
            raise RefusedError(Why.INVALID_REQUEST, f'"{name}" does not support chat')
        if thinks and "thinking" not in able:
            raise RefusedError(Why.INVALID_REQUEST, f'"{name}" does not support thinking')
        if asked.tools and "tools" not in able:
            raise RefusedError(Why.INVALID_REQUEST, f"{_LIBRARY_HOST}/{name} does not support tools")
        return asked

    def encoder(self, request: ServedRequest, asked: ChatRequest) -> ChatEncoder:
        """Writes the reply."""
        if _is_compatible(request):
            return _Compatible(COMPATIBLE.encoder(asked), asked)
        return DIALECT.encoder(asked)

    def refuse(
        self, why: Why, request: ServedRequest, *, detail: str = "", retry_after: float | None = None
    ) -> tuple[WireHead, bytes]:
        """`{"error": "text"}`, in the compatible form under /v1; a wrong host or path gets no JSON."""
        if why is Why.WRONG_HOST:
            return WireHead(403), b""
        if why is Why.NO_SUCH_ADDRESS:
            return WireHead(404, _PLAIN), b"404 page not found"
        status, text = _REFUSALS.get(why, _REFUSALS[Why.INVALID_REQUEST])
        fields = _JSON
        if retry_after is not None:
            fields = (*fields, (b"retry-after", f"{retry_after:g}".encode()))
        text = text.format(detail=detail or why.value)
        if not _is_compatible(request):
            return WireHead(status, fields), msgspec.json.encode({"error": text})
        kind = {400: "invalid_request_error", 404: "not_found_error"}.get(status, "api_error")
        error = {"message": text, "type": kind, "param": None, "code": None}
        return WireHead(status, fields), msgspec.json.encode({"error": error})

    def interrupt(self, why: Why, request: ServedRequest, encoder: ChatEncoder) -> list[bytes]:
        """A line that says so, and no end mark."""
        text = "an error was encountered while running the model"
        if why is not Why.SERVER_ERROR:
            text = f"{text}: {why.value}"
        return encoder.error(ServerError(text))

    def embed_request(self, request: ServedRequest) -> EmbedRequest:
        """What is asked for. Raises InputError or RefusedError."""
        assert isinstance(request, HttpRequest)
        asked = (COMPATIBLE if _is_compatible(request) else DIALECT).decode_embed_request(request)
        self._known(without_fault(asked.model))
        return asked

    def embed_reply(
        self, request: ServedRequest, asked: EmbedRequest, response: EmbedResponse
    ) -> tuple[WireHead, bytes]:
        """The vectors."""
        dialect = COMPATIBLE if _is_compatible(request) else DIALECT
        return WireHead(200, _JSON), dialect.encode_embed_response(asked, response)

    def other(self, operation: str, request: ServedRequest, now: float) -> tuple[WireHead, list[bytes]]:
        """Images, models and what is known of them, pulls, the version, the greeting."""
        assert isinstance(request, HttpRequest)
        if operation == "images":
            return self._draw(request)
        models = tuple([self._library[name] for name in self._pulled])
        if operation == "pull":
            return self._pull(request)
        if operation == "greeting":
            return WireHead(200, _PLAIN), [b"Ollama is running"]
        if operation == "version":
            body = msgspec.json.encode({"version": VERSION})
        elif operation == "running":
            body = encode_running(models[:1])
        elif operation == "describe":
            body = DIALECT.encode_description(self._known(DIALECT.decode_describe_request(request)))
        else:
            body = (COMPATIBLE if _is_compatible(request) else DIALECT).encode_model_list(models)
        return WireHead(200, _JSON), [body]

    def _is_drawn(self, request: HttpRequest) -> bool:
        """Whether it is a question to a model that draws: the body alone tells."""
        if not request.target.partition(b"?")[0].rstrip(b"/").endswith(b"/generate"):
            return False
        try:
            name = DIALECT.decode_images_request(request).model
        except InputError:
            return False
        return _is_able(self._library.get(_tagged(without_fault(name))), "image")

    def _draw(self, request: HttpRequest) -> tuple[WireHead, list[bytes]]:
        """A picture. Raises InputError or RefusedError."""
        dialect: Any = COMPATIBLE if _is_compatible(request) else DIALECT
        asked = dialect.decode_images_request(request)
        name = without_fault(asked.model)
        if not _is_able(self._known(name), "image"):
            raise RefusedError(Why.INVALID_REQUEST, f'"{name}" does not support image generation')
        body = dialect.encode_images_response(asked, making.images(replace(asked, n=None)))
        is_stream = dialect is DIALECT and asked.extra["stream"]
        return WireHead(200, _LINES if is_stream else _JSON), [body]

    def _known(self, name: str) -> ModelInfo:
        """A model that was pulled. Raises RefusedError."""
        full = _tagged(name)
        if full not in self._pulled:
            raise RefusedError(Why.UNKNOWN_MODEL, name)
        return self._library[full]

    def _pull(self, request: HttpRequest) -> tuple[WireHead, list[bytes]]:
        """Progress of a pull; a model that the library does not have is told of in its middle."""
        asked, stream = DIALECT.decode_pull_request(request)
        name = _tagged(asked)
        begun = PullProgress(status="pulling manifest")
        if name not in self._library:
            error = error_body(ServerError("pull model manifest: file does not exist"))
            if not stream:
                return WireHead(500, _JSON), [error]
            return WireHead(200, _LINES), [DIALECT.encode_progress(begun), error + b"\n"]
        if name not in self._pulled:
            self._pulled.append(name)
        digest = f"sha256:{_digest(name)}"
        layer = f"pulling {_digest(name)[:12]}"
        steps = [
            begun,
            PullProgress(status=layer, digest=digest, total=_LAYER),
            PullProgress(status=layer, digest=digest, total=_LAYER, completed=_LAYER // 2),
            PullProgress(status=layer, digest=digest, total=_LAYER, completed=_LAYER),
            PullProgress(status="verifying sha256 digest"),
            PullProgress(status="writing manifest"),
            PullProgress(status="success"),
        ]
        if not stream:
            return WireHead(200, _JSON), [DIALECT.encode_progress(steps[-1])]
        return WireHead(200, _LINES), [DIALECT.encode_progress(step) for step in steps]


class _Compatible:
    """Writes OpenAI's form as Ollama does: reasoning stands in `reasoning`, a failure in nothing at all."""

    def __init__(self, encoder: ChatEncoder, asked: ChatRequest) -> None:
        self._encoder = encoder
        self._asked = asked

    def head(self) -> WireHead:
        """Status and header fields."""
        return self._encoder.head()

    def feed(self, event: ChatEvent) -> list[bytes]:
        """The bytes of one event."""
        return [_dressed(item) for item in self._encoder.feed(event)]

    def end(self) -> list[bytes]:
        """What ends the reply."""
        return [_dressed(item) for item in self._encoder.end()]

    def error(self, error: Error) -> list[bytes]:
        """The real server takes a failure in mid-stream for an empty answer: nobody is told of it."""
        if not self._asked.stream:
            return self._encoder.error(error)
        delta = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}
        frame = {"id": "chatcmpl-0", "object": "chat.completion.chunk", "created": 0}
        return [_event({**frame, "model": self._asked.model, "choices": [delta]})]


def _dressed(item: bytes) -> bytes:
    prefix = b"data: " if item.startswith(b"data: ") else b""
    payload = item[len(prefix) :]
    if not payload.startswith(b"{"):
        return item
    body: dict[str, Any] = msgspec.json.decode(payload)
    for choice in body.get("choices", ()):
        said = choice.get("delta", choice.get("message", {}))
        if "reasoning_content" in said:
            said["reasoning"] = said.pop("reasoning_content")
    body["system_fingerprint"] = "fp_ollama"
    return _event(body) if prefix else msgspec.json.encode(body)


def _event(body: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(body) + b"\n\n"


def _is_compatible(request: ServedRequest) -> bool:
    return request.target.startswith(b"/v1/")


def _is_able(model: ModelInfo | None, what: str) -> bool:
    return model is not None and what in model.capabilities


def _tagged(name: str) -> str:
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def _digest(name: str) -> str:
    from hashlib import sha256

    return sha256(name.encode("utf-8", "replace")).hexdigest()


def _model(name: str, weights: str, context: int, capabilities: tuple[str, ...]) -> ModelInfo:
    return ModelInfo(
        id=name,
        provider="ollama",
        context=context,
        capabilities=capabilities,
        size=_LAYER,
        parameters=weights,
        quantization="Q4_K_M",
        created=_MODIFIED,
    )


FACES: Mapping[str, FaceMaker] = {"ollama": OllamaFace}
