"""The layout of help pages."""

from __future__ import annotations

import pytest

from baimo.cli.width import width
from tests.cli.conftest import Run


def test_a_page_shows_usage_options_and_examples_and_nothing_of_clicks_own(run: Run) -> None:
    page = run("ask", "-h").stdout
    assert page.startswith("Usage: baimo ask [OPTIONS] [PROMPT]...\n\n  Ask one question")
    assert "\nOptions:\n  -m, --model NAME " in page
    assert "\nExamples:\n  baimo ask " in page
    assert "[x>=1]" not in page and "Show this message and exit" not in page


@pytest.mark.parametrize("command", ["ask", "compare", "config set-key"])
def test_chinese_lines_stay_within_the_terminal(run: Run, command: str) -> None:
    page = run(*command.split(), "-h", BAIMO_LANG="zh", COLUMNS="60").stdout
    described, _, examples = page.partition("\n示例：")
    assert max(width(line) for line in described.splitlines()) <= 60
    assert examples


def test_a_group_lists_its_commands_without_importing_them(run: Run) -> None:
    page = run("config", "-h", BAIMO_LANG="zh").stdout
    assert "用法：baimo config [选项] 命令 [参数]..." in page
    assert "\n  set-key   保存服务商的密钥。\n" in page
