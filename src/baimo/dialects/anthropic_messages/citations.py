"""Sources of an answer's text, both ways."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from baimo.types.content import Citation, Replay, Text

from .words import NAME


def decode_citations(entries: list[Any]) -> tuple[Citation, ...]:
    """Our form. This wire tells positions in the source, ours are in the text: none is told here."""
    found = [_citation(entry) for entry in entries if isinstance(entry, dict)]
    return tuple([citation for citation in found if citation != _NOTHING])


def _citation(entry: dict[str, Any]) -> Citation:
    source = entry.get("source")
    if source is None:
        source = entry.get("file_id")
    if source is None and entry.get("document_index") is not None:
        source = str(entry["document_index"])
    return Citation(
        url=_text(entry.get("url")),
        title=_text(entry.get("title")) or _text(entry.get("document_title")),
        quote=_text(entry.get("cited_text")),
        source=_text(source),
    )


_NOTHING = Citation()


def kept(entries: list[Any]) -> Replay:
    """What is sent back with the text: encrypted places in pages among it."""
    return Replay(dialect=NAME, json=Raw(msgspec.json.encode({"citations": entries})))


def encode_citations(part: Text) -> list[Any]:
    """The wire's entries: as they came from this wire, or made from ours."""
    if part.replay is not None and part.replay.dialect == NAME:
        fields: dict[str, Any] = msgspec.json.decode(part.replay.json)
        entries = fields.get("citations")
        return entries if isinstance(entries, list) else []
    return [_entry(citation) for citation in part.citations]


def _entry(citation: Citation) -> dict[str, Any]:
    if citation.url is not None:
        return {
            "type": "web_search_result_location",
            "url": citation.url,
            "title": citation.title,
            "encrypted_index": "",
            "cited_text": citation.quote or "",
        }
    return {
        "type": "search_result_location",
        "source": citation.source or "",
        "title": citation.title,
        "cited_text": citation.quote or "",
        "search_result_index": 0,
        "start_block_index": 0,
        "end_block_index": 0,
    }


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
