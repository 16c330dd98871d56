"""One call to one deployment, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest
from msgspec.structs import replace

from baimo.auth.keys import HeaderKey
from baimo.auth.signer import Grant
from baimo.dialect.protocols import Site
from baimo.dialects.openai_chat import DIALECT as OPENAI
from baimo.errors import (
    AuthError,
    ConfigError,
    ConnectError,
    Error,
    MissingKeyError,
    ServerError,
    StaleConnectionError,
    StreamInterrupted,
    TimedOutError,
    TransportError,
)
from baimo.exchange import Deployment, Operation, Outcome, exchange
from baimo.notes import Note
from baimo.operations import ChatOperation, EmbedOperation, ModelsOperation
from baimo.resilience.retry import RetryPolicy
from baimo.resilience.timing import PARTING_S, Deadline, TimeLimits
from baimo.steps import Now, Shared, Steps
from baimo.types.chat import ChatRequest
from baimo.types.embeddings import EmbedRequest
from baimo.types.fold import fold
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, SocketRequest, WireHead, WireRequest
from tests.playing import Play
from tests.scripted import OK, LineDecoder, LineDialect, chat_request, deployment

RETRY = RetryPolicy(attempts=3, first_wait_s=1.0, longest_wait_s=8.0)
PLAIN = TimeLimits()
BUSY = WireHead(503, ((b"retry-after", b"7"),))
LATER = WireHead(429, ((b"retry-after", b"121"),))


def call(play: Play, *, stream: bool = False, limits: TimeLimits = PLAIN, **options: Any) -> Outcome:
    at = options.pop("at", deployment())
    options.setdefault("retry", RETRY)
    outcome = play.run(exchange(ChatOperation(chat_request(stream=stream)), at, limits=limits, **options))
    assert isinstance(outcome, Outcome)
    return outcome


def test_a_call_sends_reads_emits_and_tells_what_it_did() -> None:
    play = Play(OK, b"t:Hello\nend\n")
    outcome = call(play)
    assert fold(play.events).text == "Hello"
    assert outcome.sent.url == "http://acme.test/m"
    assert outcome.sent.body == b"Hi"
    assert (outcome.sent.attempts, outcome.sent.maybe_billed) == (1, 0)
    assert outcome.request_id == "req-1"


def test_an_event_is_out_before_the_next_bytes_are_asked_for() -> None:
    play = Play(OK, b"t:one\n", b"t:two\nend\n")
    call(play, stream=True)
    after_send = play.trace[play.trace.index("Send") :]
    assert [step for step in after_send if step != "Now"] == ["Send", "Read", "Emit", "Read", "Emit", "Read"]


def test_a_lively_stream_never_looks_at_the_clock() -> None:
    play = Play(OK, *[b"t:x\n"] * 50, b"end\n")
    call(play, stream=True)
    assert play.trace.count("Now") == 2  # once to sign, once before the first event


def test_what_can_be_tried_again_is_tried_after_a_wait_with_jitter() -> None:
    play = Play(WireHead(500), b"", OK, b"t:ok\nend\n", dice=0.25)
    outcome = call(play)
    assert [wait.seconds for wait in play.waits] == [0.25]
    assert outcome.sent.attempts == 2
    assert outcome.sent.maybe_billed == 0  # a refusal is not billed


def test_the_wait_tells_whoever_listens_why() -> None:
    play = Play(BUSY, b"", OK, b"t:ok\nend\n")
    call(play)
    why = play.waits[0].why
    assert why is not None
    assert (why.provider, why.attempt, why.attempts, why.wait_s) == ("acme", 2, 3, 7.0)
    assert isinstance(why.error, ServerError)


def test_a_wait_over_two_minutes_is_not_waited_for_and_said_so() -> None:
    play = Play(LATER, b"")
    with pytest.raises(ServerError, match=r"asks to wait 121 s.*not tried again") as caught:
        call(play)
    assert play.waits == []
    assert caught.value.retry_after == 121


def test_attempts_end() -> None:
    play = Play(WireHead(500), b"", WireHead(500), b"", WireHead(500), b"")
    with pytest.raises(ServerError) as caught:
        call(play)
    assert len(play.sent) == 3
    assert caught.value.attempts == 3
    assert "(after 3 attempts)" in str(caught.value)


def test_nothing_is_tried_again_after_the_first_event_was_shown() -> None:
    play = Play(OK, b"t:half\n", TransportError("reset"), OK, b"t:again\nend\n")
    with pytest.raises(StreamInterrupted, match="cut off: reset") as caught:
        call(play, stream=True)
    assert len(play.sent) == 1
    assert caught.value.ended == "cut"
    assert isinstance(caught.value.__cause__, TransportError)


def test_a_stream_that_shows_nothing_and_breaks_may_be_tried_again() -> None:
    play = Play(OK, TransportError("reset"), OK, b"t:ok\nend\n")
    outcome = call(play, stream=True)
    assert (outcome.sent.attempts, outcome.sent.maybe_billed) == (2, 1)


@pytest.mark.parametrize(
    ("failure", "ended"),
    [
        (TransportError("reset"), "cut"),
        (TimedOutError("silence", limit="idle"), "stalled"),
        (ServerError("failed", status=200), "error"),
        (StreamInterrupted("no end mark"), "cut"),
    ],
)
def test_a_broken_stream_says_how_it_broke(failure: Error, ended: str) -> None:
    play = Play(OK, b"t:half\n", failure)
    with pytest.raises(StreamInterrupted) as caught:
        call(play, stream=True)
    assert caught.value.ended == ended
    assert not caught.value.retryable


def test_a_stream_that_ends_without_its_end_mark_is_interrupted() -> None:
    with pytest.raises(StreamInterrupted) as caught:
        call(Play(OK, b"t:half\n"), stream=True)
    assert caught.value.ended == "cut"
    assert (caught.value.provider, caught.value.request_id) == ("acme", "req-1")


class MarkedDecoder(LineDecoder):
    """A wire with an end mark."""

    @property
    def has_ended(self) -> bool:
        return self._ended


class MarkedDialect(LineDialect):
    def decoder(self, head: WireHead, site: Site) -> MarkedDecoder:
        return MarkedDecoder(head)


LOST = [TransportError("reset"), TimedOutError("silence", limit="idle")]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("failure", LOST)
def test_what_breaks_after_the_end_mark_takes_nothing_from_the_reply(failure: Error, stream: bool) -> None:
    marked = deployment(dialect=MarkedDialect())
    play = Play(OK, b"t:whole\n", b"end\n", failure)
    outcome = call(play, at=marked, stream=stream)
    assert fold(play.events).text == "whole"
    assert (outcome.sent.attempts, outcome.sent.maybe_billed) == (1, 0)
    with pytest.raises(StreamInterrupted) as caught:
        call(Play(OK, b"t:half\n", failure), at=marked, stream=stream, retry=RetryPolicy(attempts=1))
    assert caught.value.ended == ("stalled" if isinstance(failure, TimedOutError) else "cut")


def test_the_end_of_a_body_is_not_waited_for_long_after_the_end_mark() -> None:
    marked = deployment(dialect=MarkedDialect())
    play = Play(OK, b"t:a\n", b"end\n", 0.75, b"\n")
    call(play, at=marked, stream=True, limits=TimeLimits(idle=60.0))
    assert play.reads[1:] == [60.0, PARTING_S, PARTING_S]
    play = Play(OK, b"t:a\nend\n", 0.5, b"\n", 0.25, b"\n", 9.0)
    call(play, at=marked, stream=True, limits=TimeLimits(idle=60.0, total=20.0))
    assert play.reads[1:] == pytest.approx([PARTING_S, PARTING_S, 0.75])
    play = Play(OK, b"t:a\nend\n")
    call(play, at=marked, stream=True, limits=TimeLimits(idle=0.5))
    assert play.reads[1:] == [0.5]


def test_a_stale_connection_is_repeated_once_at_once_and_counted() -> None:
    play = Play(StaleConnectionError("gone"), OK, b"t:ok\nend\n")
    outcome = call(play, retry=RetryPolicy(attempts=1))
    assert [wait.seconds for wait in play.waits] == [0.0]
    assert outcome.sent.maybe_billed == 1
    with pytest.raises(StaleConnectionError):
        call(Play(StaleConnectionError("gone"), StaleConnectionError("gone"), OK))


def test_what_cannot_help_is_not_tried_again() -> None:
    play = Play(AuthError("no", status=401))
    with pytest.raises(AuthError):
        call(play)
    assert play.waits == []


def test_the_whole_time_bounds_every_step() -> None:
    play = Play(1.0, OK, 2.0, b"t:a\n", 3.0, b"t:b\n", b"end\n")
    call(play, stream=True, limits=TimeLimits(total=8.0))
    assert (play.sent[0].connect_s, play.sent[0].head_s) == (8.0, 8.0)
    assert play.reads == [7.0, 5.0, 2.0, 2.0]


def test_a_wait_that_does_not_fit_into_the_time_left_is_not_begun() -> None:
    play = Play(BUSY, b"")
    with pytest.raises(ServerError, match="after the call's time is over"):
        call(play, limits=TimeLimits(total=5.0))
    assert play.waits == []


def test_the_whole_time_running_out_is_named_so() -> None:
    play = Play(OK, 5.0, TimedOutError("silence", limit="idle"))
    with pytest.raises(TimedOutError, match="within the 5 s") as caught:
        call(play, limits=TimeLimits(total=5.0))
    assert caught.value.limit == "total"
    assert not caught.value.retryable


def test_a_stream_waits_for_its_first_event_and_then_for_each_next_one() -> None:
    play = Play(OK, b"t:a\n", b"t:b\nend\n")
    call(play, stream=True, limits=TimeLimits(first_event=120.0, idle=60.0))
    assert play.sent[0].head_s == 120.0
    assert play.reads == [120.0, 60.0, 60.0]


def test_keep_alives_extend_the_wait_for_the_first_event_only_up_to_the_queue() -> None:
    play = Play(OK, 100.0, b"\n", 300.0, b"\n", 200.0, TimedOutError("silence", limit="idle"))
    with pytest.raises(TimedOutError) as caught:
        call(play, stream=True, retry=RetryPolicy(attempts=1), limits=TimeLimits(queue=600.0))
    assert play.reads == [120.0, 500.0, 200.0]
    assert caught.value.limit == "first_event"


def test_keep_alives_do_not_extend_the_idle_limit() -> None:
    play = Play(OK, b"t:a\n", 40.0, b"\n", 50.0, b"\n", TimedOutError("silence", limit="idle"))
    with pytest.raises(StreamInterrupted, match="stalled"):
        call(play, stream=True, limits=TimeLimits(idle=60.0))
    assert play.reads[1:] == [60.0, 60.0, 10.0]


def test_a_whole_reply_may_take_its_time_but_its_body_may_not_stall() -> None:
    play = Play(OK, 200.0, b"\n", 100.0, b"t:a", 1.0, b"\nend\n")
    call(play, limits=TimeLimits(head=600.0, idle=60.0))
    assert play.reads == [600.0, 600.0, 60.0, 60.0]  # blank lines: the limit counts from the first one


def test_a_missing_key_fails_before_anything_is_sent() -> None:
    play = Play()
    with pytest.raises(MissingKeyError) as caught:
        call(play, at=deployment(signer=HeaderKey()))
    assert play.sent == []
    assert caught.value.sent is False


def test_what_was_sent_is_told_without_the_key() -> None:
    secret = Secret("fake-key-0123456789")
    play = Play(OK, b"t:ok\nend\n")
    outcome = call(play, at=deployment(signer=HeaderKey(), secrets={"api_key": secret}))
    assert (b"Authorization", b"Bearer fake-key-0123456789") in play.sent[0].wire.headers
    assert "fake-key" not in repr(outcome)


class Echo(LineDecoder):
    """A provider that says what key it was given."""

    def end(self) -> list[Any]:
        raise AuthError(
            "no such key: fake-key-0123456789", status=401, body='{"key": "fake-key-0123456789", "id": "a"}'
        )


class EchoDialect(LineDialect):
    def decoder(self, head: WireHead, site: Site) -> Echo:
        return Echo(head)


def test_a_credential_that_a_provider_says_again_is_not_in_its_error() -> None:
    secrets = {"api_key": Secret("fake-key-0123456789"), "id": Secret("a")}
    with pytest.raises(AuthError) as caught:
        call(Play(WireHead(401, ())), at=deployment(dialect=EchoDialect(), secrets=secrets))
    error = caught.value
    assert (error.message, error.body) == ("no such key: ****", '{"key": "****", "id": "a"}')
    assert "fake-key" not in str(error) + repr(error) + repr(error.args)


def test_nor_is_it_in_one_that_has_no_body() -> None:
    play = Play(AuthError("no such key: fake-key-0123456789", status=401))
    with pytest.raises(AuthError) as caught:
        call(play, at=deployment(secrets={"api_key": Secret("fake-key-0123456789")}))
    assert (caught.value.message, caught.value.body) == ("no such key: ****", None)


def test_headers_of_the_row_are_laid_over_and_signed_with_the_rest() -> None:
    play = Play(OK, b"t:ok\nend\n")
    call(play, at=deployment(headers=((b"X-Title", b"t"),)))
    assert play.sent[0].wire.headers == ((b"X-Title", b"t"),)


def test_the_row_s_advice_is_told_with_a_refusal() -> None:
    play = Play(WireHead(404), b"")
    with pytest.raises(ServerError, match="It stopped in 2024"):
        call(play, retry=RetryPolicy(attempts=1), at=deployment(advice=lambda error: "It stopped in 2024."))


def test_raw_pieces_are_handed_on_with_their_events_and_none_is_lost() -> None:
    play = Play(OK, b"\n", b"t:a\n", b"end\n", b"\n")
    call(play, stream=True, raw=True)
    assert b"".join(piece or b"" for piece in play.raw) == b"\nt:a\nend\n\n"


def test_a_connection_that_cannot_be_made_was_not_billed() -> None:
    play = Play(ConnectError("refused"), OK, b"t:ok\nend\n")
    assert call(play).sent.maybe_billed == 0


def test_an_operation_the_wire_does_not_know_is_a_configuration_error() -> None:
    operation = EmbedOperation(EmbedRequest(model="", inputs=("a",)))
    with pytest.raises(Error, match=r"acme.*'lines'.*embeddings"):
        Play().run(exchange(operation, deployment(), retry=RETRY, limits=TimeLimits()))


def test_events_before_an_error_in_the_same_piece_are_not_lost() -> None:
    play = Play(OK, b"t:half\ne:failed\n")
    with pytest.raises(StreamInterrupted, match="broke off with an error: failed"):
        call(play, stream=True)
    assert fold(play.events).text == "half"


class Whatever:
    """An operation of a wire that is made by hand."""

    streams = False
    headers: Mapping[str, str] = MappingProxyType({})

    def __init__(self, wire: WireRequest) -> None:
        self._wire = wire

    def encode(self, at: Deployment) -> WireRequest:
        return self._wire

    def decoder(self, head: WireHead, at: Deployment) -> LineDecoder:
        return LineDecoder(head)


def test_a_call_over_a_socket_tells_what_it_sent_too() -> None:
    wire = SocketRequest(origin="wss://acme.test", target=b"/chat", headers=((b"x-a", b"1"),))
    play = Play(OK, b"t:ok\nend\n")
    outcome = play.run(exchange(Whatever(wire), deployment(), retry=RETRY, limits=PLAIN))
    assert (outcome.sent.method, outcome.sent.url) == ("GET", "wss://acme.test/chat")
    assert outcome.sent.headers == {"x-a": "1"}


def test_a_body_that_is_produced_in_pieces_is_not_kept() -> None:
    class Pieces:
        length = None

        def chunks(self) -> Iterator[bytes]:
            yield b"much"

    wire = HttpRequest(method="POST", origin="http://acme.test", target=b"/", body=Pieces())
    play = Play(OK, b"t:ok\nend\n")
    assert play.run(exchange(Whatever(wire), deployment(), retry=RETRY, limits=PLAIN)).sent.body == b""


def test_a_call_whose_time_is_over_is_not_sent() -> None:
    play = Play()
    deadline = Deadline(5.0, now=play.now - 5.0)
    with pytest.raises(TimedOutError, match="over before") as caught:
        call(play, limits=TimeLimits(total=5.0), deadline=deadline)
    assert play.sent == []
    assert caught.value.sent is False


class Known(LineDialect):
    """The line dialect with what a row or an alias adds to a body."""

    def encode_request(self, request: ChatRequest, site: Site) -> HttpRequest:
        wire = super().encode_request(request, site)
        return replace(wire, body=repr(dict(request.extra)).encode())


def test_what_a_row_adds_to_the_body_stands_under_what_the_call_adds() -> None:
    play = Play(OK, b"t:ok\nend\n")
    at = deployment(dialect=Known(), extra={"a": 1, "b": 1})
    request = replace(chat_request(), extra={"b": 2})
    outcome = play.run(exchange(ChatOperation(request), at, retry=RETRY, limits=PLAIN))
    assert outcome.sent.body == b"{'a': 1, 'b': 2}"


@pytest.mark.parametrize(
    ("operation", "what"),
    [
        (ChatOperation(chat_request()), "chat"),
        (EmbedOperation(EmbedRequest(model="", inputs=("a",))), "embeddings"),
        (ModelsOperation(), "list of models"),
    ],
)
def test_a_dialect_that_cannot_do_it_is_told_so_before_sending(operation: Operation, what: str) -> None:
    class Mute:
        name = "mute"

    play = Play()
    with pytest.raises(ConfigError, match=what):
        play.run(exchange(operation, deployment(dialect=Mute()), retry=RETRY, limits=PLAIN))
    assert play.sent == []


def test_vectors_are_asked_for_with_what_the_row_adds() -> None:
    at = deployment(
        dialect=OPENAI,
        site=Site(base_url="http://acme.test/v1", provider="acme"),
        extra={"instruction": "search"},
    )
    play = Play(OK, b'{"data": [{"index": 0, "embedding": [1.0]}]}')
    operation = EmbedOperation(EmbedRequest(model="", inputs=("a",)))
    outcome = play.run(exchange(operation, at, retry=RETRY, limits=PLAIN))
    assert play.events[0].vectors == [[1.0]]
    assert b'"instruction":"search"' in outcome.sent.body


def test_a_header_of_the_call_wins_over_one_of_the_row() -> None:
    at = deployment(
        dialect=OPENAI,
        site=Site(base_url="http://acme.test/v1", provider="acme"),
        headers=((b"X-Title", b"the row's"), (b"X-Row", b"1")),
    )
    request = replace(chat_request(), headers={"x-title": "the call's"})
    play = Play(OK, b'{"choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}]}')
    outcome = play.run(exchange(ChatOperation(request), at, retry=RETRY, limits=PLAIN))
    assert outcome.sent.headers["x-title"] == "the call's"
    assert outcome.sent.headers["X-Row"] == "1"
    assert "X-Title" not in outcome.sent.headers


def test_a_secret_among_the_caller_s_own_fields_is_not_told() -> None:
    at = deployment(dialect=OPENAI, site=Site(base_url="http://acme.test/v1", provider="acme"))
    request = replace(chat_request(), headers={"Api-Key": "fake-secret", "X-Title": "t"})
    play = Play(OK, b'{"choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}]}')
    outcome = play.run(exchange(ChatOperation(request), at, retry=RETRY, limits=PLAIN))
    assert (b"Api-Key", b"fake-secret") in play.sent[0].wire.headers
    assert "fake-secret" not in repr(outcome)
    assert outcome.sent.headers["Api-Key"] == "****"
    assert outcome.sent.headers["X-Title"] == "t"


class Token:
    """A signer whose token a service gives; `project` is told with it."""

    needs: tuple[str, ...] = ()
    timed = False

    def __init__(self, project: str | None = None) -> None:
        self.project = project
        self.stale: list[Grant | None] = []

    def sign(self, request: WireRequest, secrets: Mapping[str, Secret], now: float) -> WireRequest:
        return replace(request, headers=((b"token", secrets["token"].reveal().encode()),))

    def grant(self, site: Site, secrets: Mapping[str, Secret], stale: Grant | None) -> Shared:
        self.stale.append(stale)

        def fetch() -> Steps:
            yield Now()
            return Grant(secrets={"token": Secret("unused")}), 60.0

        return Shared("token", fetch)

    def renews(self, error: Error) -> bool:
        return isinstance(error, AuthError)


class Granted(Play):
    """Plays the shared step too: tokens in turn."""

    tokens = 0

    def share(self, step: Shared) -> Grant:
        self.tokens += 1
        self.asked = step
        return Grant(secrets={"token": Secret(f"fake-{self.tokens}")}, project=self.project)

    project: str | None = None


class Placed(LineDialect):
    """Writes the site's project into the address, and tells an expired token by its status."""

    def encode_request(self, request: ChatRequest, site: Site) -> HttpRequest:
        return replace(super().encode_request(request, site), target=f"/{site.project}".encode())

    def decoder(self, head: WireHead, site: Site) -> LineDecoder:
        if head.status == 401:
            raise AuthError("the token expired", status=401)
        return super().decoder(head, site)


def test_a_token_is_asked_for_before_signing_and_laid_over_the_secrets() -> None:
    play = Granted(OK, b"t:Hello\nend\n")
    call(play, at=deployment(signer=Token()))
    assert play.sent[0].wire.headers == ((b"token", b"fake-1"),)


def test_a_project_that_came_with_the_token_stands_in_the_address() -> None:
    play = Granted(OK, b"t:Hello\nend\n")
    play.project = "p-1"
    call(play, at=deployment(signer=Token(), dialect=Placed()))
    assert play.sent[0].wire.target == b"/p-1"


def test_a_project_that_was_given_is_not_replaced() -> None:
    play = Granted(OK, b"t:Hello\nend\n")
    play.project = "p-1"
    site = Site(base_url="http://acme.test", provider="acme", project="mine")
    call(play, at=deployment(signer=Token(), dialect=Placed(), site=site))
    assert play.sent[0].wire.target == b"/mine"


def test_an_expired_token_is_renewed_once_and_the_call_made_again() -> None:
    signer = Token()
    play = Granted(WireHead(401), OK, b"t:Hello\nend\n")
    outcome = call(play, at=deployment(signer=signer, dialect=Placed()))
    assert [send.wire.headers for send in play.sent] == [((b"token", b"fake-1"),), ((b"token", b"fake-2"),)]
    assert (signer.stale[0], outcome.sent.attempts) == (None, 1)
    stale = signer.stale[1]
    assert stale is not None
    assert stale.secrets["token"].reveal() == "fake-1"
    assert "Wait" not in play.trace


def test_a_second_expired_token_is_an_error() -> None:
    play = Granted(WireHead(401), WireHead(401), OK, b"t:Hello\nend\n")
    with pytest.raises(AuthError):
        call(play, at=deployment(signer=Token(), dialect=Placed()))
    assert len(play.sent) == 2


def test_waiting_for_a_token_is_bounded_by_the_call_s_time() -> None:
    play = Granted(OK, b"t:Hello\nend\n")
    call(play, at=deployment(signer=Token()), limits=TimeLimits(total=9.0), stream=True)
    assert play.asked.within_s is not None
    assert 0 < play.asked.within_s <= 9.0


class NoGrant(Token):
    """Needs nothing fetched after all."""

    def grant(self, site: Site, secrets: Mapping[str, Secret], stale: Grant | None) -> None:  # type: ignore[override]
        return None

    def sign(self, request: WireRequest, secrets: Mapping[str, Secret], now: float) -> WireRequest:
        return request


def test_a_signer_that_needs_nothing_fetched_signs_at_once() -> None:
    play = Granted(WireHead(401))
    with pytest.raises(AuthError):
        call(play, at=deployment(signer=NoGrant(), dialect=Placed()))
    assert play.tokens == 0
    assert len(play.sent) == 1


class Telling(LineDialect):
    """Tells by its decoder what it noticed, knowing what was asked."""

    def decoder_for(self, request: ChatRequest, head: WireHead, site: Site) -> LineDecoder:
        decoder = LineDecoder(head)
        vars(decoder).update(notes=(Note(code="cut", message=request.model),), request_id="in-the-body")
        return decoder


def test_what_a_decoder_notices_is_told_with_the_outcome() -> None:
    outcome = call(Play(OK, b"t:Hello\nend\n"), at=deployment(dialect=Telling()))
    assert [note.code for note in outcome.notes] == ["cut"]
    assert outcome.request_id == "in-the-body"


def test_of_a_whole_answer_nothing_is_handed_on_before_its_end() -> None:
    play = Play(OK, b"t:one\n", b"t:two\n", b"end\n")
    call(play)
    assert play.trace.count("Emit") == 1
    assert fold(play.events).text == "onetwo"


def test_a_whole_answer_that_broke_off_is_asked_for_again() -> None:
    play = Play(OK, b"t:one\n", b"", OK, b"t:two\nend\n")
    outcome = call(play)
    assert fold(play.events).text == "two"
    assert (outcome.sent.attempts, outcome.sent.maybe_billed) == (2, 1)


@pytest.mark.parametrize("end", [b"", TransportError("reset")], ids=["closed", "reset"])
def test_a_whole_answer_that_breaks_off_each_time_tells_what_came_last(end: bytes | Error) -> None:
    play = Play(OK, b"t:one\n", end, OK, b"t:two\n", end, OK, b"t:three\n", end)
    with pytest.raises(StreamInterrupted) as caught:
        call(play)
    assert caught.value.partial.text == "three"
    assert (caught.value.ended, caught.value.partial.ended) == ("cut", "cut")
    assert play.events == []


def test_a_refusal_in_the_middle_of_a_whole_answer_is_told_as_it_is() -> None:
    with pytest.raises(ServerError, match="failed"):
        call(Play(OK, b"t:one\ne:failed\n"), retry=RetryPolicy(attempts=1))


def test_the_wire_of_a_whole_answer_is_kept_whole() -> None:
    play = Play(OK, b"t:one\n", b"end\n")
    call(play, raw=True)
    assert play.raw == [b"t:one\nend\n"]
