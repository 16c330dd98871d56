"""The errors of DeepSeek: no numbers of its own; the HTTP status and two finish words say what happened.

Read at https://api-docs.deepseek.com/quick_start/error_codes, November 2026. Odd things: the field `code`
of a body is `invalid_request_error` whatever happened, so it says nothing; a reply that was given up for
want of machines ends with HTTP 200 and a finish word.
"""

from __future__ import annotations

from baimo.errors import (
    AuthError,
    ContentFilteredError,
    InvalidRequestError,
    OverloadedError,
    QuotaError,
    RateLimitedError,
    ServerError,
)

from . import Code, Codes

CODES = Codes(
    title="DeepSeek",
    title_zh="深度求索 DeepSeek",
    sources=("https://api-docs.deepseek.com/quick_start/error_codes",),
    table={
        "400": Code(
            kind=InvalidRequestError,
            means="the request's body is malformed, or its history breaks a rule",
            means_zh="请求体格式错误，或对话历史不符合规则",
            cure=(
                "Read the message: it names the field. Where it speaks of `reasoning_content`, an answer "
                "that called tools while thinking was sent back without its reasoning: append the "
                "response's `message` to the history as it came. Where it speaks of `tool_calls`, each "
                "call needs one tool message right behind it."
            ),
            cure_zh=(
                "请看错误消息指出的字段。若提到 reasoning_content：思考模式下调用过工具的回答在回传时"
                "缺少思考内容，请把响应的 message 原样放回历史；若提到 tool_calls：每个调用之后都必须紧跟"
                "一条 tool 消息。"
            ),
        ),
        "401": Code(
            kind=AuthError,
            means="the API key is wrong",
            means_zh="API 密钥错误",
            cure=(
                "Check DEEPSEEK_API_KEY: a key begins with sk- and is shown once, at "
                "https://platform.deepseek.com/api_keys. Keys of other sites that host DeepSeek's models "
                "do not work here."
            ),
            cure_zh=(
                "请检查 DEEPSEEK_API_KEY：密钥以 sk- 开头，只在创建时显示一次"
                "（https://platform.deepseek.com/api_keys）。其他平台托管的 DeepSeek 模型的密钥在此无效。"
            ),
        ),
        "402": Code(
            kind=QuotaError,
            means="the account's balance is used up",
            means_zh="账户余额不足",
            cure="Top up at https://platform.deepseek.com/top_up, or use a key of another account.",
            cure_zh="请到 https://platform.deepseek.com/top_up 充值，或换用其他账户的密钥。",
        ),
        "422": Code(
            kind=InvalidRequestError,
            means="a parameter is invalid",
            means_zh="参数错误",
            cure="Change the parameter that the message names; sending the same again cannot help.",
            cure_zh="请修改错误消息指出的参数；原样重发没有用。",
        ),
        "429": Code(
            kind=RateLimitedError,
            means="too many calls at once: the account's concurrency is used up",
            means_zh="并发超限：同时进行的请求过多",
            cure=(
                "Run fewer calls at the same time (2500 at most with deepseek-flash, 500 with "
                "deepseek-v4-pro, over all keys of the account) and try again."
            ),
            cure_zh=(
                "请降低并发后重试：整个账户（所有密钥合计）deepseek-flash 最多 2500 路，"
                "deepseek-v4-pro 最多 500 路。"
            ),
        ),
        "500": Code(
            kind=ServerError,
            means="the server failed",
            means_zh="服务器内部故障",
            cure="Try again after a moment.",
            cure_zh="请稍后重试。",
        ),
        "503": Code(
            kind=OverloadedError,
            means="the servers are overloaded",
            means_zh="服务器负载过高",
            cure="Try again after a moment; a second provider as fallback helps in busy hours.",
            cure_zh="请稍后重试；繁忙时段可配置另一家作为备用。",
        ),
        "insufficient_system_resource": Code(
            kind=OverloadedError,
            means="the answer was given up halfway for want of machines (a finish reason, with HTTP 200)",
            means_zh="系统推理资源不足，生成中途被终止（HTTP 200 中的 finish_reason）",
            cure="Ask again; what came so far is not the whole answer.",
            cure_zh="请重新请求；已收到的内容不是完整回答。",
        ),
        "content_filter": Code(
            kind=ContentFilteredError,
            means="the answer was stopped by moderation (a finish reason, with HTTP 200)",
            means_zh="回答触发内容过滤而被终止（HTTP 200 中的 finish_reason）",
            cure="Change the prompt; the same question will be stopped again.",
            cure_zh="请修改提问；相同的问题会再次被拦截。",
        ),
    },
)
