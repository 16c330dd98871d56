"""Tokens of Huawei Cloud's IAM for people's own HTTP code; offered as `baimo.auth`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec

from baimo.auth.iam import IamToken
from baimo.auth.signer import Grant
from baimo.config.settings import Settings, load_settings
from baimo.dialect.protocols import Site
from baimo.errors import InputError
from baimo.steps import Shared
from baimo.transports.protocol import AsyncTransport, Transport
from baimo.types.secret import Secret

from .clock import REAL_CLOCK, Clock

Text: TypeAlias = str | Secret | None


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token of a project. It opens everything that its user may do there: keep it out of logs."""

    value: str
    """What the header X-Auth-Token holds: several thousand characters."""
    expires_at: datetime
    """Until when to use it, in UTC: some minutes before its own end."""
    project_id: str | None
    """The id that the addresses of Pangu hold."""

    def __repr__(self) -> str:
        return f"Token(****, until {self.expires_at:%Y-%m-%d %H:%M} UTC, project {self.project_id})"

    __str__ = __repr__


def iam_token(
    *,
    user: Text = None,
    password: Text = None,
    domain: Text = None,
    access_key: Text = None,
    secret_key: Text = None,
    region: str = "cn-southwest-2",
    project_id: str | None = None,
    url: str | None = None,
    transport: Transport | None = None,
    clock: Clock = REAL_CLOCK,
) -> Token:
    """A token for an IAM user's name and password and the account's name (`domain`), or for AK and SK.

    It is bound to the project of `region`, or to `project_id`; `url` is the address of IAM where it is not
    https://iam.REGION.myhuaweicloud.com. Each call fetches one: keep it until `expires_at`.

    Raises MissingKeyError naming what was not given, AuthError when IAM refuses it, TransportError when no
    answer came.
    """
    from .driving import Services, run
    from .network import open_transport

    step = _step(user, password, domain, access_key, secret_key, region, project_id, url)
    given = transport if transport is not None else open_transport(_settings())
    try:
        grant, lives_s = run(step.make(), Services(given, clock=clock))
    finally:
        if transport is None:
            given.close()
    return _token(grant, lives_s, project_id, clock)


async def aiam_token(
    *,
    user: Text = None,
    password: Text = None,
    domain: Text = None,
    access_key: Text = None,
    secret_key: Text = None,
    region: str = "cn-southwest-2",
    project_id: str | None = None,
    url: str | None = None,
    transport: AsyncTransport | None = None,
    clock: Clock = REAL_CLOCK,
) -> Token:
    """As `iam_token`, awaited."""
    from .async_driving import AsyncServices, run
    from .async_network import open_transport

    step = _step(user, password, domain, access_key, secret_key, region, project_id, url)
    given = transport if transport is not None else open_transport(_settings())
    try:
        grant, lives_s = await run(step.make(), AsyncServices(given, clock=clock))
    finally:
        if transport is None:
            await given.close()
    return _token(grant, lives_s, project_id, clock)


def _step(
    user: Text,
    password: Text,
    domain: Text,
    access_key: Text,
    secret_key: Text,
    region: str,
    project_id: str | None,
    url: str | None,
) -> Shared:
    by_user = {"iam_user": user, "iam_password": password, "iam_domain": domain}
    by_key = {"access_key": access_key, "secret_key": secret_key}
    has_key = any(by_key.values())
    if has_key and any(by_user.values()):
        raise InputError("give either user, password and domain, or access_key and secret_key")
    options = {} if url is None else {"url": url}
    signer = IamToken(method="hw_ak_sk" if has_key else "password", **options)
    site = Site(base_url="", provider="", region=region, project=project_id)
    return signer.grant(site, _secrets(by_key if has_key else by_user), None)


def _secrets(given: Mapping[str, Text]) -> dict[str, Secret]:
    return {
        name: text if isinstance(text, Secret) else Secret(text)
        for name, text in given.items()
        if text is not None
    }


def _settings() -> Settings:
    """Of the configuration nothing counts but what the environment says of proxies and certificates."""
    return load_settings({})


def _token(grant: Grant, lives_s: float, project_id: str | None, clock: Clock) -> Token:
    until = datetime.fromtimestamp(clock.wall() + lives_s, UTC)
    value = grant.secrets["iam_token"].reveal()
    return Token(value=value, expires_at=until, project_id=grant.project or project_id)
