"""What this wire can say: carried or emulated; everything else is refused."""

from __future__ import annotations

from baimo.dialect.features import declare

FEATURES = declare(
    carried="""
        system image_bytes image_url video_url file_id tools parallel_calls
        server_tools tool_choice_none tool_choice_auto tool_choice_named thinking reasoning_off
        reasoning_on temperature top_p seed citations stream stream_usage usage_cached embeddings
        token_count
    """,
    emulated="""
        tool_choice_allowed tool_result_error stop max_tokens
        tool_result_images
    """,
    untold="""
        search developer refusal thinking_replay
    """,
    remarks={
        "tool_result_images": (
            "stand in a message of the user behind the result",
            "放在结果之后的 user 消息中",
        ),
        "search": ("as EnableEnhancement, with sources", "以 EnableEnhancement 表达，并要求来源"),
        "developer": ("goes out as a system message", "作为 system 消息发送"),
        "refusal": ("goes out as the text of its message", "作为普通文字发送"),
        "tool_choice_allowed": ("only the allowed tools are offered", "只提供允许的工具"),
        "tool_result_error": ('the result begins with "Error: "', "结果前加上 “Error: ”"),
        "thinking_replay": ("left out: sent back, it is an error", "不送回：服务商会拒绝"),
        "reasoning_off": ("has an effect on hunyuan-a13b only", "只对 hunyuan-a13b 有效"),
        "reasoning_on": ("has an effect on hunyuan-a13b only", "只对 hunyuan-a13b 有效"),
        "stop": ("the answer ends behind the text, not before it", "回答在停止文本之后结束，而非之前"),
        "max_tokens": (
            "held on our side: streamed and ended at the limit",
            "由本库执行：流式接收，到上限即结束",
        ),
    },
)
