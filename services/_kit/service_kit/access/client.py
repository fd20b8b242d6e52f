"""The base of the thin clients with which services ask each other:
deadline, breaker, one retry for reads, own token.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import httpx2

from service_kit.process import traces
from service_kit.process.addresses import client_for
from service_kit.words.errors import Unavailable
from service_kit.words.identity import new_id

BREAKER_FAILURES = 5
BREAKER_SECONDS = 2.0
TOKEN_MARGIN_SECONDS = 30.0


class NeighborUnavailable(Unavailable):
    """Another service does not answer at the moment."""


class NeighborRefused(Exception):
    """Another service answered with a problem:
    `status` and the problem document are those it gave.
    """

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{status}: {problem.get('detail', '')}")
        self.status = status
        self.problem = problem


class Breaker:
    """Open after some failures in a row:
    calls fail at once for a moment, so that a dead neighbor costs nobody time.
    """

    def __init__(self) -> None:
        self._failures = 0
        self._open_until = 0.0

    @property
    def is_open(self) -> bool:
        return time.monotonic() < self._open_until

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self) -> None:
        self._failures += 1
        if self._failures >= BREAKER_FAILURES:
            self._open_until = time.monotonic() + BREAKER_SECONDS


class Tokens:
    """The service's own access token,
    asked for when needed and kept until shortly before its end.
    """

    def __init__(self, *, gateway_url: str, client_id: str, client_secret: str) -> None:
        self._client = client_for(gateway_url, seconds=3.0, connections=2)
        self._form = {"grant_type": "client_credentials"}
        self._credentials = (client_id, client_secret)
        self._token = ""
        self._until = 0.0

    async def token(self) -> str:
        """A valid token; NeighborUnavailable when the gateway gives none and the
        last one is over.
        """
        now = time.monotonic()
        if now < self._until - TOKEN_MARGIN_SECONDS:
            return self._token
        try:
            answer = await self._client.post(
                "/oauth/token", data=self._form, auth=self._credentials
            )
            answer.raise_for_status()
            granted = answer.json()
            self._token, self._until = (
                str(granted["access_token"]),
                now + float(granted["expires_in"]),
            )
        except (httpx2.HTTPError, ValueError, KeyError, TypeError) as error:
            if now < self._until:
                return self._token
            raise NeighborUnavailable("no access token for calls between services") from error
        return self._token

    def forget(self, token: str) -> None:
        """Use this token no more: somebody refused it, such as after the keys were changed."""
        if token == self._token:
            self._until = 0.0

    async def close(self) -> None:
        await self._client.aclose()


class ServiceClient:
    """Calls one neighbor.
    `seconds` is the deadline of a whole call unless the call names its own.
    """

    def __init__(self, address: str, tokens: Tokens, *, seconds: float = 2.0) -> None:
        self._client = client_for(address, seconds=seconds)
        self._tokens = tokens
        self._seconds = seconds
        self.breaker = Breaker()

    async def get(
        self,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        seconds: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """GET and parse JSON; tried twice, within one deadline. None for 404.

        Raises NeighborUnavailable when it does not answer, NeighborRefused for any other problem.
        """
        told, _ = await self.get_with_headers(path, params=params, seconds=seconds, headers=headers)
        return told

    async def get_with_headers(
        self,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        seconds: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[Any, Mapping[str, str]]:
        """As `get`, with the headers of the answer: a feed says there how far it was read."""
        return await self._json(
            "GET", path, params=params, seconds=seconds, headers=headers, tries=2
        )

    async def post(
        self,
        path: str,
        body: Any,
        *,
        key: str | None = None,
        seconds: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """POST JSON with an idempotency key, so that one retry is safe."""
        sent = {"Idempotency-Key": key or str(new_id()), **(headers or {})}
        told, _ = await self._json("POST", path, body=body, seconds=seconds, headers=sent, tries=2)
        return told

    async def close(self) -> None:
        await self._client.aclose()

    async def _json(
        self,
        method: str,
        path: str,
        *,
        tries: int,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        seconds: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[Any, Mapping[str, str]]:
        if self.breaker.is_open:
            raise NeighborUnavailable()
        until = time.monotonic() + (seconds or self._seconds)
        answer = await self._sent(
            method, path, tries=tries, until=until, params=params, body=body, headers=headers
        )
        if answer.status_code == httpx2.codes.NOT_FOUND and method == "GET":
            return None, answer.headers
        if answer.status_code >= 400:
            raise NeighborRefused(answer.status_code, _problem(answer))
        try:
            return (answer.json() if answer.content else None), answer.headers
        except ValueError as error:
            raise NeighborUnavailable("the answer of another service is not JSON") from error

    async def _sent(
        self,
        method: str,
        path: str,
        *,
        tries: int,
        until: float,
        params: Any,
        body: Any,
        headers: Mapping[str, str] | None,
    ) -> httpx2.Response:
        for attempt in range(1, tries + 1):
            left = until - time.monotonic()
            if left <= 0:
                break
            try:
                # The client's own timeouts are per phase: an answer that trickles in would outlast
                # them all, and so would the token.
                async with asyncio.timeout(left):
                    answer = await self._asked(
                        method, path, left, params=params, body=body, headers=headers
                    )
            except (httpx2.HTTPError, TimeoutError):
                self.breaker.failed()
                continue
            if answer.status_code < 500:
                self.breaker.succeeded()
                return answer
            self.breaker.failed()
            if attempt == tries:
                break
        raise NeighborUnavailable()

    async def _asked(
        self,
        method: str,
        path: str,
        left: float,
        *,
        params: Any,
        body: Any,
        headers: Mapping[str, str] | None,
    ) -> httpx2.Response:
        """One request; a token that is refused is given up for a new one, once."""
        for is_last in (False, True):
            token = await self._tokens.token()
            sent = {"Authorization": f"Bearer {token}", **_trace(), **(headers or {})}
            answer = await self._client.request(
                method, path, params=params, json=body, headers=sent, timeout=left
            )
            if answer.status_code != httpx2.codes.UNAUTHORIZED or is_last:
                break
            self._tokens.forget(token)
        return answer


def _trace() -> dict[str, str]:
    traceparent = traces.current.get()
    return {"traceparent": traceparent} if traceparent else {}


def _problem(answer: httpx2.Response) -> Mapping[str, Any]:
    try:
        problem = answer.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}
