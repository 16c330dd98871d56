"""What a run needs: an environment for each lock in `requirements/`, and a server. Kept under `.cache/`."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
CACHE = ROOT / ".cache" / "bench"


def _key(content: bytes) -> str:
    kind = f"{sys.version}|{platform.platform()}|".encode()
    return hashlib.sha256(kind + content).hexdigest()[:16]


def python_of(lock: str) -> Path:
    """The interpreter of a lock's environment, which is made when it is not there yet."""
    requirements = Path("bench", "requirements", f"{lock}.txt")
    print(f"environment of {requirements} ...", file=sys.stderr)
    made = subprocess.run(
        ["scripts/env", requirements],
        cwd=ROOT,
        env={**os.environ, "PYTHON": sys.executable},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return Path(made.stdout.strip(), "bin", "python")


def server_command(kind: str, python: Path) -> list[str | Path]:
    """The server's command line: the compiled one where `kind` allows it and a compiler is, else Python's."""
    source = Path(__file__).parent / "server.c"
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if kind == "python" or (kind == "auto" and (compiler is None or sys.platform != "linux")):
        return [python, source.with_suffix(".py")]
    if compiler is None:
        raise SystemExit("no C compiler: set CC, or use --server python")
    program = CACHE / f"server-{_key(source.read_bytes())}"
    if not program.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        made = program.with_suffix(f".{os.getpid()}")
        subprocess.run([compiler, "-O2", "-o", made, source], check=True)
        made.replace(program)
    return [program]


def socket_command(python: Path) -> list[str | Path]:
    """The command line of the WebSocket server: Python's, for a stream's pieces are made before."""
    return [python, Path(__file__).parent / "socket_server.py"]
