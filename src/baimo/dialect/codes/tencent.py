"""The errors of Tencent Cloud: those of every product, those of Hunyuan, and the numbers of TokenHub.

Read at https://www.tencentcloud.com/document/product/1284/75543 (native) and
https://cloud.tencent.com/document/product/1823/131595 (TokenHub), and in the package
tencentcloud-sdk-python-hunyuan 3.1.180, November 2026. Odd things: the native API's codes come with HTTP 200;
the part before a dot stands for all that are not listed; TokenHub's codes are digits in a string that begin
with a status, not always the one that is sent; 4000 and 4001 come inside a stream.
"""

from __future__ import annotations

from typing import NamedTuple

from baimo.errors import (
    AuthError,
    ContentFilteredError,
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
    """What to do, in both languages."""

    en: str
    zh: str


_WAIT = _Cure(
    "Try again a little later; where it goes on, report the request id to Tencent Cloud.",
    "请稍后重试；若持续出现，请带 RequestId 提交腾讯云工单。",
)
_SLOWER = _Cure(
    "Send fewer requests at once: by default an account has 5 calls at a time, shared by its sub-accounts.",
    "请降低并发与频率：每个主账号默认 5 个并发，子账号共享。",
)
_KEYS = _Cure(
    "Copy SecretId and SecretKey again from https://console.cloud.tencent.com/cam/capi: they belong "
    "together, and an API key (sk-…) is neither of them.",
    "请到 https://console.cloud.tencent.com/cam/capi 重新复制 SecretId 与 SecretKey："
    "两者成对使用，API Key（sk-…）不能代替。",
)
_SIGNING = _Cure(
    "Check that SecretKey belongs to SecretId, that body and Content-Type are sent exactly as they were "
    "signed, and that no proxy changes the host; `baimo ask --show` prints each step of the signature.",
    "请确认 SecretKey 与 SecretId 成对、发送的正文和 Content-Type 与签名时逐字节一致、"
    "代理没有改写主机名；`baimo ask --show` 会打印签名的每一步。",
)
_CLOCK = _Cure(
    "Set this machine's clock (by NTP): it may differ from the service's by five minutes at most.",
    "请校准本机时钟（建议使用 NTP）：与服务端相差不得超过 5 分钟。",
)
_RIGHTS = _Cure(
    "Have the main account give this user the rights for Hunyuan at https://console.cloud.tencent.com/cam.",
    "请由主账号在 https://console.cloud.tencent.com/cam 为该用户授予混元的访问权限。",
)
_REQUEST = _Cure(
    "Read the message: it names the field. Sending the same again cannot help.",
    "请按错误消息指出的字段修改请求；原样重发没有用。",
)
_ADDRESS = _Cure(
    "Check X-TC-Action, X-TC-Version (2023-09-01), X-TC-Region and the host, capitals included.",
    "请检查 X-TC-Action、X-TC-Version（2023-09-01）、X-TC-Region 与主机名，大小写须完全一致。",
)
_GONE = _Cure(
    "The old platform was announced to stop on 2026-09-30: use the endpoint `tokenhub` with an API key of "
    "TokenHub.",
    "旧平台已公告于 2026-09-30 停止服务：请改用 tokenhub 端点与 TokenHub 的 API Key。",
)
_MODEL = _Cure(
    "Check the model's name: the models of the old platform stopped in 2026, and TokenHub has names of its "
    "own (hy3-preview).",
    "请检查模型名：旧平台的模型已在 2026 年下线，TokenHub 使用新的模型名（如 hy3-preview）。",
)
_PAY = _Cure(
    "Buy a package or switch on pay-as-you-go in the console, or pay what is due.",
    "请在控制台购买资源包、开通后付费，或结清欠费。",
)
_SERVICE = _Cure(
    "Switch the service on in the console of the product.",
    "请到产品控制台开通服务。",
)
_IDENTITY = _Cure(
    "Finish the identity check of the account in the console's account centre.",
    "请在控制台的账号中心完成实名认证。",
)
_ACCOUNT = _Cure(
    "Use another account: this kind of account may not use the service.",
    "请更换账号：该类型的账号不能使用此服务。",
)
_CONTENT = _Cure(
    "Change the content: the service's check refuses it.",
    "请修改内容：未通过服务的内容审核。",
)
_PICTURE = _Cure(
    "Check the picture: that its address can be reached from the internet, its format and its size.",
    "请检查图片：地址须公网可访问，格式与大小须符合要求。",
)
_NETWORK = _Cure(
    "Ask whoever keeps the list of addresses of this account or resource.",
    "请联系维护账号或资源 IP 名单的管理员。",
)
_SMALLER = _Cure(
    "Make the request smaller, or ask for less at once.",
    "请减小请求，或减少一次请求的内容。",
)
_TOKEN = _Cure(
    "Fetch new temporary credentials: SecretId, SecretKey and token belong together and expire together.",
    "请重新获取临时密钥：SecretId、SecretKey 与 Token 须为同一组，并同时过期。",
)
_HUB_KEY = _Cure(
    "Copy the API key again from https://console.cloud.tencent.com/tokenhub: keys of the old Hunyuan "
    "platform and of the international site do not open it, and SecretId and SecretKey are no API key.",
    "请到 https://console.cloud.tencent.com/tokenhub 重新复制 API Key："
    "旧混元平台与国际站的密钥不能使用，SecretId / SecretKey 也不是 API Key。",
)
_HUB_PLAN = _Cure(
    "Look in the TokenHub console whether the model is switched on, and whether its free quota or your plan "
    "is used up.",
    "请在 TokenHub 控制台查看模型是否已开通、免费额度或套餐是否用完。",
)


def _no(kind: type[ProviderError], means: str, means_zh: str, cure: _Cure) -> Code:
    """A code after which trying again, unchanged, does not help."""
    return Code(kind=kind, means=means, means_zh=means_zh, cure=cure.en, cure_zh=cure.zh, retryable=False)


def _again(kind: type[ProviderError], means: str, means_zh: str, cure: _Cure = _WAIT) -> Code:
    """A code after which trying again, later, may help."""
    return Code(kind=kind, means=means, means_zh=means_zh, cure=cure.en, cure_zh=cure.zh, retryable=True)


_AUTH = {
    "AuthFailure": _no(AuthError, "the credential was not accepted", "鉴权失败", _SIGNING),
    "AuthFailure.InvalidAuthorization": _no(
        AuthError,
        "the Authorization header does not follow the form",
        "请求头 Authorization 不符合规范",
        _SIGNING,
    ),
    "AuthFailure.InvalidSecretId": _no(
        AuthError, "the SecretId is not one of the cloud's API", "密钥非法（不是云 API 密钥类型）", _KEYS
    ),
    "AuthFailure.MFAFailure": _no(
        AuthError,
        "the second factor was not confirmed",
        "MFA 校验失败",
        _Cure(
            "Confirm the second factor in the console, or use a key that needs none.",
            "请在控制台完成 MFA 校验，或使用无需 MFA 的密钥。",
        ),
    ),
    "AuthFailure.SecretIdNotFound": _no(
        AuthError, "there is no such SecretId, or it was switched off", "密钥不存在或已被禁用", _KEYS
    ),
    "AuthFailure.SignatureExpire": _no(
        AuthError,
        "the timestamp is more than five minutes off",
        "签名过期：时间戳与服务器时间相差超过五分钟",
        _CLOCK,
    ),
    "AuthFailure.SignatureFailure": _no(
        AuthError,
        "the signature is not what the service computes",
        "签名错误：与服务端计算结果不一致",
        _SIGNING,
    ),
    "AuthFailure.TokenFailure": _no(
        AuthError,
        "the token of a temporary credential is wrong or expired",
        "临时凭证的 Token 错误或已过期",
        _TOKEN,
    ),
    "AuthFailure.UnauthorizedOperation": _no(
        PermissionDeniedError, "the request has no rights in CAM", "请求未获得 CAM 授权", _RIGHTS
    ),
    "UnauthorizedOperation": _no(
        PermissionDeniedError, "the operation was not granted", "未授权操作", _RIGHTS
    ),
    "IpInBlacklist": _no(
        PermissionDeniedError, "the caller's address is blocked", "IP 地址在黑名单中", _NETWORK
    ),
    "IpNotInWhitelist": _no(
        PermissionDeniedError,
        "the caller's address is not among those allowed",
        "IP 地址不在白名单中",
        _NETWORK,
    ),
}

_GENERAL = {
    "ActionOffline": _no(NotFoundError, "the interface is offline", "接口已下线", _GONE),
    "DryRunOperation": _no(
        InvalidRequestError,
        "the request would have succeeded, but was only a dry run",
        "DryRun 操作：请求会成功，只是带了 DryRun 参数",
        _Cure("Leave DryRun out.", "请去掉 DryRun 参数。"),
    ),
    "FailedOperation": _no(ServerError, "the operation failed", "操作失败", _WAIT),
    "InternalError": _again(ServerError, "an internal error", "内部错误"),
    "InvalidAction": _no(NotFoundError, "there is no such interface", "接口不存在", _ADDRESS),
    "InvalidParameter": _no(
        InvalidRequestError,
        "a parameter is wrong in its form, type or place",
        "参数错误（格式、类型等）",
        _REQUEST,
    ),
    "InvalidParameterValue": _no(
        InvalidRequestError, "a parameter's value is wrong", "参数取值错误", _REQUEST
    ),
    "InvalidRequest": _no(
        InvalidRequestError, "the body's form does not hold with the request", "请求 body 格式错误", _REQUEST
    ),
    "LimitExceeded": _no(QuotaError, "a quota is exceeded", "超过配额限制", _PAY),
    "MissingParameter": _no(InvalidRequestError, "a parameter is missing", "缺少参数", _REQUEST),
    "NoSuchProduct": _no(NotFoundError, "there is no such product", "产品不存在", _ADDRESS),
    "NoSuchVersion": _no(
        NotFoundError, "there is no such version of the interface", "接口版本不存在", _ADDRESS
    ),
    "OperationDenied": _no(PermissionDeniedError, "the operation is denied", "操作被拒绝", _RIGHTS),
    "RequestLimitExceeded": _again(
        RateLimitedError, "more requests than are allowed in that time", "请求次数超过频率限制", _SLOWER
    ),
    "RequestLimitExceeded.GlobalRegionUinLimitExceeded": _again(
        RateLimitedError, "the main account sends too many requests", "主账号超过频率限制", _SLOWER
    ),
    "RequestLimitExceeded.IPLimitExceeded": _again(
        RateLimitedError, "this address sends too many requests", "IP 超过频率限制", _SLOWER
    ),
    "RequestLimitExceeded.UinLimitExceeded": _again(
        RateLimitedError, "the main account sends too many requests", "主账号限频", _SLOWER
    ),
    "RequestSizeLimitExceeded": _no(
        InvalidRequestError, "the request is too large", "请求包超过限制大小", _SMALLER
    ),
    "ResourceInUse": _again(OverloadedError, "the resource is in use", "资源被占用"),
    "ResourceInsufficient": _no(QuotaError, "not enough resources", "资源不足", _PAY),
    "ResourceNotFound": _no(NotFoundError, "there is no such resource", "资源不存在", _REQUEST),
    "ResourceUnavailable": _no(PermissionDeniedError, "the resource cannot be used", "资源不可用", _SERVICE),
    "ResponseSizeLimitExceeded": _no(
        InvalidRequestError, "the reply would be too large", "返回包超过限制大小", _SMALLER
    ),
    "ServiceUnavailable": _again(
        OverloadedError, "the service cannot be used at this moment", "当前服务暂时不可用"
    ),
    "UnknownParameter": _no(
        InvalidRequestError,
        "the interface does not know a parameter",
        "未知参数：传入了接口没有定义的参数",
        _REQUEST,
    ),
    "UnsupportedOperation": _no(
        InvalidRequestError, "the operation is not supported", "操作不支持", _REQUEST
    ),
    "UnsupportedProtocol": _no(
        InvalidRequestError,
        "neither GET nor POST over HTTP or HTTPS",
        "请求协议或方法错误，只支持 HTTP(S) 的 GET 与 POST",
        _REQUEST,
    ),
    "UnsupportedRegion": _no(
        InvalidRequestError, "the interface is not in that region", "接口不支持所传地域", _ADDRESS
    ),
}

_FAILED = {
    "FailedOperation.ConsoleServerError": _again(
        ServerError, "the console's server failed", "控制台服务异常"
    ),
    "FailedOperation.DownloadError": _no(
        InvalidRequestError, "a picture of a mark could not be fetched", "水印图下载失败", _PICTURE
    ),
    "FailedOperation.EngineRequestTimeout": _again(ServerError, "the engine took too long", "引擎层请求超时"),
    "FailedOperation.EngineServerError": _again(ServerError, "the engine failed", "引擎层内部错误"),
    "FailedOperation.EngineServerLimitExceeded": _again(
        OverloadedError, "the engine has more requests than it takes", "引擎层请求超过限额", _SLOWER
    ),
    "FailedOperation.FreeResourcePackExhausted": _no(
        QuotaError, "the free package is used up", "免费资源包余量已用尽", _PAY
    ),
    "FailedOperation.GenerateImageFailed": _no(
        ContentFilteredError, "the picture holds sensitive content", "图片包含敏感内容", _CONTENT
    ),
    "FailedOperation.ImageDecodeFailed": _no(
        InvalidRequestError, "a picture of a mark could not be read", "水印图解码失败", _PICTURE
    ),
    "FailedOperation.ImageDownloadError": _no(
        InvalidRequestError, "a picture could not be fetched", "图片下载失败", _PICTURE
    ),
    "FailedOperation.PartnerAccountUnSupport": _no(
        PermissionDeniedError,
        "a partner's account may not switch the service on",
        "合作伙伴账号不允许开通",
        _ACCOUNT,
    ),
    "FailedOperation.ResourcePackExhausted": _no(
        QuotaError, "the package is used up", "资源包余量已用尽", _PAY
    ),
    "FailedOperation.ServiceNotActivated": _no(
        PermissionDeniedError, "the service was never switched on", "服务未开通", _SERVICE
    ),
    "FailedOperation.ServiceStop": _no(
        PermissionDeniedError, "the user switched the service off", "用户主动停服", _SERVICE
    ),
    "FailedOperation.ServiceStopArrears": _no(
        QuotaError, "the service was stopped for want of payment", "欠费停服", _PAY
    ),
    "FailedOperation.SetPayModeExceed": _no(
        QuotaError,
        "the way of paying was changed too often this month",
        "后付费设置次数超过每月限制",
        _Cure("Wait for the next month.", "请等到下个月再设置。"),
    ),
    "FailedOperation.UserUnAuthError": _no(
        PermissionDeniedError, "the user's identity was not checked", "用户未实名认证", _IDENTITY
    ),
}

_HUNYUAN = {
    "InvalidParameter.ImageCountLimitExceededError": _no(
        InvalidRequestError, "too many pictures", "图片数量超限", _REQUEST
    ),
    "InvalidParameter.ImageProcessingFailureError": _no(
        InvalidRequestError, "a picture could not be worked on", "图片处理失败", _PICTURE
    ),
    "InvalidParameter.InvalidParameter": _no(
        InvalidRequestError, "a parameter is not allowed", "参数不合法", _REQUEST
    ),
    "InvalidParameterValue.ImageRequestError": _no(
        InvalidRequestError, "the request for a picture is wrong", "图片请求错误", _PICTURE
    ),
    "InvalidParameterValue.Model": _no(NotFoundError, "there is no such model", "模型不存在", _MODEL),
    "InvalidParameterValue.ParameterValueError": _no(
        InvalidRequestError, "a field or its value is wrong", "参数字段或者值有误", _REQUEST
    ),
    "OperationDenied.ImageIllegalDetected": _no(
        ContentFilteredError, "a picture may hold sensitive content", "图片可能包含敏感信息", _CONTENT
    ),
    "OperationDenied.TextIllegalDetected": _no(
        ContentFilteredError,
        "the text breaks the law or the rules",
        "文本包含违法违规信息，审核不通过",
        _CONTENT,
    ),
    "ResourceInsufficient.ChargeResourceExhaust": _no(
        QuotaError, "what was paid for is used up", "计费资源已耗尽", _PAY
    ),
    "ResourceUnavailable.InArrears": _no(QuotaError, "the account is in arrears", "账号已欠费", _PAY),
    "ResourceUnavailable.LowBalance": _no(QuotaError, "the balance is too low", "余额不足", _PAY),
    "ResourceUnavailable.NotExist": _no(
        PermissionDeniedError,
        "nothing is known of its billing: was it switched on?",
        "计费状态未知",
        _SERVICE,
    ),
    "ResourceUnavailable.StopUsing": _no(
        PermissionDeniedError, "the account's service was stopped", "账号已停服", _PAY
    ),
    "4000": _again(ServerError, "the service failed in mid-stream", "流式输出过程中服务内部错误"),
    "4001": _again(ServerError, "the model took too long in mid-stream", "流式输出过程中模型请求超时"),
}

_TOKENHUB = {
    "400001": _no(InvalidRequestError, "the request is wrong", "请求错误", _REQUEST),
    "400002": _no(InvalidRequestError, "the request is wrong", "请求错误", _REQUEST),
    "400004": _no(InvalidRequestError, "the request is wrong", "请求错误", _REQUEST),
    "401002": _no(AuthError, "the API key is wrong", "API Key 无效", _HUB_KEY),
    "401007": _no(
        QuotaError,
        "the model's free quota or the plan is used up, or it is not on",
        "额度或套餐用尽，或模型未开通",
        _HUB_PLAN,
    ),
    "401008": _no(
        QuotaError,
        "the model's free quota or the plan is used up, or it is not on",
        "额度或套餐用尽，或模型未开通",
        _HUB_PLAN,
    ),
    "403001": _no(PermissionDeniedError, "this key may not do that", "没有权限", _HUB_PLAN),
    "403002": _no(PermissionDeniedError, "this key may not do that", "没有权限", _HUB_PLAN),
    "403004": _no(
        QuotaError,
        "the model's free quota or the plan is used up, or it is not on",
        "额度或套餐用尽，或模型未开通",
        _HUB_PLAN,
    ),
    "403005": _no(PermissionDeniedError, "this key may not do that", "没有权限", _HUB_PLAN),
    "429001": _again(RateLimitedError, "too many requests or tokens in that time", "超过频率限制", _SLOWER),
    "451001": _no(ContentFilteredError, "the check of content refuses it", "未通过内容审核", _CONTENT),
    "502001": _again(ServerError, "whoever serves the model failed", "上游服务错误"),
}

CODES = Codes(
    title="Tencent Cloud: Hunyuan and TokenHub",
    title_zh="腾讯云：混元与 TokenHub",
    sources=(
        "https://www.tencentcloud.com/document/product/1284/75543",
        "https://cloud.tencent.com/document/product/1823/131595",
        "tencentcloud-sdk-python-hunyuan 3.1.180",
    ),
    table={**_AUTH, **_GENERAL, **_FAILED, **_HUNYUAN, **_TOKENHUB},
)
