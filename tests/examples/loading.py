"""The programs in `examples/`, as modules and as programs."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "examples" / "guide"


def load(name: str) -> Any:
    """An example as a module."""
    spec = spec_from_file_location(f"example_{name}", GUIDE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(
    name: str, *arguments: str, folder: Path, said: str = "", **env: str
) -> subprocess.CompletedProcess[str]:
    """An example as a program, in a folder with its baimo.toml, in UTF-8."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "SYSTEMROOT") if key in os.environ}
    return subprocess.run(
        [sys.executable, str(GUIDE / f"{name}.py"), *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1", **env},
        input=said,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=50,
    )


def toml(table: dict[str, Any], path: str = "") -> str:
    """Nested tables of texts as a configuration file."""
    lines = [f"{key} = {value!r}".replace("'", '"') for key, value in table.items() if isinstance(value, str)]
    whole = f"[{path}]\n" + "\n".join(lines) + "\n" if lines and path else "\n".join(lines)
    for key, value in table.items():
        if isinstance(value, dict):
            whole += toml(value, f"{path}.{key}" if path else key)
    return whole
