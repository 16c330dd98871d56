"""A prompt is never cut in silence, and nobody is warned for nothing."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialect.estimate import prompt_size
from baimo.dialects.ollama import DIALECT
from baimo.notes import Note
from baimo.types.chat import ChatRequest, Message
from tests.dialects.ollama.asking import JSON, LINES, asked, body, lines, request, site

WORD = "word "


def long(count: int, **fields: Any) -> ChatRequest:
    """A prompt of so many words of one token each."""
    return request(Message(role="user", content=WORD * count), **fields)  # type: ignore[arg-type]


def sent_context(request: ChatRequest, **quirks: Any) -> int | None:
    found: int | None = body(request, site(**quirks)).get("options", {}).get("num_ctx")
    return found


@pytest.mark.parametrize(
    ("count", "context"),
    [(10, None), (1960, None), (1961, 8192), (4500, 8192), (5000, 16384), (41_000, 65536)],
)
def test_room_is_asked_for_in_doubles_of_what_the_server_gives(count: int, context: int | None) -> None:
    assert sent_context(long(count)) == context


def test_a_generous_limit_alone_asks_for_no_room_but_counts_beside_a_prompt() -> None:
    assert sent_context(long(10, max_tokens=100_000)) is None
    assert sent_context(long(1800, max_tokens=100_000)) == 8192
    assert sent_context(long(1800, max_tokens=500)) is None
    assert "num_ctx" not in body(long(10, max_tokens=100_000))["options"]


def test_a_server_that_gives_more_or_is_not_to_be_told_is_not_told() -> None:
    assert sent_context(long(20_000), server_context=32768) is None
    assert sent_context(long(20_000), server_context=0) is None
    assert sent_context(long(20_000), server_context=6000) == 48000


@pytest.mark.parametrize("way", ["extra", "foreign"])
def test_what_the_caller_says_is_left_alone_and_told_of_where_it_is_too_small(way: str) -> None:
    def given(num_ctx: Any) -> ChatRequest:
        options = {"options": {"num_ctx": num_ctx}}
        if way == "extra":
            return long(5000, extra=options)
        messages = [{"role": "user", "content": WORD * 5000}]
        return asked({"model": "m", "messages": messages, **options})

    assert sent_context(given(9000)) == 9000
    assert DIALECT.encode_request(given(9000), site()).notes == ()
    (note,) = DIALECT.encode_request(given(1024), site()).notes
    assert note.code == "context_short"
    assert "1024" in note.message
    assert DIALECT.encode_request(given("many"), site()).notes == ()
    raised = DIALECT.encode_request(given(None), site())
    assert [note.code for note in raised.notes] == ["context_raised"]


def test_the_note_says_what_was_sent() -> None:
    (note,) = DIALECT.encode_request(long(4500), site()).notes
    assert "8192" in note.message
    assert "4096" in note.message


def read(request: ChatRequest, counted: int | None, **quirks: Any) -> tuple[Note, ...]:
    """The notes on a reply whose prompt was counted so."""
    decoder: Any = DIALECT.decoder_for(request, LINES, site(**quirks))
    told = {} if counted is None else {"prompt_eval_count": counted}
    done = {
        "model": "m",
        "message": {"content": "Hi"},
        "done": True,
        "done_reason": "stop",
        "eval_count": 1,
        **told,
    }
    decoder.feed(lines(done))
    decoder.end()
    notes: tuple[Note, ...] = decoder.notes
    return notes


def test_a_prompt_that_was_read_whole_warns_of_nothing() -> None:
    for count in (1, 500, 3000, 20_000):
        assert read(long(count), int(count * 1.3) + 10) == ()
        assert read(long(count), count) == ()


def test_a_prompt_of_which_a_part_was_read_warns() -> None:
    (note,) = read(long(20_000), 8000)  # a model that holds no more than 8192
    assert note.code == "context_cut"
    assert "8000" in note.message
    (small,) = read(long(20_000, extra={"options": {"num_ctx": 2048}}), 1500)
    assert small.code == "context_cut"


def test_a_context_that_is_full_warns() -> None:
    (note,) = read(long(20_000, extra={"options": {"num_ctx": 4096}}), 4096)
    assert note.code == "context_cut"
    assert "4096" in note.message


def test_a_full_context_warns_however_few_words_the_prompt_has() -> None:
    blob = request(Message(role="user", content="x" * 9000), extra={"options": {"num_ctx": 2048}})  # type: ignore[arg-type]
    assert prompt_size(blob).least == 1
    assert [note.code for note in read(blob, 2047)] == ["context_cut"]
    assert read(blob, 2046) == ()


@pytest.mark.parametrize("counted", [None, 1, 12])
def test_a_short_prompt_never_warns_whatever_was_in_the_servers_cache(counted: int | None) -> None:
    assert read(long(1500), counted) == ()


def test_a_count_that_was_not_told_never_warns() -> None:
    assert read(long(20_000), None) == ()


def test_blanks_and_rules_of_which_many_make_a_token_never_warn() -> None:
    lined = request(Message(role="user", content=("-" * 70 + " " * 30 + "\n") * 900))  # type: ignore[arg-type]
    assert prompt_size(lined).likely > 20_000
    assert read(lined, 1500) == ()


def test_a_decoder_that_knows_no_request_warns_of_nothing_and_a_refusal_has_none() -> None:
    decoder: Any = DIALECT.decoder(LINES, site())
    decoder.feed(
        lines({"message": {"content": "Hi"}, "done": True, "done_reason": "stop", "prompt_eval_count": 1})
    )
    assert decoder.notes == ()
    refused = DIALECT.decoder_for(long(1), msgspec.structs.replace(JSON, status=500), site())
    assert not hasattr(refused, "notes")
