"""Which failures move a call on."""

from __future__ import annotations

import pytest

from baimo import errors
from baimo.routing.fallback import moves_on


@pytest.mark.parametrize(
    ("error", "moves"),
    [
        (errors.ServerError("x"), True),
        (errors.RateLimitedError("x"), True),
        (errors.AuthError("x"), True),
        (errors.NotFoundError("x"), True),
        (errors.QuotaError("x"), True),
        (errors.TimedOutError("x"), True),
        (errors.ConnectError("x"), True),
        (errors.WireError("x"), True),
        (errors.ContextTooLongError("x"), True),
        (errors.UnsupportedError("x"), True),
        (errors.InvalidRequestError("x"), False),
        (errors.ContentFilteredError("x"), False),
        (errors.InputError("x"), False),
        (errors.ConfigError("x"), False),
        (errors.StreamInterrupted("x"), False),
    ],
)
def test_a_failure_moves_on_only_where_another_deployment_may_do_better(
    error: errors.Error, moves: bool
) -> None:
    assert moves_on(error) is moves
