"""`baimo.chat` and `baimo.stream`: one client a process, made at the first call, closed at exit."""

from __future__ import annotations

import atexit
import threading
from typing import Unpack

from baimo.types.chat import ChatResponse

from .client import Client
from .options import ChatOptions, Messages, Model
from .streams import ChatStream

_lock = threading.Lock()
_shared: list[Client] = []


def chat(model: Model = None, messages: Messages = (), **options: Unpack[ChatOptions]) -> ChatResponse:
    """One whole answer, by a client that all such calls share. As `Client.chat`."""
    return _client().chat(model, messages, **options)


def stream(model: Model = None, messages: Messages = (), **options: Unpack[ChatOptions]) -> ChatStream:
    """One answer as it is made, by a client that all such calls share. As `Client.stream`."""
    return _client().stream(model, messages, **options)


def _client() -> Client:
    if not _shared:
        with _lock:
            if not _shared:
                client = Client()
                atexit.register(client.close)
                _shared.append(client)
    return _shared[0]
