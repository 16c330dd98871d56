"""The errors of Cohere: no codes of its own; the HTTP status and the words say what happened.

Read at https://docs.cohere.com/reference/errors and in the package cohere 7.3.1, November 2026. Odd things:
an invalid token is 401 or 498; one limit counts calls in a minute, that of a trial key calls in a month as
well, both with 429; a prompt that is too long and a limit that is too high are both "too many tokens".
"""

from __future__ import annotations

from baimo.errors import (
    AuthError,
    ContextTooLongError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaError,
    RateLimitedError,
    ServerError,
)

from . import Code, Codes

_KEY = "Make a key at https://dashboard.cohere.com/api-keys and set CO_API_KEY; look for blanks in it."
_KEY_ZH = (
    "请在 https://dashboard.cohere.com/api-keys 创建密钥并设置 CO_API_KEY，并检查其中有无多余空格或引号。"
)

CODES = Codes(
    title="Cohere",
    title_zh="Cohere",
    sources=("https://docs.cohere.com/reference/errors", "cohere 7.3.1 (Python SDK)"),
    table={
        "too_many_tokens": Code(
            kind=ContextTooLongError,
            means="the prompt has more tokens than the model takes",
            means_zh="提示词的 token 数超过模型上限",
            cure="Shorten the conversation or the documents, or take a model with a longer context.",
            cure_zh="请缩短对话或文档，或改用上下文更长的模型。",
        ),
        "max_tokens_too_large": Code(
            kind=InvalidRequestError,
            means="`max_tokens` is above what the model can make",
            means_zh="max_tokens 超过模型的最大输出",
            cure="Lower max_tokens to the number that the message names, or leave it out.",
            cure_zh="请把 max_tokens 降到错误消息给出的数值以下，或不传该参数。",
        ),
        "model_not_found": Code(
            kind=NotFoundError,
            means="there is no such model, or it was removed",
            means_zh="模型不存在或已下线",
            cure="List what there is: baimo models cohere.",
            cure_zh="请用 baimo models cohere 查看可用模型。",
        ),
        "trial_used_up": Code(
            kind=QuotaError,
            means="a trial key has made all the calls of its month",
            means_zh="试用密钥本月的调用次数已用完",
            cure="Make a production key at https://dashboard.cohere.com/api-keys, or wait for a new month.",
            cure_zh="请在 https://dashboard.cohere.com/api-keys 创建正式密钥，或等到下个月。",
        ),
        "400": Code(
            kind=InvalidRequestError,
            means="the body is not valid",
            means_zh="请求体无效",
            cure="Read the message: it names the field, or two that do not go together.",
            cure_zh="请看错误消息：其中指出了出错的字段，或不能同时使用的两个字段。",
        ),
        "401": Code(
            kind=AuthError,
            means="the key is missing, wrong or expired",
            means_zh="密钥缺失、错误或已过期",
            cure=_KEY,
            cure_zh=_KEY_ZH,
        ),
        "402": Code(
            kind=QuotaError,
            means="the account has reached its billing limit",
            means_zh="账户达到计费上限",
            cure="Add or update a payment method at https://dashboard.cohere.com/billing.",
            cure_zh="请在 https://dashboard.cohere.com/billing 添加或更新付款方式。",
        ),
        "403": Code(
            kind=PermissionDeniedError,
            means="the key may not use this model or operation",
            means_zh="密钥无权使用该模型或接口",
            cure="Use a key of a team that has the model.",
            cure_zh="请使用已开通该模型的团队的密钥。",
        ),
        "404": Code(
            kind=NotFoundError,
            means="there is no such model or address",
            means_zh="模型或地址不存在",
            cure="Check the model's name with baimo models cohere, and base_url where you set one.",
            cure_zh="请用 baimo models cohere 核对模型名；若自行设置了 base_url，也请检查。",
        ),
        "422": Code(
            kind=InvalidRequestError,
            means="a field has a value that cannot be processed",
            means_zh="某个字段的值无法处理",
            cure="Read the message: it names the field.",
            cure_zh="请看错误消息指出的字段。",
        ),
        "429": Code(
            kind=RateLimitedError,
            means="too many calls in a minute",
            means_zh="每分钟调用次数过多",
            cure="Call less often: trial keys have far lower limits than production keys.",
            cure_zh="请降低调用频率；试用密钥的限额远低于正式密钥。",
        ),
        "498": Code(
            kind=AuthError,
            means="the token is not valid",
            means_zh="令牌无效",
            cure=_KEY,
            cure_zh=_KEY_ZH,
        ),
        "499": Code(
            kind=InvalidRequestError,
            means="the request was given up before it was answered",
            means_zh="请求在得到回答前被取消",
            cure="Look for a proxy or a time limit that ends connections early.",
            cure_zh="请检查是否有代理或超时设置提前断开了连接。",
        ),
        "500": Code(
            kind=ServerError,
            means="something failed at Cohere",
            means_zh="Cohere 服务内部错误",
            cure="Wait and try again; https://status.cohere.com tells of disturbances.",
            cure_zh="请稍后重试；故障信息见 https://status.cohere.com 。",
        ),
        "501": Code(
            kind=InvalidRequestError,
            means="the model or the address does not do this",
            means_zh="该模型或接口不支持此功能",
            cure="Leave the feature out, or take another model.",
            cure_zh="请去掉该功能，或换用其他模型。",
        ),
        "503": Code(
            kind=OverloadedError,
            means="the service has no capacity",
            means_zh="服务暂时过载",
            cure="Wait and try again.",
            cure_zh="请稍后重试。",
        ),
        "504": Code(
            kind=ServerError,
            means="the answer took too long",
            means_zh="生成超时",
            cure="Ask for less at once, or stream.",
            cure_zh="请减少单次请求的内容，或使用流式输出。",
        ),
    },
)
