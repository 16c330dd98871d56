"""The errors of Huawei Cloud: Pangu, the gateway before it (APIG, APIGW), IAM and ModelArts MaaS.

Read at the sources named in `CODES`, November 2026. Odd things: one number may come with the prefix APIG or
APIGW; `APIG.0301` stands for an expired token as well as for a wrong signature, only its words tell which;
a body has one of four forms, and the code in it may be a number.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from baimo.dialect import status
from baimo.dialect.jsontext import decode
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
    WireError,
)
from baimo.wire.http import WireHead

from . import Code, Codes

_MAX_TEXT = 4096
"""Characters of a refusal that an error keeps."""


_MAX_DEPTH = 8


class Told(NamedTuple):
    """What a body says about its error."""

    code: str | None
    message: str | None
    request_id: str | None


def read(body: Any, *, depth: int = 0) -> Told:
    """The error in a decoded body: `error_code` with `error_msg`, `errorCode` with `errorMsg`, `code` with
    `message`, or one of these inside a nested object.
    """
    if not isinstance(body, dict) or depth > _MAX_DEPTH:
        return Told(None, None, None)
    trace = _text(body.get("request_id"))
    for name, words in _PAIRS:
        if name in body and words in body:
            return Told(_text(body[name]), _text(body[words]), trace)
    found = Told(None, None, trace)
    for value in body.values():
        inner = read(value, depth=depth + 1)
        if inner.code or inner.message:
            found = Told(inner.code, inner.message, trace or inner.request_id)
    if found.code or found.message:
        return found
    for name, words in _PAIRS:
        if body.get(name) or body.get(words):
            return Told(_text(body.get(name)), _text(body.get(words)), trace)
    return found


_PAIRS = (("error_code", "error_msg"), ("errorCode", "errorMsg"), ("code", "message"))


def refusal(head: WireHead, body: bytes, *, service: str = "") -> ProviderError:
    """The error that a reply means. `service`: whose statuses are codes of their own, as IAM's."""
    try:
        told = read(decode(body.strip())) if body.strip() else Told(None, None, None)
    except WireError:
        told = Told(None, None, None)
    return refused(told, head, body, service=service)


def refused(told: Told, head: WireHead, body: bytes, *, service: str = "") -> ProviderError:
    """The error for what a body told."""
    failed = _failed(head, told)
    text = told.message or _page(head, body)
    code = CODES.find(told.code) or (CODES.find(f"{service}.{failed}") if service else None)
    kind = code.kind if code is not None else status.classify(failed, message=text, codes={})
    retryable = status.is_retryable(kind, failed) if code is None else code.retryable
    return kind(
        text[:_MAX_TEXT],
        status=head.status,
        provider_code=told.code,
        body=body[: _MAX_TEXT * 4].decode("utf-8", "replace")[:_MAX_TEXT],
        retryable=retryable,
        request_id=status.request_id(head) or told.request_id,
        retry_after=_wait(kind, head, text),
        hint=_cure(code, text),
    )


def _failed(head: WireHead, told: Told) -> int:
    """The status that tells of the failure: the head's, else one in the body."""
    if head.status >= 300:
        return head.status
    inside = int(told.code) if told.code and told.code.isdecimal() else 0
    return inside if 400 <= inside < 600 else 500


def _wait(kind: type[ProviderError], head: WireHead, text: str) -> float | None:
    if kind not in (RateLimitedError, OverloadedError) or head.get(b"retry-after"):
        return None
    return status.wait_in_words(text)


def _cure(code: Code | None, text: str) -> str | None:
    """What to do; the gateway's words say more than its number."""
    if code is None:
        return None
    if code is CODES.table["APIG.0301"]:
        low = text.lower()
        for words, cure in _CURES_OF_0301:
            if words in low:
                return cure
    return code.cure


_CLOCK = "This computer's clock is off: more than 15 minutes are refused. Set it, then try again."

_CURES_OF_0301 = (
    ("signature expired", f"{_CLOCK} A temporary key may have ended, too."),
    (
        "reach the limit",
        "The access key is locked for five minutes after five wrong signatures in a row. Wait, and check "
        "both "
        "halves of the key before the next call.",
    ),
    (
        "secretkey failed",
        "There is no such access key (AK): was it deleted, or does it belong to another account or cloud?",
    ),
    (
        "aksk",
        "The secret key does not belong to the access key, or something between here and there changed the "
        "request; check both halves of the key, and that it is not disabled. It was not tried again: five "
        "wrong signatures in a row lock the access key for five minutes.",
    ),
    ("token not found", "No X-Auth-Token arrived; a proxy may have taken it out."),
)


def _page(head: WireHead, body: bytes) -> str:
    text = body[:800].decode("utf-8", "replace").strip()
    if head.media_type == "text/html" or text.startswith("<"):
        return f"HTTP status {head.status} with a page of {head.media_type or 'unknown type'}"
    return text or f"HTTP status {head.status} without a reason"


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value.strip() or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _code(
    kind: type[ProviderError],
    means: tuple[str, str],
    cure: tuple[str, str],
    *,
    retryable: bool | None = None,
    renews: bool = False,
) -> Code:
    return Code(
        kind=kind,
        means=means[0],
        means_zh=means[1],
        cure=cure[0],
        cure_zh=cure[1],
        retryable=retryable,
        renews=renews,
    )


_FIX_REQUEST = (
    "Compare the request with the model's page in the console; sending it again cannot help.",
    "请对照控制台中该模型的接口说明修改请求；原样重发没有用。",
)
_LATER = (
    "Try again after a moment; if it goes on, open a ticket with the request id.",
    "请稍后重试；若持续出现，请携带请求 ID 提交工单。",
)
_SLOWER = (
    "Send fewer requests at a time, or have the limit raised in the console.",
    "请降低请求频率，或在控制台申请提高限额。",
)
_SHORTER = (
    "Lower max_tokens or shorten the messages: the model's page in the console names its limits.",
    "请减小 max_tokens 或缩短消息；上限见控制台中该模型的说明。",
)

_PANGU = {
    "PANGU.0001": _code(
        ServerError,
        ("an unknown error happened", "未知错误"),
        (
            "Try once more; if it comes again, open a ticket with the request id.",
            "请再试一次；若仍出现，请携带请求 ID 提交工单。",
        ),
    ),
    "PANGU.0010": _code(InvalidRequestError, ("a parameter is illegal", "参数非法"), _FIX_REQUEST),
    "PANGU.0011": _code(
        AuthError,
        ("the authentication failed", "鉴权失败"),
        (
            "Check the credential: a token must be bound to the project of the deployment, a key must "
            "belong to "
            "the account that holds it.",
            "请检查凭据：Token 须绑定部署所在的项目，密钥须属于持有该部署的账号。",
        ),
    ),
    "PANGU.0012": _code(
        AuthError,
        ("the authentication information is missing", "缺少鉴权信息"),
        (
            "Set a credential: access_key and secret_key, an IAM user, or the API key of the console.",
            "请设置凭据：access_key 与 secret_key、IAM 用户，或控制台中的 API Key。",
        ),
    ),
    "PANGU.0031": _code(ServerError, ("an inner service failed", "内部服务异常"), _LATER),
    "PANGU.3254": _code(
        NotFoundError,
        ("the resource does not exist: the project or the deployment", "资源不存在：项目或部署有误"),
        (
            "The model's name is the deployment id that the console shows under the deployed model; "
            "project_id "
            "must be that of the region it runs in.",
            "模型名应填控制台中已部署模型的部署 ID；project_id 须是其所在区域的项目 ID。",
        ),
    ),
    "PANGU.3259": _code(
        NotFoundError,
        ("the service is not running or was deleted", "服务未运行或已被删除"),
        (
            "Start the deployment in the console, or use another deployment id.",
            "请在控制台启动该部署，或换用其他部署 ID。",
        ),
    ),
    "PANGU.3267": _code(
        RateLimitedError, ("the requests per second exceed the limit", "QPS 超出限制"), _SLOWER
    ),
    "PANGU.3278": _code(
        InvalidRequestError, ("a required parameter is missing", "缺少必填参数"), _FIX_REQUEST
    ),
    "PANGU.3305": _code(
        ServerError,
        ("the tokens could not be counted", "Token 计数失败"),
        (
            "Try once more; if it comes again, open a ticket with the request id.",
            "请再试一次；若仍出现，请携带请求 ID 提交工单。",
        ),
    ),
    "PANGU.3307": _code(
        PermissionDeniedError,
        ("the account has not opened this API", "账号未开通该 API"),
        ("Open the service in the Pangu console first.", "请先在盘古控制台开通该服务。"),
    ),
    "PANGU.3308": _code(
        InvalidRequestError,
        ("the API does not match the model", "API 与模型不匹配"),
        (
            "Use the address that the console shows for this deployment: not every model takes chat.",
            "请使用控制台为该部署显示的调用路径；并非每个模型都支持对话接口。",
        ),
    ),
    "PANGU.3315": _code(
        PermissionDeniedError,
        ("the model's instance is not public", "模型实例未公开"),
        ("Call it with a credential of the account that owns it.", "请使用拥有该实例的账号的凭据调用。"),
    ),
    "PANGU.3316": _code(
        PermissionDeniedError,
        ("an agency could not be made", "创建委托失败"),
        (
            "Have an administrator of the account grant the rights to make agencies (console: IAM > "
            "Agencies).",
            "请让账号管理员授予创建委托的权限（控制台：统一身份认证 > 委托）。",
        ),
    ),
    "PANGU.3317": _code(InvalidRequestError, ("max_tokens is illegal", "max_tokens 取值非法"), _SHORTER),
    "PANGU.3318": _code(ContextTooLongError, ("the content is too long", "内容总长度非法"), _SHORTER),
}

_GATEWAY = {
    "APIG.0101": _code(
        NotFoundError,
        ("there is no such API, or it is not published", "API 不存在或未发布"),
        (
            "Check base_url, region and path: take the address from the console.",
            "请检查 base_url、区域与路径，以控制台显示的调用地址为准。",
        ),
    ),
    "APIG.0201": _code(ServerError, ("the service behind the gateway timed out", "后端服务超时"), _LATER),
    "APIG.0203": _code(ServerError, ("the service behind the gateway timed out", "后端服务超时"), _LATER),
    "APIG.0301": _code(
        AuthError,
        (
            "the IAM authentication is incorrect: the words behind it tell whether a token or a signature",
            "IAM 鉴权信息有误：随后的文字说明是 Token 还是签名的问题",
        ),
        (
            "For a token: it has ended or is cut off, and a new one is fetched once. For a signature "
            "(verify aksk "
            "signature fail): check both halves of the key and this computer's clock; five wrong signatures "
            "in a "
            "row lock the access key for five minutes.",
            "若为 Token：已过期或不完整，会自动重新获取一次。若为签名（verify aksk signature fail）：请核对 "
            "AK/SK "
            "与本机时间；连续五次签名错误会锁定该 AK 五分钟。",
        ),
        renews=True,
    ),
    "APIG.0302": _code(
        PermissionDeniedError,
        ("the IAM user may not call this API", "该 IAM 用户无权调用此 API"),
        (
            "Have an administrator of the account grant the IAM user the rights of the service.",
            "请让账号管理员为该 IAM 用户授予此服务的权限。",
        ),
    ),
    "APIG.0303": _code(
        AuthError,
        ("the authentication as an app is incorrect", "APP 鉴权信息有误"),
        (
            "Check app_code: it is the API key that the Pangu console shows for this deployment.",
            "请检查 app_code：应为盘古控制台为该部署显示的 API Key（AppCode）。",
        ),
    ),
    "APIG.0307": _code(
        AuthError,
        ("the token must be updated", "Token 需要更新"),
        (
            "A new token is fetched once. If it comes again: the IAM user's password or rights were "
            "changed, or "
            "the token belongs to another region.",
            "会自动重新获取一次 Token。若仍出现：IAM 用户的密码或权限已变更，或 Token 属于其他区域。",
        ),
        renews=True,
    ),
    "APIG.0308": _code(
        RateLimitedError, ("the throttling threshold was reached", "达到流量控制阈值"), _SLOWER
    ),
}

_IAM = {
    "IAM.401": _code(
        AuthError,
        ("the user name or password is wrong", "用户名或密码错误"),
        (
            "iam_user is an IAM user of the account, iam_password that user's password, iam_domain the "
            "account's "
            "name. A HUAWEI ID gets no token: make an IAM user (console: IAM > Users). AK and SK are no "
            "user name "
            "and password.",
            "iam_user 为账号下的 IAM 用户名，iam_password 为其密码，iam_domain 为账号名。华为账号（HUAWEI "
            "ID）"
            "不能获取 Token，请创建 IAM 用户（控制台：统一身份认证 > 用户）。AK/SK 不是用户名和密码。",
        ),
    ),
    "IAM.403": _code(
        PermissionDeniedError,
        ("the user has no right to do this", "没有权限"),
        (
            "Have an administrator grant programmatic access and the rights of the project to the IAM user.",
            "请让管理员为该 IAM 用户授予编程访问方式及该项目的权限。",
        ),
    ),
    "IAM.429": _code(
        RateLimitedError,
        ("too many requests", "请求过于频繁"),
        (
            "Fetch one token and use it until it ends, as Baimo does within one client.",
            "请获取一个 Token 后一直使用到过期；Baimo 的同一个客户端即如此。",
        ),
    ),
}

_PLAN = (
    "Look at the plan of the key in the MaaS console: what it covers, and until when.",
    "请在 MaaS 控制台查看该密钥所属套餐的范围与有效期。",
)
_MAAS_KEY = (
    "Set the API key of ModelArts MaaS made in the same region (console: ModelArts Studio > API keys); "
    "AK/SK and "
    "keys of other regions do not open it.",
    "请设置在同一区域创建的 ModelArts MaaS API Key（控制台：ModelArts Studio > API Key 管理）；AK/SK 与其他"
    "区域的"
    "密钥无效。",
)
_WORDS = ("Change what the messages say; sending them again cannot help.", "请修改消息内容；原样重发没有用。")

_MAAS = {
    "ModelArts.81001": _code(
        InvalidRequestError, ("the request's body is malformed", "请求体格式错误"), _FIX_REQUEST
    ),
    "ModelArts.81002": _code(
        AuthError,
        ("the Authorization header is missing or malformed", "缺少 Authorization 或其格式错误"),
        _MAAS_KEY,
    ),
    "ModelArts.81003": _code(AuthError, ("the API key is wrong", "API Key 错误"), _MAAS_KEY),
    "ModelArts.81004": _code(
        PermissionDeniedError,
        ("the service is not subscribed", "未开通服务"),
        ("Open the model's service in the MaaS console.", "请在 MaaS 控制台开通该模型服务。"),
    ),
    "ModelArts.81005": _code(
        QuotaError,
        ("the free quota is used up", "免费额度已用完"),
        (
            "Open the paid service of the model in the MaaS console, or use another model.",
            "请在 MaaS 控制台开通该模型的付费服务，或换用其他模型。",
        ),
    ),
    "ModelArts.81006": _code(
        PermissionDeniedError,
        ("the account or the service is frozen", "账号或服务已冻结"),
        ("Settle what is owed in the billing centre.", "请到费用中心结清欠费。"),
    ),
    "ModelArts.81009": _code(
        NotFoundError,
        ("the model is invalid", "模型无效"),
        (
            "Use the model's name as the MaaS console shows it for this region.",
            "请使用 MaaS 控制台在该区域显示的模型名称。",
        ),
    ),
    "ModelArts.81011": _code(
        ContentFilteredError, ("the content is refused by policy", "内容未通过审核"), _WORDS
    ),
    "ModelArts.81013": _code(
        ContentFilteredError, ("the check of the content refused it", "内容检查未通过"), _WORDS
    ),
    "ModelArts.81015": _code(
        PermissionDeniedError,
        ("the caller is not on the allow-list", "不在白名单中"),
        (
            "Add the caller in the MaaS console, or use a key without an allow-list.",
            "请在 MaaS 控制台将调用方加入白名单，或换用未限制的密钥。",
        ),
    ),
    "ModelArts.81019": _code(
        PermissionDeniedError, ("the plan does not allow this call", "套餐不支持该调用"), _PLAN
    ),
    "ModelArts.81021": _code(
        PermissionDeniedError, ("the plan does not allow this call", "套餐不支持该调用"), _PLAN
    ),
    "ModelArts.81022": _code(
        PermissionDeniedError, ("the plan does not allow this call", "套餐不支持该调用"), _PLAN
    ),
    "ModelArts.81023": _code(
        PermissionDeniedError, ("the plan does not allow this call", "套餐不支持该调用"), _PLAN
    ),
    "ModelArts.81101": _code(RateLimitedError, ("too many requests per minute", "每分钟请求数超限"), _SLOWER),
    "ModelArts.81103": _code(
        RateLimitedError, ("too many tokens per minute", "每分钟 Token 数超限"), _SLOWER
    ),
    "ModelArts.81118": _code(
        InvalidRequestError,
        ("an image has a size that is not allowed", "图片尺寸不符合要求"),
        ("Send a smaller image.", "请发送更小的图片。"),
    ),
    "ModelArts.4203": _code(OverloadedError, ("the service is not available", "服务不可用"), _LATER),
    "ModelArts.4207": _code(
        QuotaError,
        ("the free quota is used up", "免费额度已用完"),
        (
            "Open the paid service of the model in the MaaS console, or use another model.",
            "请在 MaaS 控制台开通该模型的付费服务，或换用其他模型。",
        ),
    ),
    "ModelArts.4302": _code(
        NotFoundError,
        ("the service was stopped", "服务已停止"),
        ("Start it in the console, or use another model.", "请在控制台启动该服务，或换用其他模型。"),
    ),
    "ModelArts.4905": _code(AuthError, ("the API key is wrong", "API Key 错误"), _MAAS_KEY),
}

CODES = Codes(
    title="Huawei Cloud (Pangu, API gateway, IAM, MaaS)",
    title_zh="华为云（盘古、API 网关、IAM、MaaS）",
    sources=(
        "https://support.huaweicloud.com/api-pangulm/pangulm_05_0009.html",
        "https://support.huaweicloud.com/api-iam/iam_30_0001.html",
        "https://support.huaweicloud.com/ocr_faq/ocr_01_0063.html",
        "https://support.huaweicloud.com/devg-apisign/api-sign-0001.html",
        "https://support.huaweicloud.com/model-call-maas/model-call-035.html",
        "huaweicloudsdkcore 3.1.219 (Python SDK)",
    ),
    table={
        **_PANGU,
        **_GATEWAY,
        **{code.replace("APIG.", "APIGW."): entry for code, entry in _GATEWAY.items()},
        **_IAM,
        **_MAAS,
    },
)
