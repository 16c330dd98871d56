"""Models, what is known of one, and pulls."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialects.ollama import DIALECT
from baimo.dialects.ollama.listing import encode_running
from baimo.errors import InputError, NotFoundError, ServerError, StreamInterrupted, WireError
from baimo.types.models import ModelInfo, PullProgress
from baimo.wire.http import WireHead
from tests.dialects.ollama.asking import JSON, LINES, lines, posted, site

DETAILS = {"format": "gguf", "family": "f", "parameter_size": "1.8B", "quantization_level": "Q4_K_M"}
FULL = ModelInfo(
    id="team/some:1b",
    provider="ollama",
    context=2048,
    input_modalities=("text", "image", "audio"),
    output_modalities=("text",),
    capabilities=("completion", "vision", "audio"),
    size=77,
    parameters="1.8B",
    quantization="Q4_K_M",
    created=1_790_000_000,
)


def test_the_list_tells_what_the_server_has() -> None:
    assert DIALECT.encode_models(site()).url == "http://127.0.0.1:11434/api/tags"
    entry = {
        "name": "a:1b",
        "model": "a:1b",
        "modified_at": "2026-11-01T10:00:00.123456789-07:00",
        "size": 5,
        "details": {**DETAILS, "context_length": 4096},
        "capabilities": ["embedding", 7],
    }
    body = msgspec.json.encode({"models": [entry, {"name": "b"}, {"size": 1}, 3]})
    first, second = DIALECT.decode_models(JSON, body, site())
    assert (first.id, first.size, first.parameters, first.quantization) == ("a:1b", 5, "1.8B", "Q4_K_M")
    assert (first.context, first.capabilities, first.output_modalities) == (4096, ("embedding",), ())
    assert first.created == 1793552400
    assert second == ModelInfo(id="b", provider="ollama")


def test_a_server_without_models_has_an_empty_list() -> None:
    assert DIALECT.decode_models(JSON, b'{"models":null}', site()) == ()
    with pytest.raises(WireError, match="'models'"):
        DIALECT.decode_models(JSON, b"{}", site())


def test_what_is_told_of_a_model_holds_its_context() -> None:
    wire = DIALECT.encode_describe("a:1b", site())
    assert (wire.target, wire.body) == (b"/api/show", b'{"model":"a:1b"}')
    facts: dict[str, Any] = {"general.architecture": "qwen2", "clip.context_length": 77}
    facts |= {"qwen2.context_length": 131072, "tokenizer.ggml.tokens": None}
    shown = {"details": DETAILS, "model_info": facts, "capabilities": ["completion", "vision"]}
    got = DIALECT.decode_describe("a:1b", JSON, msgspec.json.encode(shown), site())
    assert (got.id, got.context, got.input_modalities) == ("a:1b", 131072, ("text", "image"))
    other = {"model_info": {"general.architecture": "new", "old.context_length": 9}}
    assert DIALECT.decode_describe("a", JSON, msgspec.json.encode(other), site()).context == 9
    assert DIALECT.decode_describe("a", JSON, b'{"model_info":null}', site()).context is None
    with pytest.raises(NotFoundError):
        DIALECT.decode_describe("a", WireHead(404), b'{"error":"model \'a\' not found"}', site())


def test_what_we_list_and_describe_we_can_read() -> None:
    listed = DIALECT.decode_models(JSON, DIALECT.encode_model_list((FULL,)), site())
    assert listed == (FULL,)
    shown = DIALECT.decode_describe(FULL.id, JSON, DIALECT.encode_description(FULL), site())
    assert shown == msgspec.structs.replace(FULL, size=None)
    bare = ModelInfo(id="b", provider="ollama")
    (again,) = DIALECT.decode_models(JSON, DIALECT.encode_model_list((bare,)), site())
    assert again == msgspec.structs.replace(bare, created=0)
    assert DIALECT.decode_describe("b", JSON, DIALECT.encode_description(bare), site()).context is None


def test_what_is_loaded_tells_its_context_and_when_it_goes() -> None:
    first, second = msgspec.json.decode(encode_running((FULL, ModelInfo(id="b", provider="o"))))["models"]
    assert (first["size_vram"], first["context_length"]) == (77, 2048)
    assert "expires_at" in first
    assert "context_length" not in second


@pytest.mark.parametrize("name", ["model", "name"])
def test_a_caller_names_a_model_in_the_new_way_or_the_old(name: str) -> None:
    assert DIALECT.decode_describe_request(posted({name: "a", "verbose": True})) == "a"
    assert DIALECT.decode_pull_request(posted({name: "a"})) == ("a", True)
    assert DIALECT.decode_pull_request(posted({name: "a", "stream": False})) == ("a", False)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "model is required"),
        (b"{", "no valid JSON"),
        ({"model": 5}, "model"),
        ({"model": "a", "stream": 3}, "stream"),
    ],
)
def test_a_question_without_a_model_is_refused(body: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        DIALECT.decode_pull_request(posted(body))


def pulled(*pieces: bytes, head: WireHead = LINES) -> list[PullProgress]:
    decoder = DIALECT.pull_decoder(head, site())
    return [one for piece in pieces for one in decoder.feed(piece)] + decoder.end()


def test_a_pull_tells_its_progress() -> None:
    wire = DIALECT.encode_pull("a:1b", site())
    assert (wire.target, wire.body) == (b"/api/pull", b'{"model":"a:1b","stream":true}')
    steps = [
        PullProgress(status="pulling manifest"),
        PullProgress(status="pulling ab", digest="sha256:ab", total=10),
        PullProgress(status="pulling ab", digest="sha256:ab", total=10, completed=0),
        PullProgress(status="success"),
    ]
    body = b"".join(map(DIALECT.encode_progress, steps))
    assert pulled(body) == steps
    assert pulled(*[body[at : at + 1] for at in range(len(body))]) == steps
    assert pulled(body.rstrip()) == steps


def test_a_pull_that_stops_has_failed() -> None:
    progress = lines({"status": "pulling manifest", "total": "x"}, {"other": 1})
    for tail in (b"", b'{"stat'):
        with pytest.raises(StreamInterrupted, match="download"):
            pulled(progress + tail)


def test_a_pull_that_is_refused_says_why() -> None:
    with pytest.raises(NotFoundError) as caught:
        pulled(lines({"status": "pulling manifest"}, {"error": "pull model manifest: file does not exist"}))
    assert caught.value.provider_code == "not_in_library"
    with pytest.raises(ServerError):
        pulled(b'{"error":"no"}', head=WireHead(500))


def test_progress_before_a_failure_is_not_lost() -> None:
    decoder = DIALECT.pull_decoder(LINES, site())
    with pytest.raises(ServerError):
        decoder.feed(lines({"status": "pulling manifest"}, {"error": "no space left on device"}))
    assert decoder.early == [PullProgress(status="pulling manifest")]
