"""Being the provider: this wire's bodies to neutral requests.

What the documentation names is understood; other fields are kept and sent on to providers of this wire only.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

import msgspec

from baimo.errors import InputError
from baimo.types.chat import ChatRequest, Reasoning, ResponseFormat
from baimo.types.tools import FunctionTool, Search, ServerTool, Tool, ToolChoice
from baimo.wire.http import HttpRequest

from .served_fields import Json, cache_of, mapping, named, replay, string
from .served_message import decode_messages, decode_system
from .words import BETAS, SEARCH, TOOLS

_OPERATIONS = (
    (b"/v1/messages/count_tokens", "POST", "count"),
    (b"/v1/messages", "POST", "chat"),
    (b"/v1/models", "GET", "models"),
    (b":rawPredict", "POST", "chat"),
    (b":streamRawPredict", "POST", "chat"),
    (b"/invoke", "POST", "chat"),
)
"""The ends of addresses."""

_IN_PATH = re.compile(rb"/models?/([^/]+?)(?::(?:rawPredict|(streamRawPredict))|/invoke)$")
"""How clouds name the model in the address."""


def operation(method: str, target: bytes) -> str | None:
    """The operation at an address, or None."""
    path = target.partition(b"?")[0].rstrip(b"/")
    for end, verb, found in _OPERATIONS:
        if path.endswith(end):
            return found if method == verb else None
    return None


class _Body(msgspec.Struct):
    """The fields that are understood."""

    model: str | None = None
    messages: list[Json] | None = None
    max_tokens: int | None = None
    system: str | list[Json] | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop_sequences: tuple[str, ...] | None = None
    stream: bool | None = None
    metadata: Json | None = None
    service_tier: str | None = None
    tools: list[Json] | None = None
    tool_choice: Json | None = None
    thinking: Json | None = None
    output_config: Json | None = None
    anthropic_version: str | None = None


_KNOWN = frozenset(_Body.__struct_fields__)

_body = msgspec.json.Decoder(_Body)
_fields = msgspec.json.Decoder(Json)


def body_of(wire: HttpRequest) -> bytes:
    """A caller's body in one piece."""
    return wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())


def decode_request(wire: HttpRequest, *, limit_required: bool = True) -> ChatRequest:
    """What a caller asks for. Raises InputError naming the field, and the message where it is one's."""
    raw = body_of(wire)
    try:
        body = _body.decode(raw)
        own = {name: value for name, value in _fields.decode(raw).items() if name not in _KNOWN}
    except msgspec.ValidationError as error:
        raise InputError(named(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"The request body is not valid JSON: {error}") from None
    found = _IN_PATH.search(wire.target.partition(b"?")[0])
    model = body.model or (unquote(found[1].decode("ascii", "replace")) if found is not None else "")
    if not model:
        raise InputError("model: Field required")
    if body.messages is None:
        raise InputError("messages: Field required")
    if not body.messages:
        raise InputError("messages: at least one message is required")
    if body.max_tokens is None and limit_required:
        raise InputError("max_tokens: Field required")
    betas = [value for name, value in wire.headers if name.lower() == b"anthropic-beta"]
    if betas:
        own[BETAS] = [one.strip() for one in b",".join(betas).decode("latin-1").split(",") if one.strip()]
    tools, search = _tools(body.tools or [], own)
    choice, parallel = _choice(body.tool_choice)
    reasoning = _reasoning(body, own)
    return ChatRequest(
        model=model,
        messages=(*decode_system(body.system), *decode_messages(body.messages)),
        tools=tools,
        search=search,
        tool_choice=choice,
        parallel_tool_calls=parallel,
        temperature=body.temperature,
        top_p=body.top_p,
        top_k=body.top_k,
        stop=body.stop_sequences or (),
        max_tokens=body.max_tokens,
        response_format=_format(body.output_config or {}, own),
        reasoning=reasoning,
        service_tier=body.service_tier,
        user=_user(body.metadata, own),
        stream=bool(body.stream) or (found is not None and found[2] is not None),
        foreign=replay(own) if own else None,
    )


def _user(metadata: Json | None, own: Json) -> str | None:
    user = (metadata or {}).get("user_id")
    rest = {name: value for name, value in (metadata or {}).items() if name != "user_id"}
    if rest:
        own["metadata"] = rest
    return user if isinstance(user, str) else None


def _tools(tools: list[Json], own: Json) -> tuple[tuple[Tool, ...], Search | None]:
    """The tools; a single one for searching the web becomes our word for it."""
    found: list[Tool] = []
    search: Search | None = None
    further: Json = {}
    kinds = [str(tool.get("type") or "custom") for tool in tools]
    one_search = sum(kind.startswith("web_search_") for kind in kinds) == 1
    for index, (tool, kind) in enumerate(zip(tools, kinds, strict=True)):
        where = f"tools.{index}"
        if kind.startswith("web_search_") and one_search:
            search = _search(tool)
            own[SEARCH] = {"at": index, "tool": tool}
        elif kind != "custom":
            found.append(ServerTool(replay=replay(tool)))
        else:
            name = string(tool, "name", where)
            rest = {field: value for field, value in tool.items() if field not in _OF_TOOL}
            if rest:
                further[name] = rest
            found.append(
                FunctionTool(
                    name=name,
                    description=tool.get("description"),
                    parameters=mapping(tool.get("input_schema"), f"{where}.input_schema"),
                    strict=tool.get("strict"),
                    cache=cache_of(tool),
                )
            )
    if further:
        own[TOOLS] = further
    return tuple(found), search


_OF_TOOL = ("name", "description", "input_schema", "strict", "cache_control")


def _search(tool: Json) -> Search:
    place = tool.get("user_location")
    uses = tool.get("max_uses")
    country = place.get("country") if isinstance(place, dict) else None
    return Search(
        max_uses=uses if type(uses) is int else None,
        allowed_domains=tuple(tool.get("allowed_domains") or ()),
        blocked_domains=tuple(tool.get("blocked_domains") or ()),
        country=country if isinstance(country, str) else None,
    )


_MODES: dict[str, ToolChoice] = {
    "auto": ToolChoice(mode="auto"),
    "any": ToolChoice(mode="required"),
    "none": ToolChoice(mode="none"),
}


def _choice(choice: Json | None) -> tuple[ToolChoice | None, bool | None]:
    """Which tools may be used, and whether several at once."""
    if choice is None:
        return None, None
    kind = choice.get("type")
    alone = choice.get("disable_parallel_tool_use")
    parallel = None if not isinstance(alone, bool) else not alone
    if kind == "tool":
        return ToolChoice(mode="required", allowed=(string(choice, "name", "tool_choice"),)), parallel
    if kind not in _MODES:
        raise InputError("tool_choice.type: must be auto, any, tool or none")
    return _MODES[kind], parallel


def _reasoning(body: _Body, own: Json) -> Reasoning | None:
    """How much to think; words without a neutral form are kept beside it."""
    thinking = dict(body.thinking or {})
    config = body.output_config or {}
    effort = config.get("effort")
    effort = effort if effort in _EFFORTS else None
    kept = {name: value for name, value in config.items() if name not in ("effort", "format")}
    if effort is None and "effort" in config:
        kept["effort"] = config["effort"]
    kind = thinking.pop("type", None)
    found: Reasoning | None = None
    if kind == "disabled":
        found = Reasoning(enabled=False)
    elif kind == "enabled":
        budget = thinking.pop("budget_tokens", None)
        if budget is not None and (type(budget) is not int or budget < 1):
            raise InputError("thinking.budget_tokens: must be a positive integer")
        found = Reasoning(enabled=True, budget=budget, effort=effort)
    elif kind == "adaptive":
        found = Reasoning(enabled=True, effort=effort)
    elif body.thinking is not None:
        thinking = dict(body.thinking)
    if (found is None or found.enabled is False) and effort is not None:
        # An effort alone says nothing of thinking on this wire, elsewhere it does.
        kept["effort"] = effort
        found = found or Reasoning(effort=effort)
    if thinking:
        own["thinking"] = thinking
    if kept:
        own["output_config"] = kept
    return found


_EFFORTS = ("low", "medium", "high", "xhigh", "max")


def _format(config: Json, own: Json) -> ResponseFormat | None:
    form = config.get("format")
    if form is None:
        return None
    if not isinstance(form, dict) or form.get("type") != "json_schema":
        own["output_config"] = {**own.get("output_config", {}), "format": form}
        return None
    return ResponseFormat(
        type="json_schema", schema=mapping(form.get("schema"), "output_config.format.schema")
    )
