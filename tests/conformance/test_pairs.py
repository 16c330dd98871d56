"""From one dialect to another nothing is lost that both declare to carry: the corpus, whole and streamed."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from baimo import dialects
from baimo.dialect.protocols import ChatDialect, FeaturesDialect, Site
from baimo.dialect.support import Support
from baimo.errors import (
    AuthError,
    Error,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
)
from baimo.translation.request import Translation, translate
from baimo.translation.uses import Watcher, asked
from baimo.types.chat import ChatRequest, ChatResponse, FinishReason, Role
from baimo.types.content import ToolCall, ToolResult
from baimo.types.fold import fold
from baimo.wire.http import WireHead, WireRequest
from tests.conformance.cases import Case, site_of
from tests.conformance.conversations import Conversation, conversations
from tests.conformance.looks import ASKED, NOT_BETWEEN, SHOWN_WITH, TOLD, parts_of, spoken, squeezed
from tests.conformance.playing import play
from tests.conformance.wires import DATA, wire_of
from tests.unfolding import unfold

CORPUS = conversations()
CHAT = [name for name in dialects.names() if isinstance(dialects.get(name), ChatDialect)]
REFUSALS = {name: one for name, one in CORPUS.items() if one.error is not None}


VAGUER: dict[type, type] = {
    QuotaError: RateLimitedError,
    PermissionDeniedError: AuthError,
    NotFoundError: InvalidRequestError,
}
"""What a wire may say that has no word of its own for a refusal."""


@cache
def chat(name: str) -> ChatDialect:
    found = dialects.get(name)
    assert isinstance(found, ChatDialect)
    return found


@cache
def site(name: str) -> Site:
    return site_of(DATA / name / "x", Case(documented=""))


@cache
def declared(name: str, support: Support) -> frozenset[str]:
    found = dialects.get(name)
    assert isinstance(found, FeaturesDialect)
    return frozenset(found.features().named(support))


def carried(name: str, *, stream: bool) -> set[str]:
    """What a dialect carries with every model."""
    wire = wire_of(name)
    apart = NOT_BETWEEN.union(wire.models, wire.not_streamed if stream else ())
    return set(declared(name, "carried")) - apart


def put(name: str, request: ChatRequest) -> WireRequest:
    """A request in that dialect's words, as far as it can be said."""
    wanted = replace(request, model=wire_of(name).model, unsupported="drop")
    return chat(name).encode_request(wanted, site(name))


def across(one: str, other: str, request: ChatRequest) -> Translation:
    """A request of `one` for `other`."""
    return translate(put(one, request), from_=one, to=other, model=wire_of(other).model, site=site(other))


def asks(conversation: Conversation, *, stream: bool) -> ChatRequest:
    return replace(conversation.request, stream=stream, include_usage=True if stream else None)


def check_request(before: ChatRequest, after: ChatRequest, both: set[str]) -> None:
    """Everything that both carry is the same, and nobody's words are lost."""
    uses = asked(before)
    for feature in sorted(uses & both & ASKED.keys()):
        if SHOWN_WITH.get(feature, set()) & uses - both:
            continue
        assert ASKED[feature](after) == ASKED[feature](before), feature
    for role in (Role.USER, Role.ASSISTANT):
        there = "".join([text for _, text in spoken(after, role)])
        at = 0
        for message in before.messages:
            if message.role is role and message.text and message is not before.messages[-1]:
                at = there.find(squeezed(message.text), at)
                assert at >= 0, f"the words of {role} are gone: {message.text[:40]!r}"


def has_orphans(request: ChatRequest) -> bool:
    """Whether a tool's result belongs to no call: providers refuse such a request whole."""
    called = {part.id for part in parts_of(request, ToolCall)}
    return any(part.call_id not in called for part in parts_of(request, ToolResult))


def lost(other: str, before: ChatRequest, after: ChatRequest) -> set[str]:
    """What was asked for and is not there any more, as far as the dialect does not declare to carry it."""
    uses = asked(before) - declared(other, "carried")
    return {name for name in uses if name not in ASKED or ASKED[name](after) != ASKED[name](before)}


def told(response: ChatResponse, request: ChatRequest) -> set[str]:
    watcher = Watcher(request)
    for event in unfold(response):
        watcher.see(event)
    return watcher.found


def check_reply(before: ChatResponse, after: ChatResponse, both: set[str], request: ChatRequest) -> None:
    tells = told(before, request)
    for feature in sorted(tells & both):
        if SHOWN_WITH.get(feature, set()) & tells - both:
            continue
        assert TOLD[feature](after) == TOLD[feature](before), feature
    assert after.text == before.text or (before.refusal or "") in after.text


def is_filtered(before: ChatResponse, error: Error | None) -> bool:
    """Some wires tell by an error that an answer was stopped."""
    stopped = (FinishReason.CONTENT_FILTER, FinishReason.REFUSAL)
    return isinstance(error, ProviderError) and before.finish_reason in stopped


def ends_alike(one: str, other: str, before: ChatResponse, after: ChatResponse) -> bool:
    """Why it ended is the same, as far as both wires have words for it."""
    reason = before.finish_reason
    known = [name for name in (one, other) if reason.value in wire_of(name).finishes]
    return len(known) < 2 or after.finish_reason is reason


def served(name: str, request: ChatRequest, response: ChatResponse) -> tuple[WireHead, list[bytes]]:
    """The reply as that provider would send it."""
    encoder = chat(name).encoder(request)
    items = [item for event in unfold(response) for item in encoder.feed(event)] + encoder.end()
    return encoder.head(), items


def read(name: str, head: WireHead, items: list[bytes]) -> tuple[ChatResponse, Error | None]:
    """The reply as a client of that wire reads it."""
    events, error = play(chat(name).decoder(head, site(name)), items)
    return fold(events), error


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("dialect", CHAT)
def test_what_a_dialect_carries_goes_through_it_and_back(dialect: str, stream: bool) -> None:
    for name, conversation in CORPUS.items():
        request = asks(conversation, stream=stream)
        back = chat(dialect).decode_request(put(dialect, request))
        with_name(name, check_request, request, back, carried(dialect, stream=stream))
        if conversation.reply is not None:
            found, error = read(dialect, *served(dialect, request, conversation.reply))
            if is_filtered(conversation.reply, error):
                continue
            assert error is None, name
            with_name(name, check_reply, conversation.reply, found, carried(dialect, stream=stream), request)
            assert ends_alike(dialect, dialect, conversation.reply, found), name


@pytest.mark.no_cover  # the same lines for every pair: quicker unseen
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_conversation_keeps_what_both_dialects_carry(pair: tuple[str, str], stream: bool) -> None:
    """A caller of one wire asks a provider of the other, and is answered."""
    one, other = pair
    both = carried(one, stream=stream) & carried(other, stream=stream)
    for name, conversation in CORPUS.items():
        request = asks(conversation, stream=stream)
        translated = across(one, other, request)
        arrived = chat(other).decode_request(translated.wire)
        with_name(name, check_request, request, arrived, both)
        assert not has_orphans(arrived), name
        assert translated.notes or not lost(other, translated.request, arrived), name
        if conversation.reply is None:
            continue
        head, items = served(other, arrived, conversation.reply)
        reply = translated.reply(head)
        out = [item for piece in items for item in reply.feed(piece)] + reply.end()
        assert reply.head is not None
        found, error = read(one, reply.head, out)
        if is_filtered(conversation.reply, error):
            continue
        assert error is None, name
        with_name(name, check_reply, conversation.reply, found, both, translated.asked)
        shown = told(conversation.reply, translated.asked) & declared(other, "carried")
        assert reply.notes or not shown - declared(one, "carried"), name
        assert ends_alike(one, other, conversation.reply, found), name


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("dialect", CHAT)
def test_a_body_alone_is_enough_with_the_model_and_the_stream_beside_it(dialect: str, stream: bool) -> None:
    model = wire_of(dialect).model
    wire = put(dialect, asks(CORPUS["text_history"], stream=stream))
    whole = translate(wire, from_=dialect, to="openai_chat", model=model)
    body = msgspec.structs.replace(whole, wire=wire).body
    alone = translate(body, from_=dialect, to="openai_chat", model=model, stream=stream)
    assert alone.body == translate(wire, from_=dialect, to="openai_chat", model=model, stream=stream).body
    assert msgspec.json.decode(alone.body)["messages"][-1]["content"] == "谁写的？"


def test_a_refusal_stays_one_of_its_kind(pair: tuple[str, str]) -> None:
    one, other = pair
    translated = across(one, other, REFUSALS["error_rate"].request)
    for name, conversation in REFUSALS.items():
        assert conversation.error is not None
        said = conversation.error.error
        head, body = chat(other).encode_error(said)
        reply = translated.reply(head)
        out = reply.feed(body) + reply.end()
        assert reply.head is not None
        _, found = read(one, reply.head, out)
        assert isinstance(found, ProviderError), name
        assert isinstance(said, type(found)) or type(found) is VAGUER.get(type(said)), (name, found)
        assert conversation.error.message in found.message, name


def test_a_stream_that_breaks_off_never_looks_whole(pair: tuple[str, str]) -> None:
    one, other = pair
    conversation = CORPUS["text_long"]
    assert conversation.reply is not None
    translated = across(one, other, asks(conversation, stream=True))
    head, items = served(other, chat(other).decode_request(translated.wire), conversation.reply)
    reply = translated.reply(head)
    out = [item for piece in items[: len(items) // 2] for item in reply.feed(piece)] + reply.end()
    assert reply.error is not None
    assert reply.head is not None
    found, error = read(one, reply.head, out)
    assert error is not None
    assert conversation.reply.text.startswith(found.text)
    assert found.finish_reason in (FinishReason.UNKNOWN, FinishReason.ERROR)


def with_name(name: str, check: Any, *values: Any) -> None:
    """Names the conversation where a check fails."""
    try:
        check(*values)
    except AssertionError as failure:
        raise AssertionError(f"{name}: {failure}") from failure


def test_the_corpus_is_large_enough_and_asks_for_everything() -> None:
    assert len(CORPUS) >= 40
    wanted = set().union(*[asked(one.request) for one in CORPUS.values()])
    given = set().union(
        *[told(one.reply, asks(one, stream=True)) for one in CORPUS.values() if one.reply is not None]
    )
    assert ASKED.keys() - wanted - {"stream", "logit_bias", "image_out", "reasoning_on", "audio"} == set()
    assert TOLD.keys() - given == set()
