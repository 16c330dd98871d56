"""Features: the closed list of what a request or a reply may hold, and how a dialect declares them.

A dialect's room has a module `features` that says of each whether it is carried, emulated or refused, in a
`FEATURES` made by `declare`; `DIALECT.features()` gives it. It holds for a provider of whom nothing is known:
a row's quirks may say more or less. The laws in `tests/conformance` hold every word of it to the code.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from .support import Features, Remark, Support


class Feature(msgspec.Struct, frozen=True):
    """One thing that may be asked for or told, with what it means in English and Chinese."""

    area: str
    name: str
    means: str
    means_zh: str


def declare(
    *, carried: str, emulated: str = "", untold: str = "", remarks: Mapping[str, Remark] | None = None
) -> Features:
    """What a dialect does, by names with blanks between; everything else is refused.

    `untold` are further features that are emulated, and no note says so. Raises ValueError for a name that is
    no feature, one in two places, or an emulation without a remark.

    >>> declare(carried="system temperature").support["seed"]
    'refused'
    """
    said = dict(remarks or {})
    first, silent = carried.split(), tuple(untold.split())
    second = [*emulated.split(), *silent]
    known = {feature.name for feature in FEATURES}
    for name in (*first, *second, *said):
        if name not in known:
            raise ValueError(f"there is no feature {name!r}")
    if len({*first, *second}) != len(first) + len(second):
        raise ValueError("a feature is declared twice")
    for name in second:
        if name not in said:
            raise ValueError(f"{name} is emulated and no remark says how")
    support: dict[str, Support] = {feature.name: "refused" for feature in FEATURES}
    support.update(dict.fromkeys(first, "carried"))
    support.update(dict.fromkeys(second, "emulated"))
    return Features(support=support, remarks=said, untold=silent)


_TABLE: Mapping[str, str] = {
    "messages": """
        system | a system's message before all others | 位于最前的 system 消息
        system_later | a system's message between others | 位于对话中间的 system 消息
        developer | a developer's message before all others | 位于最前的 developer 消息
        name | the name of a message's author | 消息作者的名字
        assistant_prefill | a last message that is the beginning of the answer | 以 assistant 消息开头的回答
        refusal | the model's words for not answering, now and earlier | 拒答文字
    """,
    "media": """
        image_bytes | an image by its bytes | 图片（字节）
        image_url | an image by a web address | 图片（网址）
        image_file_id | an image by the id of a file at the provider | 图片（服务商处的文件编号）
        image_detail | how closely to look at an image | 图片的细看程度
        audio_in | sound by its bytes | 音频输入（字节）
        video_bytes | a film by its bytes | 视频（字节）
        video_url | a film by a web address | 视频（网址）
        file_bytes | a document by its bytes | 文件（字节）
        file_url | a document by a web address | 文件（网址）
        file_id | a document by its id at the provider | 文件（服务商处的编号）
        image_out | an image in a reply | 回复中的图片
        audio_out | a spoken answer, asked for and given | 语音回答
    """,
    "tools": """
        tools | functions that the model may call, calls, and results | 函数工具、调用与结果
        parallel_calls | several calls of tools in one answer | 一次多个工具调用
        serial_tools | that the model call one tool at a time | 一次只调用一个工具
        strict_tools | that arguments follow their schema strictly | 参数严格符合 schema
        custom_tools | tools that take free text, and calls of them | 接受自由文本的工具及其调用
        server_tools | tools that the provider runs itself, in its own words | 服务商自己执行的工具
        tool_choice_none | that no tool be called | 不得调用工具
        tool_choice_auto | that the model choose | 由模型选择是否调用
        tool_choice_required | that some tool be called | 必须调用某个工具
        tool_choice_named | that one certain tool be called | 必须调用指定的工具
        tool_choice_allowed | that the model choose among some of the tools | 只在部分工具中选择
        tool_result_images | images in a tool's result | 工具结果中的图片
        tool_result_error | that a tool's result is a failure | 工具结果为失败
    """,
    "thinking": """
        thinking | the model's reasoning in a reply | 回复中的思考内容
        thinking_replay | an earlier answer's reasoning, sent back with its signature | 送回此前的思考内容
        reasoning_off | that the model should not think | 关闭思考
        reasoning_on | that the model should think | 开启思考
        reasoning_effort | how much to think, by a word | 思考强度（等级）
        reasoning_budget | how much to think, in tokens | 思考预算（token 数）
    """,
    "sampling": """
        temperature | temperature | 温度
        top_p | nucleus sampling | top_p 采样
        top_k | sampling among the k likeliest | top_k 采样
        min_p | sampling above a share of the likeliest | min_p 采样
        frequency_penalty | a penalty by how often a token stood | 频率惩罚
        presence_penalty | a penalty for tokens that stood at all | 存在惩罚
        repetition_penalty | a factor for tokens that stood at all | 重复惩罚
        seed | a seed for repeatable sampling | 随机种子
        stop | texts that end the answer | 停止文本
        logit_bias | biases of single tokens | 单个 token 的偏置
    """,
    "answer": """
        max_tokens | the most tokens of the answer | 回答的最大 token 数
        n | several answers at once | 一次给出多个回答
        logprobs | log probabilities, asked for and told | 对数概率（请求与回复）
        json_object | an answer that is a JSON object | JSON 对象形式的回答
        json_schema | an answer by a JSON schema | 按 JSON schema 的回答
        verbosity | how wordy the answer should be | 回答的详略
        prediction | a text that most of the answer is expected to be | 预期输出
        search | the provider's own search of the web | 服务商的联网搜索
        citations | sources of a reply's words | 回复中的引用来源
    """,
    "call": """
        stream | a reply in pieces as it is made | 流式回复
        stream_usage | usage at the end of a stream | 流末尾的用量
        usage_cached | how much was read from the provider's cache | 命中缓存的用量
        usage_reasoning | how much of the answer was reasoning | 思考部分的用量
        cache_marks | up to which part the prompt may be cached | 提示缓存的标记
        prompt_cache_key | a word that keeps like prompts at one cache | 提示缓存的键
        service_tier | the class of service | 服务等级
        store | that the provider keep the answer | 由服务商保存回答
        metadata | pairs of words kept beside the answer | 附带的元数据
        user | who the end user is | 最终用户标识
    """,
    "operations": """
        embeddings | vectors of texts | 文本向量
        ranks | texts in the order of how well they answer | 重排
        token_count | counting tokens with the provider's own tokenizer | 由服务商计算 token 数
        model_list | the provider's own list of models | 服务商的模型列表
        images | making of images | 图像生成
        transcription | sound to text | 语音转文字
        speech | text to sound | 文字转语音
        moderation | whether texts hold what is not wanted | 内容审核
    """,
}


def _features() -> tuple[Feature, ...]:
    found = []
    for area, rows in _TABLE.items():
        for row in rows.strip().splitlines():
            name, means, means_zh = [cell.strip() for cell in row.split(" | ")]
            found.append(Feature(area, name, means, means_zh))
    return tuple(found)


FEATURES = _features()
"""The closed list, in the order in which it is shown."""

AREAS = tuple(_TABLE)
