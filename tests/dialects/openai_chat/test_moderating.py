"""Moderation: what each provider of this wire says of a text."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from baimo.dialects.openai_chat import DIALECT
from baimo.dialects.openai_chat.moderating import decode_moderate
from baimo.errors import AuthError, InputError, UnsupportedError, WireError
from baimo.types.moderation import Moderated, ModerateRequest, ModerationResponse
from baimo.wire.http import WireHead

from .making_asked import BARE, GOOD, body, posted, site

ASKED = ModerateRequest(model="m", inputs=("a", "b"))
ONE = ModerateRequest(model="m", inputs=("a",))
PATH = "/v1/moderations"
BAD = {"flagged": True, "categories": {"hate": True, "x": None}, "category_scores": {"hate": 0.9, "x": None}}
FINE = {"flagged": False, "categories": {"hate": False}, "category_scores": {"hate": 0.1}}


def answer(content: Any, asked: ModerateRequest = ASKED) -> ModerationResponse:
    return decode_moderate(asked, GOOD, msgspec.json.encode(content), BARE)


def test_texts_are_sent_together_or_one_by_one() -> None:
    wire = DIALECT.encode_moderate(replace(ASKED, extra={"x": 1}), BARE)
    assert wire.target == PATH.encode()
    assert DIALECT.operation("POST", wire.target, ()) == "moderate"
    assert body(wire) == {"model": "m", "input": ["a", "b"], "x": 1}
    assert DIALECT.decode_moderate_request(wire) == replace(ASKED, extra={"x": 1})
    single = site(beside={"moderates_one": True})
    assert body(DIALECT.encode_moderate(ONE, single)) == {"model": "m", "input": "a"}
    with pytest.raises(UnsupportedError, match="example moderates one text a call"):
        DIALECT.encode_moderate(ASKED, single)
    with pytest.raises(UnsupportedError, match="this provider moderates"):
        DIALECT.encode_moderate(ASKED, replace(single, provider=""))
    with pytest.raises(InputError, match="nothing to look at"):
        DIALECT.encode_moderate(replace(ASKED, inputs=()), BARE)


def test_results_are_read_in_the_order_of_the_texts() -> None:
    found = answer({"id": "modr-1", "model": "n", "results": [BAD, FINE], "usage": {"prompt_tokens": 9}})
    first, second = found.results
    assert (first.flagged, first.categories, first.scores) == (
        True,
        {"hate": True, "x": False},
        {"hate": 0.9},
    )
    assert (second.flagged, second.scores["hate"]) == (False, 0.1)
    assert first.raw is not None and msgspec.json.decode(first.raw) == BAD
    assert (found.model, found.usage.input) == ("n", 9)


def test_where_nothing_is_said_of_flags_any_category_decides() -> None:
    told = [{"categories": {"pii": True}, "category_scores": {"pii": 0.8}}, {"categories": {"pii": False}}]
    assert [one.flagged for one in answer({"results": told}).results] == [True, False]


@pytest.mark.parametrize(
    ("risk", "flagged", "kinds"),
    [
        ({"risk_level": "PASS", "risk_type": []}, False, {}),
        ({"risk_level": "REJECT", "risk_type": ["porn", "violence"]}, True, {"porn": True, "violence": True}),
        ({"risk_level": "review", "risk_type": "ads"}, True, {"ads": True}),
        ({"risk_level": "something new"}, True, {}),
    ],
)
def test_a_level_of_risk_is_a_flag(risk: Any, flagged: bool, kinds: Any) -> None:
    usage = {"moderation_text": {"call_count": 1}}
    (found,) = answer({"result_list": [risk], "usage": usage}, ONE).results
    assert (found.flagged, found.categories) == (flagged, kinds)


@pytest.mark.parametrize("content", [{}, [], {"results": [{}, {}]}, {"results": [{"risk_level": 5}, FINE]}])
def test_what_is_no_moderation_is_refused(content: Any) -> None:
    with pytest.raises(WireError, match="no moderation"):
        answer(content)


def test_a_result_for_every_text_is_due() -> None:
    with pytest.raises(WireError, match="1 results for 2 inputs"):
        answer({"results": [FINE]})
    with pytest.raises(AuthError):
        decode_moderate(ASKED, WireHead(401), b'{"error":{"message":"no"}}', BARE)


def test_a_callers_request_is_understood() -> None:
    told = {"input": [{"type": "text", "text": "a"}, "b"]}
    found = DIALECT.decode_moderate_request(posted(PATH, told))
    assert (found.inputs, found.model) == (("a", "b"), "omni-moderation-latest")
    assert DIALECT.decode_moderate_request(posted(PATH, {"input": "a", "model": "m"})) == ONE
    bad: Any
    for bad, words in (({}, "input: is required"), ({"input": []}, "at least one"), (b"{", "no valid JSON")):
        with pytest.raises(InputError, match=words):
            DIALECT.decode_moderate_request(posted(PATH, bad))


def test_what_is_served_is_read() -> None:
    response = ModerationResponse(
        results=(
            Moderated(flagged=True, categories={"a": True}, scores={"a": 0.9}),
            Moderated(flagged=False),
        ),
        request_id="r-1",
    )
    again = answer(msgspec.json.decode(DIALECT.encode_moderation(ASKED, response)))
    assert [replace(one, raw=None) for one in again.results] == list(response.results)
