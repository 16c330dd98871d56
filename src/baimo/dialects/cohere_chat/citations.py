"""Citations: this wire names a stretch of the answer and all its sources, we one source at a time."""

from __future__ import annotations

from typing import Any, Literal

from baimo.dialect.jsontext import encode
from baimo.types.content import Citation

IN_TEXT, IN_THINKING, IN_PLAN = "TEXT_CONTENT", "THINKING_CONTENT", "PLAN"
"""Where the stretch stands."""

_WORDS = ("text", "snippet", "content", "output")
"""Fields that hold what a document says, best first."""


def decode_citation(entry: Any) -> tuple[Citation, ...]:
    """One citation for each source of an entry."""
    if not isinstance(entry, dict):
        return ()
    start, end = entry.get("start"), entry.get("end")
    sources = entry.get("sources")
    found = [source for source in sources if isinstance(source, dict)] if isinstance(sources, list) else []
    return tuple(
        [
            _source(
                source,
                start if type(start) is int else None,
                end if type(end) is int else None,
            )
            for source in found
        ]
    )


def _source(source: dict[str, Any], start: int | None, end: int | None) -> Citation:
    told = source.get("document") if "document" in source else source.get("tool_output")
    told = told if isinstance(told, dict) else {}
    quote = next((told[word] for word in _WORDS if isinstance(told.get(word), str)), None)
    rest = {name: value for name, value in told.items() if name not in ("id", "url", "title")}
    return Citation(
        url=_text(told.get("url")),
        title=_text(told.get("title")),
        quote=quote if quote is not None or not rest else encode(rest),
        start=start,
        end=end,
        source=_text(source.get("id")),
    )


def encode_citation(
    citation: Citation, said: str, index: int | None, calls: frozenset[str]
) -> dict[str, Any]:
    """One entry with one source.

    `said` is the text that it is about, `index` the place of its content block (None: the plan of tools),
    `calls` the ids of the calls whose results the caller gave: a source named after one is a tool's.
    """
    entry: dict[str, Any] = {"text": said[citation.start or 0 : citation.end]}
    if citation.start is not None:
        entry["start"] = citation.start
    if citation.end is not None:
        entry["end"] = citation.end
    kind: Literal["tool", "document"] = "document"
    if citation.source is not None and citation.source.rpartition(":")[0] in calls:
        kind = "tool"
    told: dict[str, Any] = {}
    if citation.quote is not None:
        told["content" if kind == "tool" else "text"] = citation.quote
    for name, value in (("title", citation.title), ("url", citation.url)):
        if value is not None:
            told[name] = value
    source: dict[str, Any] = {"type": kind}
    if citation.source is not None:
        source["id"] = citation.source
    source["tool_output" if kind == "tool" else "document"] = told
    entry["sources"] = [source]
    entry["type"] = IN_PLAN if index is None else IN_TEXT
    if index is not None:
        entry["content_index"] = index
    return entry


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
