"""The rows of wires that are signed, and of WebSockets."""

from __future__ import annotations

from baimo.errors import AuthError, StreamInterrupted, TransportError
from tests.faults.rows import Met, Row, said

HOUR_S = 3600.0
_SKEWED = said(
    "`AuthError` at once, whose hint names the clock; with a fallback its answer",
    "立即 `AuthError`，提示中指出时钟问题；有备用模型时得到其回答",
)


def _skewed(provider: str, title: str, title_zh: str, model: str) -> Row:
    """A clock that is an hour late, at a provider whose signature covers the time."""
    return Row(
        name=f"clock-{provider}",
        what=said(f"the clock is an hour wrong: {title}", f"本机时钟差一小时：{title_zh}"),
        sees=_SKEWED,
        model=model,
        wall_s=-HOUR_S,
        whole=Met(error=AuthError),
        whole_fallback=Met(requests=(1, 1)),
    )


def _closed(code: int, why: str, why_zh: str, attempts: int = 3) -> Row:
    """A socket that the server closes in the middle of an answer."""
    most_s = 1.5 if attempts > 1 else 0.0
    return Row(
        name=f"close-{code}",
        what=said(
            f"a WebSocket is closed with {code} ({why}) in the middle",
            f"WebSocket 中途以 {code}（{why_zh}）关闭",
        ),
        sees=said(
            "`StreamInterrupted` (`cut`) with what came; whole, with a fallback: its answer",
            "`StreamInterrupted`（`cut`），其中带有已来的内容；非流式且有备用模型时得到其回答",
        ),
        model="spark/4.0Ultra",
        faults=(f"close@{code},2000",),
        may_bill=True,
        whole=Met(error=StreamInterrupted, ended="cut", requests=(attempts, 0), most_s=most_s),
        streamed=Met(error=StreamInterrupted, ended="cut"),
        whole_fallback=Met(requests=(attempts, 1), most_s=most_s),
    )


NATIVE = (
    _skewed("hunyuan", "Hunyuan (TC3)", "混元（TC3）", "hunyuan/hunyuan-turbos-latest"),
    _skewed("pangu", "Pangu (SDK-HMAC)", "盘古（SDK-HMAC）", "pangu/pangu-nlp"),
    _skewed("spark", "Spark (signed address)", "星火（带签名的地址）", "spark/4.0Ultra"),
    _closed(1000, "normal", "正常"),
    _closed(1001, "going away", "服务端离开"),
    _closed(1008, "policy", "违反策略", attempts=1),
    _closed(1011, "server error", "服务端错误"),
    _closed(1013, "try again later", "稍后再试"),
    Row(
        name="close-before-an-answer",
        what=said("a WebSocket is closed before the answer begins", "回答开始之前 WebSocket 被关闭"),
        sees=said("`TransportError`; with a fallback its answer", "`TransportError`；有备用模型时得到其回答"),
        model="spark/4.0Ultra",
        faults=("close@1011",),
        may_bill=True,
        whole=Met(error=TransportError, requests=(3, 0), most_s=1.5),
        whole_fallback=Met(requests=(3, 1), most_s=1.5),
    ),
)
