"""What each kind of error means, and what to do about it. Keys end in the error's code."""

from __future__ import annotations

ERRORS: dict[str, tuple[str, str]] = {
    "meaning.config": ("The configuration cannot work as it is.", "配置无法使用，请求没有发出。"),
    "meaning.missing_key": ("No key is set for this provider.", "没有设置该服务商的密钥。"),
    "meaning.unknown_provider": ("No such provider is known.", "没有这个服务商；请检查名称。"),
    "meaning.missing_extra": ("An optional package is needed.", "缺少可选依赖，请按提示安装。"),
    "meaning.invalid_input": ("What was given is not valid.", "输入有误，请求没有发出。"),
    "meaning.unsupported": (
        "This provider cannot be told that.",
        "该服务商的接口不支持此参数，请求没有发出。",
    ),
    "meaning.fetch": ("A picture or file could not be fetched.", "图片或文件下载失败，请求没有发给服务商。"),
    "meaning.limit_reached": ("A limit leaves no room in time.", "限额已满，时限内没有空位，请求没有发出。"),
    "meaning.budget": ("It could cost more than allowed.", "费用可能超出预算，请求没有发出。"),
    "meaning.transport": ("The network failed on the way.", "网络中断，没有收到完整的回复。"),
    "meaning.connect": ("No connection could be made.", "无法连接到服务商，请求没有发出。"),
    "meaning.stale_connection": ("A kept connection had ended.", "复用的连接已被对方关闭。"),
    "meaning.timeout": ("A time limit ran out.", "超时，没有在规定时间内得到回复。"),
    "meaning.wire": (
        "The reply does not look like this provider's.",
        "回复的格式不对，地址可能填错，或被代理改写。",
    ),
    "meaning.answer_format": (
        "The answer is not the JSON that was asked for.",
        "回答不是所要求的 JSON。",
    ),
    "meaning.tool": ("A tool failed.", "工具执行失败。"),
    "meaning.step_limit": ("The run needs more steps than allowed.", "运行所需的步数超过上限。"),
    "meaning.stream_interrupted": ("The answer broke off.", "回答中途断开，上面的内容不完整。"),
    "meaning.local_model": ("The built-in model failed.", "内置模型出错。"),
    "meaning.cache": ("The cache of answers cannot be used.", "回答缓存无法使用。"),
    "meaning.provider": ("The provider refused the call.", "服务商拒绝了请求。"),
    "meaning.invalid_request": ("The provider refuses this request.", "服务商认为请求有误，重发无用。"),
    "meaning.context_too_long": ("The prompt is too long for the model.", "内容超出模型的上下文长度。"),
    "meaning.content_filtered": ("The provider's content policy refuses it.", "内容未通过服务商的审核。"),
    "meaning.auth": ("The key is wrong, expired or of another site.", "密钥无效、已过期，或不属于这个站点。"),
    "meaning.permission_denied": ("The key may not do this.", "密钥有效，但没有这项权限。"),
    "meaning.not_found": ("No such model or address there.", "服务商没有这个模型，或地址不对。"),
    "meaning.quota": ("The account has no money or quota left.", "账户余额或额度不足。"),
    "meaning.rate_limited": ("Too many requests at this moment.", "请求过于频繁，被限流。"),
    "meaning.overloaded": ("The provider has no capacity now.", "服务商当前过载。"),
    "meaning.empty_answer": ("The answer is empty.", "回答是空的。"),
    "meaning.server": ("The provider failed.", "服务商内部出错。"),
    "cure.auth": (
        "Make a new key, or check that it belongs to this site and endpoint: baimo config set-key PROVIDER",
        "请新建密钥，或确认它属于这个站点和端点：baimo config set-key 服务商",
    ),
    "cure.budget": (
        "Set max_tokens, take a cheaper model, or allow more.",
        "请设置 max_tokens、换用更便宜的模型，或提高金额。",
    ),
    "cure.clock": (
        "Set the clock of this computer: signed requests and certificates depend on it.",
        "请校准本机时间：签名请求和证书都依赖它。",
    ),
    "cure.config": (
        "Correct the configuration: baimo config show tells where each value comes from.",
        "请改正配置：baimo config show 会显示每个值的来源。",
    ),
    "cure.connect": ("Check the network, the address and the proxy.", "请检查网络、地址和代理设置。"),
    "cure.content_filtered": ("Word it differently.", "请换一种说法。"),
    "cure.context_too_long": (
        "Shorten the prompt, or take a model with a longer context.",
        "请缩短内容，或换用上下文更长的模型。",
    ),
    "cure.fetch": ("Save it and give the file instead.", "请先下载保存，再以文件给出。"),
    "cure.invalid_request": ("Look at what is sent: baimo ask --show", "请查看发出的内容：baimo ask --show"),
    "cure.limit_reached": (
        "Raise the limit, wait, or add a key.",
        "请提高限额、稍等，或增加密钥。",
    ),
    "cure.answer_format": (
        "Ask again, simplify the schema, or take another model.",
        "请重试、简化 schema，或换用其他模型。",
    ),
    "cure.empty_answer": ("Try again, or name a second model.", "请重试，或换用其他模型。"),
    "cure.missing_extra": ("Install what the message names.", "请按提示安装依赖。"),
    "cure.missing_key": (
        "Set a key: baimo config set-key PROVIDER",
        "请设置密钥：baimo config set-key 服务商",
    ),
    "cure.not_found": (
        "See which models there are: baimo models PROVIDER --live",
        "请查看有哪些模型：baimo models 服务商 --live",
    ),
    "cure.other": (
        "Run again with --debug to see where it fails.",
        "请加上 --debug 再运行，查看出错的位置。",
    ),
    "cure.overloaded": ("Try again later, or name a second model.", "请稍后再试，或换用其他模型。"),
    "cure.permission_denied": (
        "Allow the key this model in the provider's console.",
        "请在服务商控制台为该密钥开通此模型。",
    ),
    "cure.quota": ("Top up the account, or use another key.", "请充值，或换用其他密钥。"),
    "cure.rate_limited": ("Wait a little, or ask for a higher limit.", "请稍等片刻，或申请提高限额。"),
    "cure.server": ("Try again later.", "请稍后再试。"),
    "cure.timeout": ("Check network and proxy, or give it more time.", "请检查网络和代理，或延长时限。"),
    "cure.transport": ("Check the network and the proxy.", "请检查网络和代理。"),
    "cure.wire": (
        "Check the address: it must be the provider's API, not a web page or a portal.",
        "请检查地址：应是服务商的 API，而不是网页或登录页。",
    ),
}
