"""What comes of sound: text in messages, sentences out of streams, tasks and their files."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialect.protocols import Site
from baimo.dialects.dashscope import DIALECT
from baimo.dialects.dashscope.transcripts import decode_transcribe, decode_transcript
from baimo.errors import AuthError, ContentFilteredError, InvalidRequestError, ProviderError, WireError
from baimo.types.content import Audio
from baimo.types.transcription import Segment, TranscribeRequest, Transcription, Word
from baimo.wire.http import WireHead

SITE = Site(base_url="https://a.example/api/v1")
ASKED = TranscribeRequest(model="m", audio=Audio(url="u"))
GOOD = WireHead(200, ((b"content-type", b"application/json"), (b"x-request-id", b"h-1")))
SSE = WireHead(200, ((b"content-type", b"text/event-stream"), (b"x-request-id", b"h-1")))


UNFIT = "Input data may contain inappropriate content."


def told(output: Any, **more: Any) -> Transcription:
    raw = msgspec.json.encode({"output": output, "request_id": "r-1", **more})
    return DIALECT.decode_transcribe(ASKED, GOOD, raw, SITE)


# As https://help.aliyun.com/zh/model-studio/qwen-asr-api-reference shows it.
MESSAGE = {
    "choices": [
        {
            "finish_reason": "stop",
            "message": {
                "annotations": [{"language": "zh", "type": "audio_info", "emotion": "neutral"}],
                "content": [{"text": "欢迎使用"}, {"text": "阿里云。"}, {"other": 1}],
                "role": "assistant",
            },
        }
    ]
}


def test_the_text_of_a_message_is_read() -> None:
    counts = {
        "input_tokens_details": {"text_tokens": 0},
        "output_tokens_details": {"text_tokens": 6},
        "seconds": 1,
    }
    found = told(MESSAGE, usage=counts)
    assert (found.text, found.language, found.duration, found.model) == ("欢迎使用阿里云。", "zh", 1.0, "m")
    assert (found.request_id, found.usage.output_visible, found.usage.input) == ("r-1", 6, None)
    assert not found.is_pending
    bare = told({"choices": [{"message": {"content": "Hi"}}]}, usage={"input_tokens": 3, "output_tokens": 2})
    assert (bare.text, bare.language, bare.duration, bare.usage.total) == ("Hi", None, None, 5)
    assert told(MESSAGE).usage.raw is None
    assert told(MESSAGE, usage={"output_tokens_details": 5}).usage.output is None


def test_a_whole_reply_in_sentences_gives_its_text_alone() -> None:
    sentence = {"sentence_id": 2, "text": "Bye.", "begin_time": 10, "end_time": 20}
    found = told({"text": "Hi. Bye.", "sentence": sentence}, usage={"duration": 4})
    assert (found.text, found.segments, found.duration) == ("Hi. Bye.", (), 4.0)
    assert told({"output": {"sentence": {"text": "Hi."}}}).text == "Hi."
    assert told({"text": "", "output": {}}).text == ""


@pytest.mark.parametrize("output", [{}, {"output": {}}, {"choices": 5}, {"sentence": {"words": 3}}])
def test_what_is_no_transcription_is_told(output: Any) -> None:
    with pytest.raises(WireError, match="no transcription"):
        told(output)


@pytest.mark.parametrize("status", ["PENDING", "RUNNING", "SUSPENDED"])
def test_a_task_that_goes_on_is_pending(status: str) -> None:
    found = told({"task_id": "t-1", "task_status": status})
    assert (found.is_pending, found.task_id, found.request_id) == (True, "t-1", "r-1")


@pytest.mark.parametrize("form", ["results", "result"])
def test_a_task_that_is_done_tells_where_its_text_is(form: str) -> None:
    result: Any = {"file_url": "u", "transcription_url": "https://files.example/t.json"}
    output = {"task_id": "t-1", "task_status": "SUCCEEDED", form: [result] if form == "results" else result}
    found = told(output, usage={"duration": 9})
    assert (found.address, found.task_id, found.duration) == ("https://files.example/t.json", "t-1", 9.0)


@pytest.mark.parametrize(
    ("output", "kind", "words"),
    [
        (
            {
                "task_status": "SUCCEEDED",
                "results": [
                    {
                        "code": "InvalidFile.DownloadFailed",
                        "message": "The audio file cannot be downloaded.",
                        "subtask_status": "FAILED",
                    }
                ],
            },
            InvalidRequestError,
            "could not be heard: The audio file cannot be downloaded",
        ),
        (
            {"task_status": "FAILED", "code": "DataInspectionFailed", "message": UNFIT},
            ContentFilteredError,
            UNFIT,
        ),
        ({"task_status": "UNKNOWN"}, InvalidRequestError, "the task is UNKNOWN"),
        ({"task_id": None, "task_status": "PENDING"}, InvalidRequestError, "the task is PENDING"),
        ({"task_status": "SUCCEEDED", "results": [{"subtask_status": "FAILED"}]}, ProviderError, "is FAILED"),
        ({"task_status": "FAILED", "code": "InternalError", "message": "oh"}, ProviderError, "oh"),
    ],
)
def test_a_file_that_could_not_be_heard_is_an_error(output: Any, kind: Any, words: str) -> None:
    with pytest.raises(kind, match=words) as caught:
        told({"task_id": "t-1", **output})
    assert not caught.value.retryable
    assert caught.value.hint
    assert caught.value.request_id == "r-1"


def test_a_refusal_is_an_error() -> None:
    with pytest.raises(AuthError):
        decode_transcribe(ASKED, WireHead(401), b'{"code":"InvalidApiKey","message":"no"}', SITE)
    with pytest.raises(WireError, match="empty body"):
        decode_transcribe(ASKED, GOOD, b"", SITE)


def event(output: Any, **more: Any) -> bytes:
    data = msgspec.json.encode({"output": output, **more})
    return b"id:1\nevent:result\n:HTTP_STATUS/200\ndata:" + data + b"\n\n"


def sentence(number: int | None, text: str, begin: int, end: int, **more: Any) -> dict[str, Any]:
    return {"sentence_id": number, "text": text, "begin_time": begin, "end_time": end, **more}


def test_sentences_of_a_stream_are_put_together() -> None:
    words = [{"text": "Hello", "begin_time": 760, "end_time": 1040, "punctuation": "，"}, {"text": " you"}]
    body = b"".join(
        [
            event({"sentence": sentence(1, "Hel", 760, 900, sentence_end=False), "text": "Hel"}),
            event({"sentence": sentence(1, "Hello", 760, 1000), "text": "Hello"}, usage={"duration": 1}),
            event({"sentence": sentence(1, "Hello，", 760, 1040, words=words), "text": "Hello，"}),
            event({"sentence": sentence(2, "bye", 1100, 1500, speaker_id=0), "text": "Hello，bye"}),
            b"data: 5\n\n",
            event({"text": "Hello，bye"}, usage={"duration": 2}, request_id="r-2"),
        ]
    )
    found = decode_transcribe(ASKED, SSE, body, SITE)
    assert (found.text, found.duration, found.request_id) == ("Hello，bye", 2.0, "r-2")
    assert found.segments == (
        Segment(start=0.76, end=1.04, text="Hello，"),
        Segment(start=1.1, end=1.5, text="bye", speaker="0"),
    )
    assert found.words == (
        Word(start=0.76, end=1.04, word="Hello，"),
        Word(start=0.0, end=0.0, word="you"),
    )
    bare = decode_transcribe(ASKED, SSE, event({"sentence": sentence(None, "Hi", 0, 10)}), SITE)
    assert (bare.text, bare.request_id, bare.duration) == ("Hi", "h-1", None)
    once = event({"text": "Hi", "sentence": {"text": "Hi"}})
    assert decode_transcribe(ASKED, SSE, once, SITE).segments == ()


def test_a_stream_that_fails_or_says_nothing_is_an_error() -> None:
    failure = b'event:error\ndata:{"code":"DataInspectionFailed","message":"' + UNFIT.encode() + b'"}\n\n'
    with pytest.raises(ContentFilteredError):
        decode_transcribe(ASKED, SSE, event({"text": "Hi"}) + failure, SITE)
    with pytest.raises(WireError, match="without any text"):
        decode_transcribe(ASKED, SSE, event({}), SITE)


def test_the_file_of_a_task_is_read() -> None:
    # As https://help.aliyun.com/zh/model-studio/fun-asr-recorded-speech-recognition-http-api shows it.
    word = {"begin_time": 100, "end_time": 596, "text": "Hello", "punctuation": "."}
    other = sentence(1, "你好。", 5, 6, language="zh")
    raw = msgspec.json.encode(
        {
            "file_url": "u",
            "properties": {"channels": [0, 1], "original_duration_in_milliseconds": 3834},
            "transcripts": [
                {
                    "channel_id": 0,
                    "text": "Hello.",
                    "sentences": [
                        {
                            "begin_time": 100,
                            "end_time": 3820,
                            "text": "Hello.",
                            "speaker_id": 1,
                            "words": [word],
                        }
                    ],
                },
                {"channel_id": 1, "text": "你好。", "sentences": [other]},
            ],
        }
    )
    pending = Transcription(text="", task_id="t-1", address="a", duration=9.0, model="m")
    found = DIALECT.decode_transcript(pending, raw)
    assert (found.text, found.duration, found.language) == ("Hello.\n你好。", 3.834, "zh")
    assert (found.task_id, found.address, found.model) == ("t-1", None, "m")
    assert found.segments[0] == Segment(start=0.1, end=3.82, text="Hello.", speaker="1")
    assert found.words == (Word(start=0.1, end=0.596, word="Hello."),)
    bare = decode_transcript(pending, b'{"transcripts":[]}')
    assert (bare.text, bare.duration, bare.language) == ("", 9.0, None)
    for wrong in (b"{}", b"\xff", b"[" * 5):
        with pytest.raises(WireError, match="no transcript"):
            decode_transcript(pending, wrong)
