"""A simulated provider that the commands which make things can call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from baimo.simulator import faces
from baimo.testing import Simulator


@contextmanager
def simulated() -> Iterator[tuple[Simulator, dict[str, str]]]:
    """OpenAI on loopback, and the variables by which it is found."""
    with Simulator("openai") as simulator:
        table = faces.make("openai").configuration(simulator.origin_of("openai"))["chat"]
        yield simulator, {"OPENAI_API_KEY": str(table["api_key"]), "OPENAI_BASE_URL": str(table["base_url"])}
