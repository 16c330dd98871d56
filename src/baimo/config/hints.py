"""What to tell about a refusal: dated facts of provider, model and address, and what a refused key means."""

from __future__ import annotations

from urllib.parse import urlsplit

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
_NOBODY = (
    "Is a server running there? Where it has another address, set base_url in the table [providers.{name}]."
)
_OTHER_PATH = "The address is {base_url}, while that of {title} ends with {path}: check base_url."
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
    if isinstance(error, ConnectError):
        return _advice(row, "", base_url, dialect) or _of_connection(row, base_url)
    known = _advice(row, "" if isinstance(error, AuthError) else model, base_url, dialect)
    if known is None and isinstance(error, NotFoundError):
        return _of_path(row, base_url, dialect)
    site = row.site_hint.en if row.site_hint and isinstance(error, _OF_KEYS) else None
    return " ".join(words for words in (known, site) if words) or None


def _of_connection(row: ProviderRow, base_url: str) -> str | None:
    """What is told where nobody answers on the user's own machine."""
    host = urlsplit(base_url).hostname or ""
    is_own = host == "localhost" or host.startswith("127.") or host == "::1"
    return _NOBODY.format(name=row.name) if is_own else None


def _of_path(row: ProviderRow, base_url: str, dialect: str | None) -> str | None:
    """What is told where an address of the user's own lacks the path that the provider's has."""
    given = urlsplit(base_url)
    usual = {urlsplit(one.base_url).path.rstrip("/") for one in row.endpoints if one.dialect == dialect}
    if not usual or given.path.rstrip("/") in usual or any("{" in path for path in usual):
        return None
    shown = f"{given.scheme}://{given.hostname}{f':{given.port}' if given.port else ''}{given.path}"
    path = min(usual, key=len) or "its host"
    return _OTHER_PATH.format(base_url=shown, title=row.title, path=path)


def _advice(row: ProviderRow, model: str, base_url: str, dialect: str | None) -> str | None:
    """What is known to be wrong with those names today."""
    from datetime import UTC, datetime

    from baimo.catalogue.advice import advice

    return advice(row.name, model, base_url, dialect=dialect, today=datetime.now(UTC).date())
