"""Which addresses of the network belong to everybody, and which to a machine or a house of its own.

What a stranger may have written must not lead a program to addresses that only it can reach. The ranges are
those of the IANA special-purpose registries (RFC 6890 and its updates), read on 2026-11-29.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network

_CLOSED_V4 = tuple(
    IPv4Network(net)
    for net in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_OPEN_V6 = IPv6Network("2000::/3")
"""All that is handed out; whatever lies outside is local, mapped, a group, or nobody's."""
_CLOSED_V6 = tuple(IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
_NAT64 = IPv6Network("64:ff9b::/96")
"""IPv4 addresses as a network that has only IPv6 writes them."""

_LOCAL_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "private")
_LOCAL_ENDS = (*[f".{name}" for name in _LOCAL_NAMES], ".home.arpa", ".onion")
_NUMBER = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)")
_LABELS = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")


def is_public(address: str) -> bool:
    """Whether an address in numbers is one that anybody may have; False for what is no address.

    >>> is_public("1.1.1.1"), is_public("10.0.0.7"), is_public("::ffff:1.1.1.1")
    (True, False, False)
    """
    try:
        return _is_public_v6(IPv6Address(address)) if ":" in address else _is_public_v4(IPv4Address(address))
    except AddressValueError:
        return False


def _is_public_v4(address: IPv4Address) -> bool:
    return not any(address in net for net in _CLOSED_V4)


def _is_public_v6(address: IPv6Address) -> bool:
    if address.scope_id is not None:
        return False
    if address in _NAT64:
        return _is_public_v4(IPv4Address(int(address) & 0xFFFFFFFF))
    return address in _OPEN_V6 and not any(address in net for net in _CLOSED_V6)


def literal(host: str) -> str | None:
    """The address that a host's text is, in its one usual form; None for a name.

    Raises ValueError for a text that some programs read as an address and others do not: `127.1`,
    `0x7f000001`, `2130706433`, `0177.0.0.1`, and for what is no host at all.
    """
    if ":" in host:
        try:
            return str(IPv6Address(host))
        except AddressValueError:
            raise ValueError(f"{host!r} is no address") from None
    if _NUMBER.fullmatch(host.removesuffix(".").rpartition(".")[2]):
        try:
            return str(IPv4Address(host))
        except AddressValueError:
            raise ValueError(
                f"{host!r} is not written as an address is: four decimal numbers without zeros before them"
            ) from None
    if not _LABELS.fullmatch(host.removesuffix(".")):
        raise ValueError(f"{host!r} is no name of a host")
    return None


def is_public_host(host: str) -> bool:
    """Whether a host may be public by its text alone: a public address, or a name that is not local by its
    form (`localhost`, one label, `….internal`). Raises ValueError as `literal` does.
    """
    address = literal(host)
    if address is not None:
        return is_public(address)
    name = host.lower().removesuffix(".")
    return "." in name and not name.endswith(_LOCAL_ENDS)
