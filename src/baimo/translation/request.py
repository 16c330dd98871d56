"""A request in one wire's words to one in another's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from baimo import dialects
from baimo.dialect.features import FEATURES
from baimo.dialect.protocols import ChatDialect, FeaturesDialect, Site
from baimo.errors import ConfigError, Error, InputError
from baimo.notes import Note
from baimo.types.chat import ChatRequest, Message, Role
from baimo.types.content import Replay, Text
from baimo.wire.http import HttpRequest, SocketRequest, WireHead, WireRequest

from .reply import ReplyTranslation
from .uses import asked

_UNNAMED = "a-model"
"""Stands in the address of a caller's request that came as a body alone."""


class Translation(msgspec.Struct, frozen=True, kw_only=True):
    """A translated request, and what its reply is translated with."""

    request: ChatRequest
    """What was asked for, in neutral words; the model is the target's."""
    wire: WireRequest
    """The request in the target's words, unsigned."""
    notes: tuple[Note, ...]
    """What was dropped, clamped, renamed or emulated."""
    asked: ChatRequest
    """As the caller asked: his model, and whether he wants a stream."""
    caller: ChatDialect
    target: ChatDialect
    site: Site

    @property
    def body(self) -> bytes:
        """The body of the request; of a wire of sockets its frames, one a line."""
        wire = self.wire
        if isinstance(wire, SocketRequest):
            return b"\n".join([frame.encode() if isinstance(frame, str) else frame for frame in wire.frames])
        return _bytes(wire)

    def reply(self, head: WireHead | None = None) -> ReplyTranslation:
        """Takes the target's reply to this request and gives the caller's; `head` is that of the target."""
        return ReplyTranslation(self.caller, self.asked, self.target, self.request, self.site, head)

    def refuse(self, error: Error) -> tuple[WireHead, bytes]:
        """Head and body that tell the caller of a failure before any reply: no connection, no key."""
        return self.caller.encode_error(error)


def translate(
    request: bytes | str | Mapping[str, Any] | WireRequest,
    *,
    from_: str,
    to: str,
    model: str | None = None,
    stream: bool | None = None,
    site: Site | Mapping[str, Any] | None = None,
    unsupported: Literal["raise", "drop"] = "drop",
) -> Translation:
    """A chat request of the dialect `from_` for a provider of the dialect `to`. Does no I/O.

    `request` is the body, or the whole wire request: some wires name the model and the stream in the address.
    `model` is what the target calls its model. `site` tells of the target what its dialect needs to know:
    `base_url`, `app_id`, `project`, `quirks`. What the target cannot be told is dropped with a note, or
    refused with `unsupported="raise"`. Raises InputError, UnsupportedError or ConfigError.

    >>> import baimo
    >>> question = b'{"model": "gpt", "messages": [{"role": "user", "content": "Hi"}], "store": true}'
    >>> translated = baimo.translate(question, from_="openai_chat", to="ollama", model="qwen3")
    >>> translated.body
    b'{"model":"qwen3","stream":false,"messages":[{"role":"user","content":"Hi"}]}'
    >>> for note in translated.notes:
    ...     print(note.code, note.message, sep=": ")
    dropped: left out: ollama cannot be told store
    renamed: the model 'gpt' is asked for as 'qwen3'
    >>> reply = translated.reply()
    >>> told = reply.feed(b'{"message":{"role":"assistant","content":"Hello."},"done":true}') + reply.end()
    >>> b'"content":"Hello."' in b"".join(told)
    True
    """
    caller, target = _chat(from_), _chat(to)
    if isinstance(request, (HttpRequest, SocketRequest)):
        found = caller.decode_request(request)
    else:
        found = caller.decode_request(_addressed(caller, _body(request), model, stream=bool(stream)))
    if stream is not None:
        found = replace(found, stream=stream)
    if found.model == _UNNAMED and model is None:
        raise InputError(
            f"the body names no model: {from_} does so in the address",
            hint="Pass model=, or the whole request with its address.",
        )
    place = _site(target, site)
    wanted = replace(found, model=found.model if model is None else model, unsupported=unsupported)
    made = target.encode_request(wanted, place)
    notes = (*made.notes, *_renamed(found, wanted), *untold(wanted, target, place))
    return Translation(
        request=wanted, wire=made, notes=notes, asked=found, caller=caller, target=target, site=place
    )


def _chat(name: str) -> ChatDialect:
    found = dialects.get(name)
    if not isinstance(found, ChatDialect):
        raise ConfigError(f"the dialect {name!r} has no chat")
    return found


def _body(request: bytes | str | Mapping[str, Any]) -> bytes:
    if isinstance(request, bytes):
        return request
    return request.encode() if isinstance(request, str) else msgspec.json.encode(request)


def _addressed(caller: ChatDialect, body: bytes, model: str | None, *, stream: bool) -> WireRequest:
    """The body as a whole request, with the address that the caller's dialect would ask at."""
    question = Message(role=Role.USER, content=(Text(text="?"),))
    asking = ChatRequest(model=model or _UNNAMED, messages=(question,), stream=stream)
    wire = caller.encode_request(asking, _somewhere(caller))
    if isinstance(wire, SocketRequest):
        return replace(wire, frames=(body.decode("utf-8", "replace"),))
    return replace(wire, body=body)


def _somewhere(dialect: ChatDialect) -> Site:
    """A place of that dialect that nobody asks anything at."""
    facts = {"region": "region", "project": "project", "app_id": "app"}
    return Site(base_url="https://provider.invalid", provider=dialect.name, **facts)


def _site(target: ChatDialect, given: Site | Mapping[str, Any] | None) -> Site:
    if isinstance(given, Site):
        return given
    facts = {"base_url": "https://provider.invalid", "provider": target.name, **(given or {})}
    facts["quirks"] = target.quirks(facts.get("quirks") or {})
    for name in facts:
        if name not in Site.__struct_fields__:
            raise ConfigError(f"a site has no {name!r}; there is {', '.join(Site.__struct_fields__)}")
    return Site(**facts)


def _bytes(wire: HttpRequest) -> bytes:
    return wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())


def _renamed(found: ChatRequest, wanted: ChatRequest) -> list[Note]:
    if found.model in (wanted.model, _UNNAMED):
        return []
    return [Note(code="renamed", message=f"the model {found.model!r} is asked for as {wanted.model!r}")]


def untold(request: ChatRequest, target: ChatDialect, site: Site) -> list[Note]:
    """What a dialect leaves out of a request, or says in another way, without a note of its own."""
    return [*_left(request, target.name), *_silent(request, target, site)]


def _left(request: ChatRequest, to: str) -> list[Note]:
    """What only the caller's own wire understands, and no dialect complains of."""
    notes = []
    fields = request.foreign
    if fields is not None and fields.dialect != to:
        names = ", ".join(msgspec.json.decode(fields.json, type=dict[str, msgspec.Raw]))
        notes.append(Note(code="dropped", message=f"left out: only {fields.dialect} knows {names}"))
    own = [_own(part.replay) for message in request.messages for part in message.content]
    own += [_own(message.replay) for message in request.messages]
    owners = sorted({dialect for dialect in own if dialect not in (None, to)}, key=str)
    notes += [
        Note(code="dropped", message=f"left out: fields of earlier messages that only {dialect} knows")
        for dialect in owners
    ]
    return notes


def _own(replay: Replay | None) -> str | None:
    return None if replay is None else replay.dialect


def _silent(request: ChatRequest, target: ChatDialect, site: Site) -> list[Note]:
    """What the target's dialect says in another way without a note, as far as no quirk changes that."""
    if not isinstance(target, FeaturesDialect) or site.quirks not in (None, target.quirks({})):
        return []
    declared, uses = target.features(), asked(request)
    means = {feature.name: feature.means for feature in FEATURES}
    return [
        Note(code="emulated", message=f"{name} ({means[name]}): {declared.remarks[name][0]}")
        for name in declared.untold
        if name in uses
    ]
