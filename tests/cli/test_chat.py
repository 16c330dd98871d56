"""Conversations that are piped in; those that are typed are tried on a terminal."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run, ScriptedProvider, cut, refusal, words


def test_every_line_is_a_question_and_all_turns_are_sent(run: Run, provider: ScriptedProvider) -> None:
    provider.will(words("Answer one."), words("Answer two."))
    result = run("chat", "-s", "be brief", "-t", "0.1", "--max-tokens", "7", stdin="one\n\ntwo \\\nlines\n")
    assert (result.exit_code, result.stdout) == (0, "Answer one.\nAnswer two.\n")
    second = provider.bodies[1]
    assert [turn["role"] for turn in second["messages"]] == ["system", "user", "assistant", "user"]
    assert second["messages"][2]["content"] == "Answer one."
    assert second["messages"][3]["content"] == "two \nlines"
    assert second["temperature"] == 0.1


def test_commands_change_what_is_sent(run: Run, provider: ScriptedProvider) -> None:
    lines = ["one", "/model acme/small", "/system now rhyme", "two", "/clear", "/system", "three", "/model"]
    result = run("chat", stdin="\n".join(lines))
    first, second, third = provider.bodies
    assert (first["model"], second["model"], third["model"]) == ("big", "small", "small")
    assert [turn["content"] for turn in second["messages"]] == ["now rhyme", "one", "Hello.", "two"]
    assert [turn["content"] for turn in third["messages"]] == ["three"]
    assert "The model is acme/small." in result.stderr


def test_a_wrong_command_or_name_changes_nothing(run: Run, provider: ScriptedProvider) -> None:
    result = run("chat", stdin="/modle x\n/nothing\n/model depseek/x\n/save\nhi\n/help\n/exit\nnever sent\n")
    assert result.exit_code == 0
    assert "There is no command /modle. Did you mean /model?" in result.stderr
    assert "There is no command /nothing. /help lists them." in result.stderr
    assert "Did you mean deepseek" in result.stderr
    assert "name the file: /save talk.md" in result.stderr
    assert "/clear         begin anew" in result.stderr
    assert [body["model"] for body in provider.bodies] == ["big"]


def test_a_failure_is_told_its_question_is_dropped_and_the_talk_goes_on(
    run: Run, provider: ScriptedProvider
) -> None:
    provider.will(refusal(401, "wrong key"), words("Fine."))
    result = run("chat", stdin="one\ntwo\n")
    assert result.exit_code == 1
    assert "error: acme: wrong key" in result.stderr
    assert provider.bodies[1]["messages"] == [{"role": "user", "content": "two"}]


def test_what_came_of_a_broken_answer_stays(run: Run, provider: ScriptedProvider) -> None:
    provider.will(cut("Half an"), words("Fine."))
    run("chat", stdin="one\ntwo\n")
    assert provider.bodies[1]["messages"][1] == {"role": "assistant", "content": "Half an"}


def test_a_conversation_is_saved_as_markdown_or_json(run: Run, folder: Path) -> None:
    run("chat", "-s", "sys", stdin="你好\n/save talk.md\n/save talk.json\n/save missing/talk.md\n")
    assert (folder / "talk.md").read_text(
        "utf-8"
    ) == "## system\n\nsys\n\n## user\n\n你好\n\n## assistant\n\nHello.\n"
    turns = json.loads((folder / "talk.json").read_text("utf-8"))
    assert turns[1:] == [{"role": "user", "content": "你好"}, {"role": "assistant", "content": "Hello."}]


def test_a_file_that_cannot_be_written_is_told(run: Run) -> None:
    result = run("chat", stdin="/save missing/talk.md\n")
    assert "missing/talk.md cannot be written" in result.stderr


def test_a_wrong_model_is_told_before_the_first_question(run: Run, provider: ScriptedProvider) -> None:
    assert run("chat", "-m", "depseek/x", stdin="hi\n").exit_code == 2
    assert provider.seen == []
