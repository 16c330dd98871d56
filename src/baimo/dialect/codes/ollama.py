"""What Ollama says no with: a status, and a text without a code.

Read in the server's source (server/routes.go, docs/api/errors.mdx, commit fb3076099) and in what servers
are known to answer, November 2026. Texts that are worth telling apart go by words of ours; the dialect finds
them. Everything else goes by its status.
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

_MODELS = {
    "model_not_found": Code(
        kind=NotFoundError,
        means="the server has no model of that name",
        means_zh="服务器上没有这个模型",
        cure=(
            "Fetch it: `ollama pull NAME`. `ollama list` shows what is there; a name without a tag means "
            "NAME:latest."
        ),
        cure_zh="先下载：ollama pull 名称。ollama list 可查看已有模型；不写标签即为 名称:latest。",
    ),
    "not_in_library": Code(
        kind=NotFoundError,
        means="the model library has no model or tag of that name",
        means_zh="模型库中没有这个模型或标签",
        cure=(
            "Look up name and tag at https://ollama.com/library; a model of Hugging Face is named "
            "hf.co/OWNER/REPO."
        ),
        cure_zh="请在 https://ollama.com/library 核对名称与标签；Hugging Face 的模型写作 hf.co/所有者/仓库。",
    ),
    "wrong_kind_of_model": Code(
        kind=InvalidRequestError,
        means="the model cannot do this operation",
        means_zh="该模型不支持此操作",
        cure=(
            "Take a model for it: `ollama show NAME` lists completion, embedding, insert among its "
            "capabilities."
        ),
        cure_zh="请换用支持此操作的模型：ollama show 名称 会列出 completion、embedding、insert 等能力。",
    ),
    "no_thinking": Code(
        kind=InvalidRequestError,
        means="the model does not think, but thinking was asked for",
        means_zh="该模型不支持思考，而请求要求思考",
        cure="Leave reasoning out, or take a thinking model such as deepseek-r1 or qwen3.",
        cure_zh="去掉 reasoning 参数，或换用支持思考的模型，如 deepseek-r1、qwen3。",
    ),
    "bad_think": Code(
        kind=InvalidRequestError,
        means="`think` has a value that the server or the model does not know",
        means_zh="think 的取值不受服务器或模型支持",
        cure="It takes true, false, low, medium, high and max; gpt-oss takes the levels only.",
        cure_zh="可取 true、false、low、medium、high、max；gpt-oss 只接受级别。",
    ),
    "no_tools": Code(
        kind=InvalidRequestError,
        means="the model's template has no place for tools",
        means_zh="该模型的模板不支持工具",
        cure="Take a model whose capabilities (`ollama show NAME`) name tools, such as qwen3 or llama3.2.",
        cure_zh="请换用能力（ollama show 名称）中含 tools 的模型，如 qwen3、llama3.2。",
    ),
    "no_images": Code(
        kind=InvalidRequestError,
        means="the model cannot see pictures",
        means_zh="该模型不能读取图片",
        cure="Take a model whose capabilities (`ollama show NAME`) name vision, such as gemma3:4b.",
        cure_zh="请换用能力（ollama show 名称）中含 vision 的模型，如 gemma3:4b。",
        retryable=False,
    ),
    "context_too_long": Code(
        kind=ContextTooLongError,
        means="the input is longer than the context, and cutting it was not allowed",
        means_zh="输入超出上下文长度，且不允许截断",
        cure='Send less, or a larger extra={"options": {"num_ctx": …}} if the model can hold it.',
        cure_zh='缩短输入；若模型支持，可加大 extra={"options": {"num_ctx": …}}。',
    ),
}

_MACHINE = {
    "busy": Code(
        kind=OverloadedError,
        means="too many requests wait for the model",
        means_zh="等待模型的请求过多",
        cure=(
            "Try again later or send fewer at once. OLLAMA_MAX_QUEUE is the length of the queue, "
            "OLLAMA_NUM_PARALLEL how many are answered at once."
        ),
        cure_zh=(
            "稍后重试或降低并发。队列长度由 OLLAMA_MAX_QUEUE 决定，同时处理数由 OLLAMA_NUM_PARALLEL 决定。"
        ),
    ),
    "no_memory": Code(
        kind=ServerError,
        means="the model does not fit into the machine's memory",
        means_zh="机器内存（或显存）装不下该模型",
        cure=(
            "Take a smaller model or quantization, a smaller num_ctx, or unload others: `ollama ps`, `ollama "
            "stop NAME`."
        ),
        cure_zh="换用更小的模型或量化、减小 num_ctx，或卸载其他模型：ollama ps、ollama stop 名称。",
        retryable=False,
    ),
    "load_failed": Code(
        kind=ServerError,
        means="the model could not be loaded",
        means_zh="模型加载失败",
        cure=(
            "The server's log says why. Often memory is short, or the file is broken: `ollama rm NAME`, then "
            "pull it again."
        ),
        cure_zh="原因见服务器日志。常见为内存不足或文件损坏：先 ollama rm 名称，再重新下载。",
        retryable=False,
    ),
    "runner_failed": Code(
        kind=ServerError,
        means="the process that runs the model broke down",
        means_zh="运行模型的进程异常退出",
        cure=(
            "It is started anew with the next call. If it happens again, look into the server's log; often "
            "memory is short."
        ),
        cure_zh="下次调用时会重新启动。若反复出现，请查看服务器日志；常见原因是内存不足。",
    ),
    "no_space": Code(
        kind=ServerError,
        means="the disk of the server is full",
        means_zh="服务器磁盘空间不足",
        cure="Make room, or have models kept elsewhere with OLLAMA_MODELS.",
        cure_zh="清理磁盘，或用 OLLAMA_MODELS 指定其他存放位置。",
        retryable=False,
    ),
    "library_unreachable": Code(
        kind=ServerError,
        means="the server cannot reach the model library",
        means_zh="服务器无法连接模型库",
        cure="The server needs the network, not this program: set HTTPS_PROXY where `ollama serve` runs.",
        cure_zh="需要联网的是服务器而非本程序：在运行 ollama serve 的环境中设置 HTTPS_PROXY。",
    ),
    "broken_download": Code(
        kind=ServerError,
        means="a layer of the model came broken",
        means_zh="模型文件下载损坏",
        cure="Pull it again: what is whole is kept.",
        cure_zh="重新下载即可，完好的部分会保留。",
        retryable=True,
    ),
    "server_too_old": Code(
        kind=InvalidRequestError,
        means="the model needs a newer server",
        means_zh="该模型需要更新版本的 Ollama",
        cure="Update Ollama: https://ollama.com/download.",
        cure_zh="请升级 Ollama：https://ollama.com/download。",
        retryable=False,
    ),
    "plan_limit": Code(
        kind=QuotaError,
        means="the plan of the hosted service is used up, or does not hold this model",
        means_zh="云端套餐额度已用完，或不含该模型",
        cure="See https://ollama.com/settings, or use a model of your own machine.",
        cure_zh="请查看 https://ollama.com/settings，或改用本机模型。",
    ),
    "no_such_address": Code(
        kind=NotFoundError,
        means="nothing is served at that path",
        means_zh="该路径不存在",
        cure=(
            "The address is the server's own, http://127.0.0.1:11434; `/api/…` is added. An old server may "
            "lack it: update."
        ),
        cure_zh=(
            "地址应为服务器本身，如 http://127.0.0.1:11434，/api/… 会自动补上；旧版本可能没有该接口，请升级。"
        ),
    ),
}

_STATUSES = {
    "400": Code(
        kind=InvalidRequestError,
        means="a field has a wrong name, type or value",
        means_zh="请求中有字段名称、类型或取值错误",
        cure="The text names it. What goes out is shown by `baimo ask --show`.",
        cure_zh="错误文本会指明字段；实际发送的内容可用 baimo ask --show 查看。",
    ),
    "401": Code(
        kind=AuthError,
        means="the hosted service wants a key",
        means_zh="云端服务需要密钥",
        cure=(
            "A server of one's own asks for none. For models of the cloud set OLLAMA_API_KEY, or run `ollama "
            "signin`."
        ),
        cure_zh="本机服务无需密钥。云端模型请设置 OLLAMA_API_KEY，或运行 ollama signin。",
    ),
    "403": Code(
        kind=PermissionDeniedError,
        means="the server does not answer this caller",
        means_zh="服务器拒绝该来源",
        cure=(
            "It checks Host and Origin: set OLLAMA_HOST=0.0.0.0 or OLLAMA_ORIGINS where `ollama serve` runs."
        ),
        cure_zh=(
            "服务器会检查 Host 与 Origin：在运行 ollama serve 处设置 OLLAMA_HOST=0.0.0.0 或 OLLAMA_ORIGINS。"
        ),
    ),
    "404": Code(
        kind=NotFoundError,
        means="there is no such model or address",
        means_zh="模型或地址不存在",
        cure="Look at the model's name (`ollama list`) and at the address.",
        cure_zh="请检查模型名称（ollama list）与地址。",
    ),
    "429": Code(
        kind=RateLimitedError,
        means="too many requests to the hosted service",
        means_zh="云端请求过多",
        cure="Wait and send fewer at once.",
        cure_zh="请稍候并降低并发。",
    ),
    "500": Code(
        kind=ServerError,
        means="the server failed",
        means_zh="服务器内部错误",
        cure="Look into the server's log (`journalctl -u ollama`, or ~/.ollama/logs/server.log).",
        cure_zh="请查看服务器日志（journalctl -u ollama 或 ~/.ollama/logs/server.log）。",
    ),
    "502": Code(
        kind=ServerError,
        means="the hosted service cannot be reached by the server",
        means_zh="本机服务无法连接云端",
        cure="It concerns models of the cloud only; try again later.",
        cure_zh="仅涉及云端模型，请稍后重试。",
    ),
    "503": Code(
        kind=OverloadedError,
        means="the server is busy or still starting",
        means_zh="服务器繁忙或正在启动",
        cure="Try again later.",
        cure_zh="请稍后重试。",
    ),
}

CODES = Codes(
    title="Ollama",
    title_zh="Ollama",
    sources=(
        "https://github.com/ollama/ollama/blob/main/docs/api/errors.mdx",
        "https://github.com/ollama/ollama/blob/main/server/routes.go",
    ),
    table={**_MODELS, **_MACHINE, **_STATUSES},
)
