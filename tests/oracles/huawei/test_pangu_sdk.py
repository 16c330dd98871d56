"""The vendor's own client, as it comes, speaks to the simulated Pangu as it does to the real one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException, ServerResponseException
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkpangulargemodels import v1, v2

from baimo.simulator.faces.pangu import PanguFace
from baimo.testing import Reply, Simulator
from baimo.types.chat import ChatRequest
from baimo.types.usage import Usage

DEPLOYMENT = "11111111-2222-4333-8444-555555555555"
TALK = (("system", "你是助手"), ("user", "你好"))


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("pangu") as simulator:
        yield simulator


def credential(simulator: Simulator, *, project: str | None = PanguFace.project, **changes: str) -> Any:
    own = simulator.credentials_of("pangu") | changes
    return BasicCredentials(own["access_key"], own["secret_key"], project)


def client(simulator: Simulator, own: Any = None, module: Any = v1) -> Any:
    made = module.PanguLargeModelsClient.new_builder().with_credentials(own or credential(simulator))
    return made.with_endpoint(simulator.origin_of("pangu")).build()


def asked(module: Any = v1, deployment: str = DEPLOYMENT, **fields: Any) -> Any:
    messages = [module.Message(role=role, content=text) for role, text in TALK]
    body = module.ChatCompletionReq(messages=messages, **fields)
    pool = {"pool_id": "77777777-0000-4000-8000-000000000001"} if module is v2 else {}
    return module.ExecuteChatCompletionRequest(deployment_id=deployment, body=body, **pool)


def understood(simulator: Simulator) -> ChatRequest:
    return simulator.last.chat


@pytest.mark.parametrize("module", [v1, v2], ids=["deployment", "pool"])
def test_a_chat_by_access_key(simulator: Simulator, module: Any) -> None:
    simulator.reply(Reply(text="你好！", usage=Usage(input_uncached=12, output_visible=3)))
    request = asked(
        module,
        user="u-1",
        temperature=0.5,
        top_p=0.9,
        max_tokens=64,
        n=1,
        presence_penalty=-1.5,
        frequency_penalty=0.5,
    )
    reply = client(simulator, module=module).execute_chat_completion(request)
    (choice,) = reply.choices
    assert (choice.index, choice.message.role, choice.message.content) == (0, "assistant", "你好！")
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens, reply.usage.total_tokens) == (12, 3, 15)
    assert reply.id
    assert reply.created > 0
    chat = understood(simulator)
    assert (chat.model, chat.user, chat.temperature, chat.top_p, chat.max_tokens) == (
        DEPLOYMENT,
        "u-1",
        0.5,
        0.9,
        64,
    )
    assert (chat.presence_penalty, chat.frequency_penalty) == (-1.5, 0.5)
    assert [(message.role.value, message.text) for message in chat.messages] == list(TALK)


def test_two_answers(simulator: Simulator) -> None:
    simulator.reply("天空")
    reply = client(simulator).execute_chat_completion(asked(n=2))
    assert understood(simulator).n == 2
    assert reply.choices[0].message.content == "天空"


def test_a_temporary_key(simulator: Simulator) -> None:
    own = credential(simulator).with_security_token(simulator.credentials_of("pangu")["security_token"])
    assert client(simulator, own).execute_chat_completion(asked()).choices
    with pytest.raises(ClientRequestException, match=r"APIG\.0301"):
        client(simulator, credential(simulator).with_security_token("another")).execute_chat_completion(
            asked()
        )


def test_its_own_look_up_of_the_project(simulator: Simulator) -> None:
    origin = simulator.origin_of("pangu")
    own = credential(simulator, project=None).with_iam_endpoint(origin)
    builder = v1.PanguLargeModelsClient.new_builder().with_credentials(own)
    made = builder.with_region(Region(PanguFace.region, origin)).build()
    assert made.execute_chat_completion(asked()).choices[0].message.content == "你好"
    assert [request.operation for request in simulator.requests] == ["projects", "chat"]


def refused(simulator: Simulator, request: Any = None, own: Any = None) -> ClientRequestException:
    with pytest.raises(ClientRequestException) as caught:
        client(simulator, own).execute_chat_completion(request or asked())
    return caught.value


def test_a_wrong_key_is_its_exception_and_five_lock_the_key(simulator: Simulator) -> None:
    wrong = credential(simulator, secret_key="another")
    for _ in range(5):
        error = refused(simulator, own=wrong)
        assert (error.status_code, error.error_code) == (401, "APIG.0301")
        assert "verify aksk signature fail" in error.error_msg
        assert error.request_id
    assert "reach the limit" in refused(simulator).error_msg


def test_an_unknown_key_deployment_and_project(simulator: Simulator) -> None:
    assert "ak not exist" in refused(simulator, own=credential(simulator, access_key="AKOTHER")).error_msg
    for error in (
        refused(simulator, asked(deployment="nobody")),
        refused(simulator, own=credential(simulator, project="f" * 32)),
    ):
        assert (error.status_code, error.error_code) == (404, "PANGU.3254")


def test_a_value_out_of_range_and_too_many_requests(simulator: Simulator) -> None:
    error = refused(simulator, asked(temperature=7))
    assert (error.status_code, error.error_code) == (400, "PANGU.0010")
    assert "temperature" in error.error_msg
    simulator.refuse("over_rate", times=1)
    error = refused(simulator)
    assert (error.status_code, error.error_code) == (429, "APIG.0308")


def test_a_failure_of_the_service_is_another_exception(simulator: Simulator) -> None:
    simulator.refuse("server_error", times=1)
    with pytest.raises(ServerResponseException) as caught:
        client(simulator).execute_chat_completion(asked())
    assert (caught.value.status_code, caught.value.error_code) == (500, "PANGU.0001")
