"""The help pages. Each command has `.short` for lists, `.help` for its page and maybe `.examples`."""

from __future__ import annotations

HELP: dict[str, tuple[str, str]] = {
    "help.usage": ("Usage: {usage}", "用法：{usage}"),
    "help.options": ("Options:", "选项："),
    "help.commands": ("Commands:", "命令："),
    "help.examples": ("Examples:", "示例："),
    "help.some_options": ("[OPTIONS]", "[选项]"),
    "help.some_command": ("COMMAND [ARGS]...", "命令 [参数]..."),
    "option.help": ("Show this help.", "显示本帮助。"),
    "option.version": ("Show the version.", "显示版本。"),
    "option.debug": ("Show where an error comes from.", "出错时显示完整的调用栈。"),
    "option.json": ("JSON, for programs.", "输出 JSON，供程序读取。"),
    "option.model": (
        "Model as provider/model, or an alias; else the configured one, else local/smollm2.",
        "模型，写作 服务商/模型，或别名；不写则用配置中的，再不然用 local/smollm2。",
    ),
    "option.timeout": ("Limit of the whole call.", "整个调用的时限（秒）。"),
    "option.verbose": (
        "Thinking, usage, cost and time on standard error.",
        "在标准错误输出中显示思考过程、用量、费用和时间。",
    ),
    "baimo.help": (
        "One command line for every LLM API. Without a key it uses a small model that runs on this machine.",
        "一个命令行，通用于各家大模型接口。没有密钥时使用在本机运行的小模型。",
    ),
    "baimo.examples": (
        'baimo ask "What is a llama?"\nbaimo config set-key deepseek\nbaimo chat -m deepseek/deepseek-flash',
        'baimo ask "What is a llama?"\nbaimo config set-key deepseek\nbaimo chat -m deepseek/deepseek-flash',
    ),
    "ask.short": ("Ask one question.", "提一个问题。"),
    "ask.help": (
        "Ask one question and print the answer as it comes: Markdown to a terminal, plain text to a file "
        "or a program. The prompt is what stands on the command line, then what is piped in.",
        "提一个问题，边生成边输出：终端中渲染 Markdown，写入文件或管道时为纯文本。问题先取命令行上的文字，"
        "再接上管道传入的内容。",
    ),
    "ask.examples": (
        'baimo ask "Why is the sky blue?"\n'
        'git diff | baimo ask -m deepseek/deepseek-flash "Write a commit message"\n'
        'baimo ask -m qwen/qwen3-vl-plus -i photo.jpg "What is this?"\n'
        'baimo ask --show "Hello"',
        'baimo ask -m deepseek/deepseek-flash "天空为什么是蓝色的？"\n'
        'git diff | baimo ask -m deepseek/deepseek-flash "写一条提交说明"\n'
        'baimo ask -m qwen/qwen3-vl-plus -i photo.jpg "这是什么？"\n'
        'baimo ask --show "你好"',
    ),
    "ask.system": ("System message.", "系统提示。"),
    "ask.image": ("A picture to send along; may be given several times.", "附带的图片，可多次给出。"),
    "ask.file": (
        "A PDF, a sound, a film or another file to send along; may be given several times. "
        "A text is better piped in.",
        "附带的 PDF、音频、视频或其他文件，可多次给出。文本请用管道输入。",
    ),
    "ask.schema": (
        "Have the answer as JSON that follows this JSON schema.",
        "要求回答为符合此 JSON Schema 的 JSON。",
    ),
    "ask.temperature": ("Randomness, 0 is the least.", "随机程度，0 为最低。"),
    "ask.max_tokens": ("Longest answer in tokens.", "回答的最大长度（token）。"),
    "ask.stream": (
        "Words as they come, or all at once; as they come unless --json.",
        "边生成边输出，或一次输出；默认边生成边输出，--json 除外。",
    ),
    "ask.show": (
        "Send nothing: print the request, and the same call as curl and Python.",
        "不发送：打印请求，以及等价的 curl 和 Python 写法。",
    ),
    "ask.show_reply": ("Print the provider's own reply.", "打印服务商的原始回复。"),
    "chat.short": ("Talk, turn by turn.", "多轮对话。"),
    "chat.help": (
        "Talk with a model, turn by turn. /help lists what can be done there: change the model, save, "
        "begin anew. Ctrl-C stops an answer, Ctrl-D leaves. A line that ends with \\ goes on in the next "
        "one.",
        "与模型多轮对话。对话中输入 /help 查看可用命令：换模型、保存、重新开始。Ctrl-C 停止当前回答，"
        "Ctrl-D 离开。行末加 \\ 可换行继续输入。",
    ),
    "chat.examples": ("baimo chat -m deepseek/deepseek-flash", "baimo chat -m deepseek/deepseek-flash"),
    "compare.short": ("Ask several models the same.", "向多个模型提同一个问题。"),
    "compare.help": (
        "Ask several models the same question at the same time, and show their answers side by side with "
        "time, tokens and cost. A model that fails shows its error in its place.",
        "同时向多个模型提同一个问题，并排显示回答、时间、用量和费用。出错的模型在其位置显示错误。",
    ),
    "compare.examples": (
        'baimo compare "Explain recursion" -m deepseek/deepseek-flash -m qwen/qwen-plus',
        'baimo compare "解释一下递归" -m deepseek/deepseek-flash -m qwen/qwen-plus',
    ),
    "compare.model": ("A model to ask; give at least two.", "要比较的模型，至少两个。"),
    "embed.short": ("Turn texts into vectors.", "把文本变成向量。"),
    "embed.help": (
        "Turn texts into vectors, one JSON line each: those on the command line, else each line that is "
        "piped in.",
        "把文本变成向量，每条输出一行 JSON：取命令行上的文本，否则取管道传入的每一行。",
    ),
    "embed.examples": (
        "baimo embed -m qwen/text-embedding-v4 < lines.txt > vectors.jsonl",
        "baimo embed -m qwen/text-embedding-v4 < lines.txt > vectors.jsonl",
    ),
    "embed.model": ("Model for embeddings; else local/smollm2.", "向量模型；不写则用 local/smollm2。"),
    "embed.dimensions": (
        "Length of the vectors, where the model lets one choose.",
        "向量维数（模型支持选择时）。",
    ),
    "embed.batch": ("Texts sent at a time, 10 if not given.", "每次发送的条数，默认 10。"),
    "models.short": ("What is known of models.", "各模型的已知信息。"),
    "models.help": (
        "What is known of models: context, longest answer, price for a million tokens (read / made), with "
        "the date it was checked. Names that are not listed work as well.",
        "各模型的已知信息：上下文、最大输出、每百万 token 的价格（输入 / 输出）和核对日期。未列出的名称同样"
        "可用。",
    ),
    "models.examples": (
        "baimo models deepseek\nbaimo models ollama --live\nbaimo models --why deepseek/deepseek-flash",
        "baimo models deepseek\nbaimo models ollama --live\nbaimo models --why deepseek/deepseek-flash",
    ),
    "models.live": ("Ask the provider for its list now.", "现在就向服务商查询列表。"),
    "models.all": ("Also those that are no longer served.", "包括已下线的模型。"),
    "providers.short": ("Who can be called, and which keys are set.", "有哪些服务商，设置了哪些密钥。"),
    "providers.help": (
        "All providers with their address and whether a key is set; with a name, all there is to know "
        "about one.",
        "列出所有服务商、地址以及是否设置了密钥；给出名称则显示其全部信息。",
    ),
    "providers.examples": (
        "baimo providers --set\nbaimo providers hunyuan",
        "baimo providers --set\nbaimo providers hunyuan",
    ),
    "providers.set": ("Only those whose key is set.", "只列出已设置密钥的。"),
    "pull.short": ("Bring a model onto this machine.", "把模型下载到本机。"),
    "pull.help": (
        "Bring a model onto this machine: a known name, the path of a GGUF file, or an https address of "
        "one. provider/model has a server such as Ollama fetch it. Without a name it lists what is here and "
        "what can be pulled.",
        "把模型放到本机：已知名称、GGUF 文件的路径，或其 https 地址；服务商/模型 则让 Ollama 等服务器下载。"
        "不带名称则列出已有的和可下载的。",
    ),
    "pull.examples": (
        "baimo pull smollm2\nbaimo pull ./my-model.gguf --name mine\nbaimo pull ollama/qwen3:8b",
        "baimo pull qwen3:0.6b\nbaimo pull ./my-model.gguf --name mine\nbaimo pull ollama/qwen3:8b",
    ),
    "pull.name": ("What the model is called afterwards, as local/NAME.", "此后以 local/名称 调用。"),
    "check.short": ("What works from here, and what does not.", "检查哪些能用，哪些不能。"),
    "check.help": (
        "Look at keys, endpoints, the way to each provider and the clock, and name the cure of every "
        "failure. Without a name it looks at the providers whose keys are set. Nothing is billed unless "
        "--call is given.",
        "检查密钥、端点、到各服务商的网络和本机时间，并给出每个问题的解决办法。不带名称则检查已设置密钥的服"
        "务商。除非加 --call，否则不产生费用。",
    ),
    "check.examples": (
        "baimo check\nbaimo check deepseek --call",
        "baimo check\nbaimo check deepseek --call",
    ),
    "check.call": ("Also make one small real call.", "另外实际调用一次（很小）。"),
    "check.model": ("The model for that call.", "用于调用的模型。"),
    "config.short": ("Keys, and where values come from.", "密钥与配置。"),
    "config.help": (
        "Keys, where values come from, and which folders are trusted.",
        "管理密钥，查看配置的来源，以及信任哪些文件夹。",
    ),
    "config.set-key.short": ("Store a provider's key.", "保存服务商的密钥。"),
    "config.set-key.help": (
        "Ask for a provider's key without showing it, look at its shape, and store it in your own "
        "configuration file, readable by you alone. A key that is piped in is taken as it is.",
        "以不显示的方式输入服务商的密钥，检查其格式，存入只有你可读的配置文件。也可以用管道传入。",
    ),
    "config.set-key.examples": ("baimo config set-key deepseek", "baimo config set-key deepseek"),
    "set_key.endpoint": ("For which endpoint; else all are offered.", "用于哪个端点；不写则列出全部。"),
    "set_key.test": (
        "Make a small test call, or do not; asked if not given.",
        "是否做一次测试调用；不写则询问。",
    ),
    "config.show.short": ("Every value, and where it comes from.", "显示每个值及其来源。"),
    "config.show.help": (
        "Every value that counts, with the place it comes from. Secrets are masked.",
        "显示所有生效的值及其来源。密钥已遮盖。",
    ),
    "config.trust.short": ("Trust a folder's files.", "信任一个文件夹。"),
    "config.trust.help": (
        "Allow the baimo.toml and .env of a folder, as they stand now, to run commands and to send keys "
        "from elsewhere to other addresses. Look at them first. The folder is this one if none is named.",
        "允许某文件夹现有的 baimo.toml 和 .env 运行命令，并把别处的密钥发往其他地址。请先查看其内容。不写则"
        "为当前文件夹。",
    ),
    "config.untrust.short": ("Take that back.", "取消信任。"),
    "config.untrust.help": (
        "Take the trust in a folder back; this one if none is named.",
        "取消对文件夹的信任；不写则为当前文件夹。",
    ),
    "config.path.short": ("Where the files are.", "文件的位置。"),
    "config.path.help": ("Where configuration, models and other files are.", "配置、模型和其他文件的位置。"),
}
