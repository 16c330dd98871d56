"""One word, `reasoning`, in the words of every provider: the exact fields that each documents.

The first table says what goes out for each asking; the second which models are asked so, and where their
providers document it. Whatever family the catalogue holds must be asked in one of these ways.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from baimo import dialects
from baimo.catalogue import load
from baimo.config.settings import load_settings
from baimo.dialect.probing import BUDGET, probed
from baimo.dialect.protocols import ChatDialect, Site
from scripts.behaviours import example_of

NO = "refused"
"""An error before anything is sent."""


class Ways(NamedTuple):
    """What is sent for `off`, `True`, `low`, `high` and a budget of 2048 tokens."""

    off: Any
    on: Any
    low: Any
    high: Any
    budget: Any


def thinking(kind: str, **fields: Any) -> dict[str, Any]:
    return {"thinking": {"type": kind, **fields}}


OFF, ON = thinking("disabled"), thinking("enabled")


def claude(base: int, kind: str, off: Any = OFF) -> Ways:
    """Tokens for thinking are put on top of the limit of the answer."""

    def asked(tokens: int, effort: str | None = None) -> dict[str, Any]:
        way = thinking("enabled", budget_tokens=tokens) if kind == "budget" else thinking("adaptive")
        word = {"output_config": {"effort": effort}} if effort and kind != "budget" else {}
        return {"max_tokens": base + tokens, **way, **word}

    budget = {"max_tokens": base + BUDGET, **thinking("enabled", budget_tokens=BUDGET)}
    return Ways(
        off, asked(8192), asked(2048, "low"), asked(16384, "high"), NO if kind == "adaptive" else budget
    )


def switched(base: int, *, kind: str = "enabled", efforts: bool = False) -> Ways:
    """Anthropic's form at others: on and off, an effort where it is known; no budget counts."""

    def asked(tokens: int, effort: str) -> dict[str, Any]:
        return {"max_tokens": base + tokens, **thinking(kind), "output_config": {"effort": effort}}

    low, high = (asked(2048, "low"), asked(16384, "high")) if efforts else (NO, NO)
    return Ways(OFF, {"max_tokens": base + 8192, **thinking(kind)}, low, high, NO)


def effort(off: Any = "none", on: Any = "medium", low: Any = "low", high: Any = "high") -> Ways:
    return Ways(*(NO if word is NO else {"reasoning_effort": word} for word in (off, on, low, high)), NO)


def efforts(off: Any = OFF) -> Ways:
    return Ways(off, ON, {"reasoning_effort": "low"}, {"reasoning_effort": "high"}, NO)


def responses(summary: dict[str, Any], **more: Any) -> Ways:
    on = {"reasoning": summary, **more} if summary else {}
    low, high = ({"reasoning": {"effort": word, **summary}, **more} for word in ("low", "high"))
    return Ways({"reasoning": {"effort": "none"}}, on, low, high, NO)


def gemini(off: Any, on: Any, low: Any, high: Any, budget: Any) -> Ways:
    def asked(fields: Any) -> Any:
        return fields if fields is NO else {"generationConfig": {"thinkingConfig": fields}}

    told = ({"includeThoughts": True, **fields} for fields in (on, low, high, budget))
    return Ways(asked(off), *map(asked, told))


def bedrock(off: Any, on: Any, low: Any, high: Any, budget: Any) -> Ways:
    found = (off, on, low, high, budget)
    return Ways(*(one if one is NO or not one else {"additionalModelRequestFields": one} for one in found))


BUDGETS = {"low": {"thinkingBudget": 1024}, "high": {"thinkingBudget": 24576}}
LEVELS = {"low": {"thinkingLevel": "LOW"}, "high": {"thinkingLevel": "HIGH"}}
TOKENS = {"thinkingBudget": BUDGET}
SUMMARY = {"summary": "auto"}
SEALED = {"include": ["reasoning.encrypted_content"]}
NOVA = "reasoningConfig"

WAYS: dict[str, Ways] = {
    "Claude, both": claude(4096, "either"),
    "Claude 4.6": claude(16384, "either"),
    "Claude, budget": claude(4096, "budget"),
    "Claude, adaptive": claude(16384, "adaptive"),
    "Qwen by Anthropic's form": claude(8192, "budget"),
    "DeepSeek by Anthropic's form": switched(32768, efforts=True),
    "switch by Anthropic's form": switched(16384),
    "switch by Anthropic's form, shorter": switched(8192),
    "MiniMax by Anthropic's form": switched(16384, kind="adaptive"),
    "OpenAI": effort(),
    "efforts alone": effort(off=NO),
    "Qwen at Groq": Ways(
        {"reasoning_format": None, "reasoning_effort": "none"}, {"reasoning_effort": "default"}, NO, NO, NO
    ),
    "efforts low and high": effort(off=NO, on="high"),
    "Responses": responses(SUMMARY, **SEALED),
    "Responses, sealed always or never": responses(SUMMARY),
    "Responses of DeepSeek": responses({}),
    "DeepSeek, GLM, Kimi, Doubao": efforts(),
    "GLM 5.3, Kimi K3": efforts(off=NO),
    "GLM, MiMo, Spark X": Ways(OFF, ON, NO, NO, NO),
    "switch and efforts": Ways(
        {"reasoning": {"enabled": False}},
        {"reasoning": {"enabled": True}},
        {"reasoning_effort": "low"},
        {"reasoning_effort": "high"},
        NO,
    ),
    "GLM that always thinks": Ways(NO, ON, NO, NO, NO),
    "MiniMax M3": Ways(OFF, thinking("adaptive"), NO, NO, NO),
    "MiniMax M2, native": Ways(NO, {}, NO, NO, NO),
    "SenseNova": Ways({"thinking": {"enabled": False}}, {"thinking": {"enabled": True}}, NO, NO, NO),
    "Qwen": Ways({"enable_thinking": False}, {"enable_thinking": True}, NO, NO, {"thinking_budget": BUDGET}),
    "Qwen that always thinks": Ways(NO, {"enable_thinking": True}, NO, NO, {"thinking_budget": BUDGET}),
    "DeepSeek at Qwen and SiliconFlow": Ways(
        {"enable_thinking": False},
        {"enable_thinking": True},
        NO,
        {"reasoning_effort": "high"},
        {"thinking_budget": BUDGET},
    ),
    "Qwen, native": Ways(
        {"parameters": {"enable_thinking": False}},
        {"parameters": {"enable_thinking": True}},
        NO,
        NO,
        {"parameters": {"enable_thinking": True, "thinking_budget": BUDGET}},
    ),
    "Qwen that always thinks, native": Ways(
        NO,
        {"parameters": {"enable_thinking": True}},
        NO,
        NO,
        {"parameters": {"enable_thinking": True, "thinking_budget": BUDGET}},
    ),
    "template of DeepSeek": Ways(
        {"chat_template_kwargs": {"thinking": False}},
        {"chat_template_kwargs": {"thinking": True}},
        NO,
        NO,
        NO,
    ),
    "template of Qwen and GLM": Ways(
        {"chat_template_kwargs": {"enable_thinking": False}},
        {"chat_template_kwargs": {"enable_thinking": True}},
        NO,
        NO,
        NO,
    ),
    "OpenRouter": Ways(
        {"reasoning": {"enabled": False}},
        {"reasoning": {"enabled": True}},
        {"reasoning": {"effort": "low"}},
        {"reasoning": {"effort": "high"}},
        {"reasoning": {"max_tokens": BUDGET}},
    ),
    "Hunyuan, native": Ways({"EnableThinking": False}, {"EnableThinking": True}, NO, NO, NO),
    "gpt-oss at Ollama": Ways(NO, {}, {"think": "low"}, {"think": "high"}, NO),
    "Ollama": Ways({"think": False}, {"think": True}, {"think": "low"}, {"think": "high"}, NO),
    "Cohere": Ways(OFF, ON, NO, NO, thinking("enabled", token_budget=BUDGET)),
    "Gemini 2.5": gemini({"thinkingBudget": 0}, {}, BUDGETS["low"], BUDGETS["high"], TOKENS),
    "Gemini 2.5 Pro": gemini(NO, {}, BUDGETS["low"], BUDGETS["high"], TOKENS),
    "Gemini 2.5 Flash-Lite": gemini(
        {"thinkingBudget": 0}, {"thinkingBudget": -1}, BUDGETS["low"], BUDGETS["high"], TOKENS
    ),
    "Gemini 3": gemini(NO, {}, LEVELS["low"], LEVELS["high"], TOKENS),
    "does not think": Ways({}, NO, NO, NO, NO),
    "Claude at Bedrock, budget": bedrock(
        OFF,
        thinking("enabled", budget_tokens=8192),
        thinking("enabled", budget_tokens=2048),
        thinking("enabled", budget_tokens=16384),
        thinking("enabled", budget_tokens=BUDGET),
    ),
    "Claude at Bedrock, adaptive": Ways(
        {"additionalModelRequestFields": OFF},
        {"additionalModelRequestFields": thinking("adaptive")},
        {"additionalModelRequestFields": thinking("adaptive"), "outputConfig": {"effort": "low"}},
        {"additionalModelRequestFields": thinking("adaptive"), "outputConfig": {"effort": "high"}},
        NO,
    ),
    "Nova 2": bedrock(
        {NOVA: {"type": "disabled"}},
        {NOVA: {"type": "enabled", "maxReasoningEffort": "medium"}},
        {NOVA: {"type": "enabled", "maxReasoningEffort": "low"}},
        {NOVA: {"type": "enabled", "maxReasoningEffort": "high"}},
        NO,
    ),
    "gpt-oss at Bedrock": bedrock(
        NO, {}, {"reasoning_effort": "low"}, {"reasoning_effort": "high"}, NO
    ),
    "Spark X, socket": Ways(
        *({"parameter": {"chat": one}} for one in (OFF, ON)), NO, NO, NO
    ),
}  # fmt: skip

FAMILIES: list[tuple[str, str, str]] = [
    ("anthropic/claude-sonnet-4-5", "Claude, budget", "https://docs.anthropic.com/en/api/messages"),
    ("anthropic/claude-opus-4-6", "Claude 4.6", "litellm 1.109.1"),
    ("anthropic/claude-sonnet-5", "Claude, adaptive", "litellm 1.109.1"),
    ("anthropic/of-tomorrow", "Claude, both", "what both generations take"),
    ("vertex/claude-sonnet-4-5@20250929", "Claude, budget", "as at Anthropic"),
    ("vertex/claude-opus-4-6", "Claude 4.6", "as at Anthropic"),
    ("vertex/claude-sonnet-5", "Claude, adaptive", "as at Anthropic"),
    ("openai/gpt-5.1", "OpenAI", "openai 3.54.0: reasoning_effort"),
    ("openai/gpt-5.1-codex", "Responses, sealed always or never", "openai 3.54.0: reasoning"),
    ("openai:responses/gpt-5.1", "Responses, sealed always or never", "openai 3.54.0: include"),
    ("azure:responses/deployment", "Responses", "openai 3.54.0: include"),
    ("azure:key/deployment", "OpenAI", "openai 3.54.0: lib/azure.py"),
    ("deepseek/deepseek-flash", "DeepSeek, GLM, Kimi, Doubao", "https://api-docs.deepseek.com"),
    ("deepseek:responses/deepseek-flash", "Responses of DeepSeek", "as above: none, low, high, max"),
    ("deepseek:anthropic/deepseek-flash", "DeepSeek by Anthropic's form", "as above: no budget"),
    ("qwen/qwen-plus", "Qwen", "models.dev, commit f3fc692"),
    ("qwen/qwen3-235b-a22b-thinking-2507", "Qwen that always thinks", "as above"),
    ("qwen/qwq-plus", "Qwen that always thinks", "as above"),
    ("qwen/deepseek-v4-pro", "DeepSeek at Qwen and SiliconFlow", "as above: high and max"),
    ("qwen:native/qwen-plus", "Qwen, native", "dashscope 2.0.2"),
    ("qwen:native/qwq-plus", "Qwen that always thinks, native", "dashscope 2.0.2"),
    ("qwen:anthropic/qwen-plus", "Qwen by Anthropic's form", "models.dev, commit f3fc692"),
    ("siliconflow/Qwen/Qwen3-32B", "Qwen", "models.dev, commit f3fc692"),
    ("siliconflow/deepseek-ai/DeepSeek-V4-Flash", "DeepSeek at Qwen and SiliconFlow", "models.dev"),
    ("qianfan/ernie-5.0-thinking-latest", "Qwen", "lobehub 2.1.26: enable_thinking, thinking_budget"),
    ("qianfan:v1/ernie-4.0-8k", "does not think", "qianfan 0.4.12.3"),
    ("zhipu/glm-5.2", "DeepSeek, GLM, Kimi, Doubao", "https://docs.z.ai: from GLM-5.2 on"),
    ("zhipu/glm-5.3", "GLM 5.3, Kimi K3", "https://docs.z.ai: cannot be turned off"),
    ("zhipu/glm-4.6", "GLM, MiMo, Spark X", "https://docs.z.ai: thinking.type"),
    ("zhipu/glm-4.7", "GLM that always thinks", "https://docs.z.ai"),
    ("zhipu:anthropic/glm-4.6", "switch by Anthropic's form", "https://docs.bigmodel.cn"),
    ("moonshot/kimi-k2.6", "GLM, MiMo, Spark X", "https://platform.kimi.com: thinking.type"),
    ("moonshot/kimi-k3", "GLM 5.3, Kimi K3", "https://platform.kimi.com: low, high, max"),
    ("moonshot/kimi-k3.1-pro", "GLM 5.3, Kimi K3", "https://platform.kimi.com"),
    ("moonshot/kimi-k2.7-code", "GLM that always thinks", "https://platform.kimi.com"),
    ("volcengine/doubao-seed-2-1-pro-260915", "DeepSeek, GLM, Kimi, Doubao", "volcengine-ark-runtime 5.0.54"),
    ("minimax/MiniMax-M3", "MiniMax M3", "https://platform.minimax.io/docs"),
    ("minimax:native/MiniMax-M3", "MiniMax M3", "https://platform.minimax.io/docs"),
    ("minimax:native/MiniMax-M2.5", "MiniMax M2, native", "https://platform.minimax.io/docs"),
    ("minimax:anthropic/MiniMax-M3", "MiniMax by Anthropic's form", "https://platform.minimax.io/docs"),
    ("mimo/mimo-v2.5-pro", "GLM, MiMo, Spark X", "https://platform.xiaomimimo.com/docs"),
    ("mimo:anthropic/mimo-v2.5-pro", "switch by Anthropic's form, shorter", "as above"),
    ("stepfun/step-3.7-flash", "efforts alone", "models.dev, commit f3fc692"),
    ("stepfun/step-3.5-flash-2603", "efforts low and high", "models.dev, commit f3fc692"),
    ("sensenova/SenseNova-V6-5-Pro", "SenseNova", "lobehub 2.1.26"),
    ("spark:http-x/spark-x", "GLM, MiMo, Spark X", "https://www.xfyun.cn/doc/spark/X1http.html"),
    ("spark:socket/spark-x", "Spark X, socket", "https://www.xfyun.cn/doc/spark/Web.html"),
    ("hunyuan:native/hunyuan-a13b", "Hunyuan, native", "https://cloud.tencent.com/document/product/1729"),
    ("tokenhub/deepseek-v4-pro", "OpenAI-like", "models.dev, commit f3fc692"),
    ("tokenhub/minimax-m3", "MiniMax M3", "models.dev, commit f3fc692: enabled is refused"),
    ("maas/deepseek-v3.2", "template of DeepSeek", "the page of Huawei's MaaS: chat_template_kwargs"),
    ("maas/qwen3-32b", "template of Qwen and GLM", "as above"),
    ("gemini/gemini-2.5-flash", "Gemini 2.5", "https://ai.google.dev/gemini-api/docs/thinking"),
    ("gemini/gemini-2.5-pro", "Gemini 2.5 Pro", "as above: no less than 128"),
    ("gemini/gemini-2.5-flash-lite", "Gemini 2.5 Flash-Lite", "as above: does not think unasked"),
    ("gemini/gemini-3-pro-preview", "Gemini 3", "as above: levels"),
    ("gemini/gemini-2.0-flash", "does not think", "as above"),
    ("bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0", "Claude at Bedrock, budget", "the user guide"),
    ("bedrock/us.anthropic.claude-opus-4-8", "Claude at Bedrock, adaptive", "the user guide of Bedrock"),
    ("bedrock/us.amazon.nova-2-lite-v1:0", "Nova 2", "the user guide of Nova 2"),
    ("bedrock/openai.gpt-oss-120b-1:0", "gpt-oss at Bedrock", "the user guide of Bedrock"),
    ("cohere/command-a-reasoning-08-2025", "Cohere", "cohere 7.3.1"),
    ("ollama/qwen3:8b", "Ollama", "https://github.com/ollama/ollama/blob/main/docs/api.md"),
    ("ollama/gpt-oss:20b", "gpt-oss at Ollama", "https://docs.ollama.com/capabilities/thinking"),
    ("ollama:server/gpt-oss:20b", "efforts alone", "as above"),
    ("mistral/mistral-medium-latest", "OpenAI", "mistralai 3.7.0"),
    ("groq/openai/gpt-oss-120b", "efforts alone", "https://console.groq.com/docs/reasoning"),
    ("groq/qwen/qwen3-32b", "Qwen at Groq", "https://console.groq.com/docs/reasoning"),
    ("groq/moonshotai/kimi-k2-instruct", "OpenAI", "groq 1.7.0"),
    ("xai/grok-4.3", "OpenAI", "pydantic-ai, 2026-08-22"),
    ("xai/grok-4.5", "efforts alone", "pydantic-ai, 2026-08-22"),
    ("xai:responses/grok-4.5", "Responses, sealed always or never", "ruby_llm, 2026-08-10"),
    ("together/openai/gpt-oss-120b", "efforts alone", "together 3.1.1"),
    ("together/deepseek-ai/DeepSeek-V3.1", "switch and efforts", "together 3.1.1"),
    ("fireworks/accounts/fireworks/models/m", "OpenAI", "fireworks-ai 1.2.28"),
    ("openrouter/openai/gpt-5.1", "OpenRouter", "openrouter 1.3.84"),
]  # fmt: skip


def asked(name: str) -> Ways:
    """What goes out to `provider/model`, or `provider:endpoint/model`."""
    where, _, model = name.partition("/")
    provider, _, endpoint = where.partition(":")
    settings = load_settings({"providers": {provider: {"endpoint": endpoint}}} if endpoint else {})
    (found,) = settings.behaviours([f"{provider}/{model}"])
    return Ways(*(_told(found[f"asked.reasoning_{way}"].value) for way in Ways._fields))


def _told(fields: Any) -> Any:
    return NO if "refused" in fields else fields


WAYS["OpenAI-like"] = WAYS["DeepSeek, GLM, Kimi, Doubao"]


@pytest.mark.parametrize(("name", "way", "source"), FAMILIES, ids=[name for name, _, _ in FAMILIES])
def test_reasoning_goes_out_in_the_provider_s_own_words(name: str, way: str, source: str) -> None:
    assert source
    assert asked(name) == WAYS[way]


def test_no_way_of_asking_is_left_that_no_table_holds() -> None:
    """Every endpoint of the catalogue, and every family that a row tells apart there."""
    known = [*WAYS.values(), Ways(NO, NO, NO, NO, NO)]
    for row in load.providers():
        for endpoint in row.endpoints:
            dialect = dialects.get(endpoint.dialect)
            assert isinstance(dialect, ChatDialect)
            patterns = [pattern for one in endpoint.variants for pattern in one.models]
            for pattern in (endpoint.models[0] if endpoint.models else "any", *patterns):
                model = example_of(pattern)
                site = Site(
                    base_url="https://provider.invalid",
                    project="0" * 32,
                    app_id="00000000",
                    quirks=dialect.quirks(endpoint.quirks_for(model)),
                )
                found = probed(dialect, site, endpoint.served_as.get(model, model))
                ways = Ways(*(_told(found[f"reasoning_{way}"]) for way in Ways._fields))
                assert ways in known, f"{row.name} {endpoint.name} {model}: {ways}"
