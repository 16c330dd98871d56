"""Baimo's signers, as a call uses them: from the unsigned request to the bytes of the signed one's head."""

from __future__ import annotations

import time
from typing import Any

import baimo
from baimo.auth.keys import NoKey
from baimo.transports.options import TransportOptions
from baimo.transports.route import Route, find_route
from baimo.types.chat import ChatRequest, Message, Role
from baimo.types.content import Text
from baimo.wire.http import SocketRequest, WireRequest
from baimo.wire.websocket import handshake

MODELS = {
    "tc3": "hunyuan/hunyuan-turbos-latest",
    "sdk_hmac_sha256": "pangu/fake-deployment",
    "spark_url": "spark/4.0Ultra",
}
_CONFIG = {
    "providers": {
        "hunyuan": {"endpoint": "native", "secret_id": "fake-id", "secret_key": "fake-secret"},
        "pangu": {
            "endpoint": "v1",
            "access_key": "fake-access",
            "secret_key": "fake-secret",
            "region": "cn-southwest-2",
            "project_id": "fake-project",
        },
        "spark": {
            "endpoint": "socket",
            "app_id": "fake",
            "api_key": "fake-key",
            "api_secret": "fake-secret",
        },
    }
}
_KEY = b"ZmFrZS1mYWtlLWZha2UtZg=="


class Signing:
    """Signs requests whose bodies and times differ, as those of calls do."""

    def __init__(self, scheme: str, requests: int) -> None:
        with baimo.Client(config=_CONFIG) as client:
            at = client.settings.resolve(MODELS[scheme])[0][0]
        self._signer, self._secrets = at.signer, at.secrets
        self._wires: list[WireRequest] = [
            at.dialect.encode_request(_question(at.model, turn), at.site) for turn in range(requests)
        ]
        first = self._wires[0]
        is_socket = isinstance(first, SocketRequest)
        self._route = find_route(first.origin, TransportOptions().proxies, {}, is_socket=is_socket)
        self._now = time.time()

    def signed(self) -> int:
        """Sign and render all of them; the bytes of their heads."""
        size, now = 0, self._now
        for wire in self._wires:
            now += 0.1
            size += _head(self._route, self._signer.sign(wire, self._secrets, now))
        self._now = now
        return size

    def unsigned(self) -> int:
        """The same with nothing to sign."""
        size, now, signer, secrets = 0, self._now, NoKey(), dict[str, Any]()
        for wire in self._wires:
            now += 0.1
            size += _head(self._route, signer.sign(wire, secrets, now))
        self._now = now
        return size


def _question(model: str, turn: int) -> ChatRequest:
    said = f"Question {turn}: " + "what goes up and never comes down? " * 10
    return ChatRequest(
        model=model, messages=(Message(role=Role.USER, content=(Text(text=said),)),), stream=True
    )


def _head(route: Route, wire: WireRequest) -> int:
    return len(route.render(handshake(wire, _KEY) if isinstance(wire, SocketRequest) else wire))
