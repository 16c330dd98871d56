"""What `baimo models --why` says."""

from __future__ import annotations

from collections.abc import Mapping

WHY: Mapping[str, tuple[str, str]] = {
    "models.why": (
        "All that calls to this model go by, and where each of it is told; any name works.",
        "列出调用该模型所依据的全部行为及出处；任何模型名都可以。",
    ),
    "usage.why_alone": (
        "--why MODEL goes with --json alone",
        "--why 模型 只能与 --json 同用",
    ),
    "why.place": ("endpoint {endpoint}, wire {dialect}", "接入点 {endpoint}，接口 {dialect}"),
    "why.unknown": (
        "Nobody here knows this name: what holds for the whole endpoint and safe defaults decide. It works.",
        "未收录该模型名：按接入点的通用设置与安全默认值处理，可以直接使用。",
    ),
    "why.area.call": ("call", "调用"),
    "why.area.thinking": ("thinking", "思考"),
    "why.area.sampling": ("sampling", "采样"),
    "why.area.messages": ("messages", "消息"),
    "why.area.tools": ("tools", "工具"),
    "why.area.answer": ("answer", "回答"),
    "why.area.stream": ("stream", "流式"),
    "why.area.cache": ("cache", "提示缓存"),
    "why.area.search": ("search", "联网搜索"),
    "why.area.vectors": ("vectors", "向量"),
    "why.area.limits": ("limits", "限制"),
    "why.area.prices": ("prices", "价格"),
    "why.default": ("safe default", "安全默认值"),
    "why.wire": ("the wire", "接口规定"),
    "why.provider": ("the provider's row", "服务商行"),
    "why.endpoint": ("the row's endpoint {where}", "该行的接入点 {where}"),
    "why.variant": ("models {where}", "模型 {where}"),
    "why.model": ("the model's row", "模型行"),
    "why.configuration": ("the configuration: {where}", "配置：{where}"),
    "why.own_facts": ("the configuration: facts", "配置：facts"),
    "why.learned": ("learned by a refusal: {where}", "由一次拒绝得知：{where}"),
    "why.defaults": ("Safe defaults: {names}", "安全默认值：{names}"),
    "why.checked": ("checked {date}", "核对于 {date}"),
}
