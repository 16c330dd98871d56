"""What an asking comes to on a wire: the fields of the request that it changes, as the dialect writes them.

Nothing is sent: a plain request and one that asks for more are encoded, and what differs is the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from baimo.errors import ConfigError, InputError
from baimo.types.chat import ChatRequest, Message, Reasoning, Role
from baimo.types.content import Cache, Text
from baimo.types.tools import Search
from baimo.wire.http import HttpRequest, WireRequest

from .protocols import ChatDialect, Site

BUDGET = 2048
"""Tokens that the probe of a budget asks for."""

_HELLO = Message(role=Role.USER, content=(Text(text="Hello"),))
_BEGUN = Message(role=Role.ASSISTANT, content=(Text(text="Well"),))

ASKINGS: Mapping[str, Mapping[str, Any]] = {
    "reasoning_off": {"reasoning": Reasoning(enabled=False)},
    "reasoning_on": {"reasoning": Reasoning(enabled=True)},
    "reasoning_low": {"reasoning": Reasoning(effort="low")},
    "reasoning_high": {"reasoning": Reasoning(effort="high")},
    "reasoning_budget": {"reasoning": Reasoning(budget=BUDGET)},
    "search": {"search": Search()},
    "prompt_cache": {"prompt_cache": Cache()},
    "prefill": {"messages": (_HELLO, _BEGUN)},
}
"""Each asking with the fields of a request that say it."""


def probed(dialect: ChatDialect, site: Site, model: str) -> dict[str, dict[str, Any]]:
    """For each of `ASKINGS` the wire fields that it sets; `{"refused": why}` where it cannot be said.

    A field that vanishes is None; of a list those entries are told that are new.
    """
    plain = ChatRequest(model=model, messages=(_HELLO,))
    before = _fields(dialect, site, plain)
    return {
        name: fields
        if "refused" in (fields := _fields(dialect, site, replace(plain, **asking)))
        else changed(before, fields)
        for name, asking in ASKINGS.items()
    }


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What `after` has that `before` has not, table by table."""
    found: dict[str, Any] = dict.fromkeys(key for key in before if key not in after)
    for key, value in after.items():
        old = before.get(key)
        if value == old:
            continue
        if isinstance(value, dict) and isinstance(old, dict):
            found[key] = changed(old, value)
        elif isinstance(value, list) and isinstance(old, list):
            found[key] = [one for one in value if one not in old]
        else:
            found[key] = value
    return found


def _fields(dialect: ChatDialect, site: Site, request: ChatRequest) -> dict[str, Any]:
    try:
        return body_of(dialect.encode_request(request, site))
    except (InputError, ConfigError) as error:
        return {"refused": error.message}


def body_of(wire: WireRequest) -> dict[str, Any]:
    """The JSON that a chat request carries: its body, or its first frame."""
    body = wire.body if isinstance(wire, HttpRequest) else wire.frames[0]
    text = body if isinstance(body, bytes | str) else b"".join(body.chunks())
    fields: dict[str, Any] = msgspec.json.decode(text)
    return fields
