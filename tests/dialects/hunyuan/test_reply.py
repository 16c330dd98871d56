"""Replies beyond the cases: what stands beside the choices, what withdraws, what a hostile body costs."""

from __future__ import annotations

import msgspec
import pytest

from baimo.dialect.protocols import Site
from baimo.dialects.hunyuan import DIALECT, reply
from baimo.errors import AuthError, ConfigError, ServerError, StreamInterrupted, WireError
from baimo.types.chat import FinishReason
from baimo.types.content import Opaque
from baimo.types.events import Finished, PartStarted, UsageReported, Withdrawn
from baimo.types.fold import fold
from baimo.wire.http import WireHead
from tests.conformance.playing import play
from tests.dialects.hunyuan.asking import JSON, SITE, SSE, chunk, decoded


def opaque(events: list[object]) -> list[dict[str, object]]:
    started = [event.part for event in events if isinstance(event, PartStarted)]
    return [msgspec.json.decode(part.json) for part in started if isinstance(part, Opaque)]


def test_what_only_this_provider_tells_is_kept_as_it_came() -> None:
    search = {"SearchResults": [{"Index": 2, "Title": "T", "Url": "https://a.example"}], "Timeline": [1]}
    _, events, error = decoded(
        {**chunk(Content="a"), "Note": "old", "SearchInfo": search},
        {**chunk("stop"), "Note": "made by AI", "RecommendedQuestions": ["And?"], "Replaces": None},
    )
    assert error is None
    assert opaque(list(events)) == [
        {"Note": "made by AI", "SearchInfo": search, "RecommendedQuestions": ["And?"]}
    ]


def test_progress_is_told_as_it_comes_and_once() -> None:
    plan, quote = {"State": "plan", "Num": 0}, {"State": "quote", "Num": 3}
    _, events, _ = decoded(
        {**chunk(), "Processes": plan},
        {**chunk(Content="a"), "Processes": plan},
        {**chunk(Content="b"), "Processes": quote},
        chunk("stop"),
    )
    assert opaque(list(events)) == [{"Processes": plan}, {"Processes": quote}]
    kinds = [type(event).__name__ for event in events]
    assert kinds.index("PartStarted") < kinds.index("PartDelta")


def test_a_risk_of_one_choice_is_kept() -> None:
    said = chunk("stop", Content="a")
    said["Choices"][0]["ModerationLevel"] = "1"
    _, events, _ = decoded(said)
    assert opaque(list(events)) == [{"ModerationLevel": "1"}]


def test_sources_name_their_place_and_may_lack_a_title() -> None:
    results = [{"Index": 7, "Url": "https://a.example"}, {"Title": "T"}, {"Url": 5}, "odd"]
    response, _, _ = decoded({**chunk("stop", Content="a"), "SearchInfo": {"SearchResults": results}})
    found = response.message.content[0].citations
    assert [(c.url, c.title, c.source) for c in found] == [
        ("https://a.example", None, "7"),
        (None, "T", None),
        (None, None, None),
    ]


def test_an_answer_that_breaks_a_rule_is_withdrawn_before_it_ends() -> None:
    response, events, error = decoded(chunk(Content="half"), chunk("sensitive"))
    assert error is None
    assert [type(event) for event in events[-2:]] == [Withdrawn, Finished]
    assert response.choices[0].withdrawn == "sensitive"
    assert response.finish_reason is FinishReason.CONTENT_FILTER
    assert response.text == "half"


def test_usage_is_told_again_only_when_it_changed() -> None:
    _, events, _ = decoded(chunk("", 1, Content="a"), chunk("", 1, Content="b"), chunk("stop", 2))
    told = [event.usage.output for event in events if isinstance(event, UsageReported)]
    assert told == [1, 2]


def test_choices_are_told_apart_by_their_index() -> None:
    def both(finish: str, a: str, b: str) -> dict[str, object]:
        texts = enumerate((a, b))
        return {"Choices": [{"Index": i, "Delta": {"Content": t}, "FinishReason": finish} for i, t in texts]}

    response, _, _ = decoded(both("", "a", "b"), both("stop", "c", "d"))
    assert [choice.message.text for choice in response.choices] == ["ac", "bd"]


def test_thoughts_that_come_back_after_words_are_a_part_of_their_own() -> None:
    response, _, _ = decoded(
        chunk(ReasoningContent="1"),
        chunk(Content="a"),
        chunk(ReasoningContent="2"),
        chunk("stop", Content="b"),
    )
    assert [type(part).__name__ for part in response.message.content] == [
        "Thinking",
        "Text",
        "Thinking",
        "Text",
    ]


def test_a_stream_of_signs_of_life_is_no_answer() -> None:
    events, error = play(DIALECT.decoder(SSE, SITE), [b": ping\n\n: ping\n\n"])
    assert events == []
    assert isinstance(error, StreamInterrupted)


def test_a_choice_may_say_nothing_but_why_it_ended() -> None:
    response, _, error = decoded(chunk(Content="a"), {"Choices": [{"FinishReason": "stop"}]})
    assert error is None
    assert response.finish_reason is FinishReason.STOP


def test_an_event_that_is_no_object_is_passed_over() -> None:
    response, _, error = decoded(chunk(Content="a"), ["odd"], "text", chunk("stop"))
    assert error is None
    assert response.text == "a"


@pytest.mark.parametrize("body", [b"[1]", b'{"Response":[]}', b'"text"'])
def test_a_whole_reply_of_another_form_is_told(body: bytes) -> None:
    events, error = play(DIALECT.decoder(JSON, SITE), [body])
    assert events == []
    assert isinstance(error, WireError)


def test_a_mark_of_byte_order_is_passed_over_even_in_pieces() -> None:
    body = b'\xef\xbb\xbf{"Choices":[{"Message":{"Content":"a"},"FinishReason":"stop"}]}'
    events, error = play(DIALECT.decoder(JSON, SITE), [body[:1], body[1:2], body[2:]])
    assert error is None
    assert fold(events).text == "a"


def test_a_body_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply, "MAX_BODY", 100)
    decoder = DIALECT.decoder(JSON, SITE)
    decoder.feed(b"{" + b" " * 99)
    with pytest.raises(WireError, match="larger than 100"):
        decoder.feed(b" ")


def test_a_refusal_without_end_is_cut() -> None:
    decoder = DIALECT.decoder(WireHead(500), SITE)
    for _ in range(3):
        assert decoder.feed(b"x" * reply.MAX_ERROR_BODY) == []
    with pytest.raises(ServerError) as caught:
        decoder.end()
    assert len(caught.value.body or "") <= 4096


def test_a_gateways_words_are_shown_but_not_its_page() -> None:
    for text, shown in ((b"no route", True), (b"<html>no route</html>", False), (b'{"a":1}', True)):
        decoder = DIALECT.decoder(WireHead(502, ((b"x-request-id", b"r-9"),)), SITE)
        decoder.feed(text)
        with pytest.raises(ServerError) as caught:
            decoder.end()
        assert ("no route" in caught.value.message or '{"a"' in caught.value.message) is shown
        assert caught.value.request_id == "r-9"


def test_the_id_of_the_call_is_found_in_head_or_body() -> None:
    head = WireHead(200, ((b"content-type", b"text/event-stream"), (b"x-tc-requestid", b"r-head")))
    assert DIALECT.decoder(head, SITE).request_id == "r-head"  # type: ignore[attr-defined]
    decoder = DIALECT.decoder(JSON, SITE)
    decoder.feed(b'{"Response":{"RequestId":"r-body","Choices":[{"Message":{"Content":"a"}}]}}')
    decoder.end()
    assert decoder.request_id == "r-body"  # type: ignore[attr-defined]


def test_the_rows_own_table_of_codes_is_asked() -> None:
    site = Site(base_url=SITE.base_url, codes="deepseek")
    body = b'{"Response":{"Error":{"Code":401,"Message":"odd"}}}'
    _, error = play(DIALECT.decoder(JSON, site), [body])
    assert isinstance(error, AuthError)
    assert error.provider_code == "401"


def test_a_message_may_be_missing() -> None:
    _, error = play(DIALECT.decoder(JSON, SITE), [b'{"Error":{"Code":"InternalError"}}'])
    assert isinstance(error, ServerError)
    assert error.message == "InternalError"
    _, error = play(DIALECT.decoder(JSON, SITE), [b'{"Error":{}}'])
    assert error is not None
    assert error.message == "HTTP status 200"


def test_there_are_no_quirks() -> None:
    assert DIALECT.quirks({}) == DIALECT.quirks({})
    with pytest.raises(ConfigError, match="'anything'"):
        DIALECT.quirks({"anything": 1})
