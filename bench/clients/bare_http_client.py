"""http.client and msgspec, with nothing between."""

from __future__ import annotations

import http.client
from typing import Any
from urllib.parse import urlsplit

from .openai_form import HEADERS, Events, answer_length, length, request


class Sync:
    def __init__(self, base_url: str) -> None:
        at = urlsplit(base_url)
        assert at.hostname
        self._connection = http.client.HTTPConnection(at.hostname, at.port)
        self._path = f"{at.path}/chat/completions"

    def __enter__(self) -> Sync:
        return self

    def __exit__(self, *failure: Any) -> None:
        self._connection.close()

    def _post(self, body: bytes) -> http.client.HTTPResponse:
        self._connection.request("POST", self._path, body, HEADERS)
        reply = self._connection.getresponse()
        if reply.status != 200:
            raise ConnectionError(reply.read().decode())
        return reply

    def call(self) -> int:
        return answer_length(self._post(request(stream=False)).read())

    def stream(self) -> int:
        events, characters = Events(), 0
        reply = self._post(request(stream=True))
        while piece := reply.read1(65536):
            for chunk in events.feed(piece):
                characters += length(chunk)
        return characters
