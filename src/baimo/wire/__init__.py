"""Bytes to structure and back, with no knowledge of any provider."""
