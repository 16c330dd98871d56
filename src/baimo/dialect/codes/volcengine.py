"""The errors of Volcengine Ark and BytePlus: words in `error.code`, often with a second word behind a dot.

Read at https://www.volcengine.com/docs/82379/1299023, November 2026. Odd things: arrears are 403, a model
that was never activated is 404, and a limit that the user set himself is 429. Words whose class says all
there is to say are not listed.
"""

from __future__ import annotations

from baimo.errors import NotFoundError, PermissionDeniedError, QuotaError

from . import Code, Codes

_NO_ENDPOINT = Code(
    kind=NotFoundError,
    means="there is no such model or endpoint, or the key's project may not see it",
    means_zh="模型或推理接入点不存在，或密钥所属项目无权访问",
    cure=(
        "Name a dated model id that was activated in the console, or an endpoint id (ep-…) of the same "
        "region and project as the key."
    ),
    cure_zh="请填写控制台中已开通、带日期的模型 ID，或与密钥同地域、同项目的接入点 ID（ep-…）。",
)

CODES = Codes(
    title="Volcengine Ark and BytePlus",
    title_zh="火山方舟与 BytePlus",
    sources=("https://www.volcengine.com/docs/82379/1299023",),
    table={
        "AccountOverdueError": Code(
            kind=QuotaError,
            means="the account is in arrears",
            means_zh="账户已欠费",
            cure="Top up at https://console.volcengine.com/finance/, or use a key of another account.",
            cure_zh="请到 https://console.volcengine.com/finance/ 充值，或换用其他账户的密钥。",
        ),
        "SetLimitExceeded": Code(
            kind=QuotaError,
            means="the limit that was set for the model in the console is reached, so it is paused",
            means_zh="已达到在控制台为该模型设置的用量上限，模型服务已暂停",
            cure="Raise or remove the limit in the console (safe experience mode); waiting does not help.",
            cure_zh="请在控制台提高或关闭该上限（安心体验模式）；等待没有用。",
        ),
        "QuotaExceeded": Code(
            kind=QuotaError,
            means="the free or purchased quota is used up",
            means_zh="免费额度或已购额度已用完",
            cure="Activate paid use of the model in the console, or use a key of another account.",
            cure_zh="请在控制台开通该模型的付费服务，或换用其他账户的密钥。",
        ),
        "ModelNotOpen": Code(
            kind=NotFoundError,
            means="the account has not activated the model",
            means_zh="账户尚未开通该模型",
            cure="Activate the model in the console: https://console.volcengine.com/ark/openManagement.",
            cure_zh="请先在控制台开通该模型：https://console.volcengine.com/ark/openManagement。",
        ),
        "InvalidEndpointOrModel": _NO_ENDPOINT,
        "InvalidEndpoint": _NO_ENDPOINT,
        "OperationDenied": Code(
            kind=PermissionDeniedError,
            means="the account or key may not do this",
            means_zh="账户或密钥没有该操作的权限",
            cure="Look in the console whether the service is activated and the key may use this model.",
            cure_zh="请在控制台检查服务是否已开通、密钥是否有权使用该模型。",
        ),
    },
)
