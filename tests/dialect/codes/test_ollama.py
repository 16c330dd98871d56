"""Ollama has no codes: known texts and statuses are told apart, and each says how it is mended."""

from __future__ import annotations

import pytest

from baimo.dialect import codes
from baimo.dialects.ollama.errors import key_of
from baimo.errors import (
    AuthError,
    ContextTooLongError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    ServerError,
)

TABLE = codes.table("ollama").table

AGAIN, NEVER = True, False

TOLD: dict[str, tuple[type[ProviderError], bool]] = {
    "400": (InvalidRequestError, NEVER),
    "401": (AuthError, NEVER),
    "403": (PermissionDeniedError, NEVER),
    "404": (NotFoundError, NEVER),
    "429": (RateLimitedError, AGAIN),
    "500": (ServerError, AGAIN),
    "502": (ServerError, AGAIN),
    "503": (OverloadedError, AGAIN),
    "bad_think": (InvalidRequestError, NEVER),
    "broken_download": (ServerError, AGAIN),
    "busy": (OverloadedError, AGAIN),
    "context_too_long": (ContextTooLongError, NEVER),
    "library_unreachable": (ServerError, AGAIN),
    "load_failed": (ServerError, NEVER),
    "model_not_found": (NotFoundError, NEVER),
    "no_images": (InvalidRequestError, NEVER),
    "no_memory": (ServerError, NEVER),
    "no_space": (ServerError, NEVER),
    "no_such_address": (NotFoundError, NEVER),
    "no_thinking": (InvalidRequestError, NEVER),
    "no_tools": (InvalidRequestError, NEVER),
    "not_in_library": (NotFoundError, NEVER),
    "plan_limit": (QuotaError, NEVER),
    "runner_failed": (ServerError, AGAIN),
    "server_too_old": (InvalidRequestError, NEVER),
    "wrong_kind_of_model": (InvalidRequestError, NEVER),
}


def test_what_can_be_told_is_in_the_table_and_nothing_else() -> None:
    assert TABLE.keys() == TOLD.keys()


@pytest.mark.parametrize("key", sorted(TOLD))
def test_each_is_the_right_kind_and_says_how_it_is_mended(key: str) -> None:
    code = TABLE[key]
    assert (code.kind, code.is_retryable) == TOLD[key]
    assert not code.means.endswith(".")
    assert code.cure.endswith(".")
    assert code.cure_zh.endswith("。")
    assert any("\u4e00" <= letter <= "\u9fff" for letter in code.means_zh)
    assert not code.renews


@pytest.mark.parametrize(
    ("text", "status", "key"),
    [
        ("model 'x:1b' not found", 404, "model_not_found"),
        ('model "x" not found, try pulling it first', 404, "model_not_found"),
        ("pull model manifest: file does not exist", 500, "not_in_library"),
        ('"x" does not support thinking', 400, "no_thinking"),
        ('think value "low" is not supported for this model', 400, "bad_think"),
        ("registry.ollama.ai/library/x:latest does not support tools", 400, "no_tools"),
        ("this model is missing data required for image input", 500, "no_images"),
        ('"x" does not support chat', 400, "wrong_kind_of_model"),
        ("this model does not support embeddings", 500, "wrong_kind_of_model"),
        ("the input length exceeds the context length", 400, "context_too_long"),
        ("prompt too long; exceeded max context length by 12 tokens", 400, "context_too_long"),
        ("server busy, please try again.  maximum pending requests exceeded", 503, "busy"),
        ("model requires more system memory (9.1 GiB) than is available (3.0 GiB)", 500, "no_memory"),
        ("model failed to load, this may be due to resource limitations", 500, "load_failed"),
        ("llama runner process has terminated: exit status 2", 500, "runner_failed"),
        ("write /models/blobs/x: no space left on device", 500, "no_space"),
        ("digest mismatch, file must be downloaded again", 500, "broken_download"),
        ('Get "https://x/v2/": dial tcp: lookup x: no such host', 500, "library_unreachable"),
        ("this model requires a newer version of Ollama", 412, "server_too_old"),
        ("usage limit reached, upgrade for more", 429, "plan_limit"),
        ("404 page not found", 404, "no_such_address"),
        ("unauthorized", 401, "401"),
        ("something new", 500, "500"),
    ],
)
def test_a_text_is_told_from_others(text: str, status: int, key: str) -> None:
    assert key_of(text, status) == key
