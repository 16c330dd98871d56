"""What requests of the operations beside chat have in common: an address, a body in JSON or as a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from baimo.dialect.formfields import laid_over
from baimo.dialect.protocols import Site
from baimo.errors import InputError, UnsupportedError, WireError
from baimo.notes import Note
from baimo.wire.http import HttpRequest, header_fields, with_headers
from baimo.wire.multipart import FormPart, parse_form, render_form

from .address import address
from .plainrequest import HEAD
from .quirks import Quirks
from .request import lay_over, to_json

DEFAULTS = Quirks()


def there(path: str, what: str, site: Site) -> str:
    """The path itself. Raises UnsupportedError where a row says that there is none."""
    if not path:
        raise UnsupportedError(
            f"{site.provider or 'this provider'} is not known to make {what} at this endpoint",
            hint="It may at another one: `baimo providers NAME` lists them.",
        )
    return path


def posted(
    site: Site,
    path: str,
    model: str,
    body: dict[str, Any],
    headers: Mapping[str, str],
    extra: Mapping[str, Any],
    notes: Sequence[Note] = (),
) -> HttpRequest:
    """An unsigned request with a body in JSON."""
    lay_over(body, extra)
    origin, target = address(site, path, model)
    head = with_headers(HEAD, header_fields(dict(headers))) if headers else HEAD
    return HttpRequest(
        method="POST", origin=origin, target=target, headers=head, body=to_json(body), notes=tuple(notes)
    )


def posted_form(
    site: Site,
    path: str,
    model: str,
    parts: list[FormPart],
    headers: Mapping[str, str],
    extra: Mapping[str, Any],
    notes: Sequence[Note] = (),
) -> HttpRequest:
    """An unsigned request with a form; what `extra` names takes the place of a field."""
    kind, body = render_form(laid_over(parts, extra))
    head = ((b"content-type", kind), (b"accept", b"application/json"))
    origin, target = address(site, path, model)
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=with_headers(head, header_fields(dict(headers))),
        body=body,
        notes=tuple(notes),
    )


def body_of(wire: HttpRequest) -> bytes:
    """Being the provider: the whole body."""
    return wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())


def form_of(wire: HttpRequest) -> list[FormPart]:
    """Being the provider: the parts of a caller's form. Raises InputError."""
    kind = next((value for name, value in wire.headers if name.lower() == b"content-type"), b"")
    try:
        return parse_form(kind.decode("latin-1"), body_of(wire))
    except WireError as error:
        raise InputError(f"the request is no form: {error.message}") from None
