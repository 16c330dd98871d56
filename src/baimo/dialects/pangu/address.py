"""Where a request goes, and which deployment an address names."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, unquote

from baimo.dialect.protocols import Site
from baimo.errors import InputError
from baimo.wire.http import split_url

from .quirks import Quirks

UNTOLD = ":project_id"
"""Stands for the project until it is known; such a request is never sent."""

_CHAT = "/chat/completions"
_DEPLOYMENT = re.compile(
    r"/v\d/(?P<project>[^/?]+)(?:/pools/(?P<pool>[^/?]+))?/deployments/(?P<deployment>[^/?]+)"
    r"/chat/completions/?(?:\?|$)"
)
_SAFE = "/%:@!$&'()*+,;=?~-._"


def address(site: Site, quirks: Quirks, model: str) -> tuple[str, bytes]:
    """Origin and target of a deployment's chat. Raises InputError for a model or an address that is none."""
    if quirks.path != "whole" and not model.strip():
        raise InputError("the model is empty; Pangu wants the id of a deployment there")
    return _address(site.base_url, quirks, site.project or UNTOLD, model)


@lru_cache(maxsize=256)  # pure: the same text gives the same parts
def _address(base_url: str, quirks: Quirks, project: str, model: str) -> tuple[str, bytes]:
    origin, base = split_url(base_url)
    if quirks.path == "whole":
        target = base.removesuffix(_CHAT) + _CHAT
    else:
        pool = f"/pools/{quote(quirks.pool_id, safe='')}" if quirks.pool_id else ""
        version = "v2" if pool else "v1"
        inner = f"{quote(project, safe=':')}{pool}/deployments/{quote(model, safe='')}"
        target = f"{base}/{version}/{inner}{_CHAT}"
    return origin, (target if target.isascii() else quote(target, safe=_SAFE)).encode()


def deployment_in(target: bytes) -> tuple[str, str | None, str] | None:
    """Project, pool and deployment that an address names; None where it is no address of a chat."""
    found = _DEPLOYMENT.search(target.decode("utf-8", "replace"))
    if found is None:
        return None
    pool = found["pool"]
    return unquote(found["project"]), unquote(pool) if pool else None, unquote(found["deployment"])
