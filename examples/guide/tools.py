"""A model that looks things up and asks before it spends money: python tools.py [MODEL] [QUESTION]"""

from __future__ import annotations

import sys
from typing import Any, Literal

import baimo

STOCK = {"green tea": 12.5, "black tea": 9.0}


def find(query: str, sort: Literal["name", "price"] = "price") -> list[dict[str, Any]]:
    """Find what the shop sells.

    Args:
        query: A word of its name.
        sort: By what the list is ordered.
    """
    found = [{"name": name, "price": price} for name, price in STOCK.items() if query.lower() in name]
    return sorted(found, key=lambda one: one[sort])


@baimo.tool(needs_approval=True)
async def buy(name: str, amount: int = 1) -> str:
    """Buy something; its name is that which `find` gives."""
    if name not in STOCK:
        raise baimo.ToolError(f"the shop does not sell {name}")
    return f"bought {amount} of {name} for {STOCK[name] * amount} yuan"


def allow(use: baimo.ToolUse) -> bool | str:
    """Ask the person who sits there."""
    answer = input(f"{use.name} {use.arguments}? [y/n] ")
    return answer.strip() == "y" or "The user does not want it."


def main(model: str = "deepseek/deepseek-flash", question: str = "Buy me the cheapest tea.") -> None:
    """Show the run as it happens."""
    with (
        baimo.Client() as client,
        client.run_stream(model, question, tools=[find, buy], approve=allow, max_steps=6) as stream,
    ):
        for event in stream:
            if isinstance(event, baimo.ToolReturned):
                print(f"[{event.run.call.name}: {event.run.status}]")
        print(stream.result.text)


if __name__ == "__main__":
    main(*sys.argv[1:3])
