"""Forms of several parts: what we write others read, and what others write we read."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import HTTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.errors import InputError, WireError
from baimo.wire.multipart import FormPart, field, parse_form, render_form

PARTS = [
    field("model", "m"),
    FormPart(name="file", data=b"\r\n--\x00\xff\r\n", filename='a "b".wav', media_type="audio/wav"),
    field("empty", ""),
    field("text", "你好"),
]


def test_the_standard_library_reads_what_we_write() -> None:
    kind, body = render_form(PARTS)
    message = message_from_bytes(b"Content-Type: " + kind + b"\r\n\r\n" + body, policy=HTTP)
    found = list(message.iter_parts())
    assert [one.get_param("name", header="content-disposition") for one in found] == [
        "model",
        "file",
        "empty",
        "text",
    ]
    assert found[1].get_content_type() == "audio/wav"
    assert found[1].get_payload(decode=True) == PARTS[1].data
    assert found[3].get_payload(decode=True) == "你好".encode()


names = st.text(st.characters(exclude_characters='\r\n\0%\\"', exclude_categories=["Cs"]), min_size=1)
parts = st.lists(
    st.builds(
        FormPart,
        name=names,
        data=st.binary() | st.sampled_from([b"--baimo-form-00000000", b"\r\n--baimo-form"]),
        filename=st.none() | names,
        media_type=st.none() | st.just("image/png"),
    ),
    max_size=4,
)


@given(parts=parts)
def test_what_we_write_we_read(parts: list[FormPart]) -> None:
    kind, body = render_form(parts)
    assert parse_form(kind.decode(), body) == parts
    assert render_form(parts) == (kind, body)


def test_a_boundary_never_stands_in_a_part() -> None:
    kind, _ = render_form([])
    mark = kind.partition(b"boundary=")[2]
    inside = [FormPart(name="", data=b"")]
    assert render_form(inside)[0].partition(b"boundary=")[2] == mark
    from zlib import crc32

    data = b"x"
    boundary = f"baimo-form-{crc32(data, crc32(b'n')):08x}".encode()
    assert boundary == render_form([FormPart(name="n", data=data)])[0].partition(b"boundary=")[2]


def test_a_part_that_holds_the_boundary_gets_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zlib.crc32", lambda data, value=0: 7)
    kind, body = render_form([FormPart(name="a", data=b"-- baimo-form-00000007")])
    assert kind.endswith(b"baimo-form-00000008")
    assert parse_form(kind.decode(), body)[0].data == b"-- baimo-form-00000007"


@pytest.mark.parametrize(
    "head",
    [
        b'content-disposition: form-data; filename="x.png"; name="a"\r\nContent-Length: 1',
        b"Content-Disposition: form-data; name=a; filename=x.png",
        b'Content-Disposition: form-data; name="a"; filename="x.png"; filename*=UTF-8\'\'y.png',
    ],
)
def test_other_ways_to_write_a_part_are_read(head: bytes) -> None:
    body = b"before\r\n--B \r\n" + head + b"\r\n\r\n1\r\n--B--\r\nafter"
    (part,) = parse_form('multipart/form-data; charset=x; boundary="B"', body)
    assert (part.name, part.filename, part.data) == ("a", "x.png", b"1")


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("application/json", b"{}", "no multipart form"),
        ("text/plain; boundary=B", b"--B--", "no multipart form"),
        ("multipart/form-data", b"", "no multipart form"),
        ("multipart/form-data; boundary=B", b"", "stopped before"),
        ("multipart/form-data; boundary=B", b"--B\r\n\r\n1\r\n", "stopped before"),
        ("multipart/form-data; boundary=B", b"--B\r\nX: y\r\n\r\n1\r\n--B--", "has no name"),
        ("multipart/form-data; boundary=B", b"--B\r\nContent-Disposition: form-data\r\n--B--", "no name"),
        ("multipart/form-data; boundary=B", b"--B\r\n\r\n1\r\n" * 3 + b"--B--", "more than 2"),
    ],
)
def test_what_is_no_form_is_refused(kind: str, body: bytes, words: str) -> None:
    with pytest.raises(WireError, match=words):
        parse_form(kind, body, most=2)


def test_a_name_cannot_break_out_of_its_head() -> None:
    with pytest.raises(InputError, match="line break"):
        render_form([field("a\r\nX-Evil: 1", "b")])
