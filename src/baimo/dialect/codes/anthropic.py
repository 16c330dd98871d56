"""What Anthropic says no with: a status and a type, and for limits of money a code besides.

Read in the documentation ("Claude API errors") and in the official Python package 2.12.0, November 2026.
"""

from __future__ import annotations

from baimo.errors import (
    AuthError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaError,
    RateLimitedError,
    ServerError,
)

from . import Code, Codes

CODES = Codes(
    title="Anthropic",
    title_zh="Anthropic",
    sources=("https://docs.anthropic.com/en/api/errors",),
    table={
        "invalid_request_error": Code(
            kind=InvalidRequestError,
            means="the request is not as it must be, or a spend limit of your own is reached",
            means_zh="请求不符合要求，或已达到自己设置的消费上限",
            cure=(
                "Read the message: it names the field. Newer models refuse temperature, top_p, top_k and a "
                "last message of the assistant's; thinking must come back unchanged in a turn with tools."
            ),
            cure_zh=(
                "请看错误信息，其中写明了字段。较新的模型不接受 temperature、top_p、top_k，也不接受以 "
                "assistant 消息结尾；带工具的轮次中 thinking 必须原样传回。"
            ),
        ),
        "authentication_error": Code(
            kind=AuthError,
            means="the key is missing or wrong",
            means_zh="缺少密钥或密钥错误",
            cure="Set ANTHROPIC_API_KEY to a key of https://console.anthropic.com.",
            cure_zh="请把 ANTHROPIC_API_KEY 设为 https://console.anthropic.com 上的密钥。",
        ),
        "billing_error": Code(
            kind=QuotaError,
            means="the account cannot be billed",
            means_zh="账户无法扣费",
            cure="See to the payment details in the console.",
            cure_zh="请在控制台检查付款信息。",
        ),
        "permission_error": Code(
            kind=PermissionDeniedError,
            means="the key may not do this",
            means_zh="该密钥没有此权限",
            cure="Take a key of a workspace that may use this model or feature.",
            cure_zh="请换用有权使用该模型或功能的工作区密钥。",
        ),
        "not_found_error": Code(
            kind=NotFoundError,
            means="there is no such model or address",
            means_zh="没有这个模型或地址",
            cure="`baimo models anthropic` lists the models of your key.",
            cure_zh="baimo models anthropic 会列出您的密钥可用的模型。",
        ),
        "conflict_error": Code(
            kind=InvalidRequestError,
            means="the request came at the same time as another that it contradicts",
            means_zh="请求与同时进行的另一请求冲突",
            cure="Send it again.",
            cure_zh="请重新发送。",
            retryable=True,
        ),
        "request_too_large": Code(
            kind=InvalidRequestError,
            means="the body is larger than is taken",
            means_zh="请求体过大",
            cure="Send fewer or smaller images and documents, or upload them first and send their ids.",
            cure_zh="请减少或压缩图片与文档，或先上传再引用其 id。",
        ),
        "rate_limit_error": Code(
            kind=RateLimitedError,
            means="too many requests or tokens at this moment",
            means_zh="当前请求数或 token 数超限",
            cure="Wait as long as `retry-after` says; the limits are in the console.",
            cure_zh="请按 retry-after 等待；限额见控制台。",
        ),
        "enforced_spend_limit_reached": Code(
            kind=QuotaError,
            means="the organization has spent what it may",
            means_zh="组织的消费已达上限",
            cure="Raise the spend limit in the console, or wait for the next month; retries do not help.",
            cure_zh="请在控制台提高消费上限，或等到下个月；重试无效。",
        ),
        "api_error": Code(
            kind=ServerError,
            means="the service failed inside",
            means_zh="服务内部错误",
            cure="Try again; Baimo does so by itself.",
            cure_zh="请重试；百模会自动重试。",
        ),
        "timeout_error": Code(
            kind=ServerError,
            means="the answer took too long",
            means_zh="回复超时",
            cure="Stream long answers: a connection that shows nothing for minutes may be cut.",
            cure_zh="长回复请使用流式：数分钟没有数据的连接可能被断开。",
        ),
        "overloaded_error": Code(
            kind=OverloadedError,
            means="the service has no capacity at this moment, also in mid-stream",
            means_zh="服务当前过载，流式过程中也可能出现",
            cure="Try again later, or give the call a second model to fall back on.",
            cure_zh="请稍后重试，或为调用配置备用模型。",
        ),
    },
)
