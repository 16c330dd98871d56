"""The error codes of iFlytek Spark, and the words of the gateway before it.

Read at https://www.xfyun.cn/doc/spark/%E6%8E%A5%E5%8F%A3%E8%AF%B4%E6%98%8E.html and in the documents of
iFlytek's Java package, November 2026. The numbers are the same in `header.code` of the WebSocket API and in
`code` of the HTTP API, where they may stand under status 200 and in the middle of a stream. What is refused
before that, at the handshake or by the gateway, has no number: those entries go by the words of `message`.
Not documented but seen: 10404, and the words for a wrong APIPassword. Whether trying again helps is our
judgement save for 10110, where the provider says so.
"""

from __future__ import annotations

from baimo.errors import (
    AuthError,
    ContentFilteredError,
    ContextTooLongError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    ServerError,
)

from . import Code, Codes

_CLOCK = (
    "HMAC signature cannot be verified, a valid date or x-date header is required for HMAC Authentication"
)

_CONSOLE = "https://console.xfyun.cn/services/bm4"


def _failure(means: str, means_zh: str, *, kind: type[ProviderError] = ServerError) -> Code:
    """A failure on the provider's side that another try may get past."""
    return Code(
        kind=kind,
        means=means,
        means_zh=means_zh,
        cure="Try again after a moment; tell the provider the sid if it stays.",
        cure_zh="稍后重试；若持续出现，请把 sid 提供给讯飞技术支持。",
        retryable=True,
    )


_SENT = {
    "10003": Code(
        kind=InvalidRequestError,
        means="the message's format is wrong",
        means_zh="用户消息格式错误",
        cure=(
            "After an optional first system message the roles user and assistant must alternate, and the "
            "last message must be the user's. Compare the frame with `baimo ask --show`."
        ),
        cure_zh=(
            "除首条可选的 system 外，user 与 assistant 必须交替，且最后一条须为 user。可用 baimo ask "
            "--show 查看所发内容。"
        ),
        retryable=False,
    ),
    "10004": Code(
        kind=InvalidRequestError,
        means="the message does not fit the schema",
        means_zh="用户数据的 schema 错误",
        cure="Look at the fields that you add yourself (`extra`): one has a wrong name, place or type.",
        cure_zh="请检查自行添加的字段（extra）：名称、位置或类型有误。",
        retryable=False,
    ),
    "10005": Code(
        kind=InvalidRequestError,
        means="a parameter has a wrong value",
        means_zh="用户参数值错误",
        cure=(
            "Bring the values into their ranges: temperature (0, 1], top_k 1 to 6, max_tokens up to 4096 or "
            "8192 by model; and check that the domain belongs to the path."
        ),
        cure_zh=(
            "请使参数在范围之内：temperature (0, 1]，top_k 1 至 6，max_tokens 依模型至 4096 或 8192；"
            "并核对 domain 与路径是否对应。"
        ),
        retryable=False,
    ),
    "10163": Code(
        kind=InvalidRequestError,
        means="the engine's schema refuses the parameters",
        means_zh="引擎参数校验未通过",
        cure="Leave out what this model does not know; the message names the field.",
        cure_zh="去掉该模型不支持的参数；错误消息会指出字段。",
        retryable=False,
    ),
    "10404": Code(
        kind=NotFoundError,
        means="domain and address do not belong together",
        means_zh="domain 与接口版本（路径）不匹配",
        cure=(
            "Each version has a path and a domain of its own, such as /v3.5/chat with generalv3.5 and "
            "/v4.0/chat with 4.0Ultra. Name the model and leave the path out of base_url; over HTTP check "
            "the model's name."
        ),
        cure_zh=(
            "每个版本的路径与 domain 一一对应，例如 /v3.5/chat 对应 generalv3.5，/v4.0/chat 对应 4.0Ultra。"
            "只写模型名，base_url 中不要带路径；HTTP 接口请核对 model 的写法。"
        ),
        retryable=False,
    ),
    "10907": Code(
        kind=ContextTooLongError,
        means="too many tokens",
        means_zh="token 数量超过上限",
        cure="Shorten the history, or take Max-32K or Pro-128K.",
        cure_zh="请缩短对话历史，或改用 Max-32K、Pro-128K。",
        retryable=False,
    ),
    "10017": Code(
        kind=ServerError,
        means="the history could not be cleared",
        means_zh="清除会话历史失败",
        cure="Begin a new conversation with another chat_id.",
        cure_zh="请使用新的 chat_id 重新开始会话。",
        retryable=False,
    ),
    "10018": Code(
        kind=InvalidRequestError,
        means="nothing but pings came for five minutes",
        means_zh="连接在 5 分钟内只收到 ping",
        cure="Open a connection when there is something to ask: each takes one question.",
        cure_zh="需要提问时再建立连接：每个连接只回答一个问题。",
        retryable=False,
    ),
}
"""What is wrong with the request."""

_MODERATED = {
    "10013": Code(
        kind=ContentFilteredError,
        means="the input was refused by moderation",
        means_zh="输入内容未通过审核",
        cure="Word the question otherwise, and look at the history too: all of it is checked.",
        cure_zh="请修改提问内容；历史消息同样会被审核。",
        retryable=False,
    ),
    "10014": Code(
        kind=ContentFilteredError,
        means="the answer was refused by moderation; what was shown of it is void",
        means_zh="输出内容未通过审核，已展示的内容作废",
        cure="Take back what was shown, and word the question otherwise.",
        cure_zh="请撤回已展示的内容，并修改提问。",
        retryable=False,
    ),
    "10019": Code(
        kind=ContentFilteredError,
        means="the conversation tends towards what the rules forbid",
        means_zh="会话内容有违规倾向",
        cure="Warn the user that the conversation may break the rules, and begin a new one.",
        cure_zh="请提醒用户会话有违规倾向，并开始新的会话。",
        retryable=False,
    ),
    "10021": Code(
        kind=ContentFilteredError,
        means="the input was refused by moderation",
        means_zh="输入内容审核不通过",
        cure="Word the question otherwise.",
        cure_zh="请修改提问内容。",
        retryable=False,
    ),
}
"""What moderation refused."""

_ALLOWED = {
    "10015": Code(
        kind=PermissionDeniedError,
        means="the app_id is on the provider's black list",
        means_zh="app_id 在黑名单中",
        cure="Ask iFlytek by a work order in the console why the application is blocked.",
        cure_zh="请在控制台提交工单，向讯飞询问应用被封禁的原因。",
        retryable=False,
    ),
    "10016": Code(
        kind=PermissionDeniedError,
        means=(
            "the application may not do this: the service is not enabled, another version was bought, no "
            "tokens are left, or there are more connections at once than the licence allows"
        ),
        means_zh="app_id 授权错误：未开通该服务、购买的是其他版本、token 用尽，或并发超过授权数",
        cure=(
            f"Open {_CONSOLE}, choose the version you call (each has its own page) and compare: is it "
            "enabled for this app_id, and what do the remaining tokens and the concurrency say?"
        ),
        cure_zh=(
            f"请打开 {_CONSOLE}，选择所调用的版本（各版本分页显示），核对该 app_id 是否已开通、剩余 token "
            "与并发数。"
        ),
        retryable=False,
    ),
    "11200": Code(
        kind=PermissionDeniedError,
        means="no authorisation for this function, or its volume is used up",
        means_zh="授权错误：该 app_id 没有此功能的授权，或业务量已用尽",
        cure=(
            f"Open {_CONSOLE}, choose the version you call and claim its free volume or buy some: volume of "
            "one version does not count for another. Make sure that app_id, APIKey and APISecret are of one "
            "application."
        ),
        cure_zh=(
            f"请打开 {_CONSOLE}，选择所调用的版本，领取免费额度或购买：各版本额度互不通用。"
            "同时确认 app_id、APIKey、APISecret 属于同一应用。"
        ),
        retryable=False,
    ),
    "11201": Code(
        kind=QuotaError,
        means="the limit of the day is reached",
        means_zh="授权错误：日流控超限",
        cure=f"Wait until tomorrow, or have the daily limit raised in {_CONSOLE}.",
        cure_zh=f"请次日再试，或在 {_CONSOLE} 申请提高每日上限。",
        retryable=False,
    ),
}
"""What the application may not do."""

_LIMITS = {
    "10006": Code(
        kind=RateLimitedError,
        means="the same user is already connected",
        means_zh="同一用户已有连接，暂不支持多连接",
        cure="Wait for the other answer, or give each user an id of his own (`user=`).",
        cure_zh="请等待上一个回答结束，或为每个用户设置不同的 user。",
        retryable=True,
    ),
    "10007": Code(
        kind=RateLimitedError,
        means="the user's previous question is still being answered",
        means_zh="用户上一问题的回答尚未结束",
        cure="Wait for the other answer, or give each user an id of his own (`user=`).",
        cure_zh="请等待上一个回答结束，或为每个用户设置不同的 user。",
        retryable=True,
    ),
    "11202": Code(
        kind=RateLimitedError,
        means="more requests a second than the licence allows",
        means_zh="授权错误：秒级流控超限（QPS）",
        cure=f"Ask more slowly; {_CONSOLE} shows the limit of the version and where it is raised.",
        cure_zh=f"请降低请求频率；{_CONSOLE} 显示该版本的 QPS 上限及提升入口。",
        retryable=True,
    ),
    "11203": Code(
        kind=RateLimitedError,
        means="more connections at once than the licence allows",
        means_zh="授权错误：并发流控超限",
        cure=f"Ask fewer questions at once; {_CONSOLE} shows the limit of the version.",
        cure_zh=f"请减少同时进行的请求；{_CONSOLE} 显示该版本的并发上限。",
        retryable=True,
    ),
}
"""What comes too fast."""

_FAILED = {
    "10000": _failure("the connection could not be upgraded to a socket", "升级为 WebSocket 时出错"),
    "10001": _failure("reading the user's message failed", "通过 WebSocket 读取用户消息出错"),
    "10002": _failure("sending to the user failed", "通过 WebSocket 向用户发送消息出错"),
    "10008": _failure("the service has no capacity", "服务容量不足", kind=OverloadedError),
    "10009": _failure("no connection to the engine", "与引擎建立连接失败"),
    "10010": _failure("receiving from the engine failed", "接收引擎数据出错"),
    "10011": _failure("sending to the engine failed", "向引擎发送数据出错"),
    "10012": _failure("an internal error of the engine", "引擎内部错误"),
    "10110": _failure("the service is busy, try again later", "服务忙，请稍后再试", kind=OverloadedError),
    "10222": _failure("a network error of the engine", "引擎网络异常"),
}
"""What failed on the provider's side."""

_GATEWAY = {
    "Unauthorized": Code(
        kind=AuthError,
        means="no authorization reached the gateway",
        means_zh="请求中没有 authorization 参数",
        cure=(
            "authorization, date and host must stand in the address of the handshake, not in header "
            "fields. Baimo puts them there: look for a proxy that cuts the query off."
        ),
        cure_zh=(
            "authorization、date、host 须放在握手地址的查询参数中，而不是请求头中。Baimo 已如此发送，"
            "请检查中间代理是否截去了查询参数。"
        ),
        retryable=False,
    ),
    "HMAC signature cannot be verified": Code(
        kind=AuthError,
        means="the gateway does not know the APIKey, or a parameter of the signature is malformed",
        means_zh="APIKey 未知，或签名参数格式有误",
        cure=(
            "Copy the APIKey again, without blanks at its ends, and see that APIKey and APISecret are not "
            f"swapped: both are shown at {_CONSOLE}, in the box for the WebSocket API."
        ),
        cure_zh=(
            f"请重新复制 APIKey（首尾不要有空格），并确认 APIKey 与 APISecret 没有填反：二者见 {_CONSOLE} "
            "的 WebSocket 服务接口认证信息。"
        ),
        retryable=False,
    ),
    "HMAC signature does not match": Code(
        kind=AuthError,
        means="the secret is wrong, or host, path or date are not those that were signed",
        means_zh="APISecret 错误，或 host、路径、date 与签名时不一致",
        cure=(
            "Copy the APISecret again as it is shown (it is not decoded), and check that it belongs to this "
            "APIKey. A proxy that changes host or path breaks the signature too."
        ),
        cure_zh=(
            "请按控制台所示重新复制 APISecret（不要解码），并确认它与 APIKey 属于同一应用。"
            "改写主机名或路径的代理也会使签名失效。"
        ),
        retryable=False,
    ),
    _CLOCK: Code(
        kind=AuthError,
        means="the clock of this machine is more than 300 seconds off",
        means_zh="本机时钟与服务器相差超过 300 秒",
        cure="Set the clock of this machine (the time zone does not matter), then try again.",
        cure_zh="请校准本机时钟（与时区无关）后再试。",
        retryable=False,
    ),
    "Your IP address is not allowed": Code(
        kind=PermissionDeniedError,
        means="the application has a list of addresses, and this one is not on it",
        means_zh="应用设置了 IP 白名单，当前地址不在其中",
        cure=(
            "Add this machine's public address to the application's IP list in the console, or switch it off."
        ),
        cure_zh="请在控制台把本机的公网地址加入应用的 IP 白名单，或关闭白名单。",
        retryable=False,
    ),
    "HMAC secret key does not match": Code(
        kind=AuthError,
        means="the APIPassword is wrong, or that of another version",
        means_zh="APIPassword 错误，或属于其他版本",
        cure=(
            f"Each model version has an APIPassword of its own: open {_CONSOLE}, choose the version you call "
            "and copy it from the box for the HTTP API."
        ),
        cure_zh=(
            f"每个模型版本的 APIPassword 各不相同：请打开 {_CONSOLE}，选择所调用的版本，从 HTTP "
            "服务接口认证信息中复制。"
        ),
        retryable=False,
    ),
}
"""What the gateway says before the service is reached."""

CODES = Codes(
    title="iFlytek Spark",
    title_zh="讯飞星火",
    sources=(
        "https://www.xfyun.cn/doc/spark/%E6%8E%A5%E5%8F%A3%E8%AF%B4%E6%98%8E.html",
        "https://github.com/iFLYTEK-OP/websdk-java",
    ),
    table={**_FAILED, **_SENT, **_MODERATED, **_ALLOWED, **_LIMITS, **_GATEWAY},
)
