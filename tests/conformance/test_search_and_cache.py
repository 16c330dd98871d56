"""Two words over all wires: `search`, with sources as citations, and `prompt_cache`, with usage for it."""

from __future__ import annotations

from typing import Any

import pytest

from baimo import dialects
from baimo.config.settings import load_settings
from baimo.dialect.probing import body_of
from baimo.dialect.protocols import ChatDialect, Site
from baimo.types.chat import ChatRequest, Message, Role
from baimo.types.content import Cache, Text, ToolCall, ToolResult
from baimo.types.events import Finished, PartDelta, PartEnded, PartStarted, Started, UsageReported
from baimo.types.fold import fold
from baimo.types.tools import FunctionTool
from baimo.types.usage import Usage
from tests.conformance.cases import load
from tests.conformance.playing import play
from tests.conformance.wires import DATA, wire_of

ZHIPU = {"enable": True, "search_engine": "search_std", "search_result": True}
SEARCHES: list[tuple[str, dict[str, Any] | None, str | None]] = [
    (
        "anthropic/claude-sonnet-5",
        {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
        "anthropic_messages/chat-search-whole",
    ),
    (
        "bedrock/us.amazon.nova-2-lite-v1:0",
        {"toolConfig": {"tools": [{"systemTool": {"name": "nova_grounding"}}]}},
        "bedrock_converse/whole-citations",
    ),
    ("gemini/gemini-3.8-flash", {"tools": [{"googleSearch": {}}]}, "gemini/chat-search"),
    (
        "openai:responses/gpt-5.1",
        {"tools": [{"type": "web_search"}]},
        "openai_responses/search-whole",
    ),
    ("azure:responses/deployment", {"tools": [{"type": "web_search_preview"}]}, None),
    ("xai:responses/grok-4.5", {"tools": [{"type": "web_search"}]}, None),
    ("openai/gpt-5-search-api", {"web_search_options": {}}, "openai_chat/whole-url-citations"),
    ("perplexity/sonar", {}, "openai_chat/whole-search-results"),
    ("openrouter/openai/gpt-5.1", {"plugins": [{"id": "web"}]}, "openai_chat/whole-url-citations"),
    ("qwen/qwen-plus", {"enable_search": True}, None),
    (
        "qwen:native/qwen-plus",
        {"parameters": {"enable_search": True, "search_options": {"enable_source": True}}},
        "dashscope/whole-search",
    ),
    (
        "zhipu/glm-5.2",
        {"tools": [{"type": "web_search", "web_search": ZHIPU}]},
        "openai_chat/whole-web-search-links",
    ),
    (
        "moonshot/kimi-k2.6",
        {"tools": [{"type": "builtin_function", "function": {"name": "$web_search"}}]},
        None,
    ),
    (
        "qianfan/ernie-4.5-turbo-128k",
        {"web_search": {"enable": True, "enable_citation": True, "enable_trace": True}},
        "openai_chat/whole-search-results",
    ),
    (
        "qianfan:v1/ernie-4.0-8k",
        {"disable_search": False, "enable_citation": True},
        "qianfan_v1/whole-search",
    ),
    (
        "hunyuan:native/hunyuan-lite",
        {"EnableEnhancement": True, "SearchInfo": True, "Citation": True},
        "hunyuan/whole-search",
    ),
    (
        "hunyuan:compatible/hunyuan-lite",
        {"enable_enhancement": True, "search_info": True, "citation": True},
        "openai_chat/whole-sources-in-search-info",
    ),
    (
        "spark:socket/4.0Ultra",
        {
            "parameter": {
                "chat": {
                    "tools": [{"type": "web_search", "web_search": {"enable": True, "show_ref_label": True}}]
                }
            }
        },
        "spark_ws/reply-sources",
    ),
    (
        "baichuan/Baichuan4-Turbo",
        {
            "tools": [
                {"type": "web_search", "web_search": {"enable": True, "search_mode": "performance_first"}}
            ]
        },
        None,
    ),
    (
        "stepfun/step-3.7-flash",
        {"tools": [{"type": "web_search", "function": {"description": "Searches the web."}}]},
        None,
    ),
    ("minimax:native/minimax-text-01", {"tools": [{"type": "web_search"}]}, "minimax/whole-search"),
    ("cohere/command-a-03-2025", None, "cohere_chat/chat-citations-whole"),
    ("ollama/qwen3:8b", None, None),
    ("deepseek/deepseek-flash", None, None),
    ("pangu/deployment", None, None),
]
"""A model, the fields that ask for a search there (None: it cannot be), and a reply with sources."""


def at(name: str) -> tuple[str, Any, str]:
    """Endpoint's dialect, its quirks, and the model's name: `provider:endpoint/model`."""
    where, _, model = name.partition("/")
    provider, _, endpoint = where.partition(":")
    settings = load_settings({"providers": {provider: {"endpoint": endpoint}}} if endpoint else {})
    (found,) = settings.behaviours([f"{provider}/{model}"])
    row = next(one for one in settings.row(provider).endpoints if one.name == found.endpoint)
    return found.dialect, dialects.get(found.dialect).quirks(row.quirks_for(model)), model


@pytest.mark.parametrize(("name", "fields", "case"), SEARCHES, ids=[name for name, _, _ in SEARCHES])
def test_a_search_goes_out_in_the_provider_s_own_words(
    name: str, fields: dict[str, Any] | None, case: str | None
) -> None:
    where, _, model = name.partition("/")
    provider, _, endpoint = where.partition(":")
    settings = load_settings({"providers": {provider: {"endpoint": endpoint}}} if endpoint else {})
    (found,) = settings.behaviours([f"{provider}/{model}"])
    asked = found["asked.search"].value
    assert ("refused" in asked) if fields is None else asked == fields
    if case is not None:
        assert case.partition("/")[0] == found.dialect
        expected = load(DATA / case).expect
        assert expected is not None and expected.citations, "its sources come as citations"


NOW = FunctionTool(name="now", parameters={"type": "object"})
MARK = {"type": "ephemeral"}
POINT = {"cachePoint": {"type": "default"}}
BREAK = {"mode": "explicit"}


def said(role: Role, text: str) -> Message:
    return Message(role=role, content=(Text(text=text),))


TALK = (said(Role.SYSTEM, "Be brief."), said(Role.USER, "Hello"))
WORK = (
    *TALK,
    Message(role=Role.ASSISTANT, content=(ToolCall(id="call1wxyz", name="now", arguments="{}"),)),
    Message(role=Role.TOOL, content=(ToolResult(call_id="call1wxyz", content=(Text(text="noon"),)),)),
)
TEXTS_AND_TOOL = ["messages.0.content.0", "messages.1.content.0", "tools.0"]
CACHES: list[tuple[str, list[str], list[str]]] = [
    (
        "anthropic/claude-sonnet-5",
        ["system.0", "messages.0.content.0", "tools.0"],
        ["system.0", "messages.2.content.0", "tools.0"],
    ),
    (
        "vertex:anthropic/claude-sonnet-5",
        ["system.0", "messages.0.content.0", "tools.0"],
        ["system.0", "messages.2.content.0", "tools.0"],
    ),
    (
        "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ["messages.0.content.1", "system.1", "toolConfig.tools.1"],
        ["messages.2.content.1", "system.1", "toolConfig.tools.1"],
    ),
    (
        "bedrock/us.amazon.nova-pro-v1:0",
        ["messages.0.content.1", "system.1"],
        ["messages.2.content.1", "system.1"],
    ),
    ("bedrock/anthropic.claude-3-haiku-20240307-v1:0", [], []),
    *((name, TEXTS_AND_TOOL, TEXTS_AND_TOOL) for name in (
        "qwen/qwen-plus", "qwen-coding/qwen3.5-plus", "openrouter/anthropic/claude-sonnet-5",
        "openrouter/google/gemini-2.5-pro", "openrouter/qwen/qwen3-max",
    )),
    (
        "qwen:native/qwen-plus",
        ["input.messages.0.content.0", "input.messages.1.content.0"],
        ["input.messages.0.content.0", "input.messages.1.content.0"],
    ),
    (
        "openai/gpt-5.1",
        ["messages.0.content.0", "messages.1.content.0"],
        ["messages.0.content.0", "messages.1.content.0"],
    ),
    (
        "openai:responses/gpt-5.1",
        ["input.0.content.0", "input.1.content.0"],
        ["input.0.content.0", "input.1.content.0"],
    ),
    *((name, [], []) for name in (
        "azure:responses/deployment", "cohere/command-a-03-2025", "deepseek/deepseek-flash",
        "gemini/gemini-3.8-flash", "hunyuan:native/hunyuan-lite", "minimax:native/MiniMax-M3",
        "moonshot/kimi-k2.6", "openrouter/deepseek/deepseek-v4-pro",
        "moonshot:anthropic/kimi-k2.6", "ollama/qwen3:8b", "qianfan:v1/ernie-4.0-8k",
        "zhipu/glm-5.2",
    )),
]  # fmt: skip
"""A model, and where the word lays marks in a talk, and in one whose tool has just answered. Where there are
none the provider caches by itself, or not at all."""


def marks(value: Any, path: str = "") -> list[str]:
    """Where a body holds marks of any kind."""
    if isinstance(value, list):
        return [found for at, one in enumerate(value) for found in marks(one, f"{path}.{at}")]
    if not isinstance(value, dict):
        return []
    own = {"cache_control", "cachePoint", "prompt_cache_breakpoint"} & value.keys()
    return [path.lstrip(".")] * len(own) + [
        found for key, one in value.items() for found in marks(one, f"{path}.{key}")
    ]


@pytest.mark.parametrize("ttl", ["5m", None, "1h", "30m"])
@pytest.mark.parametrize(("name", "talk", "work"), CACHES, ids=[name for name, _, _ in CACHES])
def test_one_word_lays_the_marks_that_a_provider_knows(
    name: str, talk: list[str], work: list[str], ttl: str | None
) -> None:
    dialect_name, quirks, model = at(name)
    dialect = dialects.get(dialect_name)
    assert isinstance(dialect, ChatDialect)
    known = {"base_url": "https://api.example", **wire_of(dialect_name).site}
    for messages, expected in ((TALK, talk), (WORK, work)):
        request = ChatRequest(
            model=model, messages=messages, tools=(NOW,), max_tokens=99, prompt_cache=Cache(ttl=ttl)
        )
        wire = dialect.encode_request(request, Site(**known, quirks=quirks))
        assert sorted(marks(body_of(wire))) == sorted(expected)
        assert not wire.notes or not expected


LIVES = [
    ("anthropic/claude-sonnet-5", "1h", {"type": "ephemeral", "ttl": "1h"}),
    ("openrouter/anthropic/claude-sonnet-5", "1h", {"type": "ephemeral", "ttl": "1h"}),
    ("openrouter/google/gemini-2.5-pro", "1h", MARK),
    ("openrouter/qwen/qwen3-max", "5m", MARK),
    ("qwen/qwen-plus", "5m", MARK),
    ("qwen/qwen-plus", "1h", MARK),
]


@pytest.mark.parametrize(("name", "ttl", "mark"), LIVES)
def test_all_marks_of_a_request_live_as_long_as_the_provider_lets_them(
    name: str, ttl: str, mark: dict[str, str]
) -> None:
    """Anthropic refuses a longer life behind a shorter one, so a tool's mark is like the others."""
    dialect_name, quirks, model = at(name)
    dialect = dialects.get(dialect_name)
    assert isinstance(dialect, ChatDialect)
    request = ChatRequest(
        model=model, messages=TALK, tools=(NOW,), max_tokens=99, prompt_cache=Cache(ttl=ttl)
    )
    wire = dialect.encode_request(request, Site(base_url="https://api.example", quirks=quirks))
    body = repr(body_of(wire))
    assert body.count("'cache_control'") == body.count(f"'cache_control': {mark!r}") == 3


def test_an_answer_that_is_begun_is_no_hindrance() -> None:
    """On the wire of Responses no mark can stand on an earlier answer: the message before it has it."""
    for name in ("openai:responses/gpt-5.1", "qwen/qwen-plus", "anthropic/claude-sonnet-4-5"):
        dialect_name, quirks, model = at(name)
        dialect = dialects.get(dialect_name)
        assert isinstance(dialect, ChatDialect)
        begun = (*TALK, said(Role.ASSISTANT, "Well"))
        request = ChatRequest(model=model, messages=begun, prompt_cache=Cache())
        wire = dialect.encode_request(request, Site(base_url="https://api.example", quirks=quirks))
        assert len(marks(body_of(wire))) == 2


TOLD = {
    "anthropic_messages": ("cache_read", "cache_write_5m", "cache_write_1h"),
    "bedrock_converse": ("cache_read", "cache_write_5m", "cache_write_1h"),
    "cohere_chat": ("cache_read",),
    "dashscope": ("cache_read", "cache_write_5m"),
    "gemini": ("cache_read",),
    "hunyuan": ("cache_read",),
    "minimax": ("cache_read",),
    "openai_chat": ("cache_read", "cache_write_5m"),
    "openai_responses": ("cache_read", "cache_write_5m"),
    "ollama": (),
    "pangu": (),
    "qianfan_v1": (),
    "spark_ws": (),
}
"""What each wire tells of the cache."""


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", TOLD)
def test_usage_shows_what_the_cache_gave_and_took(name: str, stream: bool) -> None:
    dialect = dialects.get(name)
    assert isinstance(dialect, ChatDialect)
    numbers = dict(zip(("cache_read", "cache_write_5m", "cache_write_1h"), (30, 20, 10), strict=True))
    usage = Usage(input_uncached=40, output_visible=5, **{one: numbers[one] for one in TOLD[name]})
    request = ChatRequest(model=wire_of(name).model, messages=TALK, stream=stream, include_usage=True)
    encoder = dialect.encoder(request)
    events = (
        Started(id="r1", model="m", created=1_790_000_000),
        PartStarted(index=0, part=Text(text="")),
        PartDelta(index=0, text="Hi"),
        PartEnded(index=0),
        UsageReported(usage=usage),
        Finished(reason=fold([]).finish_reason),
    )
    pieces = [piece for event in events for piece in encoder.feed(event)]
    found, error = play(
        dialect.decoder(encoder.head(), Site(base_url="https://api.example")), [*pieces, *encoder.end()]
    )
    assert error is None
    told = fold(found).usage
    assert {one: getattr(told, one) for one in TOLD[name]} == {one: numbers[one] for one in TOLD[name]}
    assert told.input == 40 + sum(numbers[one] for one in TOLD[name])


def test_every_wire_stands_in_the_table() -> None:
    assert set(TOLD) == set(dialects.names())
