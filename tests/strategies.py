"""Generated requests and runs of events."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import Raw

from baimo.types.chat import (
    AudioOutput,
    ChatRequest,
    FinishReason,
    Message,
    Reasoning,
    ResponseFormat,
    Role,
    TokenLogprob,
)
from baimo.types.content import (
    Audio,
    Citation,
    File,
    Image,
    Part,
    Refusal,
    Replay,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from baimo.types.events import (
    ChatEvent,
    Finished,
    LogprobsReported,
    PartDelta,
    PartEnded,
    PartStarted,
    Started,
    UsageReported,
)
from baimo.types.tools import CustomTool, FunctionTool, ToolChoice
from baimo.types.usage import Usage
from tests.conformance.wires import Wire, wire_of

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
names = st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True)
data = st.binary(min_size=1, max_size=7)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
    max_leaves=4,
)
json_objects = st.dictionaries(names, json_values, max_size=3)
json_texts = json_objects.map(lambda value: msgspec.json.encode(value).decode())


def replays(dialect: str, *fields: str) -> st.SearchStrategy[Replay]:
    """What a dialect wants back: an object of the fields named."""
    wanted = st.fixed_dictionaries(
        {field: st.lists(json_objects, min_size=1, max_size=2) for field in fields}
    )
    return wanted.map(lambda value: Replay(dialect=dialect, json=Raw(msgspec.json.encode(value))))


plain_texts = st.builds(Text, text=texts)
images = st.builds(Image, data=data, media_type=st.sampled_from(["image/png", "image/jpeg"])) | st.builds(
    Image, url=words.map(lambda path: f"https://a.example/{path}"), detail=st.none() | st.just("low")
)
sounds = st.builds(Audio, data=data, format=st.sampled_from(["wav", "mp3"]))
files = st.builds(File, data=data, name=st.none() | names, media_type=st.just("application/pdf")) | st.builds(
    File, file_id=names
)
calls = st.builds(ToolCall, id=names, name=names, arguments=json_texts) | st.builds(
    ToolCall, id=names, name=names, arguments=texts, kind=st.just("custom")
)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """One turn of any role."""
    role = draw(st.sampled_from(Role))
    name = draw(st.none() | names) if role is not Role.TOOL else None
    if role is Role.TOOL:
        return Message(
            role=role,
            content=(
                ToolResult(
                    call_id=draw(names),
                    content=draw(st.lists(plain_texts, min_size=1, max_size=2).map(tuple)),
                ),
            ),
        )
    if role in (Role.SYSTEM, Role.DEVELOPER):
        return Message(
            role=role, name=name, content=draw(st.lists(plain_texts, min_size=1, max_size=2).map(tuple))
        )
    if role is Role.USER:
        media = st.lists(plain_texts | images | sounds | files, min_size=1, max_size=3)
        return Message(role=role, name=name, content=tuple(draw(media)))
    parts: list[Part] = draw(st.lists(st.builds(Thinking, text=words), max_size=1))
    parts += draw(st.lists(st.builds(Text, text=words), max_size=1))
    parts += draw(st.lists(st.builds(Refusal, text=words), max_size=1))
    parts += draw(st.lists(calls, max_size=2))
    return Message(role=role, name=name, content=tuple(parts or [Text(text="ok")]))


@st.composite
def tool_sets(draw: st.DrawFn) -> dict[str, Any]:
    """Tools, and which of them may be used."""
    offered = draw(st.lists(names, unique=True, max_size=3))
    function = st.builds(
        FunctionTool,
        name=st.just(""),
        description=st.none() | texts,
        parameters=st.none() | json_objects,
        strict=st.none() | st.booleans(),
    )
    custom = st.builds(CustomTool, name=st.just(""), description=st.none() | texts)
    tools = tuple([msgspec.structs.replace(draw(function | custom), name=name) for name in offered])
    if not tools:
        return {}
    choices = [ToolChoice(mode=mode) for mode in ("none", "auto", "required")]
    choices.append(ToolChoice(mode="required", allowed=(offered[0],)))
    return {
        "tools": tools,
        "tool_choice": draw(st.none() | st.sampled_from(choices)),
        "parallel_tool_calls": draw(st.none() | st.booleans()),
    }


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


@st.composite
def chat_requests(draw: st.DrawFn) -> ChatRequest:
    """Requests of what most wires can say, without values that are a wire's own defaults."""
    stream = draw(st.booleans())
    penalty = st.floats(-2, 2).filter(bool)
    formats = st.just(ResponseFormat(type="json_object")) | st.builds(
        ResponseFormat,
        type=st.just("json_schema"),
        name=names,
        schema=json_objects,
        strict=st.none() | st.booleans(),
    )
    logprobs = draw(maybe(st.just(True)))
    return ChatRequest(
        model=draw(words),
        messages=tuple(draw(st.lists(messages(), min_size=1, max_size=4))),
        temperature=draw(maybe(st.floats(0, 2))),
        top_p=draw(maybe(st.floats(0, 1))),
        frequency_penalty=draw(maybe(penalty)),
        presence_penalty=draw(maybe(penalty)),
        seed=draw(maybe(st.integers(0, 2**40))),
        stop=tuple(draw(st.lists(words, max_size=2))),
        max_tokens=draw(maybe(st.integers(1, 10**6))),
        n=draw(maybe(st.integers(2, 5))),
        logprobs=logprobs,
        top_logprobs=draw(maybe(st.integers(0, 20))) if logprobs else None,
        response_format=draw(maybe(formats)),
        reasoning=draw(maybe(st.builds(Reasoning, effort=st.sampled_from(["none", "low", "max"])))),
        audio=draw(maybe(st.builds(AudioOutput, voice=names, format=st.just("mp3")))),
        user=draw(maybe(words)),
        metadata=draw(maybe(st.dictionaries(names, texts, max_size=2))),
        stream=stream,
        include_usage=draw(st.booleans()) if stream else None,
        **draw(tool_sets()),
    )


@st.composite
def pieces(draw: st.DrawFn, index: int, choice: int, text: st.SearchStrategy[str]) -> list[ChatEvent]:
    """The deltas of a part."""
    return [
        PartDelta(index=index, choice=choice, text=t) for t in draw(st.lists(text, min_size=1, max_size=3))
    ]


@st.composite
def arguments(draw: st.DrawFn, index: int, choice: int) -> list[ChatEvent]:
    """The deltas of a function call: one JSON object, cut anywhere."""
    whole = draw(json_texts)
    at = draw(st.integers(0, len(whole)))
    return [PartDelta(index=index, choice=choice, text=text) for text in (whole[:at], whole[at:]) if text]


@st.composite
def choices(draw: st.DrawFn, choice: int, dialect: str) -> list[ChatEvent]:
    """The parts of one choice in the order a model makes them, and its end."""
    wire = wire_of(dialect)
    events: list[ChatEvent] = []
    order = ["thinking", "text", "refusal", "audio"]
    offered = [kind for kind in order if kind in wire.parts]
    kinds = draw(st.lists(st.sampled_from(offered), unique=True, max_size=3))
    kinds.sort(key=order.index)
    kinds += ["call"] * (draw(st.integers(0, wire.calls)) if "call" in wire.parts else 0)
    for index, kind in enumerate(kinds):
        replay, citations, expires_at = None, (), None
        part: Part
        text, custom = words, False
        if kind == "thinking":
            part, replay = Thinking(), draw(st.none() | replays(dialect, *wire.replays))
            replay = replay if wire.replays else None
        elif kind == "text":
            part = Text(text="")
            cite = st.builds(
                Citation, url=words, title=words, quote=st.none() | words, start=st.just(0), end=st.just(2)
            )
            citations = tuple(draw(st.lists(cite, max_size=2))) if wire.citations else ()
        elif kind == "refusal":
            part = Refusal(text="")
        elif kind == "audio":
            part, expires_at = Audio(id=draw(names)), draw(st.integers(1, 10**9))
        else:
            custom = wire.custom_calls and draw(st.booleans())
            part = ToolCall(
                id=f"{draw(names)}{index}",
                name=draw(names),
                arguments="",
                kind="custom" if custom else "function",
            )
        events.append(PartStarted(index=index, part=part, choice=choice))
        events += draw(
            arguments(index, choice) if kind == "call" and not custom else pieces(index, choice, text)
        )
        if kind == "audio":
            events += [
                PartDelta(index=index, choice=choice, data=d)
                for d in draw(st.lists(data, min_size=1, max_size=3))
            ]
        events.append(
            PartEnded(index=index, choice=choice, replay=replay, citations=citations, expires_at=expires_at)
        )
    if wire.logprobs and draw(st.booleans()):
        token = TokenLogprob(token=draw(words), logprob=-0.5, bytes=(1, 2))
        events.append(LogprobsReported(tokens=(token,), choice=choice))
    reason, raw = draw(ends(wire, kinds))
    events.append(Finished(reason=reason, raw=raw, choice=choice))
    return events


@st.composite
def ends(draw: st.DrawFn, wire: Wire, kinds: list[str]) -> tuple[FinishReason, str | None]:
    """Why a choice of such parts may end, and the wire's word for it."""
    if "call" in kinds:
        reason = "tool_calls"
    elif "refusal" in kinds:
        reason = "refusal"
    else:
        reason = draw(st.sampled_from([one for one in wire.finishes if one not in ("tool_calls", "refusal")]))
    return FinishReason(reason), draw(st.sampled_from(wire.finishes[reason]))


@st.composite
def chat_events(draw: st.DrawFn, dialect: str) -> list[ChatEvent]:
    """A whole reply: its choices, and usage."""
    wire = wire_of(dialect)
    events: list[ChatEvent] = [
        Started(id=draw(names), model=draw(names), created=draw(st.integers(1, 10**10)))
    ]
    runs = [draw(choices(choice, dialect)) for choice in range(draw(st.integers(1, wire.choices)))]
    while any(runs):
        run = draw(st.sampled_from([run for run in runs if run]))
        events.append(run.pop(0))
    counts = st.integers(0, 1000)
    told = {name: draw(counts if name in wire.always else st.none() | counts) for name in wire.usage}
    events.append(UsageReported(usage=Usage(**told)))
    return events
