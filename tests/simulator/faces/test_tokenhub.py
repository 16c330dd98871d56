"""The face of TokenHub: its addresses, its models, and errors of its own shape."""

from __future__ import annotations

import msgspec
import pytest

from baimo.errors import (
    AuthError,
    ContentFilteredError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    ServerError,
)
from baimo.simulator import faces
from baimo.simulator.engine import Simulation
from baimo.simulator.faces.tokenhub import REQUEST_ID, TokenHubFace
from baimo.simulator.words import Why
from baimo.wire.http import HttpRequest
from tests.simulator.faces.test_openai import answer, post, read

KEY = "sk-fakeTokenHubKey00000000000000001234"


def ask(model: str = "hy3-preview", key: str | None = KEY) -> HttpRequest:
    return post({"model": model, "messages": [{"role": "user", "content": "Hi"}]}, key=key)


@pytest.fixture
def simulation() -> Simulation:
    return Simulation([TokenHubFace()])


def test_both_sites_have_a_face() -> None:
    home, abroad = faces.make("tokenhub"), faces.make("tokenhub-intl")
    assert home.hosts == ("tokenhub.tencentmaas.com",)
    assert abroad.hosts == ("tokenhub-intl.tencentcloudmaas.com",)
    assert home.configuration("http://h") == {"chat": {"base_url": "http://h/v1", "api_key": KEY}}


def test_a_good_call_is_answered(simulation: Simulation) -> None:
    response, error = read(simulation, ask())
    assert error is None
    assert response.text == "Hi"


def test_a_wrong_key_is_told_in_its_own_shape(simulation: Simulation) -> None:
    head, body = answer(simulation, ask(key="sk-another"))
    assert head.status == 401
    assert msgspec.json.decode(body) == {
        "error": {
            "type": "authentication_error",
            "code": "401002",
            "message": "invalid api key",
            "source": "client",
            "request_id": REQUEST_ID,
        }
    }


@pytest.mark.parametrize(
    ("why", "status", "code", "kind"),
    [
        (Why.MISSING_HEADER, 401, "401002", AuthError),
        (Why.WRONG_SECRET, 401, "401002", AuthError),
        (Why.UNKNOWN_MODEL, 402, "403004", QuotaError),
        (Why.OVER_QUOTA, 402, "401007", QuotaError),
        (Why.MISSING_PROJECT_SCOPE, 403, "403001", PermissionDeniedError),
        (Why.OVER_RATE, 429, "429001", RateLimitedError),
        (Why.OVER_CONCURRENCY, 429, "429001", RateLimitedError),
        (Why.INPUT_MODERATED, 451, "451001", ContentFilteredError),
        (Why.INVALID_REQUEST, 400, "400001", InvalidRequestError),
        (Why.SERVER_ERROR, 502, "502001", ServerError),
    ],
)
def test_a_refusal_has_its_real_status_and_code(
    simulation: Simulation, why: Why, status: int, code: str, kind: type[ProviderError]
) -> None:
    simulation.refuse(why)
    _, error = read(simulation, ask(), codes="tencent")
    assert isinstance(error, ProviderError)
    assert type(error) is kind
    assert (error.status, error.provider_code, error.request_id) == (status, code, REQUEST_ID)


def test_an_address_that_is_not_served_is_told(simulation: Simulation) -> None:
    _, error = read(simulation, post(path="/v2/chat/completions", key=KEY))
    assert isinstance(error, (NotFoundError, InvalidRequestError))
    assert error.status == 404
