"""Faces that other libraries know: their own classes, answered by any provider. Each needs its extra."""
