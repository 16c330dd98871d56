"""The media of one call: what is fetched for which deployment, once, and checked before it is sent."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from baimo import dialects
from baimo.dialect.protocols import MediaDialect, Site
from baimo.errors import ConfigError, FetchError, InputError, ServerError, UnsupportedError
from baimo.exchange import Deployment, Outcome, exchange
from baimo.media.fetching import FetchRules
from baimo.media.inlining import CallMedia, MediaRules
from baimo.operations import ChatOperation
from baimo.resilience.retry import RetryPolicy
from baimo.resilience.timing import Deadline, TimeLimits
from baimo.types.chat import ChatRequest, ChatResponse, Choice, Message, Role
from baimo.types.content import Audio, File, Image, Text, ToolResult, Video
from baimo.types.medialimits import KindLimits, MediaLimits
from baimo.wire.http import WireHead
from tests.playing import Play
from tests.scripted import deployment

URL = "https://pictures.test/a.png"
PNG = b"\x89PNG\r\n\x1a\n...."
OK = WireHead(200, ((b"content-type", b"application/json"),))
PICTURE = WireHead(200, ((b"content-type", b"image/png"),))
ANSWER = b'{"model":"m","message":{"role":"assistant","content":"A cat."},"done":true,"done_reason":"stop"}'
WORDS = b'{"id":"r","choices":[{"message":{"content":"A cat."},"finish_reason":"stop"}]}'
REFUSED = (
    b'{"error":{"message":"Unsupported parameter: \'max_tokens\' is not supported with this model. Use '
    b'\'max_completion_tokens\' instead.","type":"invalid_request_error","param":"max_tokens",'
    b'"code":"unsupported_parameter"}}'
)
LIMITS = MediaLimits(source="https://acme.test", checked=date(2026, 1, 1))


def place(name: str = "ollama", **changes: Any) -> Deployment:
    dialect: Any = dialects.get(name)
    quirks = changes.pop("quirks", {})
    site = Site(base_url="https://acme.test", provider="acme", quirks=dialect.quirks(quirks))
    return deployment(dialect=dialect, site=site, **changes)


def asking(*parts: Any, **more: Any) -> ChatRequest:
    return ChatRequest(model="m", messages=(Message(role=Role.USER, content=parts),), **more)


def call(
    play: Play,
    request: ChatRequest,
    at: Deployment,
    rules: MediaRules | None = None,
    media: CallMedia | None = None,
    deadline: Deadline | None = None,
    **limits: float,
) -> Outcome:
    media = media or CallMedia(rules or MediaRules())
    operation = ChatOperation(request, media=media)
    steps = exchange(
        operation,
        at,
        retry=RetryPolicy(attempts=2),
        limits=TimeLimits(**limits),
        deadline=deadline,
    )
    found: Outcome = play.run(steps)
    return found


def sent_images(play: Play) -> Any:
    body = msgspec.json.decode(play.sent[-1].wire.body)  # type: ignore[union-attr]
    return body["messages"][-1]["images"]


def test_a_picture_is_fetched_where_the_wire_takes_bytes_alone_and_the_caller_is_told() -> None:
    play = Play(PICTURE, PNG, b"", OK, ANSWER, b"")
    outcome = call(play, asking(Text(text="What?"), Image(url=URL + "?sig=x")), place())
    assert [one.wire.origin for one in play.sent] == ["https://pictures.test", "https://acme.test"]
    assert sent_images(play) == ["iVBORw0KGgouLi4u"]
    assert [(note.code, note.message) for note in outcome.notes] == [
        ("fetched", f"{URL} was fetched (12 bytes) and sent as bytes")
    ]


def test_the_same_address_is_fetched_once_in_a_call_however_often_it_is_tried() -> None:
    media = CallMedia(MediaRules())
    request = asking(Image(url=URL), Text(text="and"), Image(url=URL))
    busy = WireHead(503, ())
    play = Play(PICTURE, PNG, b"", busy, b"", OK, ANSWER, b"")
    call(play, request, place(), media=media)
    assert [one.wire.origin for one in play.sent] == ["https://pictures.test"] + ["https://acme.test"] * 2
    assert len(sent_images(play)) == 2
    again = Play(OK, ANSWER, b"")
    outcome = call(again, request, place(provider="other"), media=media)
    assert len(again.sent) == 1 and len(outcome.notes) == 1


def test_a_wire_that_takes_addresses_is_given_them() -> None:
    play = Play(OK, WORDS, b"")
    call(play, asking(Image(url=URL)), place("openai_chat"))
    assert URL.encode() in play.sent[0].wire.body  # type: ignore[operator, union-attr]


@pytest.mark.parametrize(("how", "fetched"), [("always", True), ("auto", False), ("never", False)])
def test_the_caller_may_have_all_fetched_or_none(how: Any, fetched: bool) -> None:
    request = asking(Image(url=URL), Image(url="data:image/png;base64,AAAA"), Image(file_id="f"))
    assert bool(CallMedia(MediaRules(fetch=how)).needs(request, place("openai_chat"))) is fetched
    if how == "never":
        with pytest.raises(UnsupportedError, match="send its bytes"):
            call(Play(), asking(Image(url=URL)), place(), MediaRules(fetch="never"))


def test_a_fetch_that_fails_sends_nothing_to_the_provider() -> None:
    play = Play(WireHead(404, ()))
    with pytest.raises(FetchError, match="answered 404"):
        call(play, asking(Image(url=URL)), place())
    assert len(play.sent) == 1
    play = Play(PICTURE, b"%PDF-1.7", b"")
    with pytest.raises(FetchError, match="not a picture"):
        call(play, asking(Image(url=URL)), place())
    assert len(play.sent) == 1


def test_the_time_of_a_call_counts_from_before_the_fetch() -> None:
    play = Play(6.0, PICTURE, PNG, b"", OK, ANSWER, b"")
    call(play, asking(Image(url=URL)), place(), total=10.0)
    assert play.sent[0].connect_s == 10.0 and play.sent[1].connect_s == 4.0
    play = Play(6.0, PICTURE, PNG, b"", OK, ANSWER, b"")
    call(play, asking(Image(url=URL)), place(), deadline=Deadline(8.0, now=play.now))
    assert play.sent[0].head_s == 8.0 and play.sent[1].connect_s == 2.0


def test_a_transport_that_does_not_look_at_addresses_fetches_only_what_is_allowed() -> None:
    play = Play()
    with pytest.raises(ConfigError, match=r"does not see to it that only public.*allow_private"):
        call(play, asking(Image(url=URL)), place(), MediaRules(guarded=False))
    assert play.sent == []
    play = Play(PICTURE, PNG, b"", OK, ANSWER, b"")
    rules = MediaRules(guarded=False, rules=FetchRules(allow_private=True))
    call(play, asking(Image(url="http://10.0.0.1/a.png")), place(), rules)
    assert play.sent[0].wire.origin == "http://10.0.0.1"


def test_media_of_one_call_have_a_bound_together_and_that_of_the_provider_each() -> None:
    rules = MediaRules(rules=FetchRules(max_total=20))
    two = asking(Image(url=URL), Image(url=URL + "2"))
    with pytest.raises(FetchError, match="larger than the 8 bytes"):
        call(Play(PICTURE, PNG, b"", PICTURE, PNG, b""), two, place(), rules)
    rules = MediaRules(rules=FetchRules(max_total=12))
    with pytest.raises(FetchError, match="media of this call are larger than the 12 bytes"):
        call(Play(PICTURE, PNG, b""), two, place(), rules)
    small = place(media=msgspec.structs.replace(LIMITS, image=KindLimits(max_bytes=11)))
    with pytest.raises(FetchError, match="larger than the 11 bytes"):
        call(Play(PICTURE, PNG, b""), asking(Image(url=URL)), small)
    call(Play(PICTURE, PNG, b"", OK, ANSWER, b""), asking(Image(url=URL)), place(media=LIMITS))
    unchecked = MediaRules(check=False)
    call(Play(PICTURE, PNG, b"", OK, ANSWER, b""), asking(Image(url=URL)), small, unchecked)


def test_what_is_over_a_limit_of_the_row_is_not_sent_unless_checks_are_off() -> None:
    at = place(media=msgspec.structs.replace(LIMITS, request_bytes=20))
    play = Play()
    with pytest.raises(InputError, match=r"the request is .* bytes long; acme takes 20"):
        call(play, asking(Image(data=PNG)), at)
    assert play.sent == []
    call(Play(OK, ANSWER, b""), asking(Image(data=PNG)), at, MediaRules(check=False))


def test_what_is_left_out_for_its_type_is_told_in_the_notes() -> None:
    at = place(media=msgspec.structs.replace(LIMITS, image=KindLimits(types=("image/png",))))
    request = asking(Text(text="a"), Image(data=b"GIF89a"), unsupported="drop")
    outcome = call(Play(OK, ANSWER, b""), request, at)
    assert [note.code for note in outcome.notes] == ["dropped"]


def test_media_in_the_results_of_tools_are_fetched_too() -> None:
    result = ToolResult(call_id="c", content=(Text(text="a"), Image(url=URL)))
    request = ChatRequest(model="m", messages=(Message(role=Role.TOOL, content=(result,)),))
    media = CallMedia(MediaRules(fetch="always"))
    play = Play(PICTURE, PNG, b"")
    at = place("bedrock_converse")
    play.run(media.fetch(media.needs(request, at), at, Deadline(None, now=0.0)))
    ready, notes, _ = media.ready(request, at)
    assert ready.messages[0].content[0].content[1] == Image(data=PNG, media_type="image/png")  # type: ignore[union-attr]
    assert len(notes) == 1
    plain = ToolResult(call_id="c", content=(Text(text="a"),))
    kept = ChatRequest(model="m", messages=(Message(role=Role.TOOL, content=(plain,)),))
    assert media.ready(kept, at)[0].messages[0].content[0] is plain


def test_what_was_not_fetched_stays_an_address() -> None:
    media = CallMedia(MediaRules())
    assert media.ready(asking(Image(url=URL)), place())[0] == asking(Image(url=URL))


def test_a_continued_and_a_mended_call_keep_what_was_fetched() -> None:
    media = CallMedia(MediaRules(fetch="always"))
    operation = ChatOperation(asking(Image(url=URL)), media=media)
    begun = Message(role=Role.ASSISTANT, content=(Text(text="A"),))
    spoken = ChatResponse(choices=(Choice(message=begun),))
    continued = operation.continued(spoken)
    assert continued is not None and continued.before(place()) is not None
    assert ChatOperation(asking(Text(text="a"))).before(place()) is None
    play = Play(PICTURE, PNG, b"", WireHead(400, ()), REFUSED, b"", OK, WORDS, b"")
    outcome = call(play, asking(Image(url=URL), max_tokens=9), place("openai_chat"), media=media)
    assert [b"data:image/png;base64,iVBOR" in one.wire.body for one in play.sent[1:]] == [True, True]  # type: ignore[operator, union-attr]
    assert sorted(note.code for note in outcome.notes) == ["fetched", "mended"]


WEB = [Image(url=URL), Audio(url=URL), Video(url=URL), File(url=URL)]


@pytest.mark.parametrize(
    ("name", "quirks", "needs"),
    [
        ("ollama", {}, [True, True, False, False]),
        ("bedrock_converse", {}, [True] * 4),
        ("gemini", {}, [True] * 4),
        ("gemini", {"web_addresses": True}, [False] * 4),
        ("spark_ws", {}, [True, False, False, False]),
        ("openai_chat", {}, [False, True, False, True]),
        ("openai_chat", {"refused": ["image_url"]}, [True, True, False, True]),
        ("openai_chat", {"refused": ["image", "image_url", "audio", "file"]}, [False] * 4),
        ("openai_chat", {"extras": ["document_url", "audio_url"]}, [False] * 4),
        ("anthropic_messages", {}, [False] * 4),
        ("anthropic_messages", {"refused": ["image_url"]}, [True, False, False, False]),
    ],
)
def test_each_wire_tells_what_goes_by_its_bytes_alone(name: str, quirks: Any, needs: list[bool]) -> None:
    at = place(name, quirks=quirks)
    assert isinstance(at.dialect, MediaDialect)
    assert [at.dialect.needs_bytes(part, at.site) for part in WEB] == needs
    if not quirks:
        assert [at.dialect.needs_bytes(part, Site(base_url="https://a.test")) for part in WEB] == needs


def test_some_documents_and_some_addresses_make_a_difference() -> None:
    anthropic: Any = dialects.get("anthropic_messages")
    site = Site(base_url="https://a.test")
    assert anthropic.needs_bytes(File(url=URL, media_type="text/plain"), site)
    assert not anthropic.needs_bytes(File(url=URL, media_type="application/pdf"), site)
    gemini: Any = dialects.get("gemini")
    assert not gemini.needs_bytes(Video(url="https://www.youtube.com/watch?v=x"), site)
    for name in ("minimax", "hunyuan", "dashscope", "cohere_chat", "openai_responses", "qianfan_v1", "pangu"):
        assert not isinstance(dialects.get(name), MediaDialect)


def test_a_server_that_fails_after_a_fetch_is_a_server_that_fails() -> None:
    play = Play(PICTURE, PNG, b"", WireHead(500, ()), b"", WireHead(500, ()), b"")
    with pytest.raises(ServerError):
        call(play, asking(Image(url=URL)), place())
