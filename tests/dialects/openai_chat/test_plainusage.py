"""The quick way to read usage gives what the general way gives, or nothing."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.dialects.openai_chat.plainusage import plain_usage
from baimo.dialects.openai_chat.usage import decode_usage

COUNT = st.one_of(st.none(), st.integers(-2, 20))
DETAILS = st.one_of(
    st.none(),
    st.dictionaries(
        st.sampled_from(
            [
                *(
                    "cached_tokens",
                    "cache_write_tokens",
                    "cache_creation_input_tokens",
                    "cache_creation_tokens",
                ),
                *("reasoning_tokens", "audio_tokens", "image_tokens", "other"),
            ]
        ),
        COUNT,
    ),
)
COUNTS = st.fixed_dictionaries(
    {"prompt_tokens": st.integers(0, 20), "completion_tokens": st.integers(0, 20)},
    optional={
        "total_tokens": st.integers(0, 45),
        "prompt_tokens_details": DETAILS,
        "completion_tokens_details": DETAILS,
        "cached_tokens": COUNT,
        "prompt_cache_hit_tokens": COUNT,
        "cache_read_input_tokens": COUNT,
        "queue_time": st.floats(0, 1),
    },
)


@given(counts=COUNTS)
def test_it_agrees_with_the_general_way_or_leaves_it_to_it(counts: dict[str, Any]) -> None:
    found = plain_usage(msgspec.Raw(msgspec.json.encode(counts)))
    assert found is None or found == decode_usage(counts)


def test_the_commonest_usage_is_read_and_kept_as_it_came() -> None:
    raw = b'{"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14, "cost": 1}'
    usage = plain_usage(msgspec.Raw(raw))
    assert usage is not None
    assert (usage.input_uncached, usage.output_visible, usage.reasoning) == (9, 5, None)
    assert bytes(usage.raw or b"") == raw.replace(b" ", b"")


@pytest.mark.parametrize(
    "counts",
    [
        b'{"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 20}',
        b'{"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14, "prompt_cache_hit_tokens": 1}',
        b'{"prompt_tokens": 9.0, "completion_tokens": 5, "total_tokens": 14}',
        b'{"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14, "cache_read_input_tokens": 1}',
        b'{"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14, "prompt_tokens_details": '
        b'{"cache_creation_input_tokens": 1}}',
        b"[]",
    ],
)
def test_what_needs_thought_is_left_to_the_general_way(counts: bytes) -> None:
    assert plain_usage(msgspec.Raw(counts)) is None
