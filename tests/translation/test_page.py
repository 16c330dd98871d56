"""The page on translation: its code runs as it stands."""

from __future__ import annotations

import pytest

from tests.docs.pages import blocks


@pytest.mark.parametrize("page", ["docs/translation.md", "docs/zh/translation.md"])
def test_the_code_of_the_page_runs(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    for code in blocks(page, "python"):
        exec(compile(code, page, "exec"), {})
    said = capsys.readouterr().out
    assert '"Model":"hunyuan-turbos-latest"' in said
    assert "dropped left out: hunyuan cannot be told logit_bias" in said
    assert "Hello" in said
