"""One attempt: a signed POST to an address that was checked a moment before, without redirects;
of the answer only the head is read.
"""

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from socket import AF_INET, AF_INET6, AddressFamily

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from gateway.webhook.target_check import Target, TargetCheck, WebhookTargetRefused

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
USER_AGENT = "Guanxi-Webhooks/1"
GONE = 410


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of an attempt: a status, or an error when there was no answer."""

    status: int | None
    seconds: float
    error: str | None

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """Whether the receiver said that it wants no more."""
        return self.status == GONE


class Sender:
    def __init__(self, check: TargetCheck, *, seconds: float) -> None:
        self._check = check
        self._seconds = seconds
        self._tls = ssl.create_default_context()

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """One attempt, whatever comes of it."""
        started = time.perf_counter()
        status, error = None, None
        try:
            async with asyncio.timeout(self._seconds):
                target = await self._check.checked(url)
                status = await self._posted(url, target, headers, body)
        except WebhookTargetRefused as refusal:
            error = refusal.detail
        except TimeoutError:
            error = f"no answer within {self._seconds:g} s"
        except (aiohttp.ClientError, OSError, ValueError) as failure:
            error = _described(failure)
        return Outcome(status=status, seconds=round(time.perf_counter() - started, 3), error=error)

    async def _posted(
        self, url: str, target: Target, headers: Mapping[str, str], body: bytes
    ) -> int:
        connector = aiohttp.TCPConnector(
            resolver=Pinned(target), use_dns_cache=False, force_close=True, ssl=self._tls
        )
        sent = {"Content-Type": CONTENT_TYPE, "User-Agent": USER_AGENT, **headers}
        async with (
            aiohttp.ClientSession(
                connector=connector,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=self._seconds),
            ) as session,
            session.post(url, data=body, headers=sent, allow_redirects=False) as response,
        ):
            # The status decides: what becomes of the rest of the answer, or of the connection,
            # makes no difference.
            return response.status


class Pinned(AbstractResolver):
    """Answers with the addresses that were checked,
    so that a name cannot change between check and connection.
    """

    def __init__(self, target: Target) -> None:
        self._target = target

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=AF_INET6 if ":" in address else AF_INET,
                proto=0,
                flags=0,
            )
            for address in self._target.addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


def _described(failure: Exception) -> str:
    """The kind of failure in words that tell nothing about this machine."""
    if isinstance(
        failure, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError
    ):
        return "the TLS connection failed"
    if isinstance(failure, aiohttp.ClientConnectorError):
        return "the connection was refused or the host is unreachable"
    if isinstance(failure, aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError):
        return "the connection was closed before the answer was complete"
    return f"no valid answer ({type(failure).__name__})"
