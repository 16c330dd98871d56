"""Requests that somebody else's client made, answered in its own wire: for faces and gateways.

A request comes decoded by the caller's dialect; a client's plan carries it out at whatever provider the model
names; what comes back is told in the caller's dialect, event by event, with nothing collected on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from baimo.dialect.protocols import ChatDialect
from baimo.dialect.status import request_id
from baimo.errors import Error
from baimo.exchange import Deployment, Outcome
from baimo.notes import Note
from baimo.operations import EmbedOperation, ModelsOperation, in_batches, joined
from baimo.passing import telling
from baimo.translation.request import untold
from baimo.translation.telling import Telling
from baimo.types.chat import ChatRequest, ChatResponse
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.models import ModelInfo
from baimo.types.money import Money
from baimo.wire.http import HeaderFields, WireHead, WireRequest

from .answer import embed_response
from .base import ClientBase
from .client import Client
from .driving import Driver
from .prepared import Prepared
from .request import CallOptions, tier_of
from .streams import ChatStream, StreamState

_LONGEST_FIELD = 4096


class Served:
    """What both kinds of answers have: the request as it goes out, and what is told beside the reply."""

    def __init__(
        self,
        client: ClientBase,
        caller: ChatDialect,
        asked: ChatRequest,
        model: str,
        *,
        timeout: float | None = None,
        within: Mapping[str, float] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """`model` is what the client calls it. Raises ConfigError and InputError: nothing was sent then."""
        settings = client.settings
        self._route = settings.resolve(model, caller.name)
        self._request = replace(
            asked,
            model=self._route[0][0].model,
            include_usage=None,  # what it cost is to be known, whatever the caller wants to see
            unsupported=settings.unsupported or "drop",
            headers=headers or {},
        )
        call = CallOptions(timeout=timeout, within=within, validate=False if asked.response_format else None)
        self._call: Prepared = client._asked(model, self._route, self._request, call)
        self._call.tier = tier_of(self._request)
        self._call.steps = telling(self._call.steps, self._sent)
        self._told = Telling(caller, asked)
        self._state: StreamState
        self._last: tuple[WireRequest, WireHead] | None = None

    @property
    def is_over(self) -> bool:
        """Whether everything was told."""
        return self._told.is_over

    @property
    def error(self) -> Error | None:
        """What ended the reply in its midst."""
        return self._told.error

    @property
    def response(self) -> ChatResponse:
        """What the provider said so far, in neutral words."""
        return self._state.response

    @property
    def notes(self) -> tuple[Note, ...]:
        """What the provider was not told, or the caller, as far as that is known by now."""
        outcome = self._outcome
        if outcome is not None:
            noted = outcome.notes
        else:
            noted = self._last[0].notes if self._last is not None else ()
        at = self._at
        missed = untold(self._request, at.dialect, at.site) if at is not None else ()
        return tuple(dict.fromkeys((*noted, *missed, *self._told.notes)))

    def fields(self) -> HeaderFields:
        """Header fields that tell of the call: who answers, notes, cost, the provider's id of the request.

        Of a stream they hold what is known before its first word, which its cost is not.
        """
        response, at = self.response, self._at
        told: list[tuple[bytes, bytes]] = []
        number = response.request_id or (request_id(self._last[1]) if self._last is not None else None)
        if number is not None:
            told.append((b"x-request-id", _latin(number)))
        if at is not None:
            told.append((b"x-baimo-model", _latin(at.name)))
        return (*told, *fields_of(self.notes, response.cost))

    def _sent(self, wire: WireRequest, head: WireHead) -> None:
        self._last = wire, head

    @property
    def _outcome(self) -> Outcome | None:
        return self._state._driving.outcome

    @property
    def _at(self) -> Deployment | None:
        """Who answers; before the end it is known only where there is nobody else."""
        if self._outcome is not None:
            return self._outcome.at
        only = len(self._route) == 1 and len(self._route[0]) == 1
        return self._route[0][0] if only else None


class ServedChat(Served):
    """One chat, answered in the caller's wire: `begin` gives the head, iterating the pieces of the body."""

    def __init__(self, client: Client, *args: Any, **options: Any) -> None:
        super().__init__(client, *args, **options)
        self._stream = ChatStream(
            Driver(self._call.steps, self._call.services or client._services), self._call
        )
        self._state = self._stream
        self._waiting: list[bytes] = []

    def begin(self) -> WireHead:
        """Send, and read until there is something to tell. Raises what keeps the answer from beginning."""
        while self._told.head is None:
            event = next(self._stream, None)
            self._waiting += self._told.end() if event is None else self._told.feed([event])
        return self._told.head

    def __iter__(self) -> Iterator[bytes]:
        while True:
            waiting, self._waiting = self._waiting, []
            yield from waiting
            if self.is_over:
                return
            try:
                event = next(self._stream, None)
                self._waiting = self._told.end() if event is None else self._told.feed([event])
            except Error as error:
                self._waiting = self._told.broken(error)

    def close(self) -> None:
        """Done with it. An answer that is not over closes its connection at once."""
        self._stream.close()


def embed(
    client: Client, request: EmbedRequest, model: str, wire: str, timeout: float | None = None
) -> EmbedResponse:
    """As `Client.embed`, of a request in neutral words; token ids go where the provider takes them."""
    route = client.settings.resolve(model, wire)
    answers: list[EmbedResponse] = []
    for batch in in_batches(request, route):
        found: list[EmbedResponse] = []
        call = client._simple("embeddings", EmbedOperation(batch), route, timeout, batch)
        driver = client._finish(call, found.extend)
        answers.append(call.done(embed_response(found[0], driver), driver.outcome))
    return joined(answers)


def models(client: Client, provider: str, wire: str, timeout: float | None = None) -> tuple[ModelInfo, ...]:
    """As `Client.models`, asked at the endpoint of that dialect where there is one."""
    found: list[tuple[ModelInfo, ...]] = []
    route = client.settings.resolve(f"{provider}/*", wire)
    client._told(client._simple("models", ModelsOperation(), route, timeout), found.extend)
    return client._with_facts(found[0], provider)


def fields_of(notes: tuple[Note, ...], cost: Money | None = None) -> HeaderFields:
    """Header fields that tell notes and cost."""
    told = []
    if notes:
        text = "; ".join([f"{note.code}: {note.message}" for note in notes])
        told.append((b"x-baimo-notes", _latin(text)[:_LONGEST_FIELD]))
    if cost is not None:
        told.append((b"x-baimo-cost", f"{cost.amount:f} {cost.currency}".encode()))
    return tuple(told)


def _latin(text: str) -> bytes:
    """As a header field may hold it: other characters are written as escapes."""
    return " ".join(text.split()).encode("latin-1", "backslashreplace")
