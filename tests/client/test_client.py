"""The clients, blocking and awaited, over scripted transports with real bytes of the OpenAI wire."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest

import baimo
from baimo.client import shortcuts
from baimo.errors import Error, TransportError
from baimo.steps import Retrying
from baimo.types.events import PartStarted
from baimo.wire.http import WireHead
from tests.scripted import AsyncScript, Script

CONFIG = {
    "providers": {
        "acme": {"dialect": "openai_chat", "base_url": "http://acme.test/v1", "api_key": "fake-key-a"},
        "other": {"dialect": "openai_chat", "base_url": "http://other.test/v1", "api_key": "fake-key-b"},
    },
    "models": {"smart": {"route": ["acme/m", "other/n"]}},
}
JSON = WireHead(200, ((b"content-type", b"application/json"), (b"x-request-id", b"req-9")))
SSE = WireHead(200, ((b"content-type", b"text/event-stream"),))
BUSY = WireHead(503, ((b"content-type", b"application/json"), (b"retry-after", b"0")))
Answer = Error | tuple[WireHead, Iterable[bytes | Error]]


def reply(text: str = "Hello!", **more: Any) -> bytes:
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": "m-0922",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
        **more,
    }
    return json.dumps(body).encode()


def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    body = {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m-0922",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return b"data: " + json.dumps(body).encode() + b"\n\n"


STREAM = [
    chunk({"role": "assistant", "content": ""}),
    chunk({"content": "Hel"}),
    chunk({"content": "lo!"}),
    chunk({}, "stop"),
    b"data: [DONE]\n\n",
]


def client(*answers: Answer, **options: Any) -> tuple[baimo.Client, Script]:
    script = Script(*answers)
    return baimo.Client(config=CONFIG, transport=script, **options), script


def async_client(*answers: Answer, **options: Any) -> tuple[baimo.AsyncClient, AsyncScript]:
    script = AsyncScript(*answers)
    return baimo.AsyncClient(config=CONFIG, transport=script, **options), script


def test_a_whole_answer_tells_all_that_is_known() -> None:
    mine, script = client((JSON, [reply()]))
    r = mine.chat("acme/m", "Hi", temperature=0.5)
    assert (r.text, r.message.role, r.finish_reason, r.ended) == ("Hello!", "assistant", "stop", "complete")
    assert (r.usage.input, r.usage.output, r.usage.reasoning) == (9, 3, None)
    assert (r.model, r.provider, r.request_id, r.id) == ("m-0922", "acme", "req-9", "chatcmpl-1")
    assert r.cost is None
    assert r.raw is None
    assert r.sent is not None
    assert r.sent.url == "http://acme.test/v1/chat/completions"
    assert json.loads(r.sent.body) == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
        "temperature": 0.5,
    }
    assert "fake-key-a" not in repr(r)
    assert (b"Authorization", b"Bearer fake-key-a") in script.sent[0].headers


def test_the_raw_reply_is_kept_on_request() -> None:
    body = reply()
    mine, _ = client((JSON, [b"\n\n", body[:40], body[40:]]))
    assert bytes(mine.chat("acme/m", "Hi", keep_raw=True).raw or b"") == body


def test_the_escape_hatch_reaches_body_and_head() -> None:
    mine, script = client((JSON, [reply()]))
    mine.chat("acme/m", "Hi", extra={"enable_search": True, "model": "x"}, headers={"X-Title": "t"})
    body = script.sent[0].body
    assert isinstance(body, bytes)
    assert json.loads(body)["enable_search"] is True
    assert json.loads(body)["model"] == "x"
    assert (b"X-Title", b"t") in script.sent[0].headers


def test_a_stream_gives_its_events_its_words_and_its_fold() -> None:
    mine, _ = client((SSE, STREAM))
    with mine.stream("acme/m", "Hi") as stream:
        kinds = [type(event).__name__ for event in stream]
    assert kinds[0] == "Started"
    assert kinds[-1] == "Finished"
    assert (stream.response.text, stream.response.ended) == ("Hello!", "complete")
    mine, _ = client((SSE, STREAM))
    assert list(mine.stream("acme/m", "Hi").text) == ["Hel", "lo!"]


def test_words_may_be_read_after_some_events() -> None:
    mine, _ = client((SSE, [b"".join(STREAM)]))
    stream = mine.stream("acme/m", "Hi")
    while not isinstance(next(stream), PartStarted):
        pass
    assert list(stream.text) == ["Hel", "lo!"]


def test_a_cut_stream_raises_with_what_came() -> None:
    mine, script = client((SSE, [*STREAM[:2], TransportError("reset")]))
    with pytest.raises(baimo.StreamInterrupted) as caught:
        list(mine.stream("acme/m", "Hi").text)
    partial = caught.value.partial
    assert (partial.text, partial.ended, partial.provider) == ("Hel", "cut", "acme")
    assert script.log[-1] == "aborted"


def test_leaving_a_stream_early_closes_its_connection() -> None:
    mine, script = client((SSE, STREAM))
    with mine.stream("acme/m", "Hi") as stream:
        next(stream)
        assert stream.response.ended == "cut"
    assert script.log[-1] == "aborted"
    assert list(stream) == []


def test_a_forgotten_stream_is_closed_with_a_warning() -> None:
    mine, script = client((SSE, STREAM))
    stream = mine.stream("acme/m", "Hi")
    next(stream)
    with pytest.warns(ResourceWarning, match="forgotten"):
        del stream
        gc.collect()
    assert script.log[-1] == "aborted"


def test_a_stream_that_was_never_begun_is_no_one_s_loss() -> None:
    mine, script = client()
    mine.stream("acme/m", "Hi")
    gc.collect()
    assert script.sent == []


def test_retries_are_told_and_counted() -> None:
    told: list[Retrying] = []
    mine, _ = client((BUSY, [b"{}"]), (JSON, [reply()]), on_retry=told.append)
    r = mine.chat("acme/m", "Hi")
    assert r.sent is not None
    assert r.sent.attempts == 2
    assert [(one.attempt, one.attempts) for one in told] == [(2, 3)]


def test_max_retries_bounds_them() -> None:
    mine, script = client((BUSY, [b"{}"]), max_retries=0)
    with pytest.raises(baimo.OverloadedError):
        mine.chat("acme/m", "Hi")
    assert len(script.sent) == 1


def test_a_list_of_models_is_tried_in_order() -> None:
    mine, script = client((BUSY, [b"{}"]), (JSON, [reply()]), max_retries=0)
    r = mine.chat(["acme/m", "other/n"], "Hi")
    assert r.provider == "other"
    assert [one.origin for one in script.sent] == ["http://acme.test", "http://other.test"]


def test_an_alias_stands_for_its_route() -> None:
    mine, _ = client((BUSY, [b"{}"]), (JSON, [reply()]), max_retries=0)
    assert mine.chat("smart", "Hi").provider == "other"


def test_bad_input_fails_before_anything_is_sent() -> None:
    mine, script = client()
    with pytest.raises(baimo.UnknownProviderError, match="acme"):
        mine.chat("acmee/m", "Hi")
    with pytest.raises(baimo.InputError, match=r"messages\[0\]"):
        mine.chat("acme/m", [5])  # type: ignore[list-item]
    with pytest.raises(baimo.InputError, match="temperature"):
        mine.chat("acme/m", "Hi", temperature="hot")  # type: ignore[arg-type]
    with pytest.raises(baimo.UnsupportedError):
        mine.chat("acme/m", "Hi", top_k=5)
    with pytest.raises(baimo.InputError, match=r"messages\[0\].*surrogate"):
        mine.chat("acme/m", "half of \ud83d")
    assert script.sent == []


def test_what_cannot_be_said_is_dropped_with_a_note_on_request() -> None:
    mine, script = client((JSON, [reply()]))
    r = mine.chat("acme/m", "Hi", top_k=5, unsupported="drop")
    assert [note.code for note in r.notes] == ["dropped"]
    assert "top_k" in r.notes[0].message
    body = script.sent[0].body
    assert isinstance(body, bytes)
    assert b"top_k" not in body


def test_a_page_in_place_of_a_reply_is_told_with_its_beginning() -> None:
    head = WireHead(200, ((b"content-type", b"text/html"),))
    mine, _ = client((head, [b"<html><title>Login</title>"]))
    with pytest.raises(baimo.WireError, match=r"text/html.*<html><title>Login"):
        mine.chat("acme/m", "Hi")


def test_a_reply_without_its_fields_is_told_by_their_names() -> None:
    mine, _ = client((JSON, [b'{"id": "x"}']))
    with pytest.raises(baimo.WireError, match="choices"):
        mine.chat("acme/m", "Hi")


def test_embeddings_come_in_the_order_of_the_texts() -> None:
    body = json.dumps(
        {
            "object": "list",
            "model": "e",
            "data": [
                {"object": "embedding", "index": 1, "embedding": [2.0, 0.5]},
                {"object": "embedding", "index": 0, "embedding": [1.0, -0.5]},
            ],
            "usage": {"prompt_tokens": 4, "total_tokens": 4},
        }
    ).encode()
    mine, _ = client((JSON, [body]))
    r = mine.embed("acme/e", ["a", "b"])
    assert r.vectors == [[1.0, -0.5], [2.0, 0.5]]
    assert (r.usage.input, r.provider, r.request_id) == (4, "acme", "req-9")


@pytest.mark.parametrize("inputs", [[], [""], ["a", 5]])
def test_nothing_to_embed_is_told(inputs: Any) -> None:
    mine, script = client()
    with pytest.raises(baimo.InputError):
        mine.embed("acme/e", inputs)
    assert script.sent == []


RANKS = json.dumps(
    {"results": [{"index": 1, "relevance_score": 0.9}], "model": "r", "usage": {"total_tokens": 8}}
).encode()
RANKING = "siliconflow/BAAI/bge-reranker-v2-m3"
RANKING_KEY = {"siliconflow": "fake-key"}


def test_ranks_come_best_first_with_their_texts() -> None:
    mine, _ = client((JSON, [RANKS]), keys=RANKING_KEY)
    r = mine.rerank(RANKING, "Which?", ["this", "that"], top_n=1, extra={"x": 1})
    assert [(one.index, one.score, one.document) for one in r.results] == [(1, 0.9, "that")]
    assert (r.usage.input, r.provider, r.model, r.request_id) == (8, "siliconflow", "r", "req-9")
    assert r.sent is not None
    assert json.loads(r.sent.body) == {
        "model": "BAAI/bge-reranker-v2-m3",
        "query": "Which?",
        "documents": ["this", "that"],
        "top_n": 1,
        "x": 1,
    }
    assert r.sent.url == "https://api.siliconflow.cn/v1/rerank"


def test_the_async_client_ranks() -> None:
    async def drive() -> None:
        mine, _ = async_client((JSON, [RANKS]), (BUSY, []), keys=RANKING_KEY, max_retries=0)
        found = await mine.rerank(RANKING, "Which?", ["this", "that"])
        assert [one.document for one in found.results] == ["that"]
        with pytest.raises(baimo.Error):
            await mine.rerank(RANKING, "Which?", ["this", "that"])

    asyncio.run(drive())


@pytest.mark.parametrize(
    ("query", "documents", "top_n"),
    [
        ("", ["a"], None),
        (5, ["a"], None),
        ("q", [], None),
        ("q", "ab", None),
        ("q", ["a", 5], None),
        ("q", ["a"], 0),
    ],
)
def test_what_cannot_be_ranked_is_told(query: Any, documents: Any, top_n: Any) -> None:
    mine, script = client()
    with pytest.raises(baimo.InputError):
        mine.rerank("acme/r", query, documents, top_n=top_n)
    assert script.sent == []


def test_a_provider_that_is_not_known_to_rank_is_not_asked() -> None:
    mine, script = client()
    with pytest.raises(baimo.UnsupportedError, match="acme is not known to rank"):
        mine.rerank("acme/r", "q", ["a"])
    assert script.sent == []


def test_models_are_those_the_provider_lists() -> None:
    body = json.dumps(
        {"object": "list", "data": [{"id": "m", "object": "model", "created": 5, "owned_by": "acme"}]}
    ).encode()
    mine, script = client((JSON, [body]))
    (model,) = mine.models("acme")
    assert (model.id, model.provider, model.owned_by) == ("m", "acme", "acme")
    assert script.sent[0].target == b"/v1/models"
    known = mine.models()
    assert len(known) > 50
    assert {type(one.prices[0].input) for one in known if one.prices} <= {Decimal, type(None)}


def test_map_gives_answers_in_order_and_failures_as_values() -> None:
    class Echo:
        def open(self, request: Any, *, connect_s: float, head_s: float) -> Any:
            text = json.loads(request.body)["messages"][0]["content"]
            return Script((JSON, [reply(text.upper())])).open(request, connect_s=connect_s, head_s=head_s)

        def close(self) -> None: ...

    mine = baimo.Client(config=CONFIG, transport=Echo())
    rows: list[Any] = ["a", {"prompt": "b", "model": "other/n"}, {"prompt": "c", "model": "nobody/n"}, "d"]
    results = list(mine.map("acme/m", rows, concurrency=3))
    assert [r.text if isinstance(r, baimo.ChatResponse) else r.code for r in results] == [
        "A",
        "B",
        "unknown_provider",
        "D",
    ]


def test_the_async_client_does_all_the_same() -> None:
    async def drive() -> None:
        mine, script = async_client((JSON, [reply()]), (SSE, STREAM), (SSE, STREAM), (SSE, STREAM))
        async with mine:
            r = await mine.chat("acme/m", "Hi", keep_raw=True)
            assert (r.text, bytes(r.raw or b"")) == ("Hello!", reply())
            async with mine.stream("acme/m", "Hi") as stream:
                kinds = [type(event).__name__ async for event in stream]
            assert (kinds[0], kinds[-1], stream.response.text) == ("Started", "Finished", "Hello!")
            assert [piece async for piece in mine.stream("acme/m", "Hi").text] == ["Hel", "lo!"]
            async with mine.stream("acme/m", "Hi") as stream:
                await anext(stream)
            assert script.log[-1] == "aborted"
            await stream.aclose()
            with pytest.raises(baimo.UnsupportedError):
                await mine.chat("acme/m", "Hi", top_k=5)
        assert script.log[-1] == "closed"

    asyncio.run(drive())


def test_the_async_client_maps_embeds_and_lists() -> None:
    async def drive() -> None:
        vectors = json.dumps({"data": [{"index": 0, "embedding": [1.0]}], "model": "e"}).encode()
        models = json.dumps({"data": [{"id": "m"}]}).encode()
        mine, _ = async_client((JSON, [vectors]), (JSON, [models]), (JSON, [reply()]), (BUSY, []))
        assert (await mine.embed("acme/e", "a")).vectors == [[1.0]]
        assert [one.id for one in await mine.models("acme")] == ["m"]
        assert len(await mine.models()) > 50
        results = [r async for r in mine.map("acme/m", ["a", {"prompt": "b", "temperature": "x"}])]
        assert isinstance(results[0], baimo.ChatResponse)
        assert isinstance(results[1], baimo.InputError)

    asyncio.run(drive())


def test_a_cut_async_stream_raises_with_what_came() -> None:
    async def drive() -> None:
        mine, _ = async_client((SSE, STREAM[:2]))
        with pytest.raises(baimo.StreamInterrupted) as caught:
            async for _ in mine.stream("acme/m", "Hi"):
                pass
        assert (caught.value.partial.text, caught.value.partial.ended) == ("Hel", "cut")

    asyncio.run(drive())


@pytest.mark.parametrize(
    "bad", [{"max_retries": -1}, {"max_retries": True}, {"timeout": 0}, {"timeout": "5"}]
)
def test_a_client_that_cannot_work_is_not_made(bad: dict[str, Any]) -> None:
    with pytest.raises(baimo.InputError):
        baimo.Client(config={}, **bad)


def test_the_whole_call_s_time_reaches_the_transport() -> None:
    mine, script = client((JSON, [reply()]), timeout=5.0)
    mine.chat("acme/m", "Hi")
    assert script.log[0].startswith("open connect=5 ")
    mine, script = client((JSON, [reply()]), timeout=5.0)
    mine.chat("acme/m", "Hi", timeout=2.0)
    assert script.log[0].startswith("open connect=2 ")


def test_the_shortcuts_share_one_client(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("BAIMO_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(shortcuts._client())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(one) for one in found}) == 1
    with pytest.raises(baimo.UnknownProviderError):
        baimo.chat("nobody/m", "Hi")
    with pytest.raises(baimo.UnknownProviderError):
        baimo.stream("nobody/m", "Hi")


def test_a_stream_that_is_not_kept_gives_its_words_and_lets_them_go() -> None:
    mine, _ = client((SSE, STREAM))
    with mine.stream("acme/m", "Hi", keep=False) as stream:
        assert list(stream.text) == ["Hel", "lo!"]
    assert (stream.response.text, stream.response.ended) == ("", "complete")
    assert [note.code for note in stream.response.notes] == ["not_kept"]
    with pytest.raises(baimo.InputError, match="streams"):
        mine.chat("acme/m", "Hi", keep=False)


def test_a_client_tells_what_calls_to_a_model_go_by_and_what_it_learned() -> None:
    refused = b'{"error":{"message":"This model only support stream mode","code":"invalid_parameter_error"}}'
    pieces = (
        b'data: {"id":"r2","choices":[{"delta":{"content":"Hi"}}]}\n\n'
        b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    )
    json_head = (b"content-type", b"application/json")
    script = Script(
        (WireHead(400, (json_head,)), [refused, b""]),
        (WireHead(200, ((b"content-type", b"text/event-stream"),)), [pieces, b""]),
    )
    acme = {"acme": {"dialect": "openai_chat", "base_url": "https://acme.example/v1"}}
    with baimo.Client(config={"providers": acme}, keys={"acme": "fake"}, transport=script) as client:
        (before,) = client.why("acme/big")
        assert (before["stream_only"].value, before["stream_only"].origin) == (False, "default")
        assert client.chat("acme/big", "Hi").text == "Hi"
        (after,) = client.why("acme/big")
        assert (after["stream_only"].value, after["stream_only"].origin) == (True, "learned")
        assert after["stream_only"].where.startswith("The model answers only as a stream")
