"""The vendor's own client, as it comes, speaks to the simulated Hunyuan as it does to the real one."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tencentcloud.common import abstract_client, retry
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.hunyuan.v20230901 import hunyuan_client, models

import baimo
from baimo.testing import Reply, Simulator
from baimo.types.content import ToolCall
from baimo.types.usage import Usage

ASK = {"Model": "hunyuan-turbos-latest", "Messages": [{"Role": "user", "Content": "你好"}]}
TOOL = {
    "Type": "function",
    "Function": {"Name": "look_up", "Parameters": '{"type":"object","properties":{"city":{}}}'},
}
CALL = ToolCall(id="call_a", name="look_up", arguments='{"city":"深圳"}')


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("hunyuan") as simulator:
        yield simulator


def client(simulator: Simulator, *, again: int = 1, **changes: Any) -> hunyuan_client.HunyuanClient:
    own = simulator.credentials_of("hunyuan") | {"token": None} | changes
    host = simulator.origin_of("hunyuan").removeprefix("http://")
    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=host, reqTimeout=10))
    profile.retryer = retry.StandardRetryer(max_attempts=again, backoff_fn=lambda attempt: 0)
    credential = Credential(own["secret_id"], own["secret_key"], own["token"])
    return hunyuan_client.HunyuanClient(credential, own.get("region", ""), profile)


def request(kind: Any, **fields: Any) -> Any:
    made = kind()
    made.from_json_string(json.dumps(fields))
    return made


def chat(simulator: Simulator, **fields: Any) -> Any:
    return client(simulator).ChatCompletions(request(models.ChatCompletionsRequest, **ASK, **fields))


def stream(simulator: Simulator, **fields: Any) -> list[dict[str, Any]]:
    return [json.loads(event["data"]) for event in chat(simulator, Stream=True, **fields)]


def test_a_whole_answer(simulator: Simulator) -> None:
    usage = Usage(input_uncached=4, cache_read=8, output_visible=3)
    simulator.reply(Reply(text="你好！", thinking="想一想", usage=usage))
    reply = chat(simulator, Temperature=0.5, TopP=0.9, Seed=3)
    (choice,) = reply.Choices
    assert (choice.Message.Role, choice.Message.Content, choice.FinishReason) == (
        "assistant",
        "你好！",
        "stop",
    )
    assert choice.Message.ReasoningContent == "想一想"
    assert (reply.Usage.PromptTokens, reply.Usage.CompletionTokens, reply.Usage.TotalTokens) == (12, 3, 15)
    assert reply.Usage.PromptTokensDetails.CachedTokens == "8"
    assert reply.RequestId
    assert reply.Created > 0
    assert reply.ErrorMsg is None
    asked = simulator.last.asked
    assert (asked.temperature, asked.top_p, asked.seed) == (0.5, 0.9, 3)  # type: ignore[union-attr]


def test_a_stream_of_unwrapped_chunks(simulator: Simulator) -> None:
    simulator.reply(Reply(text="天空是蓝的。", thinking="想"))
    chunks = stream(simulator)
    deltas = [chunk["Choices"][0]["Delta"] for chunk in chunks]
    assert "".join(delta["Content"] for delta in deltas) == "天空是蓝的。"
    assert "".join(delta.get("ReasoningContent", "") for delta in deltas) == "想"
    finishes = [chunk["Choices"][0]["FinishReason"] for chunk in chunks]
    assert finishes == [""] * (len(chunks) - 1) + ["stop"]
    counts = [chunk["Usage"]["CompletionTokens"] for chunk in chunks]
    assert counts == sorted(counts)


def test_calls_of_tools_whole_and_in_pieces(simulator: Simulator) -> None:
    simulator.reply(Reply(tool_calls=(CALL,)))
    reply = chat(simulator, Tools=[TOOL], ToolChoice="custom", CustomTool=TOOL)
    (call,) = reply.Choices[0].Message.ToolCalls
    assert (call.Id, call.Function.Name, call.Function.Arguments) == (CALL.id, CALL.name, CALL.arguments)
    assert reply.Choices[0].FinishReason == "tool_calls"
    simulator.reply(Reply(tool_calls=(CALL,)))
    pieces = [
        piece
        for chunk in stream(simulator, Tools=[TOOL])
        for piece in chunk["Choices"][0]["Delta"].get("ToolCalls", ())
    ]
    assert {piece["Id"] for piece in pieces} == {CALL.id}
    assert pieces[0]["Function"] == {"Name": CALL.name, "Arguments": ""}
    assert "".join(piece["Function"]["Arguments"] for piece in pieces) == CALL.arguments


def test_pictures_and_an_earlier_call_are_understood(simulator: Simulator) -> None:
    messages = [
        {
            "Role": "user",
            "Contents": [
                {"Type": "text", "Text": "What is it?"},
                {"Type": "image_url", "ImageUrl": {"Url": "https://i.example/a.png"}},
            ],
        },
        {
            "Role": "assistant",
            "Content": "",
            "ToolCalls": [
                {"Id": "a", "Type": "function", "Function": {"Name": "look_up", "Arguments": "{}"}}
            ],
        },
        {"Role": "tool", "ToolCallId": "a", "Content": "a lamp"},
    ]
    asked = request(models.ChatCompletionsRequest, Model="hunyuan-vision", Messages=messages)
    assert client(simulator).ChatCompletions(asked).Choices[0].FinishReason == "stop"


def test_vectors(simulator: Simulator) -> None:
    one = client(simulator).GetEmbedding(request(models.GetEmbeddingRequest, Input="你好"))
    many = client(simulator).GetEmbedding(request(models.GetEmbeddingRequest, InputList=["你好", "再见"]))
    assert [len(entry.Embedding) for entry in many.Data] == [1024, 1024]
    assert many.Data[0].Embedding == one.Data[0].Embedding
    assert [entry.Index for entry in many.Data] == [0, 1]
    assert many.Usage.TotalTokens > 0


def test_tokens_are_counted(simulator: Simulator) -> None:
    count = client(simulator).GetTokenCount(request(models.GetTokenCountRequest, Prompt="Hello, you"))
    assert "".join(count.Tokens) == "Hello, you"
    assert (count.TokenCount, count.CharacterCount) == (len(count.Tokens), 10)


def failed(simulator: Simulator, *, streamed: bool = False, **changes: Any) -> TencentCloudSDKException:
    asked = request(models.ChatCompletionsRequest, **ASK, Stream=streamed)
    with pytest.raises(TencentCloudSDKException) as caught:
        client(simulator, **changes).ChatCompletions(asked)
    return caught.value


@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"secret_key": "fake-wrong"}, "AuthFailure.SignatureFailure"),
        ({"secret_id": "AKIDfakeother"}, "AuthFailure.SecretIdNotFound"),
        ({"token": "fake-other-token"}, "AuthFailure.TokenFailure"),
    ],
)
def test_a_wrong_key_is_the_exception_that_the_real_one_raises(
    simulator: Simulator, streamed: bool, changes: dict[str, str], code: str
) -> None:
    error = failed(simulator, streamed=streamed, **changes)
    assert error.get_code() == code
    assert error.get_message()
    assert error.get_request_id()


def test_temporary_credentials_are_taken(simulator: Simulator) -> None:
    token = simulator.credentials_of("hunyuan")["token"]
    asked = request(models.ChatCompletionsRequest, **ASK)
    reply = client(simulator, token=token, region="ap-guangzhou").ChatCompletions(asked)
    assert reply.Choices[0].FinishReason == "stop"


def test_a_clock_that_is_wrong_is_told(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    late = time.time() - 301

    class Clock:
        @staticmethod
        def time() -> float:
            return late

    monkeypatch.setattr(abstract_client, "time", Clock)
    assert failed(simulator).get_code() == "AuthFailure.SignatureExpire"


def test_a_parameter_out_of_range_is_told_in_the_services_words(simulator: Simulator) -> None:
    asked = request(models.ChatCompletionsRequest, **ASK, Temperature=4.8)
    with pytest.raises(TencentCloudSDKException) as caught:
        client(simulator).ChatCompletions(asked)
    assert caught.value.get_code() == "InvalidParameter"
    assert caught.value.get_message() == "Temperature must be 2 or less"


def test_too_many_requests_are_tried_again_by_its_own_rule_and_nothing_else_is(simulator: Simulator) -> None:
    simulator.refuse("over_rate")
    assert failed(simulator, again=3).get_code() == "RequestLimitExceeded"
    assert len(simulator.requests) == 3
    simulator.reset()
    simulator.refuse("over_quota")
    assert failed(simulator, again=3).get_code() == "FailedOperation.ResourcePackExhausted"
    assert len(simulator.requests) == 1


def test_a_gateways_trouble_is_a_network_error_of_the_server(simulator: Simulator) -> None:
    simulator.fault("502", times=1)
    assert failed(simulator).get_code() == "ServerNetworkError"


def test_an_answer_that_is_moderated_ends_as_sensitive(simulator: Simulator) -> None:
    simulator.reply("all is well until here")
    simulator.moderate(output=["here"])
    assert stream(simulator)[-1]["Choices"][0]["FinishReason"] == "sensitive"
    assert chat(simulator).Choices[0].FinishReason == "sensitive"
    simulator.moderate(input=["你好"])
    assert failed(simulator).get_code() == "OperationDenied.TextIllegalDetected"


def test_a_failure_in_mid_stream_is_an_error_message(simulator: Simulator) -> None:
    simulator.fault("fail")
    last = stream(simulator)[-1]
    assert last["ErrorMsg"]["Code"] == 4000
    assert last["Choices"] == []


def test_our_own_client_and_the_vendors_get_the_same(simulator: Simulator) -> None:
    simulator.reply("同样的回答")
    theirs = chat(simulator)
    config = simulator.config_for({"hunyuan": "native"}, loopback=True)
    with baimo.Client(config=config) as own:
        ours = own.chat("hunyuan/hunyuan-turbos-latest", "你好")
    assert ours.text == theirs.Choices[0].Message.Content
    assert ours.request_id == theirs.RequestId
    assert ours.usage.total == theirs.Usage.TotalTokens
