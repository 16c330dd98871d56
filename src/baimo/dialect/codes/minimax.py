"""The errors of MiniMax: numbers in `base_resp.status_code`, mostly under HTTP 200.

Read at https://platform.minimax.io/docs/api-reference/errorcode, November 2026; 1013, 1033, 1041, 1042, 2045
and 2056 in clients of others. Odd things: 1008 is an empty account as well as a plan that is used up; 1039 is
a limit of tokens, of a minute's or of the context, which only the words tell.
"""

from __future__ import annotations

from baimo.errors import (
    AuthError,
    ContentFilteredError,
    ContextTooLongError,
    InvalidRequestError,
    OverloadedError,
    QuotaError,
    RateLimitedError,
    ServerError,
)

from . import Code, Codes

_INTERNAL = Code(
    kind=ServerError,
    means="something failed inside the provider",
    means_zh="服务商内部错误",
    cure="Try again after a moment.",
    cure_zh="请稍后重试。",
)
_KEY = Code(
    kind=AuthError,
    means="the key is missing, wrong, or one of the other site",
    means_zh="密钥缺失、错误，或属于另一个站点",
    cure="Check the key; keys of minimaxi.com (minimax) and minimax.io (minimax-intl) do not cross.",
    cure_zh="请检查密钥；minimaxi.com（minimax）与 minimax.io（minimax-intl）的密钥互不通用。",
)

CODES = Codes(
    title="MiniMax",
    title_zh="MiniMax（稀宇科技）",
    sources=("https://platform.minimax.io/docs/api-reference/errorcode",),
    table={
        "1000": _INTERNAL,
        "1013": _INTERNAL,
        "1033": _INTERNAL,
        "1001": Code(
            kind=ServerError,
            means="the request took too long",
            means_zh="请求超时",
            cure="Try again; stream long answers.",
            cure_zh="请重试；较长的回答请使用流式输出。",
        ),
        "1002": Code(
            kind=RateLimitedError,
            means="too many requests or tokens in a minute",
            means_zh="每分钟请求数或 Token 数超限",
            cure="Send less often, or ask for a higher limit in the console.",
            cure_zh="请降低频率，或在控制台申请提高限额。",
        ),
        "1004": _KEY,
        "2049": _KEY,
        "1008": Code(
            kind=QuotaError,
            means="the account has no balance, or the token plan is used up",
            means_zh="账户余额不足，或 Token 套餐已用完",
            cure="Top up in the console, wait for the plan's next window, or use a key of another account.",
            cure_zh="请在控制台充值、等待套餐下一个周期，或换用其他账户的密钥。",
        ),
        "1024": Code(
            kind=OverloadedError,
            means="the model is overloaded",
            means_zh="模型服务繁忙",
            cure="Try again after a moment, or name another model as fallback.",
            cure_zh="请稍后重试，或配置其他模型作为备用。",
        ),
        "1026": Code(
            kind=ContentFilteredError,
            means="the question was refused by the filters",
            means_zh="输入内容涉敏",
            cure="Change the question; trying again does not help.",
            cure_zh="请修改输入内容，重试没有用。",
        ),
        "1027": Code(
            kind=ContentFilteredError,
            means="the answer was withheld by the filters",
            means_zh="输出内容涉敏",
            cure="Ask otherwise; the same question is mostly withheld again.",
            cure_zh="请换一种问法，同样的问题多半仍会被拦截。",
        ),
        "1039": Code(
            kind=RateLimitedError,
            means="too many tokens: in a minute, or for the model's context",
            means_zh="Token 超限：每分钟用量或上下文长度",
            cure="Send less often; where the message speaks of the context, shorten the conversation.",
            cure_zh="请降低用量；若消息提到上下文长度，请缩短对话。",
            words=((r"(?i)context|too long|上下文|超长", ContextTooLongError),),
        ),
        "1041": Code(
            kind=RateLimitedError,
            means="too many connections at once",
            means_zh="连接数超限",
            cure="Run fewer calls at the same time.",
            cure_zh="请减少并发。",
        ),
        "1042": Code(
            kind=InvalidRequestError,
            means="more than a tenth of the text is invisible characters",
            means_zh="不可见字符超过 10%",
            cure="Remove control characters from the messages.",
            cure_zh="请去除消息中的不可见字符。",
        ),
        "2013": Code(
            kind=InvalidRequestError,
            means="a parameter is wrong, or there is no such model",
            means_zh="参数错误，或模型不存在",
            cure="Change what the message names; temperature must be above 0.",
            cure_zh="请修改错误消息指出的内容；temperature 须大于 0。",
        ),
        "2045": Code(
            kind=RateLimitedError,
            means="requests grew too fast",
            means_zh="请求量增长过快",
            cure="Let the load grow slowly.",
            cure_zh="请平缓地增加请求量。",
        ),
        "2056": Code(
            kind=QuotaError,
            means="the plan's window is used up",
            means_zh="套餐当前时段的额度已用完",
            cure="Wait for the plan's next window, or use a pay-as-you-go key.",
            cure_zh="请等待套餐下一个时段，或使用按量付费的密钥。",
        ),
    },
)
