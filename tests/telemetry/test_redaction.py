"""What looks like a secret is taken out of text; what only resembles one stays."""

from __future__ import annotations

import io
import logging
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.catalogue import load as catalogue
from baimo.telemetry.redaction import RedactingFilter, redact

TAIL = "Qm9x81Zk3LpVt6RwYs"
HEX = "0123456789abcdef" * 2
BASE64 = "MGYxYTJiM2M0ZDVlNmY3YTg5MGI="
ROWS = catalogue.providers()
PREFIXES = sorted({prefix for row in ROWS for prefix in row.key_prefixes})
BARE = {
    "SecretId": "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
    "AK": "A1B2C3D4E5F6G7H8J9K0",
    "SK": "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3hJ5kL7n",
    "APIPassword": "aBcDeFgHiJkLmNoPqRsT:uVwXyZaBcDeFgHiJkLmN",
    "Zhipu": f"{HEX}.aB3dE5gH7jK9mN1p",
    "Google": "AIza" + TAIL * 2,
    "JWT": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.sIgNaTuRe_-x",
    "IAM token": "MII" + TAIL * 10,
}
"""Told by its form alone."""
NAMED = {
    "api_key": HEX,
    "apiKey": HEX,
    "X-Api-Key": HEX,
    "DEEPSEEK_API_KEY": "anything",
    "api_secret": BASE64,
    "APISecret": BASE64,
    "api_password": "user:word",
    "access_key": "A1B2C3D4E5F6G7H8J9K0",
    "secret_id": "AKID123",
    "SecretKey": "x1y2z3",
    "secret_key": "x1y2z3",
    "security_token": "x1y2z3",
    "X-Security-Token": "x1y2z3",
    "X-Subject-Token": "x1y2z3",
    "X-Auth-Token": "x1y2z3",
    "token": "x1y2z3",
    "iam_password": "correct-horse",
    "app_code": HEX,
    "X-Apig-AppCode": HEX,
    "HUAWEICLOUD_SDK_AK": "x1y2z3",
    "HUAWEICLOUD_SDK_SK": "x1y2z3",
    "Signature": "d41d8cd98f00b204",
}
"""Told by its name."""
FORMS = ("{}={}", "{}: {}", '"{}": "{}"', "'{}': '{}'", "(b'{}', b'{}')", "?{}={}&a=1")


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_key_is_told_by_what_it_begins_with(prefix: str) -> None:
    assert PREFIXES
    text = redact(f"the key {prefix}{TAIL} was refused, and '{prefix}{TAIL}'.")
    assert TAIL not in text
    assert text.startswith("the key *** was refused")


@pytest.mark.parametrize("name", BARE)
def test_a_secret_is_told_by_its_form(name: str) -> None:
    assert redact(f"got {BARE[name]}, no") == "got ***, no"
    assert BARE[name] not in redact(f"({BARE[name]})")


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_told_by_its_name(name: str, form: str) -> None:
    text = redact(form.format(name, NAMED[name]))
    assert NAMED[name] not in text
    assert name in text


@pytest.mark.parametrize(
    "secret",
    sorted(
        {
            secret
            for row in ROWS
            for secret, facts in catalogue.secret_facts(row.name).items()
            if secret not in {"app_id", "project_id", "iam_user", "iam_domain", "tenant_id", "client_id"}
        }
    ),
)
def test_every_secret_of_the_catalogue_is_told_by_its_name(secret: str) -> None:
    for form in FORMS:
        assert "x1y2z3w4" not in redact(form.format(secret, "x1y2z3w4"))


@pytest.mark.parametrize(
    "line",
    [
        f"Authorization: Bearer {TAIL}",
        f"{{'authorization': 'Bearer {TAIL}', 'host': 'x'}}",
        f"(b'authorization', b'Basic {TAIL}=')",
        f"proxy-authorization: Basic {TAIL}==",
        f"TC3-HMAC-SHA256 Credential=AKIDx/2026-11-28/x/tc3_request, SignedHeaders=host, Signature={TAIL}",
        f"Authorization: SDK-HMAC-SHA256 Access={TAIL}, SignedHeaders=host, Signature={TAIL}",
        f"wss://spark-api.xf-yun.com/v4.0/chat?authorization={TAIL}&date=x&host=y",
        f"wss://spark-api.xf-yun.com/v4.0/chat?host=y&authorization={TAIL}%3D",
        f"Cookie: session={TAIL}; theme=dark",
        f"set-cookie: sid={TAIL}; Path=/",
        f"https://user:{TAIL}@proxy.example:3128",
        f"https://api.example/v1?key={TAIL}",
        f"https://api.example/v1?a=1&sig={TAIL}",
        f"curl -H 'x-api-key: {TAIL}'",
    ],
)
def test_headers_signatures_cookies_and_signed_addresses_are_emptied(line: str) -> None:
    text = redact(line)
    assert TAIL not in text
    assert "***" in text


@pytest.mark.parametrize(
    "line",
    [
        "chat deepseek/deepseek-flash answered in 0.512 s, tokens 18 in, 27 out",
        "max_tokens=100 input_tokens: 18 tokens: 5",
        "0192f0c1a5b87c3d9e4f5a6b7c8d9e0f",
        "commit 356a192b7913b04c54574d18c28d46e6395428ab",
        "https://api.deepseek.com/v1/chat/completions?limit=5",
        "key=main provider=qwen",
        "Qwen3-235B-A22B-Instruct-2507 deepseek-r1-distill-qwen-32b",
        "skip sk- ms-1 task-force, a risk-averse-person",
        "2026-11-28T23:12:33.123456789Z",
        "把密钥换成新的，然后再试一次",
    ],
)
def test_what_is_no_secret_stays(line: str) -> None:
    assert redact(line) == line


@given(st.text(max_size=300))
def test_what_is_clean_stays_clean(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


def test_long_texts_take_no_long_time() -> None:
    for piece in ("api_key", "a-", "authorization", "://a:", "A1", "sk-", "Aa1"):
        redact(piece * 20_000)


def said(filtered: bool, *given: object, **also: object) -> tuple[str, logging.LogRecord]:
    """What a handler with the filter writes of one record, and the record."""
    kept: list[logging.LogRecord] = []

    class Keeping(logging.StreamHandler[io.StringIO]):
        def emit(self, record: logging.LogRecord) -> None:
            kept.append(record)
            super().emit(record)

    stream = io.StringIO()
    handler = Keeping(stream)
    if filtered:
        handler.addFilter(RedactingFilter())
    logger = logging.Logger("of its own, which nobody else listens to")
    logger.addHandler(handler)
    logger.error(*given, **also)  # type: ignore[arg-type]
    return stream.getvalue(), kept[0]


def test_a_filter_cleans_message_arguments_traceback_stack_and_fields() -> None:
    key = f"sk-{TAIL}"
    try:
        raise ValueError(f"refused {key}")
    except ValueError:
        given = ("sent %s with %d", key, 3)
        facts = {"exc_info": sys.exc_info(), "stack_info": True, "extra": {"baimo_key": key, "count": 1}}
        plain, _ = said(False, *given, **facts)
        text, record = said(True, *given, **facts)
    assert key in plain
    assert key not in text
    assert "sent *** with 3" in text
    assert "ValueError: refused ***" in text
    assert vars(record)["baimo_key"] == "***"
    assert vars(record)["count"] == 1


def test_a_filter_leaves_a_clean_record_as_it_is() -> None:
    text, record = said(True, "sent %s", "nothing")
    assert text == "sent nothing\n"
    assert record.args == ("nothing",)


def test_a_filter_cleans_the_stack() -> None:
    record = logging.makeLogRecord({"msg": "here", "stack_info": f"in f(): key = 'sk-{TAIL}'"})
    assert RedactingFilter().filter(record)
    assert record.stack_info == "in f(): key = '***'"


def test_arguments_that_do_not_fit_are_shown_without_secrets() -> None:
    text, _ = said(True, "sent %d keys", f"sk-{TAIL}")
    assert text == "'sent %d keys' % ('***',)\n"
