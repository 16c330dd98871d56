"""What comes back: events as soon as their frame is here, and how an answer may end."""

from __future__ import annotations

import msgspec
import pytest

from baimo.dialect.protocols import Site
from baimo.dialects.spark_ws import DIALECT
from baimo.dialects.spark_ws.reply import FrameDecoder
from baimo.errors import ContentFilteredError, ServerError, StreamInterrupted
from baimo.types.content import Opaque, Text, Thinking
from baimo.types.events import (
    Finished,
    PartDelta,
    PartEnded,
    PartStarted,
    Started,
    UsageReported,
    Withdrawn,
)
from baimo.types.fold import fold
from baimo.wire.http import WireHead

SITE = Site(base_url="wss://spark-api.xf-yun.com")


def decoder() -> FrameDecoder:
    made = DIALECT.decoder(WireHead(101), SITE)
    assert isinstance(made, FrameDecoder)
    return made


def frame(
    status: int, *, code: int = 0, sid: str = "s1", usage: dict[str, int] | None = None, **said: str
) -> bytes:
    header = {"code": code, "message": "m", "sid": sid, "status": status}
    if code:
        return msgspec.json.encode({"header": header})
    text = {"content": "", "role": "assistant", "index": 0, **said}
    payload: dict[str, object] = {"choices": {"status": status, "seq": 0, "text": [text]}}
    if usage is not None:
        payload["usage"] = {"text": usage}
    return msgspec.json.encode({"header": header, "payload": payload})


def test_each_frame_gives_its_events_at_once() -> None:
    reading = decoder()
    assert reading.request_id is None
    assert reading.feed(frame(0, reasoning_content="hm")) == [
        Started(id="s1"),
        PartStarted(index=0, part=Thinking()),
        PartDelta(index=0, text="hm"),
    ]
    assert reading.feed(frame(1, reasoning_content="m")) == [PartDelta(index=0, text="m")]
    assert reading.feed(frame(1, content="a")) == [
        PartEnded(index=0),
        PartStarted(index=1, part=Text(text="")),
        PartDelta(index=1, text="a"),
    ]
    assert reading.feed(frame(1, content="b")) == [PartDelta(index=1, text="b")]
    assert reading.feed(frame(1)) == []
    assert not reading.is_over
    last = reading.feed(frame(2, content="c", usage={"prompt_tokens": 1, "completion_tokens": 2}))
    assert [type(event) for event in last] == [PartDelta, UsageReported, PartEnded, Finished]
    assert reading.is_over
    assert reading.end() == []
    assert reading.request_id == "s1"


def test_a_frame_after_the_last_is_passed_over() -> None:
    reading = decoder()
    events = reading.feed(frame(0, content="a")) + reading.feed(frame(2, content="b"))
    assert reading.feed(frame(1, content="c")) == []
    assert reading.end() == []
    assert fold(events).text == "ab"


def test_the_quick_way_and_the_tolerant_one_say_the_same() -> None:
    texts = [frame(0, content="a"), frame(1, content="b"), frame(1, content="", reasoning_content="t")]
    texts += [
        frame(1, content="", reasoning_content="u"),
        frame(1, content="x", reasoning_content="y"),
        frame(2),
    ]
    odd = [msgspec.json.encode({**msgspec.json.decode(text), "new": 1}) for text in texts]
    quick, tolerant = decoder(), decoder()
    assert [quick.feed(text) for text in texts] == [tolerant.feed(text) for text in odd]


@pytest.mark.parametrize("code", [10013, 10014, 10021])
def test_what_moderation_makes_void_is_withdrawn(code: int) -> None:
    reading = decoder()
    events = reading.feed(frame(0, content="secret"))
    with pytest.raises(ContentFilteredError) as caught:
        reading.feed(frame(2, code=code))
    assert reading.early == [Withdrawn(reason="m")]
    assert caught.value.status is None
    response = fold(events + reading.early)
    assert (response.text, response.choices[0].withdrawn) == ("secret", "m")


def test_a_warning_takes_nothing_back_and_neither_does_a_refused_question() -> None:
    reading = decoder()
    reading.feed(frame(0, content="a"))
    with pytest.raises(ContentFilteredError):
        reading.feed(frame(2, code=10019))
    assert reading.early == []
    reading = decoder()
    with pytest.raises(ContentFilteredError):
        reading.feed(frame(2, code=10013))
    assert reading.early == []


def test_a_socket_that_closes_without_a_frame_was_cut() -> None:
    with pytest.raises(StreamInterrupted) as caught:
        decoder().end()
    assert caught.value.ended == "cut"


def test_a_plugin_that_is_not_understood_is_kept_as_it_came() -> None:
    reading = decoder()
    plugin = {"name": "draw", "content": "picture 7"}
    header = {"code": 0, "sid": "s1", "status": 0}
    first = {"header": header, "payload": {"plugins": {"text": [plugin]}}}
    response = fold(reading.feed(msgspec.json.encode(first)) + reading.feed(frame(2, content="a")))
    (kept, text) = response.message.content
    assert isinstance(kept, Opaque)
    assert msgspec.json.decode(kept.json) == plugin
    assert text == Text(text="a")


def test_sources_become_citations_of_the_text() -> None:
    reading = decoder()
    found = [
        {"index": 2, "url": "https://a.example", "title": "T", "summary": "S"},
        {"link": "https://b.example"},
    ]
    text = {"name": "ifly_search", "content": msgspec.json.encode([*found, 3]).decode()}
    payload = {"plugins": {"text": [text]}}
    events = reading.feed(msgspec.json.encode({"header": {"code": 0, "status": 0}, "payload": payload}))
    events += reading.feed(frame(2, content="a"))
    first, second = fold(events).message.content[0].citations
    assert (first.url, first.title, first.quote, first.source) == ("https://a.example", "T", "S", "2")
    assert (second.url, second.title, second.quote, second.source) == ("https://b.example", None, None, None)


def test_a_rows_own_table_of_codes_is_read() -> None:
    at = Site(base_url="wss://h.example", codes="deepseek")
    with pytest.raises(ServerError):
        DIALECT.decoder(WireHead(101), at).feed(frame(2, code=11200))


def test_a_code_beside_text_is_an_error_all_the_same() -> None:
    reading = decoder()
    reading.feed(frame(0, content="a"))
    both = msgspec.json.decode(frame(1, content="b"))
    both["header"]["code"] = 10014
    with pytest.raises(ContentFilteredError):
        reading.feed(msgspec.json.encode(both))


def test_half_a_character_that_stays_alone_is_not_lost_in_silence() -> None:
    reading = decoder()
    half = frame(0, content="a?").replace(b"a?", b"a\\ud83d")
    events = reading.feed(half) + reading.feed(frame(1, content="b")) + reading.feed(frame(2, content="c"))
    assert fold(events).text == "a\ufffdbc"
