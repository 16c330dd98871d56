"""SOCKS5 (RFC 1928) with user name and password (RFC 1929): the client's side, fed with bytes."""

from __future__ import annotations

from ipaddress import ip_address

from baimo.errors import ConnectError, InputError

_VERSION = 5
_NO_AUTH, _PASSWORD, _NONE_FITS = 0, 2, 0xFF
_CONNECT = 1
_IPV4, _NAME, _IPV6 = 1, 3, 4
_ADDRESS_BYTES = {_IPV4: 4, _IPV6: 16}
_MAX_TEXT = 255
_REFUSALS = {
    1: "general failure",
    2: "not allowed by its rules",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "time to live expired",
    7: "it knows no CONNECT",
    8: "it does not know this kind of address",
}


class SocksHandshake:
    """A request for a connection to `host:port`. Send `start()`, then what every `feed` gives, until `done`.

    `host` may be a name (the proxy looks it up) or an IP address.
    """

    def __init__(self, host: str, port: int, *, username: str = "", password: str = "") -> None:
        self._destination = _address(host) + port.to_bytes(2, "big")
        self._login = _login(username, password) if username or password else b""
        self._buffer = bytearray()
        self._state = self._read_method
        self.done = False

    def start(self) -> bytes:
        methods = bytes((_NO_AUTH, _PASSWORD)) if self._login else bytes((_NO_AUTH,))
        return bytes((_VERSION, len(methods))) + methods

    def feed(self, data: bytes) -> bytes:
        """What to send next, possibly nothing. Raises ConnectError when the proxy refuses."""
        self._buffer += data
        out = b""
        while not self.done:
            answer = self._state()
            if answer is None:
                return out
            out += answer
        if self._buffer:
            raise ConnectError("the SOCKS proxy sent bytes of its own after opening the connection")
        return out

    def _read_method(self) -> bytes | None:
        answer = self._take(2)
        if answer is None:
            return None
        version, method = answer
        if version != _VERSION:
            raise ConnectError("the proxy does not speak SOCKS5")
        if method == _PASSWORD and self._login:
            self._state = self._read_login
            return self._login
        if method == _NONE_FITS or method != _NO_AUTH:
            how = "refuses our ways to log in" if self._login else "asks for a user name and password"
            raise ConnectError(f"the SOCKS proxy {how}", retryable=False)
        self._state = self._read_reply
        return self._request()

    def _read_login(self) -> bytes | None:
        answer = self._take(2)
        if answer is None:
            return None
        if answer[1] != 0:
            raise ConnectError("the SOCKS proxy refuses the user name and password", retryable=False)
        self._state = self._read_reply
        return self._request()

    def _read_reply(self) -> bytes | None:
        head = self._buffer[:5]
        if len(head) < 5:
            return None
        version, code, _, kind, first = head
        if version != _VERSION:
            raise ConnectError("the SOCKS proxy's answer is not SOCKS5")
        if code != 0:
            raise ConnectError(f"the SOCKS proxy did not connect: {_REFUSALS.get(code, f'code {code}')}")
        size = 1 + first if kind == _NAME else _ADDRESS_BYTES.get(kind)
        if size is None:
            raise ConnectError(f"the SOCKS proxy's answer has an address of unknown kind {kind}")
        if self._take(4 + size + 2) is None:
            return None
        self.done = True
        return b""

    def _request(self) -> bytes:
        return bytes((_VERSION, _CONNECT, 0)) + self._destination

    def _take(self, count: int) -> bytes | None:
        if len(self._buffer) < count:
            return None
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken


def _address(host: str) -> bytes:
    try:
        address = ip_address(host)
    except ValueError:
        name = host.encode("idna") if not host.isascii() else host.encode("ascii")
        return bytes((_NAME,)) + _text(name, "host name")
    return bytes((_IPV4 if address.version == 4 else _IPV6,)) + address.packed


def _login(username: str, password: str) -> bytes:
    return b"\x01" + _text(username.encode(), "user name") + _text(password.encode(), "password")


def _text(data: bytes, what: str) -> bytes:
    if not 0 < len(data) <= _MAX_TEXT:
        raise InputError(f"the {what} for a SOCKS proxy must have 1 to {_MAX_TEXT} bytes")
    return bytes((len(data),)) + data
