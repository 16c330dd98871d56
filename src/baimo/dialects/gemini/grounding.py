"""Where an answer comes from: grounding and citation metadata of a candidate, both ways.

This wire counts in bytes of the answer's UTF-8, over all of its text; ours counts characters of one part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from baimo.types.content import Citation

_SOURCES = ("web", "retrievedContext", "maps", "image")


def find_citations(candidate: Mapping[str, Any], texts: Sequence[str]) -> list[tuple[Citation, ...]]:
    """The citations of each text of a candidate. Those without a place, or whose place is in no text, go to
    the last."""
    found: list[list[Citation]] = [[] for _ in texts]
    if not found:
        return []
    for citation, place in _all(candidate):
        number, start, end = _located(place, texts) if place is not None else (len(texts) - 1, None, None)
        found[number].append(replace(citation, start=start, end=end))
    return [tuple(dict.fromkeys(each)) for each in found]


class _Place:
    """Bytes of the answer, and the words that stand there where they are told."""

    __slots__ = ("end", "start", "words")

    def __init__(self, segment: Mapping[str, Any]) -> None:
        start, end, words = segment.get("startIndex", 0), segment.get("endIndex"), segment.get("text")
        self.start = start if type(start) is int and start >= 0 else 0
        self.end = end if type(end) is int and end > 0 else None
        self.words = words if isinstance(words, str) and words else None


def _all(candidate: Mapping[str, Any]) -> list[tuple[Citation, _Place | None]]:
    """Every citation with its place in the answer."""
    grounding = candidate.get("groundingMetadata")
    found = _grounded(grounding) if isinstance(grounding, dict) else []
    cited = candidate.get("citationMetadata")
    if isinstance(cited, dict):
        for entry in _dicts(cited.get("citations") or cited.get("citationSources")):
            url, title = _word(entry.get("uri")), _word(entry.get("title"))
            if url or title:
                found.append((Citation(url=url, title=title), _Place(entry)))
    return found


def _grounded(grounding: dict[str, Any]) -> list[tuple[Citation, _Place | None]]:
    sources = [_source(chunk) for chunk in _dicts(grounding.get("groundingChunks"))]
    found: list[tuple[Citation, _Place | None]] = []
    used: set[int] = set()
    for support in _dicts(grounding.get("groundingSupports")):
        segment = support.get("segment")
        place = _Place(segment if isinstance(segment, dict) else {})
        indices = support.get("groundingChunkIndices")
        for index in indices if isinstance(indices, list) else ():
            if type(index) is int and 0 <= index < len(sources):
                used.add(index)
                found.append((sources[index], place))
    return found + [(source, None) for index, source in enumerate(sources) if index not in used]


def _source(chunk: dict[str, Any]) -> Citation:
    told: dict[str, Any] = next((chunk[name] for name in _SOURCES if isinstance(chunk.get(name), dict)), {})
    return Citation(
        url=_word(told.get("uri") or told.get("sourceUri")),
        title=_word(told.get("title")),
        quote=_word(told.get("text")),
        source=_word(told.get("fileSearchStore") or told.get("documentName") or told.get("placeId")),
    )


def _located(place: _Place, texts: Sequence[str]) -> tuple[int, int | None, int | None]:
    """The text that holds a place, and the place in its characters."""
    offset = 0
    for number, text in enumerate(texts):
        raw = text.encode("utf-8", "replace")
        for start in (place.start - offset, place.start):
            end = len(raw) if place.end is None else place.end - place.start + start
            if 0 <= start < end <= len(raw):
                words = raw[start:end].decode("utf-8", "ignore")
                if place.words is None or words == place.words:
                    begin = len(raw[:start].decode("utf-8", "ignore"))
                    return number, begin, begin + len(words)
        offset += len(raw)
    for number, text in enumerate(texts):
        at = -1 if place.words is None else text.find(place.words)
        if place.words is not None and at >= 0:
            return number, at, at + len(place.words)
    return len(texts) - 1, None, None


def encode_citations(cited: Sequence[tuple[str, tuple[Citation, ...]]]) -> dict[str, Any]:
    """`groundingMetadata` of texts and their citations; empty where there are none."""
    chunks: list[dict[str, Any]] = []
    supports: list[dict[str, Any]] = []
    offset = 0
    for text, citations in cited:
        for citation in citations:
            index = _index(_chunk(citation), chunks)
            if citation.start is None or citation.end is None:
                continue
            before, words = text[: citation.start], text[citation.start : citation.end]
            start = offset + len(before.encode("utf-8", "replace"))
            segment: dict[str, Any] = {"startIndex": start} if start else {}
            segment |= {"endIndex": start + len(words.encode("utf-8", "replace")), "text": words}
            supports.append({"segment": segment, "groundingChunkIndices": [index]})
        offset += len(text.encode("utf-8", "replace"))
    if not chunks:
        return {}
    return {"groundingChunks": chunks, **({"groundingSupports": supports} if supports else {})}


def _chunk(citation: Citation) -> dict[str, Any]:
    told = {"uri": citation.url, "title": citation.title}
    if citation.quote is None and citation.source is None:
        return {"web": {name: value for name, value in told.items() if value is not None}}
    told |= {"text": citation.quote, "documentName": citation.source}
    return {"retrievedContext": {name: value for name, value in told.items() if value is not None}}


def _index(chunk: dict[str, Any], chunks: list[dict[str, Any]]) -> int:
    if chunk not in chunks:
        chunks.append(chunk)
    return chunks.index(chunk)


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
