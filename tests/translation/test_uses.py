"""Which features a request asks for and a reply tells."""

from __future__ import annotations

import pytest
from msgspec import Raw

from baimo.dialect.features import FEATURES
from baimo.translation.uses import Watcher, asked
from baimo.types.chat import ChatRequest, Reasoning, ResponseFormat
from baimo.types.content import Audio, Cache, Image, Opaque, Text, ToolResult
from baimo.types.tools import FunctionTool
from tests.conformance import samples
from tests.unfolding import unfold

ASKED = samples.asked("openai_chat", {})
TOLD = samples.told("openai_chat", {})
OPERATIONS = {
    *("embeddings", "ranks", "token_count", "model_list"),
    *("images", "transcription", "speech", "moderation"),
}


@pytest.mark.parametrize("feature", sorted(ASKED))
def test_a_feature_that_is_asked_for_is_found(feature: str) -> None:
    for sample in ASKED[feature]:
        assert feature in asked(sample.request)


@pytest.mark.parametrize("feature", sorted(TOLD))
def test_a_feature_that_a_reply_tells_is_found(feature: str) -> None:
    request = samples.asks(stream=True, include_usage=True)
    for sample in TOLD[feature]:
        watcher = Watcher(request)
        for event in unfold(sample.response):
            watcher.see(event)
        assert feature in watcher.found


def test_every_feature_can_be_found() -> None:
    assert ASKED.keys() | TOLD.keys() | OPERATIONS == {feature.name for feature in FEATURES}


def test_a_plain_question_asks_for_nothing() -> None:
    values = {"frequency_penalty": 0.0, "n": 1, "store": False, "logit_bias": {}, "repetition_penalty": 1.0}
    assert asked(samples.asks(**values)) == set()
    assert asked(samples.asks(response_format=ResponseFormat(type="text"), reasoning=Reasoning())) == set()
    assert asked(ChatRequest(model="m", messages=())) == set()


def test_what_only_one_dialect_knows_is_no_feature() -> None:
    own = Opaque(dialect="openai_chat", json=Raw(b"{}"))
    assert asked(samples.asks(samples.user(own))) == set()


def test_marks_for_the_cache_are_found_wherever_they_stand() -> None:
    tool = FunctionTool(name="f", cache=Cache())
    assert asked(samples.asks(tools=(tool,))) == {"tools", "cache_marks"}
    result = ToolResult(call_id="c", content=(Text(text="x", cache=Cache()),))
    assert "cache_marks" in asked(samples.asks(samples.user(result)))


def test_usage_at_the_end_of_a_stream_is_asked_for_in_streams_only() -> None:
    assert asked(samples.asks(stream=True, include_usage=True)) == {"stream", "stream_usage"}
    assert asked(samples.asks(include_usage=True)) == set()


def test_pictures_and_sound_may_be_asked_for_as_the_answer() -> None:
    assert asked(samples.asks(modalities=("text", "image"))) == {"image_out"}
    assert asked(samples.asks(modalities=("audio",))) == {"audio_out"}


def test_a_picture_that_is_looked_at_as_usual_asks_for_no_detail() -> None:
    assert asked(samples.asks(samples.user(Image(url="https://a.example/b", detail="auto")))) == {"image_url"}
    assert asked(samples.asks(samples.user(Audio(url="https://a.example/b")))) == {"audio_in"}


def test_sources_that_stand_in_the_first_event_are_found() -> None:
    (sample,) = TOLD["citations"]
    watcher = Watcher(samples.asks())
    (start,) = [event for event in unfold(sample.response) if type(event).__name__ == "PartStarted"]
    watcher.see(type(start)(index=0, part=sample.response.message.content[0]))
    assert watcher.found == {"citations"}
