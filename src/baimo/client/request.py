"""From a call's arguments to one request value. The only place where options are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from baimo.errors import InputError
from baimo.types.chat import AudioOutput, ChatRequest, Reasoning, ResponseFormat, Validate
from baimo.types.content import Cache
from baimo.types.tools import CustomTool, FunctionTool, Search, ServerTool, ToolChoice

from .messages import parse_messages
from .options import ChatOptions, Messages

_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


class CallOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What concerns the call and not the request."""

    timeout: float | None = None
    keep_raw: bool = False
    keep: bool = True
    validate: Validate = None
    mend: bool = True
    strategy: Any = None
    on_cut: Any = None
    at_most: Any = None
    budget: Any = None
    cache: bool | None = None
    priority: int = 0
    conversation: str | None = None
    fetch: Any = None
    within: Mapping[str, float] | None = None
    """Time limits of this call alone, by their names in `TimeLimits`."""

    @property
    def has_rules(self) -> bool:
        """Whether anything is said of how the call goes over its route, or of what it may cost."""
        return (
            self.strategy is not None
            or self.on_cut is not None
            or self.at_most is not None
            or self.budget is not None
            or self.cache is not None
            or self.priority != 0
            or self.conversation is not None
            or self.validate is not None
            or not self.mend
        )


NO_OPTIONS = CallOptions()
_OF_CALL = frozenset(CallOptions.__struct_fields__)


def build(
    messages: Messages, options: ChatOptions, *, stream: bool, model: str = ""
) -> tuple[ChatRequest, CallOptions]:
    """The request and what concerns the call. Raises InputError naming the option."""
    if not options:
        return ChatRequest(model=model, messages=parse_messages(messages), stream=stream), NO_OPTIONS
    fields: dict[str, Any] = {}
    for name, value in options.items():
        if value is None:
            continue
        read = READ.get(name)
        if read is None:
            raise unknown(name, READ)
        fields[name] = read(value, name)
    system = fields.pop("system", None)
    call = NO_OPTIONS
    if not _OF_CALL.isdisjoint(fields):
        call = CallOptions(**{name: fields.pop(name) for name in _OF_CALL & fields.keys()})
    if not call.keep and not stream:
        raise InputError("keep=False is for streams; a whole answer is always kept")
    if stream and call.validate == "repair":
        raise InputError('validate="repair" is for whole answers; what was shown cannot be asked for again')
    request = ChatRequest(model=model, messages=parse_messages(messages, system), stream=stream, **fields)
    return request, call


def tier_of(request: ChatRequest) -> str | None:
    """The service tier that a request asks for, `extra` above the option."""
    extra = request.extra
    return extra.get("service_tier", request.service_tier) if extra else request.service_tier


def unknown(name: str, known: Iterable[str]) -> InputError:
    """The error for an option that there is not, with near names of those there are."""
    import difflib

    near = difflib.get_close_matches(name, known, n=3)
    hint = (
        f"; did you mean {' or '.join(near)}?" if near else "; put the provider's own fields into extra={…}"
    )
    return InputError(f"unknown option {name!r}{hint}")


def _wrong(name: str, wanted: str, value: Any) -> InputError:
    return InputError(f"{name} must be {wanted}, got {type(value).__name__}")


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _wrong(name, "a number", value)
    return value


def _whole(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(name, "a whole number", value)
    return value


def _positive(value: Any, name: str) -> int:
    if _whole(value, name) < 1:
        raise InputError(f"{name} must be at least 1, got {value}")
    return int(value)


def _seconds(value: Any, name: str) -> float:
    if _number(value, name) <= 0:
        raise InputError(f"{name} must be more than 0 seconds, got {value}")
    return float(value)


def _flag(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(name, "true or false", value)
    return value


def _validate(value: Any, name: str) -> Validate:
    if value is not True and value is not False and value != "repair":
        raise InputError(f'{name} must be true, false or "repair"; got {value!r}')
    return "repair" if value == "repair" else bool(value)


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise _wrong(name, "a string", value)
    return value


def _texts(value: Any, name: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Sequence) and all(isinstance(one, str) for one in value):
        return tuple(value)
    raise _wrong(name, "a string or a list of strings", value)


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise _wrong(name, "a mapping with string keys", value)
    return value


def _dict(value: Any, name: str) -> dict[str, Any]:
    return dict(_mapping(value, name))


def _headers(value: Any, name: str) -> Mapping[str, str]:
    for key, text in _mapping(value, name).items():
        if not isinstance(text, str):
            raise _wrong(f"{name}[{key!r}]", "a string", text)
    return dict(value)


def _one_of(*words: str) -> Callable[[Any, str], str]:
    def read(value: Any, name: str) -> str:
        if value not in words:
            raise InputError(f"{name} must be one of {', '.join(words)}; got {value!r}")
        return str(value)

    return read


def _converted(value: Any, name: str, kind: type) -> Any:
    if isinstance(value, kind):
        return value
    try:
        return msgspec.convert(_mapping(value, name), kind)
    except msgspec.ValidationError as error:
        raise InputError(f"{name}: {error}") from None


def _tools(value: Any, name: str) -> tuple[Any, ...]:
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Sequence):
        raise _wrong(name, "a list of tools", value)
    return tuple([_tool(one, index) for index, one in enumerate(value)])


def _tool(one: Any, index: int) -> Any:
    if isinstance(one, (FunctionTool, CustomTool, ServerTool)):
        return one
    if not isinstance(one, Mapping):
        raise _wrong(f"tools[{index}]", "a FunctionTool, a CustomTool or a dict as OpenAI writes it", one)
    from baimo.dialects.openai_chat.plain import parse_tool

    return parse_tool(one, index)


def _tool_choice(value: Any, name: str) -> ToolChoice:
    if isinstance(value, ToolChoice):
        return value
    if value in ("none", "auto", "required"):
        return ToolChoice(mode=value)
    if isinstance(value, str):
        return ToolChoice(mode="required", allowed=(value,))
    from baimo.dialects.openai_chat.plain import parse_tool_choice

    return parse_tool_choice(_mapping(value, name))


def _response_format(value: Any, name: str) -> ResponseFormat:
    if value in ("text", "json_object"):
        return ResponseFormat(type=value)
    if isinstance(value, Mapping) and isinstance(value.get("json_schema"), Mapping):
        value = {"type": "json_schema", **value["json_schema"]}
    return _converted(value, name, ResponseFormat)  # type: ignore[no-any-return]


def _reasoning(value: Any, name: str) -> Reasoning:
    if isinstance(value, bool):
        return Reasoning(enabled=value)
    if isinstance(value, int):
        return Reasoning(enabled=True, budget=_positive(value, name))
    if isinstance(value, str):
        if value == "off":
            return Reasoning(enabled=False)
        return Reasoning(effort=_one_of(*_EFFORTS)(value, name))  # type: ignore[arg-type]
    return _converted(value, name, Reasoning)  # type: ignore[no-any-return]


def _search(value: Any, name: str) -> Search | None:
    if isinstance(value, bool):
        return Search() if value else None
    return _converted(value, name, Search)  # type: ignore[no-any-return]


def _prompt_cache(value: Any, name: str) -> Cache | None:
    if isinstance(value, bool):
        return Cache() if value else None
    if value not in ("5m", "1h"):
        raise InputError(f'{name} must be true, false, "5m" or "1h"; got {value!r}')
    return Cache(ttl=value)


def _amount(value: Any, name: str) -> Any:
    from baimo.accounting.rates import parse_money

    return parse_money(value)


def _budget(value: Any, name: str) -> Any:
    from .budget import Budget

    if isinstance(value, str):
        return (Budget(value, per="run"),)
    budgets = (value,) if isinstance(value, Budget) else value
    if not isinstance(budgets, Sequence) or not all(isinstance(one, Budget) for one in budgets):
        raise _wrong(name, "a string, a Budget or a list of Budgets", value)
    return tuple(budgets)


READ: dict[str, Callable[[Any, str], Any]] = {
    "system": _text,
    "tools": _tools,
    "tool_choice": _tool_choice,
    "parallel_tool_calls": _flag,
    "temperature": _number,
    "top_p": _number,
    "top_k": _whole,
    "min_p": _number,
    "frequency_penalty": _number,
    "presence_penalty": _number,
    "repetition_penalty": _number,
    "seed": _whole,
    "stop": _texts,
    "max_tokens": _positive,
    "n": _positive,
    "logprobs": _flag,
    "top_logprobs": _whole,
    "logit_bias": _dict,
    "response_format": _response_format,
    "reasoning": _reasoning,
    "verbosity": _one_of("low", "medium", "high"),
    "audio": lambda value, name: _converted(value, name, AudioOutput),
    "modalities": _texts,
    "prediction": _text,
    "service_tier": _text,
    "store": _flag,
    "metadata": _headers,
    "user": _text,
    "prompt_cache_key": _text,
    "prompt_cache": _prompt_cache,
    "search": _search,
    "unsupported": _one_of("raise", "drop"),
    "extra": _mapping,
    "headers": _headers,
    "timeout": _seconds,
    "keep_raw": _flag,
    "keep": _flag,
    "strategy": _one_of("ordered", "weighted", "least-latency", "cheapest", "least-busy"),
    "on_cut": _one_of("raise", "continue"),
    "at_most": _amount,
    "budget": _budget,
    "cache": _flag,
    "priority": _whole,
    "conversation": _text,
    "fetch": _one_of("auto", "always", "never"),
    "validate": _validate,
    "mend": _flag,
}
