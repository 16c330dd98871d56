"""What a simulator received, kept for asserts: neutral, as it came, and without secrets."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator

import msgspec

from baimo.types.chat import ChatRequest
from baimo.types.embeddings import EmbedRequest
from baimo.wire.http import HeaderFields, HttpRequest, SocketRequest

from .words import Why

_KEPT = 10_000
_STARS = "****"
_SECRET_FIELD = re.compile(
    r"authorization|cookie|token|secret|signature|api[-_]?key|app[-_]?code|password", re.IGNORECASE
)
_SECRET_QUERY = re.compile(
    rb"(?i)([?&](?:[^=&]*(?:authorization|token|secret|signature|signa|api_?key|password|key))=)[^&]*"
)
_SECRET_JSON = re.compile(
    rb'(?i)("[^"]*(?:password|secret|api_?key|access_?token|signature)[^"]*"\s*:\s*)"(?:[^"\\]|\\.)*"'
)


class Received(msgspec.Struct, kw_only=True):
    """One request, and what became of it."""

    number: int
    """Counted from 1, in the order in which requests came."""
    provider: str
    operation: str | None = None
    """chat, embed, models, …; None where nothing is served at that address."""
    method: str = "GET"
    target: str = ""
    """Path and query."""
    head: tuple[tuple[str, str], ...] = ()
    """Header fields with lower-case names, in their order."""
    body: bytes = b""
    frames: tuple[bytes, ...] = ()
    """The caller's messages, of a socket."""
    at: float = 0.0
    """Unix seconds, by the simulator's clock."""
    caller: str | None = None
    """Names the credential, once it was verified."""
    asked: ChatRequest | EmbedRequest | None = None
    """What was asked for, in neutral words, once it was understood."""
    outcome: str = "under way"
    """answered, refused, interrupted, broken or left (by the caller)."""
    status: int | None = None
    why: Why | None = None
    """Why it was refused or interrupted."""
    detail: str = ""
    fault: str | None = None
    output: str = ""
    """The text that was sent."""

    @property
    def headers(self) -> dict[str, str]:
        """The header fields by name; of several with one name the last."""
        return dict(self.head)

    @property
    def json(self) -> object:
        """The body, or a socket's first message, decoded. Raises msgspec.DecodeError."""
        return msgspec.json.decode(self.frames[0] if self.frames else self.body)

    @property
    def chat(self) -> ChatRequest:
        """What was asked for. Raises TypeError where it was no chat, or was refused before it was read."""
        if not isinstance(self.asked, ChatRequest):
            raise TypeError(f"request {self.number} is no chat that was read: {self.outcome} {self.detail}")
        return self.asked


class Log:
    """The requests of one simulator, oldest first."""

    def __init__(self) -> None:
        self._kept: list[Received] = []
        self._count = 0
        self._lock = threading.Lock()

    def add(self, provider: str, request: HttpRequest | SocketRequest, at: float, mask: Mask) -> Received:
        """A request that came."""
        with self._lock:
            self._count += 1
            received = Received(
                number=self._count,
                provider=provider,
                method=request.method if isinstance(request, HttpRequest) else "GET",
                target=mask.target(request.target),
                head=mask.head(request.headers),
                body=mask.body(_body(request)),
                at=at,
            )
            self._kept.append(received)
            if len(self._kept) > _KEPT:
                del self._kept[0]
            return received

    def all(self) -> tuple[Received, ...]:
        """All that are kept: the last ten thousand."""
        with self._lock:
            return tuple(self._kept)

    def clear(self) -> None:
        """Forget them; counting begins anew."""
        with self._lock:
            self._kept.clear()
            self._count = 0


class Mask:
    """Takes secrets out of what is kept: the known ones wherever they stand, others by where they stand."""

    def __init__(self, secrets: Iterable[str]) -> None:
        words = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, words)).encode()) if words else None

    def head(self, fields: HeaderFields) -> tuple[tuple[str, str], ...]:
        """Header fields as text."""
        return tuple(self._fields(fields))

    def target(self, target: bytes) -> str:
        """Path and query."""
        return self._without(_SECRET_QUERY.sub(rb"\1****", target)).decode("latin-1")

    def body(self, body: bytes) -> bytes:
        """A body, or a message of a socket."""
        return self._without(_SECRET_JSON.sub(rb'\1"****"', body))

    def _fields(self, fields: HeaderFields) -> Iterator[tuple[str, str]]:
        for raw, value in fields:
            name = raw.decode("latin-1").lower()
            is_secret = _SECRET_FIELD.search(name) is not None
            yield name, _STARS if is_secret else self._without(value).decode("latin-1")

    def _without(self, data: bytes) -> bytes:
        return data if self._known is None else self._known.sub(b"****", data)


def _body(request: HttpRequest | SocketRequest) -> bytes:
    if isinstance(request, HttpRequest):
        return request.body if isinstance(request.body, bytes) else b"".join(request.body.chunks())
    return b""
