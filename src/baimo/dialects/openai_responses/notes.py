"""What stands beside an answer's text: citations and log probabilities, both ways."""

from __future__ import annotations

from typing import Any

from baimo.types.chat import TokenLogprob
from baimo.types.content import Citation

from .words import dicts, word


def decode_citations(annotations: Any) -> tuple[Citation, ...]:
    """Where a text comes from: pages of the web, and files at the provider."""
    found = [_citation(note) for note in dicts(annotations)]
    return tuple([citation for citation in found if citation is not None])


def _citation(note: dict[str, Any]) -> Citation | None:
    url, source = word(note.get("url")), word(note.get("file_id"))
    if url is None and source is None:
        return None
    start, end = note.get("start_index", note.get("index")), note.get("end_index")
    return Citation(
        url=url,
        title=word(note.get("title")) or word(note.get("filename")),
        start=start if isinstance(start, int) else None,
        end=end if isinstance(end, int) else None,
        source=source,
        quote=word(note.get("content")),
    )


def encode_citation(citation: Citation) -> dict[str, Any]:
    """An annotation."""
    if citation.url is None and citation.source is not None:
        return {
            "type": "file_citation",
            "file_id": citation.source,
            "filename": citation.title or "",
            "index": citation.start or 0,
        }
    note: dict[str, Any] = {
        "type": "url_citation",
        "start_index": citation.start or 0,
        "end_index": citation.end or 0,
        "title": citation.title or "",
        "url": citation.url or "",
    }
    if citation.quote:
        note["content"] = citation.quote
    return note


def decode_logprobs(entries: Any) -> tuple[TokenLogprob, ...]:
    """The tokens that a text, or a piece of it, tells the probabilities of."""
    found = [_token(entry) for entry in dicts(entries)]
    return tuple([token for token in found if token is not None])


def _token(entry: dict[str, Any]) -> TokenLogprob | None:
    token, value, octets = entry.get("token"), entry.get("logprob"), entry.get("bytes")
    if not isinstance(token, str) or not isinstance(value, (int, float)):
        return None
    return TokenLogprob(
        token=token,
        logprob=float(value),
        bytes=tuple(octets) if isinstance(octets, list) and all(type(b) is int for b in octets) else None,
        top=decode_logprobs(entry.get("top_logprobs")),
    )


def encode_logprob(token: TokenLogprob) -> dict[str, Any]:
    """A token with its probability."""
    entry = _plain(token)
    entry["top_logprobs"] = [_plain(top) for top in token.top]
    return entry


def _plain(token: TokenLogprob) -> dict[str, Any]:
    octets = token.bytes if token.bytes is not None else tuple(token.token.encode("utf-8", "replace"))
    return {"token": token.token, "logprob": token.logprob, "bytes": octets}
