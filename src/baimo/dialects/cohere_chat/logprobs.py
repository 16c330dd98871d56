"""Log probabilities: this wire tells them by pieces of text, which may hold several tokens."""

from __future__ import annotations

from typing import Any

from baimo.types.chat import TokenLogprob


def decode_logprobs(entries: Any) -> tuple[TokenLogprob, ...]:
    """The pieces of a list, or the one of a stream's event. That of several tokens is as likely as all of
    them together.
    """
    found = [_piece(entry) for entry in (entries if isinstance(entries, list) else [entries])]
    return tuple([piece for piece in found if piece is not None])


def _piece(entry: Any) -> TokenLogprob | None:
    if not isinstance(entry, dict):
        return None
    text, told = entry.get("text"), entry.get("logprobs")
    values = [v for v in told if isinstance(v, (int, float))] if isinstance(told, list) else []
    if not isinstance(text, str) or not values:
        return None
    return TokenLogprob(token=text, logprob=float(sum(values)))


def encode_logprob(token: TokenLogprob) -> dict[str, Any]:
    """One piece of one token; its id is not known."""
    return {"text": token.token, "token_ids": [], "logprobs": [token.logprob]}
