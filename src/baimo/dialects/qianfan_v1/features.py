"""What this wire can say: carried or emulated; everything else is refused."""

from __future__ import annotations

from baimo.dialect.features import declare

FEATURES = declare(
    carried="""
        system tools server_tools tool_choice_named temperature top_p repetition_penalty stop
        max_tokens json_object search citations stream stream_usage user embeddings
    """,
    emulated="""
        parallel_calls tool_choice_none tool_choice_allowed tool_result_error
    """,
    untold="""
        developer refusal serial_tools tool_choice_auto thinking_replay reasoning_off
    """,
    remarks={
        "developer": ("goes out with the system's text", "并入 system 文字"),
        "refusal": ("goes out as the text of its message", "作为普通文字发送"),
        "parallel_calls": (
            "earlier calls are told one after the other; an answer calls one",
            "此前的多个调用逐个发送；一次回答只调用一个",
        ),
        "serial_tools": ("is what the wire always does", "该接口一贯如此"),
        "tool_choice_none": ("no functions are offered", "不提供函数"),
        "tool_choice_auto": ("is what the wire always does", "该接口一贯如此"),
        "tool_choice_allowed": ("only the allowed tools are offered", "只提供允许的工具"),
        "tool_result_error": ('the result begins with "Error: "', "结果前加上 “Error: ”"),
        "thinking_replay": ("left out, but for thoughts before a call", "不送回，调用之前的思考除外"),
        "reasoning_off": ("its models do not think", "其模型不思考"),
    },
)
