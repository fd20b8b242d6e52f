"""Checks where a webhook would go, at registration and again at every attempt.

The settings `webhooks_allow_loopback` and `webhooks_allow_http` let more through.
"""

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from service_kit.words.errors import Invalid

from gateway.webhook.allowed_networks import AddressRefused, is_loopback, require_allowed

# Names that are looked up slowly must not keep other endpoints waiting for a thread.
RESOLVER_THREADS = 64
RESOLVE_SECONDS = 5.0


class WebhookTargetRefused(Invalid):
    """Webhooks go to public addresses over HTTPS:
    the target is malformed, unknown, or lies in a private or special range.
    """


@dataclass(frozen=True, kw_only=True)
class Target:
    """A checked target: the host's name, and the addresses that may be connected to."""

    host: str
    port: int
    addresses: tuple[str, ...]


class TargetCheck:
    def __init__(self, *, is_loopback_allowed: bool, is_http_allowed: bool) -> None:
        self._is_loopback_allowed = is_loopback_allowed
        self._is_http_allowed = is_http_allowed
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="resolver")

    async def checked(self, url: str) -> Target:
        """Resolve the target and check every address;
        WebhookTargetRefused when one of them is not allowed.
        """
        parts = parsed(url)
        assert parts.hostname is not None, "parsed() refuses targets without a host"
        port = parts.port or (443 if parts.scheme == "https" else 80)
        addresses = await self._resolved(parts.hostname, port)
        try:
            for address in addresses:
                require_allowed(address, is_loopback_allowed=self._is_loopback_allowed)
        except AddressRefused as error:
            (why,) = error.args
            raise _refused(why) from error
        if (
            parts.scheme == "http"
            and not self._is_http_allowed
            and not all(_is_local(address) for address in addresses)
        ):
            raise _refused("the target must use https")
        return Target(host=parts.hostname, port=port, addresses=tuple(addresses))

    async def _resolved(self, host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                found = await loop.run_in_executor(self._threads, _look_up, host, port)
        except (OSError, UnicodeError, TimeoutError) as error:
            raise _refused("the target's name cannot be resolved") from error
        if not found:
            raise _refused("the target's name cannot be resolved")
        return found

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def parsed(url: str) -> SplitResult:
    """The parts of a well-formed target;
    credentials and fragments are refused, they would only leak or be lost.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _refused("the target cannot be read") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise _refused("the target is an absolute http or https URL")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise _refused("the target carries no credentials and no fragment")
    return parts


def _look_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _is_local(address: str) -> bool:
    return is_loopback(ip_address(address))


def _refused(reason: str) -> WebhookTargetRefused:
    return WebhookTargetRefused(reason, pointer="/url")
