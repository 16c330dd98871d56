"""Keepers of limits: in this process, and together with others through Redis."""
