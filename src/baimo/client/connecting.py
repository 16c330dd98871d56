"""What the configuration says of connections, in the words of the transports."""

from __future__ import annotations

from baimo.config.settings import Settings
from baimo.transports.options import ClientCertificate, TlsOptions, TransportOptions


def transport_options(settings: Settings) -> TransportOptions:
    """The transports' options. Raises ConfigError when an untrusted project wants a say in them."""
    network = settings.network
    certificate = None
    if network.client_certificate is not None:
        certificate = ClientCertificate(
            certificate_file=network.client_certificate, key_file=network.client_key
        )
    return TransportOptions(
        proxies=network.proxy, tls=TlsOptions(ca_file=network.ca_file, client_certificate=certificate)
    )
