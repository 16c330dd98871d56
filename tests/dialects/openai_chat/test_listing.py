"""Lists of models, both ways."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialect.protocols import Site
from baimo.dialects.openai_chat import DIALECT
from baimo.errors import AuthError, QuotaError, WireError
from baimo.types.models import ModelInfo
from baimo.wire.http import WireHead

SITE = Site(base_url="https://api.example/v1", provider="p")


def read(body: Any, status: int = 200) -> tuple[ModelInfo, ...]:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return DIALECT.decode_models(WireHead(status), raw, SITE)


def test_the_list_is_asked_for_at_its_address() -> None:
    wire = DIALECT.encode_models(SITE)
    assert (wire.method, wire.url, wire.body) == ("GET", "https://api.example/v1/models", b"")


def test_what_providers_tell_of_a_model_is_read() -> None:
    body = {
        "data": [
            {"id": "a", "created": 5, "owned_by": "x"},
            {
                "id": "b",
                "context_length": 1000,
                "max_output_tokens": 10,
                "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
            },
            {"model": "c", "max_input_length": 7, "max_tokens": True},
            {"object": "model"},
            "odd",
        ]
    }
    assert read(body) == (
        ModelInfo(id="a", provider="p", created=5, owned_by="x"),
        ModelInfo(
            id="b",
            provider="p",
            context=1000,
            max_output=10,
            input_modalities=("text", "image"),
            output_modalities=("text",),
        ),
        ModelInfo(id="c", provider="p", context=7),
    )


@pytest.mark.parametrize(
    "body", [[{"id": "a"}], {"models": [{"name": "a"}]}, {"data": [{"id": "a", "architecture": 1}]}]
)
def test_other_wrappings_are_read(body: Any) -> None:
    assert [model.id for model in read(body)] == ["a"]


@pytest.mark.parametrize("body", [{"object": "list"}, {"data": 5}, b"<html>", b"", b"{"])
def test_what_is_no_list_is_a_wire_error(body: Any) -> None:
    with pytest.raises(WireError):
        read(body)


def test_refusals_are_told_apart() -> None:
    with pytest.raises(AuthError):
        read({"error": {"message": "no", "code": "invalid_api_key"}}, 401)
    with pytest.raises(QuotaError):
        read({"error": {"message": "no", "code": "insufficient_quota"}})


def test_what_we_serve_we_can_read() -> None:
    models = (
        ModelInfo(id="a", provider="p", created=5, owned_by="x", context=10, max_output=3),
        ModelInfo(id="b", provider="p"),
    )
    first, second = read(DIALECT.encode_model_list(models))
    assert first == models[0]
    assert (second.id, second.owned_by) == ("b", "p")
