"""Which earlier reasoning goes back to models that others host: what goes out, and who tells that it must.

A host that documents nothing gets what the model's maker wants, which such a row says; R1 gets none anywhere.
"""

from __future__ import annotations

from typing import Any

import pytest

from baimo.config.settings import load_settings
from baimo.dialect.probing import body_of
from baimo.types.chat import ChatRequest, Message, Role
from baimo.types.content import Text, Thinking, ToolCall, ToolResult

DEEPSEEK = "https://api-docs.deepseek.com/guides/thinking_mode"
R1 = "https://api-docs.deepseek.com/guides/reasoning_model"
TOKENHUB = "https://cloud.tencent.com/document/product/1823/"
SILICONFLOW = "https://docs.siliconflow.com/cn/userguide/guides/interleaved-thinking"
QIANFAN = "https://cloud.baidu.com/doc/qianfan-docs/s/6mkqjcw2w"
INFINI = "https://docs.infini-ai.com/"

CALLS, ALL, STANDS_IN, NONE = "of calls", "all", "of calls, or a blank", "none"

HOSTED: list[tuple[str, str, str]] = [
    ("tokenhub/hy3-preview", CALLS, TOKENHUB + "130930"),
    ("tokenhub/deepseek-v4-pro", CALLS, TOKENHUB + "130930"),
    ("tokenhub/glm-5.1", CALLS, TOKENHUB + "130930"),
    ("tokenhub/kimi-k2.6", ALL, TOKENHUB + "132232"),
    ("tokenhub/deepseek-r1", NONE, R1),
    ("tokenhub-intl/deepseek-v4-pro", CALLS, "https://www.tencentcloud.com/document/product/1300/80638"),
    ("tokenhub-intl/kimi-k2.5", ALL, TOKENHUB + "132232"),
    ("siliconflow/deepseek-ai/DeepSeek-V3.2", ALL, SILICONFLOW),
    ("siliconflow/Pro/deepseek-ai/DeepSeek-V3.2", ALL, SILICONFLOW),
    ("siliconflow-intl/zai-org/GLM-4.7", ALL, SILICONFLOW),
    ("siliconflow/Pro/moonshotai/Kimi-K2.5", STANDS_IN, "https://github.com/hAcKlyc/MyAgents/issues/69"),
    ("siliconflow/deepseek-ai/DeepSeek-V4-Flash", CALLS, DEEPSEEK),
    ("siliconflow/zai-org/GLM-5", CALLS, DEEPSEEK),
    ("siliconflow/deepseek-ai/DeepSeek-R1", NONE, ""),
    ("siliconflow/Qwen/Qwen3-32B", NONE, ""),
    ("volcengine/deepseek-v3-2-251201", CALLS, "https://github.com/Astro-Han/pawwork/pull/1350"),
    ("volcengine/deepseek-v4-flash-ga-260731", CALLS, "https://github.com/Astro-Han/pawwork/pull/1350"),
    ("volcengine/kimi-k2-thinking-251104", CALLS, "https://github.com/Astro-Han/pawwork/pull/1350"),
    ("volcengine-coding/glm-5.2", CALLS, "https://github.com/Astro-Han/pawwork/pull/1350"),
    ("byteplus/deepseek-v4-pro-ga-260813", CALLS, "https://github.com/Astro-Han/pawwork/pull/1350"),
    ("volcengine/deepseek-r1-250528", NONE, ""),
    ("volcengine/doubao-seed-2-1-lite-260915", NONE, ""),
    ("qwen/deepseek-v4-pro", CALLS, "not told by Model Studio"),
    ("qwen/deepseek-v3.2", CALLS, "not told by Model Studio"),
    ("qwen/kimi-k2.5", CALLS, "not told by Model Studio"),
    ("qwen/glm-5", CALLS, "not told by Model Studio"),
    ("qwen-intl/kimi-k2-thinking", CALLS, "not told by Model Studio"),
    ("qwen-coding/glm-4.7", CALLS, "not told by Model Studio"),
    ("qwen/deepseek-r1", NONE, ""),
    ("qwen/qwen-plus", NONE, ""),
    ("qianfan/deepseek-v3.2", CALLS, QIANFAN),
    ("qianfan/ernie-5.0-thinking-preview", CALLS, QIANFAN),
    ("qianfan/kimi-k2-instruct", CALLS, DEEPSEEK),
    ("qianfan/deepseek-r1", NONE, ""),
    ("modelscope/deepseek-ai/DeepSeek-V3.2", CALLS, DEEPSEEK),
    ("modelscope/moonshotai/Kimi-K2.5", CALLS, DEEPSEEK),
    ("modelscope/ZhipuAI/GLM-5", CALLS, DEEPSEEK),
    ("modelscope/deepseek-ai/DeepSeek-R1-0528", NONE, ""),
    ("lkeap/deepseek-v3.2", CALLS, DEEPSEEK),
    ("lkeap/deepseek-r1", NONE, ""),
    ("lkeap-coding/hy3-preview", CALLS, DEEPSEEK),
    ("infini/kimi-k2.6", CALLS, INFINI),
    ("infini/deepseek-r1", NONE, ""),
    ("deepseek/deepseek-flash", STANDS_IN, "https://api-docs.deepseek.com"),
    ("deepseek/deepseek-reasoner", STANDS_IN, DEEPSEEK),
    ("deepseek/deepseek-r1", NONE, R1),
    ("moonshot/kimi-k2.6", STANDS_IN, "https://platform.kimi.com/"),
]


def turn(role: Role, *content: Any) -> Message:
    return Message(role=role, content=content)


def called(name: str, *before: Any) -> tuple[Message, Message]:
    call = ToolCall(id=name, name="now", arguments="{}")
    result = ToolResult(call_id=name, content=(Text(text="noon"),))
    return turn(Role.ASSISTANT, *before, call), turn(Role.TOOL, result)


HISTORY = (
    turn(Role.USER, Text(text="What time is it?")),
    *called("call00001", Thinking(text="I must look.")),
    turn(Role.ASSISTANT, Thinking(text="So it is."), Text(text="Noon.")),
    turn(Role.USER, Text(text="And now?")),
    *called("call00002"),
)
SENT = {
    CALLS: ["I must look.", None, None],
    ALL: ["I must look.", "So it is.", None],
    STANDS_IN: ["I must look.", None, " "],
    NONE: [None, None, None],
}


@pytest.mark.parametrize(("name", "back", "source"), HOSTED, ids=[name for name, _, _ in HOSTED])
def test_what_goes_back_is_what_the_host_or_the_maker_documents(name: str, back: str, source: str) -> None:
    settings = load_settings({"providers": {name.partition("/")[0]: {"api_key": "fake-key"}}})
    ((at, *_), *_) = settings.resolve(name)
    request = ChatRequest(model=at.model, messages=HISTORY)
    messages = body_of(at.dialect.encode_request(request, at.site))["messages"]
    answers = [message for message in messages if message["role"] == "assistant"]
    assert [answer.get("reasoning_content") for answer in answers] == SENT[back]
    (found,) = settings.behaviours([name])
    told = found["reasoning_replay"]
    assert source in (told.source or ""), told
    assert bool(source) == (told.origin != "default")
