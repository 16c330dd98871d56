"""What an ASGI server received, as a request of ours."""

from __future__ import annotations

from baimo.wire.http import HttpRequest, SocketRequest

from .asgi import RAW, Receive, Scope


async def read_request(scope: Scope, receive: Receive) -> HttpRequest | SocketRequest | None:
    """The request with its whole body, or the handshake; None where the client left before that.

    Header names are lower case; the target is byte for byte the client's where the server tells it.
    """
    headers = tuple((bytes(name), bytes(value)) for name, value in scope["headers"])
    host = next((value for name, value in headers if name == b"host"), b"").decode("latin-1")
    origin = f"{scope['scheme']}://{host}"
    target = _target(scope)
    message = await receive()
    if scope["type"] == "websocket":
        return SocketRequest(origin=origin, target=target, headers=headers)
    body = bytearray()
    while message["type"] != "http.disconnect":
        body += message.get("body", b"")
        if not message.get("more_body", False):
            method = scope["method"]
            return HttpRequest(method=method, origin=origin, target=target, headers=headers, body=bytes(body))
        message = await receive()
    return None


def _target(scope: Scope) -> bytes:
    told = (scope.get("extensions") or {}).get(RAW)
    if told is not None:
        whole: bytes = told["target"]
        return whole
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    return path + b"?" + query if query else path
