"""Refusals of this wire, `{"message": "text"}`, and how we word ours when we are the provider.

There are no codes: the status and the text are all that is told. Known texts get a word of ours, the key
under which `baimo.dialect.codes.cohere` says what they mean and how they are mended.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple, NoReturn

import msgspec

from baimo.dialect import codes, status
from baimo.dialect.jsontext import decode, encode
from baimo.errors import (
    AuthError,
    ConfigError,
    ContentFilteredError,
    ContextTooLongError,
    Error,
    InputError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    TimedOutError,
    WireError,
)
from baimo.wire.http import WireHead

TABLE = "cohere"

MAX_ERROR_BODY = 1024 * 1024
"""Bytes of a refusal that are kept; the rest is passed over."""

_MAX_BODY = 4096
"""Characters of a refusal's body that an error keeps."""

# Kept as text: compiled when the first refusal comes.
_TEXTS: tuple[tuple[str, str], ...] = (
    (r"max tokens must be less than or equal to", "max_tokens_too_large"),
    (r"too many tokens", "too_many_tokens"),
    (r"calls ?/ ?month|monthly", "trial_used_up"),
    (r"model .{0,120}(?:not found|does not exist|was removed|is deprecated)", "model_not_found"),
)
"""Texts that say what happened, and our word for them; the first that is found counts."""


class Refusal(NamedTuple):
    """What a body says about an error."""

    message: str
    id: str | None = None
    word: str | None = None
    """A word of the provider's own for the kind of error, where it tells one."""


def find_refusal(content: Any, *, failed: bool = False) -> Refusal | None:
    """The refusal in a decoded body or event, or None. `failed`: the status says that it is one."""
    if not isinstance(content, dict):
        return Refusal(_word(content) or encode(content)[:_MAX_BODY]) if failed and content else None
    ident, word = _word(content.get("id")), _word(content.get("error_type"))
    error = content.get("error")
    if isinstance(error, dict):
        return Refusal(_word(error.get("message")) or encode(error)[:_MAX_BODY], ident, word)
    for told in (content.get("message"), error, content.get("detail") if failed else None):
        if isinstance(told, str) and told:
            return Refusal(told, ident, word)
    return Refusal(encode(content)[:_MAX_BODY], ident, word) if failed else None


def raise_refusal(refusal: Refusal, head: WireHead, body: bytes, table: str | None) -> NoReturn:
    """Raise the error that a refusal means: of a status, or inside a good reply."""
    code = head.status if head.status >= 400 else 500
    text = refusal.message.strip()[:_MAX_BODY] or f"HTTP status {head.status} without a reason"
    key = next((key for words, key in _TEXTS if re.search(words, text, re.IGNORECASE)), str(code))
    found = codes.find(table or TABLE, key)
    kind = status.classify(code, message=text, codes={}) if found is None else found.kind
    if found is not None and key == str(code):
        # The words may say more than the status: its entry counts where they tell the same kind.
        kind = status.classify(code, message=text, codes={})
        found = found if found.kind is kind else None
    raise status.refusal(
        kind,
        text,
        head=head,
        provider_code=refusal.word or key,
        body=body[: _MAX_BODY * 4].decode("utf-8", "replace")[:_MAX_BODY],
        request_id=status.request_id(head) or refusal.id or head.get(b"x-debug-trace-id"),
        hint=None if found is None else found.cure,
    )


def raise_for_body(head: WireHead, body: bytes, table: str | None) -> NoReturn:
    """Raise what the body of an error status means, whatever stands in it."""
    text = body[: _MAX_BODY * 4].decode("utf-8", "replace").strip()
    if head.media_type == "text/html" or text.startswith("<"):
        text = f"HTTP status {head.status} with a page of {head.media_type or 'unknown type'}"
        raise_refusal(Refusal(text), head, body, table)
    try:
        content = decode(body.strip())
    except WireError:
        content = None
    raise_refusal(find_refusal(content, failed=True) or Refusal(text), head, body, table)


class ErrorDecoder:
    """Collects the body of an error status and raises what it means when it has ended."""

    def __init__(self, head: WireHead, table: str | None) -> None:
        self._head = head
        self._table = table
        self._body = bytearray()
        self.early: list[Any] = []

    def feed(self, piece: bytes) -> list[Any]:
        self._body += piece[: MAX_ERROR_BODY - len(self._body)]
        return []

    def end(self) -> NoReturn:
        raise_for_body(self._head, bytes(self._body), self._table)


_OURS: tuple[tuple[type[Error], int], ...] = (
    (ContextTooLongError, 400),
    (ContentFilteredError, 400),
    (AuthError, 401),
    (QuotaError, 402),
    (PermissionDeniedError, 403),
    (NotFoundError, 404),
    (RateLimitedError, 429),
    (InvalidRequestError, 400),
    (OverloadedError, 503),
    (ProviderError, 500),
    (InputError, 400),
    (ConfigError, 500),
    (TimedOutError, 504),
)


def encode_error(error: Error) -> tuple[WireHead, bytes]:
    """The head and body of a refusal, being the provider."""
    code = next((code for kind, code in _OURS if isinstance(error, kind)), 502)
    fields = [(b"content-type", b"application/json")]
    if error.retry_after is not None:
        fields.append((b"retry-after", f"{error.retry_after:g}".encode()))
    body = {"message": words_of(error)}
    if error.request_id:
        body["id"] = error.request_id
    return WireHead(code, tuple(fields)), msgspec.json.encode(body)


def words_of(error: Error) -> str:
    """An error's message as text that JSON can carry."""
    return error.message.encode("utf-8", "replace").decode()


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
