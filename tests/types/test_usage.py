"""What usage adds up to: the short ways for what most providers tell say what the long one says."""

from __future__ import annotations

from itertools import product

import pytest

from baimo.types.usage import Usage, together

READ = ("input_uncached", "cache_read", "cache_write_5m", "cache_write_1h", "audio_in", "image_in")
MADE = ("output_visible", "reasoning", "audio_out", "image_out")


def added(usage: Usage, names: tuple[str, ...]) -> int | None:
    """The sum of those that are known, one after the other."""
    known = [count for name in names if (count := getattr(usage, name)) is not None]
    return sum(known) if known else None


def test_every_combination_of_classes_adds_up_to_what_is_known_of_it() -> None:
    names = (*READ, *MADE)
    counts = {name: 1 << place for place, name in enumerate(names)}
    for told in product((False, True), repeat=len(names)):
        for zero in (False, True):
            usage = Usage(
                **{
                    name: 0 if zero else counts[name]
                    for name, is_told in zip(names, told, strict=True)
                    if is_told
                }
            )
            assert usage.input == added(usage, READ), usage
            assert usage.output == added(usage, MADE), usage
            assert usage.total == added(usage, names), usage


@pytest.mark.parametrize("name", ["billed_input", "billed_output"])
def test_what_is_paid_for_is_no_class_of_tokens(name: str) -> None:
    usage = Usage(**{name: 5})  # type: ignore[arg-type]
    assert (usage.input, usage.output, usage.total) == (None, None, None)


def test_calls_together_add_up_class_by_class() -> None:
    both = together([Usage(input_uncached=0, cache_read=2), Usage(input_uncached=1, reasoning=4)])
    assert both == Usage(input_uncached=1, cache_read=2, reasoning=4)
    assert together([Usage(input_uncached=1), Usage(output_visible=4)]) == Usage()
