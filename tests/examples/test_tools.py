"""The example of tools as a program: a model that looks up, asks, and buys."""

from __future__ import annotations

from pathlib import Path

import pytest

from baimo.testing import Reply, Simulator
from baimo.types.content import ToolCall
from tests.examples.loading import run, toml


@pytest.mark.parametrize(
    ("said", "status", "told"),
    [
        ("y\n", "done", "bought 2 of black tea for 18.0 yuan"),
        ("n\n", "refused", "The user does not want it."),
    ],
)
def test_the_shop_asks_before_it_sells(tmp_path: Path, said: str, status: str, told: str) -> None:
    look = ToolCall(id="c1", name="find", arguments='{"query": "tea"}')
    buy = ToolCall(id="c2", name="buy", arguments='{"name": "black tea", "amount": 2}')
    with Simulator("deepseek") as sim:
        sim.reply(Reply(tool_calls=(look,)), Reply(tool_calls=(buy,)), "There you are.")
        (tmp_path / "baimo.toml").write_text(toml(sim.config_for(loopback=True)), "utf-8")
        done = run("tools", folder=tmp_path, said=said, BAIMO_HOME=str(tmp_path))
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == "There you are."
        assert f"[find: done]\nbuy {{'name': 'black tea', 'amount': 2}}? [y/n] [buy: {status}]" in done.stdout
        assert told in sim.last.body.decode()
        assert '[{\\"name\\":\\"black tea\\",\\"price\\":9.0}' in sim.last.body.decode()
