"""Calls as lines of the standard logging."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from baimo.telemetry.log import Level, Logging
from baimo.types.record import CallRecord, Content
from tests.telemetry import records
from tests.telemetry.test_content import CONTENT


class Kept(logging.Handler):
    """A handler that keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def kept() -> Iterator[Kept]:
    handler, logger = Kept(), logging.getLogger("baimo")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def tell(
    call: CallRecord, *, level: Level = "info", shown: int = logging.INFO, content: Content | None = None
) -> None:
    logging.getLogger("baimo").setLevel(shown)
    observer = Logging(level=level, content=content is not None)
    observer.began()
    observer.ended(call, None, content)
    observer.close()


def test_a_call_is_one_line_with_what_matters(kept: Kept) -> None:
    tell(records.ANSWERED)
    (line,) = kept.records
    assert (line.name, line.levelno) == ("baimo.call", logging.INFO)
    assert line.getMessage() == (
        "chat deepseek/deepseek-flash answered in 0.500 s, tokens 18 in, 27 out, 0.0012 CNY"
    )
    facts = vars(line)
    assert facts["baimo_id"] == records.ID
    assert (facts["baimo_cost"], facts["baimo_currency"]) == ("0.0012", "CNY")
    assert (facts["baimo_input_tokens"], facts["baimo_attempts"]) == (18, 1)


def test_a_failed_call_is_told_one_level_higher_without_its_secret(kept: Kept) -> None:
    tell(records.FAILED)
    (line,) = kept.records
    assert line.levelno == logging.WARNING
    assert line.getMessage() == (
        "chat moonshot/kimi-k2 failed in 7.000 s, 3 attempts, notes dropped: "
        "moonshot is overloaded; it was sent Bearer *** [overloaded]"
    )


@pytest.mark.parametrize(
    ("level", "good", "bad"),
    [
        ("debug", logging.DEBUG, logging.INFO),
        ("info", logging.INFO, logging.WARNING),
        ("warning", logging.WARNING, logging.ERROR),
    ],
)
def test_the_level_is_the_one_that_was_set(kept: Kept, level: Level, good: int, bad: int) -> None:
    for call in (records.ANSWERED, records.CANCELLED, records.INTERRUPTED):
        tell(call, level=level, shown=logging.DEBUG)
    calls = [line.levelno for line in kept.records if "attempt 1" not in line.getMessage()]
    assert calls == [good, good, bad]


def test_attempts_are_told_where_debugging_is_on(kept: Kept) -> None:
    tell(records.FAILED, shown=logging.DEBUG)
    first, second, third, call = kept.records
    assert [line.levelno for line in kept.records] == [10, 10, 10, 30]
    assert first.getMessage() == (
        "attempt 1 of 0192f0c1: deepseek/deepseek-flash at https://api.deepseek.com with key a "
        "failed in 0.500 s, status 429: too many [rate_limited]"
    )
    assert "waited 2.000 s" in second.getMessage()
    assert "queued 1.500 s" in third.getMessage()
    assert vars(second)["baimo_maybe_billed"] is True
    assert vars(third)["baimo_id"] == vars(call)["baimo_id"]
    assert records.SECRET not in third.getMessage()


def test_what_is_not_shown_is_not_made(kept: Kept) -> None:
    tell(records.FAILED, shown=logging.CRITICAL)
    assert kept.records == []


def test_streams_and_the_cache_are_told(kept: Kept) -> None:
    tell(records.INTERRUPTED)
    tell(records.CACHED)
    tell(records.EMBEDDED)
    stream, cached, embedded = (line.getMessage() for line in kept.records)
    assert "first after 0.200 s" in stream
    assert "from the cache" in cached
    assert "tokens 12 in, ? out" in embedded


def test_words_go_along_only_when_asked_for(kept: Kept) -> None:
    tell(records.ANSWERED)
    tell(records.ANSWERED, content=CONTENT)
    without, with_words = (vars(line) for line in kept.records)
    assert "baimo_input" not in without
    assert "一只猫" in with_words["baimo_output"]
    assert "Be brief" in with_words["baimo_system"]
    assert len({line.getMessage() for line in kept.records}) == 1


def test_no_handler_of_ours_prints_anything(capsys: pytest.CaptureFixture[str]) -> None:
    tell(records.FAILED)
    assert capsys.readouterr() == ("", "")
    handlers = logging.getLogger("baimo.call").handlers
    assert [type(one) for one in handlers] == [logging.NullHandler]
