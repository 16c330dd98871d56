"""One question, one answer, in every form in which it can be shown."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.conftest import Run, ScriptedProvider, Spawn, cut, refusal, words

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def test_the_answer_goes_to_standard_output_and_nothing_else_does(
    run: Run, provider: ScriptedProvider
) -> None:
    provider.will(words("Sky is **blue**."))
    result = run("ask", "why?")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "Sky is **blue**.\n", "")
    assert provider.bodies[0]["messages"] == [{"role": "user", "content": "why?"}]
    assert provider.bodies[0]["model"] == "big"
    assert provider.bodies[0]["stream"] is True


def test_words_and_what_is_piped_in_make_one_prompt(run: Run, provider: ScriptedProvider) -> None:
    run("ask", "explain", "this", stdin="a diff\n")
    run("ask", stdin="\ufeff只有标准输入".encode())
    run("ask", stdin="宽字节".encode("utf-16"))
    prompts = [body["messages"][0]["content"] for body in provider.bodies]
    assert prompts == ["explain this\n\na diff", "只有标准输入", "宽字节"]


def test_without_any_prompt_it_says_what_is_missing(run: Run, provider: ScriptedProvider) -> None:
    result = run("ask", stdin="\n")
    assert result.exit_code == 2
    assert "there is no question" in result.stderr
    assert provider.seen == []


def test_options_reach_the_provider(run: Run, provider: ScriptedProvider) -> None:
    run("ask", "x", "-m", "acme/small", "-s", "be brief", "-t", "0.2", "--max-tokens", "9", "--no-stream")
    body = provider.bodies[0]
    assert body["model"] == "small"
    assert body["messages"][0] == {"role": "system", "content": "be brief"}
    assert (body["temperature"], body.get("max_tokens") or body.get("max_completion_tokens")) == (0.2, 9)
    assert not body.get("stream")


def test_pictures_go_along(run: Run, provider: ScriptedProvider, folder: Path) -> None:
    (folder / "a.png").write_bytes(PNG)
    run("ask", "what?", "-i", "a.png", "-i", "https://pictures.example/b.jpg")
    _, own, other = provider.bodies[0]["messages"][0]["content"]
    assert own["image_url"]["url"].startswith("data:image/png;base64,iVBOR")
    assert other["image_url"]["url"] == "https://pictures.example/b.jpg"


def test_a_file_that_is_no_picture_is_refused_before_anything_is_sent(
    run: Run, provider: ScriptedProvider, folder: Path
) -> None:
    (folder / "a.txt").write_text("words", "utf-8")
    assert "is no picture" in run("ask", "x", "-i", "a.txt").stderr
    result = run("ask", "x", "-i", "missing.png")
    assert result.exit_code == 2
    assert "missing.png cannot be read" in result.stderr
    assert provider.seen == []


def test_a_schema_is_taken_as_text_or_from_a_file(run: Run, provider: ScriptedProvider, folder: Path) -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    (folder / "s.json").write_text(json.dumps({"name": "place", "schema": schema}), "utf-8")
    run("ask", "x", "--schema", json.dumps(schema))
    run("ask", "x", "--schema", "s.json")
    first, second = [body["response_format"]["json_schema"] for body in provider.bodies]
    assert first["schema"] == schema
    assert (second["name"], second["schema"]) == ("place", schema)
    for bad in ("{oops", "[1]"):
        (folder / "bad.json").write_text(bad, "utf-8")
        result = run("ask", "x", "--schema", "bad.json")
        assert result.exit_code == 2
        assert "no JSON object" in result.stderr


def test_json_is_one_whole_answer_for_a_program(run: Run, provider: ScriptedProvider) -> None:
    provider.will(words("Blue.", thinking="Rayleigh"))
    result = run("ask", "why?", "--json")
    answer = json.loads(result.stdout)
    assert answer["text"] == "Blue."
    assert answer["thinking"] == "Rayleigh"
    assert answer["finish_reason"] == "stop"
    assert answer["usage"]["input"] == 1200
    assert answer["request_id"] == "req-7"
    assert "cost" not in answer
    assert not provider.bodies[0].get("stream")


def test_json_tells_of_a_failure_too(run: Run, provider: ScriptedProvider) -> None:
    provider.will(refusal(401, "wrong key"))
    result = run("ask", "why?", "--json")
    assert result.exit_code == 1
    error = json.loads(result.stdout)["error"]
    assert (error["code"], error["status"], error["provider"]) == ("auth", 401, "acme")
    assert "error: acme: wrong key [auth, HTTP 401" in result.stderr


def test_json_and_stream_exclude_each_other(run: Run) -> None:
    assert run("ask", "x", "--json", "--stream").exit_code == 2


def test_verbose_tells_tokens_and_time_on_standard_error(run: Run, provider: ScriptedProvider) -> None:
    provider.will(words("Blue.", thinking="Hm, physics."), words("Blue."))
    result = run("ask", "why?", "-v")
    assert result.stdout == "Blue.\n"
    assert "Hm, physics." in result.stderr
    assert "acme/big · 1,200 in, 34 out · " in result.stderr
    assert "first word after" in result.stderr
    assert "first word" not in run("ask", "why?", "-v", "--no-stream").stderr


def test_thinking_stays_out_of_the_answer(run: Run, provider: ScriptedProvider) -> None:
    provider.will(words("Blue.", thinking="Hm."))
    result = run("ask", "why?")
    assert (result.stdout, result.stderr) == ("Blue.\n", "")


def test_a_retry_is_told(run: Run, provider: ScriptedProvider) -> None:
    provider.will(refusal(429, "slow down", headers={"retry-after-ms": "1"}), words("Now."))
    result = run("ask", "x")
    assert result.stdout == "Now.\n"
    assert "attempt 2 of 3 in 0.0 s: acme: slow down [rate_limited]" in result.stderr


def test_an_answer_that_reached_its_limit_says_so(run: Run, provider: ScriptedProvider) -> None:
    provider.will(words("An unfini", finish="length"))
    result = run("ask", "x")
    assert result.exit_code == 0
    assert "limit of tokens" in result.stderr


def test_an_answer_that_breaks_off_is_printed_as_far_as_it_came(run: Run, provider: ScriptedProvider) -> None:
    provider.will(cut("Once upon"))
    result = run("ask", "x")
    assert result.exit_code == 1
    assert result.stdout == "Once upon\n"
    assert "[stream_interrupted" in result.stderr


def test_the_raw_reply_is_printed_byte_for_byte(run: Run, provider: ScriptedProvider) -> None:
    whole = json.loads(run("ask", "x", "--show-reply").stdout)
    assert whole["choices"][0]["message"]["content"] == "Hello."
    streamed = run("ask", "x", "--show-reply", "--stream").stdout
    assert streamed.startswith("data: {") and streamed.endswith("data: [DONE]\n\n")
    provider.will(refusal(400, "bad thing"))
    result = run("ask", "x", "--show-reply")
    assert result.exit_code == 1
    assert "bad thing" in result.stdout


@pytest.mark.parametrize("encoding", ["gbk", "ascii"])
def test_a_console_that_cannot_show_a_character_does_not_fail(
    spawn: Spawn, provider: ScriptedProvider, encoding: str
) -> None:
    provider.will(words("好 🦙 end"))
    done = spawn("ask", "hi", PYTHONIOENCODING=encoding)
    assert done.returncode == 0
    assert done.stdout.endswith(b"end\n")
    if encoding == "gbk":
        assert done.stdout == "好 ? end\n".encode("gbk")


def test_what_comes_from_a_gbk_console_is_understood(spawn: Spawn, provider: ScriptedProvider) -> None:
    spawn("ask", stdin="你好".encode("gbk"), PYTHONIOENCODING="gbk")
    assert provider.bodies[0]["messages"][0]["content"] == "你好"


def test_bytes_that_are_no_text_are_refused_in_words(spawn: Spawn, provider: ScriptedProvider) -> None:
    done = spawn("ask", stdin=b"\xff\x00\xfe\x80", PYTHONIOENCODING="utf-8")
    assert done.returncode == 2
    assert b"standard input is not UTF-8 text" in done.stderr
    assert provider.seen == []


def test_an_estimate_is_told_and_nothing_is_sent(run: Run, folder: Path, provider: ScriptedProvider) -> None:
    (folder / "baimo.toml").write_text(
        f'[providers.moonshot]\nbase_url = "{provider.url}"\napi_key = "sk-fake-0123456789"\n', "utf-8"
    )
    args = ("ask", "--estimate", "-m", "moonshot/kimi-k2.5", "--max-tokens", "1000", "Hello there")
    result = run(*args)
    assert result.exit_code == 0
    assert "model      moonshot/kimi-k2.5" in result.stdout
    assert "answer     up to 1,000 tokens" in result.stdout
    assert " CNY to 0.0" in result.stdout
    assert "费用" in run(*args, BAIMO_LANG="zh").stdout
    found = json.loads(run(*args, "--json").stdout)
    assert found["high"]["currency"] == "CNY" and Decimal(found["high"]["amount"]) > 0
    assert (found["output_tokens"], found["why"]) == (1000, None)
    assert provider.seen == []


def test_what_cannot_be_estimated_says_why_and_ends_with_1(run: Run, provider: ScriptedProvider) -> None:
    result = run("ask", "--estimate", "Hello there")
    assert result.exit_code == 1
    assert "not known: no price is known for acme/big" in result.stdout
    assert "up to" not in result.stdout
    assert json.loads(run("ask", "--estimate", "--json", "Hello there").stdout)["high"] is None
