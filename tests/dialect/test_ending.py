"""What answers in place of a provider."""

from __future__ import annotations

import pytest

from baimo.dialect.ending import FINISH_MISSING, is_page, page_error
from baimo.wire.http import WireHead


@pytest.mark.parametrize(
    ("field", "told"),
    [
        (b"text/html; charset=utf-8", True),
        (b"application/xhtml+xml", True),
        (b"application/json", False),
        (b"text/event-stream", False),
        (b"text/plain", False),
    ],
)
def test_a_page_is_told_by_its_kind(field: bytes, told: bool) -> None:
    assert is_page(WireHead(200, ((b"content-type", field),))) is told


def test_the_error_names_the_kind_and_shows_the_beginning() -> None:
    error = page_error(
        WireHead(200, ((b"content-type", b"text/html"),)), b"<html>Sign in to Hotel" + b"x" * 999
    )
    assert "a page (text/html)" in error.message
    assert "Sign in to Hotel" in error.message
    assert len(error.message) < 400
    assert "no content type" in page_error(WireHead(200), b"<html>").message


def test_the_note_says_that_more_may_be_missing() -> None:
    assert FINISH_MISSING.code == "finish_missing"
