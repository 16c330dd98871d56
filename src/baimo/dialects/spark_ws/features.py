"""What this wire can say: carried or emulated; everything else is refused."""

from __future__ import annotations

from baimo.dialect.features import declare

FEATURES = declare(
    carried="""
        system image_bytes server_tools thinking reasoning_off reasoning_on temperature top_p top_k
        frequency_penalty presence_penalty max_tokens citations stream stream_usage user embeddings
    """,
    emulated="""
        system_later tools parallel_calls tool_choice_none tool_choice_allowed tool_result_error
    """,
    untold="""
        search
        developer refusal serial_tools tool_choice_auto thinking_replay
    """,
    remarks={
        "search": ("as the tool web_search, with sources", "以 web_search 工具表达，并要求来源"),
        "system_later": ("goes out as words of the user", "作为用户的话发送"),
        "developer": ("goes out as a system message", "作为 system 消息发送"),
        "refusal": ("goes out as the text of its message", "作为普通文字发送"),
        "image_bytes": ("the model `image` only", "仅模型 `image`"),
        "tools": ("earlier calls and results go out as words", "此前的调用与结果以文字发送"),
        "parallel_calls": ("earlier calls and results go out as words", "此前的调用与结果以文字发送"),
        "serial_tools": ("is what the wire always does", "该接口一贯如此"),
        "tool_choice_none": ("no functions are offered", "不提供函数"),
        "tool_choice_auto": ("is what the wire always does", "该接口一贯如此"),
        "tool_choice_allowed": ("only the allowed tools are offered", "只提供允许的工具"),
        "tool_result_error": ("is told in the words of the result", "写在结果的文字中"),
        "thinking_replay": ("left out: there is no place for it", "不送回：没有相应的位置"),
        "reasoning_off": ("Spark X only", "仅 Spark X"),
        "reasoning_on": ("Spark X only", "仅 Spark X"),
    },
)
