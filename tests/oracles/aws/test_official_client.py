"""boto3, as it comes, finds in the simulated Bedrock all that it asks the real one for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

from baimo.errors import RateLimitedError
from baimo.simulator.faces.bedrock import sign_of
from baimo.simulator.words import Why
from baimo.testing import Reply, Simulator
from baimo.types.chat import ChatRequest, FinishReason
from baimo.types.content import Citation, File, Image, Text, Thinking, ToolCall, ToolResult
from baimo.types.events import ChatEvent, Finished, PartDelta, PartEnded, PartStarted, Started, UsageReported
from baimo.types.tools import FunctionTool
from baimo.types.usage import Usage

MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
ASK = [{"role": "user", "content": [{"text": "Héllo 你好"}]}]
TOOLS = {
    "tools": [
        {
            "toolSpec": {
                "name": "weather",
                "description": "The weather of a place",
                "inputSchema": {"json": {"type": "object", "properties": {"city": {"type": "string"}}}},
            }
        }
    ]
}


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("bedrock") as made:
        yield made


def connect(simulator: Simulator, **changes: Any) -> Any:
    """A client of AWS's own package."""
    table = simulator.config["providers"]["bedrock"]
    given = {
        "aws_access_key_id": table["access_key"],
        "aws_secret_access_key": table["secret_key"],
        "region_name": table["region"],
        **changes,
    }
    return boto3.session.Session().client(
        "bedrock-runtime",
        endpoint_url=simulator.origin_of("bedrock"),
        config=Config(retries={"total_max_attempts": 1}, read_timeout=10),
        **given,
    )


@pytest.fixture
def client(simulator: Simulator) -> Iterator[Any]:
    made = connect(simulator)
    yield made
    made.close()


def asked(simulator: Simulator) -> ChatRequest:
    """What the simulator understood last."""
    got = simulator.last.asked
    assert isinstance(got, ChatRequest)
    return got


def streamed(reply: Any) -> list[dict[str, Any]]:
    return list(reply["stream"])


def text_of(events: list[dict[str, Any]]) -> str:
    deltas = [event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event]
    return "".join(delta.get("text", "") for delta in deltas)


def test_a_whole_reply_is_read(simulator: Simulator, client: Any) -> None:
    simulator.reply(Reply(text="Hello 😀", usage=Usage(input_uncached=21, cache_read=7, output_visible=4)))
    seen = client.converse(
        modelId=MODEL,
        messages=ASK,
        system=[{"text": "Be brief."}, {"cachePoint": {"type": "default"}}],
        inferenceConfig={"maxTokens": 50, "temperature": 0.5, "topP": 0.9, "stopSequences": ["END"]},
        additionalModelRequestFields={"top_k": 4},
        requestMetadata={"team": "a"},
    )
    assert seen["output"]["message"] == {"role": "assistant", "content": [{"text": "Hello 😀"}]}
    assert seen["stopReason"] == "end_turn"
    assert seen["usage"]["inputTokens"] == 21
    assert (seen["usage"]["cacheReadInputTokens"], seen["usage"]["totalTokens"]) == (7, 32)
    assert seen["ResponseMetadata"]["HTTPHeaders"]["x-amzn-requestid"]
    got = asked(simulator)
    assert (got.model, got.stream, got.top_k, got.max_tokens) == (MODEL, False, 4, 50)
    assert (got.temperature, got.top_p, got.stop, got.metadata) == (0.5, 0.9, ("END",), {"team": "a"})
    assert [message.text for message in got.messages] == ["Be brief.", "Héllo 你好"]
    assert got.messages[0].content[0].cache is not None


def test_a_stream_is_read_piece_by_piece(simulator: Simulator, client: Any) -> None:
    simulator.reply(Reply(text="one two three", usage=Usage(input_uncached=3, output_visible=5)))
    events = streamed(client.converse_stream(modelId=MODEL, messages=ASK))
    assert [next(iter(event)) for event in events[:1]] == ["messageStart"]
    assert len([event for event in events if "contentBlockDelta" in event]) > 2
    assert text_of(events) == "one two three"
    assert events[-2]["messageStop"]["stopReason"] == "end_turn"
    assert events[-1]["metadata"]["usage"] == {"inputTokens": 3, "outputTokens": 5, "totalTokens": 8}
    assert asked(simulator).stream


@pytest.mark.parametrize(
    "model", [MODEL, "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-3"]
)
def test_a_session_token_is_signed_and_any_model_is_named(simulator: Simulator, model: str) -> None:
    token = simulator.credentials_of("bedrock")["session_token"]
    client = connect(simulator, aws_session_token=token)
    assert client.converse(modelId=model, messages=ASK)["output"]
    assert asked(simulator).model == model
    client.close()


@pytest.mark.parametrize("stream", [False, True])
def test_tools_are_called_and_their_results_come_back(
    simulator: Simulator, client: Any, stream: bool
) -> None:
    calls = tuple(ToolCall(id=f"t{n}", name="weather", arguments='{"city":"北京"}') for n in (1, 2))
    simulator.reply(Reply(text="Wait.", tool_calls=calls), "Sunny.")
    if stream:
        events = streamed(client.converse_stream(modelId=MODEL, messages=ASK, toolConfig=TOOLS))
        starts = [
            event["contentBlockStart"]["start"]["toolUse"] for event in events if "contentBlockStart" in event
        ]
        inputs: dict[int, str] = {}
        for event in events:
            delta = event.get("contentBlockDelta", {})
            if "toolUse" in delta.get("delta", {}):
                index = delta["contentBlockIndex"]
                inputs[index] = inputs.get(index, "") + delta["delta"]["toolUse"]["input"]
        uses = [
            {**start, "input": json.loads(given)}
            for start, given in zip(starts, inputs.values(), strict=True)
        ]
        assert events[-2]["messageStop"]["stopReason"] == "tool_use"
        message = {"role": "assistant", "content": [{"text": "Wait."}, *({"toolUse": use} for use in uses)]}
    else:
        seen = client.converse(modelId=MODEL, messages=ASK, toolConfig=TOOLS)
        assert seen["stopReason"] == "tool_use"
        message = seen["output"]["message"]
        uses = [block["toolUse"] for block in message["content"] if "toolUse" in block]
    assert [(use["toolUseId"], use["input"]) for use in uses] == [
        ("t1", {"city": "北京"}),
        ("t2", {"city": "北京"}),
    ]
    (tool,) = asked(simulator).tools
    assert isinstance(tool, FunctionTool)
    assert tool.name == "weather"
    good = {"toolUseId": "t1", "content": [{"json": {"sky": "blue"}}], "status": "success"}
    bad = {"toolUseId": "t2", "content": [{"text": "no"}], "status": "error"}
    messages = [*ASK, message, {"role": "user", "content": [{"toolResult": good}, {"toolResult": bad}]}]
    again = client.converse(modelId=MODEL, messages=messages, toolConfig={**TOOLS, "toolChoice": {"any": {}}})
    assert again["output"]["message"]["content"] == [{"text": "Sunny."}]
    got = asked(simulator)
    assert got.tool_choice is not None
    assert got.tool_choice.mode == "required"
    first, second = got.messages[-1].content
    assert isinstance(first, ToolResult)
    assert isinstance(second, ToolResult)
    assert (first.content[0], second.is_error) == (
        Text(text='{"sky":"blue"}', replay=first.content[0].replay),
        True,
    )


@pytest.mark.parametrize("stream", [False, True])
def test_thinking_comes_signed_and_must_come_back_as_it_was(
    simulator: Simulator, client: Any, stream: bool
) -> None:
    simulator.reply(Reply(thinking="Let me see.", text="42"), "Yes.", "Yes.")
    more = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
    if stream:
        events = streamed(
            client.converse_stream(modelId=MODEL, messages=ASK, additionalModelRequestFields=more)
        )
        deltas = [
            event["contentBlockDelta"]["delta"].get("reasoningContent", {})
            for event in events
            if "contentBlockDelta" in event
        ]
        told = {
            "text": "".join(delta.get("text", "") for delta in deltas),
            "signature": "".join(delta.get("signature", "") for delta in deltas),
        }
    else:
        seen = client.converse(modelId=MODEL, messages=ASK, additionalModelRequestFields=more)
        told = seen["output"]["message"]["content"][0]["reasoningContent"]["reasoningText"]
    assert told == {"text": "Let me see.", "signature": sign_of("Let me see.")}
    reasoning = asked(simulator).reasoning
    assert reasoning is not None
    assert (reasoning.enabled, reasoning.budget) == (True, 1024)

    def back(**changes: str) -> Any:
        content = [{"reasoningContent": {"reasoningText": {**told, **changes}}}, {"text": "42"}]
        turns = [*ASK, {"role": "assistant", "content": content}, *ASK]
        return client.converse(modelId=MODEL, messages=turns)

    assert back()["output"]["message"]["content"] == [{"text": "Yes."}]
    (thought, _) = asked(simulator).messages[1].content
    assert isinstance(thought, Thinking)
    with pytest.raises(client.exceptions.ValidationException, match="signature"):
        back(text="Let me look.")


def test_media_arrive_as_they_are(simulator: Simulator, client: Any) -> None:
    simulator.reply("A cat.")
    content = [
        {"text": "What?"},
        {"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}},
        {"document": {"format": "pdf", "name": "report", "source": {"bytes": b"%PDF"}}},
    ]
    client.converse(modelId=MODEL, messages=[{"role": "user", "content": content}])
    _, image, document = asked(simulator).messages[0].content
    assert image == Image(data=b"\x89PNG", media_type="image/png")
    assert document == File(data=b"%PDF", name="report", media_type="application/pdf")


def test_sources_are_read(simulator: Simulator, client: Any) -> None:
    cited = Citation(url="https://a.example", title="A", quote="so it is")
    events: list[ChatEvent] = [
        Started(),
        PartStarted(index=0, part=Text(text="")),
        PartDelta(index=0, text="It is."),
        PartEnded(index=0, citations=(cited,)),
        UsageReported(usage=Usage(input_uncached=1, output_visible=1)),
        Finished(reason=FinishReason.STOP),
    ]
    simulator.script(lambda request: events)
    (block,) = client.converse(modelId=MODEL, messages=ASK)["output"]["message"]["content"]
    entry = {
        "title": "A",
        "sourceContent": [{"text": "so it is"}],
        "location": {"web": {"url": "https://a.example"}},
    }
    assert block["citationsContent"] == {"content": [{"text": "It is."}], "citations": [entry]}
    told = streamed(client.converse_stream(modelId=MODEL, messages=ASK))
    assert [event["contentBlockDelta"]["delta"] for event in told if "contentBlockDelta" in event][1] == {
        "citation": entry
    }


def test_a_schema_bounds_the_answer(simulator: Simulator, client: Any) -> None:
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
    simulator.script("json")
    structure = {"jsonSchema": {"schema": json.dumps(schema), "name": "Age"}}
    seen = client.converse(
        modelId=MODEL,
        messages=ASK,
        outputConfig={"textFormat": {"type": "json_schema", "structure": structure}},
    )
    assert isinstance(json.loads(seen["output"]["message"]["content"][0]["text"])["age"], int)
    form = asked(simulator).response_format
    assert form is not None
    assert (form.type, form.schema, form.name) == ("json_schema", schema, "Age")


ERRORS: dict[Why, tuple[str, int]] = {
    Why.UNKNOWN_MODEL: ("ValidationException", 400),
    Why.MISSING_PROJECT_SCOPE: ("AccessDeniedException", 403),
    Why.UNKNOWN_DEPLOYMENT: ("ResourceNotFoundException", 404),
    Why.OVER_RATE: ("ThrottlingException", 429),
    Why.SERVER_ERROR: ("InternalServerException", 500),
    Why.OVERLOADED: ("ServiceUnavailableException", 503),
}


@pytest.mark.parametrize(("why", "told"), ERRORS.items())
@pytest.mark.parametrize("stream", [False, True])
def test_refusals_are_its_own_exceptions(
    simulator: Simulator, client: Any, why: Why, told: tuple[str, int], stream: bool
) -> None:
    simulator.refuse(why)
    call = client.converse_stream if stream else client.converse
    with pytest.raises(getattr(client.exceptions, told[0])) as caught:
        call(modelId=MODEL, messages=ASK)
    assert caught.value.response["Error"]["Code"] == told[0]
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == told[1]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"aws_secret_access_key": "fake-other"}, "InvalidSignatureException"),
        ({"aws_access_key_id": "AKIAFAKEFAKEFAKE9999"}, "UnrecognizedClientException"),
        ({"aws_session_token": "fake"}, "ExpiredTokenException"),
        ({"region_name": "eu-west-1"}, "InvalidSignatureException"),
    ],
)
def test_wrong_credentials_are_refused(simulator: Simulator, changes: dict[str, str], code: str) -> None:
    client = connect(simulator, **changes)
    with pytest.raises(ClientError) as caught:
        client.converse(modelId=MODEL, messages=ASK)
    assert caught.value.response["Error"]["Code"] == code
    client.close()


def test_a_failure_in_the_middle_is_an_exception_of_the_stream(simulator: Simulator, client: Any) -> None:
    def script(request: ChatRequest) -> Iterator[ChatEvent]:
        yield Started()
        yield PartStarted(index=0, part=Text(text=""))
        yield PartDelta(index=0, text="one")
        raise RateLimitedError("too fast")

    simulator.script(script)
    reply = client.converse_stream(modelId=MODEL, messages=ASK)
    seen: list[dict[str, Any]] = []
    with pytest.raises(EventStreamError, match="throttlingException"):
        seen += reply["stream"]
    reply["stream"].close()
    assert simulator.last.outcome == "interrupted"


def test_tokens_are_counted(client: Any) -> None:
    body = {"converse": {"messages": [{"role": "user", "content": [{"text": "one two three"}]}]}}
    assert (
        client.count_tokens(modelId="anthropic.claude-sonnet-4-20250514-v1:0", input=body)["inputTokens"] == 3
    )


def test_vectors_are_made(simulator: Simulator, client: Any) -> None:
    asked = {"inputText": "Héllo 你好", "dimensions": 4, "normalize": True}
    seen = client.invoke_model(modelId="amazon.titan-embed-text-v2:0", body=json.dumps(asked))
    told = json.loads(seen["body"].read())
    assert (len(told["embedding"]), told["inputTextTokenCount"]) == (4, 4)
    assert simulator.last.operation == "embed"
    several = {"texts": ["a", "b"], "input_type": "search_query", "embedding_types": ["float"]}
    seen = client.invoke_model(modelId="cohere.embed-v4:0", body=json.dumps(several))
    told = json.loads(seen["body"].read())
    assert (len(told["embeddings"]["float"]), told["response_type"]) == (2, "embeddings_by_type")
    with pytest.raises(ClientError, match="required key"):
        client.invoke_model(modelId="cohere.embed-v4:0", body=json.dumps({"texts": ["a"]}))
