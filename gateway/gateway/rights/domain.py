"""What a token may do: scopes, organization units, an approval limit and an agent;
nobody hands on more than they hold.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from service_kit.words.errors import Forbidden, Invalid
from service_kit.words.messages import said
from service_kit.words.money import Money

RESOURCES = {
    "customers": ("read", "write", "sensitive", "merge", "import"),
    "interactions": ("read", "write"),
    "consents": ("read", "write"),
    "care": ("read", "write"),
    "complaints": ("read", "write", "approve"),
    "sla": ("read", "write"),
    "transactions": ("read", "write"),
    "scores": ("read", "write"),
    "tiers": ("read", "write"),
    "surveys": ("read", "write"),
    "contacts": ("read", "write", "handle", "supervise"),
    "presence": ("write",),
    "queues": ("read", "write"),
    "agents": ("read", "write"),
    "offers": ("read", "write"),
    "clients": ("read", "write"),
    "api-keys": ("read", "write"),
    "webhooks": ("read", "write"),
    "events": ("read", "admin"),
    "audit": ("read",),
}
SCOPES = tuple(f"{resource}:{right}" for resource, rights in RESOURCES.items() for right in rights)


class UnknownScope(Invalid):
    """One of the scopes is not a scope of this product; the contract lists them."""


class RightsExceeded(Forbidden):
    """A client hands on or changes only what lies within its own scopes, units,
    approval limit and agent.
    """


@dataclass(frozen=True, kw_only=True)
class Rights:
    """`units` None means the whole company; `approval_limit` None means zero;
    `agent_id` None means no agent in particular.
    """

    scopes: frozenset[str]
    units: tuple[str, ...] | None = None
    approval_limit: Money | None = None
    agent_id: UUID | None = None

    def excess_over(self, held: "Rights") -> str | None:
        """Which part of these rights goes beyond those held, or None when all lie within."""
        if not self.scopes <= held.scopes:
            return "scopes"
        if not units_lie_within(self.units, held.units):
            return "units"
        if self.approval_limit is not None and self.approval_limit.exceeds(held.approval_limit):
            return "approval_limit"
        if held.agent_id is not None and self.agent_id != held.agent_id:
            return "agent_id"
        return None

    def require_within(self, held: "Rights") -> Self:
        """These rights, or RightsExceeded when they go beyond those held."""
        excess = self.excess_over(held)
        if excess is not None:
            raise RightsExceeded(
                said("{part}: more than the caller may hand on", part=excess), part=excess
            )
        return self

    def limited_to(self, held: "Rights") -> "Rights":
        """What is left of these rights for somebody whose source holds `held` (now)."""
        units = shared_units(self.units, held.units)
        limit = self.approval_limit
        if limit is not None and limit.exceeds(held.approval_limit):
            limit = held.approval_limit if _same_currency(limit, held.approval_limit) else None
        return Rights(
            scopes=self.scopes & held.scopes,
            units=units,
            approval_limit=limit,
            agent_id=held.agent_id or self.agent_id,
        )


def known_scopes(scopes: Iterable[str]) -> frozenset[str]:
    """The scopes as a set; UnknownScope names the first one that does not exist."""
    given = frozenset(scopes)
    unknown = sorted(given.difference(SCOPES))
    if unknown:
        raise UnknownScope(said("{scope} is not a scope", scope=unknown[0]), pointer="/scopes")
    return given


def unit_lies_in(unit: str, outer: str) -> bool:
    """Whether the dotted path is `outer` or lies under it."""
    return unit == outer or unit.startswith(f"{outer}.")


def units_lie_within(units: tuple[str, ...] | None, held: tuple[str, ...] | None) -> bool:
    if held is None:
        return True
    return units is not None and all(
        any(unit_lies_in(unit, outer) for outer in held) for unit in units
    )


def shared_units(
    units: tuple[str, ...] | None, held: tuple[str, ...] | None
) -> tuple[str, ...] | None:
    """The units that lie in both; an empty tuple sees nothing."""
    if units is None or held is None:
        return units if held is None else held
    inner = {a for a in units for b in held if unit_lies_in(a, b)} | {
        b for a in units for b in held if unit_lies_in(b, a)
    }
    return tuple(sorted(inner))


def only_unit(units: tuple[str, ...] | None) -> str | None:
    """The unit that an event tells of what lies in these:
    theirs when it is one, else the whole company.
    """
    return units[0] if units and len(units) == 1 else None


def shared_scopes(scopes: Iterable[str] | None, held: Iterable[str]) -> frozenset[str]:
    """The scopes in both; None stands for all that are held."""
    return frozenset(held) if scopes is None else frozenset(scopes) & frozenset(held)


def _same_currency(one: Money, other: Money | None) -> bool:
    return other is not None and one.currency == other.currency
