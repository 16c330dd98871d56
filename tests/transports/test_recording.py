"""Recordings: no secret in them, one file a call, for its owner only, and no more of them than are wanted."""

from __future__ import annotations

import logging
import os
import resource
import threading
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.config.services import RecordSettings
from baimo.errors import ConfigError, TimedOutError
from baimo.testing import Simulator
from baimo.transports import recorded as lines
from baimo.transports.masking import Mask, mask_of, open_target, told_secrets
from baimo.transports.recorded import Piece, Sent, fault_of, read_recording
from baimo.transports.recorder import CallRecorder, Recorder
from baimo.wire.http import WireHead
from tests.recordings import ID, arecorded, call_record, recorded
from tests.scripted import OK, Script
from tests.spoken import endpoints, model_of


@pytest.mark.parametrize(("provider", "endpoint"), list(endpoints()))
def test_no_credential_stands_in_the_file_of_any_provider(
    provider: str, endpoint: str, tmp_path: Path
) -> None:
    sim = Simulator()
    known = sim.config_for({provider: endpoint})["providers"][provider]
    secrets = {name: str(known[name]) for name in sim.credentials_of(provider) if name in known}
    assert secrets
    sim.reply("As you said: " + ", ".join(secrets.values()))  # a provider that tells them in its answer
    sim.fault("500", times=1)
    was = recorded(
        sim,
        tmp_path,
        model_of(provider, endpoint),
        endpoints={provider: endpoint},
        messages="Do not tell anybody.",
    )
    assert was.outcome == "answered"
    data = was.path.read_bytes()
    assert [name for name, secret in secrets.items() if secret.encode() in data] == []
    assert b"authorization=" not in data and b"Signature=" not in data
    sent = [one for one in read_recording(was.path).lines if isinstance(one, Sent)]
    assert len(sent) >= 2
    for one in sent:
        fields = dict(one.headers)
        assert all(fields[name] == "****" for name in fields if name.lower() in ("authorization", "api-key"))


async def test_a_token_that_was_fetched_stands_nowhere(tmp_path: Path) -> None:
    sim = Simulator()
    face = sim.credentials_of("pangu")
    table = {
        **{name: face[name] for name in ("iam_user", "iam_password", "iam_domain")},
        "base_url": "http://127.0.0.1:1",
        "iam_endpoint": "http://127.0.0.1:1",
        "region": "cn-southwest-2",
        "endpoint": "v1",
    }
    config = sim.config
    origin = config["providers"]["pangu"]["base_url"]
    config["providers"]["pangu"] = {**table, "base_url": origin, "iam_endpoint": origin}
    was = await arecorded(sim, tmp_path, "pangu/pangu-n1", client={"config": config})
    assert was.outcome == "answered"
    data = was.path.read_bytes()
    for name in ("iam_user", "iam_password", "iam_domain"):
        assert face[name].encode() not in data
    granted = [one for one in read_recording(was.path).lines if isinstance(one, lines.Granted)]
    assert [(one.fetched, one.names) for one in granted] == [(True, ("iam_token",))]
    fields = [one for one in read_recording(was.path).lines if isinstance(one, lines.Came)]
    token = dict(fields[0].headers)["x-subject-token"]
    assert set(token) == {"*"}


SECRET = "sk-fake-one-two-three"


@given(st.lists(st.integers(min_value=0, max_value=60), max_size=6))
def test_a_secret_is_found_however_the_pieces_are_cut(cuts: list[int]) -> None:
    body = b"you sent " + SECRET.encode() + b" and that was it, was it not?"
    at = sorted({0, len(body), *cuts})
    pieces = [body[one:other] for one, other in pairwise(at)]
    masked = Mask([SECRET]).pieces(pieces)
    assert b"".join(masked) == body.replace(SECRET.encode(), b"*" * len(SECRET))
    assert [len(piece) for piece in masked] == [len(piece) for piece in pieces]


def test_secrets_are_found_as_json_and_addresses_write_them() -> None:
    mask = Mask(['pass"word/é1'])
    assert mask.fixed(rb'{"a":"pass\"word/\u00e9"}') == rb'{"a":"pass\"word/\u00e9"}'
    assert mask.fixed('{"a":"pass\\"word/é1"}'.encode()) == b'{"a":"****"}'
    assert mask.fixed(b"?key=pass%22word%2F%C3%A91&b=1") == b"?key=****&b=1"


def test_a_short_secret_is_masked_where_it_is_a_whole_text() -> None:
    assert Mask(["bob"]).fixed(b'{"user":"bob","said":"bobsleigh"}') == b'{"user":"****","said":"bobsleigh"}'
    assert Mask(["bob", ""]).even(b'["bob", "bobsleigh"]') == b'["***", "bobsleigh"]'


def test_figures_stay_figures_so_that_numbers_can_be_read() -> None:
    assert mask_of("12345678") == "99999999"
    masked = Mask(["12345678"]).fixed(b'{"seed":12345678,"app_id":"12345678"}')
    assert msgspec.json.decode(masked) == {"seed": 99999999, "app_id": "99999999"}
    assert Mask(["12345678"]).even(b"12345678") == b"99999999"


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("/v1/chat", "/v1/chat"),
        ("/v1/chat?api-version=3", "/v1/chat?api-version=3"),
        ("/v1/chat?key=abc&n=1", "/v1/chat?key=****&n=1"),
        ("/v3.5/chat?authorization=YXBp&date=Fri&host=h", "/v3.5/chat"),
        ("/v3.5/chat?a=1&authorization=YXBp&date=Fri&host=h", "/v3.5/chat?a=1"),
    ],
)
def test_an_address_is_told_without_what_signs_it(target: str, told: str) -> None:
    assert open_target(target) == told
    assert open_target(told) == told


def test_what_a_server_may_send_back_of_a_signature_is_known() -> None:
    fields = ((b"Authorization", b"TC3 Credential=AKIDfake, Signature=0123456789abcdef"), (b"Accept", b"*/*"))
    found = told_secrets(fields, "/x?authorization=YXBpX2tleT0iZmFrZSI%3D")
    assert {"0123456789abcdef", "YXBpX2tleT0iZmFrZSI%3D", "YXBpX2tleT0iZmFrZSI="} <= found


def settings(folder: Path, **more: float) -> RecordSettings:
    return RecordSettings(folder=str(folder), **more)


def begun(recorder: Recorder, id: str = ID) -> CallRecorder:
    from baimo.resilience.retry import RetryPolicy

    call = recorder.call(id)
    call.began("models", None, (), retry=RetryPolicy(), limits=())
    return call


def test_a_file_is_there_when_the_call_ended_and_is_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "recordings"
    call = begun(Recorder(settings(folder)))
    assert not folder.exists()
    call.ended(call_record(ID, "answered"))
    assert [path.name for path in folder.iterdir()] == [f"{ID}.baimo"]
    assert call.path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert read_recording(call.path).record.recording == str(call.path)


def test_what_is_written_aside_makes_nobody_wait_and_is_there_after_the_close(tmp_path: Path) -> None:
    recorder = Recorder(settings(tmp_path / "calls"))
    recorder.write_aside()
    ids = [f"{number:032x}" for number in range(5)]
    slow = tmp_path / "calls" / f"{ids[0]}.baimo.new"
    slow.parent.mkdir(mode=0o700)
    os.mkfifo(slow)  # who writes there waits until somebody reads

    def call() -> None:
        for id in ids:
            begun(recorder, id).ended(call_record(id, "answered"))

    caller = threading.Thread(target=call)
    caller.start()
    caller.join(10)
    was_done = not caller.is_alive()
    assert list(slow.parent.glob("*.baimo")) == [], "those after it wait for their turn"
    assert slow.read_bytes().count(b"\n") == 2
    caller.join()
    recorder.close()
    assert was_done
    written = sorted(slow.parent.glob("*.baimo"))
    assert [path.stem for path in written] == ids
    assert {path.stat().st_mode & 0o777 for path in written[1:]} == {0o600}
    assert [read_recording(path).id for path in written[1:]] == ids[1:]


def test_what_cannot_be_told_in_json_fails_no_call(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    recorder = Recorder(settings(tmp_path))
    call = begun(recorder)
    call.told("x", "\udcff")
    with caplog.at_level(logging.WARNING):
        call.ended(call_record(ID, "answered"))
    assert recorder.lost == 1 and "cannot be told in JSON" in caplog.text


def test_a_call_that_never_began_leaves_nothing(tmp_path: Path) -> None:
    Recorder(settings(tmp_path / "r")).call(ID).ended(call_record(ID, "failed"))
    assert not (tmp_path / "r").exists()


def test_what_cannot_be_written_is_counted_and_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    recorder = Recorder(settings(tmp_path / "file" / "folder"))
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            begun(recorder).ended(call_record(ID, "answered"))
    assert recorder.lost == 3
    assert len(caplog.records) == 1 and "not recorded" in caplog.text


def test_what_was_begun_and_found_no_room_does_not_stay(tmp_path: Path) -> None:
    recorder = Recorder(settings(tmp_path))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        begun(recorder).ended(call_record(ID, "answered"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (recorder.lost, list(tmp_path.iterdir())) == (1, [])


def aged(folder: Path, name: str, days: float, size: int) -> None:
    path = folder / name
    path.write_bytes(b"x" * size)
    at = path.stat().st_mtime - days * 86_400
    os.utime(path, (at, at))


def test_the_old_and_the_too_many_go_at_the_start_and_at_the_close(tmp_path: Path) -> None:
    aged(tmp_path, "a.baimo", 8, 10)
    aged(tmp_path, "b.baimo", 3, 600_000)
    aged(tmp_path, "c.baimo", 1, 600_000)
    aged(tmp_path, "d.baimo.new", 9, 10)
    aged(tmp_path, "mine.txt", 100, 10)
    recorder = Recorder(settings(tmp_path, keep_days=7, max_mb=1.0))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.baimo", "mine.txt"]
    aged(tmp_path, "e.baimo", 0, 600_000)
    recorder.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["e.baimo", "mine.txt"]


def test_many_calls_are_trimmed_on_the_way(tmp_path: Path) -> None:
    recorder = Recorder(settings(tmp_path, max_mb=0.01))
    for number in range(256):
        begun(recorder, f"{number:032x}").ended(call_record(ID, "answered"))
    assert 0 < len(list(tmp_path.iterdir())) < 40


def test_replies_too_long_to_keep_say_that_they_are_not_whole(tmp_path: Path) -> None:
    call = begun(Recorder(settings(tmp_path)))
    for _ in range(65):
        call.piece(b"x" * 1024 * 1024)
    call.ended(call_record(ID, "answered"))
    with pytest.raises(ConfigError, match="not whole"):
        read_recording(call.path)


def test_pieces_keep_their_bytes_and_their_cuts(tmp_path: Path) -> None:
    call = begun(Recorder(settings(tmp_path)))
    pieces = ["你".encode()[:2], "你".encode()[2:] + b" hi", b"\xff\x00"]
    call.came(WireHead(200, ((b"x-a", b"1"),)))
    for piece in [*pieces, b""]:
        call.piece(piece)
    call.ended(call_record(ID, "answered"))
    read = read_recording(call.path)
    assert [one.piece for one in read.lines if isinstance(one, Piece)] == pieces


def test_a_fault_is_the_same_error_when_it_is_read_back() -> None:
    error = TimedOutError("late", limit="idle", sent=True, retryable=False)
    again = msgspec.json.decode(msgspec.json.encode(fault_of(error, 1.5)), type=lines.Fault).error
    assert isinstance(again, TimedOutError)
    assert (again.message, again.limit, again.sent, again.retryable) == ("late", "idle", True, False)

    class OwnError(TimedOutError):
        """Of somebody's transport."""

    assert fault_of(OwnError("x"), 0.0).kind == "TransportError"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no whole recording"),
        (b"not json\n", "no recording"),
        (b"\xff\xfe\n", "no recording"),
        (b'{"is":"left","at":0}\n{"is":"left","at":1}\n', "no whole recording"),
    ],
)
def test_a_file_that_is_none_is_named(data: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "x.baimo"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=why):
        read_recording(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_recording(tmp_path / "nothing.baimo")


def test_a_newer_form_is_refused_with_its_version(tmp_path: Path) -> None:
    call = begun(Recorder(settings(tmp_path)))
    call.ended(call_record(ID, "answered"))
    first, rest = call.path.read_bytes().split(b"\n", 1)
    newer = msgspec.json.encode({**msgspec.json.decode(first), "form": 99})
    call.path.write_bytes(newer + b"\n" + rest)
    with pytest.raises(ConfigError, match="newer Baimo"):
        read_recording(call.path)


def test_a_recorded_reply_is_over_once(tmp_path: Path) -> None:
    """Closed after its end it was read to its end; closed before, our side left it."""
    from baimo.wire.http import HttpRequest

    call = begun(Recorder(settings(tmp_path)))
    inner = Script((OK, [b"one", b""]), (OK, [b"one"]))
    transport = call.transport(inner)
    request = HttpRequest(method="GET", origin="http://a.test", target=b"/")
    whole = transport.open(request, connect_s=1, head_s=1)
    while whole.read(1):
        continue
    whole.close()
    left = transport.open(request, connect_s=1, head_s=1)
    left.abort()
    left.close()
    transport.close()
    call.ended(call_record(ID, "answered"))
    kinds = [type(one).__name__ for one in read_recording(call.path).lines]
    assert kinds == ["Sent", "Came", "Piece", "End", "Sent", "Came", "Left"]
    assert inner.log[-1] == "closed"
