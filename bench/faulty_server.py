"""The provider of the soak: the simulator, whose replies go wrong where the request says so.

Prints its port and serves on 127.0.0.1 until its standard input ends.
"""

from __future__ import annotations

import sys

from baimo.simulator.engine import Simulation
from baimo.simulator.faces import Faces
from baimo.simulator.loopback import Loopback
from baimo.simulator.scripts import fixed

WORDS = " ".join(["river stone cloud field light night apple bread"] * 4)
"""What it answers when nothing goes wrong."""


def main() -> None:
    simulation = Simulation(Faces(("openai",)))
    simulation.script = fixed(WORDS)
    loopback = Loopback(simulation)
    loopback.start()
    print(loopback.origin_of("openai").rpartition(":")[2], flush=True)
    sys.stdin.buffer.read()
    loopback.stop()


if __name__ == "__main__":
    main()
