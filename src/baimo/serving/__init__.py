"""Serving on this machine: a small ASGI server for HTTP/1.1 and WebSockets, and dialects as ASGI routes."""
