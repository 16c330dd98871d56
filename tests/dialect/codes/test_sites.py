"""Tables of providers whose classes say most: they list what a status or a class would hide."""

from __future__ import annotations

import pytest

from baimo.dialect import codes
from baimo.dialect.codes import minimax, moonshot, qwen, siliconflow, volcengine, zhipu
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
    ("moonshot", "exceeded_current_quota_error"): (QuotaError, 429),
    ("moonshot", "engine_overloaded_error"): (OverloadedError, 429),
    ("siliconflow", "30001"): (QuotaError, 403),
    ("siliconflow", "30003"): (PermissionDeniedError, 403),
    ("minimax", "1008"): (QuotaError, 200),
    ("minimax", "1002"): (RateLimitedError, 200),
    ("minimax", "1024"): (OverloadedError, 200),
}


@pytest.mark.parametrize(("table", "code"), HIDDEN)
def test_a_code_says_what_its_status_hides(table: str, code: str) -> None:
    found = codes.find(table, code)
    assert found is not None
    assert found.kind is HIDDEN[table, code][0]


def test_money_and_limits_are_never_mistaken_for_each_other() -> None:
    for table in (qwen.CODES, volcengine.CODES, zhipu.CODES, moonshot.CODES, siliconflow.CODES):
        for code in table.table.values():
            assert code.is_retryable is (code.kind in {RateLimitedError, OverloadedError})


def test_what_failed_inside_minimax_may_be_tried_again() -> None:
    again = {code for code, told in minimax.CODES.table.items() if told.is_retryable}
    assert again == {"1000", "1001", "1002", "1013", "1024", "1033", "1039", "1041", "2045"}


def test_a_refused_key_is_left_to_the_row_which_knows_the_other_sites() -> None:
    assert codes.find("zhipu", "1000") is codes.find("volcengine", "AuthenticationError") is None
    assert codes.find("qwen", "invalid_api_key") is codes.find("siliconflow", "30014") is None
    assert codes.find("moonshot", "invalid_authentication_error") is None
