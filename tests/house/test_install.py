"""What a user gets who installs Baimo without extras, and what importing it costs."""

from __future__ import annotations

import re
import resource
import statistics
import zipfile
from pathlib import Path

import pytest

from tests.house import sources
from tests.house.conftest import run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

DISTRIBUTIONS = {"baimo", "click", "httptools", "msgspec", "truststore", "websockets"}
INSTALLED_BYTES = 10_000_000
RESIDENT_BYTES = 20_000_000
IMPORT_RATIO = 0.75
RUNS = 15


def _packages(python: Path) -> Path:
    return Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())


def test_the_base_install_is_six_distributions(fresh: Path) -> None:
    names = {path.name.split("-")[0].lower() for path in _packages(fresh).glob("*.dist-info")}
    assert names == DISTRIBUTIONS


def test_the_base_install_stays_small(fresh: Path) -> None:
    size = sum(
        path.stat().st_size
        for path in _packages(fresh).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    )
    assert size <= INSTALLED_BYTES


def test_nothing_runs_at_the_start_of_python(fresh: Path) -> None:
    assert list(_packages(fresh).glob("*.pth")) == []


def test_the_wheel_holds_everything_the_package_reads(wheel: Path) -> None:
    held = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("baimo/")}
    ours = {
        path.relative_to(sources.ROOT / "src").as_posix()
        for path in sources.tracked()
        if path.is_relative_to(sources.PACKAGE)
    }
    assert held == ours
    assert "baimo/py.typed" in held


def test_the_command_answers_without_the_extras(fresh: Path) -> None:
    said = run(fresh.parent / "baimo", "--version")
    assert re.search(r"\b0\.1\.0\b", said)


def test_importing_loads_nothing_heavy(fresh: Path) -> None:
    heavy = (
        "asyncio ctypes dataclasses email http importlib.metadata inspect json logging msgspec pathlib re "
    )
    heavy += "socket ssl subprocess threading tomllib typing_extensions urllib.parse"
    found = run(
        fresh, "-c", f"import sys, baimo; print(*[name for name in {heavy.split()} if name in sys.modules])"
    )
    assert found.split() == []


def test_importing_takes_little_memory(fresh: Path) -> None:
    """Resident, after the import, in a new process."""
    pages = run(fresh, "-c", "import baimo; print(open('/proc/self/statm').read().split()[1])")
    assert int(pages) * resource.getpagesize() <= RESIDENT_BYTES


def _cpu_s(python: Path, code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(python, "-c", code)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_importing_costs_less_than_the_standard_modules_of_a_client(fresh: Path) -> None:
    """CPU time of whole processes, the two in turn, medians."""
    both = [(_cpu_s(fresh, "import baimo"), _cpu_s(fresh, "import json, asyncio, ssl")) for _ in range(RUNS)]
    ours, theirs = zip(*both, strict=True)
    assert statistics.median(ours) <= IMPORT_RATIO * statistics.median(theirs)
