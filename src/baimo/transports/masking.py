"""Secrets out of what is recorded: by where they stand, and by their own text wherever it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote

import msgspec

from baimo.wire.http import HeaderFields

MASK = "****"
_SHORT = 6
"""Characters below which a secret may stand in any word: such a one is masked as a whole JSON text only."""
_OPEN_FIELDS = frozenset(
    (
        *("accept", "accept-encoding", "content-type", "content-length", "user-agent", "host", "date"),
        *("anthropic-version", "anthropic-beta", "openai-beta", "x-sdk-date", "x-dashscope-sse"),
        *("x-tc-action", "x-tc-version", "x-tc-region", "x-tc-timestamp", "sec-websocket-protocol"),
    )
)
"""Fields of a request that are told as they are; whoever makes up another one may have put a key into it."""
_CLOSED_FIELDS = frozenset(("set-cookie", "x-subject-token", "authorization", "proxy-authorization"))
"""Fields of a reply that hold secrets."""
_SIGNED = ("authorization", "signature", "sig", "date", "host", "x-signature")
"""Parameters of an address that a signature adds."""
_SECRET_NAME = re.compile(r"key|token|secret|password|credential|cookie|auth|sign|sig$", re.IGNORECASE)


def mask_of(secret: str) -> str:
    """What stands in a secret's place. Figures for figures: they may stand where only a number can."""
    return "9" * len(secret) if secret.isdigit() else MASK


class Mask:
    """Takes the texts of secrets out of bytes."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._texts = sorted({text for text in secrets if text}, key=len, reverse=True)

    def fixed(self, data: bytes) -> bytes:
        """For what we send: the same mask for every secret, whatever its length."""
        for text in self._texts:
            mask = mask_of(text).encode()
            for form in _forms(text):
                data = data.replace(form, b'"' + mask + b'"' if form[:1] == b'"' == form[-1:] else mask)
        return data

    def even(self, data: bytes) -> bytes:
        """For what came: as many characters as there were, so that pieces are cut where they were."""
        for text in self._texts:
            for form in _forms(text):
                if form in data:
                    data = data.replace(form, _even(form))
        return data

    def pieces(self, pieces: list[bytes]) -> list[bytes]:
        """The pieces of one body, masked also where a secret is cut in two."""
        masked = self.even(b"".join(pieces))
        cut, at = [], 0
        for piece in pieces:
            cut.append(masked[at : at + len(piece)])
            at += len(piece)
        return cut

    def text(self, text: str) -> str:
        """A text of ours."""
        return self.fixed(text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")


def _forms(text: str) -> list[bytes]:
    """The ways in which a secret may be written: as it is, in JSON, in an address."""
    inside = msgspec.json.encode(text)
    if len(text) < _SHORT:
        return [inside]
    plain, quoted = text.encode("utf-8", "surrogatepass"), quote(text, safe="").encode()
    return list(dict.fromkeys((plain, inside[1:-1], quoted)))


def _even(form: bytes) -> bytes:
    if form[:1] == b'"' == form[-1:]:
        return b'"' + _even(form[1:-1]) + b'"'
    return (b"9" if form.isdigit() else b"*") * len(form)


def open_headers(fields: HeaderFields) -> tuple[tuple[str, str], ...]:
    """The fields of a request, masked unless they are known to hold no secret."""
    texts = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields]
    return tuple([(name, value if name.lower() in _OPEN_FIELDS else MASK) for name, value in texts])


def masked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The same for fields that a caller gave."""
    return {name: value if name.lower() in _OPEN_FIELDS else MASK for name, value in headers.items()}


def reply_headers(fields: HeaderFields, mask: Mask) -> tuple[tuple[str, str], ...]:
    """The fields of a reply; a secret one as long as it was."""
    found = []
    for name, value in fields:
        hidden = b"*" * len(value) if name.decode("latin-1").lower() in _CLOSED_FIELDS else mask.even(value)
        found.append((name.decode("latin-1"), hidden.decode("latin-1")))
    return tuple(found)


def open_target(target: str) -> str:
    """Path and query without what a signature added; other parameters that hold secrets are masked."""
    path, has_query, query = target.partition("?")
    if not has_query:
        return target
    parameters = [one.partition("=") for one in query.split("&")]
    is_signed = any(name.lower() in ("authorization", "signature") for name, _, _ in parameters)
    kept = [
        name + equals + (MASK if value and _SECRET_NAME.search(name) else value)
        for name, equals, value in parameters
        if not (is_signed and name.lower() in _SIGNED)
    ]
    return "?".join([path, "&".join(kept)] if kept else [path])


def told_secrets(fields: HeaderFields, target: str) -> set[str]:
    """Texts of a signed request that stand for a secret and may come back in a reply."""
    found: set[str] = set()
    for name, value in fields:
        if _SECRET_NAME.search(name.decode("latin-1")):
            text = value.decode("latin-1")
            found |= {text, *re.split(r"[\s,;=]+", text)[-1:], *text.split(" ")[1:2]}
    for parameter, _, given in (one.partition("=") for one in target.partition("?")[2].split("&")):
        if _SECRET_NAME.search(parameter):
            found |= {given, unquote(given)}
    return {text for text in found if len(text) >= 2 * _SHORT}
