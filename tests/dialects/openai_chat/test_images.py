"""Images: words and pictures to pictures, as each provider of this wire says it."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from baimo.dialects.openai_chat import DIALECT, beside, making, posted
from baimo.dialects.openai_chat.images import decode_images
from baimo.errors import ContentFilteredError, InputError, ProviderError, UnsupportedError, WireError
from baimo.types.content import Audio, Image
from baimo.types.images import ImagesRequest, ImagesResponse, MadeImage
from baimo.types.moderation import ModerateRequest
from baimo.types.speech import SpeechRequest
from baimo.types.transcription import TranscribeRequest
from baimo.types.usage import Usage
from baimo.wire.http import WireHead
from baimo.wire.multipart import FormPart, field

from .making_asked import BARE, GOOD, Pieces, body, fields, form, site
from .making_asked import posted as post
from .making_asked import posted_form as post_form

PNG = b"\x89PNG\r\n\x1a\nrest"
ASKED = ImagesRequest(model="m", prompt="a cat")
SILICON: Any = {
    "image_input": "slots",
    "renamed": {"size": "image_size", "n": "batch_size"},
    "extras": ["seed", "negative_prompt"],
    "refused": ["quality"],
}


def answer(content: Any, at: Any = BARE) -> ImagesResponse:
    return decode_images(ASKED, GOOD, msgspec.json.encode(content), at)


def test_the_modules_have_one_subject() -> None:
    assert issubclass(type(DIALECT), making.Making)
    assert posted.DEFAULTS.beside == beside.Beside()
    for path in (b"/v1/images/generations", b"/v1/images/edits"):
        assert DIALECT.operation("POST", path, ()) == "images"
    assert DIALECT.operation("GET", b"/v1/images/edits", ()) is None


def test_a_prompt_is_sent_with_what_is_asked_for() -> None:
    asked = replace(ASKED, n=2, size="1024x1024", quality="high", format="webp", extra={"background": "x"})
    wire = DIALECT.encode_images(asked, BARE)
    assert (wire.origin, wire.target) == ("https://a.example", b"/v1/images/generations")
    assert body(wire) == {
        "model": "m",
        "prompt": "a cat",
        "n": 2,
        "size": "1024x1024",
        "quality": "high",
        "output_format": "webp",
        "background": "x",
    }
    plain = DIALECT.encode_images(replace(ASKED, n=1, headers={"X-A": "b"}), BARE)
    assert body(plain) == {"model": "m", "prompt": "a cat"}
    assert (b"X-A", b"b") in plain.headers


@pytest.mark.parametrize("name", ["seed", "negative_prompt"])
def test_what_openai_does_not_know_is_not_dropped_in_silence(name: str) -> None:
    asked = replace(ASKED, **{name: 5 if name == "seed" else "dogs"})
    with pytest.raises(UnsupportedError, match=f"{name} of an image"):
        DIALECT.encode_images(asked, BARE)
    wire = DIALECT.encode_images(replace(asked, unsupported="drop"), BARE)
    assert name not in body(wire)
    assert [note.code for note in wire.notes] == ["dropped"]


def test_fields_have_the_names_that_the_provider_knows() -> None:
    asked = replace(ASKED, n=2, size="1x1", seed=5, negative_prompt="dogs")
    told = body(DIALECT.encode_images(asked, site(beside=SILICON)))
    assert told == {
        "model": "m",
        "prompt": "a cat",
        "batch_size": 2,
        "image_size": "1x1",
        "seed": 5,
        "negative_prompt": "dogs",
    }
    with pytest.raises(UnsupportedError, match="quality of an image"):
        DIALECT.encode_images(replace(ASKED, quality="hd"), site(beside=SILICON))


def test_pictures_to_start_from_go_as_files() -> None:
    asked = replace(ASKED, images=(Image(data=PNG),), mask=Image(data=b"mask"), n=3, extra={"x": [True, 1]})
    wire = DIALECT.encode_images(asked, BARE)
    assert wire.target == b"/v1/images/edits"
    wanted = [("model", "m"), ("prompt", "a cat"), ("n", "3"), ("x[]", "true"), ("x[]", "1")]
    assert sorted(fields(wire)) == sorted(wanted)
    assert [(one.name, one.filename, one.media_type) for one in form(wire) if one.filename] == [
        ("image", "image.png", "image/png"),
        ("mask", "image.png", "image/png"),
    ]
    two = replace(ASKED, images=(Image(data=PNG), Image(data=b"?", media_type="image/webp")))
    assert [(one.name, one.filename) for one in form(DIALECT.encode_images(two, BARE)) if one.filename] == [
        ("image[]", "image.png"),
        ("image[]", "image.webp"),
    ]
    assert DIALECT.decode_images_request(DIALECT.encode_images(two, BARE)) == replace(
        two, images=(Image(data=PNG, media_type="image/png"), two.images[1])
    )


def test_a_field_of_a_form_gives_way_to_extra() -> None:
    wire = DIALECT.encode_images(replace(ASKED, images=(Image(data=PNG),), extra={"prompt": "dog"}), BARE)
    assert [value for name, value in fields(wire) if name == "prompt"] == ["dog"]
    with pytest.raises(InputError, match=r"extra\['x'\] cannot stand in a form"):
        DIALECT.encode_images(replace(ASKED, images=(Image(data=PNG),), extra={"x": {}}), BARE)


def test_pictures_may_go_as_addresses() -> None:
    url = Image(url="https://b.example/c.png")
    data = f"data:image/png;base64,{b64encode(PNG).decode()}"
    listing = site(beside={"image_input": "list"})
    one, two = replace(ASKED, images=(url,)), replace(ASKED, images=(url, Image(data=PNG)))
    assert body(DIALECT.encode_images(one, listing))["image"] == url.url
    assert body(DIALECT.encode_images(two, listing))["image"] == [url.url, data]
    slots = body(DIALECT.encode_images(two, site(beside=SILICON)))
    assert (slots["image"], slots["image2"]) == (url.url, data)
    with pytest.raises(UnsupportedError, match="4 pictures to start from: it takes 3"):
        DIALECT.encode_images(replace(ASKED, images=(url,) * 4), site(beside=SILICON))
    none = site(beside={"image_input": "none"})
    with pytest.raises(UnsupportedError, match="1 pictures"):
        DIALECT.encode_images(one, none)
    assert "image" not in body(DIALECT.encode_images(replace(one, unsupported="drop"), none))
    with pytest.raises(UnsupportedError, match="a mask: there is no picture"):
        DIALECT.encode_images(replace(ASKED, mask=url), BARE)
    with pytest.raises(UnsupportedError, match="a mask"):
        DIALECT.encode_images(replace(one, mask=url), listing)
    with pytest.raises(InputError, match="by its bytes"):
        DIALECT.encode_images(one, BARE)


def test_bytes_and_addresses_are_read() -> None:
    told = {"data": [{"b64_json": b64encode(PNG).decode()}], "output_format": "png", "created": 7}
    usage = {
        "input_tokens": 9,
        "output_tokens": 272,
        "input_tokens_details": {"text_tokens": 5, "image_tokens": 4},
    }
    found = answer({**told, "usage": usage})
    assert found.images == (MadeImage(bytes=PNG, media_type="image/png"),)
    assert (found.created, found.model, found.usage.input, found.usage.image_out) == (7, "m", 9, 272)
    assert (found.usage.input_uncached, found.usage.image_in) == (5, 4)
    found = answer({"data": [{"url": "https://b.example/c", "revised_prompt": "Cat!"}], "usage": {"x": 1}})
    assert found.images == (MadeImage(url="https://b.example/c", revised_prompt="Cat!"),)
    detailed = {"output_tokens": 9, "output_tokens_details": {"text_tokens": 2, "image_tokens": 7}}
    found = answer({"images": [{"url": "u"}], "seed": 5, "usage": detailed, "model": "other"})
    assert (found.usage.output_visible, found.usage.image_out, found.model) == (2, 7, "other")
    odd = answer({"data": [{"b64_json": b64encode(b"odd").decode()}], "usage": {"input_tokens": "x"}})
    assert (odd.images[0].media_type, odd.usage) == (None, Usage())


def test_a_picture_that_failed_is_told_and_the_others_are_kept() -> None:
    failed = {"error": {"code": "OutputImageSensitiveContentDetected", "message": "not this one"}}
    found = answer({"data": [{"url": "u"}, failed, {"error": 5}]})
    assert len(found.images) == 1
    assert [note.code for note in found.notes] == ["image_failed"] * 2
    assert "image 1 was not made: not this one" in found.notes[0].message
    with pytest.raises(ProviderError, match="not this one"):
        answer({"data": [failed]})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({}, "no images"),
        ([], "no images"),
        ({"data": 5}, "no images"),
        ({"data": [{}]}, "neither bytes nor an address"),
        ({"data": [{"b64_json": "%"}]}, "no base64"),
    ],
)
def test_what_holds_no_images_is_refused(content: Any, words: str) -> None:
    with pytest.raises(WireError, match=words):
        answer(content)


def test_a_refusal_is_an_error() -> None:
    told = {"error": {"code": "content_policy_violation", "message": "no"}}
    with pytest.raises(ContentFilteredError):
        decode_images(ASKED, WireHead(400), msgspec.json.encode(told), BARE)


def test_a_callers_request_is_understood() -> None:
    asked = replace(
        ASKED, n=2, size="1x1", quality="low", seed=1, negative_prompt="x", format="png", extra={"style": "a"}
    )
    told = {
        "model": "m",
        "prompt": "a cat",
        "n": 2,
        "size": "1x1",
        "quality": "low",
        "seed": 1,
        "negative_prompt": "x",
        "output_format": "png",
        "style": "a",
    }
    path = "/v1/images/generations"
    assert DIALECT.decode_images_request(post(path, told)) == asked
    for given, images in (("u", (Image(url="u"),)), (["u", "v"], (Image(url="u"), Image(url="v")))):
        found = DIALECT.decode_images_request(post(path, {"model": "m", "prompt": "a cat", "image": given}))
        assert found == replace(ASKED, images=images)
    wire = post(path, {"model": "m", "prompt": "a cat"})
    assert isinstance(wire.body, bytes)
    assert DIALECT.decode_images_request(replace(wire, body=Pieces(wire.body))) == ASKED


@pytest.mark.parametrize(
    ("wire", "words"),
    [
        (post("/v1/images/generations", {"model": "m"}), "prompt: is required"),
        (post("/v1/images/generations", b"{"), "no valid JSON"),
        (post("/v1/images/edits", b"{}"), "the request is no form"),
        (post_form("/v1/images/edits", field("model", "m")), "image: is required"),
        (
            post_form("/v1/images/edits", field("n", "x"), FormPart(name="image", data=b"1")),
            "n: ",
        ),
    ],
)
def test_a_request_that_cannot_be_read_is_refused_by_field(wire: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        DIALECT.decode_images_request(wire)


def test_an_edit_with_a_mask_is_understood() -> None:
    parts = (
        field("model", "m"),
        field("prompt", "a cat"),
        field("n", "2"),
        FormPart(name="image", data=PNG, filename="a.png", media_type="image/png"),
        FormPart(name="mask", data=b"m", filename="m.png"),
    )
    found = DIALECT.decode_images_request(post_form("/v1/images/edits", *parts))
    assert (found.n, found.images, found.mask) == (
        2,
        (Image(data=PNG, media_type="image/png"),),
        Image(data=b"m"),
    )


def test_what_is_served_is_read() -> None:
    made = (
        MadeImage(bytes=PNG, media_type="image/png", revised_prompt="Cat!"),
        MadeImage(url="https://b.example/c", media_type="image/png"),
    )
    response = ImagesResponse(
        images=made, created=7, usage=Usage(input_uncached=5, image_in=4, image_out=9), model="m"
    )
    raw = DIALECT.encode_images_response(ASKED, response)
    again = decode_images(ASKED, GOOD, raw, BARE)
    assert (again.images, again.created, again.usage.total) == (made, 7, 18)
    bare = DIALECT.encode_images_response(ASKED, ImagesResponse(images=(MadeImage(url="u"),)))
    assert msgspec.json.decode(bare) == {"created": 0, "data": [{"url": "u"}]}


def test_what_a_row_says_is_nowhere_is_refused_before_it_is_sent() -> None:
    nowhere = site(paths={"images": "", "edits": "", "transcribe": "", "speak": "", "moderate": ""})
    sound = Audio(data=b"RIFF\x24\x00\x00\x00WAVEfmt ")
    words = "example is not known to make %s at this endpoint"
    with pytest.raises(UnsupportedError, match=words % "images") as caught:
        DIALECT.encode_images(ASKED, nowhere)
    assert "another one" in (caught.value.hint or "")
    with pytest.raises(UnsupportedError, match=words % "images of others"):
        DIALECT.encode_images(replace(ASKED, images=(Image(data=PNG),)), nowhere)
    with pytest.raises(UnsupportedError, match=words % "text of sound"):
        DIALECT.encode_transcribe(TranscribeRequest(model="m", audio=sound), nowhere)
    with pytest.raises(UnsupportedError, match=words % "speech"):
        DIALECT.encode_speak(SpeechRequest(model="m", text="Hi"), nowhere)
    with pytest.raises(UnsupportedError, match=words % "judgements"):
        DIALECT.encode_moderate(ModerateRequest(model="m", inputs=("Hi",)), nowhere)
