"""The dialect's own face: quirks, bounds, the quick way and the general one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from baimo.dialect.interval import Interval
from baimo.dialect.protocols import Site
from baimo.dialects.openai_chat import DIALECT, Paths, Quirks, reply
from baimo.dialects.openai_chat.reply import ReplyDecoder
from baimo.errors import ConfigError, ContextTooLongError, Error, ProviderError, WireError
from baimo.types.events import ChatEvent
from baimo.wire.http import WireHead
from tests.conformance import cases
from tests.conformance.cases import load, name, site_of
from tests.conformance.playing import play

SITE = Site(base_url="https://api.example/v1")
HEAD = WireHead(200, ((b"content-type", b"application/json"),))


def folders(file: str) -> list[Path]:
    """The cases of this dialect that hold that file."""
    return [folder for folder in cases.folders(file) if folder.parent.name == DIALECT.name]


def test_quirks_come_from_a_rows_table() -> None:
    quirks = DIALECT.quirks({"temperature": "(0, 1]", "refused": ["seed"], "paths": {"chat": "/x"}})
    assert quirks == Quirks(temperature=Interval("(0, 1]"), refused=("seed",), paths=Paths(chat="/x"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"max_token_field": "x"}, "did you mean max_tokens_field"),
        ({"zzz": 1}, "there is paths, max_tokens_field"),
        ({"refused": ["everything"]}, "everything"),
        ({"temperature": "high"}, "is no range"),
        ({"temperature": 3}, "cannot be read as a Interval"),
        ({"paths": {"chats": "/x"}}, "chats"),
    ],
)
def test_a_wrong_quirk_is_refused_by_name(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        DIALECT.quirks(fields)


OF_CHAT = [field for field in Quirks.__struct_fields__ if field != "beside"]
"""The rest is of the operations beside chat, and tested with them."""


def test_there_are_not_too_many_quirks() -> None:
    assert len(OF_CHAT) <= 25


@pytest.mark.parametrize("field", OF_CHAT)
def test_each_quirk_has_a_case(field: str) -> None:
    assert [folder for folder in folders("case.json") if field in load(folder).quirks]


class Unhurried(ReplyDecoder):
    """The same decoder without its quick ways."""

    lanes: ClassVar = {}


@pytest.mark.parametrize("folder", [f for f in folders("response.body") if load(f).status < 300], ids=name)
def test_the_quick_way_gives_what_the_general_one_gives(folder: Path) -> None:
    case, body = load(folder), (folder / "response.body").read_bytes()
    site = site_of(folder, case)
    events, error = play(Unhurried(case.head, site.quirks), [body])
    quick, same = play(DIALECT.decoder(case.head, site), [body])
    assert quick == events
    assert (type(same), str(same)) == (type(error), str(error))


def test_a_burst_of_text_takes_the_quick_way() -> None:
    chunk = b'data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}]}\n\n'
    taken = []

    class Counting(ReplyDecoder):
        def _event(self, payload: bytes, out: list[ChatEvent]) -> None:
            taken.append(payload)
            super()._event(payload, out)

    Counting(HEAD, Quirks()).feed(chunk * 100)
    assert len(taken) == 1


def endless(decoder: Any, pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        decoder.feed(piece)


def test_a_whole_body_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply, "MAX_BODY", 10_000)
    with pytest.raises(WireError, match="larger than 10000 bytes"):
        endless(DIALECT.decoder(HEAD, SITE), [b'{"choices":'] + [b" " * 1000] * 11)


def test_an_event_is_bounded() -> None:
    with pytest.raises(WireError, match="larger than"):
        endless(DIALECT.decoder(HEAD, SITE), [b"data: "] + [b"x" * 1_000_000] * 17)


def test_blank_lines_before_a_body_take_no_memory() -> None:
    decoder = ReplyDecoder(HEAD, Quirks())
    endless(decoder, [b"\n" * 1000] * 1000)
    assert len(decoder._start) <= 3


def test_a_refusal_is_kept_up_to_a_bound_and_read_all_the_same() -> None:
    head = WireHead(500, ((b"content-type", b"text/plain"),))
    decoder = DIALECT.decoder(head, SITE)
    endless(decoder, [b"x" * 1_000_000] * 5)
    with pytest.raises(ProviderError) as caught:
        decoder.end()
    assert len(caught.value.body or "") <= 4096
    assert len(caught.value.message) <= 4096


def test_an_event_of_five_megabytes_comes_through() -> None:
    text = "y" * 5_000_000
    body = (
        b'data: {"choices":[{"index":0,"delta":{"content":"%s"},"finish_reason":"stop"}]}\n\n' % text.encode()
    )
    events, error = play(
        DIALECT.decoder(HEAD, SITE), [body[at : at + 65536] for at in range(0, len(body), 65536)]
    )
    assert error is None
    assert [event.text for event in events if hasattr(event, "text")] == [text]


def test_what_came_before_a_failure_in_the_same_piece_is_not_lost() -> None:
    decoder = DIALECT.decoder(HEAD, SITE)
    body = b'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\ndata: {"error":{"message":"no"}}\n\n'
    with pytest.raises(ProviderError):
        decoder.feed(body)
    assert [type(event).__name__ for event in decoder.early] == ["Started", "PartStarted", "PartDelta"]


@pytest.mark.parametrize("status", [301, 302, 304])
def test_a_redirect_is_a_refusal(status: int) -> None:
    with pytest.raises(ProviderError) as caught:
        DIALECT.decoder(WireHead(status), SITE).end()
    assert caught.value.status == status


def test_our_own_refusals_are_read_as_what_they_were() -> None:
    for error in (ContextTooLongError("too long"), ProviderError("?")):
        head, body = DIALECT.encode_error(error)
        _, found = play(DIALECT.decoder(head, SITE), [body])
        assert isinstance(found, Error)
        assert found.message == error.message
        assert isinstance(found, ContextTooLongError) == isinstance(error, ContextTooLongError)
