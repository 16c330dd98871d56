"""Names and addresses that texts teach and that cannot work are told in words, in both languages."""

from __future__ import annotations

import re
from datetime import date

import pytest

from baimo.catalogue import load
from baimo.catalogue.advice import advice

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("provider", "model", "told"),
    [
        ("openai", "gpt-3.5-turbo", r"stopped on 2026-10-23.*gpt-5\.6-terra"),
        ("openai", "text-davinci-003", r"stopped on 2024-01-04"),
        ("pangu", "pangu-chat", r"never had a model"),
        ("spark", "general", r"Use lite"),
        ("spark", "generalv2", r"Use generalv3\.5"),
        ("spark", "generalv3.5", r"APIPassword of Max"),
        ("hunyuan", "hunyuan-lite", r"stopped on 2026-09-30.*hy3-preview"),
        ("hunyuan", "hunyuan-pro", r"stopped on 2026-09-30"),
        ("hunyuan", "hunyuan-turbos-latest", r"stopped on 2026-06-22"),
        ("deepseek", "deepseek-coder", r"merged.*ollama/deepseek-coder.*deepseek-flash"),
        ("deepseek", "deepseek-chat", r"stopped on 2026-07-24.*deepseek-flash"),
        ("deepseek", "deepseek-reasoner", r"stopped on 2026-07-24"),
        ("qianfan", "ERNIE-Bot", r"legacy v1"),
        ("kimi", "moonshot-v1-8k", r"stopped on 2026-08-31"),
        ("kimi", "kimi-k2-0711-preview", r"stopped on 2026-05-25"),
        ("glm", "glm-4", r"older series"),
        ("github", "gpt-4o", r"stopped on 2026-07-30"),
    ],
)
def test_a_dead_or_invented_name_is_told(provider: str, model: str, told: str) -> None:
    assert re.search(told, advice(provider, model, today=TODAY) or "")
    in_chinese = advice(provider, model, today=TODAY, language="zh-CN") or ""
    assert re.search(r"[\u4e00-\u9fff]", in_chinese)
    assert re.findall(r"\d{4}-\d\d-\d\d", in_chinese) == re.findall(
        r"\d{4}-\d\d-\d\d", advice(provider, model, today=TODAY) or ""
    )


@pytest.mark.parametrize(
    ("provider", "address", "told"),
    [
        ("pangu", "https://pangu.cn-north-1.myhuaweicloud.com/v1/chat/completions", "no such address"),
        ("spark", "https://spark-api.xf-yun.com/v1/chat", "WebSocket"),
        ("hunyuan", "https://hunyuan.tencentcloudapi.com/", "2026-09-30"),
        ("hunyuan", "https://API.hunyuan.cloud.tencent.com/v1", "2026-09-30"),
        ("ollama", "http://localhost:11434", "/v1"),
        ("ollama", "http://localhost:11434/api/generate", "/v1"),
        ("openai", "https://proxy.example/v1/chat/completions", "before /chat/completions"),
        ("acme", "https://api.minimax.chat/v1", r"api\.minimaxi\.com"),
    ],
)
def test_an_address_that_cannot_work_is_told(provider: str, address: str, told: str) -> None:
    assert re.search(told, advice(provider, "any", address, today=TODAY) or "")


@pytest.mark.parametrize(
    ("provider", "model", "address"),
    [
        ("openai", "gpt-6-luna", "https://api.openai.com/v1"),
        ("deepseek", "deepseek-flash", "https://api.deepseek.com"),
        ("ollama", "deepseek-coder", "http://127.0.0.1:11434/v1"),
        ("acme", "gpt-3.5-turbo", "https://api.acme.example/v1"),
        ("pangu", "my-deployment", "https://pangu.cn-southwest-2.myhuaweicloud.com"),
        ("openai", "a-model-of-tomorrow", None),
    ],
)
def test_nothing_is_said_of_what_may_well_work(provider: str, model: str, address: str | None) -> None:
    assert advice(provider, model, address, today=TODAY) is None


def test_no_row_has_an_address_that_is_advised_against() -> None:
    for row in load.providers():
        for endpoint in row.endpoints:
            address = endpoint.address(dict.fromkeys(endpoint.parameters, "https://here"))
            if row.retired is None and endpoint.until is None:
                told = advice("no-such-row", None, address, dialect=endpoint.dialect)
                assert told is None, (row.name, address)


def test_an_address_may_be_wrong_for_one_wire_and_right_for_another() -> None:
    assert advice("ollama", None, "http://127.0.0.1:11434", dialect="ollama") is None
    assert "/v1" in (advice("ollama", None, "http://127.0.0.1:11434", dialect="openai_chat") or "")


def test_an_end_that_is_still_to_come_is_told_as_announced() -> None:
    assert "announced to stop on 2026-12-11" in (advice("openai", "gpt-5", today=TODAY) or "")
    assert "将于 2026-12-11" in (advice("openai", "gpt-5", today=TODAY, language="zh") or "")
    assert "stopped on 2026-12-11" in (advice("openai", "gpt-5", today=date(2026, 12, 11)) or "")
    assert "2026-12-11 as its last day" in (advice("openai", "gpt-5") or "")


def test_several_faults_are_told_together() -> None:
    told = advice("pangu", "pangu-chat", "https://pangu.cn-north-1.myhuaweicloud.com/v1", today=TODAY) or ""
    assert "no such address" in told and "never had a model" in told


def test_every_successor_is_no_dead_name_itself() -> None:
    for name in load.provider_names():
        for model in load.models(name):
            if model.successor:
                heir = load.model(name, model.successor)
                assert heir is None or heir.retired is None, (name, model.id, model.successor)
