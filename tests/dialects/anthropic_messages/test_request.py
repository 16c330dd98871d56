"""Requests: what goes out in the corners."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialects.anthropic_messages.media import image_block
from baimo.dialects.anthropic_messages.messages import boxed, object_of
from baimo.dialects.anthropic_messages.quirks import Paths, Quirks
from baimo.dialects.anthropic_messages.request import continues, filled_limit
from baimo.dialects.anthropic_messages.thinking import room
from baimo.dialects.anthropic_messages.tools import ToolEncoder
from baimo.errors import InputError, UnsupportedError
from baimo.types.chat import ChatRequest, Message, Reasoning, ResponseFormat
from baimo.types.content import (
    Audio,
    Cache,
    File,
    Image,
    Opaque,
    Part,
    Refusal,
    Replay,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)
from baimo.types.tools import CustomTool, FunctionTool, Search, ServerTool, ToolChoice
from tests.dialects.anthropic_messages.asking import body, kept, request, site, wire

OTHER = Replay(dialect="other", json=msgspec.Raw(b'{"a":1}'))
TOOL = FunctionTool(name="f")


def user(*parts: Part, **fields: Any) -> Message:
    return Message(role="user", content=parts or (Text(text="Hi"),), **fields)  # type: ignore[arg-type]


def said(*parts: Part) -> Message:
    return Message(role="assistant", content=parts)  # type: ignore[arg-type]


def system(text: str, **fields: Any) -> Message:
    return Message(role="system", content=text, **fields)  # type: ignore[arg-type]


def block(part: Part, **quirks: Any) -> Any:
    """The one block of a message of the user's."""
    content = body(request(user(part, Text(text="x"))), site(**quirks))["messages"][0]["content"]
    return content[0] if len(content) == 2 else None


def notes(request: ChatRequest, **quirks: Any) -> list[str]:
    return [note.code for note in wire(request, site(**quirks)).notes]


def test_the_head_names_version_features_and_form() -> None:
    fields = dict(wire(request(stream=True)).headers)
    assert fields[b"anthropic-version"] == b"2023-06-01"
    assert fields[b"accept"] == b"text/event-stream"
    assert b"anthropic-version" not in dict(wire(request(), site(body_version="x")).headers)
    assert b"anthropic-version" not in dict(wire(request(), site(version="")).headers)
    own = wire(request(headers={"anthropic-version": "2026-10-21", "x-a": "b"})).headers
    assert dict(own)[b"anthropic-version"] == b"2026-10-21"
    uploaded = wire(request(user(Image(file_id="f"))))
    assert (b"anthropic-beta", b"files-api-2025-04-14") in uploaded.headers


def test_the_base_address_may_end_in_the_version_or_not() -> None:
    for base in ("https://h/a", "https://h/a/", "https://h/a/v1"):
        assert wire(request(), site(base)).url == "https://h/a/v1/messages"


def test_pictures_go_by_bytes_by_address_or_by_id() -> None:
    assert block(Image(data=b"\xff\xd8\xffx"))["source"]["media_type"] == "image/jpeg"
    assert block(Image(data=b"??"))["source"]["media_type"] == "image/png"
    held = block(Image(url="data:image/gif;base64,R0lGODlh", detail="auto"))["source"]
    assert held == {"type": "base64", "media_type": "image/gif", "data": "R0lGODlh"}
    assert block(Image(file_id="f"))["source"] == {"type": "file", "file_id": "f"}
    for part, words in (
        (Image(url="data:image/gif;base64,%"), "not valid"),
        (Image(url="data:image/gif,x"), "not valid"),
        (Image(data=b"x", media_type="image/tiff"), "image/tiff"),
        (Image(url="https://h/x", detail="high"), "detail"),
    ):
        with pytest.raises(UnsupportedError, match=words):
            block(part)
    for refused, part in (("image", Image(url="https://h/x")), ("image_url", Image(url="https://h/x"))):
        with pytest.raises(UnsupportedError):
            block(part, refused=[refused])


def test_a_large_picture_is_encoded_only_when_the_body_is() -> None:
    """Two megabytes are not held as text besides: the block holds the bytes themselves."""
    data = b"\x89PNG" + bytes(1000)
    made = image_block(Image(data=data), Quirks(), None)  # type: ignore[arg-type]
    assert made is not None
    assert made["source"]["data"] is data


def test_documents_go_by_bytes_by_address_or_by_id() -> None:
    text = block(File(data="Grüße".encode(), media_type="text/markdown", name="a.md"))
    assert text["source"] == {"type": "text", "media_type": "text/plain", "data": "Grüße"}
    assert text["title"] == "a.md"
    assert block(File(data=b"%PDF-1"))["source"]["media_type"] == "application/pdf"
    assert block(File(url="https://h/x"))["source"] == {"type": "url", "url": "https://h/x"}
    assert block(File(url="data:text/plain;base64,SGk="))["source"]["data"] == "Hi"
    cited = File(file_id="f", replay=kept(citations={"enabled": True}))
    assert block(cited)["citations"] == {"enabled": True}
    for part, words in (
        (File(data=b"PK"), "unknown"),
        (File(data=b"PK", media_type="application/zip"), "zip"),
        (File(url="data:text/plain;base64,%"), "not valid"),
    ):
        with pytest.raises(UnsupportedError, match=words):
            block(part)
    with pytest.raises(UnsupportedError, match="file"):
        block(File(file_id="f"), refused=["file"])


def test_marks_for_the_cache_go_on_any_part_unless_the_host_has_none() -> None:
    marked = block(Text(text="a", cache=Cache(ttl="1h")))
    assert marked["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    with pytest.raises(UnsupportedError, match="cache"):
        block(Text(text="a", cache=Cache()), refused=["cache"])


def test_what_this_wire_cannot_hear_is_refused() -> None:
    for part in (
        Audio(data=b"x"),
        Video(url="https://h/x"),
        Opaque(dialect="other", json=msgspec.Raw(b"{}")),
    ):
        with pytest.raises(UnsupportedError):
            block(part)
    own = block(Opaque(dialect="anthropic_messages", json=msgspec.Raw(b'{"type":"x","a":[1.50]}')))
    assert own == {"type": "x", "a": [1.5]}


def test_texts_keep_their_own_sources_only() -> None:
    cited = Text(text="a", replay=kept(citations=[{"type": "char_location"}]))
    assert body(request(user(), said(cited)))["messages"][1]["content"][0]["citations"]
    other = Text(text="a", replay=OTHER)
    assert body(request(user(), said(other)))["messages"][1]["content"] == "a"
    with_odd = Text(text="a", replay=kept(citations=None))
    assert body(request(user(), said(with_odd)))["messages"][1]["content"] == [
        {"type": "text", "text": "a", "citations": None}
    ]


def test_a_message_of_which_nothing_remains_is_left_out() -> None:
    talk = request(user(), said(Text(text="")), said(Refusal(text="")), user())
    assert len(body(talk)["messages"]) == 2
    assert notes(talk).count("left_out") == 2
    for nothing in (request(system("only")), ChatRequest(model="m", messages=())):
        with pytest.raises(InputError, match="empty"):
            wire(nothing)


def test_an_earlier_refusal_is_a_text() -> None:
    talk = request(user(), said(Refusal(text="No.")), user())
    assert body(talk)["messages"][1]["content"] == "No."
    assert notes(talk) == ["emulated"]


def test_parts_stand_only_where_they_may() -> None:
    for message in (
        user(Thinking(text="x")),
        said(ToolResult(call_id="c")),
        Message(role="tool", content="x"),  # type: ignore[arg-type]
        Message(role="tool", content=()),  # type: ignore[arg-type]
        Message(role="system", content=(Refusal(text="x"),)),  # type: ignore[arg-type]
    ):
        with pytest.raises(InputError):
            wire(request(user(), message))


def test_the_names_of_authors_are_refused() -> None:
    for message in (user(name="Ann"), system("x", name="Ann")):
        with pytest.raises(UnsupportedError, match="author"):
            wire(request(message, user()))


def test_a_later_word_of_the_system_is_one_of_the_users_or_stands_in_place() -> None:
    talk = request(user(), system(""), system("Brief."))
    assert body(talk)["messages"][1] == {"role": "user", "content": "Brief."}
    own = system("Brief.", replay=kept(role="system"))
    assert body(request(own, user()))["messages"][0] == {"role": "system", "content": "Brief."}
    assert notes(request(user(), own)) == []


def test_calls_have_objects_for_arguments_and_ids_that_this_wire_takes() -> None:
    calls = said(ToolCall(id="a:1", name="f", arguments="[1]"), ToolCall(id="a:1", name="f", arguments="{}"))
    with pytest.raises(UnsupportedError, match="no JSON object"):
        wire(request(user(), calls))
    sent = body(request(user(), calls, unsupported="drop"))["messages"][1]["content"]
    assert [one["input"] for one in sent] == [{"input": "[1]"}, {}]
    assert sent[0]["id"] == sent[1]["id"] == "call_0_a_1"
    custom = said(ToolCall(id="a", name="f", arguments="x", kind="custom"))
    with pytest.raises(UnsupportedError, match="custom tool"):
        wire(request(user(), custom))
    kept_call = said(ToolCall(id="a", name="f", arguments="{}", replay=kept(caller={"type": "direct"})))
    assert body(request(user(), kept_call))["messages"][1]["content"][0]["caller"] == {"type": "direct"}
    assert object_of("\ud800") is None
    assert boxed("x") == {"input": "x"}


def test_results_may_hold_pictures_and_come_before_what_the_user_says() -> None:
    result = ToolResult(call_id="a", content=(Text(text="x"), Image(url="https://h/x")))
    turn = body(request(user(Text(text="And?"), result)))["messages"][0]["content"]
    assert [one["type"] for one in turn] == ["tool_result", "text"]
    assert [one["type"] for one in turn[0]["content"]] == ["text", "image"]
    empty = body(request(user(ToolResult(call_id="a"))))["messages"][0]["content"][0]
    assert "content" not in empty


def test_results_of_a_turn_are_one_message_but_for_what_a_caller_of_this_wire_wrote() -> None:
    result = Message(role="tool", content=(ToolResult(call_id="a"),))  # type: ignore[arg-type]
    own = msgspec.structs.replace(result, replay=kept(x=1))
    assert len(body(request(user(), result, result, user()))["messages"]) == 2
    assert [len(one["content"]) for one in body(request(user(), result, own))["messages"][1:]] == [1, 1]


def test_tools_of_others_are_refused_and_own_ones_go_as_they_came() -> None:
    own = ServerTool(replay=kept(type="bash_20250124", name="bash"))
    assert body(request(tools=(own,)))["tools"] == [{"type": "bash_20250124", "name": "bash"}]
    for tool in (ServerTool(replay=OTHER), CustomTool(name="x")):
        with pytest.raises(UnsupportedError):
            wire(request(tools=(tool,)))
        assert "tools" not in body(request(tools=(tool,), unsupported="drop"))
    assert ToolEncoder.__doc__


def test_what_a_host_does_not_take_of_tools_is_refused() -> None:
    forced = ToolChoice(mode="required")
    for asked, refused in (
        ({"tools": (TOOL,)}, "tools"),
        ({"tools": (TOOL,), "tool_choice": forced}, "forced_tool"),
        ({"tools": (TOOL,), "parallel_tool_calls": False}, "parallel_tool_calls"),
        ({"tools": (FunctionTool(name="f", strict=True),)}, "strict"),
        ({"search": Search()}, "search"),
    ):
        with pytest.raises(UnsupportedError):
            wire(request(**asked), site(refused=[refused]))
    dropped = body(request(tools=(TOOL,), tool_choice=forced, unsupported="drop"), site(refused=["tools"]))
    assert not {"tools", "tool_choice"} & dropped.keys()
    loose = FunctionTool(name="f", strict=False)
    assert "strict" not in body(request(tools=(loose,)), site(refused=["strict"]))["tools"][0]
    with pytest.raises(InputError, match="'g'"):
        wire(request(tools=(TOOL,), tool_choice=ToolChoice(mode="auto", allowed=("f", "g"))))


def test_several_calls_at_once_are_the_usual_case() -> None:
    assert "tool_choice" not in body(request(tools=(TOOL,), parallel_tool_calls=True))
    none = request(tools=(TOOL,), tool_choice=ToolChoice(mode="none"), parallel_tool_calls=False)
    assert body(none)["tool_choice"] == {"type": "none"}


def test_the_web_is_searched_within_what_can_be_said() -> None:
    allowed = Search(allowed_domains=("a.example",), blocked_domains=("b.example",))
    with pytest.raises(UnsupportedError, match="allowed_domains"):
        wire(request(search=allowed))
    for asked in (Search(max_results=3), Search(context_size="low")):
        with pytest.raises(UnsupportedError):
            wire(request(search=asked))
    (tool,) = body(request(search=allowed, unsupported="drop"))["tools"]
    assert tool["allowed_domains"] == ["a.example"]
    assert "blocked_domains" not in tool


def test_what_is_usual_is_not_asked_for() -> None:
    usual = request(n=1, repetition_penalty=1.0, frequency_penalty=0.0, modalities=("text",))
    plain = body(request(response_format=ResponseFormat(type="text"), service_tier="default"))
    assert body(usual) == plain == body(request())
    fixed = site(refused=["temperature", "top_p"])
    assert body(request(temperature=1.0, top_p=1.0), fixed) == body(request())


def test_what_this_wire_has_no_word_for_is_refused() -> None:
    for asked in (
        {"seed": 0},
        {"repetition_penalty": 1.1},
        {"modalities": ("audio",)},
        {"metadata": {"a": "b"}},
        {"service_tier": "flex"},
        {"prompt_cache_key": "k"},
        {"response_format": ResponseFormat(type="json_schema", schema={}, description="d")},
    ):
        with pytest.raises(UnsupportedError):
            wire(request(**asked))


def test_thinking_is_bounded_by_the_answer() -> None:
    think = Reasoning(budget=5000)
    clamped = request(reasoning=think, max_tokens=2000, unsupported="drop")
    assert body(clamped)["thinking"]["budget_tokens"] == 1999
    assert notes(clamped) == ["clamped"]
    tiny = request(reasoning=Reasoning(effort="low"), max_tokens=500, unsupported="drop")
    assert body(tiny, site(thinking="budget"))["thinking"]["budget_tokens"] == 1024
    assert body(request(reasoning=Reasoning()))["max_tokens"] == 4096
    assert "thinking" not in body(request(reasoning=Reasoning()))
    assert body(request(reasoning=Reasoning()), site(thinking="budget")) == body(request())
    assert body(request(reasoning=Reasoning(budget=2000, effort="low")))["output_config"] == {"effort": "low"}


def test_an_effort_that_no_model_of_the_host_knows_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="effort"):
        wire(request(reasoning=Reasoning(effort="low")), site(efforts=[]))
    none = request(reasoning=Reasoning(effort="low"), unsupported="drop")
    assert "output_config" not in body(none, site(efforts=[]))


def test_a_limit_that_was_put_in_is_known() -> None:
    at = site()
    assert filled_limit(request(), at) == 4096
    assert filled_limit(request(max_tokens=5), at) is None
    assert filled_limit(request(extra={"max_tokens": 5}), at) is None
    for think in (Reasoning(budget=2000), Reasoning(budget=10), Reasoning(effort="none"), Reasoning()):
        asked = request(reasoning=think, unsupported="drop")
        assert filled_limit(asked, at) == body(asked, at)["max_tokens"] == 4096 + room(think, Quirks())


def test_extra_has_the_last_word() -> None:
    sent = body(request(user=None, extra={"metadata": {"user_id": "u"}, "top_k": 3}))
    assert (sent["metadata"], sent["top_k"]) == ({"user_id": "u"}, 3)
    with pytest.raises(InputError, match="no JSON"):
        wire(request(extra={"x": object()}))


def test_half_a_character_is_refused_with_its_place() -> None:
    with pytest.raises(InputError, match=r"messages\[1\]"):
        wire(request(user(), user(Text(text="\ud800"))))
    with pytest.raises(InputError, match="the request"):
        wire(request(extra={"x": "\ud800"}))


def test_an_answer_goes_on_only_where_the_row_says_so() -> None:
    begun = request(user(), said(Text(text="So")))
    assert continues(begun, site(prefill=True))
    assert not continues(begun, site())
    assert not continues(request(), site(prefill=True))
    assert Paths().stream == ""


def test_what_is_dropped_is_gone_with_a_note() -> None:
    parts: tuple[Part, ...] = (
        Image(url="data:image/gif;base64,%"),
        Image(data=b"x", media_type="image/tiff"),
        File(data=b"PK"),
        File(url="data:text/plain;base64,%"),
        Audio(data=b"x"),
        Opaque(dialect="other", json=msgspec.Raw(b"{}")),
    )
    talk = request(user(*parts, Text(text="x")), unsupported="drop")
    assert body(talk)["messages"][0]["content"] == "x"
    assert notes(talk) == ["dropped"] * len(parts)
    for refused, part in (
        ("image", Image(data=b"x")),
        ("image_url", Image(url="https://h/x")),
        ("file", File(file_id="f")),
        ("cache", Text(text="y", cache=Cache())),
    ):
        talk = request(user(part, Text(text="x")), unsupported="drop")
        assert notes(talk, refused=[refused]) == ["dropped"]


def test_what_a_host_refuses_is_dropped_on_request() -> None:
    asked = request(
        temperature=0.5,
        top_k=3,
        search=Search(),
        service_tier="flex",
        reasoning=Reasoning(enabled=True),
        response_format=ResponseFormat(type="json_object"),
        unsupported="drop",
    )
    sent = body(asked, site(version="2026-10-21", refused=["search", "top_k"]))
    assert sent.keys() == {"model", "messages", "max_tokens", "thinking"}
    sampled = request(temperature=0.5, top_k=3, reasoning=Reasoning(enabled=True), unsupported="drop")
    assert not {"temperature", "top_k"} & body(sampled).keys()
    strict = request(tools=(FunctionTool(name="f", strict=True),), unsupported="drop")
    assert "strict" not in body(strict, site(refused=["strict"]))["tools"][0]
    bounded = request(search=Search(allowed_domains=("a.example",)))
    assert body(bounded)["tools"][0]["allowed_domains"] == ["a.example"]
    alone = request(tools=(TOOL,), parallel_tool_calls=False, unsupported="drop")
    assert "tool_choice" not in body(alone, site(refused=["parallel_tool_calls"]))
