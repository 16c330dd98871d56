"""A server of the official package with tools of all kinds; as a program it speaks over stdio."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
)

server = MCPServer("shop")
DATA = b64encode(b"bytes").decode()


@server.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool(name="find.all")
def find(query: str) -> list[str]:
    """Find things."""
    return [query, query]


@server.tool()
def broken() -> str:
    """Fails."""
    raise ValueError("out of order")


@server.tool()
def everything() -> CallToolResult:
    """Each kind of content."""
    text = TextResourceContents(uri="file:///note.txt", text="a note")
    image = BlobResourceContents(uri="file:///map.png", mime_type="image/png", blob=DATA)
    sound = BlobResourceContents(uri="file:///a.mp3", mime_type="audio/mpeg", blob=DATA)
    paper = BlobResourceContents(uri="file:///a/paper.pdf", mime_type="application/pdf", blob=DATA)
    content: list[Any] = [
        TextContent(text="words"),
        ImageContent(data=DATA, mime_type="image/jpeg"),
        AudioContent(data=DATA, mime_type="audio/x-wav"),
        *[EmbeddedResource(resource=one) for one in (text, image, sound, paper)],
        ResourceLink(name="list", uri="https://shop.example/list", description="all of it"),
    ]
    return CallToolResult(content=content)


@server.tool()
def structure() -> CallToolResult:
    """Nothing but a structure."""
    return CallToolResult(content=[], structured_content={"of": "tea"})


if __name__ == "__main__":
    server.run()
