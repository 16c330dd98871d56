"""How long a conversation is in tokens, reckoned without a tokenizer, and what of it fits into a window."""
