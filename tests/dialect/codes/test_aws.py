"""AWS's table says of each exception what kind of error it is and whether waiting helps."""

from __future__ import annotations

import pytest

from baimo.dialect import codes
from baimo.dialect.codes.aws import CODES
from baimo.errors import (
    AuthError,
    ContextTooLongError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    ServerError,
)

MODELLED: dict[str, tuple[type[ProviderError], bool]] = {
    "AccessDeniedException": (PermissionDeniedError, False),
    "ConflictException": (InvalidRequestError, True),
    "InternalServerException": (ServerError, True),
    "ModelErrorException": (ServerError, True),
    "ModelNotReadyException": (OverloadedError, True),
    "ModelStreamErrorException": (ServerError, True),
    "ModelTimeoutException": (ServerError, True),
    "ResourceNotFoundException": (NotFoundError, False),
    "ServiceQuotaExceededException": (QuotaError, False),
    "ServiceUnavailableException": (OverloadedError, True),
    "ThrottlingException": (RateLimitedError, True),
    "ValidationException": (InvalidRequestError, False),
}
"""The exceptions of the service's own model."""


@pytest.mark.parametrize(("code", "told"), MODELLED.items())
def test_an_exception_of_the_service_has_its_kind(code: str, told: tuple[type[ProviderError], bool]) -> None:
    entry = CODES.table[code]
    assert (entry.kind, entry.is_retryable) == told


@pytest.mark.parametrize(
    "code",
    [
        "ExpiredTokenException",
        "IncompleteSignatureException",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "UnrecognizedClientException",
    ],
)
def test_what_signatures_are_refused_with_is_about_credentials(code: str) -> None:
    assert CODES.table[code].kind is AuthError


def test_words_tell_what_one_name_hides_and_new_ones_fall_back() -> None:
    assert CODES.table["ValidationException.TooLong"].kind is ContextTooLongError
    assert CODES.table["ThrottlingException.Daily"].kind is QuotaError
    assert codes.find("aws", "ThrottlingException.New") is CODES.table["ThrottlingException"]
