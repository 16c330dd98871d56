"""The fault matrix: one row a fault. The tests play every row on every way to call, and `scripts/docs` writes
the reliability page from it."""

from __future__ import annotations

from baimo.errors import (
    ConnectError,
    ContentFilteredError,
    ContextTooLongError,
    OverloadedError,
    RateLimitedError,
    ServerError,
    StreamInterrupted,
    TimedOutError,
    TransportError,
    WireError,
)
from tests.faults.matrix_native import NATIVE
from tests.faults.rows import Met, Row, said

WAITS_S = 1.5
"""The longest that two waits between three attempts take together."""
AFTER_THREE = Met(requests=(3, 1), most_s=WAITS_S)
AFTER_ONE = Met(requests=(1, 1))
CUT = Met(error=StreamInterrupted, ended="cut")
BROKEN_OFF = Met(error=StreamInterrupted, ended="error")

REFUSED = (
    Row(
        name="429-with-retry-after",
        what=said("429 with `Retry-After: 2`, once", "429，带 `Retry-After: 2`，一次"),
        sees=said("the answer, after just that wait", "等满所要求的时间后得到回答"),
        faults=("429@2*1",),
        whole=Met(requests=(2, 0), least_s=2.0, most_s=2.0),
    ),
    Row(
        name="429-for-good",
        what=said("429 without `Retry-After`, persistent", "429，不带 `Retry-After`，持续"),
        sees=said(
            "`RateLimitedError`; with a fallback its answer", "`RateLimitedError`；有备用模型时得到其回答"
        ),
        faults=("429",),
        whole=Met(error=RateLimitedError, requests=(3, 0), most_s=WAITS_S),
        whole_fallback=AFTER_ONE,
    ),
    Row(
        name="500-once",
        what=said("one 500", "一次 500"),
        sees=said("the answer", "得到回答"),
        faults=("500*1",),
        whole=Met(requests=(2, 0), most_s=0.5),
    ),
    Row(
        name="503-for-good",
        what=said("503, persistent", "503，持续"),
        sees=said(
            "`OverloadedError`; with a fallback its answer", "`OverloadedError`；有备用模型时得到其回答"
        ),
        faults=("503",),
        whole=Met(error=OverloadedError, requests=(3, 0), most_s=WAITS_S),
        whole_fallback=AFTER_THREE,
    ),
    Row(
        name="context-too-long",
        what=said("`context_length_exceeded`", "`context_length_exceeded`（上下文过长）"),
        sees=said(
            "`ContextTooLongError` at once; with a fallback its answer",
            "立即 `ContextTooLongError`；有备用模型时得到其回答",
        ),
        faults=("refuse@context_too_long",),
        whole=Met(error=ContextTooLongError),
        whole_fallback=AFTER_ONE,
    ),
    Row(
        name="content-filter",
        what=said("the request is refused for its content", "请求因内容被拒绝"),
        sees=said(
            "`ContentFilteredError` at once, with a fallback too: the list is not burnt",
            "立即 `ContentFilteredError`；有备用模型时也一样，不会逐个试下去",
        ),
        faults=("refuse@input_moderated",),
        whole=Met(error=ContentFilteredError),
    ),
    Row(
        name="answer-filtered",
        what=said("the answer is stopped for its content", "回答因内容被中止"),
        sees=said(
            "what came before, its finish reason `content_filter`",
            "得到此前的内容，结束原因为 `content_filter`",
        ),
        unwanted="w30",
        whole=Met(finish="content_filter", usage=None),
    ),
)

CONNECTIONS = (
    Row(
        name="reset-before-the-head",
        what=said("the connection is reset before the head of the reply", "响应头之前连接被重置"),
        sees=said("`TransportError`; with a fallback its answer", "`TransportError`；有备用模型时得到其回答"),
        faults=("reset",),
        may_bill=True,
        whole=Met(error=TransportError, requests=(3, 0), most_s=WAITS_S),
        whole_fallback=AFTER_THREE,
    ),
    Row(
        name="nobody-listens",
        what=said("the connection is refused", "连接被拒绝"),
        sees=said("`ConnectError`; with a fallback its answer", "`ConnectError`；有备用模型时得到其回答"),
        peer="closed",
        whole=Met(error=ConnectError, requests=(3, 0), most_s=WAITS_S),
        whole_fallback=AFTER_THREE,
    ),
    Row(
        name="no-such-name",
        what=said("the host name does not exist", "域名不存在"),
        sees=said(
            "`ConnectError` at once; with a fallback its answer",
            "立即 `ConnectError`；有备用模型时得到其回答",
        ),
        peer="unknown-name",
        whole=Met(error=ConnectError),
        whole_fallback=AFTER_ONE,
    ),
    Row(
        name="names-fail-once",
        what=said("name look-up fails once", "域名解析失败一次"),
        sees=said("the answer", "得到回答"),
        peer="name-fails-once",
        whole=Met(requests=(2, 0), most_s=0.5),
    ),
    Row(
        name="expired-certificate",
        what=said("the certificate of the server has expired", "服务器证书已过期"),
        sees=said(
            "`ConnectError` at once; with a fallback its answer",
            "立即 `ConnectError`；有备用模型时得到其回答",
        ),
        peer="expired-certificate",
        whole=Met(error=ConnectError),
        whole_fallback=AFTER_ONE,
    ),
)

TIME = (
    Row(
        name="silence",
        what=said(
            "120 s of silence; `first_event` and `head` are 30 s, the call has 140 s",
            "静默 120 秒；`first_event` 与 `head` 为 30 秒，整个调用限 140 秒",
        ),
        sees=said(
            "`TimedOutError` after three attempts of 30 s; with a fallback its answer after the first",
            "三次各 30 秒后 `TimedOutError`；有备用模型时第一次超时后就改用它，得到其回答",
        ),
        faults=("slow_head@120",),
        timeouts={"first_event": 30.0, "head": 30.0},
        timeout=140.0,
        may_bill=True,
        whole=Met(error=TimedOutError, limit="head", requests=(3, 0), least_s=90.0, most_s=91.5),
        streamed=Met(error=TimedOutError, limit="first_event", requests=(3, 0), least_s=90.0, most_s=91.5),
        whole_fallback=Met(requests=(1, 1), least_s=30.0, most_s=30.0),
        streamed_fallback=Met(requests=(1, 1), least_s=30.0, most_s=30.0),
        speed=120.0,
    ),
    Row(
        name="silence-until-the-deadline",
        what=said("120 s of silence; the call has 40 s", "静默 120 秒；整个调用限 40 秒"),
        sees=said(
            "`TimedOutError` at 40 s; a fallback is asked after 24 s, so that it has time to answer",
            "第 40 秒 `TimedOutError`；有备用模型时第 24 秒就改用它，留出回答的时间",
        ),
        faults=("slow_head@120",),
        timeout=40.0,
        speed=25.0,
        may_bill=True,
        whole=Met(error=TimedOutError, limit="total", least_s=40.0, most_s=40.0),
        whole_fallback=Met(requests=(1, 1), least_s=24.0, most_s=24.0),
    ),
    Row(
        name="first-token-after-20-s",
        what=said("the first token comes after 20 s", "20 秒后才有第一个 token"),
        sees=said("the answer: limits are longer", "得到回答（时限更长）"),
        faults=("slow_first@20",),
        whole=Met(least_s=20.0, most_s=20.0),
    ),
    Row(
        name="stall",
        what=said(
            "30 s of silence after 20 of 60 tokens; `idle` is 20 s",
            "60 个 token 中的 20 个之后静默 30 秒；`idle` 为 20 秒",
        ),
        sees=said(
            "streamed: the 20 tokens, then `StreamInterrupted` (`stalled`) with them; "
            "whole: `TimedOutError`, with a fallback its answer",
            "流式：先得到 20 个 token，然后 `StreamInterrupted`（`stalled`），其中带有它们；"
            "非流式：`TimedOutError`，有备用模型时得到其回答",
        ),
        faults=("stall_after@20,30",),
        timeouts={"idle": 20.0},
        may_bill=True,
        whole=Met(error=TimedOutError, limit="idle", requests=(3, 0), least_s=60.0, most_s=61.5),
        streamed=Met(error=StreamInterrupted, ended="stalled", tokens=20, least_s=20.0, most_s=20.0),
        whole_fallback=Met(requests=(1, 1), least_s=20.0, most_s=20.0),
    ),
)

BROKEN = (
    Row(
        name="cut",
        what=said("the connection breaks after 40 of 60 tokens", "60 个 token 中的 40 个之后连接中断"),
        sees=said(
            "streamed: the 40 tokens, then `StreamInterrupted` (`cut`) with them; "
            "whole: `TransportError`, with a fallback its answer",
            "流式：先得到 40 个 token，然后 `StreamInterrupted`（`cut`），其中带有它们；"
            "非流式：`TransportError`，有备用模型时得到其回答",
        ),
        faults=("cut_after@40",),
        may_bill=True,
        whole=Met(error=TransportError, requests=(3, 0), most_s=WAITS_S),
        streamed=Met(error=StreamInterrupted, ended="cut", tokens=40),
        whole_fallback=AFTER_THREE,
    ),
    Row(
        name="failure-in-mid-stream",
        what=said("the provider reports a failure inside a good reply", "服务商在状态 200 的回答中报错"),
        sees=said(
            "streamed: what came, then `StreamInterrupted` (`error`) with it; whole: `ServerError`, with a "
            "fallback its answer",
            "流式：先得到已来的内容，然后 `StreamInterrupted`（`error`）；"
            "非流式：`ServerError`，有备用模型时得到其回答",
        ),
        faults=("fail@2000",),
        may_bill=True,
        whole=Met(error=ServerError, requests=(3, 0), most_s=WAITS_S),
        streamed=BROKEN_OFF,
        whole_fallback=AFTER_THREE,
    ),
    Row(
        name="malformed-event",
        what=said("one event is no valid JSON", "有一个事件不是合法 JSON"),
        sees=said(
            "streamed: what came, then `StreamInterrupted` (`error`) with it; whole: `WireError`, with a "
            "fallback its answer",
            "流式：先得到已来的内容，然后 `StreamInterrupted`（`error`）；"
            "非流式：`WireError`，有备用模型时得到其回答",
        ),
        faults=("malformed@300",),
        may_bill=True,
        whole=Met(error=WireError),
        streamed=BROKEN_OFF,
        whole_fallback=AFTER_ONE,
    ),
    Row(
        name="no-done",
        what=said("no `[DONE]` after the finish reason", "有结束原因，但没有 `[DONE]`"),
        sees=said("the answer: it is whole", "得到回答（内容完整）"),
        faults=("no_mark",),
        whole=Met(),
    ),
    Row(
        name="no-end",
        what=said(
            "neither finish reason nor `[DONE]`, and the connection ends well; half an object",
            "既无结束原因也无 `[DONE]`，连接却正常结束；非流式只有半个对象",
        ),
        sees=said(
            "streamed: `StreamInterrupted` (`cut`); whole: `WireError`, with a fallback its answer",
            "流式：`StreamInterrupted`（`cut`）；非流式：`WireError`，有备用模型时得到其回答",
        ),
        faults=("no_end",),
        may_bill=True,
        whole=Met(error=WireError),
        streamed=Met(error=StreamInterrupted, ended="cut", tokens=60),
        whole_fallback=AFTER_ONE,
    ),
    Row(
        name="event-twice",
        what=said("an event with a token comes twice", "带 token 的事件重复一次"),
        sees=said(
            "the token twice: this wire numbers no events, and who repeats a word may mean it",
            "该 token 出现两次：此协议的事件没有编号，无法区分重复与本意",
        ),
        faults=("twice@20",),
        whole=Met(),
        streamed=Met(repeated=20),
    ),
    Row(
        name="end-twice",
        what=said("the event with the finish reason comes twice", "带结束原因的事件重复一次"),
        sees=said("the answer, ended once", "得到回答，只结束一次"),
        faults=("twice@60",),
        whole=Met(),
    ),
    Row(
        name="no-finish-reason",
        what=said("no finish reason; the end mark is there", "没有结束原因，但有结束标记"),
        sees=said("the answer, its finish reason `unknown`", "得到回答，结束原因为 `unknown`"),
        faults=("no_finish",),
        whole=Met(finish="unknown"),
    ),
    Row(
        name="no-usage",
        what=said("no usage", "没有用量"),
        sees=said("the answer; usage and cost are `None`, not 0", "得到回答；用量与费用为 `None`，不是 0"),
        faults=("no_usage",),
        whole=Met(usage=False),
    ),
    Row(
        name="wrong-content-type",
        what=said("a good reply that calls itself `text/html`", "内容正确，却自称 `text/html`"),
        sees=said("the answer: the body decides", "得到回答（以正文为准）"),
        faults=("content_type",),
        whole=Met(),
    ),
    Row(
        name="page",
        what=said("a page of HTML with status 200", "状态 200 的 HTML 页面"),
        sees=said("`WireError`; with a fallback its answer", "`WireError`；有备用模型时得到其回答"),
        faults=("page",),
        may_bill=True,
        whole=Met(error=WireError),
        whole_fallback=AFTER_ONE,
    ),
    Row(
        name="cut-gzip",
        what=said("a compressed body without its end", "压缩的正文缺少结尾"),
        sees=said(
            "streamed: `StreamInterrupted` (`cut`); whole: `TransportError`, with a fallback its answer",
            "流式：`StreamInterrupted`（`cut`）；非流式：`TransportError`，有备用模型时得到其回答",
        ),
        faults=("gzip",),
        may_bill=True,
        whole=Met(error=TransportError, requests=(3, 0), most_s=WAITS_S),
        streamed=CUT,
        whole_fallback=AFTER_THREE,
    ),
)

ROWS = (*REFUSED, *CONNECTIONS, *TIME, *BROKEN, *NATIVE)
