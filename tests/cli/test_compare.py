"""The same question to several models."""

from __future__ import annotations

import json
import threading
from typing import Any

from tests.cli.conftest import Handler, Run, ScriptedProvider, refusal, words

TWO = ("-m", "acme/big", "-m", "acme/small")


def test_each_answer_stands_under_its_model_with_time_and_tokens(
    run: Run, provider: ScriptedProvider
) -> None:
    provider.will(words("From big."), model="big")
    provider.will(words("From small."), model="small")
    result = run("compare", "who?", *TWO, "-s", "sys", "-t", "0.3", "--max-tokens", "8")
    assert result.exit_code == 0
    big, small = result.stdout.split("## acme/")[1:]
    assert big.startswith("big\n\nFrom big.\n\n") and small.startswith("small\n\nFrom small.\n\n")
    assert "1,200 in, 34 out" in big
    assert all(body["messages"][0]["content"] == "sys" for body in provider.bodies)


def test_a_model_that_fails_shows_its_error_in_its_place(run: Run, provider: ScriptedProvider) -> None:
    provider.will(refusal(401, "wrong key"), model="small")
    result = run("compare", "who?", *TWO, "-m", "nobody/x")
    assert result.exit_code == 1
    big, small, nobody = result.stdout.split("## ")[1:]
    assert "Hello." in big
    assert "error: acme: wrong key" in small
    assert "no provider is called 'nobody'" in nobody


def test_json_has_all_of_it(run: Run, provider: ScriptedProvider) -> None:
    provider.will(refusal(401, "wrong key"), model="small")
    big, small = json.loads(run("compare", "who?", *TWO, "--json").stdout)
    assert (big["asked"], big["text"]) == ("acme/big", "Hello.")
    assert (small["asked"], small["error"]["code"]) == ("acme/small", "auth")


def test_all_are_asked_at_the_same_time(run: Run, provider: ScriptedProvider) -> None:
    both = threading.Barrier(2, timeout=20)

    def meets(to: Handler, body: dict[str, Any]) -> None:
        both.wait()
        words("Met.")(to, body)

    provider.will(meets, meets)
    assert run("compare", "who?", *TWO).stdout.count("Met.") == 2


def test_one_model_is_no_comparison(run: Run) -> None:
    result = run("compare", "who?", "-m", "acme/big")
    assert result.exit_code == 2
    assert "at least two models" in result.stderr


def test_an_answer_without_words_says_so(run: Run, provider: ScriptedProvider) -> None:
    provider.will(words("", finish="length"), model="big")
    assert "(no words)" in run("compare", "who?", *TWO).stdout
