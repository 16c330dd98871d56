"""Moving bytes: HTTP/1.1 over asyncio and over blocking sockets, and adapters for clients of the user."""
