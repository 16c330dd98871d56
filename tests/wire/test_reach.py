"""Addresses that anybody may have, and those that only this machine or its network can reach."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.wire.reach import is_public, is_public_host, literal

PRIVATE = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.255",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:8.8.8.8",
    "::ffff:127.0.0.1",
    "::8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:10::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1%eth0",
    "fec0::1",
    "ff02::1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.0",
    "172.32.0.1",
    "2606:4700::1111",
    "2a00:1450::1",
    "64:ff9b::808:808",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_a_machine_or_network_of_its_own_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_that_anybody_may_have_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("text", ["", "localhost", "1.1.1", "::g", "127.0.0.1:80", "[::1]"])
def test_what_is_no_address_is_not_public(text: str) -> None:
    assert not is_public(text)


@given(st.ip_addresses())
def test_nothing_is_public_that_python_knows_as_private(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    closed = (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
    )
    nat64 = isinstance(address, ipaddress.IPv6Address) and int(address) >> 32 == 0x64FF9B << 64
    assert not (closed and not nat64 and is_public(str(address)))


@given(st.ip_addresses(v=4))
def test_every_way_to_write_an_ipv4_address_is_seen_through_or_refused(
    address: ipaddress.IPv4Address,
) -> None:
    number = int(address)
    parts = str(address).split(".")
    spellings = [
        str(number),
        hex(number),
        f"0{number:o}",
        ".".join(f"0{int(part):o}" for part in parts),
        ".".join(hex(int(part)) for part in parts),
        f"{parts[0]}.{number & 0xFFFFFF}",
        f"{parts[0]}.{parts[1]}.{number & 0xFFFF}",
        f"{address}.",
        ".".join(part.zfill(4) for part in parts),
    ]
    assert literal(str(address)) == str(address)
    for spelling in spellings:
        with pytest.raises(ValueError, match="not written as an address is"):
            literal(spelling)
    assert not is_public(f"::ffff:{address}")
    assert is_public_host(str(address)) == is_public(str(address))


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "printer.local",
        "metadata.google.internal",
        "db.corp",
        "intranet",
        "nas.home.arpa",
        "x.onion",
        "::1",
        "192.168.0.1",
        "router.lan",
    ],
)
def test_a_host_that_is_local_by_its_text_is_not_public(host: str) -> None:
    assert not is_public_host(host)


@pytest.mark.parametrize(
    "host", ["example.com", "a_b.example.com.", "localhost.example.com", "1.1.1.1", "0x.io"]
)
def test_another_name_may_be_public(host: str) -> None:
    assert is_public_host(host)


@pytest.mark.parametrize("host", ["", "a b", "a/b", "a@b", "exa\u2024mple.com", "-x", "x..1", "[::1]", "1:2"])
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match=r"is no|not written"):
        is_public_host(host)
