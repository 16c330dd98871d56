"""The commonest request in one go: texts, and of the options temperature, top_p and max_tokens at most.

Says exactly what the general way says, or nothing: then the general way is taken.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from baimo.dialect.protocols import Site
from baimo.types.chat import ChatRequest, Message, Role
from baimo.types.content import Text
from baimo.wire.http import HeaderFields, HttpRequest

from .address import address
from .quirks import NOT_MOOT, Quirks

HEAD: HeaderFields = ((b"content-type", b"application/json"), (b"accept", b"application/json"))

_ROLES = {Role.USER: "user", Role.SYSTEM: "system"}
_NOTHING_ELSE = ChatRequest(model="", messages=())


def plain_request(request: ChatRequest, site: Site, quirks: Quirks) -> HttpRequest | None:
    """The unsigned request, or None where the general way must make it."""
    bare = replace(request, model="", messages=(), temperature=None, top_p=None, max_tokens=None)
    if bare != _NOTHING_ELSE or quirks.renamed or quirks.stream_only or not request.messages:
        return None
    if "reasoning_parsed" in quirks.extras:
        return None
    messages = []
    for message in request.messages:
        said = _said(message)
        if said is None:
            return None
        messages.append(said)
    body: dict[str, Any] = {"model": request.model, "messages": messages}
    if not _options(request, quirks, body):
        return None
    try:
        encoded = msgspec.json.encode(body)
    except (UnicodeEncodeError, TypeError):
        return None
    origin, target = address(site, quirks.paths.chat, request.model)
    return HttpRequest(method="POST", origin=origin, target=target, headers=HEAD, body=encoded)


def _options(request: ChatRequest, quirks: Quirks, body: dict[str, Any]) -> bool:
    if request.max_tokens is not None:
        if "max_tokens" in quirks.refused:
            return False
        body[quirks.max_tokens_field] = request.max_tokens
    for name, value, limits in (
        ("temperature", request.temperature, quirks.temperature),
        ("top_p", request.top_p, quirks.top_p),
    ):
        if value is not None:
            if name in quirks.refused or value not in limits or quirks.moot is not NOT_MOOT:
                return False
            body[name] = value
    return True


def _said(message: Message) -> dict[str, str] | None:
    content, role = message.content, _ROLES.get(message.role)
    if role is None or len(content) != 1 or message.name is not None or message.replay is not None:
        return None
    part = content[0]
    if type(part) is not Text or part.cache is not None:
        return None
    return {"role": role, "content": part.text}
