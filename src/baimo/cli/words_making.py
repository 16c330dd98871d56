"""What the commands say that make images and sound, write down what is said, and moderate."""

from __future__ import annotations

MAKING: dict[str, tuple[str, str]] = {
    "making.model": ("Model as provider/model, or an alias.", "模型，写作 服务商/模型，或别名。"),
    "making.output": (
        "The file to write; - is standard output.",
        "要写入的文件；- 表示标准输出。",
    ),
    "making.force": ("Write over a file that is there.", "覆盖已有的文件。"),
    "making.is_there": (
        "{path} is there already. Name another file, or pass --force.",
        "{path} 已存在。请换一个文件名，或使用 --force。",
    ),
    "making.no_folder": ("there is no folder {path}", "没有文件夹 {path}"),
    "making.terminal": (
        "what is made is no text and is not shown on a terminal: name a file with -o, or pipe it on.",
        "生成的内容不是文字，无法在终端显示：请用 -o 指定文件，或用管道传给其他程序。",
    ),
    "making.json_out": (
        "--json goes to standard output, so the file needs a name.",
        "--json 会写到标准输出，因此文件需要名称。",
    ),
    "making.wrote": ("{path} · {kind} · {size} bytes", "{path} · {kind} · {size} 字节"),
    "making.unknown_kind": ("unknown kind", "类型未知"),
    "image.short": ("Make a picture.", "生成图像。"),
    "image.help": (
        "Make pictures of a prompt and write them to files. The prompt is what stands on the command line, "
        "then what is piped in. Several pictures are numbered: fox-1.png, fox-2.png.",
        "按提示词生成图像并写入文件。提示词先取命令行上的文字，再接上管道传入的内容。多张图像会编号："
        "fox-1.png、fox-2.png。",
    ),
    "image.examples": (
        'baimo image "a red fox in snow" -m openai/gpt-image-2 -o fox.png\n'
        'baimo image "the same at night" -m gemini/gemini-3.1-flash-image -i fox.png -o night.png',
        'baimo image "雪地里的红狐" -m openai/gpt-image-2 -o fox.png\n'
        'baimo image "同一场景的夜晚" -m gemini/gemini-3.1-flash-image -i fox.png -o night.png',
    ),
    "image.number": ("How many to make.", "生成的张数。"),
    "image.size": (
        "As the provider writes it: 1024x1024, 16:9, 2K.",
        "按服务商的写法：1024x1024、16:9、2K。",
    ),
    "image.quality": ("As the provider names it.", "按服务商的叫法。"),
    "image.image": (
        "A picture to start from; may be given several times.",
        "参考图，可多次给出。",
    ),
    "image.seed": ("The same number gives like pictures.", "相同的数字得到相近的图像。"),
    "image.one_out": (
        "one picture goes to standard output; name a file for {count}.",
        "标准输出只能写一张图像；要 {count} 张请指定文件。",
    ),
    "speak.short": ("Turn a text into speech.", "把文字变成语音。"),
    "speak.help": (
        "Turn a text into speech and write it to a file. The text is what stands on the command line, then "
        "what is piped in. With -o - the sound goes on as it is made.",
        "把文字变成语音并写入文件。文字先取命令行上的内容，再接上管道传入的内容。使用 -o - 时边生成边输出。",
    ),
    "speak.examples": (
        'baimo speak "Good morning!" -m openai/gpt-4o-mini-tts --voice coral -o morning.mp3\n'
        "baimo speak -m gemini/gemini-3.8-flash-tts --voice Kore -o talk.wav < talk.txt",
        'baimo speak "早上好！" -m openai/gpt-4o-mini-tts --voice coral -o morning.mp3\n'
        "baimo speak -m gemini/gemini-3.8-flash-tts --voice Kore -o talk.wav < talk.txt",
    ),
    "speak.voice": ("The name of a voice of the provider's.", "服务商的音色名称。"),
    "speak.format": (
        "mp3, wav, pcm and so on; else what the file's name ends in.",
        "mp3、wav、pcm 等；不写则看文件名的结尾。",
    ),
    "speak.speed": ("1 is the usual one.", "语速，1 为正常。"),
    "speak.instructions": ("How to say it, in words.", "用文字说明如何朗读。"),
    "transcribe.short": ("Write down what is said.", "把语音写成文字。"),
    "transcribe.help": (
        "Print what is said in a sound file, an address, or with - in what is piped in.",
        "输出音频文件、网址或（写 - 时）管道传入的音频中所说的内容。",
    ),
    "transcribe.examples": (
        "baimo transcribe meeting.mp3 -m openai/whisper-1\n"
        "baimo transcribe - -m openai/gpt-4o-transcribe --stream < talk.wav",
        "baimo transcribe meeting.mp3 -m openai/whisper-1\n"
        "baimo transcribe - -m openai/gpt-4o-transcribe --stream < talk.wav",
    ),
    "transcribe.language": ("The language spoken: en, zh.", "所说的语言：en、zh。"),
    "transcribe.prompt": ("Words that may come up.", "可能出现的词。"),
    "transcribe.times": (
        "The time of each segment in seconds, in front of it.",
        "在每段之前写出其时间（秒）。",
    ),
    "transcribe.stream": ("Words as they are written down.", "边识别边输出。"),
    "transcribe.no_times": (
        "a stream tells no times, and --json prints all at once: leave --stream out.",
        "流式不提供时间，--json 只输出完整结果：请去掉 --stream。",
    ),
    "transcribe.nothing": ("there is no sound in what was piped in.", "管道传入的内容为空。"),
    "transcribe.terminal": ("- reads sound that is piped in.", "- 读取管道传入的音频。"),
    "moderate.short": ("Look for what is not wanted.", "检查不当内容。"),
    "moderate.help": (
        "Look whether texts hold what the provider does not want. Each text on the command line is one; what "
        "is piped in is another. The exit code is 0 whatever is found.",
        "检查文本中是否有服务商不允许的内容。命令行上的每个参数是一段文本，管道传入的内容是另一段。"
        "无论结果如何，退出码为 0。",
    ),
    "moderate.examples": (
        'baimo moderate "some text" -m openai/omni-moderation-latest',
        'baimo moderate "一段文本" -m openai/omni-moderation-latest',
    ),
    "moderate.fine": ("fine", "正常"),
    "moderate.flagged": ("flagged", "不当"),
    "moderate.found": ("flagged: {names}", "不当：{names}"),
}
