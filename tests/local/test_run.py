from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from baimo.errors import InputError, LocalModelError, MissingExtraError, TimedOutError, TransportError
from baimo.local.engine import Engines
from baimo.local.pull import Progress, pull
from baimo.local.run import LocalTransport, to_stderr
from baimo.local.store import Store
from baimo.transports.protocol import Reply
from baimo.wire.http import HttpRequest
from tests.local.asking import ANSWER, ENDLESS, QUESTION, REPEATABLE, chat, events, request, text_of, whole


def ask(local: LocalTransport, wire: HttpRequest, *, status: int = 200) -> Any:
    reply = opened(local, wire)
    assert reply.head.status == status
    return whole(reply)


def opened(local: LocalTransport, wire: HttpRequest) -> Reply:
    return local.open(wire, connect_s=5, head_s=50)


def streamed(local: LocalTransport, wire: HttpRequest) -> bytes:
    reply = opened(local, wire)
    assert reply.head.media_type == "text/event-stream"
    body = b""
    while piece := reply.read(50):
        body += piece
    reply.close()
    return body


def test_a_question_gets_a_real_answer(local: LocalTransport) -> None:
    answer = ask(local, chat(QUESTION, max_tokens=30))
    assert ANSWER in answer["choices"][0]["message"]["content"]
    assert answer["model"] == "smollm2"


def test_usage_counts_the_tokens(local: LocalTransport) -> None:
    usage = ask(local, chat("Hi", max_tokens=7, ignore_eos=True))["usage"]
    assert usage["completion_tokens"] == 7
    assert usage["prompt_tokens"] > 10
    assert usage["total_tokens"] == usage["prompt_tokens"] + 7


def test_a_stream_says_the_same_as_the_whole(local: LocalTransport) -> None:
    wire = {"max_tokens": 24, "seed": 1, **REPEATABLE}
    said = ask(local, chat("Name three fruits.", **wire))["choices"][0]["message"]["content"]
    stream = events(
        streamed(
            local, chat("Name three fruits.", stream=True, stream_options={"include_usage": True}, **wire)
        )
    )
    assert text_of(stream) == said
    assert stream[-1]["usage"]["completion_tokens"] <= 24
    assert stream[-1]["choices"] == []
    assert stream[-2]["choices"][0]["finish_reason"] in ("stop", "length")


def test_pieces_of_a_stream_come_one_after_the_other(local: LocalTransport) -> None:
    reply = opened(local, chat("Tell me a story.", stream=True, **ENDLESS))
    first, second = reply.read(50), reply.read(50)
    reply.abort()
    assert b"[DONE]" not in first + second
    assert first.startswith(b"data: ")


def test_a_stop_word_ends_the_answer_before_it(local: LocalTransport) -> None:
    answer = ask(local, chat("Count from one to ten in words.", max_tokens=60, stop=["three"]))
    assert "three" not in answer["choices"][0]["message"]["content"].lower().partition("three")[0]
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert "three" not in answer["choices"][0]["message"]["content"]


def test_a_schema_is_kept_to(local: LocalTransport) -> None:
    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 12},
            "age": {"type": "integer", "maximum": 99},
        },
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    answer = ask(
        local,
        chat(
            "Invent a person.",
            max_tokens=100,
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "person", "strict": True, "schema": schema},
            },
        ),
    )
    person = json.loads(answer["choices"][0]["message"]["content"])
    assert set(person) == {"name", "age"}
    assert isinstance(person["age"], int)


def test_four_calls_run_at_once_and_each_gets_its_own_answer(local: LocalTransport) -> None:
    together = threading.Barrier(4, timeout=50)
    answers: dict[int, str] = {}

    def one(number: int) -> None:
        reply = opened(local, chat("Count.", stream=True, n=1, max_tokens=10 + number, ignore_eos=True))
        body = reply.read(50)
        together.wait()  # nobody goes on before everybody's answer has begun
        while piece := reply.read(50):
            body += piece
        answers[number] = body.decode()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(4):
        stream = events(answers[number].encode())
        # one event for the role, one a token, one for the end
        assert len(stream) >= 10 + number
    assert len(answers) == 4


def test_an_aborted_answer_frees_its_place_at_once(local: LocalTransport) -> None:
    replies = [opened(local, chat(f"Tell me story {n}.", stream=True, **ENDLESS)) for n in range(4)]
    for reply in replies:
        reply.read(50)
    with pytest.raises(TimedOutError):  # all places are taken
        local.open(chat("Hi", stream=True, max_tokens=1), connect_s=5, head_s=0.3)
    for reply in replies:
        reply.abort()
    assert ask(local, chat("Hi", max_tokens=2, ignore_eos=True))["usage"]["completion_tokens"] == 2


def test_a_closed_transport_ends_its_answers(home: Path, shared: Engines) -> None:
    local = LocalTransport(home=home, shared=shared)
    reply = opened(local, chat("Tell me a story.", stream=True, **ENDLESS))
    reply.read(50)
    local.close()

    def drain() -> None:
        while reply.read(50):
            pass

    with pytest.raises(TransportError):
        drain()


def test_a_prompt_that_is_too_long_is_refused_in_the_servers_own_words(local: LocalTransport) -> None:
    refusal = ask(local, chat("word " * 9000), status=400)
    assert refusal["error"]["type"] == "exceed_context_size_error"


def test_texts_become_vectors(local: LocalTransport) -> None:
    answer = ask(local, request("/embeddings", {"model": "smollm2", "input": ["a cat", "a dog", "tax law"]}))
    vectors = [item["embedding"] for item in answer["data"]]
    assert [len(vector) for vector in vectors] == [576, 576, 576]
    assert sum(value * value for value in vectors[0]) == pytest.approx(1, abs=0.01)
    assert answer["usage"]["prompt_tokens"] > 0


def test_the_list_has_what_is_here_and_what_can_be_had(local: LocalTransport) -> None:
    listing = ask(local, request("/models"))
    names = [item["id"] for item in listing["data"]]
    assert names[0] == "smollm2"
    assert "qwen3:0.6b" in names
    reply = opened(local, request("/models"))
    reply.abort()
    with pytest.raises(TransportError):
        reply.read(1)
    reply.close()


def test_an_unknown_model_gets_near_names(local: LocalTransport) -> None:
    with pytest.raises(InputError, match="Did you mean smollm2"):
        opened(local, chat("Hi", model="smolm2"))
    with pytest.raises(InputError, match=r"Known names: smollm2, qwen3:0\.6b"):
        opened(local, chat("Hi", model="?"))


def test_a_large_model_is_never_fetched_unasked(local: LocalTransport) -> None:
    with pytest.raises(LocalModelError, match=r"Run: baimo pull qwen3:0\.6b \(639 MB\)"):
        opened(local, chat("Hi", model="qwen3:0.6b"))


def test_other_operations_are_refused(local: LocalTransport) -> None:
    with pytest.raises(LocalModelError, match="does not do /v1/images"):
        opened(local, request("/images", {"model": "smollm2"}))


def test_a_body_without_a_model_is_refused(local: LocalTransport) -> None:
    with pytest.raises(InputError, match="model"):
        opened(local, request("/chat/completions", {"messages": []}))


def test_a_path_will_do_as_a_name(local: LocalTransport, home: Path, tmp_path: Path) -> None:
    weights = Store(home).find("smollm2")
    assert weights is not None
    path = Store(home).path(weights)
    assert ask(local, chat("Hi", model=str(path)))["model"] == path.name
    with pytest.raises(LocalModelError, match="cannot be read"):
        opened(local, chat("Hi", model=str(tmp_path / "gone.gguf")))


def test_weights_that_cannot_be_loaded_are_named(tmp_path: Path, shared: Engines) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF\x03\0\0\0" + b"\xff" * 5000)
    pull(str(broken), home=tmp_path)
    with pytest.raises(LocalModelError, match=r"cannot load .*broken\.gguf"):
        opened(LocalTransport(home=tmp_path, shared=shared), chat("Hi", model="broken"))


def test_the_first_chinese_prompt_is_told_what_to_use_instead(
    home: Path, shared: Engines, said: list[str]
) -> None:
    once = Engines()
    local = LocalTransport(home=home, say=said.append, shared=once)
    ask(local, chat("Say hi", max_tokens=1))
    assert said == []
    ask(local, chat("你好", max_tokens=1))
    ask(local, chat("再见", max_tokens=1))
    assert len(said) == 1
    assert "baimo pull qwen3:0.6b" in said[0]
    assert "只懂英文" in said[0]
    assert "English only" in said[0]
    assert "\n" not in said[0]
    once.close()


def test_chinese_in_json_escapes_is_noticed_too(home: Path, said: list[str]) -> None:
    once = Engines()
    body = json.dumps(
        {"model": "smollm2", "messages": [{"role": "user", "content": "你好"}], "max_tokens": 1}
    )
    wire = request("/chat/completions", {})
    local = LocalTransport(home=home, say=said.append, shared=once)
    ask(local, HttpRequest(method="POST", origin=wire.origin, target=wire.target, body=body.encode()))
    assert len(said) == 1
    once.close()


def test_a_small_model_pulls_itself_after_saying_so(tmp_path: Path, said: list[str]) -> None:
    once = Engines()
    told: list[Progress] = []
    local = LocalTransport(home=tmp_path, say=said.append, on_progress=told.append, shared=once)
    assert ask(local, chat("Hi", max_tokens=1))["model"] == "smollm2"
    assert len(said) == 1
    assert "93 MB" in said[0]
    assert told[-1].done == told[-1].total
    once.close()


def test_nothing_is_fetched_where_it_could_not_be_run(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(MissingExtraError, match=r"baimo\[local\]"):
        opened(LocalTransport(home=tmp_path, say=said.append, shared=Engines()), chat("Hi"))
    assert said == []
    assert not (tmp_path / "models").exists()


def test_lines_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    to_stderr("你好")
    assert capsys.readouterr() == ("", "你好\n")
