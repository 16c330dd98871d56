"""A text between two others: the older call without roles, where a provider offers it.

Asked for by `suffix` in `extra`: the one user message is what stands before, the suffix what stands behind.
"""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.errors import InputError
from baimo.types.chat import ChatRequest, Role
from baimo.types.content import Text

from .finish import NAME

_KNOWN = frozenset(
    (
        "model",
        "max_tokens",
        "temperature",
        "top_p",
        "frequency_penalty",
        "presence_penalty",
        "stop",
        "stream",
        "stream_options",
        "random_seed",
    )
)
"""Fields of a chat's body that mean the same here; only providers that fill with a seed call it so."""


def is_asked(request: ChatRequest) -> bool:
    """Whether the request asks for a text between two others."""
    if "suffix" in request.extra:
        return True
    foreign = request.foreign
    return foreign is not None and foreign.dialect == NAME and "suffix" in msgspec.json.decode(foreign.json)


def completion(request: ChatRequest, body: dict[str, Any], complaints: Complaints) -> dict[str, Any]:
    """The body, made from that of a chat. Raises InputError where more than one text of the user is given."""
    message = request.messages[0]
    if len(request.messages) != 1 or message.role is not Role.USER or not _is_text(message.content):
        raise InputError("a text is filled in between one text of the user and extra['suffix']")
    logprobs = body.pop("logprobs", None)
    top = body.pop("top_logprobs", 0)
    if body.get("thinking") == {"type": "disabled"}:
        del body["thinking"]  # it never thinks here
    for name in body:
        if name not in _KNOWN and name != "messages":
            complaints.cannot(name, "a text is filled in without it")
    made = {name: value for name, value in body.items() if name in _KNOWN}
    made["prompt"] = message.text
    if logprobs:
        made["logprobs"] = max(1, top)
    return made


def _is_text(content: tuple[Any, ...]) -> bool:
    return bool(content) and all(type(part) is Text for part in content)
