"""A provider made of our own dialects: it checks what it is sent as the real one does."""
