"""`--show`: the request that would be sent, and the same call as curl and as Python. Nothing is sent."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from baimo.client.base import LOCAL_ORIGIN
from baimo.errors import MissingKeyError
from baimo.wire.http import HttpRequest, WireRequest

from .calling import model_or_default, open_client
from .words import say

if TYPE_CHECKING:
    from baimo.client.client import Client
    from baimo.client.options import ChatOptions
    from baimo.exchange import Deployment
    from baimo.types.chat import Message

    from .console import Console

_SIGNED = re.compile(r"([?&](?:authorization|signature|token)=)[^&]*", re.IGNORECASE)
"""Where an address that was signed holds what stands for a secret."""
_LONG_TEXT = 600
"""Characters of one string of a body that are shown: pictures are long."""
_LONG_BODY = 20_000
"""Bytes of a body that curl is handed on its command line."""


class NotSentError(Exception):
    """Carries a request that was made and signed out of the call that would have sent it."""

    def __init__(self, request: WireRequest) -> None:
        super().__init__(request.origin)
        self.request = request


class _Recorder:
    """A transport that sends nothing."""

    def open(self, request: WireRequest, *, connect_s: float, head_s: float) -> NoReturn:
        raise NotSentError(request)

    def close(self) -> None:
        """Nothing is open."""


def show_call(
    console: Console,
    model: str | None,
    messages: str | Message,
    options: ChatOptions,
    *,
    text: str,
    pictures: Sequence[str | Path],
    stream: bool,
) -> int:
    """Print the call in three forms. A key that is not set is stood for by its variable."""
    try:
        request, at, name = _made(
            open_client(console, transport=_Recorder()), model, messages, options, stream
        )
    except MissingKeyError as error:
        if not error.provider or not error.variables:
            raise
        keys = {error.provider: f"${error.variables[0]}"}
        client = open_client(console, keys=keys, transport=_Recorder())
        request, at, name = _made(client, model, messages, options, stream)
    headers = [
        (field.decode("latin-1"), value.decode("latin-1", "replace")) for field, value in request.headers
    ]
    method, url, body = _line_and_body(request)
    curl = None
    if isinstance(request, HttpRequest) and request.origin != LOCAL_ORIGIN:
        curl = as_curl(request, headers, body, _variables(at))
    python = as_python(name, text, pictures, options, stream=stream)
    masked = [(field, _masked(field, value, at)) for field, value in headers]
    if console.as_json:
        shown = {"method": method, "url": url, "headers": dict(masked), "body": _parsed(body)}
        console.line(json.dumps({**shown, "curl": curl, "python": python}, ensure_ascii=False, indent=2))
        return 0
    console.line(console.bold(f"{method} {url}"))
    console.lines(f"{field}: {value}" for field, value in masked)
    console.line()
    console.line(_pretty(body))
    console.line()
    if isinstance(request, HttpRequest):
        console.line(console.bold("# curl"))
        console.line(curl or say("show.in_process"))
        console.line()
    console.line(console.bold("# Python"))
    console.line(python)
    for note in request.notes:
        console.tell(say("answer.note", text=note.message), quiet=True)
    return 0


def as_curl(
    request: HttpRequest, headers: Sequence[tuple[str, str]], body: bytes, variables: dict[str, str]
) -> str:
    """The request as a line for a POSIX shell; each secret of `variables` is its variable there."""
    parts = [f"curl -N {shlex.quote(request.url)}"]
    parts += [f"-H {_quoted(f'{field}: {value}', variables)}" for field, value in headers]
    if len(body) > _LONG_BODY:
        parts.append(f"--data-binary @body.json  # {say('show.body_file')}")
    elif body:
        parts.append(f"-d {shlex.quote(body.decode('utf-8', 'replace'))}")
    return " \\\n  ".join(parts)


def as_python(
    model: str, text: str, pictures: Sequence[str | Path], options: ChatOptions, *, stream: bool
) -> str:
    """The call in Python."""
    imports = ["import baimo"]
    prompt = _python_value(text)
    if pictures:
        if any(isinstance(picture, Path) for picture in pictures):
            imports.insert(0, "from pathlib import Path\n")
        parts = [f"baimo.Text(text={_python_value(text)})", *map(_python_picture, pictures)]
        joined = "".join(f"\n    {part}," for part in parts)
        prompt = f'baimo.Message(role="user", content=[{joined}\n])'
    said = "".join(f",\n    {name}={_python_value(value)}" for name, value in options.items())
    name = _python_value(model)
    call = f"({name}, {prompt})" if not said else f"(\n    {name},\n    {prompt}{said},\n)"
    if stream:
        body = f'for piece in baimo.stream{call}.text:\n    print(piece, end="", flush=True)'
    else:
        body = f"print(baimo.chat{call}.text)"
    return "\n".join(imports) + "\n\n" + body


def _made(
    client: Client, model: str | None, messages: str | Message, options: ChatOptions, stream: bool
) -> tuple[WireRequest, Deployment, str]:
    """The signed request, the deployment it goes to, and the model's name as it was asked for."""
    name = model_or_default(client, model)
    with client:
        at = client.settings.resolve(name)[0][0]
        try:
            if stream:
                next(client.stream(name, messages, **options))
            else:
                client.chat(name, messages, **options)
        except NotSentError as made:
            return made.request, at, name
    raise AssertionError("a call that is not sent has no answer")


def _line_and_body(request: WireRequest) -> tuple[str, str, bytes]:
    """Method, address and body; of a WebSocket its handshake, and the frames that follow, one a line."""
    if isinstance(request, HttpRequest):
        return request.method, request.url, request.body if isinstance(request.body, bytes) else b""
    frames = (frame.encode() if isinstance(frame, str) else frame for frame in request.frames)
    return "GET", _SIGNED.sub(r"\1****", request.url), b"\n".join(frames)


def _masked(field: str, value: str, at: Deployment) -> str:
    """The field without secrets; what was put in by a signer is never shown whole."""
    for secret in at.secrets.values():
        if secret and secret.reveal() in value:
            shown = secret.reveal() if secret.reveal().startswith("$") else secret.masked()
            return value.replace(secret.reveal(), shown)
    if field.lower() == "authorization":
        return f"{value.partition(' ')[0]} ****"
    return value


def _variables(at: Deployment) -> dict[str, str]:
    """Each secret's text with the environment variable that usually holds it."""
    from baimo.catalogue import load as catalogue

    found = {}
    for name, secret in at.secrets.items():
        usual = f"{at.provider}_{name}".upper().replace("-", "_")
        if at.provider in catalogue.provider_names():
            endpoints = catalogue.provider(at.provider).endpoints
            for endpoint in endpoints:
                if endpoint.name == at.endpoint and endpoint.env.get(name):
                    usual = endpoint.env[name][0]
        found[secret.reveal()] = usual
    return found


def _quoted(text: str, variables: dict[str, str]) -> str:
    for secret, variable in variables.items():
        if secret and secret in text:
            before, _, after = text.partition(secret)
            return f'"{_in_double(before)}${{{variable}}}{_in_double(after)}"'
    return shlex.quote(text)


def _in_double(text: str) -> str:
    return "".join(f"\\{char}" if char in '\\"$`' else char for char in text)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")


def _pretty(body: bytes) -> str:
    parsed = _parsed(body)
    if isinstance(parsed, str):
        return parsed
    return json.dumps(_shortened(parsed), ensure_ascii=False, indent=2)


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shortened(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_shortened(inner) for inner in value]
    if isinstance(value, str) and len(value) > _LONG_TEXT and " " not in value:
        return value[:60] + say("show.shortened", count=f"{len(value):,}")
    return value


def _python_picture(picture: str | Path) -> str:
    if isinstance(picture, Path):
        from .incoming import picture as read

        path, media_type = _python_value(str(picture)), _python_value(read(str(picture)).media_type)
        return f"baimo.Image(data=Path({path}).read_bytes(), media_type={media_type})"
    return f"baimo.Image(url={_python_value(picture)})"


def _python_value(value: Any) -> str:
    import msgspec

    if isinstance(value, str) and '"' not in value and "\\" not in value and value.isprintable():
        return f'"{value}"'
    if isinstance(value, msgspec.Struct):
        return repr(msgspec.to_builtins(value))
    return repr(value)
