"""Neutral requests to this wire's one frame. What the provider cannot be told is refused, or dropped with a
note."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.dialect.interval import Interval
from baimo.dialect.protocols import Site
from baimo.errors import ConfigError, InputError
from baimo.types.chat import ChatRequest, Reasoning
from baimo.types.tools import CustomTool, FunctionTool, Search, ServerTool, Tool, ToolChoice
from baimo.wire.http import SocketRequest, header_fields

from .complaints import Complaints
from .messages import TurnEncoder
from .pairs import NAME, Pair, place_of

_PENALTY = Interval("[-2, 2]")
_TOP_P = Interval("(0, 1]")
_TOP_K = Interval("[1, 6]")

UID_MAX = 32
"""Characters of a user's id."""

_SECTIONS = ("header", "parameter", "payload")

_NEVER: Mapping[str, object] = {
    "n": 1,
    "seed": None,
    "stop": (),
    "logprobs": False,
    "top_logprobs": None,
    "logit_bias": {},
    "min_p": 0.0,
    "repetition_penalty": 1.0,
    "audio": None,
    "modalities": ("text",),
    "prediction": None,
    "verbosity": None,
    "service_tier": None,
    "store": False,
    "metadata": {},
    "prompt_cache_key": None,
}
"""What this wire has no word for, and the value that asks for nothing."""


def encode_request(request: ChatRequest, site: Site) -> SocketRequest:
    """The unsigned handshake with its one frame. Raises ConfigError, InputError or UnsupportedError."""
    place = place_of(request.model, site)
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider or "Spark")
    frame = _Frame(request, place.pair, complaints, app_id_of(site)).build()
    if request.foreign is not None and request.foreign.dialect == NAME:
        merge(frame, msgspec.json.decode(request.foreign.json))
    if request.extra:
        merge(frame, _sorted_in(request.extra))
    return SocketRequest(
        origin=place.origin,
        target=place.path.encode(),
        headers=header_fields(dict(request.headers)) if request.headers else (),
        frames=(to_json(frame, request).decode(),),
        notes=tuple(complaints.notes),
    )


def app_id_of(site: Site) -> str:
    """The application's id. Raises ConfigError where none is set."""
    if not site.app_id:
        raise ConfigError(
            f"{site.provider or 'Spark'} needs an app_id beside api_key and api_secret: it stands in every "
            "request of the WebSocket API",
            hint="The console shows the three together: https://console.xfyun.cn/services/bm4",
        )
    return site.app_id


def merge(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    """Lay `above` over `below`: mappings are merged, everything else is replaced."""
    for name, value in above.items():
        known = below.get(name)
        if isinstance(known, dict) and isinstance(value, Mapping):
            merge(known, value)
        else:
            below[name] = value


def to_json(body: dict[str, Any], request: ChatRequest | None = None) -> bytes:
    """Compact UTF-8. Raises InputError for half surrogates, naming the message that holds one."""
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        where = "the request"
        for index, message in enumerate(request.messages if request is not None else ()):
            try:
                msgspec.json.encode(message)
            except UnicodeEncodeError:
                where = f"messages[{index}]"
                break
        raise InputError(f"{where} holds half a surrogate pair, which is no valid Unicode text") from None
    except TypeError as error:
        raise InputError(f"the request holds a value that is no JSON: {error}") from None


def _sorted_in(extra: Mapping[str, Any]) -> dict[str, Any]:
    """A caller's own fields in their sections: what names no section belongs to `parameter.chat`."""
    placed: dict[str, Any] = {}
    for name, value in extra.items():
        if name in _SECTIONS:
            merge(placed, {name: value})
        elif name == "patch_id":
            merge(placed, {"header": {name: [value] if isinstance(value, str) else value}})
        else:
            merge(placed, {"parameter": {"chat": {name: value}}})
    return placed


class _Frame:
    """Builds one frame, section by section."""

    def __init__(self, request: ChatRequest, pair: Pair, complaints: Complaints, app_id: str) -> None:
        self._request = request
        self._pair = pair
        self._complaints = complaints
        self._header: dict[str, Any] = {"app_id": app_id}
        self._chat: dict[str, Any] = {"domain": pair.domain}
        self._payload: dict[str, Any] = {}

    def build(self) -> dict[str, Any]:
        request = self._request
        self._head()
        turns = TurnEncoder(self._pair, self._complaints).encode(request.messages)
        self._payload["message"] = {"text": turns}
        self._sampling()
        self._tools(request.tools, request.tool_choice)
        if request.search is not None:
            self._search(request.search)
        if request.reasoning is not None:
            self._reasoning(request.reasoning)
        self._rest()
        return {"header": self._header, "parameter": {"chat": self._chat}, "payload": self._payload}

    def _head(self) -> None:
        user = self._request.user
        if user is not None and len(user) > UID_MAX:
            self._complaints.cannot(f"a user's id of more than {UID_MAX} characters")
        elif user:
            self._header["uid"] = user
        if self._pair.patch_id:
            self._header["patch_id"] = list(self._pair.patch_id)

    def _sampling(self) -> None:
        request, chat, most = self._request, self._chat, self._pair.max_tokens
        if request.temperature is not None:
            chat["temperature"] = self._within("temperature", request.temperature, self._pair.temperature)
        if request.top_k is not None:
            chat["top_k"] = int(self._within("top_k", request.top_k, _TOP_K))
        if request.max_tokens is not None:
            wanted = request.max_tokens
            if most is not None and wanted > most:
                wanted = most
                limits = f"[1, {most}] for {self._pair.domain}"
                self._complaints.clamped("max_tokens", request.max_tokens, limits, wanted)
            elif wanted < 1:
                raise InputError(f"max_tokens is {wanted}; it must be 1 or more")
            chat["max_tokens"] = wanted
        if request.top_p is not None:
            chat["top_p"] = self._within("top_p", request.top_p, _TOP_P)
        for name in ("presence_penalty", "frequency_penalty"):
            value = getattr(request, name)
            if value:
                chat[name] = self._within(name, value, _PENALTY)

    def _within(self, name: str, value: float, limits: Interval) -> float:
        if value in limits:
            return value
        nearest = limits.clamp(value)
        self._complaints.clamped(name, value, limits.text, nearest)
        return nearest

    def _tools(self, tools: tuple[Tool, ...], choice: ToolChoice | None) -> None:
        if choice is not None:
            tools = self._chosen(tools, choice)
        functions: list[dict[str, Any]] = []
        own: list[Any] = []
        for tool in tools:
            if isinstance(tool, FunctionTool):
                functions.append(self._function(tool))
            elif isinstance(tool, CustomTool):
                self._complaints.cannot(f"the custom tool {tool.name!r}")
            elif tool.replay.dialect == NAME:
                own.append(msgspec.json.decode(tool.replay.json))
            else:
                self._complaints.cannot("a server tool", f"it is one of the dialect {tool.replay.dialect!r}")
        if functions:
            self._payload["functions"] = {"text": functions}
        if own:
            self._chat["tools"] = own
        if tools and self._request.parallel_tool_calls:
            self._complaints.cannot("to call several tools at once")

    def _search(self, search: Search) -> None:
        """The service's own search, with marks of its sources; much to read is a deep search."""
        for name in Search.__struct_fields__:
            if name != "context_size" and getattr(search, name):
                self._complaints.cannot(f"search.{name}")
        told = {"enable": True, "show_ref_label": True}
        deep = {"search_mode": "deep"} if search.context_size == "high" else {}
        tool = {"type": "web_search", "web_search": {**told, **deep}}
        self._chat["tools"] = [*self._chat.get("tools", ()), tool]

    def _chosen(self, tools: tuple[Tool, ...], choice: ToolChoice) -> tuple[Tool, ...]:
        """The tools to offer, as there is no word for which of them may be used."""
        named = {tool.name: tool for tool in tools if not isinstance(tool, ServerTool)}
        for name in choice.allowed:
            if name not in named:
                raise InputError(f"tool_choice names {name!r}, which is not among the tools")
        if choice.mode == "required":
            self._complaints.cannot("that a tool must be used")
        if choice.mode == "none":
            if named:
                self._complaints.emulated("tool_choice 'none': no function was offered")
            return tuple([tool for tool in tools if isinstance(tool, ServerTool)])
        if choice.allowed:
            self._complaints.emulated("tool_choice: only the allowed tools were offered")
            return tuple([named[name] for name in choice.allowed])
        return tools

    def _function(self, tool: FunctionTool) -> dict[str, Any]:
        if tool.strict:
            self._complaints.cannot("that a tool's arguments follow their schema strictly")
        if tool.cache is not None:
            self._complaints.cannot("what to cache")
        return {
            "name": tool.name,
            "description": tool.description or "",
            "parameters": tool.parameters or {"type": "object", "properties": {}},
        }

    def _reasoning(self, reasoning: Reasoning) -> None:
        off = reasoning.enabled is False or reasoning.effort == "none"
        if not self._pair.thinking:
            self._complaints.cannot("how much to think", f"{self._pair.domain} has no switch for it")
            return
        if reasoning.budget is not None:
            self._complaints.cannot("a budget for thinking in tokens")
        if reasoning.effort not in (None, "none"):
            self._complaints.cannot(f"the effort {reasoning.effort!r}", "only on and off can be said")
        if off or reasoning != Reasoning():
            self._chat["thinking"] = {"type": "disabled" if off else "enabled"}

    def _rest(self) -> None:
        """What has no word here."""
        form = self._request.response_format
        if form is not None and form.type != "text":
            self._complaints.cannot(f"response_format {form.type!r}")
        for name, nothing in _NEVER.items():
            value = getattr(self._request, name)
            if value is not None and value not in (nothing, ()):
                self._complaints.cannot(name)
