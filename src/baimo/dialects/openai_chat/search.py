"""Searching the web: how each provider of this wire is asked for it.

What a way cannot say of a search is refused, or dropped with a note; the sources come back as citations,
where the provider tells them (`choice.citations_of`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from baimo.dialect.complaints import Complaints
from baimo.types.tools import Search

from .quirks import SearchWay

BUILTIN = "$web_search"
"""The function that Kimi calls; its result is its arguments, sent back as they came."""

_Said: TypeAlias = tuple[dict[str, Any], list[dict[str, Any]]]
"""Fields of the body, and tools."""


def say(way: SearchWay, search: Search, complaints: Complaints) -> _Said:
    """The fields and the tools that ask for that search. What the way has no word for is complained of."""
    if way == "none":
        complaints.cannot("search")
        return {}, []
    speak, known = _WAYS[way]
    for name in Search.__struct_fields__:
        if name not in known and getattr(search, name):
            complaints.cannot(f"search.{name}")
    return speak(search, complaints)


def echo(wire: list[dict[str, Any]]) -> None:
    """Answer each call of `$web_search` that nobody answered: with its own arguments, as Kimi wants it."""
    answered = {message.get("tool_call_id") for message in wire}
    for place in reversed(range(len(wire))):
        calls = [call for call in wire[place].get("tool_calls") or () if _is_builtin(call)]
        for call in reversed(calls):
            call["type"] = "builtin_function"
            if call["id"] not in answered:
                told = {"tool_call_id": call["id"], "name": BUILTIN, "content": call["function"]["arguments"]}
                wire.insert(place + 1, {"role": "tool", **told})


def _is_builtin(call: dict[str, Any]) -> bool:
    function = call.get("function")
    return isinstance(function, dict) and function["name"] == BUILTIN


def _options(search: Search, complaints: Complaints) -> _Said:
    options: dict[str, Any] = {}
    if search.context_size is not None:
        options["search_context_size"] = search.context_size
    if search.country is not None:
        options["user_location"] = {"type": "approximate", "approximate": {"country": search.country}}
    return {"web_search_options": options}, []


def _perplexity(search: Search, complaints: Complaints) -> _Said:
    fields: dict[str, Any] = {}
    options: dict[str, Any] = {}
    if search.context_size is not None:
        options["search_context_size"] = search.context_size
    if search.country is not None:
        options["user_location"] = {"country": search.country}
    if options:
        fields["web_search_options"] = options
    sites = [*search.allowed_domains, *(f"-{site}" for site in search.blocked_domains)]
    if sites:
        fields["search_domain_filter"] = sites
    return fields, []


def _boolean(search: Search, complaints: Complaints) -> _Said:
    forced = {"search_options": {"forced_search": True}} if search.required else {}
    return {"enable_search": True, **forced}, []


def _enhancement(search: Search, complaints: Complaints) -> _Said:
    fields = {"enable_enhancement": True, "search_info": True, "citation": True}
    return {**fields, "force_search_enhancement": True} if search.required else fields, []


def _object(search: Search, complaints: Complaints) -> _Said:
    return {"web_search": {"enable": True, "enable_citation": True, "enable_trace": True}}, []


def _zhipu(search: Search, complaints: Complaints) -> _Said:
    told: dict[str, Any] = {"enable": True, "search_engine": "search_std", "search_result": True}
    if search.required:
        told["require_search"] = True
    if search.max_results is not None:
        told["count"] = max(1, min(search.max_results, 50))
        if told["count"] != search.max_results:
            complaints.clamped("search.max_results", search.max_results, "[1, 50]", told["count"])
    if search.context_size is not None:
        told["content_size"] = "high" if search.context_size == "high" else "medium"
        if search.context_size == "low":
            complaints.cannot("the search.context_size 'low'", "it knows medium and high")
    if search.allowed_domains:
        told["search_domain_filter"] = search.allowed_domains[0]
        if len(search.allowed_domains) > 1:
            complaints.cannot("several search.allowed_domains", "it takes one site")
    return {}, [{"type": "web_search", "web_search": told}]


def _baichuan(search: Search, complaints: Complaints) -> _Said:
    told = {"enable": True, "search_mode": "performance_first"}
    if search.context_size == "high":
        told["search_mode"] = "quality_first"
    return {}, [{"type": "web_search", "web_search": told}]


def _stepfun(search: Search, complaints: Complaints) -> _Said:
    return {}, [{"type": "web_search", "function": {"description": "Searches the web."}}]


def _spark(search: Search, complaints: Complaints) -> _Said:
    told = {"enable": True, "show_ref_label": True}
    deep = {"search_mode": "deep"} if search.context_size == "high" else {}
    return {}, [{"type": "web_search", "web_search": {**told, **deep}}]


def _builtin(search: Search, complaints: Complaints) -> _Said:
    return {}, [{"type": "builtin_function", "function": {"name": BUILTIN}}]


def _plugin(search: Search, complaints: Complaints) -> _Said:
    plugin: dict[str, Any] = {"id": "web"}
    if search.max_results is not None:
        plugin["max_results"] = search.max_results
    fields: dict[str, Any] = {"plugins": [plugin]}
    if search.context_size is not None:
        fields["web_search_options"] = {"search_context_size": search.context_size}
    return fields, []


_Speak: TypeAlias = Callable[[Search, Complaints], _Said]

_WAYS: Mapping[str, tuple[_Speak, Iterable[str]]] = {
    "web_search_options": (_options, ("required", "context_size", "country")),
    "perplexity": (
        _perplexity,
        ("required", "context_size", "country", "allowed_domains", "blocked_domains"),
    ),
    "enable_search": (_boolean, ("required",)),
    "enable_enhancement": (_enhancement, ("required",)),
    "web_search_object": (_object, ()),
    "zhipu_tool": (_zhipu, ("required", "max_results", "context_size", "allowed_domains")),
    "baichuan_tool": (_baichuan, ("context_size",)),
    "stepfun_tool": (_stepfun, ()),
    "spark_tool": (_spark, ("context_size",)),
    "builtin_function": (_builtin, ()),
    "plugin": (_plugin, ("required", "max_results", "context_size")),
}
"""For each way its words, and what of a search they can say. A way whose models always search can say that
they must."""


def served(options: Any) -> Search | None:
    """Being the provider: the search that `web_search_options` ask for; None where they hold more."""
    if not isinstance(options, dict) or not options.keys() <= {"search_context_size", "user_location"}:
        return None
    size, place = options.get("search_context_size"), options.get("user_location")
    if size not in (None, "low", "medium", "high"):
        return None
    country = None
    if place is not None:
        near = place.get("approximate") if isinstance(place, dict) else None
        if not isinstance(near, dict) or near.keys() != {"country"} or not isinstance(near["country"], str):
            return None
        country = near["country"]
    return Search(context_size=size, country=country)
