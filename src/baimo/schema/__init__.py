"""JSON Schema: what an answer must be like."""
