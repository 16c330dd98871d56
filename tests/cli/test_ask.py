"""One question, one answer, in every form in which it can be shown."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run, ScriptedProvider, cut, refusal, words


def test_the_answer_goes_to_standard_output_and_nothing_else_does(run: Run, provider: ScriptedProvider) -> None:
    provider.will(words("Sky is **blue**."))
    result = run("ask", "why?")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "Sky is **blue**.\n", "")
    assert provider.bodies[0]["messages"] == [{"role": "user", "content": "why?"}]
    assert provider.bodies[0]["stream"] is True
