"""What would be sent, shown without sending it."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from baimo.cli.shown import as_curl
from baimo.wire.http import HttpRequest
from tests.cli.conftest import Run, ScriptedProvider, environment

KEY = "sk-fake-0123456789abcdef"


def test_nothing_is_sent_and_the_whole_request_is_shown(run: Run, provider: ScriptedProvider) -> None:
    result = run("ask", "--show", "hello", "-t", "0.5")
    assert result.exit_code == 0
    assert provider.seen == []
    assert result.stdout.startswith(f"POST {provider.url}/chat/completions\n")
    assert '  "temperature": 0.5' in result.stdout
    assert "\n# curl\ncurl -N " in result.stdout
    assert "\n# Python\nimport baimo\n" in result.stdout


def test_a_key_is_masked_everywhere(run: Run) -> None:
    for flags in ((), ("--json",)):
        result = run("ask", "--show", "hello", "-m", "deepseek/x", *flags, DEEPSEEK_API_KEY=KEY)
        assert KEY not in result.output
        assert "…cdef" in result.stdout
        assert "${DEEPSEEK_API_KEY}" in result.stdout


def test_a_key_that_is_not_set_is_stood_for_by_its_variable(run: Run) -> None:
    result = run("ask", "--show", "hello", "-m", "deepseek/x")
    assert "Authorization: Bearer $DEEPSEEK_API_KEY\n" in result.stdout
    assert '-H "Authorization: Bearer ${DEEPSEEK_API_KEY}"' in result.stdout


def test_the_curl_line_says_the_same_to_a_shell(run: Run) -> None:
    prompt = 'it\'s "quoted" $HOME `x` \\ 你好'
    shown = json.loads(run("ask", "--show", "--json", prompt).stdout)
    words = shlex.split(shown["curl"].replace("\\\n", ""))
    assert words[:3] == ["curl", "-N", shown["url"]]
    assert json.loads(words[words.index("-d") + 1]) == shown["body"]
    headers = dict(word.split(": ", 1) for at, word in enumerate(words) if words[at - 1] == "-H")
    assert headers == shown["headers"]


def test_a_body_too_long_for_a_command_line_is_named_as_a_file() -> None:
    request = HttpRequest(method="POST", origin="http://127.0.0.1:1", target=b"/")
    assert "@body.json" in as_curl(request, [], b"x" * 30_000, {})


@pytest.mark.parametrize("stream", [True, False])
def test_the_python_makes_the_very_same_request(
    run: Run, provider: ScriptedProvider, folder: Path, stream: bool
) -> None:
    (folder / "a.gif").write_bytes(b"GIF89a" + bytes(8))
    args = ["ask", "a 'b' \"c\"\n你", "-i", "a.gif", "-i", "https://x.example/y", "--max-tokens", "5"]
    args += ["-s", "sys", "--schema", '{"type": "object"}', "--stream" if stream else "--no-stream"]
    shown = run(*args, "--show").stdout
    snippet = shown.partition("# Python\n")[2]
    done = subprocess.run([sys.executable, "-c", snippet], capture_output=True, env=environment(), timeout=30)
    assert done.stdout.decode().strip() == "Hello."
    run(*args)
    by_python, by_command = provider.bodies
    assert by_python == by_command


def test_long_values_are_shortened_where_they_are_shown(run: Run, folder: Path) -> None:
    (folder / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(3000))
    shown = run("ask", "--show", "x", "-i", "a.png").stdout
    assert "… (4,034 characters)" in shown


def test_the_embedded_model_has_no_address_to_call(run: Run) -> None:
    assert "there is no address to call" in run("ask", "--show", "x", "-m", "local/smollm2").stdout


def test_a_wrong_name_is_told_as_ever(run: Run) -> None:
    result = run("ask", "--show", "x", "-m", "depseek/x")
    assert result.exit_code == 2
    assert "Did you mean deepseek" in result.stderr
