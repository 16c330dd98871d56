"""Where a request goes."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote

from msgspec.structs import replace

from baimo.dialect.protocols import Site
from baimo.wire.http import split_url


def address(site: Site, path: str, model: str = "") -> tuple[str, bytes]:
    """Origin and target of an operation of a site. Raises InputError for an address that is none."""
    if "{model}" in path:
        path = path.replace("{model}", quote(model, safe=""))
    return _address(site.base_url, path, site.api_version)


def address_beside(site: Site, path: str, model: str = "") -> tuple[str, bytes]:
    """As `address`, for a path of its own version: it takes the place of the base address's `/v1`."""
    base = site.base_url.rstrip("/").removesuffix("/v1").removesuffix("/beta")
    return address(replace(site, base_url=base), path, model)


@lru_cache(maxsize=256)  # pure: the same text gives the same parts
def _address(base_url: str, path: str, api_version: str | None) -> tuple[str, bytes]:
    origin, base = split_url(base_url)
    query = f"?api-version={quote(api_version, safe='')}" if api_version else ""
    target = f"{base}{path}{query}"
    return origin, (target if target.isascii() else quote(target, safe=_SAFE)).encode()


_SAFE = "/%:@!$&'()*+,;=?~-._"
