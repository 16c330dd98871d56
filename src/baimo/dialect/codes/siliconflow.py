"""The errors of SiliconFlow: numbers in a flat body, `{code, message, data}`.

Read in public clients and at https://docs.siliconflow.cn/cn/faqs/error-code, November 2026. Odd things: an
empty account and an account that is not verified are 403; a key of the other site is 401 in plain text.
"""

from __future__ import annotations

from baimo.errors import (
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaError,
    RateLimitedError,
)

from . import Code, Codes

CODES = Codes(
    title="SiliconFlow",
    title_zh="硅基流动",
    sources=("https://docs.siliconflow.cn/cn/faqs/error-code",),
    table={
        "20012": Code(
            kind=NotFoundError,
            means="there is no such model",
            means_zh="模型不存在",
            cure="Names are `organisation/Model`, with capitals as the console writes them.",
            cure_zh="模型名形如“组织/模型”，大小写须与控制台一致。",
        ),
        "30001": Code(
            kind=QuotaError,
            means="the account has no balance left",
            means_zh="账户余额不足",
            cure="Top up in the console, take a free model, or use a key of another account.",
            cure_zh="请充值、换用免费模型，或换用其他账户的密钥。",
        ),
        "30003": Code(
            kind=PermissionDeniedError,
            means="the model was taken out of service, or is closed to the account",
            means_zh="模型已下线，或账户无权使用",
            cure="Take another model; some need an account whose real name was verified.",
            cure_zh="请换用其他模型；部分模型需要实名认证。",
        ),
        "50505": Code(
            kind=OverloadedError,
            means="the model is overloaded",
            means_zh="模型服务过载",
            cure="Try again after a moment, or name another model as fallback.",
            cure_zh="请稍后重试，或配置其他模型作为备用。",
        ),
        "50603": Code(
            kind=RateLimitedError,
            means="the platform is busy",
            means_zh="系统繁忙",
            cure="Try again after a moment.",
            cure_zh="请稍后重试。",
        ),
    },
)
