"""The codes of Tencent Cloud: what may be tried again, what each means, and that none is forgotten."""

from __future__ import annotations

import pytest

from baimo.dialect.codes import table
from baimo.errors import (
    AuthError,
    ContentFilteredError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    ServerError,
)

CODES = table("tencent")

_AGAIN = """
RequestLimitExceeded RequestLimitExceeded.IPLimitExceeded RequestLimitExceeded.UinLimitExceeded
RequestLimitExceeded.GlobalRegionUinLimitExceeded InternalError ServiceUnavailable ResourceInUse
FailedOperation.EngineRequestTimeout FailedOperation.EngineServerError
FailedOperation.EngineServerLimitExceeded FailedOperation.ConsoleServerError 4000 4001 429001 502001
"""
AGAIN = _AGAIN.split()

_NEVER = """
AuthFailure.SignatureExpire AuthFailure.SignatureFailure AuthFailure.InvalidAuthorization
AuthFailure.InvalidSecretId AuthFailure.SecretIdNotFound AuthFailure.MFAFailure AuthFailure.TokenFailure
AuthFailure.UnauthorizedOperation UnauthorizedOperation ActionOffline InvalidAction InvalidParameter
InvalidParameterValue InvalidRequest MissingParameter UnknownParameter NoSuchProduct NoSuchVersion
UnsupportedOperation UnsupportedProtocol UnsupportedRegion IpInBlacklist IpNotInWhitelist LimitExceeded
RequestSizeLimitExceeded ResponseSizeLimitExceeded ResourceInsufficient ResourceUnavailable
ResourceNotFound FailedOperation DryRunOperation FailedOperation.FreeResourcePackExhausted
FailedOperation.ResourcePackExhausted FailedOperation.ServiceNotActivated FailedOperation.ServiceStop
FailedOperation.ServiceStopArrears FailedOperation.SetPayModeExceed FailedOperation.UserUnAuthError
FailedOperation.PartnerAccountUnSupport FailedOperation.DownloadError FailedOperation.ImageDownloadError
FailedOperation.ImageDecodeFailed FailedOperation.GenerateImageFailed
InvalidParameter.ImageCountLimitExceededError InvalidParameter.ImageProcessingFailureError
InvalidParameter.InvalidParameter InvalidParameterValue.Model InvalidParameterValue.ImageRequestError
InvalidParameterValue.ParameterValueError OperationDenied.ImageIllegalDetected
OperationDenied.TextIllegalDetected ResourceInsufficient.ChargeResourceExhaust
ResourceUnavailable.InArrears ResourceUnavailable.LowBalance ResourceUnavailable.NotExist
ResourceUnavailable.StopUsing 400001 400002 400004 401002 401007 401008 403001 403002 403004 403005 451001
"""
NEVER = _NEVER.split()


def test_every_documented_code_is_there_and_may_be_retried_or_not_as_documented() -> None:
    parents = {"AuthFailure", "OperationDenied"}
    assert set(CODES.table) - parents == {*AGAIN, *NEVER}
    assert [code for code in AGAIN if not CODES.table[code].is_retryable] == []
    assert [code for code in NEVER if CODES.table[code].is_retryable] == []


@pytest.mark.parametrize("code", sorted(CODES.table))
def test_a_code_says_in_both_languages_what_it_means_and_what_to_do(code: str) -> None:
    entry = CODES.table[code]
    assert not entry.means.endswith(".")
    assert entry.cure.endswith(".")
    assert entry.cure_zh.endswith("。")
    for text in (entry.means_zh, entry.cure_zh):
        assert any("\u4e00" <= letter <= "\u9fff" for letter in text)
    assert not entry.renews


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AuthFailure.SignatureFailure", AuthError),
        ("AuthFailure.UnauthorizedOperation", PermissionDeniedError),
        ("RequestLimitExceeded.UinLimitExceeded", RateLimitedError),
        ("FailedOperation.EngineServerLimitExceeded", OverloadedError),
        ("OperationDenied.TextIllegalDetected", ContentFilteredError),
        ("ResourceUnavailable.InArrears", QuotaError),
        ("InvalidParameterValue.Model", NotFoundError),
        ("InvalidParameter", InvalidRequestError),
        ("4001", ServerError),
        ("401007", QuotaError),
        ("451001", ContentFilteredError),
    ],
)
def test_a_code_is_of_the_kind_that_tells_what_to_do(code: str, kind: type[ProviderError]) -> None:
    assert CODES.table[code].kind is kind


def test_a_code_that_is_new_means_what_its_parent_means() -> None:
    assert CODES.find("AuthFailure.BrandNew.Too") is CODES.table["AuthFailure"]
    assert CODES.find("Nothing.Of.Ours") is None


def test_the_clock_the_keys_and_the_rate_have_cures_of_their_own() -> None:
    assert "clock" in CODES.table["AuthFailure.SignatureExpire"].cure
    assert "cam/capi" in CODES.table["AuthFailure.SecretIdNotFound"].cure
    assert "5 calls" in CODES.table["RequestLimitExceeded"].cure
    assert "tokenhub" in CODES.table["401002"].cure
