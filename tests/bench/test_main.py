"""Who is measured, and who is left out of the short form."""

from __future__ import annotations

import pytest

from bench.__main__ import clients_of, options


@pytest.mark.parametrize(
    ("job", "short", "long"),
    [
        ("many", ["baimo", "aiohttp"], ["baimo", "floor", "aiohttp"]),
        ("sync", ["baimo", "http.client"], ["baimo", "floor", "http.client"]),
        ("long_stream", ["baimo"], ["baimo", "floor", "aiohttp"]),
        ("map", ["baimo"], ["baimo"]),
    ],
)
def test_in_the_short_form_only_those_are_measured_that_a_bar_is_laid_against(
    job: str, short: list[str], long: list[str]
) -> None:
    assert clients_of(job, options(["--short"])) == short
    assert clients_of(job, options(["--peers", "none"])) == long
