"""The dialect's own face: quirks, addresses, bounds."""

from __future__ import annotations

from typing import Any

import pytest

from baimo.dialect.protocols import (
    ChatDialect,
    DescribeDialect,
    EmbedDialect,
    ModelsDialect,
    PullDialect,
    ServedDialect,
    Site,
)
from baimo.dialects.ollama import DIALECT, Quirks, reply
from baimo.dialects.ollama.reply import ReplyDecoder
from baimo.dialects.ollama.words import decode_finish, decode_time, encode_finish, encode_time
from baimo.errors import ConfigError, InputError, ProviderError, WireError
from baimo.types.chat import FinishReason
from baimo.wire.http import WireHead
from tests.conformance.cases import folders, load
from tests.conformance.playing import play
from tests.dialects.ollama.asking import JSON, LINES, lines, request, site


@pytest.mark.parametrize(
    "kind", [ChatDialect, ServedDialect, EmbedDialect, ModelsDialect, DescribeDialect, PullDialect]
)
def test_it_can_do_all_that_the_server_can(kind: type) -> None:
    assert isinstance(DIALECT, kind)


def test_quirks_come_from_a_rows_table() -> None:
    quirks = DIALECT.quirks({"form": "generate", "server_context": 0, "think_tags": True})
    assert quirks == Quirks(form="generate", server_context=0, think_tags=True)


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"shape": "x"}, "there is form"), ({"form": "embed"}, "embed"), ({"server_context": "4k"}, "int")],
)
def test_a_wrong_quirk_is_refused_by_name(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        DIALECT.quirks(fields)


@pytest.mark.parametrize("field", Quirks.__struct_fields__)
def test_each_quirk_has_a_case(field: str) -> None:
    own = [folder for folder in folders("case.json") if folder.parent.name == "ollama"]
    assert [folder for folder in own if field in load(folder).quirks]


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434/api/chat"),
        ("http://box.lan:11434/v1", "http://box.lan:11434/api/chat"),
        ("https://ollama.com/api/", "https://ollama.com/api/chat"),
        ("http://h/ollama", "http://h/ollama/api/chat"),
        ("http://h/模型", "http://h/%E6%A8%A1%E5%9E%8B/api/chat"),
    ],
)
def test_every_form_of_the_address_leads_to_the_server(base_url: str, url: str) -> None:
    assert DIALECT.encode_request(request(), site(base_url)).url == url


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="absolute address"):
        DIALECT.encode_request(request(), Site(base_url="localhost:11434"))


@pytest.mark.parametrize(
    ("reason", "raw", "word"),
    [
        (FinishReason.STOP, None, "stop"),
        (FinishReason.STOP, "load", "load"),
        (FinishReason.STOP, "end_turn", "stop"),
        (FinishReason.TOOL_CALLS, "tool_calls", "stop"),
        (FinishReason.CONTEXT_LENGTH, None, "length"),
        (FinishReason.LENGTH, "stop", "length"),
        (FinishReason.CONTENT_FILTER, None, "content_filter"),
    ],
)
def test_a_reason_goes_out_in_this_wires_words(reason: FinishReason, raw: str | None, word: str) -> None:
    assert encode_finish(reason, raw) == word


def test_tool_calls_are_the_reason_where_there_are_any_unless_the_limit_was_reached() -> None:
    assert decode_finish("stop", calls=True) is FinishReason.TOOL_CALLS
    assert decode_finish(None, calls=True) is FinishReason.TOOL_CALLS
    assert decode_finish("length", calls=True) is FinishReason.LENGTH
    assert decode_finish(None, calls=False) is FinishReason.UNKNOWN


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:05.999999999Z", 5),
        ("1970-01-01T00:00:05-07:00", 7 * 3600 + 5),
        ("soon", None),
        (None, None),
        (5, None),
    ],
)
def test_times_have_nine_decimals_and_any_zone(text: Any, seconds: int | None) -> None:
    assert decode_time(text) == seconds


def test_a_time_that_is_written_can_be_read() -> None:
    assert decode_time(encode_time(1_790_000_000)) == 1_790_000_000
    assert encode_time(None) == "1970-01-01T00:00:00Z"


def test_a_reply_that_never_ends_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply, "MAX_BODY", 1000)
    decoder = ReplyDecoder(JSON, Quirks(), None)
    with pytest.raises(WireError, match="longer than 1000 bytes"):
        decoder.feed(b"{" * 2000)
    spread = ReplyDecoder(JSON, Quirks(), None)
    with pytest.raises(WireError, match="larger than 1000 bytes"):
        spread.feed(b"{\n" + b'"a": 1,\n' * 500)


def test_a_refusal_that_never_ends_is_read_to_a_bound() -> None:
    decoder = DIALECT.decoder(WireHead(500), site())
    for _ in range(40):
        assert decoder.feed(b"x" * 65536) == []
    with pytest.raises(ProviderError) as caught:
        decoder.end()
    assert len(caught.value.body or "") <= 4096
    assert len(caught.value.message) <= 4096


def test_a_line_that_is_no_json_is_told_as_what_it_is() -> None:
    good = {"model": "m", "message": {"content": "Hi"}, "done": False}
    events, error = play(DIALECT.decoder(LINES, site()), [lines(good) + b"oops\n"])
    assert isinstance(error, WireError)
    assert "oops" in error.message
    assert len(events) == 3


def test_lines_after_the_last_one_and_lines_of_no_meaning_are_passed_over() -> None:
    done = {
        "model": 5,
        "message": {"content": "Hi", "tool_calls": [7, {}]},
        "done": True,
        "logprobs": [1, {}],
    }
    noise = [b"[]\n", lines({"status": "thinking"})]
    events, error = play(DIALECT.decoder(LINES, site()), [*noise, lines(done), b'{"error":"late"}\n{'])
    assert error is None
    assert [type(event).__name__ for event in events] == [
        "Started",
        "PartStarted",
        "PartDelta",
        "PartEnded",
        "Finished",
    ]
