"""Three turns with thinking and a tool, over every wire: what goes back is what each provider wants back.

What the client sends passes; the same history with its reasoning taken out, altered or moved is refused with
the provider's words where the provider documents a refusal, and passes where it documents none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

import pytest
from msgspec.structs import replace

from baimo import Client, Message
from baimo.client.request import build
from baimo.dialect.probing import body_of
from baimo.errors import InvalidRequestError
from baimo.simulator.reply import Reply
from baimo.testing import Simulator
from baimo.types.chat import ChatRequest, ChatResponse, Role
from baimo.types.content import Text, Thinking, ToolCall, ToolResult
from baimo.types.tools import FunctionTool

NOW = FunctionTool(
    name="now",
    description="Tells the time.",
    parameters={"type": "object", "properties": {"place": {"type": "string"}}},
)
QUESTIONS = ("What time is it in Rome?", "And now?", "Thank you.")
LOOKING, KNOWING, PARTING = "I must look.", "So it is.", "Nothing to look up."

Body: TypeAlias = dict[str, Any]
Spoil: TypeAlias = Callable[[Body], None]


class Wire(NamedTuple):
    """A model that thinks, and what its provider gets back of that."""

    provider: str
    endpoint: str
    model: str
    back: Literal["all", "with calls", "nothing"]
    history: tuple[str, ...] = ("messages",)
    """Where the history stands in the body."""
    quirks: Mapping[str, Any] = {}

    @property
    def name(self) -> str:
        return f"{self.provider}/{self.model}"


WIRES = {
    "anthropic_messages": Wire("anthropic", "messages", "claude-sonnet-5", "all"),
    "bedrock_converse": Wire("bedrock", "converse", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "all"),
    "cohere_chat": Wire("cohere", "native", "command-a-reasoning-08-2025", "all"),
    "dashscope": Wire("qwen", "native", "qwen-plus", "nothing", ("input", "messages")),
    "dashscope, of DeepSeek": Wire("qwen", "native", "deepseek-v4-pro", "with calls", ("input", "messages")),
    "gemini": Wire("gemini", "native", "gemini-3.8-flash", "all", ("contents",)),
    "gemini, before 3": Wire("gemini", "native", "gemini-2.5-flash", "all", ("contents",)),
    "gemini, Vertex": Wire("vertex", "native", "gemini-3.8-flash", "all", ("contents",)),
    "hunyuan": Wire("hunyuan", "native", "hunyuan-a13b", "nothing", ("Messages",)),
    "minimax": Wire("minimax", "native", "MiniMax-M2.5", "all"),
    "ollama": Wire("ollama", "native", "qwen3:8b", "all"),
    "openai_chat, DeepSeek": Wire("deepseek", "chat", "deepseek-flash", "with calls"),
    "openai_chat, Kimi": Wire("moonshot", "chat", "kimi-k2.6", "with calls"),
    "openai_chat, GLM": Wire("zhipu", "chat", "glm-4.7", "with calls"),
    "openai_chat, Mistral": Wire("mistral", "chat", "magistral-medium-latest", "all"),
    "openai_chat, Doubao": Wire("volcengine", "chat", "doubao-seed-2-1-lite-260915", "nothing"),
    "openai_chat, Qwen": Wire("qwen", "chat", "qwen-plus", "nothing"),
    "openai_chat, DeepSeek R1": Wire("deepseek", "chat", "deepseek-r1", "nothing"),
    "openai_chat, DeepSeek of two generations": Wire("deepseek", "chat", "deepseek-reasoner", "with calls"),
    "openai_chat, Hy3 of TokenHub": Wire("tokenhub", "chat", "hy3-preview", "with calls"),
    "openai_chat, DeepSeek of TokenHub": Wire("tokenhub", "chat", "deepseek-v4-pro", "with calls"),
    "openai_chat, Kimi of TokenHub": Wire("tokenhub-intl", "chat", "kimi-k2.6", "all"),
    "openai_chat, DeepSeek of Ark": Wire("volcengine", "chat", "deepseek-v4-pro-ga-260813", "with calls"),
    "openai_chat, R1 of Ark": Wire("volcengine", "chat", "deepseek-r1-250528", "nothing"),
    "openai_chat, Kimi of Model Studio": Wire("qwen", "chat", "kimi-k2-thinking", "with calls"),
    "openai_chat, DeepSeek of Qianfan": Wire("qianfan", "v2", "deepseek-v3.2", "with calls"),
    "openai_chat, MaaS": Wire("maas", "chat", "deepseek-v3.2", "nothing"),
    "openai_responses": Wire("openai", "responses", "gpt-5.1", "all", ("input",)),
    "openai_responses, Azure": Wire("azure", "responses", "gpt-5.1", "all", ("input",)),
    "pangu": Wire("pangu", "v1", "0f6b0d6e-0000-4000-8000-00000000fake", "nothing"),
    "qianfan_v1": Wire("qianfan", "v1", "ernie-4.0-8k", "with calls"),
    "spark_ws": Wire("spark", "socket", "spark-x", "nothing"),
    "openai_chat, Spark X": Wire("spark", "http-x", "spark-x", "nothing"),
}


def script(request: ChatRequest) -> Reply:
    """Looks twice, then says goodbye. The wire of Spark tells results in words of the user."""
    last = request.messages[-1]
    asked = [question for question in QUESTIONS if any(question in one.text for one in request.messages)]
    if any(isinstance(part, ToolResult) for part in last.content) or "noon" in last.text:
        return Reply(thinking=KNOWING, text="It is noon.")
    if not request.tools or len(asked) > 2:
        return Reply(thinking=PARTING, text="Goodbye.")
    call = ToolCall(id=f"call{len(asked)}wxyz", name="now", arguments='{"place":"Rome"}')
    return Reply(thinking=LOOKING, tool_calls=(call,))


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator() as simulator:
        simulator.script(script)
        yield simulator


OPTIONS: dict[str, Any] = {"reasoning": "high", "tools": [NOW], "max_tokens": 30000, "unsupported": "drop"}


class Talk:
    """A conversation and its client."""

    def __init__(self, sim: Simulator, wire: Wire) -> None:
        self.sim, self.wire = sim, wire
        config = sim.config_for({wire.provider: wire.endpoint})
        config["providers"][wire.provider]["quirks"] = dict(wire.quirks)
        self.client: Client = sim.client(config=config, max_retries=0)
        self.messages: list[Message] = []

    def ask(self, *, stream: bool = False, **options: Any) -> ChatResponse:
        options = {**OPTIONS, **options}
        if not stream:
            return self.client.chat(self.wire.name, self.messages, **options)
        with self.client.stream(self.wire.name, self.messages, **options) as stream_:
            list(stream_)
        return stream_.response

    def whole(self, *, stream: bool = False) -> list[ChatResponse]:
        """All three turns, with the tool's results."""
        answers = []
        for question in QUESTIONS:
            self.messages.append(Message(role=Role.USER, content=(Text(text=question),)))
            while True:
                answers.append(self.ask(stream=stream))
                self.messages.append(answers[-1].message)
                if not answers[-1].tool_calls:
                    break
                self.messages += [result(call) for call in answers[-1].tool_calls]
        return answers

    def until_the_result(self) -> Talk:
        """As far as the first result of the tool, which the model has not seen yet."""
        self.messages = [Message(role=Role.USER, content=(Text(text=QUESTIONS[0]),))]
        answer = self.ask()
        assert answer.thinking == LOOKING and answer.tool_calls
        self.messages += [answer.message, *(result(call) for call in answer.tool_calls)]
        return self

    def spoilt(self, spoil: Spoil) -> ChatResponse:
        """Ask with the history that would go out, spoilt on the wire, and signed as it is."""
        at = self.client.settings.resolve(self.wire.name)[0][0]
        request, _ = build(self.messages, OPTIONS, stream=False, model=at.model)
        body = body_of(at.dialect.encode_request(request, at.site))
        history = body
        for key in self.wire.history:
            history = history[key]
        before = repr(history)
        spoil(history)  # type: ignore[arg-type]
        assert repr(history) != before, "nothing was spoilt"
        top = self.wire.history[0]
        return self.ask(extra={top: body[top]})


def result(call: ToolCall) -> Message:
    return Message(role=Role.TOOL, content=(ToolResult(call_id=call.id, content=(Text(text="noon"),)),))


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("wire", WIRES.values(), ids=list(WIRES))
def test_three_turns_with_thinking_pass(sim: Simulator, wire: Wire, stream: bool) -> None:
    talk = Talk(sim, wire)
    answers = talk.whole(stream=stream)
    tells = [answer for answer in answers if answer.thinking]
    assert answers[-1].text == "Goodbye."
    assert all(one.outcome == "answered" for one in sim.requests)
    if wire.provider in ("pangu", "spark") and wire.endpoint in ("v1", "socket"):
        return  # no tools, or told in words: nothing of it goes back as a call
    assert [len(answer.tool_calls) for answer in answers] == [1, 0, 1, 0, 0]
    assert len(tells) == (2 if wire.endpoint == "v1" else 5), (
        "Qianfan's first version thinks before calls alone"
    )
    last = sim.requests[-1].asked
    if last is None:  # Vertex's face keeps no neutral words of a request
        return
    assert isinstance(last, ChatRequest)
    seen = [message.thinking for message in last.messages if message.role is Role.ASSISTANT]
    wanted = {
        "all": [LOOKING, KNOWING] * 2,
        "with calls": [LOOKING, ""] * 2,
        "nothing": [""] * 4,
    }
    assert seen == wanted[wire.back]


def blocks(turns: Any, role: str, key: str) -> Any:
    """The content of the last message of that role."""
    return next(turn for turn in reversed(turns) if turn["role"] == role)[key]


def without(key: str, kind: str | bool, *, role: str = "assistant", content: str = "content") -> Spoil:
    """Take out the blocks whose `key` is that, or that have the field `kind`."""

    def spoil(turns: Any) -> None:
        found = blocks(turns, role, content)
        found[:] = [block for block in found if block.get(key) != kind and kind not in block]

    return spoil


def altered(*path: Any, to: str = "other", role: str = "assistant", content: str = "content") -> Spoil:
    def spoil(turns: Any) -> None:
        place = blocks(turns, role, content)
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to

    return spoil


def moved(turns: Any) -> None:
    """Reasoning behind the call that it led to."""
    blocks(turns, "assistant", "content").reverse()


def no_field(name: str) -> Spoil:
    def spoil(turns: Any) -> None:
        for turn in turns:
            turn.pop(name, None)

    return spoil


def with_field(name: str, value: str, role: str = "assistant") -> Spoil:
    def spoil(turns: Any) -> None:
        next(turn for turn in turns if turn.get("role", turn.get("Role")) == role)[name] = value

    return spoil


def item(kind: str) -> Callable[[list[Body]], Body]:
    return lambda items: next(one for one in items if one.get("type") == kind)


def no_item(items: Any) -> None:
    items.remove(item("reasoning")(items))


def other_seal(items: Any) -> None:
    item("reasoning")(items)["encrypted_content"] = "gAAAAother"


def other_summary(items: Any) -> None:
    item("reasoning")(items)["summary"][0]["text"] = "other"


def alone(items: Any) -> None:
    """Reasoning at the end, behind what it led to."""
    thought = item("reasoning")(items)
    items.remove(thought)
    items.append(thought)


def no_signature(turns: Any) -> None:
    for part in blocks(turns, "model", "parts"):
        part.pop("thoughtSignature", None)


def other_signature(turns: Any) -> None:
    for part in blocks(turns, "model", "parts"):
        if "thoughtSignature" in part:
            part["thoughtSignature"] = "b3RoZXI="


EXPECTED = "Expected `thinking` or `redacted_thinking`"
INVALID = "Invalid `signature` in `thinking` block"
REFUSED: list[tuple[str, Spoil, str]] = [
    ("anthropic_messages", without("type", "thinking"), EXPECTED),
    ("anthropic_messages", altered(0, "thinking"), INVALID),
    ("anthropic_messages", altered(0, "signature"), INVALID),
    ("anthropic_messages", moved, EXPECTED),
    ("bedrock_converse", without("type", "reasoningContent"), EXPECTED),
    ("bedrock_converse", altered(0, "reasoningContent", "reasoningText", "text"), INVALID),
    ("bedrock_converse", altered(0, "reasoningContent", "reasoningText", "signature"), INVALID),
    ("bedrock_converse", moved, EXPECTED),
    ("gemini", no_signature, "missing a `?thought_signature"),
    ("gemini", other_signature, "(?i)thought signature"),
    ("gemini, Vertex", no_signature, "missing a `?thought_signature"),
    ("gemini, Vertex", other_signature, "(?i)thought signature"),
    ("hunyuan", with_field("ReasoningContent", LOOKING), "ReasoningContent: must not be sent back"),
    ("openai_chat, DeepSeek", no_field("reasoning_content"), "`reasoning_content` in the thinking mode must"),
    (
        "openai_chat, DeepSeek",
        with_field("reasoning_content", ""),
        "`reasoning_content` in the thinking mode",
    ),
    (
        "openai_chat, Kimi",
        no_field("reasoning_content"),
        "reasoning_content is missing in assistant tool call",
    ),
    ("openai_chat, Kimi", with_field("reasoning_content", ""), "reasoning_content is missing in assistant"),
    ("openai_chat, DeepSeek R1", with_field("reasoning_content", LOOKING), "remove the reasoning_content"),
    (
        "openai_chat, DeepSeek of two generations",
        no_field("reasoning_content"),
        "`reasoning_content` in the thinking mode must",
    ),
    ("openai_responses", no_item, "without its required 'reasoning' item"),
    ("openai_responses", other_seal, "could not be verified"),
    ("openai_responses", other_summary, "could not be verified"),
    ("openai_responses", alone, "without its required"),
    ("openai_responses, Azure", no_item, "without its required 'reasoning' item"),
    ("openai_responses, Azure", other_seal, "could not be verified"),
]


@pytest.mark.parametrize(
    ("name", "spoil", "words"), REFUSED, ids=lambda value: str(value) if isinstance(value, str) else ""
)
def test_reasoning_that_comes_back_wrong_is_refused(
    sim: Simulator, name: str, spoil: Spoil, words: str
) -> None:
    talk = Talk(sim, WIRES[name]).until_the_result()
    with pytest.raises(InvalidRequestError, match=words):
        talk.spoilt(spoil)
    assert sim.requests[-1].outcome == "refused"
    assert talk.ask().thinking == KNOWING, "what the client sends by itself passes"


def tags_out(turns: Any) -> None:
    for turn in turns:
        turn.pop("reasoning_content", None)
        turn.pop("reasoning_details", None)
        if isinstance(turn.get("content"), str):
            turn["content"] = turn["content"].partition("</think>")[2] or turn["content"]


def no_thoughts(turns: Any) -> None:
    del next(turn for turn in turns if "function_call" in turn)["function_call"]["thoughts"]


PASSES: list[tuple[str, Spoil]] = [
    ("cohere_chat", without("type", "thinking")),
    ("dashscope", with_field("reasoning_content", LOOKING)),
    ("gemini, before 3", without("thought", True, role="model", content="parts")),
    ("minimax", tags_out),
    ("ollama", no_field("thinking")),
    ("openai_chat, GLM", no_field("reasoning_content")),
    ("openai_chat, Doubao", with_field("reasoning_content", LOOKING)),
    ("openai_chat, Qwen", with_field("reasoning_content", LOOKING)),
    ("openai_chat, Hy3 of TokenHub", no_field("reasoning_content")),
    ("openai_chat, Kimi of TokenHub", no_field("reasoning_content")),
    ("openai_chat, DeepSeek of Ark", no_field("reasoning_content")),
    ("openai_chat, Kimi of Model Studio", no_field("reasoning_content")),
    ("openai_chat, DeepSeek of Qianfan", no_field("reasoning_content")),
    ("openai_chat, MaaS", with_field("reasoning_content", LOOKING)),
    ("openai_chat, Spark X", with_field("reasoning_content", LOOKING)),
    ("qianfan_v1", no_thoughts),
]
"""What no provider documents to refuse: reasoning that may be left out, or that is passed over."""


@pytest.mark.parametrize(("name", "spoil"), PASSES, ids=[name for name, _ in PASSES])
def test_what_is_documented_to_be_passed_over_passes(sim: Simulator, name: str, spoil: Spoil) -> None:
    answer = Talk(sim, WIRES[name]).until_the_result().spoilt(spoil)
    assert answer.text == "It is noon."


def test_every_wire_is_talked_over() -> None:
    from baimo import dialects

    assert {name.partition(",")[0] for name in WIRES} == set(dialects.names())


def test_a_history_of_another_provider_gets_what_stands_for_its_reasoning(sim: Simulator) -> None:
    """Documented for Gemini 3, and what helps with DeepSeek: the client puts it in, so the call passes."""
    foreign = Talk(sim, WIRES["ollama"]).until_the_result().messages
    for name in ("gemini", "openai_chat, DeepSeek", "openai_chat, Kimi", "openai_responses"):
        talk = Talk(sim, WIRES[name])
        talk.messages = list(foreign)
        assert talk.ask().text == "It is noon.", name


def test_without_its_thinking_an_answer_of_claude_is_refused(sim: Simulator) -> None:
    """Taken out of the neutral message, not of the bytes: nothing is made up in its place."""
    talk = Talk(sim, WIRES["anthropic_messages"]).until_the_result()
    kept = tuple(part for part in talk.messages[1].content if not isinstance(part, Thinking))
    talk.messages[1] = replace(talk.messages[1], content=kept)
    with pytest.raises(InvalidRequestError, match=EXPECTED):
        talk.ask()
