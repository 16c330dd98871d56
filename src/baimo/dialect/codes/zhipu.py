"""The errors of Zhipu and Z.ai: numbers as text in `error.code`, of which several meanings share a status.

Read at https://docs.bigmodel.cn/cn/api/api-code, November 2026. Odd things: 429 stands for a limit, for an
account in arrears and for a plan that is used up; only the number tells them apart. Numbers whose class says
all there is to say are not listed.
"""

from __future__ import annotations

from baimo.errors import (
    ContentFilteredError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaError,
    RateLimitedError,
)

from . import Code, Codes

_ACCOUNT = Code(
    kind=PermissionDeniedError,
    means="the account is inactive, absent, or locked",
    means_zh="账户未激活、不存在或已被锁定",
    cure="Look at the account in the console; a new key does not help. Support unlocks it.",
    cure_zh="请到控制台查看账户状态并联系客服处理，更换密钥没有用。",
)
_PLAN = Code(
    kind=QuotaError,
    means="the plan's quota of this period is used up; the message tells when it is renewed",
    means_zh="套餐在当前周期的额度已用完，恢复时间见错误消息",
    cure=(
        "Wait for the time that the message names, use a larger plan, or call the pay-as-you-go address: "
        "provider zhipu or zai."
    ),
    cure_zh="请等到错误消息所说的时间，升级套餐，或改用按量付费的地址（服务商 zhipu 或 zai）。",
)
_NOT_IN_PLAN = Code(
    kind=QuotaError,
    means="the plan has expired, does not hold this model, or was used against its rules",
    means_zh="套餐已到期、不含该模型，或触发公平使用限制",
    cure="Renew the plan, take a model that it holds, or call the pay-as-you-go address.",
    cure_zh="请续订套餐、换用套餐内的模型，或改用按量付费的地址。",
)
_BUSY = Code(
    kind=OverloadedError,
    means="the model has too many visitors at this moment",
    means_zh="该模型当前访问量过大",
    cure="Try again after a moment, or name another model as fallback.",
    cure_zh="请稍后重试，或配置其他模型作为备用。",
)

CODES = Codes(
    title="Zhipu and Z.ai",
    title_zh="智谱与 Z.ai",
    sources=("https://docs.bigmodel.cn/cn/api/api-code",),
    table={
        "1110": _ACCOUNT,
        "1111": _ACCOUNT,
        "1112": _ACCOUNT,
        "1121": _ACCOUNT,
        "1113": Code(
            kind=QuotaError,
            means="the account is in arrears",
            means_zh="账户已欠费",
            cure="Top up at https://open.bigmodel.cn/finance/pay (Z.ai: in its console), or use another key.",
            cure_zh="请到 https://open.bigmodel.cn/finance/pay 充值（Z.ai 请在其控制台），或换用其他密钥。",
        ),
        "1211": Code(
            kind=NotFoundError,
            means="there is no such model",
            means_zh="模型不存在",
            cure="Check the model's name: `baimo models zhipu` lists those that are known.",
            cure_zh="请检查模型名：baimo models zhipu 会列出已知的模型。",
        ),
        "1214": Code(
            kind=InvalidRequestError,
            means="a parameter is wrong, or a message is empty",
            means_zh="参数有误，或有空消息",
            cure="Change what the message names; an assistant's message needs content or calls of tools.",
            cure_zh="请修改错误消息指出的内容；assistant 消息必须有正文或 tool_calls。",
        ),
        "1300": Code(
            kind=ContentFilteredError,
            means="the call was blocked by a policy",
            means_zh="调用被策略阻止",
            cure="Change what is said; trying it again unchanged does not help.",
            cure_zh="请修改内容；原样重试没有用。",
        ),
        "1302": Code(
            kind=RateLimitedError,
            means="too many calls at once, or too often",
            means_zh="并发数或调用频率过高",
            cure="Run fewer calls at the same time, or ask for a higher limit in the console.",
            cure_zh="请降低并发与频率，或在控制台申请提高限额。",
        ),
        "1304": Code(
            kind=QuotaError,
            means="the day's number of calls is used up",
            means_zh="今日调用次数已达上限",
            cure="Wait for tomorrow, or use a key of another account.",
            cure_zh="请明天再试，或换用其他账户的密钥。",
        ),
        "1305": _BUSY,
        "1312": _BUSY,
        "1308": _PLAN,
        "1310": _PLAN,
        "1309": _NOT_IN_PLAN,
        "1311": _NOT_IN_PLAN,
        **dict.fromkeys([str(number) for number in range(1313, 1322)], _NOT_IN_PLAN),
    },
)
