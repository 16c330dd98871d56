"""The media of one call: fetched where a deployment takes bytes alone, checked before anything is sent."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from baimo.dialect.mediacheck import MEDIA, MediaCheck, Medium
from baimo.errors import ConfigError, FetchError
from baimo.exchange import Deployment
from baimo.notes import Note
from baimo.resilience.timing import Deadline
from baimo.steps import Step
from baimo.types.chat import ChatRequest
from baimo.types.content import ToolResult

from .fetching import Fetched, FetchRules, fetch, fields_of, shown

Fetching: TypeAlias = Literal["auto", "always", "never"]
_NAMES = {"Image": "image", "Audio": "audio", "Video": "video", "File": "file"}


class MediaRules(msgspec.Struct, frozen=True, kw_only=True):
    """How a call deals with its media."""

    fetch: Fetching = "auto"
    """Which addresses are fetched: those that a deployment takes bytes for, all, or none."""
    rules: FetchRules = FetchRules()
    check: bool = True
    """Whether media are held against the limits of the provider's row."""
    guarded: bool = True
    """Whether the transport sees to it that only public addresses are connected to."""


class CallMedia:
    """Knows what was fetched for one call: each address once, for all deployments and attempts."""

    def __init__(self, rules: MediaRules) -> None:
        self._rules = rules
        self._fetched: dict[str, Fetched] = {}
        self._total = 0

    @property
    def how(self) -> Fetching:
        """Which addresses are fetched."""
        return self._rules.fetch

    def needs(self, request: ChatRequest, at: Deployment) -> tuple[Medium, ...]:
        """What must be fetched before the request can be encoded for that deployment; one of each address."""
        found = {
            part.url: part
            for part in _media(request)
            if self._is_wanted(part, at) and part.url not in self._fetched
        }
        return tuple(found.values())

    def fetch(
        self, needed: tuple[Medium, ...], at: Deployment, deadline: Deadline
    ) -> Generator[Step, Any, None]:
        """Fetch them, one after the other. Raises FetchError, ConfigError, TimedOutError."""
        rules = self._rules.rules
        if not (self._rules.guarded or rules.allow_private):
            raise ConfigError(
                f"{shown(needed[0].url or '')} is to be fetched, but the transport that was handed in "
                "does not see to it that only public addresses are connected to",
                hint="Give the bytes, use the client's own transport, or pass media={'allow_private': True}.",
            )
        for part in needed:
            url = part.url or ""
            fetched = yield from fetch(url, rules, deadline, most=self._most(part, at))
            fields_of(part, fetched)  # raises for what is no such medium
            self._total += len(fetched.data)
            self._fetched[url] = fetched

    def ready(self, request: ChatRequest, at: Deployment) -> tuple[ChatRequest, tuple[Note, ...], MediaCheck]:
        """The request with what was fetched in it, looked at; what to tell of that."""
        notes: dict[str, Note] = {}
        messages = []
        for message in request.messages:
            content = tuple([self._inlined(part, at, notes) for part in message.content])
            is_same = all(new is old for new, old in zip(content, message.content, strict=True))
            messages.append(message if is_same else replace(message, content=content))
        check = MediaCheck(
            at.media if self._rules.check else None,
            who=at.provider,
            drop=request.unsupported == "drop",
        )
        checked = check.checked(replace(request, messages=tuple(messages)))
        return checked, (*notes.values(), *check.notes), check

    def _is_wanted(self, part: Medium, at: Deployment) -> bool:
        url, how = part.url, self._rules.fetch
        if url is None or part.data is not None or how == "never":
            return False
        if not url[:8].lower().startswith(("http://", "https://")):
            return False
        if how == "always":
            return True
        return hasattr(at.dialect, "needs_bytes") and bool(at.dialect.needs_bytes(part, at.site))

    def _most(self, part: Medium, at: Deployment) -> int:
        """How many bytes may be fetched for it."""
        left = self._rules.rules.max_total - self._total
        if left <= 0:
            most = self._rules.rules.max_total
            raise FetchError(f"the media of this call are larger than the {most} bytes that may be fetched")
        if at.media is None or not self._rules.check:
            return left
        own = getattr(at.media, _NAMES[type(part).__name__]).max_bytes
        return left if own is None else min(left, own)

    def _inlined(self, part: Any, at: Deployment, notes: dict[str, Note]) -> Any:
        if isinstance(part, ToolResult):
            inner = tuple([self._inlined(piece, at, notes) for piece in part.content])
            is_same = all(new is old for new, old in zip(inner, part.content, strict=True))
            return part if is_same else replace(part, content=inner)
        if not isinstance(part, MEDIA) or not self._is_wanted(part, at):
            return part
        fetched = self._fetched.get(part.url or "")
        if fetched is None:
            return part
        text = f"{shown(part.url or '')} was fetched ({len(fetched.data)} bytes) and sent as bytes"
        notes[part.url or ""] = Note(code="fetched", message=text)
        return replace(part, **fields_of(part, fetched))


def _media(request: ChatRequest) -> Iterator[Medium]:
    for message in request.messages:
        for part in message.content:
            if isinstance(part, ToolResult):
                yield from [piece for piece in part.content if isinstance(piece, MEDIA)]
            elif isinstance(part, MEDIA):
                yield part
