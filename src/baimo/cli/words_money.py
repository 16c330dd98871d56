"""What commands say of money: balances and estimates."""

from __future__ import annotations

MONEY: dict[str, tuple[str, str]] = {
    "ask.estimate": ("Send nothing; tell what the call may cost.", "不发送；只估算这次调用的费用。"),
    "check.balance": ("Also ask what is left on the account.", "另外查询账户余额。"),
    "check.what_balance": ("balance   ", "余额  "),
    "balance.left": ("{amounts} left", "剩余 {amounts}"),
    "balance.granted": ("{amounts} of it granted", "其中赠送 {amounts}"),
    "balance.topped_up": ("{amounts} of it paid in", "其中充值 {amounts}"),
    "balance.none": (
        "{name} documents no way to ask for the balance",
        "{name} 没有公开的余额查询接口",
    ),
    "balance.look": ("It is shown at {home}", "可在 {home} 查看"),
    "balance.unavailable": (
        "the provider says that no calls can be made with it",
        "服务商表示余额不足以调用",
    ),
    "balance.and": (", ", "，"),
    "estimate.model": ("model      {model}", "模型      {model}"),
    "estimate.tokens": (
        "prompt     about {likely} tokens, counted as {most}",
        "提示      约 {likely} 个 token，按 {most} 个计",
    ),
    "estimate.answer": ("answer     up to {count} tokens", "回答      最多 {count} 个 token"),
    "estimate.cost": ("cost       {low} to {high}", "费用      {low} 至 {high}"),
    "estimate.unbounded": ("cost       not known: {why}", "费用      无法估算：{why}"),
}
