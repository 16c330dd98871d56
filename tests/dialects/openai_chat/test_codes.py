"""A provider's own table of codes says what its refusals are, and how to mend them."""

from __future__ import annotations

import msgspec
import pytest

from baimo.dialect import codes
from baimo.dialect.protocols import Site
from baimo.dialects.openai_chat import DIALECT
from baimo.errors import (
    ContentFilteredError,
    ContextTooLongError,
    Error,
    InvalidRequestError,
    OverloadedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    ServerError,
)
from baimo.types.events import ChatEvent, Withdrawn
from baimo.wire.http import WireHead
from tests.conformance.playing import play

JSON = ((b"content-type", b"application/json"),)


def refused(body: object, *, table: str | None, status: int = 200) -> ProviderError:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    _, error = play(DIALECT.decoder(WireHead(status, JSON), at(table)), [raw])
    assert isinstance(error, ProviderError)
    return error


def at(table: str | None) -> Site:
    return Site(base_url="https://api.example", codes=table)


@pytest.mark.parametrize("code", [11203, "11203"])
@pytest.mark.parametrize("status", [200, 500])
def test_a_number_is_looked_up_whether_it_is_a_number_or_a_text(code: int | str, status: int) -> None:
    known = codes.find("spark", "11203")
    assert known is not None
    error = refused({"code": code, "message": "no", "sid": "cha1"}, table="spark", status=status)
    assert type(error) is known.kind
    assert (error.hint, error.retryable) == (known.cure, known.is_retryable)
    assert (error.provider_code, error.request_id) == ("11203", "cha1")


def test_all_three_shapes_of_a_refusal_are_looked_up() -> None:
    flat = {"code": 11200, "message": "AppIdNoAuthError", "sid": "cha1"}
    nested = {"error": {"message": "AppIdNoAuthError (sid: cha1)", "type": "api_error", "code": "11200"}}
    first, second = refused(flat, table="spark"), refused(nested, table="spark", status=500)
    assert type(first) is type(second) is not ServerError
    assert first.hint == second.hint
    assert first.request_id == second.request_id == "cha1"


def test_what_the_table_tells_wins_over_what_the_class_says() -> None:
    for code in ("10012", "10013"):
        known = codes.find("spark", code)
        assert known is not None
        assert refused({"code": int(code), "message": "", "sid": "s"}, table="spark").retryable is (
            known.is_retryable
        )


def test_without_a_table_there_is_no_hint() -> None:
    error = refused({"code": 11203, "message": "no", "sid": "cha1"}, table=None)
    assert (type(error), error.hint) == (ServerError, None)


def test_the_code_of_whoever_stands_behind_is_asked_too() -> None:
    error = {"message": "no", "type": "upstream_error", "code": "Odd", "upstream_code": "402"}
    assert type(refused({"error": error}, table="deepseek", status=502)) is QuotaError


def test_a_status_lends_its_cure_only_where_the_words_tell_no_other_kind() -> None:
    plain = {"error": {"message": "no", "type": "invalid_request_error", "code": "invalid_request_error"}}
    error = refused(plain, table="deepseek", status=400)
    assert type(error) is InvalidRequestError
    assert error.hint
    long = {"error": {"message": "maximum context length is 9", "type": "invalid_request_error"}}
    error = refused(long, table="deepseek", status=400)
    assert (type(error), error.hint) == (ContextTooLongError, None)


def test_a_good_status_lends_nothing() -> None:
    assert refused({"error": {"message": "no"}}, table="deepseek").hint is None


def test_a_status_inside_a_good_reply_is_looked_up() -> None:
    error = refused({"error": {"message": "no", "code": 503}}, table="deepseek")
    assert type(error) is OverloadedError
    assert error.hint


def test_an_answer_that_was_given_up_before_it_began_can_be_asked_for_again() -> None:
    body = {
        "choices": [{"index": 0, "message": {"content": ""}, "finish_reason": "insufficient_system_resource"}]
    }
    error = refused(body, table="deepseek")
    known = codes.find("deepseek", "insufficient_system_resource")
    assert known is not None
    assert (type(error), error.retryable, error.hint) == (OverloadedError, True, known.cure)


def test_an_answer_that_was_given_up_shows_nothing_before_it_raises() -> None:
    body = b'{"choices":[{"message":{"content":null},"finish_reason":"insufficient_system_resource"}]}'
    decoder = DIALECT.decoder(WireHead(200, JSON), at(None))
    decoder.feed(body)
    with pytest.raises(OverloadedError):
        decoder.end()
    assert decoder.early == []


def chunk(**fields: object) -> bytes:
    body = {"code": 0, "sid": "cha1", "choices": [{"index": 0, "delta": {"content": "Hi"}}], **fields}
    return b"data:" + msgspec.json.encode(body) + b"\n\n"


def streamed(*chunks: bytes) -> tuple[list[ChatEvent], Error | None]:
    return play(DIALECT.decoder(WireHead(200), at("spark")), list(chunks))


@pytest.mark.parametrize(("code", "withdrawn"), [(10014, True), (10019, False), (10013, False)])
def test_moderated_output_takes_back_what_was_shown(code: int, withdrawn: bool) -> None:
    events, error = streamed(chunk(), chunk(), chunk(code=code, message="void", choices=[]))
    assert type(error) is ContentFilteredError
    assert error.retryable is False
    assert ([e.reason for e in events if isinstance(e, Withdrawn)] == ["void"]) == withdrawn


def test_a_code_beside_choices_is_seen_behind_the_quick_way() -> None:
    _, error = streamed(chunk(), chunk(), chunk(), chunk(code=10014, message="void"))
    assert type(error) is ContentFilteredError


def test_what_was_never_shown_is_not_taken_back() -> None:
    events, error = streamed(chunk(code=10014, message="void", choices=[]))
    assert type(error) is ContentFilteredError
    assert events == []


@pytest.mark.parametrize(
    ("table", "status", "error", "kind"),
    [
        ("moonshot", 429, {"type": "rate_limit_reached_error", "message": "max RPM: 3"}, RateLimitedError),
        ("moonshot", 429, {"type": "rate_limit_reached_error", "message": "reached TPD limit"}, QuotaError),
        ("qwen", 429, {"code": "insufficient_quota", "message": "You exceeded your quota"}, QuotaError),
        ("qwen", 429, {"code": "insufficient_quota", "message": "tokens per minute"}, RateLimitedError),
        ("qwen", 429, {"code": "Throttling.AllocationQuota", "message": "Free quota exceeded"}, QuotaError),
        ("qwen", 429, {"code": "Throttling.AllocationQuota", "message": "exceeded"}, RateLimitedError),
        ("zhipu", 400, {"code": "1300", "message": "no"}, ContentFilteredError),
        ("zhipu", 429, {"code": "1318", "message": "no"}, QuotaError),
        ("baidu", 429, {"code": "QUOTA_DAILY", "message": "no"}, QuotaError),
    ],
)
def test_a_code_that_means_several_things_is_told_by_its_words(
    table: str, status: int, error: dict[str, str], kind: type[ProviderError]
) -> None:
    found = refused({"error": error}, table=table, status=status)
    assert type(found) is kind
    assert found.retryable is (kind is RateLimitedError)


def test_a_limit_of_tokens_in_a_good_status_is_told_by_its_words() -> None:
    for words, kind in (("token limit", RateLimitedError), ("context is too long", ContextTooLongError)):
        body = {"base_resp": {"status_code": 1039, "status_msg": words}, "choices": None}
        assert type(refused(body, table="minimax")) is kind
