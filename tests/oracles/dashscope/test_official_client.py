"""Alibaba's own Python package, as it comes, finds in the simulated service what it asks the real one for."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from urllib.request import urlopen

import dashscope
import pytest
from dashscope import (
    Generation,
    ImageSynthesis,
    MultiModalConversation,
    TextEmbedding,
    TextReRank,
    Tokenization,
)
from dashscope.audio.asr import Transcription
from dashscope.audio.http_tts import HttpSpeechSynthesizer
from dashscope.audio.qwen_asr import QwenTranscription
from dashscope.audio.qwen_tts import SpeechSynthesizer

from baimo.simulator.making import wav
from baimo.testing import Reply, Simulator
from baimo.types.chat import ChatRequest, FinishReason
from baimo.types.content import Citation, Image, Text, ToolCall, ToolResult
from baimo.types.events import ChatEvent, Finished, PartDelta, PartEnded, PartStarted, Started, UsageReported
from baimo.types.usage import Usage

MODEL = "qwen-plus"
ASK = [{"role": "user", "content": "你好"}]


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator("qwen") as made:
        monkeypatch.setattr(dashscope, "base_http_api_url", made.origin_of("qwen") + "/api/v1")
        monkeypatch.setattr(dashscope, "api_key", made.credentials_of("qwen")["api_key"])
        yield made


def asked(simulator: Simulator) -> ChatRequest:
    """What the simulator understood last."""
    got = simulator.last.asked
    assert isinstance(got, ChatRequest)
    return got


def call(**options: Any) -> Any:
    return Generation.call(model=options.pop("model", MODEL), **{"messages": ASK, **options})


def test_a_whole_reply_is_read(simulator: Simulator) -> None:
    simulator.reply(Reply(text="您好 😀", usage=Usage(input_uncached=21, output_visible=4)))
    seen = call(result_format="message", temperature=0.5, top_p=0.8, seed=7, stop=["\n"], max_tokens=50)
    assert seen.status_code == HTTPStatus.OK
    (choice,) = seen.output.choices
    assert (choice.message.content, choice.finish_reason) == ("您好 😀", "stop")
    assert (seen.usage.input_tokens, seen.usage.output_tokens) == (21, 4)
    assert seen.request_id
    got = asked(simulator)
    assert (got.temperature, got.top_p, got.seed, got.stop, got.max_tokens) == (0.5, 0.8, 7, ("\n",), 50)
    assert got.messages[0].text == "你好"


def test_a_prompt_is_answered_in_the_older_form(simulator: Simulator) -> None:
    simulator.reply("一")
    seen = Generation.call(model="qwen-turbo", prompt="数到一")
    assert (seen.output.text, seen.output.finish_reason, seen.output.choices) == ("一", "stop", None)
    assert asked(simulator).messages[0].text == "数到一"


def test_a_stream_is_read_piece_by_piece(simulator: Simulator) -> None:
    simulator.reply(Reply(text="one two three", usage=Usage(input_uncached=3, output_visible=5)))
    pieces = list(call(stream=True, result_format="message", incremental_output=True))
    assert "".join(piece.output.choices[0].message.content for piece in pieces) == "one two three"
    finishes = [piece.output.choices[0].finish_reason for piece in pieces]
    assert finishes == ["null"] * (len(pieces) - 1) + ["stop"]
    assert pieces[-1].usage.output_tokens == 5


def test_a_stream_of_whole_texts_repeats_them(simulator: Simulator) -> None:
    """The package itself asks for pieces and joins them; of older models the service repeats."""
    simulator.reply("one two", "one two")
    pieces = list(call(stream=True, result_format="message", incremental_output=False))
    assert pieces[-1].output.choices[0].message.content == "one two"
    older = list(Generation.call(model="qwen-turbo", prompt="Hi", stream=True))
    assert [piece.output.text for piece in older][-1] == "one two"
    assert older[1].output.text.startswith(older[0].output.text)


@pytest.mark.parametrize("stream", [True, False])
def test_thinking_comes_apart(simulator: Simulator, stream: bool) -> None:
    simulator.reply(Reply(thinking="想一想。", text="42"))
    options: dict[str, Any] = {"result_format": "message", "enable_thinking": True, "thinking_budget": 100}
    if stream:
        seen = [
            piece.output.choices[0].message for piece in call(stream=True, incremental_output=True, **options)
        ]
    else:
        seen = [call(**options).output.choices[0].message]
    assert "".join(message.get("reasoning_content") or "" for message in seen) == "想一想。"
    assert "".join(message.content for message in seen) == "42"
    reasoning = asked(simulator).reasoning
    assert reasoning is not None
    assert (reasoning.enabled, reasoning.budget) == (True, 100)


TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "查天气",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]


@pytest.mark.parametrize("stream", [True, False])
def test_tools_are_called_and_their_results_come_back(simulator: Simulator, stream: bool) -> None:
    calls = tuple(
        ToolCall(id=f"call_{city}", name="weather", arguments=json.dumps({"city": city}))
        for city in ("Beijing", "Shanghai")
    )
    simulator.reply(Reply(tool_calls=calls), "都是晴天。")
    options: dict[str, Any] = {"result_format": "message", "tools": TOOLS, "parallel_tool_calls": True}
    if stream:
        # The package puts the pieces of calls together where whole texts are asked for.
        *_, last = call(stream=True, incremental_output=False, **options)
    else:
        last = call(**options)
    message = last.output.choices[0].message
    assert last.output.choices[0].finish_reason == "tool_calls"
    told = [(one["id"], one["function"]["name"], one["function"]["arguments"]) for one in message.tool_calls]
    assert told == [(one.id, one.name, one.arguments) for one in calls]
    results = [{"role": "tool", "content": "晴", "tool_call_id": one.id} for one in calls]
    history = [*ASK, {"role": "assistant", "content": "", "tool_calls": message.tool_calls}, *results]
    assert call(messages=history, **options).output.choices[0].message.content == "都是晴天。"
    got = asked(simulator)
    parts = [part for message in got.messages for part in message.content if isinstance(part, ToolResult)]
    assert [part.call_id for part in parts] == ["call_Beijing", "call_Shanghai"]
    assert getattr(got.tools[0], "name", "") == "weather"
    assert got.parallel_tool_calls is True


@pytest.mark.parametrize("stream", [True, False])
def test_pictures_go_to_their_own_address(simulator: Simulator, stream: bool) -> None:
    simulator.reply("一只猫。")
    content = [{"image": "https://a.example/a.png"}, {"text": "这是什么？"}]
    messages = [{"role": "user", "content": content}]
    if stream:
        pieces = MultiModalConversation.call(
            model="qwen3-vl-plus", messages=messages, stream=True, incremental_output=True
        )
        parts = [part for piece in pieces for part in piece.output.choices[0].message.content]
    else:
        parts = (
            MultiModalConversation.call(model="qwen3-vl-plus", messages=messages)
            .output.choices[0]
            .message.content
        )
    assert "".join(part["text"] for part in parts) == "一只猫。"
    assert asked(simulator).messages[0].content == (
        Image(url="https://a.example/a.png"),
        Text(text="这是什么？"),
    )


def test_sources_of_a_search_are_told(simulator: Simulator) -> None:
    events: list[ChatEvent] = [
        Started(id="r-1"),
        PartStarted(index=0, part=Text(text="")),
        PartDelta(index=0, text="晴。[1]"),
        PartEnded(index=0, citations=(Citation(url="https://w.example/", title="天气", source="1"),)),
        UsageReported(usage=Usage(input_uncached=1, output_visible=1)),
        Finished(reason=FinishReason.STOP),
    ]
    simulator.script(lambda request: events)
    options = {"enable_source": True, "forced_search": True}
    seen = call(result_format="message", enable_search=True, search_options=options)
    (source,) = seen.output.search_info["search_results"]
    assert (source["index"], source["title"], source["url"]) == (1, "天气", "https://w.example/")
    search = asked(simulator).search
    assert search is not None
    assert search.required is True


@pytest.mark.parametrize(
    ("why", "status", "code"),
    [
        ("wrong_secret", 401, "InvalidApiKey"),
        ("over_rate", 429, "Throttling.RateQuota"),
        ("over_quota", 400, "Arrearage"),
        ("input_moderated", 400, "DataInspectionFailed"),
        ("server_error", 500, "InternalError"),
    ],
)
def test_a_refusal_is_read(simulator: Simulator, why: str, status: int, code: str) -> None:
    simulator.refuse(why)
    for seen in (
        call(result_format="message"),
        TextEmbedding.call(model="text-embedding-v4", input="a"),
        next(iter(call(stream=True, result_format="message", incremental_output=True))),
    ):
        assert (seen.status_code, seen.code) == (status, code)
        assert seen.message
        assert seen.request_id


def test_what_is_not_there_is_told(simulator: Simulator) -> None:
    seen = call(model="no-such-model", result_format="message")
    assert (seen.status_code, seen.code, seen.message) == (400, "InvalidParameter", "Model not exist.")
    seen = call(model="qwen3-8b", result_format="message")
    assert "enable_thinking must be set to false" in seen.message
    seen = Generation.call(model=MODEL, messages=ASK, api_key="sk-fake-other")
    assert (seen.status_code, seen.code) == (401, "InvalidApiKey")
    assert Generation.call(model="qwen3-vl-plus", messages=ASK).message.startswith("url error")


def test_a_failure_in_mid_stream_is_an_error_after_what_was_said(simulator: Simulator) -> None:
    simulator.reply("all is well until here")
    simulator.moderate(output=("here",))
    *good, last = call(stream=True, result_format="message", incremental_output=True)
    assert "".join(piece.output.choices[0].message.content for piece in good).startswith("all is well")
    assert (last.status_code, last.code) == (400, "DataInspectionFailed")


def test_vectors_come_in_order(simulator: Simulator) -> None:
    seen = TextEmbedding.call(model="text-embedding-v4", input=["春", "夏"], dimension=64, text_type="query")
    assert seen.status_code == HTTPStatus.OK
    vectors = seen.output["embeddings"]
    assert [one["text_index"] for one in vectors] == [0, 1]
    assert [len(one["embedding"]) for one in vectors] == [64, 64]
    assert seen.usage["total_tokens"]
    seen = TextEmbedding.call(model="text-embedding-v4", input=["x"] * 11)
    assert (seen.status_code, seen.code) == (400, "InvalidParameter")


def test_texts_are_ranked(simulator: Simulator) -> None:
    texts = ["Ruby is red", "Paris is the capital of France"]
    seen = TextReRank.call(
        model="gte-rerank-v2", query="capital of France", documents=texts, top_n=1, return_documents=True
    )
    assert seen.status_code == HTTPStatus.OK
    (best,) = seen.output.results
    assert (best["index"], best["relevance_score"], best["document"]) == (1, 1.0, {"text": texts[1]})
    assert seen.usage.total_tokens
    seen = TextReRank.call(model=MODEL, query="capital", documents=texts)
    assert (seen.status_code, seen.code) == (400, "InvalidParameter")


def test_pictures_are_worked_over_as_a_task(simulator: Simulator) -> None:
    begun = ImageSynthesis.async_call(
        model="wan2.5-i2i-preview", prompt="at night", images=["https://b.example/c.png"], n=1
    )
    assert (begun.status_code, begun.output.task_status) == (HTTPStatus.OK, "PENDING")
    sent: Any = simulator.last.json
    assert sent["input"] == {"prompt": "at night", "images": ["https://b.example/c.png"]}
    ImageSynthesis.fetch(begun)
    assert ImageSynthesis.fetch(begun).output.task_status == "SUCCEEDED"


def test_tokens_are_counted(simulator: Simulator) -> None:
    seen = Tokenization.call(model=MODEL, messages=ASK)
    assert seen.status_code == HTTPStatus.OK
    assert seen.usage["input_tokens"] == len(seen.output["tokens"]) == 2


def test_images_are_a_task(simulator: Simulator) -> None:
    begun = ImageSynthesis.async_call(model="wan2.5-t2i-preview", prompt="a fox", n=2, size="1024*1024")
    assert (begun.status_code, begun.output.task_status) == (HTTPStatus.OK, "PENDING")
    assert ImageSynthesis.fetch(begun).output.task_status == "PENDING"
    done = ImageSynthesis.fetch(begun)
    assert (done.output.task_status, done.usage.image_count) == ("SUCCEEDED", 2)
    assert [one.url.rpartition("/")[2] for one in done.output.results] == [
        "fake-task-1-0.png",
        "fake-task-1-1.png",
    ]


def heard(sound: str, **options: Any) -> Any:
    system = {"role": "system", "content": [{"text": ""}]}
    messages = [system, {"role": "user", "content": [{"audio": sound}]}]
    return MultiModalConversation.call(model="qwen3-asr-flash", messages=messages, **options)


def spoken(**options: Any) -> Any:
    model = options.pop("model", "qwen3-tts-flash")
    return MultiModalConversation.call(model=model, text="Hello you", voice="Cherry", **options)


def test_speech_is_made_whole(simulator: Simulator) -> None:
    seen = spoken(language_type="English")
    assert (seen.status_code, seen.output.finish_reason) == (HTTPStatus.OK, "stop")
    with urlopen(seen.output.audio.url) as file:
        sound = file.read()
    assert sound.startswith(b"RIFF")
    assert seen.usage["characters"] == 9
    older = SpeechSynthesizer.call(model="qwen-tts", text="Hello you", voice="Cherry")
    assert older.output.audio["url"].endswith(".wav")


def test_speech_is_streamed(simulator: Simulator) -> None:
    pieces = list(spoken(stream=True))
    sound = b"".join(b64decode(piece.output.audio.data) for piece in pieces if piece.output.audio.data)
    assert sound == b"Hello you"
    assert [piece.output.finish_reason for piece in pieces] == ["null", "stop"]


def test_the_synthesizer_speaks_whole_and_streamed(simulator: Simulator) -> None:
    told = {"model": "cosyvoice-v3-flash", "text": "Hello you", "voice": "longanyang"}
    whole = HttpSpeechSynthesizer.call(**told, audio_format="mp3")
    assert whole.audio_url is not None
    with urlopen(whole.audio_url) as file:
        sound = file.read()
    assert sound.endswith(b"Hello you")
    *pieces, last = HttpSpeechSynthesizer.call(**told, audio_format="mp3", stream=True)
    assert b"".join(piece.audio_data for piece in pieces) == last.audio_data == sound


def test_sound_is_heard_in_a_message(simulator: Simulator) -> None:
    data = "data:audio/wav;base64," + b64encode(wav(b"Hello you")).decode()
    seen = heard(data, result_format="message", asr_options={"language": "en", "enable_itn": False})
    assert seen.status_code == HTTPStatus.OK
    (choice,) = seen.output.choices
    assert choice.message.content == [{"text": "Hello you"}]
    assert choice.message.annotations == [{"type": "audio_info", "language": "en"}]


def finished(kind: Any, begun: Any) -> Any:
    """The task at its end, without the waiting of the package itself."""
    assert kind.fetch(begun).output.task_status == "PENDING"
    return kind.fetch(begun)


@pytest.mark.parametrize("model", ["paraformer-v2", "fun-asr"])
def test_sound_is_heard_by_a_task(simulator: Simulator, model: str) -> None:
    address = spoken().output.audio.url
    begun = Transcription.async_call(model=model, file_urls=[address], language_hints=["en"])
    assert begun.output.task_status == "PENDING"
    done = finished(Transcription, begun)
    (result,) = done.output["results"]
    assert result["subtask_status"] == "SUCCEEDED"
    with urlopen(result["transcription_url"]) as file:
        told = json.load(file)
    assert told["transcripts"][0]["text"] == "Hello you"
    assert [word["text"] for word in told["transcripts"][0]["sentences"][0]["words"]] == ["Hello", "you"]


def test_one_file_is_heard_by_a_task(simulator: Simulator) -> None:
    address = spoken().output.audio.url
    begun = QwenTranscription.async_call(model="qwen3-asr-flash-filetrans", file_url=address)
    done = finished(QwenTranscription, begun)
    with urlopen(done.output["result"]["transcription_url"]) as file:
        assert json.load(file)["transcripts"][0]["text"] == "Hello you"


def test_a_file_that_is_not_there_is_told(simulator: Simulator) -> None:
    begun = Transcription.async_call(model="fun-asr", file_urls=["https://nowhere.invalid/a.wav"])
    failed = finished(Transcription, begun)
    assert failed.output.task_status == "FAILED"
    assert failed.output["results"][0]["code"] == "InvalidFile.DownloadFailed"


def test_images_come_in_a_message(simulator: Simulator) -> None:
    content = [{"image": "https://a.example/a.png"}, {"text": "a fox"}]
    seen = MultiModalConversation.call(
        model="qwen-image-edit", messages=[{"role": "user", "content": content}], size="1328*1328"
    )
    (choice,) = seen.output.choices
    assert choice.message.content == [{"image": "https://dashscope-result.example/fake-image-0.png"}]
