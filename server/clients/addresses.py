"""Which addresses the desk connects to (decision 15)."""

import ipaddress
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_METADATA: Final = frozenset(
    ipaddress.ip_address(text)
    for text in ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16")
)
"""Where clouds (AWS and most others, AWS on IPv6, Alibaba, Azure) keep a machine's credentials."""


_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


def _unmapped(address: Address) -> Address:
    """`::ffff:10.0.0.1` is `10.0.0.1`, and so are the other ways to write it in IPv6: NAT64, 6to4
    and Teredo.
    """
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


def is_open(address: str, *, named: bool) -> bool:
    """May we connect there? `named`: an administrator allowed this host and port.

    Link-local and metadata addresses are never open; private, loopback and every other address
    that is not public only by name (decision 15).
    """
    ip = _unmapped(ipaddress.ip_address(address.partition("%")[0]))
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip in _METADATA:
        return False
    return named or ip.is_global
