"""What faults do to a reply: one function a fault, from the acts as they would be to those that come.

Cuts by bytes strike anywhere, those by tokens between two events; a whole reply has no tokens, it is cut in
its middle.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Protocol, TypeAlias

import msgspec
from msgspec.structs import replace

from baimo.wire.http import WireHead, with_headers

from .framed import changed
from .words import Abort, Act, CloseSocket, Head, Pause, Piece, RefusedError, Why

Acts: TypeAlias = Iterator[Act]
LONG_S = 3600.0
"""How long a stall lasts that says nothing else."""


class Ending(Piece, frozen=True):
    """A piece that tells the reply's end: the finish, the end mark, the only object of a whole reply."""


class Token(Piece, frozen=True):
    """A piece of a stream that carries one token."""


class Scene(Protocol):
    """What a fault may ask of the call that it strikes."""

    is_socket: bool

    def refusal(self, why: Why, retry_after: float | None = None) -> tuple[WireHead, bytes]:
        """The provider's own words for that."""

    def interruption(self, why: Why) -> list[bytes]:
        """What the provider sends when it stops in the middle for that reason."""


class Told(Protocol):
    """What a strike reads of its fault."""

    @property
    def numbers(self) -> tuple[float, ...]:
        """Its numbers, as they were given."""

    @property
    def word(self) -> str:
        """Its reason."""

    def number(self, place: int, otherwise: float = 0.0) -> float:
        """One of its numbers."""


Strike: TypeAlias = Callable[[Scene, Told, Acts], Acts]


def _page(status: int, retry_after: float | None = None) -> tuple[WireHead, bytes]:
    """What a proxy before the provider says."""
    body = f"<html><body><h1>{status}</h1></body></html>\n".encode()
    fields: tuple[tuple[bytes, bytes], ...] = ((b"content-type", b"text/html"),)
    if retry_after is not None:
        fields += ((b"retry-after", f"{retry_after:g}".encode()),)
    return WireHead(status, fields), body


def refused_with(status: int, why: Why | None) -> Strike:
    """Refuses with that status: in the provider's words where it has some for it, else as a proxy does."""

    def strike(scene: Scene, fault: Told, acts: Acts) -> Acts:
        wait = fault.numbers[0] if fault.numbers else None
        head, body = scene.refusal(why, wait) if why is not None else _page(status, wait)
        if head.status != status:
            head, body = _page(status, wait)
        kept = tuple(field for field in head.headers if not field[0].startswith(b"retry-after"))
        if wait is None:
            head = replace(head, headers=kept)
        elif head.get(b"retry-after") is None:
            head = replace(head, headers=(*kept, (b"retry-after", f"{wait:g}".encode())))
        yield Head(head)
        yield Piece(body)

    return strike


def reset(scene: Scene, fault: Told, acts: Acts) -> Acts:
    yield Abort()


def _after(acts: Acts, limit: int, *, is_socket: bool) -> Iterator[tuple[Act, bool]]:
    """The acts up to `limit` bytes of the body, each with whether it is the last one.

    A piece of HTTP is cut at that very byte; a message of a socket is never cut, it is left out.
    """
    sent = 0
    for act in acts:
        if isinstance(act, Piece):
            room = limit - sent
            if len(act.data) >= room:
                yield Piece(b"" if is_socket and len(act.data) > room else act.data[:room]), True
                return
            sent += len(act.data)
        yield act, False


def _upto(scene: Scene, limit: float, acts: Acts) -> Acts:
    for act, _ in _after(acts, int(limit), is_socket=scene.is_socket):
        if not isinstance(act, Piece) or act.data:
            yield act


def cut(scene: Scene, fault: Told, acts: Acts) -> Acts:
    yield from _upto(scene, fault.number(0), acts)
    yield Abort()


def stall(scene: Scene, fault: Told, acts: Acts) -> Acts:
    yield from _upto(scene, fault.number(0), acts)
    yield Pause(fault.number(1, LONG_S))
    yield Abort()


def interrupting(why: Why) -> Strike:
    """The provider stops between two pieces: half a piece before its words would be another fault."""

    def strike(scene: Scene, fault: Told, acts: Acts) -> Acts:
        return _interrupted(scene, fault, acts, why)

    return strike


def _interrupted(scene: Scene, fault: Told, acts: Acts, why: Why) -> Acts:
    sent, limit = 0, fault.number(0)
    for act in acts:
        if isinstance(act, Piece):
            if sent >= limit or isinstance(act, Ending):
                break
            sent += len(act.data)
        yield replace(act, head=_unsized(act.head)) if isinstance(act, Head) else act
    for data in scene.interruption(why):
        yield Piece(data)
    if scene.is_socket:
        yield CloseSocket()


def malformed(scene: Scene, fault: Told, acts: Acts) -> Acts:
    """The last bracket of one piece becomes another one: well framed, and no JSON."""
    sent, limit, is_done = 0, fault.number(0), False
    for act in acts:
        if isinstance(act, Piece) and not is_done:
            sent += len(act.data)
            if b"}" in act.data and sent > limit:
                is_done = True
                yield Piece(changed(act.data, _bent))
                continue
        yield act


def _bent(data: bytes) -> bytes:
    at = data.rfind(b"}")
    return data[:at] + b"]" + data[at + 1 :]


def no_end(scene: Scene, fault: Told, acts: Acts) -> Acts:
    """Whatever tells the end is left out; of a whole reply half of it is missing."""
    said = False
    for act in acts:
        if isinstance(act, Ending):
            if not said and not scene.is_socket:
                said = True
                yield Piece(act.data[: len(act.data) // 2])
            continue
        said = said or isinstance(act, Piece)
        yield replace(act, head=_unsized(act.head)) if isinstance(act, Head) else act


def content_type(scene: Scene, fault: Told, acts: Acts) -> Acts:
    for act in acts:
        if isinstance(act, Head):
            fields = with_headers(act.head.headers, ((b"content-type", b"text/html"),))
            yield Head(replace(act.head, headers=fields))
        else:
            yield act


def gzip(scene: Scene, fault: Told, acts: Acts) -> Acts:
    """All of the body, compressed, without the last bytes of the compressed data; the framing is right."""
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    for act in acts:
        if isinstance(act, Head):
            head = _unsized(act.head)
            fields = with_headers(head.headers, ((b"content-encoding", b"gzip"),))
            yield Head(replace(head, headers=fields))
        elif isinstance(act, Piece):
            yield Piece(packer.compress(act.data) + packer.flush(zlib.Z_SYNC_FLUSH))
        else:
            yield act
    yield Piece(packer.flush()[:-6])


def refuse(scene: Scene, fault: Told, acts: Acts) -> Acts:
    raise RefusedError(Why(fault.word), "asked for")
    yield from acts


def slow_head(scene: Scene, fault: Told, acts: Acts) -> Acts:
    yield Pause(fault.number(0, LONG_S))
    yield from acts


def close(scene: Scene, fault: Told, acts: Acts) -> Acts:
    yield from _upto(scene, fault.number(1), acts)
    yield CloseSocket(int(fault.number(0)), "simulated")


def cut_after(scene: Scene, fault: Told, acts: Acts) -> Acts:
    """The connection breaks after so many tokens."""
    yield from _tokens(scene, fault.number(0), acts)
    yield Abort()


def stall_after(scene: Scene, fault: Told, acts: Acts) -> Acts:
    """Silence after so many tokens, then the connection breaks."""
    yield from _tokens(scene, fault.number(0), acts)
    yield Pause(fault.number(1, LONG_S))
    yield Abort()


def slow_first(scene: Scene, fault: Told, acts: Acts) -> Acts:
    """The head comes at once, the first piece late."""
    is_begun = False
    for act in acts:
        if isinstance(act, Piece) and not is_begun:
            is_begun = True
            yield Pause(fault.number(0, LONG_S))
        yield act


def _tokens(scene: Scene, limit: float, acts: Acts) -> Acts:
    """The acts up to so many tokens; of a whole reply one half."""
    said = 0
    for act in acts:
        if isinstance(act, Ending):
            if not said and not scene.is_socket:
                yield Piece(act.data[: len(act.data) // 2])
            return
        if isinstance(act, Token):
            if said >= limit:
                return
            said += 1
        yield act


def twice(scene: Scene, fault: Told, acts: Acts) -> Acts:
    """The event after so many tokens comes two times. A whole reply is one object, and stays it."""
    come, is_done = 0, False
    for act in acts:
        yield act
        if is_done or not isinstance(act, (Token, Ending)):
            continue
        come += 1
        if come > fault.number(0) and (come > 1 or isinstance(act, Token)):
            is_done = True
            yield act


def no_mark(scene: Scene, fault: Told, acts: Acts) -> Acts:
    """The very last piece of a stream is left out: the end mark, where the wire has one."""
    held: Act | None = None
    is_begun = False
    for act in acts:
        if isinstance(act, Ending) and is_begun:
            if held is not None:
                yield held
            held = act
            continue
        is_begun = is_begun or isinstance(act, Piece)
        yield act


_FINISHES = ("finish_reason", "FinishReason", "done_reason", "stopReason")
_COUNTS = ("usage", "Usage", "prompt_eval_count", "eval_count")


def no_finish(scene: Scene, fault: Told, acts: Acts) -> Acts:
    """Nothing says why the answer ended; whatever else tells the end is there."""
    return _without(acts, _FINISHES)


def no_usage(scene: Scene, fault: Told, acts: Acts) -> Acts:
    """Nothing says what the answer took."""
    return _without(acts, _COUNTS)


def _without(acts: Acts, fields: tuple[str, ...]) -> Acts:
    """Every piece without those fields, however deep they stand."""
    for act in acts:
        if isinstance(act, Head):
            yield Head(_unsized(act.head))
            continue
        if isinstance(act, Piece):
            yield type(act)(changed(act.data, partial(_less, fields=fields)))
        else:
            yield act


def _less(data: bytes, fields: tuple[str, ...]) -> bytes:
    start, end = data.find(b"{"), data.rfind(b"}")
    if not 0 <= start < end:
        return data
    inner = msgspec.json.encode(_pruned(msgspec.json.decode(data[start : end + 1]), fields))
    return data[:start] + inner + data[end + 1 :]


def _pruned(value: Any, fields: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {name: _pruned(inner, fields) for name, inner in value.items() if name not in fields}
    return [_pruned(inner, fields) for inner in value] if isinstance(value, list) else value


def page(scene: Scene, fault: Told, acts: Acts) -> Acts:
    """A page of HTML, as gateways and wrong addresses give it, with status 200."""
    head, body = _page(200)
    yield Head(head)
    yield Piece(body)


def _unsized(head: WireHead) -> WireHead:
    """A head whose body may have another length than it was going to have."""
    return replace(head, headers=tuple(field for field in head.headers if field[0] != b"content-length"))
