"""Neutral requests to bodies: what the cases do not show."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import Raw

from baimo.dialects.gemini import DIALECT
from baimo.dialects.gemini.contents import response_of, text_of_response
from baimo.dialects.gemini.media import decode_media
from baimo.dialects.gemini.parts import MADE_UP, made_up_id
from baimo.dialects.gemini.quirks import Quirks
from baimo.dialects.gemini.words import address, place
from baimo.errors import ConfigError, InputError, UnsupportedError
from baimo.types.chat import Reasoning, ResponseFormat
from baimo.types.content import (
    Audio,
    File,
    Image,
    Opaque,
    Replay,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)
from baimo.types.tools import FunctionTool, Search, ServerTool, ToolChoice
from tests.dialects.gemini.asking import body, message, request, site

F = FunctionTool(name="f", parameters={"type": "object", "properties": {"a": {"type": "string"}}})


@pytest.mark.parametrize(
    ("base", "model", "target"),
    [
        ("https://h.example", "m", "/v1beta/models/m:generateContent"),
        ("https://h.example/v1", "models/m", "/v1/models/m:generateContent"),
        ("https://h.example/proxy/v1beta/openai", "m", "/proxy/v1beta/models/m:generateContent"),
        (
            "https://h.example/v1beta/publishers/google",
            "google/m",
            "/v1beta/publishers/google/models/m:generateContent",
        ),
        ("https://h.example/v1", "google/m", "/v1/models/google/m:generateContent"),
        ("https://h.example/v1", "模型?", "/v1/models/%E6%A8%A1%E5%9E%8B%3F:generateContent"),
    ],
)
def test_model_and_method_stand_in_the_address(base: str, model: str, target: str) -> None:
    assert address(site(base), model, "generateContent")[1].decode() == target


def test_the_global_location_has_no_prefix() -> None:
    at = site("https://global-aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google")
    assert address(at, "m", "x")[0] == "https://aiplatform.googleapis.com"
    at = site("https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/l/publishers/google")
    assert address(at, "m", "x")[0] == "https://europe-west4-aiplatform.googleapis.com"


@pytest.mark.parametrize(
    ("target", "found"),
    [
        (b"/v1beta/models/m:generateContent?alt=sse", ("m", "generateContent")),
        (b"/v1/projects/p/locations/l/publishers/google/models/m:predict", ("m", "predict")),
        (b"/v1beta/tunedModels/t-1:generateContent", ("tunedModels/t-1", "generateContent")),
        (b"/v1beta/models/%E6%A8%A1", ("模", "")),
        (b"/v1beta/models", None),
        (b"/v1beta/files/x", None),
    ],
)
def test_a_callers_address_names_model_and_method(target: bytes, found: tuple[str, str] | None) -> None:
    assert place(target) == found


def test_quirks_are_checked_by_name_and_value() -> None:
    assert DIALECT.quirks({"thinking": "level"}) == Quirks(thinking="level")
    with pytest.raises(ConfigError, match="no quirk 'thinkin'"):
        DIALECT.quirks({"thinkin": "level"})
    with pytest.raises(ConfigError, match="a quirk of gemini is wrong"):
        DIALECT.quirks({"thinking": "loud"})


def test_without_quirks_the_defaults_hold() -> None:
    wire = DIALECT.encode_request(request(headers={"X-A": "b"}), msgspec.structs.replace(site(), quirks=None))
    assert (b"X-A", b"b") in wire.headers


def test_a_request_needs_a_turn() -> None:
    with pytest.raises(InputError, match="messages is empty"):
        DIALECT.encode_request(msgspec.structs.replace(request(), messages=()), site())
    with pytest.raises(InputError, match="system's words only"):
        body(request(message("system", Text(text="Be kind."))))


@pytest.mark.parametrize(
    ("role", "part", "words"),
    [
        ("user", Thinking(text="a"), "only an assistant's"),
        ("assistant", ToolResult(call_id="c", name="f"), "assistant's message must not hold"),
        ("tool", Text(text="a"), "must hold tool results"),
        ("tool", ToolResult(call_id="c"), "answers 'c', which no call before it"),
    ],
)
def test_a_part_in_the_wrong_place_is_named(role: str, part: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        body(request(message(role, part)))


def test_a_tools_message_holds_results() -> None:
    with pytest.raises(InputError, match=r"messages\[0\] is of a tool"):
        body(request(message("tool")))


def test_results_may_stand_in_a_users_message() -> None:
    turn = message("user", ToolResult(call_id="c", name="f", content=(Text(text="1"),)), Text(text="Go on"))
    (content,) = body(request(turn))["contents"]
    assert content["role"] == "user"
    assert [next(iter(part)) for part in content["parts"]] == ["functionResponse", "text"]


def test_a_message_without_parts_holds_an_empty_text() -> None:
    assert body(request(message("user")))["contents"] == [{"role": "user", "parts": [{"text": ""}]}]


def test_foreign_thoughts_without_words_are_left_out() -> None:
    turn = message(
        "assistant", Thinking(replay=Replay(dialect="other", json=Raw(b'{"a":1}'))), Text(text="Yes")
    )
    assert body(request(turn))["contents"][0]["parts"] == [{"text": "Yes"}]


def test_what_the_provider_ran_goes_back_as_it_came() -> None:
    code = {"executableCode": {"language": "PYTHON", "code": "1"}, "thoughtSignature": "YQ=="}
    turn = message("assistant", Opaque(dialect="gemini", json=Raw(msgspec.json.encode(code))))
    assert body(request(turn))["contents"][0]["parts"] == [code]


def test_system_media_have_no_place() -> None:
    with pytest.raises(UnsupportedError, match="image content of the system"):
        body(request(message("system", Image(data=b"\x89PNG")), message("user", Text(text="Hi"))))


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (ToolCall(id="c", name="f", arguments="{oops"), "no JSON object"),
        (ToolCall(id="c", name="f", arguments="x", kind="custom"), "of a custom tool"),
    ],
)
def test_a_call_without_an_object_is_refused_or_boxed(call: ToolCall, what: str) -> None:
    turn = message("assistant", call)
    with pytest.raises(UnsupportedError, match=what):
        body(request(turn))
    (part,) = body(request(turn, unsupported="drop"))["contents"][0]["parts"]
    assert part["functionCall"]["args"] == {"input": call.arguments}


def test_what_stands_in_a_call_goes_back_with_it() -> None:
    kept = Replay(dialect="gemini", json=Raw(b'{"functionCall":{"willContinue":true}}'))
    call = ToolCall(id="c", name="f", arguments="{}", replay=kept)
    (part,) = body(request(message("assistant", call)))["contents"][0]["parts"]
    assert part["functionCall"] == {"id": "c", "name": "f", "args": {}, "willContinue": True}


def test_the_stand_in_for_a_signature_is_told_once() -> None:
    turn = message("assistant", ToolCall(id="c", name="f", arguments="{}"))
    wire = DIALECT.encode_request(request(turn, turn), site(signatures="required"))
    assert [note.code for note in wire.notes] == ["emulated"]
    assert isinstance(wire.body, bytes)
    assert wire.body.count(b"thoughtSignature") == 2


def test_a_picture_in_a_result_stands_behind_it_where_results_hold_none() -> None:
    turn = message("user", ToolResult(call_id="c", name="f", content=(Image(data=b"\x89PNG"),)))
    (content,) = body(request(turn))["contents"]
    answer, words, picture = content["parts"]
    assert "next message" in answer["functionResponse"]["response"]["result"]
    assert words == {"text": "[From the result of f:]"}
    assert picture["inlineData"]["data"] == "iVBORw=="
    dropped = ToolResult(call_id="c", name="f", content=(Image(url="https://x.example/a.png"),))
    at = site(result_media=True)
    wire = body(request(message("user", dropped), unsupported="drop"), at)
    assert "parts" not in wire["contents"][0]["parts"][0]["functionResponse"]


@pytest.mark.parametrize(
    "text",
    ["plain", "", '{"a": 1}', '{"result": 5}', '{"error": ["x"]}', "[1]", '{"result": "{\\"a\\":1}"}', "{}"],
)
def test_a_tools_text_survives_both_ways(text: str) -> None:
    wire = response_of(text, is_error=False)
    back = text_of_response(msgspec.json.decode(msgspec.json.encode(wire)))
    assert back == (text.replace(": ", ":"), False)


def test_a_tools_failure_survives_both_ways() -> None:
    wire = response_of("no road", is_error=True)
    assert isinstance(wire, dict)
    assert text_of_response(wire) == ("no road", True)


@pytest.mark.parametrize(
    ("part", "wire"),
    [
        (Image(data=b"\xff\xd8\xff."), {"inlineData": {"mimeType": "image/jpeg", "data": "/9j/Lg=="}}),
        (Image(url="data:image/gif;base64,R0lG"), {"inlineData": {"mimeType": "image/gif", "data": "R0lG"}}),
        (
            Image(url="gs://b/a.PNG?x=1"),
            {"fileData": {"fileUri": "gs://b/a.PNG?x=1", "mimeType": "image/png"}},
        ),
        (File(file_id="https://x.example/f"), {"fileData": {"fileUri": "https://x.example/f"}}),
        (Audio(data=b"a", format="mp3"), {"inlineData": {"mimeType": "audio/mp3", "data": "YQ=="}}),
        (Audio(url="gs://b/a.flac"), {"fileData": {"fileUri": "gs://b/a.flac", "mimeType": "audio/flac"}}),
        (
            Video(data=b"v", media_type="video/mp4", fps=2.0),
            {"inlineData": {"mimeType": "video/mp4", "data": "dg=="}, "videoMetadata": {"fps": 2.0}},
        ),
        (
            Image(data=b"x", media_type="image/x", detail="auto"),
            {"inlineData": {"mimeType": "image/x", "data": "eA=="}},
        ),
    ],
)
def test_media_go_as_bytes_or_by_an_address_of_googles(part: Any, wire: dict[str, Any]) -> None:
    assert body(request(message("user", part)))["contents"][0]["parts"] == [wire]


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (Image(data=b"??"), "image content without a media type"),
        (Image(url="data:image/png,raw"), "no base64"),
        (Audio(id="a1"), "by the id of an earlier answer"),
        (Video(), "without bytes or an address"),
        (File(url="https://x.example/a.pdf"), "by a web address"),
        (Image(data=b"x", media_type="image/png", detail="low"), "how closely to look"),
    ],
)
def test_media_that_cannot_go_are_refused(part: Any, words: str) -> None:
    with pytest.raises(UnsupportedError, match=words):
        body(request(message("user", part)))


def test_media_that_are_left_out_leave_the_rest() -> None:
    asked = request(
        message("user", Image(data=b"??"), Image(url="data:x,y"), Text(text="Hi")), unsupported="drop"
    )
    assert body(asked)["contents"][0]["parts"] == [{"text": "Hi"}]


def test_a_large_picture_is_held_no_more_than_needed() -> None:
    picture = b"\x89PNG" + bytes(2_000_000)
    wire = DIALECT.encode_request(request(message("user", Image(data=picture))), site())
    assert isinstance(wire.body, bytes)
    assert len(wire.body) < len(picture) * 1.4
    found = decode_media(msgspec.json.decode(wire.body)["contents"][0]["parts"][0])
    assert found is not None
    assert found[1] == picture


@pytest.mark.parametrize(
    ("choice", "words"),
    [(ToolChoice(mode="required", allowed=("g",)), "'g', which is not among")],
)
def test_a_choice_of_no_tool_is_named(choice: ToolChoice, words: str) -> None:
    with pytest.raises(InputError, match=words):
        body(request(tools=(F,), tool_choice=choice))


@pytest.mark.parametrize(("mode", "word"), [("none", "NONE"), ("auto", "AUTO"), ("required", "ANY")])
def test_each_mode_has_a_word(mode: Any, word: str) -> None:
    wire = body(request(tools=(F,), tool_choice=ToolChoice(mode=mode)))
    assert wire["toolConfig"] == {"functionCallingConfig": {"mode": word}}


def test_a_strict_tool_is_validated_where_the_model_may_choose() -> None:
    strict = msgspec.structs.replace(F, strict=True)
    wire = body(request(tools=(strict,), tool_choice=ToolChoice(mode="auto")))
    assert wire["toolConfig"]["functionCallingConfig"]["mode"] == "VALIDATED"


def test_tools_without_arguments_have_no_schema() -> None:
    plain = FunctionTool(name="f", parameters={"type": "object", "properties": {}})
    at = site(schemas="openapi")
    assert body(request(tools=(plain, FunctionTool(name="g"))), at)["tools"] == [
        {"functionDeclarations": [{"name": "f"}, {"name": "g"}]}
    ]


def test_a_tool_of_another_wire_is_refused() -> None:
    tool = ServerTool(replay=Replay(dialect="other", json=Raw(b"{}")))
    with pytest.raises(UnsupportedError, match="a tool of other"):
        body(request(tools=(tool,)))


@pytest.mark.parametrize(
    ("search", "words"),
    [
        (Search(max_uses=1), "how often"),
        (Search(max_results=1), "how many pages"),
        (Search(context_size="low"), "how much of what"),
        (Search(allowed_domains=("a.example",)), "which sites to search"),
        (Search(country="CN"), "where its user is"),
        (Search(blocked_domains=("a.example",)), "which sites to leave out"),
    ],
)
def test_wishes_for_a_search_are_refused(search: Search, words: str) -> None:
    with pytest.raises(UnsupportedError, match=words):
        body(request(search=search))


def thinking(reasoning: Reasoning, **quirks: Any) -> Any:
    asked = request(reasoning=reasoning, unsupported="drop")
    return body(asked, site(**quirks)).get("generationConfig", {}).get("thinkingConfig")


@pytest.mark.parametrize(
    ("reasoning", "quirks", "wire"),
    [
        (Reasoning(effort="max"), {}, {"includeThoughts": True, "thinkingBudget": 24576}),
        (
            Reasoning(effort="minimal"),
            {"budgets": (1000, 2000)},
            {"includeThoughts": True, "thinkingBudget": 1000},
        ),
        (Reasoning(effort="none"), {"thinking": "level"}, {"thinkingLevel": "MINIMAL"}),
        (Reasoning(effort="max"), {"thinking": "level"}, {"includeThoughts": True, "thinkingLevel": "HIGH"}),
        (Reasoning(budget=99999), {"thinking": "level"}, {"includeThoughts": True, "thinkingBudget": 99999}),
        (Reasoning(enabled=False), {"thinking": "none"}, None),
        (Reasoning(effort="low"), {"thinking": "none"}, None),
        (Reasoning(budget=0), {"thinking_off": False, "budgets": (128, 256)}, {"thinkingBudget": 128}),
    ],
)
def test_thinking_is_told_as_the_model_takes_it(
    reasoning: Reasoning, quirks: dict[str, Any], wire: Any
) -> None:
    assert thinking(reasoning, **quirks) == wire


def test_nothing_about_thinking_is_nothing_on_the_wire() -> None:
    assert thinking(Reasoning()) == {"includeThoughts": True}


@pytest.mark.parametrize(
    ("form", "wire"),
    [
        (ResponseFormat(type="text"), None),
        (
            ResponseFormat(
                type="json_schema", schema={"type": "object", "description": "d"}, description="e"
            ),
            "d",
        ),
    ],
)
def test_a_form_keeps_its_own_description(form: ResponseFormat, wire: str | None) -> None:
    settings = body(request(response_format=form)).get("generationConfig", {})
    assert settings.get("responseJsonSchema", {}).get("description") == wire


def test_what_a_form_is_for_needs_a_schema() -> None:
    with pytest.raises(UnsupportedError, match="what the answer's form is for"):
        body(request(response_format=ResponseFormat(type="json_object", description="d")))


def test_probabilities_may_be_asked_without_others() -> None:
    assert body(request(logprobs=True, top_logprobs=0))["generationConfig"] == {"responseLogprobs": True}


def test_defaults_of_the_wire_are_left_out() -> None:
    assert "generationConfig" not in body(request(n=1, modalities=("text",), service_tier="auto"))


def test_half_a_surrogate_is_named() -> None:
    with pytest.raises(InputError, match=r"messages\[0\] holds half"):
        body(request(message("user", Text(text="\ud83d")), message("user", Text(text="b"))))
    with pytest.raises(InputError, match="the request holds half"):
        body(request(extra={"labels": {"a": "\ud83d"}}))
    with pytest.raises(InputError, match="no JSON"):
        body(request(extra={"labels": {"a": object()}}))


def test_extra_has_the_last_word_in_objects_within_objects() -> None:
    asked = request(
        reasoning=Reasoning(enabled=True),
        extra={"generationConfig": {"thinkingConfig": {"includeThoughts": False}, "topK": 3}},
    )
    assert body(asked)["generationConfig"] == {"thinkingConfig": {"includeThoughts": False}, "topK": 3}


def test_fields_of_another_wire_are_not_sent() -> None:
    assert "a" not in body(request(foreign=Replay(dialect="other", json=Raw(b'{"a":1}'))))


def test_made_up_ids_are_the_same_for_the_same_place() -> None:
    assert made_up_id("r", 0, 1) == made_up_id("r", 0, 1) != made_up_id("r", 0, 2)
    assert made_up_id("\ud83d").startswith(MADE_UP)
