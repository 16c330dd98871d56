"""What may follow a failure."""

from __future__ import annotations

import pytest

from baimo import errors
from baimo.routing.fallback import After, after


@pytest.mark.parametrize(
    ("error", "follows"),
    [
        (errors.ServerError("x"), After.LATER),
        (errors.OverloadedError("x"), After.LATER),
        (errors.RateLimitedError("x"), After.LATER),
        (errors.EmptyAnswerError("x"), After.LATER),
        (errors.TimedOutError("x"), After.LATER),
        (errors.ConnectError("x"), After.LATER),
        (errors.StaleConnectionError("x"), After.LATER),
        (errors.LimitReachedError("x"), After.LATER),
        (errors.AuthError("x"), After.OTHER_KEY),
        (errors.PermissionDeniedError("x"), After.OTHER_KEY),
        (errors.QuotaError("x", status=429), After.OTHER_KEY),
        (errors.QuotaError("x", status=400, retryable=True), After.OTHER_KEY),
        (errors.NotFoundError("x"), After.OTHER_MODEL),
        (errors.WireError("x"), After.OTHER_MODEL),
        (errors.UnsupportedError("x"), After.OTHER_MODEL),
        (errors.LocalModelError("x"), After.OTHER_MODEL),
        (errors.ProviderError("x"), After.OTHER_MODEL),
        (errors.ContextTooLongError("x"), After.LONGER),
        (errors.InvalidRequestError("x"), After.STOP),
        (errors.ContentFilteredError("x"), After.STOP),
        (errors.InputError("x"), After.STOP),
        (errors.ConfigError("x"), After.STOP),
        (errors.BudgetError("x"), After.STOP),
        (errors.StreamInterrupted("x"), After.STOP),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, errors.Error) else value.value,
)
def test_what_may_follow_is_decided_by_what_the_provider_said(error: errors.Error, follows: After) -> None:
    assert after(error) is follows


def test_an_answer_that_broke_off_before_anybody_saw_it_may_be_asked_for_again() -> None:
    assert after(errors.StreamInterrupted("x"), shown=False) is After.LATER
    assert after(errors.ServerError("x"), shown=False) is After.LATER


def test_every_kind_of_error_has_its_place() -> None:
    def below(kind: type[errors.Error]) -> list[type[errors.Error]]:
        return [kind, *(found for each in kind.__subclasses__() for found in below(each))]

    assert all(isinstance(after(kind("x")), After) for kind in below(errors.Error))
