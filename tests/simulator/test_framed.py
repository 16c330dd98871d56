"""A change of a piece leaves its frame whole."""

from __future__ import annotations

from baimo.simulator.framed import changed
from baimo.wire.eventstream import FrameDecoder, encode_frame


def test_a_line_is_changed_as_it_stands() -> None:
    assert changed(b"data: {}\n\n", lambda data: data.replace(b"{}", b"[1]")) == b"data: [1]\n\n"


def test_a_message_of_an_event_stream_gets_new_lengths_and_checksums() -> None:
    data = encode_frame({":event-type": "a"}, b"{}") + encode_frame({":event-type": "b"}, b"{}")
    found = FrameDecoder().feed(changed(data, lambda payload: payload + b"more"))
    assert found == [({":event-type": "a"}, b"{}more"), ({":event-type": "b"}, b"{}more")]
