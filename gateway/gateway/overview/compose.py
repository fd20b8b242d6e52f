"""The customer overview: asked of four services at once, with what could be had in time."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic_core import from_json, to_json
from service_kit.words.errors import NotFound, Unauthenticated

from gateway.proxy.headers import RawHeaders
from gateway.proxy.upstream import Upstream, UpstreamFailed

RECENT = 20
OPEN_CASES = 50
# The timeline shows each kind of entry to whoever has the scope of reading it, and does not say
# what it leaves out.
RECENT_SCOPES = frozenset(
    (
        "interactions:read",
        "contacts:read",
        "complaints:read",
        "care:read",
        "scores:read",
        "customers:read",
    )
)


class CustomerNotFound(NotFound):
    """There is no such customer, or it lies outside what this token may see."""


class _Missing(Exception):
    """A part could not be had; `is_withheld` when the token does not give the right to it."""

    def __init__(self, *, is_withheld: bool) -> None:
        super().__init__("withheld" if is_withheld else "degraded")
        self.is_withheld = is_withheld


@dataclass(frozen=True, kw_only=True)
class Part:
    """One question to one service; `pick` takes the part out of its answer."""

    name: str
    service: str
    target: str
    pick: Callable[[Any], Any]
    empty: Any


@dataclass(kw_only=True)
class Overview:
    """The parts by name; what is missing is named in `degraded` (a service did not
    answer) or `withheld` (no right to all of it).
    """

    parts: dict[str, Any] = field(default_factory=dict)
    degraded: list[str] = field(default_factory=list)
    withheld: list[str] = field(default_factory=list)


def parts_of(customer_id: UUID) -> list[Part]:
    """What an overview is made of."""
    return [
        Part(
            name="customer",
            service="customer-profile",
            target=f"/v1/customers/{customer_id}",
            pick=_itself,
            empty=None,
        ),
        Part(
            name="scores",
            service="scoring",
            target=f"/v1/customers/{customer_id}/scores",
            pick=_itself,
            empty={"scores": [], "tier": None},
        ),
        Part(
            name="open_cases",
            service="complaints",
            target=f"/v1/complaints?customer_id={customer_id}&open=true&limit={OPEN_CASES}",
            pick=_items,
            empty=[],
        ),
        Part(
            name="recent",
            service="customer-profile",
            target=f"/v1/customers/{customer_id}/timeline?limit={RECENT}",
            pick=_items,
            empty=[],
        ),
        Part(
            name="care_tasks",
            service="customer-profile",
            target=f"/v1/care-tasks?customer_id={customer_id}&state=open",
            pick=_items,
            empty=[],
        ),
    ]


class Composer:
    """Asks with the caller's own token, so that scopes and units hold as they do elsewhere."""

    def __init__(self, upstreams: Mapping[str, Upstream], *, seconds: float) -> None:
        self._upstreams = upstreams
        self._seconds = seconds

    async def overview(
        self, customer_id: UUID, headers: RawHeaders, *, scopes: frozenset[str]
    ) -> Overview:
        """All parts, within one deadline;
        CustomerNotFound when the profile says that there is no such customer.
        """
        parts = parts_of(customer_id)
        found = await asyncio.gather(
            *(self._asked(part, headers) for part in parts), return_exceptions=True
        )
        overview = Overview()
        for part, answer in zip(parts, found, strict=True):
            overview.parts[part.name] = part.empty if isinstance(answer, _Missing) else answer
            if isinstance(answer, _Missing):
                (overview.withheld if answer.is_withheld else overview.degraded).append(part.name)
            elif isinstance(answer, BaseException):
                raise answer
        if "recent" not in (*overview.withheld, *overview.degraded) and not scopes >= RECENT_SCOPES:
            overview.withheld.append("recent")
        return overview

    async def _asked(self, part: Part, headers: RawHeaders) -> Any:
        try:
            async with asyncio.timeout(self._seconds):
                status, body = await self._whole(part, headers)
        except (UpstreamFailed, TimeoutError) as error:
            raise _Missing(is_withheld=False) from error
        if status == 200:
            return self._picked(part, body)
        if status == 404 and part.name == "customer":
            raise CustomerNotFound()
        if status == 404:
            return part.empty
        if status == 401:
            raise Unauthenticated("the access token is not accepted")
        raise _Missing(is_withheld=status == 403)

    async def _whole(self, part: Part, headers: RawHeaders) -> tuple[int, bytes]:
        upstream = self._upstreams[part.service]
        answer = await upstream.ask("GET", part.target, headers, None, within=self._seconds)
        try:
            return answer.status, b"".join([chunk async for chunk in answer.chunks()])
        finally:
            answer.release()

    def _picked(self, part: Part, body: bytes) -> Any:
        try:
            return part.pick(from_json(body))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _Missing(is_withheld=False) from error


def written(overview: Overview) -> bytes:
    """The overview as the API writes it."""
    scores = overview.parts["scores"]
    customer = overview.parts["customer"]
    tier = scores.get("tier") or (customer or {}).get("tier")
    return to_json(
        {
            "customer": customer,
            "tier": tier,
            "scores": scores.get("scores", []),
            "open_cases": overview.parts["open_cases"],
            "recent": overview.parts["recent"],
            "care_tasks": overview.parts["care_tasks"],
            "degraded": overview.degraded,
            "withheld": overview.withheld,
        }
    )


def _itself(answer: Any) -> Any:
    return {**answer}


def _items(answer: Any) -> Any:
    return list(answer["items"])
