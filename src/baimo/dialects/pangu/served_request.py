"""Being the provider: this wire's request bodies to neutral requests.

Fields of the body and of messages that are not understood are kept and sent on to this wire only.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Raw

from baimo.errors import InputError
from baimo.types.chat import ChatRequest, Message, Role
from baimo.types.content import Replay, Text
from baimo.wire.http import HttpRequest

from .address import deployment_in
from .quirks import NAME
from .request import N_MAX, USER_MAX

_Share = Annotated[float, Meta(ge=0, le=1)]
_Penalty = Annotated[float, Meta(ge=-2, le=2)]


class _Message(msgspec.Struct):
    content: str
    role: Literal["system", "user", "assistant"] = "user"


class _Body(msgspec.Struct):
    """The fields that are understood."""

    messages: list[dict[str, Raw]]
    user: Annotated[str, Meta(min_length=1, max_length=USER_MAX)] | None = None
    stream: bool | None = None
    temperature: _Share | None = None
    top_p: _Share | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    n: Annotated[int, Meta(ge=1, le=N_MAX)] | None = None
    presence_penalty: _Penalty | None = None
    frequency_penalty: _Penalty | None = None


_KNOWN = frozenset(_Body.__struct_fields__)
_KNOWN_OF_MESSAGE = frozenset(_Message.__struct_fields__)
_body = msgspec.json.Decoder(_Body)
_fields = msgspec.json.Decoder(dict[str, Raw])


def decode_request(wire: HttpRequest) -> ChatRequest:
    """What a caller asks for; the deployment of the address is the model. Raises InputError by field."""
    found = deployment_in(wire.target)
    if found is None:
        raise InputError("the address names no deployment")
    raw = wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())
    try:
        body = _body.decode(raw)
        unknown = {name: value for name, value in _fields.decode(raw).items() if name not in _KNOWN}
    except msgspec.ValidationError as error:
        raise InputError(_named(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request's body is no valid JSON: {error}") from None
    if not body.messages:
        raise InputError("messages is empty; a request needs at least one")
    if body.stream and body.n is not None and body.n > 1:
        raise InputError("n: must be 1 in a stream")
    return ChatRequest(
        model=found[2],
        messages=tuple([_message(fields, index) for index, fields in enumerate(body.messages)]),
        temperature=body.temperature,
        top_p=body.top_p,
        max_tokens=body.max_tokens,
        n=body.n,
        presence_penalty=body.presence_penalty,
        frequency_penalty=body.frequency_penalty,
        user=body.user,
        stream=bool(body.stream),
        foreign=_kept(unknown),
    )


def _message(fields: dict[str, Raw], index: int) -> Message:
    known = {name: msgspec.json.decode(text) for name, text in fields.items() if name in _KNOWN_OF_MESSAGE}
    try:
        wire = msgspec.convert(known, _Message)
    except msgspec.ValidationError as error:
        raise InputError(_named(str(error), f"messages[{index}]")) from None
    unknown = {name: text for name, text in fields.items() if name not in _KNOWN_OF_MESSAGE}
    return Message(role=Role(wire.role), content=(Text(text=wire.content),), replay=_kept(unknown))


def _kept(unknown: dict[str, Raw]) -> Replay | None:
    return Replay(dialect=NAME, json=Raw(msgspec.json.encode(unknown))) if unknown else None


def _named(message: str, prefix: str = "") -> str:
    """A validation message with the path of the field in front."""
    text, _, path = message.partition(" - at ")
    found = re.search(r"`\$\.?(.*)`", path)
    missing = re.search(r"missing required field `(\w+)`", text)
    name = missing[1] if missing else found[1] if found else ""
    where = ".".join([part for part in (prefix, name) if part]) or "the body"
    return f"{where}: {'is required' if missing else text}"
