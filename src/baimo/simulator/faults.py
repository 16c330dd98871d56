"""Faults: what can go wrong on purpose, one table, and the rules by which it does.

A fault is written `name`, `name@number`, `name@number,number` or `name@word`: `429@2`, `cut@40`,
`stall@40,90`, `refuse@over_quota`.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any, Protocol, TypeAlias

import msgspec
from msgspec.structs import replace

from baimo.errors import InputError
from baimo.wire.http import WireHead, with_headers

from .words import Abort, Act, CloseSocket, Head, Pause, Piece, RefusedError, Why

Acts: TypeAlias = Iterator[Act]
HEADER = b"x-baimo-fault"
"""The request header by which a caller asks for a fault."""
LONG_S = 3600.0
"""How long a stall lasts that says nothing else."""


class Ending(Piece, frozen=True):
    """A piece that tells the reply's end: the finish, the end mark, the only object of a whole reply."""


class Scene(Protocol):
    """What a fault may ask of the call that it strikes."""

    is_socket: bool

    def refusal(self, why: Why, retry_after: float | None = None) -> tuple[WireHead, bytes]:
        """The provider's own words for that."""

    def interruption(self, why: Why) -> list[bytes]:
        """What the provider sends when it stops in the middle for that reason."""


Strike: TypeAlias = Callable[["Scene", "Fault", Acts], Acts]


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table: what a fault is called, does, and takes."""

    name: str
    means: str
    means_zh: str
    strike: Strike
    least: int = 0
    most: int = 0
    """How many numbers it takes."""
    argument: str = ""
    """What follows the `@`, as it is written."""
    is_word: bool = False
    """Takes a reason in place of numbers."""
    is_early: bool = False
    """Strikes the handshake of a socket, not what follows it."""
    wires: str = "http socket"


class Fault(msgspec.Struct, frozen=True):
    """One fault with its numbers."""

    name: str
    numbers: tuple[float, ...] = ()
    word: str = ""

    @property
    def kind(self) -> Kind:
        """Its row of the table."""
        return FAULTS[self.name]

    def number(self, place: int, otherwise: float = 0.0) -> float:
        """One of its numbers."""
        return self.numbers[place] if len(self.numbers) > place else otherwise

    def __str__(self) -> str:
        rest = self.word or ",".join(f"{number:g}" for number in self.numbers)
        return f"{self.name}@{rest}" if rest else self.name


def parse_fault(text: str) -> Fault:
    """A fault from its written form. Raises InputError for an unknown one and for wrong numbers."""
    name, mark, rest = text.strip().partition("@")
    kind = FAULTS.get(name)
    if kind is None:
        from difflib import get_close_matches

        near = get_close_matches(name, FAULTS, n=3) or tuple(FAULTS)
        raise InputError(f"there is no fault {name!r}; there is {', '.join(near)}")
    if kind.is_word:
        if rest not in list(Why):
            raise InputError(f"{text!r}: it is written {name}@REASON, one of {', '.join(Why)}")
        return Fault(name, word=rest)
    try:
        numbers = tuple(float(word) for word in rest.split(",")) if mark else ()
    except ValueError:
        raise InputError(f"a fault's argument is a number: {text!r}") from None
    if not kind.least <= len(numbers) <= kind.most or any(not 0 <= number < 1e9 for number in numbers):
        raise InputError(f"{text!r}: it is written {name}{'@' + kind.argument if kind.argument else ''}")
    return Fault(name, numbers)


def model_fault(model: str) -> Fault | None:
    """The fault that hangs on a model's name, after its last `!`. Raises InputError for an unknown one."""
    _, mark, text = model.rpartition("!")
    return parse_fault(text) if mark else None


class FaultRule(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that strikes by configuration."""

    fault: Fault
    times: int | None = None
    """How often at the most; None: always."""
    probability: float = 1.0
    skip: int = 0
    """Requests that are let pass before."""
    provider: str | None = None
    operation: str | None = None


def parse_rule(text: str) -> FaultRule:
    """A rule from `FAULT[*TIMES][%PERCENT]`: `429@2*3`, `cut@40%10`. Raises InputError."""
    rest, _, percent = text.partition("%")
    fault, _, times = rest.partition("*")
    try:
        share = float(percent) / 100 if percent else 1.0
        count = int(times) if times else None
    except ValueError:
        raise InputError(f"{text!r}: a rule is written FAULT*TIMES%PERCENT") from None
    if not 0 <= share <= 1 or (count is not None and count < 0):
        raise InputError(f"{text!r}: PERCENT is from 0 to 100 and TIMES not below 0")
    return FaultRule(fault=parse_fault(fault), times=count, probability=share)


class FaultPlan:
    """Which fault strikes which request; counts how often each rule did."""

    def __init__(self) -> None:
        self._rules: list[tuple[FaultRule, list[int]]] = []
        self._lock = threading.Lock()

    def add(self, rule: FaultRule) -> None:
        """A further rule. Where several fit, the first one strikes."""
        with self._lock:
            self._rules.append((rule, [0, 0]))

    def clear(self) -> None:
        """No rule any more."""
        with self._lock:
            self._rules.clear()

    def draw(self, provider: str, operation: str, dice: Random) -> Fault | None:
        """The fault for this request, or None."""
        with self._lock:
            for rule, counts in self._rules:
                if rule.provider not in (None, provider) or rule.operation not in (None, operation):
                    continue
                counts[0] += 1
                is_over = rule.times is not None and counts[1] >= rule.times
                if is_over or counts[0] <= rule.skip or dice.random() >= rule.probability:
                    continue
                counts[1] += 1
                return rule.fault
        return None


def _page(status: int, retry_after: float | None = None) -> tuple[WireHead, bytes]:
    """What a proxy before the provider says."""
    body = f"<html><body><h1>{status}</h1></body></html>\n".encode()
    fields: tuple[tuple[bytes, bytes], ...] = ((b"content-type", b"text/html"),)
    if retry_after is not None:
        fields += ((b"retry-after", f"{retry_after:g}".encode()),)
    return WireHead(status, fields), body


def _status(status: int, why: Why | None) -> Strike:
    """Refuses with that status: in the provider's words where it has some for it, else as a proxy does."""

    def strike(scene: Scene, fault: Fault, acts: Acts) -> Acts:
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


def _reset(scene: Scene, fault: Fault, acts: Acts) -> Acts:
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


def _cut(scene: Scene, fault: Fault, acts: Acts) -> Acts:
    yield from _upto(scene, fault.number(0), acts)
    yield Abort()


def _stall(scene: Scene, fault: Fault, acts: Acts) -> Acts:
    yield from _upto(scene, fault.number(0), acts)
    yield Pause(fault.number(1, LONG_S))
    yield Abort()


def _interrupting(why: Why) -> Strike:
    """The provider stops between two pieces: half a piece before its words would be another fault."""

    def strike(scene: Scene, fault: Fault, acts: Acts) -> Acts:
        return _interrupted(scene, fault, acts, why)

    return strike


def _interrupted(scene: Scene, fault: Fault, acts: Acts, why: Why) -> Acts:
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


def _malformed(scene: Scene, fault: Fault, acts: Acts) -> Acts:
    """The last bracket of one piece becomes another one: well framed, and no JSON."""
    sent, limit, is_done = 0, fault.number(0), False
    for act in acts:
        if isinstance(act, Piece) and not is_done:
            at = act.data.rfind(b"}")
            sent += len(act.data)
            if at >= 0 and sent > limit:
                is_done = True
                yield Piece(act.data[:at] + b"]" + act.data[at + 1 :])
                continue
        yield act


def _no_end(scene: Scene, fault: Fault, acts: Acts) -> Acts:
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


def _content_type(scene: Scene, fault: Fault, acts: Acts) -> Acts:
    for act in acts:
        if isinstance(act, Head):
            fields = with_headers(act.head.headers, ((b"content-type", b"text/html"),))
            yield Head(replace(act.head, headers=fields))
        else:
            yield act


def _gzip(scene: Scene, fault: Fault, acts: Acts) -> Acts:
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


def _refuse(scene: Scene, fault: Fault, acts: Acts) -> Acts:
    raise RefusedError(Why(fault.word), "asked for")
    yield from acts


def _slow_head(scene: Scene, fault: Fault, acts: Acts) -> Acts:
    yield Pause(fault.number(0, LONG_S))
    yield from acts


def _close(scene: Scene, fault: Fault, acts: Acts) -> Acts:
    yield from _upto(scene, fault.number(1), acts)
    yield CloseSocket(int(fault.number(0)), "simulated")


def _unsized(head: WireHead) -> WireHead:
    """A head whose body may have another length than it was going to have."""
    return replace(head, headers=tuple(field for field in head.headers if field[0] != b"content-length"))


def _row(name: str, strike: Strike, means: str, means_zh: str, **more: Any) -> Kind:
    return Kind(name=name, strike=strike, means=means, means_zh=means_zh, **more)


def _status_row(status: int, why: Why | None, means: str, means_zh: str) -> Kind:
    facts: dict[str, Any] = {"most": 1, "argument": "SECONDS", "is_early": True}
    return _row(str(status), _status(status, why), means, means_zh, **facts)


_KINDS = (
    _status_row(
        429,
        Why.OVER_RATE,
        "too many requests; with SECONDS a Retry-After",
        "请求过多；给出 SECONDS 则带 Retry-After",
    ),
    _status_row(500, Why.SERVER_ERROR, "the server failed", "服务器内部错误"),
    _status_row(502, None, "a proxy got no answer", "网关收不到上游的回答"),
    _status_row(503, Why.OVERLOADED, "overloaded or down", "服务过载或停机"),
    _status_row(529, None, "overloaded, as some providers say it", "服务过载（部分服务商的写法）"),
    _row("reset", _reset, "the connection is reset before the head", "响应头之前连接被重置", is_early=True),
    _row(
        "slow_head",
        _slow_head,
        "the head comes after SECONDS (an hour)",
        "响应头在 SECONDS 秒后才来（默认一小时）",
        most=1,
        argument="SECONDS",
        is_early=True,
    ),
    _row(
        "cut",
        _cut,
        "the connection breaks after BYTES of the body",
        "正文发出 BYTES 字节后连接中断",
        most=1,
        argument="BYTES",
    ),
    _row(
        "stall",
        _stall,
        "silence for SECONDS (an hour) after BYTES, then the connection breaks",
        "正文发出 BYTES 字节后静默 SECONDS 秒（默认一小时），然后连接中断",
        most=2,
        argument="BYTES,SECONDS",
    ),
    _row(
        "fail",
        _interrupting(Why.SERVER_ERROR),
        "the provider's own error in mid-stream, after BYTES",
        "发出 BYTES 字节后，服务商在流中报错",
        most=1,
        argument="BYTES",
    ),
    _row(
        "moderate",
        _interrupting(Why.OUTPUT_MODERATED),
        "the provider stops the answer for its content, after BYTES",
        "发出 BYTES 字节后，服务商因内容审核中止回答",
        most=1,
        argument="BYTES",
    ),
    _row(
        "refuse",
        _refuse,
        "the provider's own refusal for REASON: over_quota, unknown_model, …",
        "服务商因 REASON 而拒绝，使用其真实的措辞：over_quota、unknown_model 等",
        argument="REASON",
        is_word=True,
    ),
    _row(
        "malformed",
        _malformed,
        "one event after BYTES is no valid JSON",
        "BYTES 字节之后有一个事件不是合法 JSON",
        most=1,
        argument="BYTES",
    ),
    _row("no_end", _no_end, "the reply ends without its end mark", "回答结束时没有结束标记"),
    _row(
        "content_type", _content_type, "the reply calls itself text/html", "响应自称 text/html", wires="http"
    ),
    _row("gzip", _gzip, "a compressed body whose end is missing", "压缩的正文缺少结尾", wires="http"),
    _row(
        "close",
        _close,
        "the socket is closed with CODE after BYTES",
        "发出 BYTES 字节后以 CODE 关闭 WebSocket",
        least=1,
        most=2,
        argument="CODE,BYTES",
        wires="socket",
    ),
)

FAULTS: Mapping[str, Kind] = {kind.name: kind for kind in _KINDS}
"""Every fault there is, by name."""


def broken(fault: Fault, scene: Scene, acts: Acts) -> Acts:
    """The acts of a reply as the fault leaves them. Raises InputError where the wire cannot have it."""
    kind = fault.kind
    wire = "socket" if scene.is_socket else "http"
    if wire not in kind.wires.split():
        raise InputError(f"the fault {fault.name} is not for {'WebSockets' if scene.is_socket else 'HTTP'}")
    return kind.strike(scene, fault, acts)
