"""The reliability page: what its reader must know, and the fault matrix of `tests/faults` as a table."""

from __future__ import annotations

from collections.abc import Callable

from baimo.catalogue.rows import Bilingual
from tests.faults.matrix import ROWS
from tests.faults.rows import Met, Row, Told
from tests.faults.told import TOLD

TESTS = "tests/faults/"
INTRODUCTION = Bilingual(
    en="""# What happens when things fail

[中文](zh/reliability.md)

Every line of the tables below is a test. The tests play each fault against real calls of the library,
blocking and awaited, whole and streamed, of one deployment and with a fallback: in one process on a clock
that jumps, and once more over real sockets. Whatever the fault is,

- no answer that was cut short is given as a whole one;
- no request is sent after the caller has left or the call has ended;
- no call waits past its deadline;
- no socket, task or thread stays behind, and the same client goes on.

## One deadline, one budget

`timeout` is the time of a call as a whole: connecting, waiting, trying again, falling back and reading.
While another deployment of the route is left, a silent one has six tenths of the time that remains. Without
it the limits of the parts hold: 10 s to connect, 120 s to the first event of a stream, 60 s of silence
within it, 600 s for the head of a whole reply; `[timeouts]` in the [configuration](configuration.md)
changes them.

A call is tried three times (`max_retries=2`), with waits of at most 0.5 s and 1 s drawn by chance, or
exactly the time that a provider asks for. Of all calls of a client that are under way at most a fifth are
being tried again, but three always may be. There is no second layer of retries below or above this one.

## What is tried again, and what never

- Tried again: 429, 5xx, overload, no connection, a reset, a cut or a silence, as long as the caller has
  seen nothing.
- Never: a bad request, refused content, a wrong key, an account without money; a page or broken JSON where
  an answer was due. A [fallback](routing.md) helps with all of these but the first two.
- Never after the first word of a stream was shown: what came is in `partial` of `StreamInterrupted`, and
  `ended` says whether it was `cut`, `stalled` or ended with an `error`. `on_cut="continue"` lets the next
  deployment go on from there where it can; the seam is an event, and a note.

## Sent twice, paid twice

No chat API that we know makes a request idempotent: one that was sent and not answered may have been worked
on, and billed. Trying it again costs once more at the worst. Answers and errors count it: `attempts` are
all requests, `maybe_billed` those that were sent, gave no answer and were not refused
(`r.sent.maybe_billed`, `error.maybe_billed`). A call that must not be paid twice is made with
`max_retries=0` and without a fallback.

## Leaving

A broken loop inside `with`, a cancelled task, a closed client or stream, Ctrl-C: each closes the connection
at once, which is how providers are told to stop. A stream may be closed from another thread; what waits then
for a connection, a place within limits or the next attempt waits no longer. A name look-up may outlive its
call; nothing else does. Ledger, recording and telemetry are told of the call as `cancelled`.

A TERM signal ends the command line in the same way. In a program of your own Python ends at once, and
nothing is written of calls under way, unless the signal is made an exception:
`signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))`.

## The matrix

*Attempts* are requests to the first deployment + to its fallback. *Time* is that of the call, without what
an answer itself takes; with `max_retries` as it is by default. The page is written by `scripts/docs` from
`tests/faults/`.
""",
    zh="""# 出错时会发生什么

[English](../reliability.md)

下表的每一行都是一项测试。测试用真实的库调用来经历每种故障：同步与异步、流式与非流式、单个部署与带备用模型；
先在一个进程内用可跳跃的时钟，再通过真实的套接字。无论哪种故障：

- 被截断的回答绝不会当作完整回答返回；
- 调用方离开或调用结束之后，不再发送请求；
- 任何调用都不会超过截止时间；
- 不留下套接字、任务或线程，同一个客户端可以继续使用。

## 一个截止时间，一份预算

`timeout` 是整个调用的时间：连接、等待、重试、切换备用模型与读取都在其内。路由中还有别的部署时，静默的部署最
多占用剩余时间的六成。不设 `timeout` 时由各阶段的时限约束：连接 10 秒、流的首个事件 120 秒、流中静默 60 秒、
非流式响应头 600 秒；可在[配置](configuration.md)的 `[timeouts]` 中修改。

一次调用最多尝试三次（`max_retries=2`），其间的等待随机抽取，最多 0.5 秒与 1 秒；服务商要求等待时则恰好等待
那么久。同一客户端进行中的调用里，最多五分之一可以处于重试之中，但至少允许三个。此外没有第二层重试。

## 什么会重试，什么绝不

- 会重试：429、5xx、过载、无法连接、重置、中断或静默，前提是调用方还什么都没看到。
- 绝不重试：错误的请求、被拒绝的内容、错误的密钥、欠费的账号；应为回答却是网页或损坏的 JSON。除前两种外，
  [备用模型](routing.md)都有帮助。
- 流的第一个字显示之后绝不重试：已来的内容在 `StreamInterrupted` 的 `partial` 中，`ended` 说明是中断（
  `cut`）、停滞（`stalled`）还是出错（`error`）。`on_cut="continue"` 允许下一个部署在可行时接着写；接缝处有
  一个事件，也有一条说明。

## 发两次，付两次

据我们所知，没有对话 API 提供幂等键：已发送而未得到回答的请求可能已被处理并计费，重试最坏会多付一次。
回答与错误都会计数：`attempts` 是全部请求数，`maybe_billed` 是已发送、没有得到回答、也未被拒绝的次数（
`r.sent.maybe_billed`、`error.maybe_billed`）。不允许付两次的调用请使用 `max_retries=0` 且不设备用模型。

## 离开

在 `with` 中跳出循环、取消任务、关闭客户端或流、Ctrl-C：都会立即关闭连接，服务商由此得知应当停止。流可以在另
一个线程中关闭；正在等待连接、限额中的位置或下一次尝试的调用也随即结束。域名解析可能比调用活得久，此外什么都不
留下。这次调用在账本、录制和遥测中记为 `cancelled`。

TERM 信号以同样的方式结束命令行。在你自己的程序里，Python 收到它会立即结束，
进行中的调用不会留下记录；除非把信号变成异常：
`signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))`。

## 故障矩阵

*尝试*：发往第一个部署的请求数 + 发往备用模型的请求数。*时间*：调用所用的时间，不含回答本身所需；
`max_retries` 为默认值。本页由 `scripts/docs` 根据 `tests/faults/` 生成。
""",
)
COLUMNS = Bilingual(
    en="| What goes wrong | What the caller sees | Attempts | Time | Test |",
    zh="| 故障 | 调用方看到什么 | 尝试 | 时间 | 测试 |",
)
_STREAMED = Bilingual(en=", streamed {}", zh="，流式 {}")
_FALLBACK = Bilingual(en="; with a fallback {}", zh="；有备用模型时 {}")


def reliability_page(language: str) -> str:
    """The whole page."""
    lines = [*(_row(row, language) for row in ROWS), *(_told(told, language) for told in TOLD)]
    return "\n".join(
        (INTRODUCTION.said(language), COLUMNS.said(language), "|---|---|---|---|---|", *lines, "")
    )


def _row(row: Row, language: str) -> str:
    return _line(
        row.what.said(language),
        row.sees.said(language),
        _over_ways(row, _attempts, language),
        _over_ways(row, _time_en if language == "en" else _time_zh, language),
        f"`{TESTS}test_matrix.py -k {row.name}`",
    )


def _told(told: Told, language: str) -> str:
    said = [one.said(language) for one in (told.what, told.sees, told.attempts, told.time)]
    return _line(*said, f"`{TESTS}{told.test}`")


def _line(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _over_ways(row: Row, tell: Callable[[Met], str], language: str) -> str:
    """What is told of the four ways to call, each where it differs from the one before it."""
    pairs = [
        tuple(tell(row.met(streamed=streamed, fallback=fallback)) for streamed in (False, True))
        for fallback in (False, True)
    ]
    alone, together = (
        whole if whole == streamed else whole + _STREAMED.said(language).format(streamed)
        for whole, streamed in pairs
    )
    return alone if alone == together else alone + _FALLBACK.said(language).format(together)


def _attempts(met: Met) -> str:
    first, then = met.requests
    return f"{first} + {then}" if then else str(first)


def _time_en(met: Met) -> str:
    return _time(met, "at once", "{} s", "at most {} s", "{} to {} s")


def _time_zh(met: Met) -> str:
    return _time(met, "立即", "{} 秒", "最多 {} 秒", "{} 至 {} 秒")


def _time(met: Met, none: str, exact: str, most: str, between: str) -> str:
    least_s, most_s = f"{met.least_s:g}", f"{met.most_s:g}"
    if not met.most_s:
        return none
    if least_s == most_s:
        return exact.format(most_s)
    return between.format(least_s, most_s) if met.least_s else most.format(most_s)
