"""Time limits: numbers in, numbers out."""

from __future__ import annotations

from baimo.resilience.timing import Deadline, Progress, TimeLimits


def begun(limits: TimeLimits, *, streams: bool, sent_at: float) -> Progress:
    progress = Progress(limits, streams=streams)
    progress.since = sent_at
    return progress


def test_a_deadline_bounds_what_is_longer_and_leaves_the_rest() -> None:
    deadline = Deadline(10.0, now=100.0)
    assert deadline.left(104.0) == 6.0
    assert deadline.left(200.0) == 0.0
    assert deadline.bound(60.0, 104.0) == 6.0
    assert deadline.bound(2.0, 104.0) == 2.0


def test_no_deadline_bounds_nothing() -> None:
    deadline = Deadline(None, now=100.0)
    assert deadline.left(1e9) is None
    assert deadline.bound(60.0, 1e9) == 60.0


def test_silence_is_timed_only_after_a_read_without_events() -> None:
    progress = begun(TimeLimits(idle=60.0), streams=True, sent_at=0.0)
    assert progress.since == 0.0
    progress.came()
    assert progress.within(1e9) == progress.lively.within_s == 60.0
    progress.quiet(100.0)
    progress.quiet(130.0)
    assert progress.within(130.0) == 30.0
    assert progress.within(300.0) == 0.0


def test_before_the_first_event_a_stream_and_a_whole_reply_have_their_own_limits() -> None:
    limits = TimeLimits(first_event=120.0, head=600.0, queue=300.0)
    stream = begun(limits, streams=True, sent_at=10.0)
    whole = begun(limits, streams=False, sent_at=10.0)
    assert (stream.within(20.0), whole.within(20.0)) == (110.0, 590.0)
    stream.quiet(20.0)
    whole.quiet(20.0)
    assert (stream.within(20.0), whole.within(20.0)) == (290.0, 590.0)


def test_blank_lines_before_a_whole_reply_are_no_progress_but_every_byte_after_is() -> None:
    progress = begun(TimeLimits(), streams=False, sent_at=0.0)
    assert not progress.made_by(b"\n \r\n")
    assert progress.made_by(b"\n{")
    assert progress.made_by(b"\n")
    assert not begun(TimeLimits(), streams=True, sent_at=0.0).made_by(b"{")
