"""Tables of providers whose classes say most: they list what a status or a class would hide."""

from __future__ import annotations

import pytest

from baimo.dialect import codes
from baimo.dialect.codes import qwen, volcengine, zhipu
from baimo.errors import NotFoundError, OverloadedError, PermissionDeniedError, QuotaError, RateLimitedError

HIDDEN = {
    ("zhipu", "1113"): (QuotaError, 429),
    ("zhipu", "1121"): (PermissionDeniedError, 401),
    ("zhipu", "1302"): (RateLimitedError, 429),
    ("zhipu", "1304"): (QuotaError, 429),
    ("zhipu", "1305"): (OverloadedError, 429),
    ("zhipu", "1308"): (QuotaError, 429),
    ("zhipu", "1313"): (QuotaError, 429),
    ("volcengine", "AccountOverdueError"): (QuotaError, 403),
    ("volcengine", "SetLimitExceeded"): (QuotaError, 429),
    ("volcengine", "ModelNotOpen"): (NotFoundError, 404),
    ("volcengine", "InvalidEndpointOrModel.NotFound"): (NotFoundError, 404),
    ("volcengine", "OperationDenied.ServiceNotOpen"): (PermissionDeniedError, 403),
    ("qwen", "Arrearage"): (QuotaError, 400),
    ("qwen", "AllocationQuota.FreeTierOnly"): (QuotaError, 403),
    ("qwen", "Throttling.AllocationQuota"): (RateLimitedError, 429),
    ("qwen", "Model.AccessDenied"): (PermissionDeniedError, 403),
}


@pytest.mark.parametrize(("table", "code"), HIDDEN)
def test_a_code_says_what_its_status_hides(table: str, code: str) -> None:
    found = codes.find(table, code)
    assert found is not None
    assert found.kind is HIDDEN[table, code][0]


def test_money_and_limits_are_never_mistaken_for_each_other() -> None:
    for table in (qwen.CODES, volcengine.CODES, zhipu.CODES):
        for code in table.table.values():
            assert code.is_retryable is (code.kind in {RateLimitedError, OverloadedError})


def test_a_refused_key_is_left_to_the_row_which_knows_the_other_sites() -> None:
    assert codes.find("zhipu", "1000") is codes.find("volcengine", "AuthenticationError") is None
    assert codes.find("qwen", "invalid_api_key") is None
