"""Counting tokens: by the provider where it can, offline else, and what is said of it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo import AsyncClient, Client, ConfigError, Image, InputError, Message, MissingKeyError, TokenCount
from baimo.client.counting import prepare
from baimo.config.settings import load_settings
from baimo.testing.simulator import Simulator

TALK: Any = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What is it like in Bern?"},
]
TOOL: Any = {
    "type": "function",
    "function": {"name": "weather", "description": "Tells it", "parameters": {"type": "object"}},
}
ABLE = {
    "anthropic": ("anthropic/claude-sonnet-4-5", {"model", "messages", "system", "tools"}),
    "gemini": ("gemini/gemini-2.5-flash", {"generateContentRequest"}),
    "bedrock": ("bedrock/anthropic.claude-sonnet-4-20250514-v1:0", {"input"}),
    "openai": ("openai/gpt-6-luna", {"model", "input", "tools"}),
    "moonshot": ("moonshot/kimi-k2.6", {"model", "messages", "tools"}),
    "moonshot-intl": ("moonshot-intl/kimi-k3", {"model", "messages", "tools"}),
    "zhipu": ("zhipu/glm-4.6", {"model", "messages", "tools"}),
    "zai": ("zai/glm-4.5", {"model", "messages", "tools"}),
}


@pytest.mark.parametrize("provider", ABLE)
def test_a_whole_prompt_is_counted_by_providers_that_can(provider: str) -> None:
    model, fields = ABLE[provider]
    with Simulator(provider) as sim:
        config = sim.config_for({"openai": "responses"}) if provider == "openai" else None
        with sim.client(**({} if config is None else {"config": config})) as client:
            count = client.count_tokens(model, TALK, tools=[TOOL])
            more = client.count_tokens(model, [*TALK, ("Say it", "Well")], tools=[TOOL])
    assert count.exact
    assert (count.how, count.error, count.provider) == ("provider", 0.0, provider)
    assert 0 < count.tokens < more.tokens
    assert count.sent is not None
    body = msgspec.json.decode(count.sent.body)
    assert set(body) == fields
    whole = msgspec.json.encode(body)
    assert b"weather" in whole and b"Be brief." in whole
    assert b"max_tokens" not in whole and b"generationConfig" not in whole


def test_vertex_takes_the_fields_of_a_prompt_beside_each_other() -> None:
    from baimo.dialect.protocols import Site
    from baimo.dialects.gemini import DIALECT
    from baimo.types.chat import ChatRequest, Role
    from baimo.types.counting import CountRequest

    site = Site(base_url="https://h.example/v1/projects/p/locations/l/publishers/google")
    chat = ChatRequest(model="m", messages=(Message(role=Role.USER, content="Hi"),), temperature=1.0)
    wire = DIALECT.encode_count(CountRequest(model="m", chat=chat, extra={"x": 1}), site)
    assert isinstance(wire.body, bytes)
    turn = {"role": "user", "parts": [{"text": "Hi"}]}
    assert msgspec.json.decode(wire.body) == {"contents": [turn], "x": 1}
    assert wire.target.endswith(b"/m:countTokens")


def offline(**options: Any) -> TokenCount:
    with Client(config={}, keys={"openai": "fake"}) as client:
        return client.count_tokens("openai/gpt-4o", TALK, **options)


def test_without_an_endpoint_the_count_is_made_here_and_says_so() -> None:
    count = offline()
    assert (count.how, count.exact, count.error, count.family) == ("offline", False, 0.15, "o200k")
    assert (count.model, count.provider, count.sent, count.notes) == ("gpt-4o", "openai", None, ())
    assert offline(tools=[TOOL]).tokens > count.tokens
    assert offline(system="You are a poet.").tokens > count.tokens
    with Client(config={}, keys={"openai": "fake"}) as client:
        assert client.count_tokens("openai/gpt-4o", "Hello there").tokens == 2
        picture = Message(role="user", content=(Image(url="https://example.com/a.png"),))  # type: ignore[arg-type]
        notes = client.count_tokens("openai/gpt-4o", [picture]).notes
    assert [note.message for note in notes] == ["how many tokens a picture has is a guess"]


def test_nobody_is_asked_where_that_is_said_and_no_key_is_needed_then() -> None:
    with Simulator("cohere") as sim, sim.client() as client:
        assert client.count_tokens("cohere/command-a-03-2025", "Hello").exact
        sent = len(sim.requests)
        assert not client.count_tokens("cohere/command-a-03-2025", "Hello", offline=True).exact
        assert not client.count_tokens("cohere/command-a-03-2025", TALK).exact
        assert len(sim.requests) == sent
    with Client(config={}) as client:
        assert client.count_tokens("anthropic/claude-sonnet-4-5", "Hello", offline=True).family == "claude"


def test_of_one_provider_some_models_are_counted_and_others_reckoned() -> None:
    with Simulator("zhipu") as sim, sim.client() as client:
        assert client.count_tokens("zhipu/glm-4.6", "你好").exact
        reckoned = client.count_tokens("zhipu/glm-5.2", "你好")
        assert (reckoned.how, reckoned.family) == ("offline", "glm")
        with pytest.raises(ConfigError, match="zhipu does not count texts"):
            client.count_tokens("zhipu/glm-5.2", "你好", offline=False)


def test_only_the_provider_counts_where_that_is_said() -> None:
    with pytest.raises(ConfigError, match="openai does not count whole prompts"):
        offline(offline=False)
    settings = load_settings({}, keys={"openai": "fake"})
    with pytest.raises(ConfigError, match="openai does not count texts"):
        prepare(settings, "openai/gpt-4o", "Hi", {"offline": False})
    with pytest.raises(MissingKeyError):
        prepare(load_settings({}), "anthropic/claude-sonnet-4-5", "Hi", {})
    with pytest.raises(MissingKeyError):
        prepare(load_settings({}), ["anthropic/claude-sonnet-4-5"], "Hi", {"offline": True})


def test_what_is_no_option_is_refused() -> None:
    with pytest.raises(InputError, match="unknown option 'max_tokens'; count_tokens takes extra"):
        offline(max_tokens=3)


@pytest.mark.anyio
async def test_the_other_client_counts_alike() -> None:
    async with AsyncClient(config={}, keys={"openai": "fake"}) as client:
        assert await client.count_tokens("openai/gpt-4o", TALK) == offline()
