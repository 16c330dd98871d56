"""What the commands say that read the ledger and recordings: usage, trace, replay."""

from __future__ import annotations

LEDGER: dict[str, tuple[str, str]] = {
    "option.ledger": ("Another ledger than the configured one.", "改用另一个账本文件。"),
    "ledger.off": (
        "no ledger is kept, so there is nothing to show",
        "没有开启调用账本，因此没有内容可显示",
    ),
    "ledger.switch_on": (
        "Switch it on with these two lines in {file}: [ledger] and on = true. It holds no prompts and no "
        "answers.",
        "在 {file} 中写入 [ledger] 和 on = true 两行即可开启。账本不含提问与回答的内容。",
    ),
    "usage.bad_day": (
        "{text!r} is no day. Write 2026-11-28, 2026-11-28T09:30, or 7d, 12h, 30m for so long ago",
        "{text!r} 不是日期。请写 2026-11-28、2026-11-28T09:30，或用 7d、12h、30m 表示多久以前",
    ),
    "usage.short": ("What calls used and cost.", "查看用量与费用。"),
    "usage.help": (
        "What the calls of the local ledger used and cost. Amounts stand in the currency they are billed in; "
        "with [money] rates also in one. What is not known is counted, never taken for 0.",
        "统计本地账本中各次调用的用量与费用。金额按计费币种列出；设置了 [money] rates 时另折算为一种货币。"
        "费用未知的调用单独计数，绝不算作 0。",
    ),
    "usage.examples": (
        "baimo usage\nbaimo usage --by model --since 7d\nbaimo usage --by day,key --since 2026-11-01",
        "baimo usage\nbaimo usage --by model --since 7d\nbaimo usage --by day,key --since 2026-11-01",
    ),
    "used.since": (
        "From then on: a day, or 7d, 12h, 30m ago; 30d if not given.",
        "起始时间：日期，或 7d、12h、30m 之前；默认 30d。",
    ),
    "used.until": ("Up to then; a day is in it.", "截止时间；写日期则包含当天。"),
    "used.by": (
        "One or more of day, model, provider, key, with commas between.",
        "分组方式：day、model、provider、key，可用逗号并列。",
    ),
    "used.no_group": ("there is no {name!r}; there is {known}", "没有 {name!r}，可用 {known}"),
    "used.nothing": ("No calls in that time in {path}.", "该时间段内 {path} 中没有调用。"),
    "used.day": ("day", "日期"),
    "used.model": ("model", "模型"),
    "used.provider": ("provider", "服务商"),
    "used.key": ("key", "密钥"),
    "used.calls": ("calls", "调用"),
    "used.failed": ("failed", "失败"),
    "used.input": ("input", "输入"),
    "used.output": ("output", "输出"),
    "used.cost": ("cost", "费用"),
    "used.together": ("in {currency}", "折合 {currency}"),
    "used.all": ("all", "合计"),
    "used.and": (", ", "，"),
    "used.unknown": ("{count} unknown", "{count} 次未知"),
    "used.maybe_billed": (
        "Attempts that gave no answer and may have been billed all the same: {count}.",
        "没有得到回答但仍可能已计费的尝试：{count} 次。",
    ),
    "used.lost": (
        "Calls that could not be written and are missing here: {count} ({why}).",
        "未能写入账本、此处缺少的调用：{count} 次（{why}）。",
    ),
    "trace.short": ("Show the last calls, or one in detail.", "查看最近的调用或其中一次的详情。"),
    "trace.help": (
        "The last calls of the local ledger; with an ID one of them, each attempt on a line of time. Of an "
        "ID the beginning or the end is enough.",
        "列出本地账本中最近的调用；给出 ID 则显示该次调用，每次尝试一条时间线。ID 只需写开头或结尾。",
    ),
    "trace.examples": (
        "baimo trace\nbaimo trace --failed -n 5\nbaimo trace 7c1e90ab",
        "baimo trace\nbaimo trace --failed -n 5\nbaimo trace 7c1e90ab",
    ),
    "trace.count": ("How many; 20 if not given.", "显示多少次，默认 20。"),
    "trace.only_failed": ("Only those that did not end well.", "只显示没有成功的调用。"),
    "trace.none": ("no call {id} is in the ledger", "账本中没有调用 {id}"),
    "trace.several": ("several calls are called {id}: {ids}", "有多次调用符合 {id}：{ids}"),
    "trace.nothing": ("No calls in {path}.", "{path} 中没有调用。"),
    "trace.id": ("id", "ID"),
    "trace.at": ("at", "时间"),
    "trace.model": ("model", "模型"),
    "trace.took": ("took", "用时"),
    "trace.tries": ("tries", "尝试"),
    "trace.outcome": ("outcome", "结果"),
    "trace.cached": ("from cache", "来自缓存"),
    "trace.failed": ("failed", "失败"),
    "trace.interrupted": ("broke off", "中途断开"),
    "trace.cancelled": ("left", "已取消"),
    "trace.asked": ("{what}: {whom}", "{what}：{whom}"),
    "trace.and": (", ", "，"),
    "trace.of_chat": ("chat", "对话"),
    "trace.of_embeddings": ("embeddings", "向量"),
    "trace.of_count_tokens": ("count of tokens", "token 计数"),
    "trace.of_models": ("list of models", "模型列表"),
    "trace.of_describe": ("facts of a model", "模型信息"),
    "trace.of_pull": ("download of a model", "模型下载"),
    "trace.of_balance": ("balance", "余额查询"),
    "trace.of_rerank": ("ranking", "排序"),
    "trace.of_images": ("images", "图像生成"),
    "trace.of_transcribe": ("transcription", "语音转写"),
    "trace.of_speech": ("speech", "语音合成"),
    "trace.of_moderate": ("moderation", "内容审核"),
    "trace.streamed": ("streamed", "流式"),
    "trace.whole": ("whole", "整段"),
    "trace.answered_after": ("answered after {seconds}", "{seconds} 后得到回答"),
    "trace.failed_after": ("failed after {seconds}", "{seconds} 后失败"),
    "trace.interrupted_after": ("broke off after {seconds}", "{seconds} 后中途断开"),
    "trace.cancelled_after": ("the caller left after {seconds}", "{seconds} 后由调用方取消"),
    "trace.from_cache": ("Answered from the cache; nothing was sent.", "由缓存回答，没有发出请求。"),
    "trace.waited": ("waited {seconds} before", "此前等待 {seconds}"),
    "trace.queued": ("{seconds} in line", "排队 {seconds}"),
    "trace.first": ("first event after {seconds}", "{seconds} 后首个事件"),
    "trace.by_key": ("key {name}", "密钥 {name}"),
    "trace.request_id": ("request id {id}", "请求 ID {id}"),
    "trace.maybe_billed": ("may be billed", "可能已计费"),
    "trace.no_cost": ("cost unknown", "费用未知"),
    "trace.recording": ("Recorded: baimo replay {id}", "已录制：baimo replay {id}"),
    "trace.sign_waited": ("waiting", "等待"),
    "trace.sign_queued": ("in line", "排队"),
    "trace.sign_first": ("to the first event", "等首个事件"),
    "trace.sign_stream": ("reply", "接收"),
    "replay.short": ("Make a recorded call again, offline.", "离线重放一次已录制的调用。"),
    "replay.help": (
        "Make a recorded call again, offline, by the present code: the same bytes in the same cuts, the same "
        "times and faults. Prints what the caller would get, and whether outcome, events and attempts are "
        "those of then; the exit code is 1 when they are not. Neither key nor configuration is needed.",
        "用现在的代码离线重放一次已录制的调用：字节、分片、时间和故障都与当时相同。显示调用方会得到的结果，"
        "并说明结局、事件和尝试是否与当时一致；不一致时退出码为 1。不需要密钥或配置。",
    ),
    "replay.examples": (
        "baimo replay 7c1e90ab\nbaimo replay calls/0199d5a0.baimo --real-time\n"
        "baimo replay 7c1e90ab --as-test > test_call.py",
        "baimo replay 7c1e90ab\nbaimo replay calls/0199d5a0.baimo --real-time\n"
        "baimo replay 7c1e90ab --as-test > test_call.py",
    ),
    "replay.real_time": ("Wait as long as it took then.", "按当时的时间等待。"),
    "replay.as_test": ("Print a test for pytest that replays it.", "输出一个用于重放的 pytest 测试。"),
    "replay.no_file": ("there is no recording {what}", "没有录制文件 {what}"),
    "replay.which": (
        "Name a recording's file, or four or more letters of a call's id: `baimo trace` lists the calls.",
        "请给出录制文件名，或调用 id 的至少四个字符：`baimo trace` 会列出各次调用。",
    ),
    "replay.off": ("calls are not recorded", "没有开启录制"),
    "replay.not_recorded": ("the call {id} was not recorded", "调用 {id} 没有录制"),
    "replay.switch_on": (
        'Switch it on with record = "DIR" in {file}. Recordings hold prompts and answers, but no secret.',
        '在 {file} 中写入 record = "目录" 即可开启。录制文件含提问与回答的内容，但不含密钥。',
    ),
    "replay.left": ("Here the caller had left.", "当时调用方在此处离开。"),
    "replay.came": (
        "{events} events · {requests} requests · {seconds}",
        "{events} 个事件 · {requests} 次请求 · {seconds}",
    ),
    "replay.same": ("The same as recorded.", "与录制时一致。"),
    "replay.differs": ("Not the same as recorded:", "与录制时不同："),
}
