from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from baimo.errors import MissingExtraError, TransportError
from baimo.local.engine import Engine, Engines, Weights, engines
from baimo.local.store import Store
from baimo.transports.options import TransportOptions
from baimo.transports.sync import SyncTransport
from baimo.wire.http import HttpRequest


@pytest.fixture
def weights(home: Path) -> Weights:
    record = Store(home).find("smollm2")
    assert record is not None
    return Weights(path=Store(home).path(record), name="smollm2", context=2048)


def status_of(engine: Engine, key: str) -> int:
    network = SyncTransport(TransportOptions(proxies=False))
    request = HttpRequest(
        method="POST",
        origin=engine.origin,
        target=b"/v1/chat/completions",
        headers=((b"Authorization", f"Bearer {key}".encode()), (b"Connection", b"close")),
        body=b'{"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}',
    )
    try:
        return network.open(request, connect_s=5, head_s=50).head.status
    finally:
        network.close()


def test_weights_are_loaded_once_however_many_ask(weights: Weights) -> None:
    mine = Engines()
    got: list[Engine] = []
    threads = [threading.Thread(target=lambda: got.append(mine.get(weights))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(engine) for engine in got}) == 1
    assert mine.loaded(weights) is got[0]
    mine.close()
    assert mine.loaded(weights) is None


def test_another_use_of_the_same_file_is_another_engine(weights: Weights) -> None:
    mine = Engines()
    assert mine.get(weights) is not mine.get(weights._replace(embeds=True))
    mine.close()


def test_nobody_without_the_key_is_answered(weights: Weights) -> None:
    mine = Engines()
    engine = mine.get(weights)
    assert engine.origin.startswith("http://127.0.0.1:")
    assert status_of(engine, engine.key.reveal()) == 200
    assert status_of(engine, "guessed") == 401
    assert engine.key.reveal() not in repr(vars(engine))
    mine.close()


def test_an_engine_can_be_closed_as_soon_as_it_is_there(weights: Weights) -> None:
    for _ in range(5):
        mine = Engines()
        mine.get(weights)
        mine.close()


def test_a_closed_engine_listens_no_more(weights: Weights) -> None:
    mine = Engines()
    engine = mine.get(weights)
    mine.close()
    with pytest.raises(TransportError):
        status_of(engine, engine.key.reveal())


def test_a_missing_package_says_what_to_install(weights: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'baimo\[local\]'"):
        Engines().get(weights)


def test_loading_leaves_the_environment_as_it_was(weights: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    before = dict(os.environ)
    mine = Engines()
    mine.get(weights)
    mine.close()
    assert dict(os.environ) == before
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    mine.get(weights)
    mine.close()
    assert os.environ["GOMP_SPINCOUNT"] == "7"


def test_a_process_has_one_collection() -> None:
    assert engines() is engines()


_PROGRAM = """
import contextlib, os, sys, threading
from pathlib import Path
from baimo.errors import TransportError
from baimo.local.run import LocalTransport
from tests.local.asking import ENDLESS, chat, whole

local = LocalTransport(home=Path(sys.argv[1]))

def answer(**more):
    return local.open(chat("Hi", **more), connect_s=5, head_s=50)

def count():
    return whole(answer(max_tokens=3, ignore_eos=True))["usage"]["completion_tokens"]

def quietly(call, **more):
    with contextlib.suppress(TransportError):
        call(**more)
"""


# An event loop that is neither closed nor run to its end, as at the end of an interactive session.
_LOOP_LEFT_OPEN = """
import asyncio, warnings
from baimo.local.run import AsyncLocalTransport
warnings.simplefilter("ignore", ResourceWarning)
loop = asyncio.new_event_loop()
other = AsyncLocalTransport(home=Path(sys.argv[1]))
reply = loop.run_until_complete(other.open(chat("Hi", stream=True, **ENDLESS), connect_s=5, head_s=50))
loop.run_until_complete(reply.read(50))
print(count())
"""


def run(program: str, home: Path) -> subprocess.CompletedProcess[str]:
    paths = [str(Path(__file__).parents[2] / "src"), str(Path(__file__).parents[2])]
    return subprocess.run(
        [sys.executable, "-c", _PROGRAM + program, str(home)],
        capture_output=True,
        text=True,
        timeout=50,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
    )


@pytest.mark.parametrize(
    "ending",
    [
        "print(count())",
        "print(count()); local.close()",
        "reply = answer(stream=True, **ENDLESS); reply.read(50); print(3)",
        "threading.Thread(target=quietly, args=[answer], kwargs=ENDLESS, daemon=True).start()\n"
        "print(count())",
        _LOOP_LEFT_OPEN,
        "threading.Thread(target=quietly, args=[count], daemon=True).start(); print(count())",
    ],
    ids=[
        "unclosed",
        "closed",
        "in mid-stream",
        "with a whole reply under way",
        "with a loop that was never closed",
        "with a call on a daemon thread",
    ],
)
def test_a_program_ends_at_once_and_in_silence(home: Path, ending: str) -> None:
    done = run(ending, home)
    assert (done.stdout, done.stderr, done.returncode) == ("3\n", "", 0)


def test_an_error_of_the_program_is_still_seen_on_stderr(home: Path) -> None:
    done = run("count(); raise SystemExit('mine')", home)
    assert (done.stderr, done.returncode) == ("mine\n", 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_a_child_forked_after_loading_is_told_so_and_both_end_well(home: Path) -> None:
    done = run(
        """
from baimo.errors import LocalModelError
count()
if (child := os.fork()) == 0:
    try:
        count()
    except LocalModelError as error:
        print("child:", error.message, flush=True)
    sys.exit(7)
print("ended with", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), "parent", count())
""",
        home,
    )
    told = "child: this process was forked from one that had already loaded an embedded model\n"
    assert done.stdout == told + "ended with 7 parent 3\n", done.stderr
    assert done.returncode == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_a_child_forked_before_loading_loads_its_own(home: Path) -> None:
    done = run(
        """
from tests.local.asking import request
local.open(request("/models"), connect_s=5, head_s=5)
if (child := os.fork()) == 0:
    print("child", count(), flush=True)
    sys.exit(7)
print("ended with", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), "parent", count())
""",
        home,
    )
    assert done.stdout == "child 3\nended with 7 parent 3\n", done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_a_forked_child_that_asks_nothing_ends_well(home: Path) -> None:
    done = run(
        """
count()
if (child := os.fork()) == 0:
    sys.exit(5)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
""",
        home,
    )
    assert (done.stdout, done.returncode) == ("5\n", 0), done.stderr
