"""`UNSET`: "not given", which is not the same as `None`."""

from msgspec import UNSET, UnsetType

__all__ = ["UNSET", "UnsetType"]
