"""Texts to vectors."""

from __future__ import annotations

import json

from tests.cli.conftest import Run, ScriptedProvider


def test_each_text_is_one_line_of_json(run: Run, provider: ScriptedProvider) -> None:
    result = run("embed", "-m", "acme/vec", "一二", "abc", "-d", "2")
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"index": 0, "text": "一二", "vector": [2.0, 0.5]},
        {"index": 1, "text": "abc", "vector": [3.0, 0.5]},
    ]
    assert provider.bodies[0]["dimensions"] == 2


def test_lines_are_sent_so_many_at_a_time_and_keep_their_numbers(
    run: Run, provider: ScriptedProvider
) -> None:
    result = run("embed", "-m", "acme/vec", "--batch", "2", "-v", stdin="a\n\nbb\nccc\n")
    assert [json.loads(line)["index"] for line in result.stdout.splitlines()] == [0, 2, 3]
    assert [body["input"] for body in provider.bodies] == [["a", "bb"], ["ccc"]]
    assert "4 texts · 14 tokens" in result.stderr


def test_a_failure_is_json_for_the_reader_too(run: Run) -> None:
    result = run("embed", "-m", "nobody/vec", "a")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["code"] == "unknown_provider"
