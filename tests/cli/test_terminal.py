"""What a person sees and does on a real terminal."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import WITHOUT_EXTRAS, ScriptedProvider, endless, refusal, words
from tests.cli.terminal import Terminal

MARKDOWN = "# Title\n\nSome **bold** words.\n\n- one\n- two\n\n```\ncode\n```\n"


def test_markdown_is_rendered_for_a_person(folder: Path, provider: ScriptedProvider) -> None:
    provider.will(words(MARKDOWN))
    with Terminal("ask", "hi") as terminal:
        assert terminal.end() == 0
    assert "Some bold words." in terminal.text
    assert " • one" in terminal.text
    assert "**" not in terminal.text and "```" not in terminal.text


def test_without_the_extra_the_words_come_as_they_are(folder: Path, provider: ScriptedProvider) -> None:
    provider.will(words(MARKDOWN))
    with Terminal("ask", "hi", before=WITHOUT_EXTRAS) as terminal:
        assert terminal.end() == 0
    assert terminal.raw.replace("\r\n", "\n") == MARKDOWN


def test_an_answer_cannot_steer_the_terminal(folder: Path, provider: ScriptedProvider) -> None:
    evil = "safe\x1b]0;owned\x07\x1b[2J\x9b5m end"
    provider.will(words(evil), words(evil))
    for before in ("", WITHOUT_EXTRAS):
        with Terminal("ask", "hi", before=before) as terminal:
            terminal.expect("end")
            assert terminal.end() == 0
        assert "\x1b]0;" not in terminal.raw and "\x1b[2J" not in terminal.raw and "\x9b" not in terminal.raw


def test_ctrl_c_ends_an_answer_with_code_130(folder: Path, provider: ScriptedProvider) -> None:
    provider.will(endless("word "))
    with Terminal("ask", "hi", interrupted=True) as terminal:
        terminal.expect("word word")
        terminal.type("\x03")
        assert terminal.end() == 130
    assert "Traceback" not in terminal.raw


def test_ctrl_c_in_a_conversation_stops_the_answer_and_not_the_program(
    folder: Path, provider: ScriptedProvider
) -> None:
    provider.will(endless("word "), words("The second answer."))
    with Terminal("chat", interrupted=True) as terminal:
        terminal.expect(">")
        terminal.type("first\r")
        terminal.expect("word word")
        terminal.type("\x03")
        terminal.expect("Stopped.")
        terminal.expect(">")
        assert provider.gone.wait(10)
        terminal.type("second\r")
        terminal.expect("The second answer.")
        terminal.expect(">")
        terminal.type("\x04")
        assert terminal.end() == 0
    turns = provider.bodies[1]["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert turns[1]["content"].startswith("word word")


def test_a_line_that_ends_with_a_backslash_goes_on(folder: Path, provider: ScriptedProvider) -> None:
    with Terminal("chat") as terminal:
        terminal.expect(">")
        terminal.type("one\\\r")
        terminal.expect("…")
        terminal.type("two\x1b\rthree\r")
        terminal.expect("Hello.")
        terminal.expect(">")
        terminal.type("/exit\r")
        assert terminal.end() == 0
    assert provider.bodies[0]["messages"][0]["content"] == "one\ntwo\nthree"


def test_a_conversation_needs_no_extra(folder: Path, provider: ScriptedProvider) -> None:
    provider.will(refusal(401, "wrong key"), words("Plain answer."))
    with Terminal("chat", before=WITHOUT_EXTRAS, interrupted=True) as terminal:
        terminal.expect("> ")
        terminal.type("one\r")
        terminal.expect("error: acme: wrong key")
        terminal.expect("> ")
        terminal.type("two \\\r")
        terminal.expect("… ")
        terminal.type("lines\r")
        terminal.expect("Plain answer.")
        terminal.expect("> ")
        terminal.press_until("\x03", "Ctrl-D or /exit leaves.")
        terminal.expect("> ")
        terminal.type("\x04")
        assert terminal.end() == 0
    assert provider.bodies[1]["messages"] == [{"role": "user", "content": "two \nlines"}]


def test_answers_stand_side_by_side(folder: Path, provider: ScriptedProvider) -> None:
    provider.will(words("Left words."), model="big")
    provider.will(words("Right words."), model="small")
    with Terminal("compare", "hi", "-m", "acme/big", "-m", "acme/small") as terminal:
        assert terminal.end() == 0
    both = next(line for line in terminal.text.splitlines() if "Left words." in line)
    assert both.index("Right words.") > 30


def test_narrow_terminals_get_one_answer_below_the_other(folder: Path, provider: ScriptedProvider) -> None:
    args = ("compare", "hi", "-m", "acme/big", "-m", "acme/small")
    with Terminal(*args, columns=50) as terminal:
        terminal.expect("── acme/big")
        terminal.expect("── acme/small")
        assert terminal.end() == 0


def test_a_key_is_asked_for_unseen_and_stored_for_its_owner_alone(folder: Path, tmp_path: Path) -> None:
    with Terminal("config", "set-key", "deepseek") as terminal:
        terminal.expect("https://platform.deepseek.com")
        terminal.expect("(not shown)")
        terminal.type('"quoted"\r')
        terminal.expect("it stands in quotes")
        terminal.expect("(not shown)")
        terminal.type("tp-fake-0123456789\r")
        terminal.expect("Store it all the same?")
        terminal.type("n\r")
        terminal.expect("(not shown)")
        terminal.type("sk-fake-0123456789abcdef\r")
        terminal.expect("Make a small test call?")
        terminal.type("n\r")
        assert terminal.end() == 0
    assert "0123456789" not in terminal.raw
    stored = tmp_path / "home" / "config.toml"
    assert "sk-fake-0123456789abcdef" in stored.read_text("utf-8")
    assert stored.stat().st_mode & 0o777 == 0o600


def test_what_was_typed_is_remembered_for_its_owner_alone(folder: Path, tmp_path: Path) -> None:
    with Terminal("chat") as terminal:
        terminal.expect(">")
        terminal.type("remember me\r")
        terminal.expect("Hello.")
        terminal.expect(">")
        terminal.type("\x04")
        assert terminal.end() == 0
    history = tmp_path / "home" / "data" / "chat_history"
    assert "remember me" in history.read_text("utf-8")
    assert history.stat().st_mode & 0o777 == 0o600


def test_a_table_wraps_at_the_edge_of_the_terminal(folder: Path) -> None:
    with Terminal("providers", "hunyuan", columns=60, BAIMO_LANG="zh") as terminal:
        assert terminal.end() == 0
    assert "腾讯混元" in terminal.text
    assert max(len(line) for line in terminal.text.splitlines()) <= 60


def test_a_set_of_credentials_is_chosen_and_asked_for_one_by_one(folder: Path, tmp_path: Path) -> None:
    with Terminal("config", "set-key", "hunyuan", columns=200) as terminal:
        terminal.expect("1. tokenhub: api_key")
        terminal.expect("2. native: secret_id, secret_key")
        terminal.type("2\r")
        terminal.expect("SecretId in the console")
        terminal.expect("(not shown)")
        terminal.type("sk-fake-0123456789\r")
        terminal.expect("this is an API key")
        terminal.type("n\r")
        terminal.expect("(not shown)")
        terminal.type("AKIDexample0000000000000000000000001\r")
        terminal.expect("SecretKey in the console")
        terminal.expect("(not shown)")
        terminal.type("exampleSecretKeyOfTencent0000001\r")
        terminal.expect("Make a small test call?")
        terminal.type("n\r")
        assert terminal.end() == 0
    stored = (tmp_path / "home" / "config.toml").read_text("utf-8")
    assert 'secret_id = "AKIDexample0000000000000000000000001"' in stored
    assert "exampleSecretKey" not in terminal.raw
