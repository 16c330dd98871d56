"""LangChain's class for Hunyuan, as it comes, speaks to the simulated Tencent Cloud as to the real one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_community.chat_models.hunyuan import ChatHunyuan
from langchain_core.messages import AIMessage, HumanMessage
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile import http_profile

from baimo.simulator import faces
from baimo.testing import Reply, Simulator

KEYS = faces.make("hunyuan").credentials()
TALK = [HumanMessage("你是谁"), AIMessage("我是李白"), HumanMessage("写诗")]


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """The class has no setting for its address: the SDK below it is pointed at loopback."""
    with Simulator("hunyuan") as made:
        address = made.origin_of("hunyuan").removeprefix("http://")
        begin = http_profile.HttpProfile.__init__

        def on_loopback(self: Any, *args: Any, **options: Any) -> None:
            begin(self, *args, **options)
            self.scheme, self.endpoint = "http", address

        monkeypatch.setattr(http_profile.HttpProfile, "__init__", on_loopback)
        yield made


def client(**fields: Any) -> Any:
    keys = {f"hunyuan_{name}": KEYS[name] for name in ("secret_id", "secret_key")}
    return ChatHunyuan(hunyuan_app_id=12345678, **{**keys, **fields})


def test_a_conversation_is_answered(simulator: Simulator) -> None:
    simulator.reply(Reply(text="床前明月光 😀"))
    assert client().invoke(TALK).content == "床前明月光 😀"
    said = [(turn.role.value, turn.text) for turn in simulator.last.chat.messages]
    assert said == [("user", "你是谁"), ("assistant", "我是李白"), ("user", "写诗")]


def test_a_stream_comes_in_pieces(simulator: Simulator) -> None:
    simulator.reply("床前明月光，疑是地上霜。")
    pieces = [piece.content for piece in client(streaming=True).stream(TALK)]
    assert "".join(pieces) == "床前明月光，疑是地上霜。"
    assert len([piece for piece in pieces if piece]) > 1


def test_a_wrong_secret_is_the_sdk_s_own_error(simulator: Simulator) -> None:
    with pytest.raises(TencentCloudSDKException) as caught:
        client(hunyuan_secret_key="fakeWrongSecret00000000000000001").invoke(TALK)
    assert caught.value.code == "AuthFailure.SignatureFailure"
