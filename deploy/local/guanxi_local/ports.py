"""Ports on loopback: free ones for the services, and whether the gateway's is free."""

import random
import socket
from pathlib import Path

from guanxi_local.refusals import LauncherError

LOWEST, EPHEMERAL_BY_DEFAULT = 15_000, 32_768


def require_free(host: str, port: int) -> None:
    """Refuses when somebody listens there already."""
    try:
        with _bound(host, port):
            return
    except OSError as error:
        raise LauncherError(
            f"Port {port} on {host} is taken ({error.strerror}): set GUANXI_PORT to another."
        ) from error


def free_ports(count: int) -> list[int]:
    """Ports below those that the kernel lends to outgoing connections,
    so that a restarted service finds its own free.
    """
    candidates = list(range(LOWEST, max(_first_ephemeral(), LOWEST + 1_000)))
    random.shuffle(candidates)
    found: list[int] = []
    for port in candidates:
        if len(found) == count:
            return found
        if _is_free(port):
            found.append(port)
    raise LauncherError(f"Fewer than {count} ports are free on loopback.")


def _is_free(port: int) -> bool:
    try:
        with _bound("127.0.0.1", port):
            return True
    except OSError:
        return False


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    probe = socket.socket(family)
    try:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        probe.listen(1)
    except OSError:
        probe.close()
        raise
    return probe


def _first_ephemeral() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return EPHEMERAL_BY_DEFAULT
