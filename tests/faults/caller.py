"""A client as a careful partner writes it:
idempotency keys, retries while the outcome is unknown, a history of what was acknowledged.
"""

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2

GIVE_UP_AFTER = 60.0
# Answers that say nothing about the outcome, or that ask to come again.
UNKNOWN = {409, 425, 429, 500, 502, 503, 504}


class RefusedError(Exception):
    """A definite refusal: `status` and the problem."""

    def __init__(self, status: int, problem: Any) -> None:
        super().__init__(f"{status}: {problem}")
        self.status = status
        self.problem = problem


@dataclass
class History:
    """What the clients were told:
    acknowledged resources by kind, and how often they had to ask again.
    """

    acknowledged: defaultdict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    retries: int = 0
    internal_errors: list[str] = field(default_factory=list)

    def count(self) -> int:
        return sum(len(found) for found in self.acknowledged.values())


class Caller:
    """Speaks to the gateway as the administrator."""

    def __init__(self, credentials: dict[str, str], history: History) -> None:
        self._credentials = credentials
        self.history = history
        self._client = httpx2.AsyncClient(
            base_url=credentials["base_url"], timeout=10.0, trust_env=False
        )
        self._token = ""
        self._until = 0.0

    async def close(self) -> None:
        await self._client.aclose()

    async def token(self) -> str:
        if time.monotonic() > self._until:
            auth = (self._credentials["client_id"], self._credentials["client_secret"])
            answer = await self._client.post(
                "/oauth/token", data={"grant_type": "client_credentials"}, auth=auth
            )
            answer.raise_for_status()
            granted = answer.json()
            self._token, self._until = (
                granted["access_token"],
                time.monotonic() + granted["expires_in"] / 2,
            )
        return self._token

    async def post(self, path: str, body: dict[str, Any], *, kind: str | None = None) -> Any:
        """POST until there is an answer one can rely on; the same key all the while.
        RefusedError for a definite refusal.
        """
        answer = await self.send("POST", path, body, headers={"Idempotency-Key": str(uuid4())})
        if kind is not None:
            self.history.acknowledged[kind].append(answer)
        return answer

    async def get(self, path: str, **params: Any) -> Any:
        return await self.send("GET", path, None, params=params)

    async def send(
        self,
        method: str,
        path: str,
        body: Any,
        *,
        headers: dict[str, str] | None = None,
        params: dict[str, Any] | None = None,
    ) -> Any:
        deadline = time.monotonic() + GIVE_UP_AFTER
        while time.monotonic() < deadline:
            try:
                sent = {"Authorization": f"Bearer {await self.token()}", **(headers or {})}
                answer = await self._client.request(
                    method, path, json=body, headers=sent, params=params
                )
            except httpx2.HTTPError:
                await self._again()
                continue
            if answer.status_code == 500:
                self.history.internal_errors.append(f"{method} {path}: {answer.text[:300]}")
            if answer.status_code in UNKNOWN and not (
                answer.status_code == 409 and "retry-after" not in answer.headers
            ):
                await self._again()
                continue
            if answer.status_code == 401:
                self._until = 0.0
                await self._again()
                continue
            if answer.status_code >= 400:
                raise RefusedError(answer.status_code, answer.text)
            return answer.json() if answer.content else None
        raise TimeoutError(f"{method} {path}: no reliable answer within {GIVE_UP_AFTER:g} s")

    async def _again(self) -> None:
        self.history.retries += 1
        await asyncio.sleep(0.15)
