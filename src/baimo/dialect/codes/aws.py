"""What Amazon Bedrock says no with: the name of an exception, and words.

Read in the service model of botocore 1.44.8 (bedrock-runtime, 2023-09-30) and at
https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html, November 2026. One
name stands for many things, `ValidationException` above all: words that are worth telling apart have a key of
ours behind a dot, which the dialect finds.
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
    QuotaError,
    RateLimitedError,
    ServerError,
)

from . import Code, Codes

_REQUEST = {
    "ValidationException": Code(
        kind=InvalidRequestError,
        means="a field of the request does not fit the model or the operation",
        means_zh="请求中的某个字段不符合该模型或接口的要求",
        cure="The message names the field. Not every model takes every field of Converse.",
        cure_zh="错误信息会指出字段。并非每个模型都支持 Converse 的所有字段。",
    ),
    "ValidationException.TooLong": Code(
        kind=ContextTooLongError,
        means="the prompt, or prompt and answer together, are longer than the model's context",
        means_zh="提示词（或提示词加回答）超过模型的上下文长度",
        cure="Send a shorter conversation, or lower max_tokens.",
        cure_zh="缩短对话，或调小 max_tokens。",
    ),
    "ValidationException.InferenceProfile": Code(
        kind=InvalidRequestError,
        means="the model is served through an inference profile only",
        means_zh="该模型只能通过推理配置文件（inference profile）调用",
        cure="Name the profile in place of the model: us.anthropic.…, eu.amazon.…, global.…, or its ARN.",
        cure_zh="用推理配置文件名代替模型名：us.anthropic.…、eu.amazon.…、global.…，或其 ARN。",
    ),
    "ValidationException.Model": Code(
        kind=NotFoundError,
        means="the region has no model or profile of that id",
        means_zh="该区域没有这个模型或推理配置文件",
        cure="Look the id up in the Bedrock console of the same region; ids hold a version, such as -v1:0.",
        cure_zh="请在同一区域的 Bedrock 控制台核对模型 ID；ID 含版本号，如 -v1:0。",
    ),
    "ValidationException.ToolConfig": Code(
        kind=InvalidRequestError,
        means="the conversation has calls of tools, but the request offers no tools",
        means_zh="对话中有工具调用，但请求没有提供工具",
        cure="Offer the same tools again with every request of the conversation.",
        cure_zh="同一对话的每次请求都要再次提供这些工具。",
    ),
    "ValidationException.Turns": Code(
        kind=InvalidRequestError,
        means="messages of user and assistant do not take turns",
        means_zh="user 与 assistant 消息没有交替出现",
        cure="Begin with a message of the user and let the roles alternate.",
        cure_zh="以 user 消息开头，并让两种角色交替。",
    ),
    "ValidationException.Reasoning": Code(
        kind=InvalidRequestError,
        means="earlier reasoning came back altered, without its signature, or not at all",
        means_zh="回传的思考内容被改动、缺少签名，或没有回传",
        cure="Send the assistant's message back as it came, with its thinking parts and their replay.",
        cure_zh="请原样回传助手消息，包括思考部分及其 replay。",
    ),
    "ValidationException.Filtered": Code(
        kind=ContentFilteredError,
        means="the content was refused",
        means_zh="内容被拒绝",
        cure="Change what is asked; a guardrail of one's own is set in the Bedrock console.",
        cure_zh="请修改内容；自设的护栏（guardrail）可在 Bedrock 控制台调整。",
    ),
    "ResourceNotFoundException": Code(
        kind=NotFoundError,
        means="there is no such model, profile, guardrail or prompt in the region",
        means_zh="该区域没有这个模型、配置文件、护栏或提示词",
        cure="Check the id or ARN and the region; old models end (the console shows their life cycle).",
        cure_zh="请核对 ID 或 ARN 与区域；旧模型会下线（见控制台中的模型生命周期）。",
    ),
    "ConflictException": Code(
        kind=InvalidRequestError,
        means="the request conflicts with another one under way",
        means_zh="请求与正在进行的另一请求冲突",
        cure="Try again.",
        cure_zh="请重试。",
        retryable=True,
    ),
}

_ACCESS = {
    "AccessDeniedException": Code(
        kind=PermissionDeniedError,
        means="the identity may not call this operation or model",
        means_zh="该身份无权调用此接口或模型",
        cure=(
            "Allow bedrock:InvokeModel and bedrock:InvokeModelWithResponseStream for the model (and for "
            "every region of its inference profile) in IAM."
        ),
        cure_zh=(
            "请在 IAM 中允许对该模型（及其推理配置文件涉及的每个区域）执行 bedrock:InvokeModel 与 "
            "bedrock:InvokeModelWithResponseStream。"
        ),
    ),
    "AccessDeniedException.ModelAccess": Code(
        kind=PermissionDeniedError,
        means="the account has no access to the model",
        means_zh="账号没有该模型的访问权限",
        cure="Ask for it in the Bedrock console, Model access; some makers want a form filled in first.",
        cure_zh="请在 Bedrock 控制台的“模型访问权限”中申请；部分厂商需先填写表单。",
    ),
    "UnrecognizedClientException": Code(
        kind=AuthError,
        means="the access key id or the session token is not known",
        means_zh="访问密钥 ID 或会话令牌无效",
        cure=(
            "Check AWS_ACCESS_KEY_ID; temporary keys (ASIA…) need their AWS_SESSION_TOKEN, lasting ones "
            "(AKIA…) must have none."
        ),
        cure_zh=(
            "请检查 AWS_ACCESS_KEY_ID；临时密钥（ASIA…）须同时设置 AWS_SESSION_TOKEN，"
            "长期密钥（AKIA…）则不能设置。"
        ),
    ),
    "InvalidSignatureException": Code(
        kind=AuthError,
        means="the signature does not fit: a wrong secret, another region or a clock that is off",
        means_zh="签名不匹配：密钥错误、区域不同或本机时钟不准",
        cure="Check AWS_SECRET_ACCESS_KEY, the region and the clock; `baimo check bedrock` shows all three.",
        cure_zh="请检查 AWS_SECRET_ACCESS_KEY、区域与本机时间；可用 baimo check bedrock 查看。",
    ),
    "IncompleteSignatureException": Code(
        kind=AuthError,
        means="the Authorization field lacks a part or is written in another form",
        means_zh="Authorization 字段不完整或格式不对",
        cure="Let no proxy change the header fields of the request.",
        cure_zh="请确认代理没有改动请求头。",
    ),
    "MissingAuthenticationTokenException": Code(
        kind=AuthError,
        means="the request carries no credential",
        means_zh="请求没有携带凭据",
        cure="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_BEARER_TOKEN_BEDROCK.",
        cure_zh="请设置 AWS_ACCESS_KEY_ID 与 AWS_SECRET_ACCESS_KEY，或 AWS_BEARER_TOKEN_BEDROCK。",
    ),
    "ExpiredTokenException": Code(
        kind=AuthError,
        means="the session token or the API key has expired",
        means_zh="会话令牌或 API 密钥已过期",
        cure="Fetch temporary credentials anew; short-term Bedrock keys end after twelve hours at most.",
        cure_zh="请重新获取临时凭据；短期 Bedrock API 密钥最长有效 12 小时。",
    ),
    "OptInRequired": Code(
        kind=PermissionDeniedError,
        means="the account has not been enabled for the service or region",
        means_zh="账号未开通该服务或区域",
        cure="Enable the region in the AWS account, or choose another.",
        cure_zh="请在 AWS 账号中启用该区域，或换一个区域。",
    ),
}

_LIMITS = {
    "ThrottlingException": Code(
        kind=RateLimitedError,
        means="requests or tokens of a minute exceed the account's quota for the model",
        means_zh="每分钟请求数或 token 数超过账号对该模型的配额",
        cure="Wait, lower the pace, or use a cross-region inference profile, whose quota is larger.",
        cure_zh="请稍候或降低频率，也可使用配额更大的跨区域推理配置文件。",
    ),
    "ThrottlingException.Daily": Code(
        kind=QuotaError,
        means="the tokens of the day are used up",
        means_zh="当天的 token 配额已用完",
        cure="Wait for the next day (UTC), or ask for a higher quota under Service Quotas.",
        cure_zh="请等到次日（UTC），或在 Service Quotas 中申请提高配额。",
    ),
    "ServiceQuotaExceededException": Code(
        kind=QuotaError,
        means="a quota of the account is used up",
        means_zh="账号的某项配额已用完",
        cure="Ask for a higher quota under Service Quotas, or use another region.",
        cure_zh="请在 Service Quotas 中申请提高配额，或换用其他区域。",
    ),
    "ModelNotReadyException": Code(
        kind=OverloadedError,
        means="the model is being loaded",
        means_zh="模型正在加载",
        cure="Try again; an imported model that was idle takes minutes.",
        cure_zh="请重试；长时间闲置的导入模型需要几分钟。",
    ),
}

_FAILURES = {
    "ModelTimeoutException": Code(
        kind=ServerError,
        means="the model took too long",
        means_zh="模型处理超时",
        cure="Try again, stream the answer, or ask for a shorter one.",
        cure_zh="请重试，或改用流式输出、缩短回答。",
    ),
    "ModelErrorException": Code(
        kind=ServerError,
        means="the model failed on the request",
        means_zh="模型处理请求时出错",
        cure="Try again; where it fails each time, the request holds something that the model cannot take.",
        cure_zh="请重试；若每次都失败，说明请求中有该模型无法处理的内容。",
    ),
    "ModelStreamErrorException": Code(
        kind=ServerError,
        means="the model failed in the middle of a stream",
        means_zh="模型在流式输出中途出错",
        cure="Try again.",
        cure_zh="请重试。",
    ),
    "InternalServerException": Code(
        kind=ServerError,
        means="the service failed",
        means_zh="服务内部错误",
        cure="Try again; https://health.aws.amazon.com tells of failures.",
        cure_zh="请重试；故障情况见 https://health.aws.amazon.com。",
    ),
    "ServiceUnavailableException": Code(
        kind=OverloadedError,
        means="the service has no capacity for the model at this moment",
        means_zh="服务暂无该模型的容量",
        cure="Try again, or use another region or a cross-region inference profile.",
        cure_zh="请重试，或换用其他区域、跨区域推理配置文件。",
    ),
}

CODES = Codes(
    title="Amazon Bedrock",
    title_zh="亚马逊 Bedrock",
    sources=(
        "https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html",
        "https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html",
        "https://github.com/boto/botocore",
    ),
    table={**_REQUEST, **_ACCESS, **_LIMITS, **_FAILURES},
)
