"""Laws that every dialect meets, on the cases in its folder and on generated values."""

from __future__ import annotations

import os
import random
import re
from base64 import b64decode
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baimo import dialects
from baimo.dialect.protocols import ChatDialect, Site
from baimo.errors import Error, StreamInterrupted, UnsupportedError, WireError
from baimo.types.chat import ChatRequest, ChatResponse, Message, Role
from baimo.types.content import Audio, Image, Text, Thinking, ToolCall
from baimo.types.events import ChatEvent
from baimo.types.fold import fold
from baimo.wire.http import SocketRequest, WireHead
from tests.conformance.cases import Case, Expected, dialect_of, folders, load, name, site_of
from tests.conformance.playing import play
from tests.conformance.wires import DATA, wire_of
from tests.strategies import chat_events

MANY = pytest.mark.no_cover
"""On laws that run the same lines thousands of times: which lines those are is seen by the others."""
QUICK = 50
"""Examples of a generated law in the short form of the tests."""
PLACES = 120
"""Places at which a long body is cut in the short form."""
REPLIES = folders("response.body")
GOOD = [folder for folder in REPLIES if (case := load(folder)).expect and not case.expect.error]
REQUESTS = [folder for folder in folders("case.json") if load(folder).request is not None]
CHAT = [each for each in dialects.names() if isinstance(dialects.get(each), ChatDialect)]


def is_framed(folder: Path) -> bool:
    """Whether the case's reply is messages of a socket, which its transport gives whole."""
    return wire_of(folder.parent.name).framed and load(folder).status == 101


def body_of(folder: Path) -> list[bytes]:
    """A case's reply as it comes: in one piece, or one message of a socket at a time."""
    body = (folder / "response.body").read_bytes()
    return [line for line in body.split(b"\n") if line] if is_framed(folder) else [body]


@cache
def spoken(folder: Path) -> tuple[ChatDialect, WireHead, Site]:
    """What a decoder of a case's reply is made of: thousands are made of each."""
    case = load(folder)
    return dialect_of(folder), case.head, site_of(folder, case)


def outcome(folder: Path, pieces: list[bytes]) -> tuple[ChatResponse, str]:
    dialect, head, site = spoken(folder)
    events, error = play(dialect.decoder(head, site), pieces)
    return fold(events), "" if error is None else f"{type(error).__name__} {error}"


@pytest.mark.parametrize("dialect", dialects.names())
def test_every_dialect_has_cases(dialect: str) -> None:
    assert len(list((DATA / dialect).glob("*/case.json"))) >= 10


@pytest.mark.parametrize("folder", REPLIES, ids=name)
def test_a_reply_becomes_what_the_case_says(folder: Path) -> None:
    case = load(folder)
    assert case.expect is not None
    events, error = play(dialect_of(folder).decoder(case.head, site_of(folder, case)), body_of(folder))
    response = fold(events)
    if case.expect.error is not None:
        check_error(error, case.expect)
        assert response.text == (case.expect.partial or "")
    else:
        assert error is None
        check(response, case.expect)


def check_error(error: Error | None, expect: Expected) -> None:
    told = expect.error
    assert told is not None
    assert error is not None
    assert type(error).__name__ == told.kind
    assert told.message is None or told.message in error.message
    for field in ("status", "retryable", "retry_after", "request_id"):
        wanted = getattr(told, field)
        assert wanted is None or getattr(error, field) == wanted
    if told.provider_code is not None:
        assert getattr(error, "provider_code", None) == told.provider_code


def check(response: ChatResponse, expect: Expected) -> None:
    message = response.message
    assert response.text == expect.text
    assert response.thinking == expect.thinking
    assert response.refusal == expect.refusal
    assert response.finish_reason.value == expect.finish
    assert response.choices[0].finish_raw == expect.finish_raw
    calls = [(call.id, call.name, call.arguments, call.kind) for call in message.tool_calls]
    assert calls == expect.tool_calls
    assert [c.url for part in message.content for c in part.citations] == expect.citations
    assert [part.data for part in message.content if isinstance(part, Image)] == expect.images
    if expect.choices is not None:
        assert [choice.message.text for choice in response.choices] == expect.choices
    tokens = response.choices[0].logprobs
    assert (None if tokens is None else [(t.token, t.logprob) for t in tokens]) == expect.logprobs
    check_kept(message, expect)
    for field, value in (expect.usage or {}).items():
        assert getattr(response.usage, field) == value, field
    for field in ("id", "model", "created"):
        wanted = getattr(expect, field)
        assert wanted is None or getattr(response, field) == wanted


def check_kept(message: Message, expect: Expected) -> None:
    sounds = [part for part in message.content if isinstance(part, Audio)]
    if expect.audio is not None:
        (sound,) = sounds
        wanted: dict[str, Any] = {**expect.audio, "data": b64decode(expect.audio["data"])}
        assert {field: getattr(sound, field) for field in wanted} == wanted
    else:
        assert not sounds
    assert replay_of(message, Thinking) == expect.replay
    assert replay_of(message, ToolCall) == expect.call_replay


def replay_of(message: Message, kind: type[Thinking | ToolCall]) -> dict[str, Any] | None:
    kept = [p.replay for p in message.content if isinstance(p, kind) and p.replay is not None]
    return msgspec.json.decode(kept[0].json) if kept else None


def cuts(body: bytes) -> list[int]:
    """Where a body is cut: everywhere in the long form, and where it is short; else at places that the run's
    seed draws anew, the ends of lines and the middle of letters among them."""
    everywhere = range(1, len(body))
    if settings.default.max_examples > QUICK or len(everywhere) <= PLACES:
        return list(everywhere)
    drawn = random.Random(os.environ.get("BAIMO_PAIRS_SEED")).sample(everywhere, PLACES)
    odd = [at for at in everywhere if body[at - 1] in b"\r\n" or body[at] & 0xC0 == 0x80]
    return sorted({*drawn, *odd[:PLACES], len(body) - 1})


@MANY
@pytest.mark.parametrize("folder", [f for f in REPLIES if not is_framed(f)], ids=name)
def test_a_reply_may_be_cut_at_every_byte(folder: Path) -> None:
    body = (folder / "response.body").read_bytes()
    whole = outcome(folder, [body])
    for at in cuts(body):
        assert outcome(folder, [body[:at], body[at:]]) == whole, at
    assert outcome(folder, [body[at : at + 1] for at in range(len(body))]) == whole


@pytest.mark.parametrize("folder", [f for f in REPLIES if not is_framed(f)], ids=name)
def test_a_reply_may_come_one_event_at_a_time(folder: Path) -> None:
    """As live streams bring it; the quick ways are for such reads."""
    body = (folder / "response.body").read_bytes()
    blank = re.search(rb"\n\r?\n|\r\r", body)
    reads = re.findall(rb"(?s).+?(?:\n\r?\n|\r\r|\Z)" if blank else rb"(?s).+?(?:\n|\Z)", body)
    assert outcome(folder, reads) == outcome(folder, [body])


@MANY
@pytest.mark.parametrize("folder", [f for f in GOOD if not is_framed(f)], ids=name)
def test_an_event_is_out_as_soon_as_its_bytes_are_in(folder: Path) -> None:
    (dialect, head, site), body = spoken(folder), (folder / "response.body").read_bytes()
    slow = dialect.decoder(head, site)
    seen: list[ChatEvent] = []
    for at in range(len(body)):
        seen += slow.feed(body[at : at + 1])
        if body[at : at + 1] in (b"\n", b"\r", b"}") or at % 50 == 0:
            quick = dialect.decoder(head, site)
            assert quick.feed(body[: at + 1]) == seen


@MANY
@pytest.mark.parametrize("folder", [f for f in GOOD if not is_framed(f)], ids=name)
def test_a_reply_that_stops_early_never_ends_well(folder: Path) -> None:
    """Before its end mark has come, a stream cannot end; a whole body must be whole."""
    body = (folder / "response.body").read_bytes().rstrip()
    ends = [mark.encode() for mark in wire_of(folder.parent.name).ends]
    middle = body.find(b"\n", len(body) // 3)
    places = sorted({0, *cuts(body), *([middle] if middle >= 0 else [])})
    done = [at for at in places if outcome(folder, [body[:at]])[1] == ""]
    for at in done:
        assert any(mark in body[:at] for mark in ends)
    streams = load(folder).streams
    if not (streams if streams is not None else not body.lstrip().startswith(b"{")):
        assert not done
    else:
        assert middle in done or "StreamInterrupted" in outcome(folder, [body[: len(body) // 3]])[1]


@pytest.mark.parametrize("folder", [f for f in GOOD if is_framed(f)], ids=name)
def test_a_socket_that_closes_early_gave_no_whole_answer(folder: Path) -> None:
    frames = body_of(folder)
    for at in range(len(frames)):
        assert "StreamInterrupted" in outcome(folder, frames[:at])[1]


@pytest.mark.parametrize("folder", [f for f in GOOD if not is_framed(f)], ids=name)
def test_a_decoder_that_knows_its_end_mark_needs_nothing_after_it(folder: Path) -> None:
    """What it says of its end it says with the last event, and then the body may as well break off."""
    (dialect, head, site), body = spoken(folder), (folder / "response.body").read_bytes()
    decoder = dialect.decoder(head, site)
    events = decoder.feed(body)
    if getattr(decoder, "has_ended", False):
        assert not decoder.end()
        assert fold(events) == outcome(folder, [body])[0]
        early = dialect.decoder(head, site)
        early.feed(body[: len(body) // 2])
        assert not getattr(early, "has_ended", True)


@pytest.mark.parametrize("folder", [f for f in REPLIES if load(f).status < 300], ids=name)
def test_a_connection_that_gives_nothing_is_no_answer(folder: Path) -> None:
    with pytest.raises((StreamInterrupted, WireError)):
        dialect_of(folder).decoder(load(folder).head, site_of(folder, load(folder))).end()


@pytest.mark.parametrize("folder", REQUESTS, ids=name)
def test_a_request_becomes_what_the_case_says(folder: Path) -> None:
    case = load(folder)
    assert case.request is not None
    dialect, site = dialect_of(folder), site_of(folder, case)
    if case.refused is not None:
        with pytest.raises(UnsupportedError) as caught:
            dialect.encode_request(case.request, site)
        assert case.refused in str(caught.value)
        assert not caught.value.sent
        return
    wire = dialect.encode_request(case.request, site)
    wanted = (folder / "request.body").read_bytes()
    if isinstance(wire, SocketRequest):
        lines = [line for line in wanted.split(b"\n") if line]
        assert [msgspec.json.decode(f) for f in wire.frames] == [msgspec.json.decode(line) for line in lines]
    else:
        assert isinstance(wire.body, bytes)
        assert msgspec.json.decode(wire.body) == msgspec.json.decode(wanted)
    assert [note.code for note in wire.notes] == case.notes
    assert case.target is None or wire.target.decode() == case.target


@pytest.mark.parametrize("folder", [f for f in folders("case.json") if load(f).quirks], ids=name)
def test_a_quirk_is_needed_where_a_case_names_it(folder: Path) -> None:
    """Without the quirk the case comes out otherwise."""
    case = load(folder)
    assert told(folder, case, quirky=True) != told(folder, case, quirky=False)


def told(folder: Path, case: Case, *, quirky: bool) -> object:
    dialect, site = dialect_of(folder), site_of(folder, case, quirky=quirky)
    if case.request is None:
        events, error = play(dialect.decoder(case.head, site), body_of(folder))
        return fold(events), str(error)
    try:
        return dialect.encode_request(case.request, site)
    except UnsupportedError as error:
        return str(error)


def serve(
    dialect: ChatDialect, request: ChatRequest, events: list[ChatEvent]
) -> tuple[WireHead, list[bytes]]:
    """The reply to a request, being the provider."""
    encoder = dialect.encoder(request)
    items = [item for event in events for item in encoder.feed(event)]
    return encoder.head(), items + encoder.end()


def asked(*, stream: bool) -> ChatRequest:
    message = Message(role="user", content=(Text(text="Hi"),))  # type: ignore[arg-type]
    return ChatRequest(model="m", messages=(message,), stream=stream, include_usage=True if stream else None)


def shown(response: ChatResponse, dialect: str) -> object:
    """What of a response a caller sees, without the provider's own objects."""
    usage = msgspec.structs.replace(response.usage, raw=None)
    choices = [msgspec.structs.replace(c, message=comparable(c.message, dialect)) for c in response.choices]
    return choices, (usage.input, usage.output, usage.cache_read, usage.reasoning)


def comparable(message: Message, dialect: str) -> Message:
    """The parts that every wire has a place for, in one order, without ids that were made up."""
    order = ["Thinking", "Text", "Refusal", "Audio", "Image", "ToolCall"]
    parts = [part for part in message.content if type(part).__name__ in order]
    if not wire_of(dialect).call_ids:
        parts = [msgspec.structs.replace(p, id="") if isinstance(p, ToolCall) else p for p in parts]
    if wire_of(dialect).whole_items:
        parts = [msgspec.structs.replace(part, replay=None) for part in parts]
    parts.sort(key=lambda part: order.index(type(part).__name__))
    return msgspec.structs.replace(message, content=tuple(parts))


@MANY
@pytest.mark.parametrize("dialect", CHAT)
@given(values=st.data())
def test_what_we_serve_we_can_read_and_whole_or_streamed_it_folds_alike(
    dialect: str, values: st.DataObject
) -> None:
    events = values.draw(chat_events(dialect))
    spoken = dialects.get(dialect)
    assert isinstance(spoken, ChatDialect)
    site = site_of(DATA / dialect / "x", Case(documented=""))
    for stream in (True, False):
        head, items = serve(spoken, asked(stream=stream), events)
        found, error = play(spoken.decoder(head, site), items)
        assert error is None
        assert shown(fold(found), dialect) == shown(fold(events), dialect)


@pytest.mark.parametrize("folder", GOOD, ids=name)
def test_a_case_served_anew_says_the_same(folder: Path) -> None:
    case, dialect = load(folder), dialect_of(folder)
    events, _ = play(dialect.decoder(case.head, site_of(folder, case)), body_of(folder))
    for stream in (True, False):
        head, items = serve(dialect, asked(stream=stream), events)
        again, error = play(dialect.decoder(head, site_of(folder, Case(documented=""))), items)
        assert error is None
        first, second = fold(events), fold(again)
        assert (second.text, second.thinking, second.refusal) == (first.text, first.thinking, first.refusal)
        name_of = folder.parent.name
        assert comparable(Message(role=Role.ASSISTANT, content=second.tool_calls), name_of) == comparable(
            Message(role=Role.ASSISTANT, content=first.tool_calls), name_of
        )
        assert second.finish_reason == first.finish_reason
        # A wire may require sums that its provider never told: they read as 0.
        assert second.usage.input in (first.usage.input, 0)
        assert second.usage.output in (first.usage.output, 0)
