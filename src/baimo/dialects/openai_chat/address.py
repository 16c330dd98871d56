"""Where a request goes."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote

from baimo.dialect.protocols import Site
from baimo.wire.http import split_url

_split = lru_cache(maxsize=256)(split_url)  # pure: the same text gives the same parts


def address(site: Site, path: str, model: str = "") -> tuple[str, bytes]:
    """Origin and target of an operation of a site. Raises InputError for an address that is none."""
    origin, base = _split(site.base_url)
    if "{model}" in path:
        path = path.replace("{model}", quote(model, safe=""))
    query = f"?api-version={quote(site.api_version, safe='')}" if site.api_version else ""
    target = f"{base}{path}{query}"
    return origin, (target if target.isascii() else quote(target, safe=_SAFE)).encode()


_SAFE = "/%:@!$&'()*+,;=?~-._"
