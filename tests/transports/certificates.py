"""Authorities and certificates for tests, made anew for each run."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme


class Authority:
    """One authority and what it signed: a server's certificate for localhost and a client's."""

    def __init__(self, folder: Path, name: str) -> None:
        self._authority = trustme.CA()
        server = self._authority.issue_cert("localhost", "127.0.0.1")
        client = self._authority.issue_cert("somebody@example.test")
        self.ca_file = folder / f"{name}-ca.pem"
        self.client_file = folder / f"{name}-client.pem"
        self.server_pem = server.private_key_and_cert_chain_pem.bytes()
        self.ca_file.write_bytes(self._authority.cert_pem.bytes())
        self.client_file.write_bytes(client.private_key_and_cert_chain_pem.bytes())
        self._server = server

    def server_context(self, *, wants_client: bool = False) -> ssl.SSLContext:
        """For a server that shows the certificate and, if told so, asks clients for theirs."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._server.configure_cert(context)
        context.set_alpn_protocols(["h2", "http/1.1"])
        if wants_client:
            context.verify_mode = ssl.CERT_REQUIRED
            self._authority.configure_trust(context)
        return context
