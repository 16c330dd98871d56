"""TLS: how servers are checked, and what a failed check means. Imported with the first https call."""

from __future__ import annotations

import ssl
import sys

from baimo.errors import ConfigError, ConnectError
from baimo.transports.options import TlsOptions


def make_context(options: TlsOptions) -> ssl.SSLContext:
    """A context for connections to servers. Raises ConfigError for files that cannot be read."""
    try:
        context = _verifying(options) if options.verify else _accepting_anybody()
        if options.client_certificate is not None:
            mine = options.client_certificate
            password = mine.password.reveal() if mine.password is not None else None
            context.load_cert_chain(mine.certificate_file, mine.key_file, password)
    except (OSError, ValueError) as error:
        raise ConfigError(f"the TLS settings cannot be used: {_words(error)}") from error
    context.set_alpn_protocols(["http/1.1"])
    return context


def tls_failure(name: str, error: OSError) -> ConnectError:
    """The error for a TLS handshake with `name` that failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return ConnectError(
            f"the certificate of {name} is not trusted: {error.verify_message or _words(error)}",
            hint="If a company's own authority signed it, name its PEM file as ca_file (TlsOptions).",
            retryable=False,
        )
    if isinstance(error, ssl.SSLError):
        plain = error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST")
        return ConnectError(
            f"the TLS handshake with {name} failed: {_words(error)}",
            hint="What answers there speaks no TLS: its address begins with http://." if plain else None,
        )
    return ConnectError(f"the connection to {name} ended in the TLS handshake")


class TlsContexts:
    """The contexts of one transport, made when first needed."""

    def __init__(self, options: TlsOptions) -> None:
        self._options = options
        self._made: dict[str, ssl.SSLContext] = {}

    def for_host(self, host: str) -> ssl.SSLContext:
        """The context for connections to that host. Raises ConfigError as `make_context` does."""
        # truststore keeps a lock for the whole of a blocking handshake: one context for every host would
        # let a host that hangs hold up all others.
        key = host if self._options.verify and _needs_truststore() else ""
        context = self._made.get(key)
        if context is None:
            context = self._made[key] = make_context(self._options)
        return context


def _verifying(options: TlsOptions) -> ssl.SSLContext:
    context: ssl.SSLContext
    if _needs_truststore():
        import truststore

        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.set_default_verify_paths()
    if options.ca_file or options.ca_data:
        context.load_verify_locations(cafile=options.ca_file, cadata=options.ca_data)
    return context


def _needs_truststore() -> bool:
    """Whether OpenSSL cannot find by itself what the operating system trusts.

    Where it can, truststore would read the same files again for each connection (20 ms of work each time).
    """
    platform: str = sys.platform
    if platform in ("win32", "darwin"):
        return True
    paths = ssl.get_default_verify_paths()
    return paths.cafile is None and paths.capath is None


def _accepting_anybody() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    return str(error)
