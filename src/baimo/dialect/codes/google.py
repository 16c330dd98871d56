"""What Google's Gemini API and Vertex AI say no with: a status as a word, and in the details a reason.

Read at https://ai.google.dev/gemini-api/docs/troubleshooting and in
https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/api-errors, and seen in recorded
traffic, November 2026. A few that have no code of their own go by words of ours; the dialect finds them.
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

_KEYS = {
    "API_KEY_INVALID": Code(
        kind=AuthError,
        means="the API key is not one that Google knows; it comes with HTTP status 400",
        means_zh="API 密钥无效（以 HTTP 状态 400 返回）",
        cure="Make or copy a key at https://aistudio.google.com/apikey and set GEMINI_API_KEY.",
        cure_zh="请在 https://aistudio.google.com/apikey 创建或复制密钥，并设置 GEMINI_API_KEY。",
    ),
    "API_KEY_SERVICE_BLOCKED": Code(
        kind=PermissionDeniedError,
        means="the API key is restricted to other services",
        means_zh="该 API 密钥被限制用于其他服务",
        cure="Allow the Generative Language API among the key's restrictions in the Google Cloud console.",
        cure_zh="请在 Google Cloud 控制台的密钥限制中允许 Generative Language API。",
    ),
    "API_KEY_HTTP_REFERRER_BLOCKED": Code(
        kind=PermissionDeniedError,
        means="the API key is restricted to some web sites",
        means_zh="该 API 密钥仅限特定网站使用",
        cure="Use a key without that restriction on servers.",
        cure_zh="服务器端请使用没有网站限制的密钥。",
    ),
    "API_KEY_IP_ADDRESS_BLOCKED": Code(
        kind=PermissionDeniedError,
        means="the API key is restricted to other IP addresses",
        means_zh="该 API 密钥仅限其他 IP 地址使用",
        cure="Add this machine's public address to the key's restrictions.",
        cure_zh="请把本机公网地址加入密钥限制。",
    ),
    "CREDENTIALS_MISSING": Code(
        kind=AuthError,
        means="the service takes no API key here, but an access token of a project",
        means_zh="此接口不接受 API 密钥，需要项目的访问令牌",
        cure=(
            "Give Vertex AI a service account's key file (service_account), or an access token "
            "(`gcloud auth print-access-token`)."
        ),
        cure_zh="请使用服务账号密钥文件（service_account）或访问令牌。",
    ),
    "ACCESS_TOKEN_EXPIRED": Code(
        kind=AuthError,
        means="the access token has ended",
        means_zh="访问令牌已过期",
        cure="Access tokens live for an hour; a service account's key file has them renewed by itself.",
        cure_zh="访问令牌有效期为一小时；使用服务账号密钥文件可自动续期。",
        renews=True,
    ),
    "ACCESS_TOKEN_TYPE_UNSUPPORTED": Code(
        kind=AuthError,
        means="what was sent as an access token is none, such as an API key or a token of identity",
        means_zh="所发送的并不是访问令牌（例如 API 密钥或身份令牌）",
        cure="Send an OAuth access token: `gcloud auth print-access-token` prints one.",
        cure_zh="请发送 OAuth 访问令牌：gcloud auth print-access-token 可输出。",
    ),
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": Code(
        kind=PermissionDeniedError,
        means="the access token was made for other services",
        means_zh="访问令牌的权限范围不足",
        cure="Make it with the scope https://www.googleapis.com/auth/cloud-platform.",
        cure_zh="生成令牌时请使用 https://www.googleapis.com/auth/cloud-platform 权限范围。",
    ),
    "UNAUTHENTICATED": Code(
        kind=AuthError,
        means="the credential is missing, wrong or has ended",
        means_zh="凭证缺失、错误或已过期",
        cure="Check the key, or have a new access token made.",
        cure_zh="请检查密钥，或重新获取访问令牌。",
        renews=True,
    ),
}

_RIGHTS = {
    "SERVICE_DISABLED": Code(
        kind=PermissionDeniedError,
        means="the API is not switched on in the project of the credential",
        means_zh="该项目未启用此 API",
        cure="Switch it on: the message holds the address in the console. It takes a few minutes.",
        cure_zh="请启用该 API：错误信息中含控制台地址，启用后需等待几分钟。",
    ),
    "BILLING_DISABLED": Code(
        kind=QuotaError,
        means="the project has no account to bill",
        means_zh="该项目未开通结算",
        cure="Link the project to a billing account in the Google Cloud console.",
        cure_zh="请在 Google Cloud 控制台为项目关联结算账号。",
    ),
    "CONSUMER_SUSPENDED": Code(
        kind=PermissionDeniedError,
        means="the project of the key is suspended",
        means_zh="该密钥所属项目已被停用",
        cure="See the console's messages, or use a key of another project.",
        cure_zh="请查看控制台消息，或换用其他项目的密钥。",
    ),
    "IAM_PERMISSION_DENIED": Code(
        kind=PermissionDeniedError,
        means="the account may not call models in that project",
        means_zh="该账号在此项目中没有调用模型的权限",
        cure="Give it the role Vertex AI User (roles/aiplatform.user), and check the project's id.",
        cure_zh="请授予 Vertex AI User（roles/aiplatform.user）角色，并核对项目 ID。",
    ),
    "PERMISSION_DENIED": Code(
        kind=PermissionDeniedError,
        means="the credential may not do this, or a key was reported as leaked",
        means_zh="凭证无权执行此操作，或密钥已被报告泄露",
        cure="Check project, restrictions of the key and terms of the model; a leaked key must be replaced.",
        cure_zh="请检查项目、密钥限制与模型条款；泄露的密钥必须更换。",
    ),
}

_REQUESTS = {
    "INVALID_ARGUMENT": Code(
        kind=InvalidRequestError,
        means="a field of the request is wrong, or the model does not know it",
        means_zh="请求中有字段错误，或该模型不支持",
        cure="The message names the field.",
        cure_zh="错误信息会指出字段。",
    ),
    "context_too_long": Code(
        kind=ContextTooLongError,
        means="the prompt has more tokens than the model can read",
        means_zh="输入 token 数超过模型上限",
        cure="Send less, or take a model with a longer context.",
        cure_zh="请缩短输入，或换用上下文更长的模型。",
    ),
    "missing_signature": Code(
        kind=InvalidRequestError,
        means="an earlier call of a function lacks its signature of thoughts, or has a wrong one",
        means_zh="之前的函数调用未带回思考签名（thoughtSignature），或签名有误",
        cure=(
            "Send the model's message back as it came (`r.message`): its parts hold them. For calls "
            "that another model made, a stand-in is sent for Gemini 3."
        ),
        cure_zh="请原样传回模型的消息（r.message），其中含签名；其他模型的调用会自动补占位签名。",
    ),
    "FAILED_PRECONDITION": Code(
        kind=InvalidRequestError,
        means="the free tier is not offered in this country, or the request cannot be done now",
        means_zh="当前国家或地区不提供免费层，或请求暂不可执行",
        cure="Switch on billing for the project; the message tells more.",
        cure_zh="请为项目开通结算；详见错误信息。",
    ),
    "OUT_OF_RANGE": Code(
        kind=InvalidRequestError,
        means="a value is outside of its range",
        means_zh="参数值超出范围",
        cure="The message names it.",
        cure_zh="错误信息会指出该参数。",
    ),
    "NOT_FOUND": Code(
        kind=NotFoundError,
        means="no such model in this version of the API or this location, or no such file or cache",
        means_zh="此 API 版本或地区没有该模型，或文件、缓存不存在",
        cure='`baimo models gemini --live` lists what a key may use; on Vertex AI try location = "global".',
        cure_zh='baimo models gemini --live 可列出可用模型；Vertex AI 可尝试 location = "global"。',
    ),
    "UNIMPLEMENTED": Code(
        kind=InvalidRequestError,
        means="the service or the model cannot do this operation",
        means_zh="该服务或模型不支持此操作",
        cure="Take a model that can: the list of models names its methods.",
        cure_zh="请换用支持该操作的模型：模型列表会列出其方法。",
    ),
}

_LIMITS = {
    "RESOURCE_EXHAUSTED": Code(
        kind=RateLimitedError,
        means="too many requests or tokens in a minute, or on Vertex AI no capacity that is left to share",
        means_zh="每分钟请求数或 token 数超限；Vertex AI 上也可能是共享容量不足",
        cure="Wait as long as the reply says; a paid tier, or the global location of Vertex AI, has more.",
        cure_zh="请按返回的时间等待；付费层级或 Vertex AI 的 global 位置配额更高。",
    ),
    "daily_quota": Code(
        kind=QuotaError,
        means="the quota of the day is used up",
        means_zh="当日配额已用完",
        cure="It is new at midnight, Pacific time; a paid tier or another project has its own.",
        cure_zh="太平洋时间零点重置；付费层级或其他项目有各自的配额。",
    ),
    "no_quota": Code(
        kind=QuotaError,
        means="the tier of the key has no quota for this model at all",
        means_zh="该密钥的层级对此模型没有配额",
        cure="Switch on billing for the project, or take a model that the free tier has.",
        cure_zh="请为项目开通结算，或换用免费层可用的模型。",
    ),
}

_SERVICE = {
    "UNAVAILABLE": Code(
        kind=OverloadedError,
        means="the model is overloaded or down for the moment",
        means_zh="模型过载或暂时不可用",
        cure="Try again later, or take another model for the moment.",
        cure_zh="稍后重试，或暂时换用其他模型。",
    ),
    "INTERNAL": Code(
        kind=ServerError,
        means="an error in the service; a very long prompt can cause it",
        means_zh="服务内部错误，有时由过长的输入引起",
        cure="Try again; if it stays, send less or take another model.",
        cure_zh="请重试；若持续出现，请缩短输入或换用其他模型。",
    ),
    "DEADLINE_EXCEEDED": Code(
        kind=ServerError,
        means="the service did not finish in its own time, mostly for a long prompt",
        means_zh="服务未能在时限内完成，多因输入过长",
        cure="Stream the answer, send less, or think less.",
        cure_zh="请使用流式输出、缩短输入或降低思考量。",
    ),
    "CANCELLED": Code(
        kind=ServerError,
        means="the call was cancelled on the way",
        means_zh="请求中途被取消",
        cure="Try again.",
        cure_zh="请重试。",
    ),
    "ABORTED": Code(
        kind=ServerError,
        means="the service gave the request up",
        means_zh="服务中止了请求",
        cure="Try again.",
        cure_zh="请重试。",
    ),
}

CODES = Codes(
    title="Google Gemini and Vertex AI",
    title_zh="谷歌 Gemini 与 Vertex AI",
    sources=(
        "https://ai.google.dev/gemini-api/docs/troubleshooting",
        "https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/api-errors",
    ),
    table={**_KEYS, **_RIGHTS, **_REQUESTS, **_LIMITS, **_SERVICE},
)
