"""A request of one wire in another's words, with a report."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

import baimo
from baimo.dialect.protocols import Site
from baimo.errors import ConfigError, InputError, RateLimitedError, UnsupportedError
from baimo.types.chat import Role
from baimo.wire.http import HttpRequest, SocketRequest

SPARK = {"base_url": "wss://spark-api.xf-yun.com", "app_id": "a1b2c3d4"}


def openai(*messages: dict[str, Any], **fields: Any) -> bytes:
    asked = messages or ({"role": "user", "content": "你好"},)
    return msgspec.json.encode({"model": "gpt-5", "messages": asked, **fields})


def notes(translated: baimo.Translation) -> list[tuple[str, str]]:
    return [(note.code, note.message) for note in translated.notes]


def test_a_body_is_said_in_the_other_words() -> None:
    translated = baimo.translate(openai(temperature=0.5), from_="openai_chat", to="hunyuan")
    assert msgspec.json.decode(translated.body) == {
        "Model": "gpt-5",
        "Messages": [{"Role": "user", "Content": "你好"}],
        "Temperature": 0.5,
    }
    assert translated.notes == ()


@pytest.mark.parametrize("kind", [bytes, str, dict])
def test_a_request_may_be_bytes_text_or_a_mapping(kind: type) -> None:
    body: Any = openai()
    given = {bytes: body, str: body.decode(), dict: msgspec.json.decode(body)}[kind]
    translated = baimo.translate(given, from_="openai_chat", to="pangu")
    assert translated.request.messages[0].text == "你好"


def test_the_whole_request_tells_what_stands_in_its_address() -> None:
    wire = HttpRequest(
        method="POST",
        origin="https://a.example",
        target=b"/openai/deployments/our-gpt/chat/completions?api-version=1",
        body=b'{"messages":[{"role":"user","content":"Hi"}]}',
    )
    translated = baimo.translate(wire, from_="openai_chat", to="ollama")
    assert msgspec.json.decode(translated.body)["model"] == "our-gpt"


def test_another_name_of_the_model_is_told() -> None:
    translated = baimo.translate(openai(), from_="openai_chat", to="ollama", model="qwen3")
    assert translated.request.model == "qwen3"
    assert translated.asked.model == "gpt-5"
    assert notes(translated) == [("renamed", "the model 'gpt-5' is asked for as 'qwen3'")]


def test_a_wire_with_the_model_in_its_address_needs_its_name() -> None:
    body = b'{"messages":[{"role":"user","content":"Hi"}]}'
    translated = baimo.translate(body, from_="pangu", to="ollama", model="qwen3")
    assert (translated.request.model, translated.notes) == ("qwen3", ())
    with pytest.raises(InputError, match="the body names no model: pangu does so in the address"):
        baimo.translate(body, from_="pangu", to="ollama")


def test_a_stream_may_be_asked_for_beside_the_body() -> None:
    translated = baimo.translate(openai(), from_="openai_chat", to="ollama", stream=True)
    assert msgspec.json.decode(translated.body)["stream"] is True
    assert translated.asked.stream


def test_what_the_target_cannot_be_told_is_dropped_with_a_note_or_refused() -> None:
    body = openai(logit_bias={"7": 1}, n=2)
    translated = baimo.translate(body, from_="openai_chat", to="hunyuan")
    assert notes(translated) == [
        ("dropped", "left out: hunyuan cannot be told n"),
        ("dropped", "left out: hunyuan cannot be told logit_bias"),
    ]
    with pytest.raises(UnsupportedError):
        baimo.translate(body, from_="openai_chat", to="hunyuan", unsupported="raise")


def test_what_goes_in_another_way_without_a_word_of_the_dialect_is_told_here() -> None:
    developer = {"role": "developer", "content": "Be brief."}
    body = openai(developer, {"role": "user", "content": "Hi"})
    translated = baimo.translate(body, from_="openai_chat", to="hunyuan")
    (note,) = notes(translated)
    assert note[0] == "emulated"
    assert note[1].startswith("developer (")
    assert note[1].endswith(": goes out as a system message")
    assert [message.role for message in translated.request.messages] == [Role.DEVELOPER, Role.USER]


def test_where_quirks_are_given_the_declaration_is_not_quoted() -> None:
    developer = {"role": "developer", "content": "Be brief."}
    known = {"quirks": {"developer_role": True}}
    translated = baimo.translate(openai(developer), from_="openai_chat", to="openai_chat", site=known)
    assert translated.notes == ()
    assert msgspec.json.decode(translated.body)["messages"][0]["role"] == "developer"


def test_fields_that_only_the_callers_wire_knows_are_told_of() -> None:
    message = {"role": "user", "content": "Hi", "mood": "good"}
    translated = baimo.translate(openai(message, top_a=1), from_="openai_chat", to="ollama")
    assert notes(translated) == [
        ("dropped", "left out: only openai_chat knows top_a"),
        ("dropped", "left out: fields of earlier messages that only openai_chat knows"),
    ]
    same = baimo.translate(openai(message, top_a=1), from_="openai_chat", to="openai_chat")
    assert same.notes == ()
    assert msgspec.json.decode(same.body)["top_a"] == 1


def test_the_targets_site_may_be_facts_or_a_site() -> None:
    facts = {"base_url": "https://hunyuan.example", "region": "ap-beijing"}
    for site in (facts, Site(**facts)):
        translated = baimo.translate(openai(), from_="openai_chat", to="hunyuan", site=site)
        assert isinstance(translated.wire, HttpRequest)
        assert translated.wire.origin == "https://hunyuan.example"
        assert (b"X-TC-Region", b"ap-beijing") in translated.wire.headers


def test_a_fact_that_no_site_has_is_an_error() -> None:
    with pytest.raises(ConfigError, match="a site has no 'zone'"):
        baimo.translate(openai(), from_="openai_chat", to="hunyuan", site={"zone": "b"})
    with pytest.raises(ConfigError, match="no quirk 'shape'"):
        baimo.translate(openai(), from_="openai_chat", to="ollama", site={"quirks": {"shape": 1}})


def test_sockets_are_targets_and_callers_too() -> None:
    translated = baimo.translate(openai(), from_="openai_chat", to="spark_ws", model="x2", site=SPARK)
    assert isinstance(translated.wire, SocketRequest)
    assert msgspec.json.decode(translated.body)["parameter"]["chat"]["domain"] == "spark-x"
    for request in (translated.wire, translated.body):
        back = baimo.translate(request, from_="spark_ws", to="openai_chat", model="x2")
        assert msgspec.json.decode(back.body)["messages"] == [{"role": "user", "content": "你好"}]
    bare = msgspec.structs.replace(translated, wire=SocketRequest(origin="", target=b"", frames=(b"{}",)))
    assert bare.body == b"{}"


def test_a_body_that_comes_in_pieces_is_put_together() -> None:
    translated = baimo.translate(openai(), from_="openai_chat", to="ollama")

    class Pieces:
        length = 4

        def chunks(self) -> Any:
            return iter((b"ab", b"cd"))

    wire = HttpRequest(method="POST", origin="https://a.example", target=b"/", body=Pieces())
    assert msgspec.structs.replace(translated, wire=wire).body == b"abcd"


def test_a_failure_before_any_reply_is_told_in_the_callers_words() -> None:
    translated = baimo.translate(openai(), from_="openai_chat", to="ollama")
    head, body = translated.refuse(RateLimitedError("wait a little", status=429, retry_after=3))
    assert head.status == 429
    assert msgspec.json.decode(body)["error"]["message"] == "wait a little"


@pytest.mark.usefixtures("installed")
def test_a_dialect_without_chat_cannot_be_spoken() -> None:
    with pytest.raises(ConfigError, match="'silent' has no chat"):
        baimo.translate(b"{}", from_="openai_chat", to="silent")


@pytest.mark.usefixtures("installed")
def test_a_dialect_that_declares_nothing_is_spoken_all_the_same() -> None:
    developer = {"role": "developer", "content": "Be brief."}
    translated = baimo.translate(openai(developer), from_="plain_chat", to="plain_chat")
    assert translated.notes == ()
    reply = translated.reply()
    reply.feed(b'{"choices":[{"message":{"content":"Hi","reasoning_content":"Hm."},"finish_reason":"stop"}]}')
    assert b'"Hi"' in b"".join(reply.end())
    assert reply.notes == ()


def test_a_body_that_is_not_valid_names_the_field() -> None:
    with pytest.raises(InputError, match="messages"):
        baimo.translate(b'{"model": "m"}', from_="openai_chat", to="ollama")
