"""What the reliability page says of faults that take more than one call to show."""

from __future__ import annotations

from tests.faults.rows import Told, said

TOLD = (
    Told(
        name="cut-continued",
        what=said(
            'a cut after 40 of 60 tokens, with `on_cut="continue"` and a fallback that can go on',
            '40/60 个 token 处中断，设 `on_cut="continue"`，备用模型能够接着写',
        ),
        sees=said(
            "the 40 tokens, the event `Continued`, the rest from the fallback, and a note `continued`",
            "40 个 token、`Continued` 事件、备用模型的续写，以及 `continued` 说明",
        ),
        attempts=said("1 + 1", "1 + 1"),
        time=said("at once", "立即"),
        test="test_traffic.py::test_a_cut_stream_goes_on_elsewhere_when_asked_and_says_so",
    ),
    Told(
        name="cut-refused",
        what=said(
            "the same with a fallback that refuses to go on from an answer that was begun, or cannot",
            "同上，但备用模型拒绝或无法从已开始的回答接着写",
        ),
        sees=said(
            "the 40 tokens, then `StreamInterrupted` (`cut`) with them; its hint says who refused",
            "40 个 token，然后 `StreamInterrupted`（`cut`），其中带有它们；提示说明是谁拒绝的",
        ),
        attempts=said("1 + 1; 1 where it is known before", "1 + 1；事先已知不行时为 1"),
        time=said("at once", "立即"),
        test="test_traffic.py::test_a_cut_stream_whose_fallback_refuses_to_go_on_is_cut",
    ),
    Told(
        name="outage",
        what=said("an outage of 60 s under traffic: a call every 4 s", "60 秒的停机，其间每 4 秒一次调用"),
        sees=said(
            "`OverloadedError` within 1.5 s while it lasts, an answer at the first call after it; "
            "with a fallback 20 answers",
            "停机期间每次在 1.5 秒内 `OverloadedError`，恢复后第一次调用即得到回答；"
            "有备用模型时 20 次都有回答",
        ),
        attempts=said("3 a call at the most", "每次最多 3 次"),
        time=said("at most 1.5 s a call", "每次最多 1.5 秒"),
        test="test_traffic.py::test_an_outage_under_traffic",
    ),
    Told(
        name="fail-over",
        what=said("what a fail-over cost", "切换到备用模型的账目"),
        sees=said(
            "on the answer: all attempts, those that may be billed, usage and cost of the one that answered, "
            "and a note `fell_back`",
            "回答中有：全部尝试次数、可能计费的次数、实际作答者的用量与费用，以及 `fell_back` 说明",
        ),
        attempts=said("3 + 1", "3 + 1"),
        time=said("at most 1.5 s", "最多 1.5 秒"),
        test="test_traffic.py::test_the_account_of_a_fail_over",
    ),
    Told(
        name="token-expires",
        what=said("a token ends in the middle of a run (Huawei IAM)", "运行途中令牌失效（华为 IAM）"),
        sees=said(
            "answers: one new token for all calls that met the end of the old one",
            "得到回答：所有遇到旧令牌失效的调用共用一个新令牌",
        ),
        attempts=said("2 for those that met it", "遇到者 2 次"),
        time=said("no wait", "不等待"),
        test="test_traffic.py::test_a_token_that_ends_in_the_middle_of_a_run",
    ),
    Told(
        name="caller-gone",
        what=said(
            "the caller leaves: a broken loop, a cancelled task, a closed client or stream, Ctrl-C",
            "调用方离开：跳出循环、取消任务、关闭客户端或流、Ctrl-C",
        ),
        sees=said(
            "the provider sees the connection closed at once; no socket, task or thread stays, "
            "no attempt follows",
            "服务商立即看到连接关闭；不留下套接字、任务或线程，也不再尝试",
        ),
        attempts=said("1", "1"),
        time=said("at once", "立即"),
        test="test_leaving.py",
    ),
)
