"""Python functions as tools: what the model is told of them, and how they are called with what it says."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import partial, update_wrapper
from types import SimpleNamespace
from typing import Annotated, Any, Generic, ParamSpec, TypeVar, get_args, get_origin, get_type_hints, overload

import msgspec

from baimo.errors import InputError
from baimo.schema.narrow import narrow
from baimo.schema.of_types import Described, describe
from baimo.schema.rules import STRICT
from baimo.types.tools import FunctionTool

from .docstrings import parse_docstring
from .runnable import NeedsApproval, RunnableTool, ToolContext, ToolUse

P = ParamSpec("P")
R = TypeVar("R")

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""What the wires allow: OpenAI's rule, which all of them keep."""
_SIMPLE = (bool, int, float, str, type(None))


class PythonTool(RunnableTool, Generic[P, R]):
    """A Python function that a model may call; it can be called as before, too.

    Made by `baimo.tool`, or by a run from a plain function.
    """

    def __init__(
        self,
        function: Callable[P, R],
        *,
        name: str | None = None,
        description: str | None = None,
        strict: bool | None = None,
        timeout: float | None = None,
        needs_approval: NeedsApproval = False,
    ) -> None:
        """Raises InputError for a function that a model cannot be told of."""
        if not callable(function):
            raise InputError(f"a tool must be a function, got {type(function).__name__}")
        if timeout is not None and timeout <= 0:
            raise InputError(f"the timeout of a tool must be more than 0 seconds, got {timeout}")
        self.function = function
        self.timeout = timeout
        self.needs_approval = needs_approval
        self._said = {"name": name, "description": description, "strict": strict}
        inner, bound = _unwrapped(function)
        self.is_async = inspect.iscoroutinefunction(inner) or inspect.iscoroutinefunction(
            getattr(inner, "__call__", None)  # noqa: B004 - its own kind is what matters, not whether there is one
        )
        name = name or str(getattr(inner, "__name__", type(inner).__name__))
        if not _NAME.fullmatch(name):
            raise InputError(
                f"{name!r} is no name for a tool: letters, digits, _ and - only, at most 64 of them",
                hint='Give it one: @baimo.tool(name="…").',
            )
        told, meant = parse_docstring(_words(inner))
        self._parameters = _Parameters(name, function, inner, bound, meant)
        self.spec = FunctionTool(
            name=name,
            description=description or told,
            parameters=_strict(name, self._parameters.schema) if strict else self._parameters.schema,
            strict=strict,
        )
        update_wrapper(self, inner)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """The function itself."""
        return self.function(*args, **kwargs)

    def __get__(self, instance: object, owner: type | None = None) -> PythonTool[..., R]:
        """As a method of an object: the same tool, bound to it."""
        if instance is None or not self._parameters.is_method:
            return self
        return PythonTool(
            self.function.__get__(instance, owner),
            timeout=self.timeout,
            needs_approval=self.needs_approval,
            **self._said,  # type: ignore[arg-type]
        )

    @property
    def is_method(self) -> bool:
        """Whether it is a method that is not bound to an object yet, so that nobody can call it."""
        return self._parameters.is_method

    def read(self, arguments: str) -> dict[str, Any]:
        """See `RunnableTool.read`. Nothing, as some models say it, stands for no arguments."""
        return self._parameters.read(arguments)

    def call(self, use: ToolUse) -> Any:
        """See `RunnableTool.call`."""
        args, kwargs = self._parameters.laid_out(use)
        return self.function(*args, **kwargs)


def _strict(tool: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The schema as OpenAI's strict mode wants it, which the others that hold to schemas read too.

    A parameter that may be left out is one that may be null there; null is read as left out.
    """
    found = narrow(schema, STRICT)
    if found.cannot:
        raise InputError(f"the tool {tool} cannot be strict: {found.cannot}")
    return found.schema


class _Parameters:
    """The parameters of a function that the model sees, and those that it does not."""

    def __init__(
        self,
        tool: str,
        function: Callable[..., Any],
        inner: Callable[..., Any],
        bound: frozenset[str],
        meant: dict[str, str],
    ) -> None:
        self._tool = tool
        self._first: list[str] = []
        """Names that can only be told by their place."""
        self._contexts: list[str] = []
        self.is_method = False
        hints = _hints(tool, inner)
        fields: list[Any] = []
        for at, parameter in enumerate(_signature(tool, function).parameters.values()):
            name = parameter.name
            if name in bound:
                continue
            if at == 0 and _is_self(parameter, inner):
                self.is_method = True
                continue
            self._check(parameter)
            if parameter.kind is parameter.POSITIONAL_ONLY:
                self._first.append(name)
            hint = hints.get(name, parameter.annotation)
            if _is_context(hint):
                self._contexts.append(name)
                continue
            if hint is parameter.empty:
                raise InputError(
                    f"parameter {name!r} of the tool {tool} has no annotation: what may the model say there?",
                    hint=f"Write its type: {name}: str.",
                )
            if name in meant and not _is_described(hint):
                hint = Annotated[hint, msgspec.Meta(description=meant[name])]
            fields.append((name, hint, *_default(parameter)))
        self._described = self._describe(fields)

    def _check(self, parameter: inspect.Parameter) -> None:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise InputError(
                f"the tool {self._tool} takes {parameter}: a model cannot be told what may stand there",
                hint="Name its parameters; a decorator around it keeps them with functools.wraps.",
            )

    def _describe(self, fields: list[Any]) -> Described[Any]:
        try:
            kind = msgspec.defstruct("arguments", fields, kw_only=True, forbid_unknown_fields=True)
            return describe(kind)
        except (TypeError, InputError) as error:
            why = error.message if isinstance(error, InputError) else str(error)
            raise InputError(f"the parameters of the tool {self._tool} cannot be told: {why}") from error

    @property
    def schema(self) -> dict[str, Any]:
        """The schema of the arguments, an object."""
        return {name: value for name, value in self._described.schema.items() if name != "title"}

    def read(self, text: str) -> dict[str, Any]:
        value = self._described.decode(text if text.strip() else "{}")
        return {name: getattr(value, name) for name in value.__struct_fields__}

    def laid_out(self, use: ToolUse) -> tuple[list[Any], dict[str, Any]]:
        """The arguments by place and by name, the context among them."""
        named = dict(use.arguments)
        for name in self._contexts:
            named[name] = use.context
        return [named.pop(name) for name in self._first], named


def _unwrapped(function: Callable[..., Any]) -> tuple[Callable[..., Any], frozenset[str]]:
    """The function inside of partials, and the names that these have given already."""
    bound: set[str] = set()
    while isinstance(function, partial):
        bound |= function.keywords.keys()
        function = function.func
    return function, frozenset(bound)


def _holder(inner: Callable[..., Any]) -> Any:
    """What bears the annotations: a function, the making of a class, or how an object is called."""
    if inspect.isroutine(inner):
        return inspect.unwrap(inner)
    return inner.__init__ if isinstance(inner, type) else type(inner).__call__  # type: ignore[misc]


def _words(inner: Callable[..., Any]) -> str | None:
    """Its docstring; that of an object may stand at its class."""
    own = inner if inspect.isroutine(inner) or isinstance(inner, type) else _holder(inner)
    return inspect.getdoc(own) or inspect.getdoc(inner)


def _signature(tool: str, function: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"the parameters of the tool {tool} are not known: {error}", hint="Write a function around it."
        ) from error


def _hints(tool: str, inner: Callable[..., Any]) -> dict[str, Any]:
    """The annotations of the parameters as types. That of the result may be one that only checkers know."""
    holder = _holder(inner)
    annotations = {
        name: hint for name, hint in getattr(holder, "__annotations__", {}).items() if name != "return"
    }
    try:
        return get_type_hints(
            SimpleNamespace(__annotations__=annotations),
            globalns=getattr(holder, "__globals__", {}),
            include_extras=True,
        )
    except NameError as error:
        raise InputError(
            f"an annotation of the tool {tool} cannot be read: {error}",
            hint="Define that type at the top of its module.",
        ) from error


def _is_self(parameter: inspect.Parameter, inner: Callable[..., Any]) -> bool:
    """Whether it is that of a method whose class is just being made."""
    around = getattr(inner, "__qualname__", "").rpartition(".")[0]
    return (
        parameter.name in ("self", "cls")
        and parameter.annotation is parameter.empty
        and inspect.isfunction(inner)
        and around != ""
        and not around.endswith("<locals>")
    )


def _is_context(hint: Any) -> bool:
    return hint is ToolContext or (get_origin(hint) is not None and ToolContext in get_args(hint))


def _is_described(hint: Any) -> bool:
    """Whether the annotation tells by itself what the parameter means."""
    return get_origin(hint) is Annotated and any(
        isinstance(one, str) or getattr(one, "description", None) for one in get_args(hint)[1:]
    )


def _default(parameter: inspect.Parameter) -> tuple[Any, ...]:
    """Its default, as a field of a struct is told it."""
    default = parameter.default
    if default is parameter.empty:
        return ()
    if type(default) in _SIMPLE:
        return (default,)
    return (msgspec.field(default_factory=lambda: default),)


@overload
def tool(function: Callable[P, R], /) -> PythonTool[P, R]:
    """As a decorator without arguments."""


@overload
def tool(
    *,
    name: str | None = None,
    description: str | None = None,
    strict: bool | None = None,
    timeout: float | None = None,
    needs_approval: NeedsApproval = False,
) -> Callable[[Callable[P, R]], PythonTool[P, R]]:
    """As a decorator that is told more."""


def tool(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Make a function a tool for models, with more said of it than the function says itself.

    The model is told the function's name, what its docstring says of it and of each parameter, and a JSON
    Schema of its parameters by their annotations: builtins, Literal, Enum, unions, collections, dataclasses,
    TypedDict, msgspec structs, and models of pydantic. `strict` asks the provider to hold the model to the
    schema; `timeout` bounds one call, in seconds; with `needs_approval` a run asks before each call. Raises
    InputError for what a model cannot be told: `*args`, `**kwargs`, parameters without an annotation.

    >>> @tool(timeout=10)
    ... def weather(city: str, days: int = 1) -> str:
    ...     \"\"\"The weather of a city.
    ...
    ...     Args:
    ...         city: Its name, in Chinese.
    ...     \"\"\"
    ...     return f"{city}: sunny"
    >>> weather.spec.parameters["properties"]["city"]
    {'description': 'Its name, in Chinese.', 'type': 'string'}
    >>> weather("北京")
    '北京: sunny'
    """
    if function is None:
        return lambda inner: PythonTool(inner, **options)
    return PythonTool(function, **options)
