"""Records of calls and words of limits: values that go through JSON unchanged, and hold what is known."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from baimo.notes import Note
from baimo.types.limits import Claim, Hold, Learned, Limit, Receipt, Settlement
from baimo.types.money import Money
from baimo.types.record import AttemptRecord, CallRecord, Content, Decision
from baimo.types.usage import Usage

ATTEMPT = AttemptRecord(
    provider="acme",
    endpoint="chat",
    model="m",
    dialect="lines",
    address="http://acme.test",
    key="k1",
    began_s=0.5,
    outcome="failed",
    error="server",
    status=500,
    maybe_billed=True,
)
CALL = CallRecord(
    id="0" * 32,
    operation="chat",
    at=1.0,
    took_s=2.0,
    asked=("acme/m",),
    usage=Usage(input_uncached=3),
    cost=Money(Decimal("0.01"), "CNY"),
    outcome="answered",
    attempts=(ATTEMPT,),
    decisions=(
        Decision(at_s=0.1, strategy="ordered", dice=0.5, standings=({"name": "acme/m/k1"},), order=(0,)),
    ),
    notes=(Note(code="other_key", message="x"),),
)


def test_a_record_comes_back_from_json_as_it_was() -> None:
    assert msgspec.json.decode(msgspec.json.encode(CALL), type=CallRecord) == CALL


def test_what_is_not_known_is_not_written() -> None:
    bare = CallRecord(id="1", operation="chat", at=1.0, took_s=2.0, asked=(), outcome="cancelled")
    assert set(msgspec.to_builtins(bare)) == {"id", "operation", "at", "took_s", "asked", "outcome"}
    assert (Content().request, Content().response) == (None, None)


def test_a_limit_that_nobody_set_bounds_nothing_and_an_unknown_one_is_an_error() -> None:
    assert msgspec.to_builtins(Limit()) == {}
    assert msgspec.convert({"concurrency": 2}, Limit) == Limit(concurrency=2)
    with pytest.raises(msgspec.ValidationError, match="tokens_per_hour"):
        msgspec.convert({"tokens_per_hour": 1}, Limit)


def test_a_claim_names_the_places_where_a_request_counts() -> None:
    claim = Claim((Hold("acme/chat/k1"), Hold("acme/chat/k1/m", Limit(concurrency=1))), tokens=9)
    assert [hold.place for hold in claim.holds] == ["acme/chat/k1", "acme/chat/k1/m"]
    assert claim.holds[0].limit == Limit()
    assert (Receipt(1).waited_s, Settlement().verdict, Learned().requests_window_s) == (0.0, "unknown", 60.0)
