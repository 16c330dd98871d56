"""For tests of whole clients: an observer that remembers, a call by either client, keys with fates."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from baimo.errors import Error
from baimo.testing import Simulator
from baimo.types.record import CallRecord, Content
from baimo.wire.http import HttpRequest, WireHead
from tests.scripted import ScriptedReply

FLASH = "deepseek/deepseek-flash"
GPT = "openai/gpt-5"


class Remembers:
    """An observer that keeps all it is told."""

    def __init__(self, *, wants_content: bool = False) -> None:
        self.wants_content = wants_content
        self.begun = 0
        self.calls: list[CallRecord] = []
        self.contents: list[Content | None] = []
        self.closed = 0

    def began(self) -> int:
        self.begun += 1
        return self.begun

    def ended(self, call: CallRecord, began: Any, content: Content | None) -> None:
        assert began in range(1, self.begun + 1)
        self.calls.append(call)
        self.contents.append(content)

    def close(self) -> None:
        self.closed += 1

    @property
    def one(self) -> CallRecord:
        """The only call so far."""
        (call,) = self.calls
        assert self.begun == 1
        return call


class Raises(Remembers):
    """An observer that is broken."""

    def began(self) -> int:
        raise ValueError("no beginning")

    def ended(self, call: CallRecord, began: Any, content: Content | None) -> None:
        assert began is None
        raise ZeroDivisionError("no end")

    def close(self) -> None:
        raise OSError("no close")


Ask = Callable[..., Any]
"""`ask(sim, "chat", …, client={…})`: calls a method of a new client and closes it. Errors are returned."""


def ask_sync(sim: Simulator, method: str, *args: Any, client: Mapping[str, Any] = {}, **options: Any) -> Any:
    with sim.client(**client) as made:
        try:
            answer = getattr(made, method)(*args, **options)
            if method == "stream":
                with answer as stream:
                    for _ in stream:
                        pass
                return stream.response
            return list(answer) if method in ("pull", "map") else answer
        except Error as error:
            return error


def ask_async(sim: Simulator, method: str, *args: Any, client: Mapping[str, Any] = {}, **options: Any) -> Any:
    async def asked() -> Any:
        async with sim.async_client(**client) as made:
            try:
                answer = getattr(made, method)(*args, **options)
                if method == "stream":
                    async with answer as stream:
                        async for _ in stream:
                            pass
                    return stream.response
                if method in ("pull", "map"):
                    return [one async for one in answer]
                return await answer
            except Error as error:
                return error

    return asyncio.run(asked())


class Fates:
    """A transport in which each key of a pool has a fate: what it is refused with; others are let through.

    `fates` gives by key a list of refusals, (status, retry-after, body), used up one after the other, or a
    single one for ever.
    """

    def __init__(self, sim: Simulator, provider: str, fates: Mapping[str, Any]) -> None:
        self._inner = sim.transport
        self._real = sim.credentials_of(provider)["api_key"]
        self._fates = dict(fates)
        self.asked: list[str] = []

    def open(self, request: Any, *, connect_s: float, head_s: float) -> Any:
        assert isinstance(request, HttpRequest)
        key = bearer(request)
        self.asked.append(key)
        fate = self._fates.get(key)
        if isinstance(fate, list):
            fate = fate.pop(0) if fate else None
        if fate is not None:
            status, retry_after, body = fate
            headers = [(b"content-type", b"application/json")]
            if retry_after is not None:
                headers.append((b"retry-after", str(retry_after).encode()))
            return ScriptedReply(WireHead(status, tuple(headers)), [body, b""], [])
        real = tuple(
            (name, b"Bearer " + self._real.encode() if name.lower() == b"authorization" else value)
            for name, value in request.headers
        )
        return self._inner.open(replace(request, headers=real), connect_s=connect_s, head_s=head_s)

    def close(self) -> None:
        self._inner.close()


def bearer(request: Any) -> str:
    """The key that a request shows."""
    fields = {name.lower(): value for name, value in request.headers}
    return str(fields.get(b"authorization", b"").decode().removeprefix("Bearer "))


def refusal(status: int, message: str, code: str, retry_after: float | None = None) -> Any:
    """What a provider of OpenAI's wire refuses with."""
    body = b'{"error": {"message": "%s", "code": "%s"}}' % (message.encode(), code.encode())
    return status, retry_after, body


def pool(sim: Simulator, provider: str, *keys: Mapping[str, Any], **above: Any) -> dict[str, Any]:
    """A configuration with a pool of keys; the names of keys are their texts."""
    config = sim.config_for()
    table = {name: value for name, value in config["providers"][provider].items() if name != "api_key"}
    table["keys"] = [{"api_key": str(key["name"]), **key} for key in keys]
    return {**config, "providers": {**config["providers"], provider: table}, **above}
