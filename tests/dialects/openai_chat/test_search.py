"""Searching the web on this wire: what the cases do not show."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from baimo.dialect.complaints import Complaints
from baimo.dialects.openai_chat import DIALECT, search
from baimo.dialects.openai_chat.quirks import SearchWay
from baimo.errors import UnsupportedError
from baimo.types.chat import Reasoning
from baimo.types.tools import Search
from baimo.wire.http import HttpRequest
from tests.dialects.openai_chat.asking import body, request, site

EVERYTHING = Search(
    required=True,
    max_uses=1,
    max_results=1,
    context_size="high",
    allowed_domains=("a.example",),
    blocked_domains=("b.example",),
    country="CN",
)


@pytest.mark.parametrize("way", get_args(SearchWay))
def test_nothing_that_is_wished_for_is_dropped_in_silence(way: SearchWay) -> None:
    """What a way has no word for is noted; a plain search is said by all but those that know none."""
    complaints = Complaints(drop=True, who="x")
    search.say(way, EVERYTHING, complaints)
    assert complaints.notes
    with pytest.raises(UnsupportedError, match="search"):
        search.say(way, EVERYTHING, Complaints(drop=False, who="x"))
    if way != "none":
        plain = Complaints(drop=False, who="x")
        search.say(way, Search(), plain)
        assert not plain.notes


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, Search()),
        ({"search_context_size": "low"}, Search(context_size="low")),
        (
            {"user_location": {"type": "approximate", "approximate": {"country": "CN"}}},
            Search(country="CN"),
        ),
        ({"search_context_size": "huge"}, None),
        ({"later": 1}, None),
        ("yes", None),
        ({"user_location": {"type": "approximate", "approximate": {"country": "CN", "city": "x"}}}, None),
        ({"user_location": {"type": "approximate", "approximate": {"country": 1}}}, None),
        ({"user_location": 1}, None),
    ],
)
def test_a_served_search_is_understood_or_kept_as_it_came(options: Any, wanted: Search | None) -> None:
    told = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "web_search_options": options}
    asked = DIALECT.decode_request(
        HttpRequest(method="POST", origin="http://h", target=b"/v1/x", body=msgspec.json.encode(told))
    )
    assert asked.search == wanted
    kept = asked.foreign is not None and b"web_search_options" in bytes(asked.foreign.json)
    assert kept is (wanted is None)


@pytest.mark.parametrize("switch", ["thinking_adaptive", "thinking_enabled"])
def test_a_switch_that_is_not_touched_is_not_sent(switch: str) -> None:
    assert "thinking" not in body(request(reasoning=Reasoning()), site(thinking_switch=switch, efforts=[]))
