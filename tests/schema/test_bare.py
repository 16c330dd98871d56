"""The JSON in what a model said."""

from __future__ import annotations

import pytest

from baimo.schema.bare import bare


@pytest.mark.parametrize(
    ("said", "json"),
    [
        ('{"a": 1}', '{"a": 1}'),
        (' \ufeff{"a": 1}\n', '{"a": 1}'),
        ('```json\n{"a": 1}\n```', '{"a": 1}'),
        ('```\r\n{"a": 1}\r\n```\r\n', '{"a": 1}'),
        ('Here it is:\n\n```JSON\n{"a": "```"}\n```\nAnything else?', '{"a": "```"}'),
        ('<think>{"a": 2} or not</think>\n{"a": 1}', '{"a": 1}'),
        ('<thinking>```\n{}\n```</thinking>\n```json\n{"a": 1}\n```', '{"a": 1}'),
        ('{"a": "```json\\n{}\\n```"}', '{"a": "```json\\n{}\\n```"}'),
        ("```json\n[1]\n```\nor\n```json\n[2]\n```", "```json\n[1]\n```\nor\n```json\n[2]\n```"),
        ('Sure! {"a": 1}', 'Sure! {"a": 1}'),
        ("```json\n{", "```json\n{"),
        ("", ""),
    ],
)
def test_only_what_is_certain_is_taken_off(said: str, json: str) -> None:
    assert bare(said) == json
