"""Which network addresses a webhook may be sent to:
none that is private, special or translated into such.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

# IANA's special-purpose registries, written out: the ipaddress module of Python 3.11 calls several
# of these global.
REFUSED_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, cloud metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # automatic multicast tunneling
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# Only 2000::/3 is handed out for use at all; these lie inside it.
UNICAST_V6 = IPv6Network("2000::/3")
REFUSED_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo, benchmarking, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",  # AS112
        "3ffe::/16",  # the old 6bone
        "3fff::/20",  # documentation
    )
)
LOOPBACK_V4 = IPv4Network("127.0.0.0/8")
LOOPBACK_V6 = IPv6Address("::1")


class AddressRefused(Exception):
    """The name resolves to an address that webhooks are not sent to."""


def is_public(address: Address) -> bool:
    """Whether the address is of the public internet;
    whatever embeds an IPv4 address (NAT64, 6to4, mapped) is not.
    """
    if isinstance(address, IPv4Address):
        return not any(address in network for network in REFUSED_V4)
    return address in UNICAST_V6 and not any(address in network for network in REFUSED_V6)


def is_loopback(address: Address) -> bool:
    """Whether the address is this machine's own, also in its IPv4-mapped form."""
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return address == LOOPBACK_V6 or (mapped is not None and mapped in LOOPBACK_V4)
    return address in LOOPBACK_V4


def require_allowed(address: str, *, is_loopback_allowed: bool) -> None:
    """Raise AddressRefused unless webhooks may be sent to this numeric address."""
    try:
        # A zone (fe80::1%eth0) names an interface of this machine.
        parsed = ip_address(address)
    except ValueError as error:
        raise AddressRefused("the address cannot be read") from error
    if is_loopback_allowed and is_loopback(parsed):
        return
    if not is_public(parsed):
        raise AddressRefused("the target lies in a private or special address range")
