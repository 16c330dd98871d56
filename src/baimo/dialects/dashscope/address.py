"""Where the operations are, behind a base address that ends in `/api/v1`."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote

from baimo.dialect.protocols import Site
from baimo.wire.http import HeaderFields, header_fields, split_url, with_headers

TEXT = "/services/aigc/text-generation/generation"
MULTIMODAL = "/services/aigc/multimodal-generation/generation"
EMBED = "/services/embeddings/text-embedding/text-embedding"
RERANK = "/services/rerank/text-rerank/text-rerank"
COUNT = "/tokenizer"
IMAGES = "/services/aigc/text2image/image-synthesis"
EDITS = "/services/aigc/image2image/image-synthesis"
TRANSCRIBE = "/services/audio/asr/transcription"
SPEAK = "/services/audio/tts/SpeechSynthesizer"
TASKS = "/tasks/"

_OPERATIONS = {
    TEXT: "chat",
    MULTIMODAL: "chat",
    EMBED: "embed",
    RERANK: "rerank",
    COUNT: "count",
    IMAGES: "images",
    EDITS: "images",
    TRANSCRIBE: "transcribe",
    SPEAK: "speak",
}

JSON: HeaderFields = ((b"Content-Type", b"application/json"), (b"Accept", b"application/json"))
_SSE: HeaderFields = (
    (b"Content-Type", b"application/json"),
    (b"Accept", b"text/event-stream"),
    (b"X-DashScope-SSE", b"enable"),
)


@lru_cache(maxsize=64)  # pure: the same text gives the same parts
def _address(base_url: str, path: str) -> tuple[str, bytes]:
    origin, base = split_url(base_url)
    return origin, quote(f"{base}{path}", safe="/%:@!$&'()*+,;=~-._").encode()


def address(site: Site, path: str) -> tuple[str, bytes]:
    """Origin and target. Raises InputError for an address that is none."""
    return _address(site.base_url, path)


def head(given: dict[str, str], *, stream: bool = False) -> HeaderFields:
    """The header fields of a request, the caller's own on top."""
    return with_headers(_SSE if stream else JSON, header_fields(given))


def operation(method: str, target: bytes) -> str | None:
    """Being the provider: `chat`, `embed`, `rerank`, `count`, `images`, `transcribe`, `speak` or `task`;
    None where nothing is served. At the address of multimodal models the model tells whether it is a chat."""
    path = target.partition(b"?")[0].decode("latin-1").rstrip("/")
    if TASKS in path:
        return "task" if method == "GET" else None
    for end, found in _OPERATIONS.items():
        if path.endswith(end):
            return found if method == "POST" else None
    return None


def is_multimodal(target: bytes) -> bool:
    """Being the provider: whether it is the address of multimodal models."""
    return target.partition(b"?")[0].rstrip(b"/").endswith(MULTIMODAL.encode())


def is_task_of_edits(target: bytes) -> bool:
    """Being the provider: whether it is the address of tasks that work pictures over."""
    return target.partition(b"?")[0].rstrip(b"/").endswith(EDITS.encode())


def wants_stream(headers: HeaderFields) -> bool:
    """Being the provider: whether the head asks for a stream."""
    told = {name.lower(): value.strip().lower() for name, value in headers}
    return told.get(b"x-dashscope-sse") == b"enable" or b"text/event-stream" in told.get(b"accept", b"")
