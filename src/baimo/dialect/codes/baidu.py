"""The errors of Baidu's Qianfan: numbers in the first version of its API, words in the second.

Read at https://ai.baidu.com/ai-doc/WENXINWORKSHOP/tlmyncueh and
https://cloud.baidu.com/doc/qianfan-api/s/Om9b4yj3w and in the package qianfan 0.4.12.3, November 2026. Odd
things: numbers come with HTTP 200; 336003 is a wrong parameter and a history out of order alike. Words of the
second version whose class says all there is to say are not listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

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


class _Cure(NamedTuple):
    en: str
    zh: str


_WAIT = _Cure("Try again later; Baimo does so by itself.", "请稍后重试；Baimo 会自动重试。")
_SLOWER = _Cure("Send fewer calls at a time, or ask for a higher limit.", "请降低调用频率，或申请提高限额。")
_MONEY = _Cure(
    "Switch the model's billing on or buy a package in the console, or use another account.",
    "请在控制台开通付费或购买资源包，或换用其他账号。",
)
_KEYS = _Cure(
    "Check which credentials are set: an application's API Key and Secret Key, or the account's Access Key "
    "and Secret Key; the clock must be right for the latter.",
    "请检查凭据：应用的 API Key 与 Secret Key，或账号的 Access Key 与 Secret Key；"
    "使用后者时本机时间必须准确。",
)
_TOKEN = _Cure(
    "Baimo fetches another token once; where it is refused again, the application may have been deleted.",
    "Baimo 会重新获取一次 Token；若仍被拒绝，应用可能已被删除。",
)
_FIELD = _Cure(
    "Read the message: it names what is wrong. Messages must alternate between user and assistant and end "
    "with the user.",
    "请看错误消息。messages 必须由 user 与 assistant 交替组成，并以 user 结尾。",
)
_NAME = _Cure(
    "Check the model's name: in the first version of the API it is the end of the address.",
    "请检查模型名：在 v1 接口中它是地址的最后一段。",
)

_ROWS: Mapping[str, tuple[type[ProviderError], str, str, _Cure]] = {
    "1": (ServerError, "an unknown error", "未知错误", _WAIT),
    "2": (OverloadedError, "the service is not available at the moment", "服务暂不可用", _WAIT),
    "3": (NotFoundError, "there is no such API", "调用的 API 不存在", _NAME),
    "4": (RateLimitedError, "the cluster is at its limit", "集群超限额", _WAIT),
    "6": (PermissionDeniedError, "the application may not use this API", "无权限访问该接口", _MONEY),
    "13": (AuthError, "the service's own token could not be fetched", "获取服务 Token 失败", _KEYS),
    "14": (AuthError, "the signature was refused", "IAM 鉴权失败", _KEYS),
    "15": (AuthError, "the application does not exist or was not made yet", "应用不存在或创建失败", _KEYS),
    "17": (QuotaError, "the calls of the day are used up", "每天请求量超限额", _MONEY),
    "18": (RateLimitedError, "too many calls in a second", "QPS 超限额", _SLOWER),
    "19": (QuotaError, "all calls are used up", "请求总量超限额", _MONEY),
    "100": (AuthError, "the parameter access_token is missing or malformed", "access_token 参数无效", _KEYS),
    "110": (AuthError, "the access token is not valid", "Access Token 无效", _TOKEN),
    "111": (AuthError, "the access token has expired", "Access Token 已过期", _TOKEN),
    "336000": (ServerError, "an internal error", "服务内部错误", _WAIT),
    "336001": (InvalidRequestError, "the request's parameters are wrong", "入参格式错误", _FIELD),
    "336002": (InvalidRequestError, "the body is no valid JSON", "入参不是标准的 JSON 格式", _FIELD),
    "336003": (InvalidRequestError, "a parameter is not valid", "参数校验不合法", _FIELD),
    "336004": (PermissionDeniedError, "the account may not use this", "权限错误", _MONEY),
    "336005": (NotFoundError, "there is no such API name", "API 名称不存在", _NAME),
    "336100": (OverloadedError, "the servers are busy", "服务器负载过高", _WAIT),
    "336101": (InvalidRequestError, "the HTTP method is not allowed", "不支持的 HTTP 方法", _FIELD),
    "336103": (
        ContextTooLongError,
        "the prompt is too long",
        "prompt 超过限制",
        _Cure("Shorten the messages.", "请缩短 messages。"),
    ),
    "336104": (InvalidRequestError, "the system parameter is not valid", "system 参数不合法", _FIELD),
    "336105": (InvalidRequestError, "a setting of the user is not valid", "用户设置参数不合法", _FIELD),
    "336501": (RateLimitedError, "too many calls in a minute", "RPM 超限额", _SLOWER),
    "336502": (RateLimitedError, "too many tokens in a minute", "TPM 超限额", _SLOWER),
    "invalid_iam_token": (
        AuthError,
        "the key is wrong, or is one of the first version of the API",
        "密钥错误，或使用了 v1 接口的密钥",
        _Cure(
            "The second version takes a key that begins with bce-v3/, whole, with its slashes.",
            "v2 接口需要以 bce-v3/ 开头的完整密钥（含斜杠）。",
        ),
    ),
    "invalid_model": (
        NotFoundError,
        "there is no such model, or no right to it",
        "模型不存在",
        _NAME,
    ),
    "tokens_too_long": (
        ContextTooLongError,
        "the prompt has too many tokens",
        "输入 Token 过长",
        _Cure("Shorten the messages.", "请缩短 messages。"),
    ),
    "characters_too_long": (
        ContextTooLongError,
        "the prompt has too many characters",
        "输入字符过长",
        _Cure("Shorten the messages.", "请缩短 messages。"),
    ),
    "QUOTA_*": (QuotaError, "a quota is used up", "配额已用完", _MONEY),
    "unsafe_request": (
        ContentFilteredError,
        "the content breaks a rule",
        "内容未通过安全审核",
        _Cure("Change what is asked.", "请修改内容。"),
    ),
}

CODES = Codes(
    title="Baidu Qianfan",
    title_zh="百度千帆",
    sources=(
        "https://ai.baidu.com/ai-doc/WENXINWORKSHOP/tlmyncueh",
        "https://cloud.baidu.com/doc/qianfan-api/s/Om9b4yj3w",
    ),
    table={
        code: Code(
            kind=kind,
            means=means,
            means_zh=means_zh,
            cure=cure.en,
            cure_zh=cure.zh,
            retryable=True if code == "15" else None,
            renews=cure is _TOKEN,
        )
        for code, (kind, means, means_zh, cure) in _ROWS.items()
    },
)
