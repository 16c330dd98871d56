"""What helps after a refusal."""

from __future__ import annotations

from typing import Any

import pytest

from baimo.dialects.openai_responses import DIALECT
from baimo.errors import ContextTooLongError, InvalidRequestError, ProviderError, ServerError
from baimo.types.chat import Reasoning
from tests.dialects.openai_responses.asking import request, site


def told(words: str, kind: type[ProviderError] = InvalidRequestError, **fields: Any) -> Any:
    quirks = fields.pop("quirks", {})
    return DIALECT.mending(kind(words), request(**fields), site(**quirks))


def test_a_model_without_encrypted_reasoning_is_not_asked_for_it() -> None:
    words = "Encrypted content is not supported with this model."
    found = told(words, reasoning=Reasoning(effort="low"))
    assert found.quirks == {"encrypted": "never"}
    assert found.is_lasting
    assert told(words, quirks={"encrypted": "never"}) is None


@pytest.mark.parametrize(
    "words",
    [
        "Your organization must be verified to generate reasoning summaries.",
        "Unsupported parameter: 'reasoning.summary' is not supported with this model.",
    ],
)
def test_a_summary_that_is_refused_is_not_asked_for(words: str) -> None:
    assert told(words, reasoning=Reasoning(effort="low")).quirks == {"summary": "none"}
    assert told(words) is None


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("Item 'rs' of type 'reasoning' was provided without its required following item.", "as it came"),
        (
            "Item 'msg' of type 'message' was provided without its required 'reasoning' item: 'rs'.",
            "as it came",
        ),
        ("Previous response with id 'resp_1' not found.", "whole conversation"),
    ],
)
def test_what_only_the_caller_can_mend_is_told(words: str, hint: str) -> None:
    found = told(words)
    assert not found.quirks
    assert hint in found.hint


def test_sampling_that_a_model_refuses_is_left_out_only_on_request() -> None:
    words = "Unsupported parameter: 'temperature' is not supported with this model."
    assert told(words) is None
    assert 'unsupported="drop"' in told(words, temperature=0.5).hint
    found = told(words, temperature=0.5, unsupported="drop", quirks={"refused": ["top_p"]})
    assert found.quirks == {"refused": ("top_p", "temperature")}
    assert not found.is_lasting
    assert told(words, temperature=0.5, unsupported="drop", quirks={"refused": ["temperature"]}) is None


def test_probabilities_that_are_refused_are_left_out_as_a_whole() -> None:
    words = "Unsupported parameter: 'top_logprobs' is not supported with this model."
    assert told(words, top_logprobs=2, unsupported="drop").quirks == {"refused": ("logprobs",)}


def test_other_refusals_stand() -> None:
    assert told("Sorry.") is None
    assert told("Encrypted content is not supported.", ServerError) is None
    assert told("Encrypted content is not supported.", ContextTooLongError) is None
