"""The errors of Moonshot (Kimi): words in `error.type`, of which three share the status 429.

Read at https://platform.kimi.com/docs/api/errors, November 2026. Odd things: an empty account is 429 beside
limits and overload, and only the type tells them apart; a prompt that is too long has the type of any wrong
request. Types whose class says all there is to say are not
listed, nor refused keys: the row knows the other site.
"""

from __future__ import annotations

from baimo.errors import (
    ContentFilteredError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaError,
    RateLimitedError,
)

from . import Code, Codes

CODES = Codes(
    title="Moonshot AI (Kimi)",
    title_zh="月之暗面（Kimi）",
    sources=("https://platform.kimi.com/docs/api/errors",),
    table={
        "content_filter": Code(
            kind=ContentFilteredError,
            means="the request was judged to be of high risk",
            means_zh="请求被判定为高风险内容",
            cure="Change the question; trying again does not help.",
            cure_zh="请修改输入内容，重试没有用。",
        ),
        "permission_denied_error": Code(
            kind=PermissionDeniedError,
            means="the key may not do this, or the account is empty",
            means_zh="密钥没有该权限，或账户余额不足",
            cure="Look at the account's balance and the project of the key in the console.",
            cure_zh="请在控制台查看账户余额与密钥所属项目。",
        ),
        "resource_not_found_error": Code(
            kind=NotFoundError,
            means="there is no such model, or the account may not use it",
            means_zh="模型不存在，或账户无权使用",
            cure="Check the name; moonshot-v1 and the first K2 models ended in 2026.",
            cure_zh="请检查模型名；moonshot-v1 与第一代 K2 已于 2026 年下线。",
        ),
        "engine_overloaded_error": Code(
            kind=OverloadedError,
            means="the model has too many visitors at this moment",
            means_zh="模型当前负载过高",
            cure="Try again after a moment, or name another model as fallback.",
            cure_zh="请稍后重试，或配置其他模型作为备用。",
        ),
        "rate_limit_reached_error": Code(
            kind=RateLimitedError,
            means="the account's limit of calls at once, of requests or of tokens is reached",
            means_zh="已达到账户的并发、请求数或 Token 限额",
            cure="Run fewer calls; the limits grow with what was topped up. A day's limit ends at midnight.",
            cure_zh="请降低频率；限额随累计充值提高，日限额次日恢复。",
            words=((r"\bTPD\b|(?i:per day|daily)", QuotaError),),
        ),
        "exceeded_current_quota_error": Code(
            kind=QuotaError,
            means="the account has no balance left",
            means_zh="账户余额不足",
            cure="Top up in the console, or use a key of another account; trying again does not help.",
            cure_zh="请在控制台充值或换用其他账户的密钥，重试没有用。",
        ),
    },
)
