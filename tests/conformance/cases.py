"""Cases: folders of data, one for each thing that a dialect must read or write."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from baimo.dialect.protocols import ChatDialect, Site
from baimo.dialects import get
from baimo.types.chat import ChatRequest
from baimo.wire.http import WireHead
from tests.conformance.wires import DATA, wire_of


class Told(msgspec.Struct, forbid_unknown_fields=True):
    """A refusal as a case expects it."""

    kind: str
    status: int | None = None
    provider_code: str | None = None
    message: str | None = None
    retryable: bool | None = None
    retry_after: float | None = None
    request_id: str | None = None


class Expected(msgspec.Struct, forbid_unknown_fields=True):
    """What a reply must become. A field that a case leaves out must be absent, or is not looked at (id,
    usage)."""

    text: str = ""
    thinking: str = ""
    refusal: str | None = None
    finish: str | None = None
    finish_raw: str | None = None
    tool_calls: list[tuple[str, str, str, str]] = []
    citations: list[str] = []
    images: list[bytes | None] = []
    choices: list[str] | None = None
    logprobs: list[tuple[str, float]] | None = None
    audio: dict[str, Any] | None = None
    replay: dict[str, Any] | None = None
    call_replay: dict[str, Any] | None = None
    usage: dict[str, int] | None = None
    id: str | None = None
    model: str | None = None
    created: int | None = None
    error: Told | None = None
    partial: str | None = None


class Case(msgspec.Struct, forbid_unknown_fields=True):
    """`case.json`. `documented` says where the form is described; the words in it are our own."""

    documented: str
    status: int = 200
    headers: dict[str, str] = {}
    quirks: dict[str, Any] = {}
    expect: Expected | None = None
    request: ChatRequest | None = None
    refused: str | None = None
    """Words of the refusal that a request must meet with."""
    notes: list[str] = []
    target: str | None = None
    site: dict[str, str] = {}

    @property
    def streams(self) -> bool | None:
        """Whether the reply is a stream, as far as its head tells."""
        kind = self.head.media_type
        return None if kind not in (*STREAMS, "application/json") else kind in STREAMS

    @property
    def head(self) -> WireHead:
        return WireHead(self.status, tuple((k.encode(), v.encode()) for k, v in self.headers.items()))


STREAMS = ("text/event-stream", "application/x-ndjson")


def load(folder: Path) -> Case:
    return msgspec.json.decode((folder / "case.json").read_bytes(), type=Case)


def name(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


def folders(file: str) -> list[Path]:
    """The cases that hold that file, of all dialects."""
    return sorted(path.parent for path in DATA.glob(f"*/*/{file}"))


def dialect_of(folder: Path) -> ChatDialect:
    return _dialect(folder.parent.name)


@cache
def _dialect(name: str) -> ChatDialect:
    dialect = get(name)
    assert isinstance(dialect, ChatDialect)
    return dialect


def site_of(folder: Path, case: Case, *, quirky: bool = True) -> Site:
    """Where the case's request goes."""
    known = wire_of(folder.parent.name).site
    facts = {"base_url": "https://api.example/v1", "provider": "example", **known, **case.site}
    return Site(**facts, quirks=dialect_of(folder).quirks(case.quirks if quirky else {}))
