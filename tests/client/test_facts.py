"""What a record tells of a request, an answer, an error."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from baimo.client import facts
from baimo.errors import OverloadedError
from tests.client.test_watching_law import PARAMETERS, answer
from tests.scripted import chat_request


@pytest.mark.parametrize("asked", PARAMETERS)
def test_what_is_asked_besides_words_is_told_by_name(asked: dict[str, Any]) -> None:
    found = facts.asked_of(replace(chat_request(), **asked))
    assert (found == facts.NOTHING) is (not asked)
    told = {name: list(value) if name == "stop" else value for name, value in asked.items()}
    assert facts.parameters_of(found) == told


def test_an_id_is_32_digits_that_sort_by_time_whatever_is_drawn() -> None:
    most = (1 << facts.CHANCE) - 1
    ids = [facts.id_of(at, chance) for at in (0.0, 0.001, 1_767_225_600.0) for chance in (0, most)]
    assert ids == sorted(ids) and {len(one) for one in ids} == {32}
    assert [int(one, 16) & most for one in ids] == [0, most] * 3


def test_an_error_tells_its_code_and_what_the_provider_said() -> None:
    told = facts.told_of(OverloadedError("busy", status=503), None)
    assert (told["error"], told["error_type"], told["status"]) == ("overloaded", "OverloadedError", 503)
    assert facts.told_of(None, "anew") == {"message": "anew"}


def test_an_answer_tells_all_its_reasons_and_no_words() -> None:
    told = facts.answer_facts(answer(choices=2))
    assert told["finish_reasons"] == ("stop", "stop") and "ok" not in str(told)
    assert facts.ONE_REASON["stop"] == facts.reasons_of(answer().choices) == ("stop",)


def test_an_address_is_scheme_host_and_port() -> None:
    assert facts.address_of("https://api.acme.test:8443/v1/chat") == "https://api.acme.test:8443"
