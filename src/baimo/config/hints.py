"""What to tell about a refusal: dated facts of provider, model and address, and what a refused key means."""

from __future__ import annotations

from baimo.catalogue.rows import ProviderRow
from baimo.errors import (
    AuthError,
    ConnectError,
    ContentFilteredError,
    ContextTooLongError,
    Error,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    QuotaError,
    WireError,
)

_OF_NAMES = (AuthError, ConnectError, InvalidRequestError, NotFoundError, PermissionDeniedError, WireError)
_NO_MONEY = "Top up, or renew the plan{place}, or use a key of another account; waiting does not help."
_NO_API = (
    "Something other than this API may be answering: check the base URL, and whether a proxy or the sign-in "
    "page of a network stands in between."
)
_OF_KEYS = (AuthError, PermissionDeniedError)
_OF_CONTENT = (ContentFilteredError, ContextTooLongError)


def hint(error: Error, row: ProviderRow, model: str, base_url: str, dialect: str | None = None) -> str | None:
    """Words that may cure the error, or None. Looked for only when a call has failed."""
    if isinstance(error, QuotaError):
        return _NO_MONEY.format(place=f" ({row.home})" if row.home else "")
    if not isinstance(error, _OF_NAMES) or isinstance(error, _OF_CONTENT):
        return None
    if isinstance(error, WireError):
        return _advice(row, model, base_url, dialect) or _NO_API
    known = _advice(row, model, base_url, dialect)
    site = row.site_hint.en if row.site_hint and isinstance(error, _OF_KEYS) else None
    return " ".join(words for words in (known, site) if words) or None


def _advice(row: ProviderRow, model: str, base_url: str, dialect: str | None) -> str | None:
    """What is known to be wrong with those names today."""
    from datetime import UTC, datetime

    from baimo.catalogue.advice import advice

    return advice(row.name, model, base_url, dialect=dialect, today=datetime.now(UTC).date())
