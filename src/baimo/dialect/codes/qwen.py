"""The errors of Alibaba's Model Studio: words in `error.code`, in the compatible and in the native spelling.

Read at https://help.aliyun.com/zh/model-studio/error-code, November 2026. Odd things: arrears are 400, and
429 with `insufficient_quota` is a limit of tokens a minute or an empty quota, which only the words tell.
Words whose class says all there is to say are not listed.
"""

from __future__ import annotations

from baimo.errors import NotFoundError, PermissionDeniedError, QuotaError, RateLimitedError

from . import Code, Codes

_NO_MODEL = Code(
    kind=NotFoundError,
    means="there is no such model, or the key's workspace may not use it",
    means_zh="模型不存在，或密钥所属业务空间无权使用",
    cure="Check the name and the region; a key of a sub-workspace needs the model granted in the console.",
    cure_zh="请检查模型名与地域；子业务空间的密钥需先在控制台授权该模型。",
)
_DENIED = Code(
    kind=PermissionDeniedError,
    means="the key's workspace may not use this model",
    means_zh="密钥所属业务空间无权调用该模型",
    cure="Grant the model to the workspace in the console, or use a key of the default workspace.",
    cure_zh="请在控制台为该业务空间授权此模型，或使用默认业务空间的密钥。",
)

_USED_UP = r"(?i)free|exhausted|check your plan|billing"
_A_MINUTE = r"(?i)allocated quota|per (?:minute|second)|\bTP[MS]\b|rate limit"

CODES = Codes(
    title="Alibaba Cloud Model Studio (Qwen)",
    title_zh="阿里云百炼（通义千问）",
    sources=("https://help.aliyun.com/zh/model-studio/error-code",),
    table={
        "Arrearage": Code(
            kind=QuotaError,
            means="the account is in arrears",
            means_zh="阿里云账户已欠费",
            cure="Top up the Alibaba Cloud account at https://usercenter2.aliyun.com, or use another key.",
            cure_zh="请到 https://usercenter2.aliyun.com 为阿里云账户充值，或换用其他密钥。",
        ),
        "AllocationQuota.FreeTierOnly": Code(
            kind=QuotaError,
            means='the free quota is used up while "stop when the free quota is used up" is on',
            means_zh="免费额度已用完，且开启了“免费额度用完即停”",
            cure="Switch that off in the console, for this model, or take a model with free quota left.",
            cure_zh="请在控制台关闭该模型的“免费额度用完即停”，或换用仍有免费额度的模型。",
        ),
        "Throttling.AllocationQuota": Code(
            kind=RateLimitedError,
            means="too many tokens in a minute",
            means_zh="每分钟 Token 用量超限",
            cure="Send less at a time, or ask for a higher limit in the console.",
            cure_zh="请降低用量，或在控制台申请提高限额。",
            words=((_USED_UP, QuotaError),),
        ),
        "insufficient_quota": Code(
            kind=QuotaError,
            means="the quota is used up, or too many tokens in a minute: the message tells which",
            means_zh="额度已用完，或每分钟 Token 用量超限，以错误消息为准",
            cure="Look at the quota in the console; where a limit of a minute is meant, send less at a time.",
            cure_zh="请在控制台查看额度；若为每分钟限流，请降低用量。",
            words=((_USED_UP, QuotaError), (_A_MINUTE, RateLimitedError)),
        ),
        "Model.AccessDenied": _DENIED,
        "model_access_denied": _DENIED,
        "ModelNotFound": _NO_MODEL,
        "model_not_found": _NO_MODEL,
    },
)
