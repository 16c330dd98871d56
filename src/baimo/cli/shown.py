"""`--show`: the request that would be sent, and the same call as curl and as Python. Nothing is sent."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from baimo.client.base import LOCAL_ORIGIN
from baimo.errors import ConfigError
from baimo.wire.http import HttpRequest, SocketRequest, WireRequest

from .calling import model_or_default, open_client
from .dry import Dry, dry_run, lacking
from .incoming import is_address
from .words import note_line, say

if TYPE_CHECKING:
    from baimo.client.options import ChatOptions
    from baimo.types.chat import Message

    from .console import Console

_SIGNED = re.compile(r"([?&](?:authorization|signature|token)=)[^&]*", re.IGNORECASE)
"""Where an address that was signed holds what stands for a secret."""
_SHORT = 6
"""Characters below which a secret may stand in any word."""
_LONG_TEXT = 600
"""Characters of one string of a body that are shown: pictures are long."""
_LONG_BODY = 20_000
"""Bytes of a body that curl is handed on its command line."""


def show_call(
    console: Console,
    model: str | None,
    messages: str | Message,
    options: ChatOptions,
    *,
    text: str,
    pictures: Sequence[tuple[str, str]],
    stream: bool,
) -> int:
    """Print the call in three forms, and how it is signed. A key that is not set is stood for by `$NAME`."""
    dry, name = _made(console, model, messages, options, stream)
    request = dry.request
    headers = [
        (field.decode("latin-1"), value.decode("latin-1", "replace")) for field, value in request.headers
    ]
    python = as_python(name, text, pictures, options, stream=stream)
    curl = None
    if isinstance(request, HttpRequest) and request.origin != LOCAL_ORIGIN:
        curl = as_curl(request, headers, body_of(request), _variables(dry))
    masked = [(field, _masked(field, value, dry)) for field, value in headers]
    if console.as_json:
        facts = _facts(dry, dict(masked)) | {"curl": curl, "python": python}
        console.line(json.dumps(facts, ensure_ascii=False, indent=2))
        return 0
    _show_request(console, dry, masked)
    _show_signing(console, dry)
    _show_heading(console, "# curl")
    if isinstance(request, HttpRequest):
        console.line(curl or say("show.in_process"))
    else:
        console.line(say("show.socket"))
    _show_heading(console, "# Python")
    console.line(python)
    for note in request.notes:
        console.tell(note_line(note), quiet=True)
    return 0


def _show_request(console: Console, dry: Dry, masked: Sequence[tuple[str, str]]) -> None:
    """The first line, the head and the body, or the frames that follow a handshake."""
    if dry.before is not None:
        console.line(say("show.token"))
        console.line(f"{_method(dry.before)} {_url(dry.before)}")
        console.line()
    request = dry.request
    console.line(console.bold(f"{_method(request)} {_url(request)}"))
    console.lines(f"{field}: {value}" for field, value in masked)
    if isinstance(request, HttpRequest):
        console.line()
        console.line(_pretty(body_of(request)))
        return
    for number, frame in enumerate(_frames(request), 1):
        _show_heading(console, say("show.frame", number=number))
        console.line(_pretty(frame))


def _show_signing(console: Console, dry: Dry) -> None:
    """Every intermediate text of the signature, for whoever looks for the byte that differs."""
    if not dry.signing:
        return
    _show_heading(console, say("show.signing", scheme=dry.scheme))
    for step in dry.signing:
        first, *rest = _without_secrets(step.text, dry).split("\n")
        console.line(f"{step.name}:" if rest else f"{step.name}: {first}")
        if rest:
            console.lines(f"  {line}" for line in (first, *rest))


def _show_heading(console: Console, text: str) -> None:
    console.line()
    console.line(console.bold(text))


def _facts(dry: Dry, headers: dict[str, str]) -> dict[str, Any]:
    """The call for a program to read."""
    request = dry.request
    facts: dict[str, Any] = {"method": _method(request), "url": _url(request), "headers": headers}
    if isinstance(request, HttpRequest):
        facts["body"] = _parsed(body_of(request))
    else:
        facts["frames"] = [_parsed(frame) for frame in _frames(request)]
    if dry.before is not None:
        facts["before"] = {"method": _method(dry.before), "url": _url(dry.before)}
    if dry.signing:
        steps = [{"name": step.name, "text": _without_secrets(step.text, dry)} for step in dry.signing]
        facts["signing"] = {"scheme": dry.scheme, "steps": steps}
    return facts


def body_of(request: HttpRequest) -> bytes:
    """The body, where it is in memory."""
    return request.body if isinstance(request.body, bytes) else b""


def _frames(request: SocketRequest) -> list[bytes]:
    return [frame.encode() if isinstance(frame, str) else frame for frame in request.frames]


def _method(request: WireRequest) -> str:
    return request.method if isinstance(request, HttpRequest) else "GET"


def _url(request: WireRequest) -> str:
    """The address without what was signed."""
    return _SIGNED.sub(r"\1****", request.url)


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
    model: str, text: str, pictures: Sequence[tuple[str, str]], options: ChatOptions, *, stream: bool
) -> str:
    """The call in Python."""
    imports = ["import baimo"]
    prompt = _python_value(text)
    if pictures:
        if any(not is_address(given) for _, given in pictures):
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
    console: Console, model: str | None, messages: str | Message, options: ChatOptions, stream: bool
) -> tuple[Dry, str]:
    """The call, signed and not sent, and the model's name as it was asked for."""
    keys: dict[str, dict[str, str]] = {}
    while True:
        with open_client(console, keys=keys) as client:
            name = model_or_default(client, model)
            try:
                return dry_run(client.settings, name, messages, options, stream=stream), name
            except ConfigError as error:
                stand_ins = lacking(client.settings, name, error)
                if stand_ins is None or any(
                    stand_ins[one].keys() <= keys.get(one, {}).keys() for one in stand_ins
                ):
                    raise
                for provider, values in stand_ins.items():
                    keys[provider] = {**keys.get(provider, {}), **values}


def _masked(field: str, value: str, dry: Dry) -> str:
    """The field without secrets; a key that was put in by a signer is never shown whole."""
    masked = _without_secrets(value, dry)
    is_known = any(_holds(value, secret.reveal()) for secret in dry.secrets.values())
    if field.lower() == "authorization" and not is_known:
        return f"{value.partition(' ')[0]} ****"
    return masked


def _without_secrets(text: str, dry: Dry) -> str:
    """A text with every secret masked; what stands for one that is not set is shown."""
    for secret in dry.secrets.values():
        revealed = secret.reveal()
        if _holds(text, revealed) and not revealed.startswith("$"):
            text = text.replace(revealed, secret.masked())
    return text


def _holds(text: str, secret: str) -> bool:
    """Whether a secret stands in a text; a very short one is found only where it is the last word."""
    return secret in text if len(secret) >= _SHORT else bool(secret) and text.split()[-1:] == [secret]


def _variables(dry: Dry) -> dict[str, str]:
    """Each secret's text with the environment variable that usually holds it."""
    from baimo.catalogue import load as catalogue

    at, found = dry.at, {}
    for name, secret in dry.secrets.items():
        usual = f"{at.provider}_{name}".upper().replace("-", "_")
        if secret.reveal().startswith("$"):
            usual = secret.reveal()[1:]
        elif at.provider in catalogue.provider_names():
            for endpoint in catalogue.provider(at.provider).endpoints:
                if endpoint.name == at.endpoint and endpoint.env.get(name):
                    usual = endpoint.env[name][0]
        found[secret.reveal()] = usual
    return found


def _quoted(text: str, variables: dict[str, str]) -> str:
    for secret, variable in variables.items():
        if _holds(text, secret):
            before, _, after = text.rpartition(secret)
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


def _python_picture(picture: tuple[str, str]) -> str:
    kind, given = picture
    written = _python_value(given)
    return f"baimo.{kind}.of({written if is_address(given) else f'Path({written})'})"


def _python_value(value: Any) -> str:
    import msgspec

    if isinstance(value, str) and '"' not in value and "\\" not in value and value.isprintable():
        return f'"{value}"'
    if isinstance(value, msgspec.Struct):
        return repr(msgspec.to_builtins(value))
    return repr(value)
