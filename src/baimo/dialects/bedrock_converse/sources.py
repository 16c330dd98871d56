"""Citations, both ways: where a piece of an answer comes from, as this wire and as we tell it."""

from __future__ import annotations

from typing import Any

from baimo.types.content import Citation


def decode_citation(entry: Any) -> Citation | None:
    """One source. Positions of this wire lie in the source and not in the answer: they stay in the replay."""
    if not isinstance(entry, dict):
        return None
    places = entry.get("location")
    found: dict[str, Any] = {}
    for place in places.values() if isinstance(places, dict) else ():
        found |= place if isinstance(place, dict) else {}
    index = found.get("documentIndex", found.get("searchResultIndex"))
    quotes = [
        piece["text"]
        for piece in _list(entry.get("sourceContent"))
        if isinstance(piece, dict) and isinstance(piece.get("text"), str)
    ]
    source = _text(entry.get("source"))
    url = _text(found.get("url")) or (
        source if source and source.startswith(("http://", "https://")) else None
    )
    return Citation(
        url=url,
        title=_text(entry.get("title")),
        quote="".join(quotes) or None,
        source=source or (str(index) if type(index) is int else None),
    )


def decode_citations(entries: Any) -> tuple[Citation, ...]:
    """All sources of a block."""
    found = [decode_citation(entry) for entry in _list(entries)]
    return tuple([one for one in found if one is not None])


def encode_citation(citation: Citation) -> dict[str, Any]:
    """Being the provider: one source."""
    entry: dict[str, Any] = {}
    if citation.title is not None:
        entry["title"] = citation.title
    if citation.source is not None:
        entry["source"] = citation.source
    if citation.quote is not None:
        entry["sourceContent"] = [{"text": citation.quote}]
    if citation.url is not None:
        entry["location"] = {"web": {"url": citation.url}}
    return entry


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
