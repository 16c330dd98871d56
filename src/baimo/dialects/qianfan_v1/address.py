"""Where the operations are: the model is the end of the address."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote, unquote

from baimo.dialect.protocols import Site
from baimo.errors import InputError
from baimo.wire.http import HeaderFields, header_fields, split_url, with_headers

CHAT, EMBED = "/chat/", "/embeddings/"
_OPERATIONS = {CHAT: "chat", EMBED: "embed"}

JSON: HeaderFields = ((b"Content-Type", b"application/json"),)


@lru_cache(maxsize=64)  # pure: the same text gives the same parts
def _address(base_url: str, kind: str, model: str) -> tuple[str, bytes]:
    origin, base = split_url(base_url)
    return origin, f"{quote(base, safe='/%')}{kind}{quote(model.lower(), safe='')}".encode()


def address(site: Site, kind: str, model: str) -> tuple[str, bytes]:
    """Origin and target. Raises InputError for an address that is none."""
    return _address(site.base_url, kind, model)


def head(given: dict[str, str]) -> HeaderFields:
    """The header fields of a request, the caller's own on top."""
    return with_headers(JSON, header_fields(given))


def operation(method: str, target: bytes) -> str | None:
    """Being the provider: `chat` or `embed`; None where nothing is served."""
    path = target.partition(b"?")[0].decode("latin-1")
    for kind, found in _OPERATIONS.items():
        before, _, model = path.rpartition(kind)
        if before and model and "/" not in model:
            return found if method == "POST" else None
    return None


def model_of(target: bytes) -> str:
    """Being the provider: the model that an address names. Raises InputError where it names none."""
    name = unquote(target.partition(b"?")[0].decode("latin-1").rpartition("/")[2])
    if not name:
        raise InputError("the address names no model")
    return name
