"""Images as tasks, and of newer models in one request."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from baimo.dialect.making import ImagesDialect
from baimo.dialect.protocols import Site
from baimo.dialects.dashscope import DIALECT
from baimo.dialects.dashscope.address import is_task_of_edits
from baimo.dialects.dashscope.images import decode_images, encode_task
from baimo.errors import AuthError, InputError, ProviderError, UnsupportedError, WireError
from baimo.types.content import Image
from baimo.types.images import ImagesRequest, ImagesResponse, MadeImage
from baimo.wire.http import HttpRequest, WireHead

SITE = Site(base_url="https://a.example/api/v1")
MESSAGES = replace(SITE, quirks=DIALECT.quirks({"images": "messages"}))
ASKED = ImagesRequest(model="wan2.5-t2i", prompt="a fox")
GOOD = WireHead(200, ((b"content-type", b"application/json"),))


def body(wire: HttpRequest) -> dict[str, Any]:
    assert isinstance(wire.body, bytes)
    decoded: dict[str, Any] = msgspec.json.decode(wire.body)
    return decoded


def answer(output: Any) -> ImagesResponse:
    return decode_images(ASKED, GOOD, msgspec.json.encode({"output": output, "request_id": "r-1"}), SITE)


def test_a_task_is_made() -> None:
    assert isinstance(DIALECT, ImagesDialect)
    asked = replace(ASKED, n=2, size="1024x768", seed=5, negative_prompt="dogs", headers={"X-A": "b"})
    wire = DIALECT.encode_images(asked, SITE)
    assert wire.target == b"/api/v1/services/aigc/text2image/image-synthesis"
    assert DIALECT.operation("POST", wire.target, ()) == "images"
    assert (b"X-DashScope-Async", b"enable") in wire.headers
    assert (b"X-A", b"b") in wire.headers
    assert body(wire) == {
        "model": "wan2.5-t2i",
        "input": {"prompt": "a fox", "negative_prompt": "dogs"},
        "parameters": {"size": "1024*768", "n": 2, "seed": 5},
    }
    assert replace(DIALECT.decode_images_request(wire), headers=asked.headers) == asked
    assert DIALECT.decode_images_request(DIALECT.encode_images(ASKED, SITE)) == ASKED


def test_a_task_that_works_pictures_over_has_an_address_of_its_own() -> None:
    edits = replace(SITE, quirks=DIALECT.quirks({"images": "edits"}))
    pictures = (Image(url="https://b.example/c.png"), Image(data=b"\x89PNG\r\n\x1a\n"))
    wire = DIALECT.encode_images(replace(ASKED, images=pictures, n=1, negative_prompt="dogs"), edits)
    assert wire.target == b"/api/v1/services/aigc/image2image/image-synthesis"
    assert DIALECT.operation("POST", wire.target, ()) == "images"
    assert is_task_of_edits(wire.target)
    assert not is_task_of_edits(DIALECT.encode_images(ASKED, SITE).target)
    assert (b"X-DashScope-Async", b"enable") in wire.headers
    sent = body(wire)
    first, second = sent["input"].pop("images")
    assert (first, second[:22]) == ("https://b.example/c.png", "data:image/png;base64,")
    assert sent["input"] == {"prompt": "a fox", "negative_prompt": "dogs"}
    told = DIALECT.decode_images_request(wire)
    assert [one.url for one in told.images] == [first, second]
    with pytest.raises(InputError, match="works over pictures, and none is given"):
        DIALECT.encode_images(ASKED, edits)


def test_newer_models_are_asked_in_a_message() -> None:
    pictures = (Image(url="https://b.example/c.png"), Image(data=b"\x89PNG\r\n\x1a\n"))
    wire = DIALECT.encode_images(replace(ASKED, images=pictures, negative_prompt="dogs"), MESSAGES)
    assert wire.target.endswith(b"/multimodal-generation/generation")
    (message,) = body(wire)["input"]["messages"]
    assert message["content"][0] == {"image": "https://b.example/c.png"}
    assert message["content"][1]["image"].startswith("data:image/png;base64,")
    assert message["content"][2] == {"text": "a fox"}
    assert body(wire)["parameters"] == {"negative_prompt": "dogs"}
    assert body(DIALECT.encode_images(ASKED, MESSAGES))["parameters"] == {}
    with pytest.raises(InputError, match="bytes or an address"):
        DIALECT.encode_images(replace(ASKED, images=(Image(file_id="f"),)), MESSAGES)


@pytest.mark.parametrize(
    "wish", [{"quality": "hd"}, {"format": "png"}, {"mask": Image(url="u")}, {"images": (Image(url="u"),)}]
)
def test_what_cannot_be_said_is_refused(wish: Any) -> None:
    with pytest.raises(UnsupportedError, match="DashScope cannot be told"):
        DIALECT.encode_images(replace(ASKED, **wish), SITE)
    wire = DIALECT.encode_images(replace(ASKED, **wish, unsupported="drop"), SITE)
    assert len(wire.notes) == 1


def test_a_task_is_asked_for() -> None:
    wire = encode_task("t-1", {"X-A": "b"}, SITE)
    assert (wire.method, wire.target) == ("GET", b"/api/v1/tasks/t-1")
    assert (b"X-A", b"b") in wire.headers
    assert DIALECT.encode_task("t-1", {"X-A": "b"}, SITE) == wire
    assert DIALECT.operation("GET", wire.target, ()) == "task"
    assert DIALECT.operation("POST", wire.target, ()) is None


@pytest.mark.parametrize("status", ["PENDING", "RUNNING", "SUSPENDED"])
def test_a_task_that_goes_on_is_pending(status: str) -> None:
    found = answer({"task_id": "t-1", "task_status": status})
    assert (found.is_pending, found.task_id, found.images, found.request_id) == (True, "t-1", (), "r-1")


def test_images_are_read_in_both_forms() -> None:
    found = answer(
        {
            "task_id": "t-1",
            "task_status": "SUCCEEDED",
            "results": [
                {"url": "u", "orig_prompt": "a fox", "actual_prompt": "A fox!"},
                {"code": "InternalError.Timeout", "message": "too slow"},
                {},
            ],
        }
    )
    assert found.images == (MadeImage(url="u", revised_prompt="A fox!"),)
    assert [note.code for note in found.notes] == ["image_failed"] * 2
    assert not found.is_pending
    message = {"role": "assistant", "content": [{"image": "v"}, {"text": "Here"}]}
    found = answer({"choices": [{"finish_reason": "stop", "message": message}]})
    assert found.images == (MadeImage(url="v"),)


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ({"task_id": "t", "task_status": "FAILED", "code": "DataInspectionFailed", "message": "no"}, "no"),
        ({"task_id": "t", "task_status": "UNKNOWN"}, "UNKNOWN"),
        ({"task_status": "PENDING"}, "PENDING"),
        ({}, "no reason is told"),
    ],
)
def test_a_task_that_failed_is_an_error(output: Any, words: str) -> None:
    with pytest.raises(ProviderError, match=words):
        answer(output)


def test_a_refusal_is_an_error() -> None:
    with pytest.raises(AuthError):
        decode_images(ASKED, WireHead(401), b'{"code":"InvalidApiKey","message":"no"}', SITE)
    with pytest.raises(WireError, match="holds no images"):
        answer({"results": 5})


def test_what_cannot_be_read_is_refused() -> None:
    wire = DIALECT.encode_images(ASKED, SITE)
    with pytest.raises(InputError, match="no request for images"):
        DIALECT.decode_images_request(replace(wire, body=b"{}"))

    class Pieces:
        length = None

        def chunks(self) -> Any:
            assert isinstance(wire.body, bytes)
            yield wire.body

    assert DIALECT.decode_images_request(replace(wire, body=Pieces())) == ASKED


def test_what_is_served_is_read() -> None:
    done = ImagesResponse(images=(MadeImage(url="u"),), task_id="t-1", request_id="r-1")
    found = decode_images(ASKED, GOOD, DIALECT.encode_images_response(ASKED, done), SITE)
    assert (found.images[0].url, found.images[0].revised_prompt) == ("u", "a fox")
    waiting = ImagesResponse(images=(), is_pending=True)
    assert decode_images(ASKED, GOOD, DIALECT.encode_images_response(ASKED, waiting), SITE).is_pending
