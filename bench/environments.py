"""The environments of those under measure: one per lock in `requirements/`, kept under `.cache/bench/`."""

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
    requirements = Path(__file__).parent / "requirements" / f"{lock}.txt"
    home = CACHE / _key(requirements.read_bytes())
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    done = home / "complete"
    if done.exists():
        return python
    print(f"making the environment {lock} ...", file=sys.stderr)
    shutil.rmtree(home, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", home], check=True)
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "--require-hashes", "--requirement", requirements], check=True)
    done.touch()
    return python


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
