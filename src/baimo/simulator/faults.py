"""Faults: what can go wrong on purpose, one table, and the rules by which it does.

A fault is written `name`, `name@number`, `name@number,number` or `name@word`: `429@2`, `cut@40`,
`stall@40,90`, `refuse@over_quota`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from random import Random
from typing import Any

import msgspec

from baimo.errors import InputError

from . import strikes
from .strikes import Acts, Scene, Strike
from .words import Why

HEADER = b"x-baimo-fault"
"""The request header by which a caller asks for a fault."""


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


def _row(name: str, strike: Strike, means: str, means_zh: str, **more: Any) -> Kind:
    return Kind(name=name, strike=strike, means=means, means_zh=means_zh, **more)


def _status_row(status: int, why: Why | None, means: str, means_zh: str) -> Kind:
    facts: dict[str, Any] = {"most": 1, "argument": "SECONDS", "is_early": True}
    return _row(str(status), strikes.refused_with(status, why), means, means_zh, **facts)


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
    _row(
        "reset",
        strikes.reset,
        "the connection is reset before the head",
        "响应头之前连接被重置",
        is_early=True,
    ),
    _row(
        "slow_head",
        strikes.slow_head,
        "the head comes after SECONDS (an hour)",
        "响应头在 SECONDS 秒后才来（默认一小时）",
        most=1,
        argument="SECONDS",
        is_early=True,
    ),
    _row(
        "cut",
        strikes.cut,
        "the connection breaks after BYTES of the body",
        "正文发出 BYTES 字节后连接中断",
        most=1,
        argument="BYTES",
    ),
    _row(
        "stall",
        strikes.stall,
        "silence for SECONDS (an hour) after BYTES, then the connection breaks",
        "正文发出 BYTES 字节后静默 SECONDS 秒（默认一小时），然后连接中断",
        most=2,
        argument="BYTES,SECONDS",
    ),
    _row(
        "fail",
        strikes.interrupting(Why.SERVER_ERROR),
        "the provider's own error in mid-stream, after BYTES",
        "发出 BYTES 字节后，服务商在流中报错",
        most=1,
        argument="BYTES",
    ),
    _row(
        "moderate",
        strikes.interrupting(Why.OUTPUT_MODERATED),
        "the provider stops the answer for its content, after BYTES",
        "发出 BYTES 字节后，服务商因内容审核中止回答",
        most=1,
        argument="BYTES",
    ),
    _row(
        "refuse",
        strikes.refuse,
        "the provider's own refusal for REASON: over_quota, unknown_model, …",
        "服务商因 REASON 而拒绝，使用其真实的措辞：over_quota、unknown_model 等",
        argument="REASON",
        is_word=True,
    ),
    _row(
        "malformed",
        strikes.malformed,
        "one event after BYTES is no valid JSON",
        "BYTES 字节之后有一个事件不是合法 JSON",
        most=1,
        argument="BYTES",
    ),
    _row(
        "slow_first",
        strikes.slow_first,
        "the head comes at once, the first piece after SECONDS (an hour)",
        "响应头立即到达，第一段内容在 SECONDS 秒后才来（默认一小时）",
        most=1,
        argument="SECONDS",
    ),
    _row(
        "cut_after",
        strikes.cut_after,
        "the connection breaks after TOKENS; of a whole reply in its middle",
        "发出 TOKENS 个 token 后连接中断；非流式回答在中间断开",
        most=1,
        argument="TOKENS",
    ),
    _row(
        "stall_after",
        strikes.stall_after,
        "silence for SECONDS (an hour) after TOKENS, then the connection breaks",
        "发出 TOKENS 个 token 后静默 SECONDS 秒（默认一小时），然后连接中断",
        most=2,
        argument="TOKENS,SECONDS",
    ),
    _row(
        "twice",
        strikes.twice,
        "the event after TOKENS comes two times",
        "TOKENS 个 token 之后的那个事件重复发送一次",
        most=1,
        argument="TOKENS",
    ),
    _row("no_end", strikes.no_end, "the reply ends without its end mark", "回答结束时没有结束标记"),
    _row(
        "no_mark",
        strikes.no_mark,
        "the last event of a stream, its end mark, is missing",
        "流的最后一个事件（结束标记）缺失",
    ),
    _row(
        "no_finish",
        strikes.no_finish,
        "nothing says why the answer ended",
        "没有结束原因（finish_reason）",
        wires="http",
    ),
    _row("no_usage", strikes.no_usage, "nothing says how many tokens it took", "没有用量（usage）"),
    _row(
        "page",
        strikes.page,
        "a page of HTML with status 200 in place of the reply",
        "状态 200，但返回的是 HTML 页面",
        wires="http",
    ),
    _row(
        "content_type",
        strikes.content_type,
        "the reply calls itself text/html",
        "响应自称 text/html",
        wires="http",
    ),
    _row("gzip", strikes.gzip, "a compressed body whose end is missing", "压缩的正文缺少结尾", wires="http"),
    _row(
        "close",
        strikes.close,
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
