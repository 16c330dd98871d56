from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from baimo.errors import LocalModelError
from baimo.local.store import Record, Store, check_gguf, weights_name
from tests.local.making import gguf


def record(name: str = "tiny", size: int = 10) -> Record:
    return Record(name=name, file=weights_name(name), size=size, source="a test")


def keep(store: Store, name: str, data: bytes) -> Path:
    with store.lock(name, pytest.fail), store.workspace(name) as folder:
        (folder / "w").write_bytes(data)
        return store.keep(record(name, len(data)), folder / "w")


def test_what_is_kept_is_found_again(tmp_path: Path) -> None:
    path = keep(Store(tmp_path), "qwen3:0.6b", b"0123456789")
    again = Store(tmp_path)
    found = again.find("qwen3:0.6b")
    assert found == record("qwen3:0.6b")
    assert again.path(found) == path
    assert path.read_bytes() == b"0123456789"
    assert again.all() == (found,)


def test_an_empty_home_has_no_models(tmp_path: Path) -> None:
    assert Store(tmp_path / "nowhere").all() == ()
    assert Store(tmp_path / "nowhere").find("tiny") is None


@pytest.mark.parametrize("harm", ["missing", "short"])
def test_weights_that_are_gone_or_cut_are_no_model(tmp_path: Path, harm: str) -> None:
    store = Store(tmp_path)
    path = keep(store, "tiny", b"0123456789")
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(b"0123")
    assert store.find("tiny") is None
    assert store.all() == ()


def test_names_that_differ_never_share_a_file(tmp_path: Path) -> None:
    store = Store(tmp_path)
    paths = {keep(store, name, name.encode()) for name in ("a:b", "a-b", "a/b", "a%3Ab", "..")}
    assert len(paths) == 5
    assert {path.parent for path in paths} == {store.folder}
    assert len(store.all()) == 5


def test_a_broken_record_says_which_file_it_is(tmp_path: Path) -> None:
    store = Store(tmp_path)
    keep(store, "tiny", b"0123456789")
    (store.folder / "tiny.json").write_text("{", "utf-8")
    with pytest.raises(LocalModelError, match=r"tiny\.json"):
        store.find("tiny")


def test_a_workspace_is_gone_afterwards_even_when_the_work_fails(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def fail() -> None:
        with store.lock("tiny", pytest.fail), store.workspace("tiny") as folder:
            (folder / "half").write_bytes(b"x")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [path.name for path in store.folder.iterdir()] == [".tiny.lock"]


def test_what_a_killed_pull_left_is_cleared_by_the_next_one(tmp_path: Path) -> None:
    store = Store(tmp_path)
    left = store.folder / ".pull-tiny-old"
    left.mkdir(parents=True)
    (left / "half.whl").write_bytes(b"x")
    other = store.folder / ".pull-other-old"
    other.mkdir()
    keep(store, "tiny", b"0123456789")
    assert not left.exists()
    assert other.exists()


def test_a_lock_is_waited_for_while_somebody_holds_it(tmp_path: Path) -> None:
    class EnoughError(Exception):
        pass

    waits = 0

    def wait() -> None:
        nonlocal waits
        waits += 1
        if waits == 3:
            raise EnoughError

    store = Store(tmp_path)
    with store.lock("tiny", pytest.fail), pytest.raises(EnoughError), Store(tmp_path).lock("tiny", wait):
        pytest.fail("two at once")
    with Store(tmp_path).lock("tiny", pytest.fail):
        assert waits == 3


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from baimo.local.store import Store\n"
        f"with Store(Path({str(tmp_path)!r})).lock('tiny', lambda: None):\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        process.kill()
    with Store(tmp_path).lock("tiny", pytest.fail):
        pass


def test_a_gguf_file_is_known_by_its_head(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(gguf(1234))
    assert check_gguf(path) == 1234


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no GGUF file"),
        (b"PK\x03\x04 a zip", "no GGUF file"),
        (b"version https://git-lfs.example/spec/v1\n", "Git LFS pointer"),
        (b"GGUF\x01\0\0\0", "version 1"),
        (b"GGUF\0", "version 0"),
    ],
)
def test_a_file_that_is_no_gguf_is_refused_with_the_reason(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(data)
    with pytest.raises(LocalModelError, match=words):
        check_gguf(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LocalModelError, match=r"gone\.gguf cannot be read"):
        check_gguf(tmp_path / "gone.gguf")


def test_a_folder_that_cannot_be_used_is_named_with_its_cure(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LocalModelError, match="cannot be used: Not a directory") as caught:
        Store(tmp_path / "file" / "models").find("smollm2")
    assert "BAIMO_HOME" in str(caught.value.hint)
