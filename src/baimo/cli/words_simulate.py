"""What `baimo simulate` says."""

from __future__ import annotations

SIMULATE: dict[str, tuple[str, str]] = {
    "simulate.short": ("Be a provider, for tests.", "在本机模拟服务商，供测试使用。"),
    "simulate.help": (
        "Be one or more providers on this machine: they check keys, signatures and dates as the real ones "
        "do, answer by a script, and fail when asked to. Without a name all are simulated. PROVIDER:ENDPOINT "
        "chooses what the printed configuration leads to. Stop it with Ctrl-C.",
        "在本机模拟一个或多个服务商：像真实服务一样校验密钥、签名和日期，按脚本回答，并可按要求出错。"
        "不写名称则模拟全部。写作 服务商:端点 可选择所打印配置指向的端点。按 Ctrl-C 停止。",
    ),
    "simulate.examples": (
        "baimo simulate deepseek\n"
        "baimo simulate hunyuan:native --show-config > baimo.toml\n"
        'baimo simulate spark --reply "Hello" --ttft 0.5 --tokens-per-second 20\n'
        "baimo simulate openai --fault '429@2*3' --fault cut@400%10\n"
        "baimo simulate --backed local/smollm2",
        "baimo simulate deepseek\n"
        "baimo simulate hunyuan:native --show-config > baimo.toml\n"
        'baimo simulate spark --reply "你好" --ttft 0.5 --tokens-per-second 20\n'
        "baimo simulate openai --fault '429@2*3' --fault cut@400%10\n"
        "baimo simulate --backed local/smollm2",
    ),
    "simulate.host": ("Address to listen at; this machine alone if not given.", "监听地址，默认仅限本机。"),
    "simulate.port": (
        "Port that all share; each provider has one of its own after it. 0 takes free ones.",
        "共用端口；各服务商另有自己的端口，依次排在其后。0 表示自动选择空闲端口。",
    ),
    "simulate.script": (
        "Who answers: auto, echo, tool, reasoning, json, or a Python file with a function `script`.",
        "回答方式：auto、echo、tool、reasoning、json，或含有 script 函数的 Python 文件。",
    ),
    "simulate.reply": (
        "Answer with this text; given several times, with each in turn.",
        "固定的回答；多次给出则依次使用。",
    ),
    "simulate.backed": ("Have this model answer.", "由此模型作答。"),
    "simulate.ttft": ("Seconds to the first token.", "首个 token 之前的秒数。"),
    "simulate.speed": ("Tokens a second; all at once if not given.", "每秒 token 数，默认一次给出。"),
    "simulate.jitter": ("Chance around both, 0 to 1.", "以上两项的随机幅度，0 到 1。"),
    "simulate.seed": ("The same seed gives the same chance.", "随机种子，相同则结果相同。"),
    "simulate.rate": (
        "Limit of each key: requests_per_minute, tokens_per_minute, concurrency, quota_requests, "
        "quota_tokens.",
        "每个密钥的限额：requests_per_minute、tokens_per_minute、concurrency、quota_requests、quota_tokens。",
    ),
    "simulate.fault": (
        "What goes wrong: FAULT[*TIMES][%PERCENT]; see --list-faults.",
        "要发生的故障：FAULT[*次数][%百分比]，见 --list-faults。",
    ),
    "simulate.moderate_input": ("Refuse requests that hold this word.", "拒绝包含此词的请求。"),
    "simulate.moderate_output": ("Stop answers at this word.", "回答出现此词时中止。"),
    "simulate.credential": (
        "Take this credential: PROVIDER.NAME=VALUE, such as openai.api_key=sk-mine.",
        "使用此凭据：服务商.名称=值，例如 openai.api_key=sk-mine。",
    ),
    "simulate.list_faults": ("List the faults and end.", "列出全部故障后退出。"),
    "simulate.show_config": (
        "Print only the configuration that leads here, as TOML, and end.",
        "只打印指向此处的 TOML 配置，然后退出。",
    ),
    "simulate.listening": ("Simulating {names} at {url}", "正在模拟 {names}，地址 {url}"),
    "simulate.ready": ("Ready. Stop with Ctrl-C.", "已就绪，按 Ctrl-C 停止。"),
    "simulate.environment": ("or by the environment:", "或使用环境变量："),
    "simulate.other_endpoint": ("the endpoint {name}:", "端点 {name}："),
    "simulate.how": (
        "Ask for one by --fault, by the header x-baimo-fault, or behind the model's name: gpt-5!cut@40",
        "可通过 --fault、请求头 x-baimo-fault，或模型名后缀指定：gpt-5!cut@40",
    ),
    "simulate.stopped": ("Stopped after {count} requests.", "已停止，共处理 {count} 个请求。"),
    "usage.one_script": (
        "--script, --reply and --backed exclude each other.",
        "--script、--reply 和 --backed 只能使用其一。",
    ),
    "usage.rate": ("{text!r} is no limit; write NAME=NUMBER.", "{text!r} 不是限额，应写作 名称=数字。"),
    "usage.credential": (
        "{text!r} is no credential; write PROVIDER.NAME=VALUE.",
        "{text!r} 不是凭据，应写作 服务商.名称=值。",
    ),
    "usage.script_file": (
        "{path} has no function script(request): {why}",
        "{path} 中没有可用的 script(request) 函数：{why}",
    ),
    "usage.fixed_port": (
        "--show-config needs a fixed port: leave --port 0 out.",
        "--show-config 需要固定端口，请去掉 --port 0。",
    ),
}
